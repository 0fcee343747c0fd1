#include "link/link_list.h"

#include <assert.h>

/* The header before the bytes of each link in a detailed list. In any other list the header
 * is the head alone. */
struct details {
	uint32_t head; /* see link_list_head */
	uint32_t tag_len;
	uint32_t rel_len;
	bool has_tag;
	bool has_rel;
	int64_t position;
	uint32_t line;
	uint32_t column;
};

void link_list_init(struct link_list *self, struct piece_store *store, uint64_t max)
{
	*self = (struct link_list){.max = max};
	pieces_init(&self->pieces, store);
}

void link_list_clear(struct link_list *self)
{
	pieces_clear(&self->pieces);
	self->count = 0;
}

void link_list_release(struct link_list *self)
{
	pieces_release(&self->pieces);
	self->count = 0;
}

bool link_list_add_slow(struct link_list *self, const struct raw_link *link)
{
	uint32_t value_len = (uint32_t)link->value.len;
	struct details details = {.head = link_list_head(link)};
	size_t header_len = sizeof details.head;
	assert(link->value.len <= LINK_LIST_LENGTH_MAX);
	if (self->detailed) {
		header_len = sizeof details;
		details.tag_len = (uint32_t)link->tag.len;
		details.rel_len = (uint32_t)link->rel.len;
		details.has_tag = link->tag.data;
		details.has_rel = link->rel.data;
		details.position = link->position;
		details.line = link->line;
		details.column = link->column;
	}
	size_t size = header_len + (size_t)value_len + details.tag_len + details.rel_len;
	if (size > self->max - self->pieces.size)
		return false;
	pieces_append(&self->pieces, &details, header_len);
	pieces_append(&self->pieces, link->value.data, value_len);
	pieces_append(&self->pieces, link->tag.data, details.tag_len);
	pieces_append(&self->pieces, link->rel.data, details.rel_len);
	self->count++;
	return true;
}

struct link_list_reader link_list_read(const struct link_list *self, struct buf *joined)
{
	return (struct link_list_reader){
	    .list = self, .pieces = pieces_read(&self->pieces), .joined = joined};
}

struct link_list_reader link_list_read_from(const struct link_list *self, uint64_t offset, struct buf *joined)
{
	return (struct link_list_reader){
	    .list = self, .pieces = pieces_read_from(&self->pieces, offset), .joined = joined};
}

void link_list_reader_release(struct link_list_reader *self)
{
	pieces_reader_release(&self->pieces);
}

/* Returns the next len bytes, borrowed until the next call; NULL if they cannot be read. */
static const char *read_bytes(struct link_list_reader *self, size_t len)
{
	struct pieces_reader *pieces = &self->pieces;
	if (len <= pieces->left) {
		const char *bytes = pieces->at;
		pieces->at += len;
		pieces->left -= len;
		pieces->size -= len;
		return bytes;
	}
	buf_clear(self->joined);
	while (self->joined->len < len) {
		struct slice chunk = pieces_next_bytes(pieces, len - self->joined->len);
		if (!chunk.len)
			return NULL;
		buf_append(self->joined, chunk.data, chunk.len);
	}
	return self->joined->data;
}

bool link_list_next_slow(struct link_list_reader *self, struct raw_link *link)
{
	struct details details = {0};
	size_t header_len = self->list->detailed ? sizeof details : sizeof details.head;
	if (!self->pieces.size || self->pieces.failed)
		return false;
	const char *bytes = read_bytes(self, header_len);
	if (!bytes)
		return false;
	memcpy(&details, bytes, header_len);
	*link = (struct raw_link){.position = -1};
	size_t value_len = link_list_read_head(details.head, link);
	bytes = read_bytes(self, value_len + details.tag_len + details.rel_len);
	if (!bytes)
		return false;
	link->value = (struct slice){bytes, value_len};
	if (!self->list->detailed)
		return true;
	link->position = details.position;
	link->line = details.line;
	link->column = details.column;
	if (details.has_tag)
		link->tag = (struct slice){bytes + value_len, details.tag_len};
	if (details.has_rel)
		link->rel = (struct slice){bytes + value_len + details.tag_len, details.rel_len};
	return true;
}
