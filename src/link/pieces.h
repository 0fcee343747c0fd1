/* Bytes that are added at the end and read from the beginning, kept in pieces of a store. */
#ifndef AREQ_LINK_PIECES_H
#define AREQ_LINK_PIECES_H

#include "base/slice.h"
#include "link/piece_store.h"

#include <stdbool.h>
#include <stddef.h>

struct pieces {
	struct piece_store *store;
	size_t size;        /* bytes in all */
	struct piece *list; /* all but the last are full */
	size_t count;
	size_t room;
	char *end;   /* of what is in the last one */
	size_t left; /* room there, in bytes */
};

/* Makes an empty sequence in store, which is borrowed. */
void pieces_init(struct pieces *self, struct piece_store *store);
void pieces_release(struct pieces *self);

/* Empties it; the memory of its list stays. */
void pieces_clear(struct pieces *self);

/* Copies bytes to the end. */
void pieces_append(struct pieces *self, const void *bytes, size_t len);

/* Goes through a sequence that does not change meanwhile. */
struct pieces_reader {
	const struct pieces *pieces;
	size_t size;     /* bytes that are still to come */
	size_t next;     /* piece */
	const char *at;  /* in the one before it, where: */
	size_t left;     /* … so many bytes are still to come */
	char *from_file; /* a piece that is in the file; NULL: none was yet */
	bool failed;     /* it cannot be read; that was logged */
};

struct pieces_reader pieces_read(const struct pieces *pieces);
void pieces_reader_release(struct pieces_reader *self);

/* Goes to the next piece; only where nothing is left of the one before and something is to come. False where
 * it cannot be read. */
bool pieces_next(struct pieces_reader *self);

/* The next bytes, one at least and at most so many, borrowed until the next call; none at the end and where
 * it failed. */
struct slice pieces_take(struct pieces_reader *self, size_t most);

#endif
