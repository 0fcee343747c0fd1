/* A sequence of bytes that is appended to and read from its beginning. It is kept in pieces of
 * a piece store. */
#ifndef AREQ_LINK_PIECES_H
#define AREQ_LINK_PIECES_H

#include "base/slice.h"
#include "link/piece_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pieces {
	struct piece_store *store;
	uint64_t size;      /* bytes of the sequence */
	struct piece *list; /* all pieces but the last are full */
	size_t count;       /* number of pieces */
	size_t room;        /* number of pieces that list has memory for */
	char *end;          /* the end of the bytes in the last piece */
	size_t left;        /* free bytes in the last piece */
};

/* Makes an empty sequence in store, which is borrowed until pieces_release. */
void pieces_init(struct pieces *self, struct piece_store *store);
void pieces_release(struct pieces *self);

/* Empties the sequence and returns its pieces to the store. The memory of the list of pieces is kept. */
void pieces_clear(struct pieces *self);

/* Copies bytes[0..len) to the end of the sequence. */
void pieces_append(struct pieces *self, const void *bytes, size_t len);

/* Reads a sequence from its beginning, or from another byte on, up to where it ends now. */
struct pieces_reader {
	const struct pieces *pieces;
	uint64_t size;  /* bytes of the sequence that were not read yet */
	size_t next;    /* index of the next piece */
	const char *at; /* the next byte of the current piece */
	size_t left;    /* bytes of the current piece that were not read yet */
	char *copy; /* memory for a piece that is in the file, or may move there; NULL until there is one */
	bool is_growing; /* the sequence may be appended to meanwhile */
	bool failed;     /* true if a piece cannot be read (logged) */
};

/* Starts reading. pieces is borrowed, and must not change, until pieces_reader_release. */
struct pieces_reader pieces_read(const struct pieces *pieces);

/* The same for a sequence that may be appended to meanwhile. */
struct pieces_reader pieces_read_growing(const struct pieces *pieces);

/* Starts reading at a byte of the sequence, which may be its end. */
struct pieces_reader pieces_read_from(const struct pieces *pieces, uint64_t offset);
void pieces_reader_release(struct pieces_reader *self);

/* Moves on to the next piece. May only be called when the current piece was read to its end and the sequence
 * was not. Returns false if the next piece cannot be read. */
bool pieces_next_piece(struct pieces_reader *self);

/* Returns the next bytes, at least one and at most max, borrowed until the next call. The slice is empty at
 * the end of the sequence, and if a piece cannot be read. */
struct slice pieces_next_bytes(struct pieces_reader *self, size_t max);

#endif
