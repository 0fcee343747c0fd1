#include "output/reasons.h"

#include "base/alloc.h"
#include "base/sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void reasons_release(struct reasons *self)
{
	for (size_t i = 0; i < self->count; i++) {
		struct reason *reason = self->list[i];
		free(reason->text);
		free(reason->first);
		free(reason);
	}
	self->count = 0;
	map_release(&self->kinds);
}

static char *copy_limited(const char *text)
{
	size_t len = strlen(text);
	return alloc_copy(text, len < REASON_BYTES_MAX ? len : REASON_BYTES_MAX);
}

static struct slice map_key(const struct reason *reason)
{
	return (struct slice){(const char *)&reason->kind, sizeof reason->kind};
}

void reasons_add(struct reasons *self, const struct outcome *outcome)
{
	bool by_status = outcome->cause == CAUSE_HTTP_STATUS || outcome->cause == CAUSE_TURNED_AWAY;
	struct reason wanted = {
	    .kind = {outcome->cause, outcome->stage, by_status ? outcome->http_status : 0}};
	struct reason *reason = map_find(&self->kinds, map_key(&wanted));
	if (reason) {
		reason->count++;
		return;
	}
	if (self->count == REASONS_MAX) {
		self->others++;
		return;
	}
	reason = alloc_new(sizeof *reason);
	*reason = (struct reason){.kind = wanted.kind,
	    .text = copy_limited(outcome->reason),
	    .first = copy_limited(outcome->source_url),
	    .count = 1,
	    .index = self->count};
	map_add(&self->kinds, map_key(reason), reason);
	self->list[self->count++] = reason;
}

static int compare_counts(const void *a, const void *b)
{
	const struct reason *left = *(struct reason *const *)a, *right = *(struct reason *const *)b;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return left->index < right->index ? -1 : 1;
}

void reasons_sort(struct reasons *self)
{
	sort_array(self->list, self->count, sizeof *self->list, compare_counts);
}
