#include "output/ordered.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/temporary_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* About how many bytes malloc(3) needs for itself in each block. */
enum { ALLOC_COST = 16 };

/* The number of bytes that are collected for a write to the temporary file. */
enum { WRITE_LEN = 256 * 1024 };

struct piece {
	struct piece *next;
	size_t len;
	char bytes[];
};

/* A number that waits in memory for its turn, with its pieces. */
struct waiting {
	struct heap_node node; /* ordered by number */
	struct piece *first;
	struct piece **end;
};

/* The header of a piece in the temporary file. A number without pieces has one header of length 0. */
struct record {
	uint64_t number;
	uint64_t len;
};

/* A sorted run in the temporary file: what was moved there at one time, in the order of the numbers. */
struct run {
	off_t offset; /* where the bytes of the first piece that is left begin, after its header */
	off_t end;
	struct record first;
};

struct ordered {
	ordered_fn out;
	void *ctx;
	size_t memory_max;
	size_t memory; /* bytes that wait in memory now */
	uint64_t next; /* the smallest number of which nothing was given out after it was finished */
	struct heap waiting;
	uint64_t open_number;         /* the number that pieces are added to; 0 if there is none */
	struct waiting *open_waiting; /* the open number, if it waits in memory; otherwise NULL */
	bool open_is_in_file;         /* at least one piece of the open number is in the temporary file */
	uint64_t *dropped;            /* numbers whose pieces in the temporary file are not given out */
	size_t dropped_count;
	struct temporary_file file;
	off_t file_end;
	struct buf write_buffer; /* bytes to be written at file_end */
	struct run *runs;        /* each has something left; the oldest comes first */
	size_t run_count;
	struct buf piece; /* a piece that was read from the temporary file */
	enum status failed;
};

struct ordered *ordered_new(size_t memory, ordered_fn out, void *ctx)
{
	struct ordered *self = alloc_new(sizeof *self);
	self->out = out;
	self->ctx = ctx;
	self->memory_max = memory;
	self->next = 1;
	temporary_file_init(&self->file);
	buf_init(&self->write_buffer, SIZE_MAX / 2);
	buf_init(&self->piece, SIZE_MAX / 2);
	return self;
}

static struct waiting *first_waiting(const struct ordered *self)
{
	struct heap_node *node = heap_first(&self->waiting);
	return node ? node->item : NULL;
}

static size_t piece_cost(const struct piece *piece)
{
	return sizeof *piece + piece->len + ALLOC_COST;
}

/* The memory of a number that waits, without its pieces. The array of the heap may be half empty, so each
 * number counts for two of its elements. */
static const size_t waiting_cost = sizeof(struct waiting) + ALLOC_COST + 2 * sizeof(struct heap_node *);

static void drop_piece(struct ordered *self, struct waiting *waiting)
{
	struct piece *piece = waiting->first;
	self->memory -= piece_cost(piece);
	waiting->first = piece->next;
	free(piece);
}

static void drop_waiting(struct ordered *self, struct waiting *waiting)
{
	while (waiting->first)
		drop_piece(self, waiting);
	if (self->open_waiting == waiting)
		self->open_waiting = NULL;
	self->memory -= waiting_cost;
	heap_remove(&waiting->node);
	free(waiting);
}

void ordered_free(struct ordered *self)
{
	if (!self)
		return;
	for (struct waiting *waiting; (waiting = first_waiting(self));)
		drop_waiting(self, waiting);
	heap_release(&self->waiting);
	temporary_file_release(&self->file);
	buf_release(&self->write_buffer);
	buf_release(&self->piece);
	free(self->runs);
	free(self->dropped);
	free(self);
}

static enum status fail(struct ordered *self, enum status status)
{
	self->failed = status;
	return status;
}

/* Logs a problem with the temporary file, and fails. Does nothing if problem is NULL. */
static enum status check_file(struct ordered *self, const char *problem)
{
	if (!problem)
		return STATUS_OK;
	log_error("%s/: the temporary file of --ordered %s (set TMPDIR to another folder): %s",
	    temporary_file_folder(), problem, strerror(errno));
	return fail(self, STATUS_OUTPUT);
}

/* The temporary file */

static enum status flush_write_buffer(struct ordered *self)
{
	const char *problem = temporary_file_write(
	    &self->file, self->file_end, self->write_buffer.data, self->write_buffer.len);
	self->file_end += (off_t)self->write_buffer.len;
	buf_clear(&self->write_buffer);
	return check_file(self, problem);
}

