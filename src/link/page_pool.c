#include "link/page_pool.h"

#include "base/alloc.h"

#include <stdlib.h>

void page_pool_init(struct page_pool *self, const struct page_tools *tools, size_t max)
{
	*self =
	    (struct page_pool){.tools = tools, .idle = alloc_array(max, sizeof(struct page *)), .max = max};
}

void page_pool_release(struct page_pool *self)
{
	while (self->count)
		page_free(self->idle[--self->count]);
	free(self->idle);
}

struct page *page_pool_get(struct page_pool *self)
{
	return self->count ? self->idle[--self->count] : page_new(self->tools);
}

void page_pool_return(struct page_pool *self, struct page *page)
{
	page_drop(page);
	if (page_is_large(page) || self->count == self->max)
		page_free(page);
	else
		self->idle[self->count++] = page;
}
