#include "store/queue.h"

#include "base/alloc.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A queue whose back is at least so long is moved to the file by itself, in one write. */
enum { WRITE_BYTES = 4096 };

/* A block ends with the record with which it reaches this size. Blocks are small because each is read as a
 * whole, and very many queues can each have one in memory. */
enum { BLOCK_BYTES = 16 << 10 };

/* The temporary file is at most as long as this and one more write. */
enum { FILE_BYTES = 1 << 30 };

/* The memory of a buffer that is cleared is kept for its next use, but no more than this. */
enum { BUFFER_KEPT_BYTES = 4096 };

void queues_init(struct queues *self, size_t memory_max)
{
	*self = (struct queues){.memory_max = memory_max};
	temporary_file_init(&self->file);
	buf_init(&self->write_buffer, SIZE_MAX / 2);
}

void queues_release(struct queues *self)
{
	assert(!self->with_back);
	temporary_file_release(&self->file);
	buf_release(&self->write_buffer);
}

static void clear_buffer(struct buf *buffer)
{
	buf_clear(buffer);
	if (buffer->room > BUFFER_KEPT_BYTES)
		buf_release(buffer);
}

static void link_back(struct queues *shared, struct queue *self)
{
	self->previous = NULL;
	self->next = shared->with_back;
	if (self->next)
		self->next->previous = self;
	shared->with_back = self;
}

static void unlink_back(struct queues *shared, struct queue *self)
{
	*(self->previous ? &self->previous->next : &shared->with_back) = self->next;
	if (self->next)
		self->next->previous = self->previous;
	self->previous = self->next = NULL;
}

static void add_block(struct queue *self, off_t offset, size_t len)
{
	if (self->block_count == self->block_room) {
		self->block_room = self->block_room ? self->block_room * 2 : 4;
		self->blocks = alloc_resize(self->blocks, self->block_room, sizeof *self->blocks);
	}
	self->blocks[self->block_count++] = (struct queue_block){offset, len};
}

/* Divides what back holds, which was written to the file from offset on, into blocks, and clears back. */
static void add_blocks(struct queues *shared, struct queue *self, off_t offset)
{
	size_t start = 0;
	for (size_t end = 0; end < self->back.len;) {
		uint32_t len;
		memcpy(&len, self->back.data + end, sizeof len);
		end += sizeof len + len;
		if (end - start < BLOCK_BYTES && end < self->back.len)
			continue;
		add_block(self, offset + (off_t)start, end - start);
		start = end;
	}
	shared->memory -= self->back.len;
	clear_buffer(&self->back);
	unlink_back(shared, self);
}

static bool write_to_file(struct queues *shared, const struct buf *bytes)
{
	const char *problem = temporary_file_write(&shared->file, shared->file_end, bytes->data, bytes->len);
	if (problem) {
		log_warning("%s/: the temporary file for the URLs that wait %s, so the list is read on when "
		            "they are fewer (set TMPDIR to another folder): %s",
		    temporary_file_folder(), problem, strerror(errno));
		shared->memory_only = true;
		return false;
	}
	shared->file_end += (off_t)bytes->len;
	shared->file_unread += bytes->len;
	return true;
}

static void move_to_file(struct queues *shared, struct queue *self)
{
	off_t offset = shared->file_end;
	if (write_to_file(shared, &self->back))
		add_blocks(shared, self, offset);
}

/* Moves the back of every queue to the file, in one write. This is for very many queues that are each too
 * short for a write, and together take too much memory. */
static void move_all_to_file(struct queues *shared)
{
	off_t offset = shared->file_end;
	buf_clear(&shared->write_buffer);
	for (const struct queue *queue = shared->with_back; queue; queue = queue->next)
		buf_append(&shared->write_buffer, queue->back.data, queue->back.len);
	if (!write_to_file(shared, &shared->write_buffer))
		return;
	for (struct queue *queue; (queue = shared->with_back);) {
		size_t len = queue->back.len;
		add_blocks(shared, queue, offset);
		offset += (off_t)len;
	}
}

bool queues_are_full(const struct queues *self)
{
	return self->file_end >= FILE_BYTES || (self->memory_only && self->memory > self->memory_max);
}

void queue_push(struct queues *shared, struct queue *self, const void *bytes, size_t len)
{
	uint32_t record_len = (uint32_t)len;
	assert(len == record_len);
	/* A queue starts as {0}, whose buffers have the maximal length 0. */
	self->back.max = self->front.max = SIZE_MAX / 2;
	if (self->back.len == 0)
		link_back(shared, self);
	buf_append(&self->back, &record_len, sizeof record_len);
	buf_append(&self->back, bytes, len);
	self->count++;
	shared->memory += sizeof record_len + len;
	if (shared->memory <= shared->memory_max || shared->memory_only)
		return;
	if (self->back.len >= WRITE_BYTES)
		move_to_file(shared, self);
	else if (shared->memory / 2 > shared->memory_max)
		move_all_to_file(shared);
}

/* Records that len bytes of the file are not needed any more. Empties the file once that is true of all. */
static void drop_from_file(struct queues *shared, size_t len)
{
	shared->file_unread -= len;
	if (len > 0 && shared->file_unread == 0) {
		temporary_file_empty(&shared->file);
		shared->file_end = 0;
	}
}

/* Reads the oldest block into front, which is empty. */
static bool read_block(struct queues *shared, struct queue *self)
{
	struct queue_block block = self->blocks[self->first_block++];
	if (self->first_block == self->block_count)
		self->first_block = self->block_count = 0;
	char *to = buf_reserve(&self->front, block.len);
	const char *problem = temporary_file_read(&shared->file, block.offset, to, block.len);
	int error = errno;
	drop_from_file(shared, block.len);
	if (problem) {
		log_error("%s/: the temporary file for the URLs that wait %s: %s", temporary_file_folder(),
		    problem, strerror(error));
		return false;
	}
	self->front.len = block.len;
	shared->memory += block.len;
	return true;
}

/* Gets the next records into front, all of which was popped: from the oldest block, or else from back. */
static bool fill_front(struct queues *shared, struct queue *self)
{
	self->front_read = 0;
	clear_buffer(&self->front);
	if (self->block_count > 0)
		return read_block(shared, self);
	unlink_back(shared, self);
	struct buf front = self->back;
	self->back = self->front;
	self->front = front;
	return true;
}

enum queue_result queue_pop(struct queues *shared, struct queue *self, struct slice *record)
{
	uint32_t len;
	if (self->count == 0)
		return QUEUE_EMPTY;
	if (self->front_read == self->front.len && !fill_front(shared, self)) {
		queue_release(shared, self);
		return QUEUE_LOST;
	}
	memcpy(&len, self->front.data + self->front_read, sizeof len);
	*record = (struct slice){self->front.data + self->front_read + sizeof len, len};
	self->front_read += sizeof len + len;
	self->count--;
	shared->memory -= sizeof len + len;
	return QUEUE_RECORD;
}

void queue_release(struct queues *shared, struct queue *self)
{
	for (size_t i = self->first_block; i < self->block_count; i++)
		drop_from_file(shared, self->blocks[i].len);
	shared->memory -= self->front.len - self->front_read + self->back.len;
	if (self->back.len > 0)
		unlink_back(shared, self);
	buf_release(&self->front);
	buf_release(&self->back);
	free(self->blocks);
	*self = (struct queue){0};
}