static enum status write_record(struct ordered *self, uint64_t number, const struct piece *piece)
{
	struct record record = {number, piece ? piece->len : 0};
	buf_append(&self->write_buffer, &record, sizeof record);
	if (piece)
		buf_append(&self->write_buffer, piece->bytes, piece->len);
	return self->write_buffer.len < WRITE_LEN ? STATUS_OK : flush_write_buffer(self);
}

static enum status write_waiting(struct ordered *self, const struct waiting *waiting)
{
	enum status status = STATUS_OK;
	if (!waiting->first)
		return write_record(self, waiting->node.key, NULL);
	for (const struct piece *piece = waiting->first; piece && status == STATUS_OK; piece = piece->next)
		status = write_record(self, waiting->node.key, piece);
	return status;
}

static enum status read_at(struct ordered *self, off_t at, void *bytes, size_t len)
{
	return check_file(self, temporary_file_read(&self->file, at, bytes, len));
}

/* Reads the header at run->offset into run->first, and moves run->offset behind it. */
static enum status read_head(struct ordered *self, struct run *run)
{
	enum status status = read_at(self, run->offset, &run->first, sizeof run->first);
	run->offset += (off_t)sizeof run->first;
	return status;
}

/* Moves all numbers that wait in memory to the temporary file. */
static enum status move_to_file(struct ordered *self)
{
	struct run run = {.offset = self->file_end};
	enum status status = STATUS_OK;
	self->open_is_in_file |= self->open_waiting != NULL;
	for (struct waiting *waiting; status == STATUS_OK && (waiting = first_waiting(self));) {
		status = write_waiting(self, waiting);
		drop_waiting(self, waiting);
	}
	if (status == STATUS_OK)
		status = flush_write_buffer(self);
	if (status == STATUS_OK)
		status = read_head(self, &run);
	if (status != STATUS_OK)
		return status;
	/* The array of the heap was counted as memory of the numbers in it, so it is freed with them. */
	heap_release(&self->waiting);
	run.end = self->file_end;
	self->runs = alloc_resize(self->runs, self->run_count + 1, sizeof *self->runs);
	self->runs[self->run_count++] = run;
	return STATUS_OK;
}

/* Adding pieces */

static enum status make_room(struct ordered *self, size_t cost)
{
	bool fits = self->memory + cost <= self->memory_max || self->waiting.count == 0;
	return fits ? STATUS_OK : move_to_file(self);
}

static struct waiting *add_waiting(struct ordered *self, uint64_t number)
{
	struct waiting *waiting = alloc_new(sizeof *waiting);
	waiting->end = &waiting->first;
	heap_add(&self->waiting, &waiting->node, number, waiting);
	self->memory += waiting_cost;
	return waiting;
}

static void add_piece(struct ordered *self, const char *bytes, size_t len)
{
	struct piece *piece = alloc_resize(NULL, sizeof *piece + len, 1);
	piece->next = NULL;
	piece->len = len;
	memcpy(piece->bytes, bytes, len);
	*self->open_waiting->end = piece;
	self->open_waiting->end = &piece->next;
	self->memory += piece_cost(piece);
}

/* The run that begins with the smallest number; NULL if there is none. Of several runs with that number, the
 * oldest has the pieces that came first. */
static struct run *first_run(const struct ordered *self)
{
	struct run *first = NULL;
	for (struct run *run = self->runs; run < self->runs + self->run_count; run++) {
		if (!first || run->first.number < first->first.number)
			first = run;
	}
	return first;
}

/* True if it is the turn of that number, and nothing of it or of a smaller number waits. */
static bool is_next(const struct ordered *self, uint64_t number)
{
	const struct heap_node *node = heap_first(&self->waiting);
	const struct run *run = first_run(self);
	return number == self->next && !(node && node->key <= number) &&
	       !(run && run->first.number <= number);
}

enum status ordered_add(struct ordered *self, uint64_t number, const char *bytes, size_t len)
{
	if (self->failed != STATUS_OK)
		return self->failed;
	assert(!self->open_number || self->open_number == number);
	self->open_number = number;
	if (is_next(self, number))
		return fail(self, self->out(self->ctx, bytes, len));
	enum status status = make_room(self, waiting_cost + piece_cost(&(struct piece){.len = len}));
	if (status != STATUS_OK)
		return status;
	if (!self->open_waiting)
		self->open_waiting = add_waiting(self, number);
	add_piece(self, bytes, len);
	return STATUS_OK;
}

