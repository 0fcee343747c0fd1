#include "link/pieces.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void pieces_init(struct pieces *self, struct piece_store *store)
{
	*self = (struct pieces){.store = store};
}

void pieces_clear(struct pieces *self)
{
	for (size_t i = 0; i < self->count; i++)
		piece_store_return(self->store, &self->list[i], i + 1 < self->count);
	self->count = 0;
	self->size = self->left = 0;
}

void pieces_release(struct pieces *self)
{
	pieces_clear(self);
	free(self->list);
	self->list = NULL;
	self->room = 0;
}

static void add_piece(struct pieces *self)
{
	if (self->count == self->room) {
		self->room = self->room ? self->room * 2 : 4;
		self->list = alloc_resize(self->list, self->room, sizeof *self->list);
	}
	if (self->count)
		piece_store_seal(self->store, &self->list[self->count - 1]);
	struct piece *piece = &self->list[self->count++];
	*piece = piece_store_allocate(self->store);
	self->end = piece->bytes;
	self->left = PIECE_BYTES;
}

void pieces_append(struct pieces *self, const void *bytes, size_t len)
{
	const char *from = bytes;
	self->size += len;
	while (len) {
		if (!self->left)
			add_piece(self);
		size_t chunk = len < self->left ? len : self->left;
		memcpy(self->end, from, chunk);
		from += chunk;
		self->end += chunk;
		self->left -= chunk;
		len -= chunk;
	}
}

struct pieces_reader pieces_read(const struct pieces *pieces)
{
	return (struct pieces_reader){.pieces = pieces, .size = pieces->size};
}

struct pieces_reader pieces_read_growing(const struct pieces *pieces)
{
	struct pieces_reader reader = pieces_read(pieces);
	reader.is_growing = true;
	return reader;
}

struct pieces_reader pieces_read_from(const struct pieces *pieces, uint64_t offset)
{
	struct pieces_reader reader = pieces_read(pieces);
	size_t skipped = (size_t)(offset % PIECE_BYTES);
	assert(offset <= pieces->size);
	reader.next = (size_t)(offset / PIECE_BYTES);
	reader.size -= offset - skipped;
	if (skipped > 0)
		pieces_next_bytes(&reader, skipped);
	return reader;
}

void pieces_reader_release(struct pieces_reader *self)
{
	free(self->copy);
	*self = (struct pieces_reader){0};
}

bool pieces_next_piece(struct pieces_reader *self)
{
	const struct pieces *pieces = self->pieces;
	assert(self->left == 0 && self->size > 0);
	const struct piece *piece = &pieces->list[self->next++];
	/* The last piece is not sealed, and moves to the file when it is. */
	bool may_move = self->is_growing && self->next == pieces->count;
	if ((!piece->bytes || may_move) && !self->copy)
		self->copy = alloc_resize(NULL, PIECE_BYTES, 1);
	self->at = piece_store_read(pieces->store, piece, self->copy);
	self->failed = !self->at;
	if (self->failed)
		return false;
	self->left = self->size < PIECE_BYTES ? self->size : PIECE_BYTES;
	if (may_move)
		self->at = memcpy(self->copy, self->at, self->left);
	return true;
}

struct slice pieces_next_bytes(struct pieces_reader *self, size_t max)
{
	if (self->failed || self->size == 0 || (self->left == 0 && !pieces_next_piece(self)))
		return (struct slice){0};
	struct slice bytes = {self->at, max < self->left ? max : self->left};
	self->at += bytes.len;
	self->left -= bytes.len;
	self->size -= bytes.len;
	return bytes;
}
