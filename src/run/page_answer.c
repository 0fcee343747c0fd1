#include "run/page_answer.h"

#include "base/alloc.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t page_answer_hash(struct slice links)
{
	return XXH3_64bits(links.data, links.len);
}

static size_t size_of(const struct page_answer *self)
{
	return sizeof *self + self->texts.len + self->links.len;
}

struct page_answer *page_answer_new(struct slice answer, struct slice links, uint64_t number, size_t *held)
{
	struct page_answer *self = alloc_new(sizeof *self);
	*self = (struct page_answer){.number = number, .held = held};
	buf_init(&self->texts, SIZE_MAX / 2);
	buf_init(&self->links, SIZE_MAX / 2);
	buf_append(&self->links, links.data, links.len);
	bool is_whole = redis_answer_unpack(&self->answer, answer, &self->texts) &&
	                self->answer.packed_hash == page_answer_hash(links);
	*held += size_of(self);
	if (is_whole)
		return self;
	page_answer_free(self);
	return NULL;
}

void page_answer_free(struct page_answer *self)
{
	if (!self)
		return;
	*self->held -= size_of(self);
	buf_release(&self->texts);
	buf_release(&self->links);
	free(self);
}

bool page_answer_open_links(const struct page_answer *self, struct link_reader *links)
{
	struct slice packed = {self->links.data, self->links.len};
	if (self->answer.page.links == 0) {
		link_reader_clear(links);
		return true;
	}
	return link_reader_open(links, packed, self->number) && links->count == self->answer.page.links;
}