/* Ends the adding of pieces to the open number. */
static void close_open_number(struct ordered *self)
{
	self->open_number = 0;
	self->open_waiting = NULL;
	self->open_is_in_file = false;
}

enum status ordered_finish(struct ordered *self, uint64_t number)
{
	bool waits = number == self->open_number && (self->open_waiting || self->open_is_in_file);
	if (number == self->open_number)
		close_open_number(self);
	if (self->failed != STATUS_OK || waits)
		return self->failed;
	if (is_next(self, number)) {
		self->next++;
		return STATUS_OK;
	}
	enum status status = make_room(self, waiting_cost);
	if (status == STATUS_OK)
		add_waiting(self, number);
	return status;
}

bool ordered_drop(struct ordered *self, uint64_t number)
{
	if (number != self->open_number)
		return true;
	while (self->open_waiting && self->open_waiting->first)
		drop_piece(self, self->open_waiting);
	if (self->open_is_in_file) {
		self->dropped = alloc_resize(self->dropped, self->dropped_count + 1, sizeof *self->dropped);
		self->dropped[self->dropped_count++] = number;
	}
	return !self->open_waiting && !self->open_is_in_file;
}

uint64_t ordered_next(const struct ordered *self)
{
	/* A number may be given out in part: then self->next is behind it, but the rest of it waits. */
	const struct heap_node *node = heap_first(&self->waiting);
	const struct run *run = first_run(self);
	uint64_t next = self->next;
	if (node && node->key < next)
		next = node->key;
	if (run && run->first.number < next)
		next = run->first.number;
	return next;
}

/* Giving pieces out */

bool ordered_is_ready(const struct ordered *self)
{
	const struct heap_node *node = heap_first(&self->waiting);
	const struct run *run = first_run(self);
	return (node && node->key <= self->next && node->key != self->open_number) ||
	       (run && run->first.number <= self->next && run->first.number != self->open_number);
}

static enum status remove_run(struct ordered *self, struct run *run)
{
	memmove(run, run + 1, (size_t)(self->runs + self->run_count - (run + 1)) * sizeof *run);
	if (--self->run_count > 0)
		return STATUS_OK;
	self->file_end = 0;
	return check_file(self, temporary_file_empty(&self->file));
}

static bool is_dropped(const struct ordered *self, uint64_t number)
{
	bool dropped = false;
	for (size_t i = 0; i < self->dropped_count; i++)
		dropped |= self->dropped[i] == number;
	return dropped;
}

static enum status release_from_file(struct ordered *self, struct run *run, size_t *len)
{
	*len = (size_t)run->first.len;
	bool wanted = *len && !is_dropped(self, run->first.number);
	self->next = run->first.number + 1;
	buf_clear(&self->piece);
	enum status status = read_at(self, run->offset, buf_reserve(&self->piece, *len), *len);
	if (status != STATUS_OK)
		return status;
	run->offset += (off_t)*len;
	status = run->offset < run->end ? read_head(self, run) : remove_run(self, run);
	if (status == STATUS_OK && wanted)
		status = fail(self, self->out(self->ctx, self->piece.data, *len));
	return status;
}

static enum status release_from_memory(struct ordered *self, struct waiting *waiting, size_t *len)
{
	enum status status = STATUS_OK;
	const struct piece *piece = waiting->first;
	*len = 0;
	self->next = waiting->node.key + 1;
	if (piece) {
		*len = piece->len;
		status = fail(self, self->out(self->ctx, piece->bytes, piece->len));
		drop_piece(self, waiting);
	}
	if (!waiting->first)
		drop_waiting(self, waiting);
	return status;
}

enum status ordered_release(struct ordered *self, size_t max_len)
{
	size_t len;
	for (size_t given = 0; self->failed == STATUS_OK && given < max_len; given += len) {
		struct waiting *waiting = first_waiting(self);
		struct run *run = first_run(self);
		if (!run && !waiting)
			break;
		bool in_file = !waiting || (run && run->first.number <= waiting->node.key);
		uint64_t number = in_file ? run->first.number : waiting->node.key;
		/* More pieces may be added to the open number, and they come before all later numbers. */
		if (number > self->next || number == self->open_number)
			break;
		if (in_file)
			release_from_file(self, run, &len);
		else
			release_from_memory(self, waiting, &len);
	}
	return self->failed;
}
