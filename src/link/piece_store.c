#include "link/piece_store.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/temporary_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The memory of one piece, or an element of the list of blocks that no piece uses. */
union block {
	union block *next;
	char bytes[PIECE_BYTES];
};

struct piece_store {
	size_t memory_max;   /* limit of sealed_bytes, and of the memory of idle blocks, in bytes */
	size_t sealed_bytes; /* bytes of the sealed pieces in memory */
	union block *idle;   /* list of blocks that no piece uses */
	size_t idle_count;
	struct temporary_file file;
	bool memory_only;     /* true after a write to the file has failed */
	uint32_t slot_count;  /* slots in the file, of one piece each */
	uint32_t *free_slots; /* stack of the slots that hold no piece */
	size_t free_slot_count;
	size_t free_slot_room;
};

struct piece_store *piece_store_new(size_t memory)
{
	struct piece_store *self = alloc_new(sizeof *self);
	self->memory_max = memory;
	temporary_file_init(&self->file);
	return self;
}

void piece_store_free(struct piece_store *self)
{
	if (!self)
		return;
	for (union block *block; (block = self->idle);) {
		self->idle = block->next;
		free(block);
	}
	temporary_file_release(&self->file);
	free(self->free_slots);
	free(self);
}

struct piece piece_store_allocate(struct piece_store *self)
{
	union block *block = self->idle;
	if (block) {
		self->idle = block->next;
		self->idle_count--;
	} else {
		block = alloc_resize(NULL, 1, sizeof *block);
	}
	return (struct piece){.bytes = block->bytes};
}

static void return_block(struct piece_store *self, char *bytes)
{
	union block *block = (union block *)bytes;
	if (self->idle_count * sizeof *block >= self->memory_max) {
		free(block);
		return;
	}
	block->next = self->idle;
	self->idle = block;
	self->idle_count++;
}

static uint32_t allocate_slot(struct piece_store *self)
{
	return self->free_slot_count ? self->free_slots[--self->free_slot_count] : self->slot_count++;
}

static void return_slot(struct piece_store *self, uint32_t slot)
{
	if (self->free_slot_count == self->free_slot_room) {
		self->free_slot_room = self->free_slot_room ? self->free_slot_room * 2 : 64;
		self->free_slots =
		    alloc_resize(self->free_slots, self->free_slot_room, sizeof *self->free_slots);
	}
	self->free_slots[self->free_slot_count++] = slot;
}

static off_t offset_of_slot(uint32_t slot)
{
	return (off_t)slot * PIECE_BYTES;
}

void piece_store_seal(struct piece_store *self, struct piece *piece)
{
	self->sealed_bytes += PIECE_BYTES;
	if (self->sealed_bytes <= self->memory_max || self->memory_only)
		return;
	piece->slot = allocate_slot(self);
	const char *problem =
	    temporary_file_write(&self->file, offset_of_slot(piece->slot), piece->bytes, PIECE_BYTES);
	if (problem) {
		log_warning("%s/: the temporary file for what large pages hold %s, so it stays in memory "
		            "(set TMPDIR to another folder): %s",
		    temporary_file_folder(), problem, strerror(errno));
		return_slot(self, piece->slot);
		self->memory_only = true;
		return;
	}
	return_block(self, piece->bytes);
	piece->bytes = NULL;
	self->sealed_bytes -= PIECE_BYTES;
}

const char *piece_store_read(const struct piece_store *self, const struct piece *piece, char *to)
{
	if (piece->bytes)
		return piece->bytes;
	const char *problem = temporary_file_read(&self->file, offset_of_slot(piece->slot), to, PIECE_BYTES);
	if (!problem)
		return to;
	log_error("%s/: the temporary file for what large pages hold %s: %s", temporary_file_folder(),
	    problem, strerror(errno));
	return NULL;
}

void piece_store_return(struct piece_store *self, const struct piece *piece, bool is_sealed)
{
	if (!piece->bytes) {
		return_slot(self, piece->slot);
		return;
	}
	return_block(self, piece->bytes);
	if (is_sealed)
		self->sealed_bytes -= PIECE_BYTES;
}
