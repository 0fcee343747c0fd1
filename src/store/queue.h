/* Queues of records, of which any number share some memory and a temporary file: what is too much for the one
 * is moved to the other, in large blocks.
 *
 *     struct queues queues;                  what the queues share
 *     queues_init(&queues, memory);
 *     struct queue queue = {0};              empty
 *     queue_push(&queues, &queue, bytes, len);
 *     queue_pop(&queues, &queue, &record);   the oldest first
 *     queue_release(&queues, &queue);
 *     queues_release(&queues);
 */
#ifndef AREQ_STORE_QUEUE_H
#define AREQ_STORE_QUEUE_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/temporary_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Some records of a queue in the temporary file, one behind the other. */
struct queue_block {
	off_t at;
	size_t len; /* bytes */
};

/* {0} is empty. The oldest records are in front, then come those of the blocks, then those of back. */
struct queue {
	struct buf front;
	size_t front_read;          /* bytes of front that were popped */
	struct queue_block *blocks; /* from first_block on they are still to be read */
	size_t first_block, block_count, block_room;
	struct buf back;
	struct queue *previous, *next; /* in the list of queues with something in back */
	size_t count;                  /* records */
};

struct queues {
	size_t memory_max; /* bytes of records */
	size_t memory;     /* … that are in memory now */
	struct queue *with_back;
	struct temporary_file file;
	off_t file_end;
	uint64_t file_unread; /* bytes in it that will be read yet */
	struct buf gathered;  /* for moving many small backs to the file in one write */
	bool memory_only;     /* the file cannot be written; that was logged */
};

/* Little more than twice memory_max bytes of records are kept in memory, and in each queue the last block
 * that was read: 16 KiB and one record. */
void queues_init(struct queues *self, size_t memory_max);
void queues_release(struct queues *self);

/* True while nothing more should be pushed: the temporary file has 1 GiB and is not read to its end, or it
 * cannot be written and the memory is used up. */
bool queues_are_full(const struct queues *self);

/* Copies a record of fewer than 2^32 bytes to the end of the queue. Never fails: where the temporary file
 * cannot be written, which is logged once, all stays in memory. */
void queue_push(struct queues *shared, struct queue *self, const void *bytes, size_t len);

enum queue_result { QUEUE_RECORD, QUEUE_EMPTY, QUEUE_LOST };

/* Takes out the oldest record, which is borrowed until anything is done with this queue. QUEUE_LOST where the
 * temporary file cannot be read, which was logged: all that was in the queue is gone. */
enum queue_result queue_pop(struct queues *shared, struct queue *self, struct slice *record);

/* Empties the queue and frees its memory. */
void queue_release(struct queues *shared, struct queue *self);

#endif
