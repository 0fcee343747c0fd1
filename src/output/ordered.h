/* Puts pieces of text that come in any order into the order of the list, in bounded memory: pieces that have
 * to wait for others go to a temporary file if they are too much for that memory. */
#ifndef AREQ_OUTPUT_ORDERED_H
#define AREQ_OUTPUT_ORDERED_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The memory for all pieces that wait, in bytes, bookkeeping included. */
enum { ORDERED_MEMORY = 16 << 20 };

struct ordered;

/* Gets the pieces in order. bytes is borrowed for the call. A status other than STATUS_OK is a failure,
 * after which nothing more is given out. */
typedef enum status (*ordered_fn)(void *ctx, const char *bytes, size_t len);

/* Gives the pieces out by calling `out`. Pieces wait in at most `memory` bytes, except that a single piece
 * may be larger. The buffers for the temporary file take about the memory of two pieces more. Free with
 * ordered_free, which accepts NULL. */
struct ordered *ordered_new(size_t memory, ordered_fn out, void *ctx);
void ordered_free(struct ordered *self);

/* Numbers begin with 1 and come in any order. Each number is finished exactly once, with or without pieces
 * before. Once a piece was added to a number, pieces are added to that number only until it is finished;
 * other numbers may be finished meanwhile, but without pieces. A piece is given out at once if its number is
 * the next one; otherwise it is copied. Both functions fail with what `out` returned, or with STATUS_OUTPUT
 * if the temporary file (in $TMPDIR, without a name) cannot be written or read (logged). After a failure,
 * every call returns the same status. */
enum status ordered_add(struct ordered *self, uint64_t number, const char *bytes, size_t len);
enum status ordered_finish(struct ordered *self, uint64_t number);

/* Drops the pieces of a number that is not finished yet. True if no piece of it waits: those that were
 * added, if any, were given out at once, and the caller must undo that. */
bool ordered_drop(struct ordered *self, uint64_t number);

/* The smallest number that is not finished, or of which a piece still waits: all smaller numbers were given
 * out completely. */
uint64_t ordered_next(const struct ordered *self);

/* True if something waits that ordered_release can give out now. */
bool ordered_is_ready(const struct ordered *self);

/* Gives out what is ready. Stops after the piece with which max_len bytes are reached. */
enum status ordered_release(struct ordered *self, size_t max_len);

#endif
