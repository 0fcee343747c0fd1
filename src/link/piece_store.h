/* Memory for the data of all pages that are not finished, in pieces of equal size. It has a limit; beyond it,
 * full pieces are moved to a temporary file.
 *
 *	piece_store_allocate -> the caller fills the piece -> piece_store_seal -> piece_store_read, any number
 *of times
 *	                     -> piece_store_return, at any time */
#ifndef AREQ_LINK_PIECE_STORE_H
#define AREQ_LINK_PIECE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The size of a piece in bytes. */
enum { PIECE_BYTES = 8192 };

struct piece {
	char *bytes;   /* the memory of the piece; NULL if it is in the file */
	uint32_t slot; /* the slot of the piece in the file, if it is there */
};

struct piece_store;

/* memory is the number of bytes that sealed pieces may take. If the file cannot be written, they take
 * as much memory as they need, and a warning is logged once. Free with piece_store_free after all
 * pieces were returned. */
struct piece_store *piece_store_new(size_t memory);
void piece_store_free(struct piece_store *self);

/* Returns a new piece of PIECE_BYTES bytes in memory, to be filled by the caller. */
struct piece piece_store_allocate(struct piece_store *self);

/* Seals a full piece: it may only be read from now on, and may be moved to the file. */
void piece_store_seal(struct piece_store *self, struct piece *piece);

/* Returns the bytes of a piece: its own memory, or, if it is in the file, to[0..PIECE_BYTES), into which they
 * are read; to may be NULL for a piece in memory. Returns NULL if they cannot be read (logged). */
const char *piece_store_read(const struct piece_store *self, const struct piece *piece, char *to);

/* Gives a piece back when it is not needed any more. is_sealed says whether piece_store_seal was
 * called for it. */
void piece_store_return(struct piece_store *self, const struct piece *piece, bool is_sealed);

#endif
