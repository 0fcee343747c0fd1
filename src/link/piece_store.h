/* Where what is kept of all pages is: in memory, and in a temporary file what is too much for it. */
#ifndef AREQ_LINK_PIECE_STORE_H
#define AREQ_LINK_PIECE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a piece, in which all is kept. */
enum { PIECE_BYTES = 8192 };

struct piece {
	char *bytes;   /* NULL: it is in the file, */
	uint32_t slot; /* … there */
};

struct piece_store;

/* Full pieces take so much memory, and where the file cannot be written, as much as they need: a warning says
 * so, once. Free with piece_store_free, when all pieces were given back. */
struct piece_store *piece_store_new(size_t memory);
void piece_store_free(struct piece_store *self);

/* A new piece, in memory, to be filled. */
struct piece piece_store_take(struct piece_store *self);

/* It is full, and will only be read from now on. */
void piece_store_fill(struct piece_store *self, struct piece *piece);

/* What is in a piece: where it is in memory, or, where it is in the file, in to[0..PIECE_BYTES). NULL where
 * it cannot be read (logged). */
const char *piece_store_read(const struct piece_store *self, const struct piece *piece, char *to);

/* It is needed no more; full: piece_store_fill was called with it. */
void piece_store_give_back(struct piece_store *self, const struct piece *piece, bool full);

#endif
