/* Where what was found in all pages is kept: in memory, and in a temporary file what is too much for it. */
#ifndef AREQ_LINK_FOUND_STORE_H
#define AREQ_LINK_FOUND_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a piece, in which all is kept. */
enum { FOUND_PIECE = 8192 };

struct found_piece {
	char *bytes;   /* NULL: it is in the file, */
	uint32_t slot; /* … there */
};

struct found_store;

/* Full pieces take so much memory, and where the file cannot be written, as much as they need: a warning says
 * so, once. Free with found_store_free, when all pieces were given back. */
struct found_store *found_store_new(size_t memory);
void found_store_free(struct found_store *self);

/* A new piece, in memory, to be filled. */
struct found_piece found_store_take(struct found_store *self);

/* It is full, and will only be read from now on. */
void found_store_fill(struct found_store *self, struct found_piece *piece);

/* What is in a piece, borrowed until the next call for one in the file. NULL where it cannot be read
 * (logged).
 */
const char *found_store_read(struct found_store *self, const struct found_piece *piece);

/* It is needed no more; full: found_store_fill was called with it. */
void found_store_give_back(struct found_store *self, const struct found_piece *piece, bool full);

#endif
