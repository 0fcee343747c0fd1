/* Puts what comes in any order into that of the list, in bounded memory: what has to wait for others and is
 * too much for it goes to a temporary file. */
#ifndef AREQ_OUTPUT_ORDERED_H
#define AREQ_OUTPUT_ORDERED_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much all that waits may take, bookkeeping included. */
enum { ORDERED_MEMORY = 16 << 20 };

struct ordered;

/* Takes bytes that are borrowed for the call. A status other than STATUS_OK ends everything. */
typedef enum status (*ordered_fn)(void *ctx, const char *bytes, size_t len);

/* Gives to out. As much may wait in that memory, or a single piece where it is larger; buffers for the file
 * take about two pieces more. Free with ordered_free. */
struct ordered *ordered_new(size_t memory, ordered_fn out, void *ctx);
void ordered_free(struct ordered *self);

/* The numbers begin with 1 and come in any order; each is finished once, with or without pieces before.
 * Pieces are added to one number until that is finished; others may be finished meanwhile, without pieces. A
 * piece is given out at once where its number is the next one, else copied. Each fails with what out
 * returned, or with STATUS_OUTPUT where the temporary file (in $TMPDIR, without a name) cannot be written or
 * read; that was logged. After a failure they do nothing but fail. */
enum status ordered_add(struct ordered *self, uint64_t number, const char *bytes, size_t len);
enum status ordered_finish(struct ordered *self, uint64_t number);

/* Before its ordered_finish: the pieces of that number count for nothing. True where they were given out at
 * once, so that the caller must take them back. */
bool ordered_drop(struct ordered *self, uint64_t number);

/* All smaller numbers were given out. */
uint64_t ordered_next(const struct ordered *self);

/* Is there something whose turn has come? */
bool ordered_is_ready(const struct ordered *self);

/* Gives out what is ready, but nothing more after the first so many bytes. */
enum status ordered_release(struct ordered *self, size_t most);

#endif
