#include "link/found.h"

#include "base/alloc.h"

#include <stdlib.h>

/* What stands before the bytes of a link in a detailed list; in any other it is the length of the value. */
struct details {
	uint32_t value_len;
	uint32_t tag_len;
	uint32_t rel_len;
	bool has_tag;
	bool has_rel;
	int64_t position;
};

void found_init(struct found *self, struct found_store *store, size_t max)
{
	*self = (struct found){.store = store, .max = max};
}

void found_clear(struct found *self)
{
	for (size_t i = 0; i < self->piece_count; i++)
		found_store_give_back(self->store, &self->pieces[i], i + 1 < self->piece_count);
	self->piece_count = 0;
	self->size = self->left = 0;
}

void found_release(struct found *self)
{
	found_clear(self);
	free(self->pieces);
	self->pieces = NULL;
	self->piece_room = 0;
}

static void add_piece(struct found *self)
{
	if (self->piece_count == self->piece_room) {
		self->piece_room = self->piece_room ? self->piece_room * 2 : 4;
		self->pieces = alloc_resize(self->pieces, self->piece_room, sizeof *self->pieces);
	}
	if (self->piece_count)
		found_store_fill(self->store, &self->pieces[self->piece_count - 1]);
	struct found_piece *piece = &self->pieces[self->piece_count++];
	*piece = found_store_take(self->store);
	self->end = piece->bytes;
	self->left = FOUND_PIECE;
}

static void append(struct found *self, const void *bytes, size_t len)
{
	const char *from = bytes;
	self->size += len;
	while (len) {
		if (!self->left)
			add_piece(self);
		size_t part = len < self->left ? len : self->left;
		memcpy(self->end, from, part);
		from += part;
		self->end += part;
		self->left -= part;
		len -= part;
	}
}

bool found_add_any(struct found *self, const struct found_link *link)
{
	struct details details = {.value_len = (uint32_t)link->value.len};
	size_t head_len = sizeof details.value_len;
	if (self->detailed) {
		head_len = sizeof details;
		details.tag_len = (uint32_t)link->tag.len;
		details.rel_len = (uint32_t)link->rel.len;
		details.has_tag = link->tag.data;
		details.has_rel = link->rel.data;
		details.position = link->position;
	}
	if (head_len + (size_t)details.value_len + details.tag_len + details.rel_len > self->max - self->size)
		return false;
	append(self, &details, head_len);
	append(self, link->value.data, details.value_len);
	append(self, link->tag.data, details.tag_len);
	append(self, link->rel.data, details.rel_len);
	return true;
}

struct found_reader found_read(const struct found *self, struct buf *joined)
{
	return (struct found_reader){.found = self, .joined = joined, .size = self->size};
}

static bool next_piece(struct found_reader *self)
{
	const struct found *found = self->found;
	self->at = found_store_read(found->store, &found->pieces[self->next++]);
	self->failed = !self->at;
	if (self->failed)
		return false;
	self->left = self->size < FOUND_PIECE ? self->size : FOUND_PIECE;
	return true;
}

/* Adds the next bytes to those joined. */
static bool join(struct found_reader *self, size_t len)
{
	while (len) {
		if (!self->left && !next_piece(self))
			return false;
		size_t part = len < self->left ? len : self->left;
		buf_append(self->joined, self->at, part);
		self->at += part;
		self->left -= part;
		self->size -= part;
		len -= part;
	}
	return true;
}

/* The next bytes, borrowed until the next call; NULL where they cannot be read. */
static const char *take(struct found_reader *self, size_t len)
{
	if (len > self->left) {
		buf_clear(self->joined);
		return join(self, len) ? self->joined->data : NULL;
	}
	const char *bytes = self->at;
	self->at += len;
	self->left -= len;
	self->size -= len;
	return bytes;
}

bool found_next_any(struct found_reader *self, struct found_link *link)
{
	struct details details = {0};
	size_t head_len = self->found->detailed ? sizeof details : sizeof details.value_len;
	if (!self->size || self->failed)
		return false;
	const char *bytes = take(self, head_len);
	if (!bytes)
		return false;
	memcpy(&details, bytes, head_len);
	bytes = take(self, (size_t)details.value_len + details.tag_len + details.rel_len);
	if (!bytes)
		return false;
	*link = (struct found_link){.value = {bytes, details.value_len}, .position = -1};
	if (!self->found->detailed)
		return true;
	link->position = details.position;
	if (details.has_tag)
		link->tag = (struct slice){bytes + details.value_len, details.tag_len};
	if (details.has_rel)
		link->rel = (struct slice){bytes + details.value_len + details.tag_len, details.rel_len};
	return true;
}
