#include "in/scope.h"
#include "base/alloc.h"
#include "base/map.h"
#include <stdlib.h>
struct scope { struct map m; struct buf b; };
enum status scope_new(struct scope **scope, const struct options *options)
{
	(void)options;
	*scope = alloc_new(sizeof **scope);
	buf_init(&(*scope)->b, 10000);
	return STATUS_OK;
}
void scope_free(struct scope *self)
{
	if (self) { map_release(&self->m); buf_release(&self->b); }
	free(self);
}
void scope_add(struct scope *self, const struct url *url)
{
	buf_clear(&self->b); url_append_server(url, &self->b);
	if (!map_find(&self->m, (struct slice){self->b.data, self->b.len}))
		map_add(&self->m, (struct slice){alloc_copy(self->b.data, self->b.len), self->b.len}, self);
}
enum scope_verdict scope_judge(const struct scope *s, const struct url *url)
{
	struct scope *self = (struct scope *)s;
	buf_clear(&self->b); url_append_server(url, &self->b);
	return map_find(&self->m, (struct slice){self->b.data, self->b.len}) ? SCOPE_FOLLOW : SCOPE_OUTSIDE;
}
