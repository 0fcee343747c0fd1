/* First-in, first-out queues of records. Any number of queues share some memory and one temporary file:
 * records that are too much for the memory are moved to the file, in large writes.
 *
 *     struct queues queues;                  the shared memory and file
 *     queues_init(&queues, memory_max);
 *     struct queue queue = {0};              an empty queue
 *     queue_push(&queues, &queue, bytes, len);
 *     queue_pop(&queues, &queue, &record);
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

/* Consecutive records of a queue in the temporary file. */
struct queue_block {
	off_t offset; /* in the file */
	size_t len;   /* in bytes */
};

/* {0} is an empty queue. The oldest records are in front, the next ones in the blocks, and the newest in
 * back. */
struct queue {
	struct buf front;
	size_t front_read;          /* the number of bytes of front that were popped */
	struct queue_block *blocks; /* from first_block on, those that are not read yet */
	size_t first_block, block_count, block_room;
	struct buf back;
	struct queue *previous, *next; /* neighbours in the list queues.with_back */
	size_t count;                  /* records in the queue */
};

struct queues {
	size_t memory_max;       /* see queues_init */
	size_t memory;           /* bytes of records in memory now */
	struct queue *with_back; /* the list of queues whose back is not empty */
	struct temporary_file file;
	off_t file_end;          /* where the next write goes */
	uint64_t file_unread;    /* bytes of the file that are still to be read */
	struct buf write_buffer; /* joins the backs of many queues for one write */
	bool memory_only;        /* the file cannot be written, which was logged */
};

/* At most about twice memory_max bytes of records are kept in memory, and for each queue the last block that
 * was read: 16 KiB and one record. */
void queues_init(struct queues *self, size_t memory_max);
void queues_release(struct queues *self);

/* True while nothing more should be pushed: either the temporary file has reached 1 GiB (it is emptied only
 * once all of it was read), or it cannot be written and more than memory_max bytes are in memory. */
bool queues_are_full(const struct queues *self);

/* Appends a copy of a record of fewer than 2^32 bytes. It never fails: if the temporary file cannot be
 * written, which is logged once, all later records stay in memory. */
void queue_push(struct queues *shared, struct queue *self, const void *bytes, size_t len);

enum queue_result { QUEUE_RECORD, QUEUE_EMPTY, QUEUE_LOST };

/* Removes the oldest record. *record is borrowed until the next call for this queue. QUEUE_LOST if the
 * temporary file cannot be read, which was logged: the queue is then empty, and all its records are lost. */
enum queue_result queue_pop(struct queues *shared, struct queue *self, struct slice *record);

/* Empties the queue and frees its memory. */
void queue_release(struct queues *shared, struct queue *self);

#endif
