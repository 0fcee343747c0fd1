#include "output/rows.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/seen.h"
#include "output/format.h"
#include "output/ordered.h"

#include <stdlib.h>
#include <string.h>

/* One page of very many links must not cost its memory for the rest of the run. */
enum { ROWS_KEPT = 1 << 20 };

/* A file of the disk gets the pages in blocks of so many bytes or a few more, and the last of them so late.
 */
enum { BLOCK_BYTES = 64 << 10, BLOCK_MS = 200 };

/* No more is given to a reader, or written to a disk, between two looks at the network. */
enum { RELEASED_AT_ONCE = 1 << 20 };

struct rows {
	const struct options *options;
	const struct row_format *format;
	struct file *file;
	struct buf held;        /* of pages that wait for a block, and of the one whose links come in */
	size_t complete;        /* so much of it is of whole pages, … */
	int64_t due;            /* … which are written then at the latest */
	uint64_t open;          /* the page whose links come in; 0: none */
	bool open_is_flushed;   /* … at least a part of it, */
	uint64_t open_accepted; /* … behind so much that the file was given */
	/* With --ordered: all pages before safe are with the system, and those before next once the file has
	 * written so much. */
	uint64_t safe, next, next_accepted;
	struct ordered *ordered; /* NULL: as they come */
	bool unique;
	struct seen seen;  /* the URLs that have had their row */
	struct buf chosen; /* of what ordered gives out, the rows that are the first with their URL */
};

/* Which page is the first with a URL is only known when its turn comes, so with --ordered each row goes there
 * with this before it. */
struct mark {
	uint64_t fingerprint;
	size_t len;
};

static enum status choose_and_write(struct rows *self, const char *bytes, size_t len)
{
	buf_clear(&self->chosen);
	for (size_t at = 0; at < len;) {
		struct mark mark;
		memcpy(&mark, bytes + at, sizeof mark);
		at += sizeof mark;
		if (seen_add_fingerprint(&self->seen, mark.fingerprint))
			buf_append(&self->chosen, bytes + at, mark.len);
		at += mark.len;
	}
	return self->chosen.len ? file_write(self->file, self->chosen.data, self->chosen.len) : STATUS_OK;
}

static enum status on_ordered(void *ctx, const char *bytes, size_t len)
{
	struct rows *self = ctx;
	return self->unique ? choose_and_write(self, bytes, len) : file_write(self->file, bytes, len);
}

struct rows *rows_new(const struct options *options, struct file *file)
{
	struct rows *self = alloc_new(sizeof *self);
	self->options = options;
	self->format = format_of(options);
	self->file = file;
	self->safe = self->next = 1;
	self->unique = options->unique || self->format->unique;
	if (options->ordered)
		self->ordered = ordered_new(ORDERED_MEMORY, on_ordered, self);
	buf_init(&self->held, SIZE_MAX / 2);
	buf_init(&self->chosen, SIZE_MAX / 2);
	seen_init(&self->seen);
	return self;
}

static enum status rows_begin(void *ctx)
{
	struct rows *self = ctx;
	const char *header = self->format->header;
	if (!header || self->options->no_header || self->file->before > 0)
		return STATUS_OK;
	return file_write(self->file, header, strlen(header));
}

static enum status flush(struct rows *self, uint64_t number)
{
	enum status status = self->ordered
	                         ? ordered_add(self->ordered, number, self->held.data, self->held.len)
	                         : file_write(self->file, self->held.data, self->held.len);
	buf_clear(&self->held);
	self->complete = 0;
	if (self->held.room > ROWS_KEPT)
		buf_release(&self->held);
	return status;
}

static void hold_if_first(struct rows *self, const struct outcome *page, const struct link *link)
{
	struct mark mark = {.fingerprint = seen_fingerprint(&self->seen, link->url.data, link->url.len)};
	if (self->ordered) {
		size_t at = self->held.len;
		buf_append(&self->held, &mark, sizeof mark);
		self->format->append_row(&self->held, page, link);
		mark.len = self->held.len - at - sizeof mark;
		memcpy(self->held.data + at, &mark, sizeof mark);
	} else if (seen_add_fingerprint(&self->seen, mark.fingerprint)) {
		self->format->append_row(&self->held, page, link);
	}
}

static enum status flush_open(struct rows *self)
{
	if (!self->open_is_flushed)
		self->open_accepted = self->file->accepted + self->complete;
	self->open_is_flushed = true;
	return flush(self, self->open);
}

static enum status rows_link(void *ctx, const struct outcome *page, const struct link *link)
{
	struct rows *self = ctx;
	enum status status = STATUS_OK;
	self->open = page->number;
	if (self->held.len - self->complete >= ROWS_PIECE)
		status = flush_open(self);
	if (self->unique)
		hold_if_first(self, page, link);
	else
		self->format->append_row(&self->held, page, link);
	return status;
}

static enum status release(struct rows *self)
{
	size_t backlog = file_backlog(self->file);
	if (!self->ordered || backlog >= RELEASED_AT_ONCE)
		return STATUS_OK;
	return ordered_release(self->ordered, RELEASED_AT_ONCE - backlog);
}

/* The page is whole. */
static enum status complete_page(struct rows *self, uint64_t number)
{
	if (self->held.len == self->complete)
		return STATUS_OK;
	if (self->ordered || !file_is_on_disk(self->file) || self->held.len >= BLOCK_BYTES)
		return flush(self, number);
	if (self->complete == 0)
		self->due = clock_now_ms() + BLOCK_MS;
	self->complete = self->held.len;
	return STATUS_OK;
}

static enum status flush_complete(struct rows *self)
{
	return self->complete ? flush(self, 0) : STATUS_OK;
}

/* Its rows count for nothing. (With --unique their URLs get none from another page either; but what drops a
 * page in its middle mostly ends the run.) */
static enum status drop_open(struct rows *self)
{
	self->held.len = self->complete;
	bool in_file = !self->ordered || ordered_drop(self->ordered, self->open);
	return self->open_is_flushed && in_file ? file_take_back(self->file, self->open_accepted) : STATUS_OK;
}

static enum status rows_page_end(void *ctx, const struct outcome *outcome, uint64_t *ticket)
{
	struct rows *self = ctx;
	enum status status = STATUS_OK;
	if (self->open == outcome->number) {
		status = outcome->kind == OUTCOME_OK ? complete_page(self, self->open) : drop_open(self);
		self->open = 0;
		self->open_is_flushed = false;
	}
	if (self->ordered) {
		status = status_first(status, ordered_finish(self->ordered, outcome->number));
		status = status_first(status, release(self));
	}
	*ticket = self->ordered ? outcome->number : self->file->accepted + self->complete;
	return status;
}

static uint64_t rows_taken(const void *ctx)
{
	const struct rows *self = ctx;
	return self->ordered ? self->safe - 1 : self->file->written;
}

/* A reader that is always a little behind must not put off for ever what it has read long ago. */
static void note_taken(struct rows *self)
{
	if (self->file->failed != STATUS_OK || self->file->written < self->next_accepted)
		return;
	self->safe = self->next;
	self->next = ordered_next(self->ordered);
	self->next_accepted = self->file->accepted;
	if (self->file->written == self->next_accepted)
		self->safe = self->next;
}

static enum status rows_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	struct rows *self = ctx;
	enum status status = STATUS_OK;
	if (self->complete && clock_now_ms() >= self->due)
		status = flush_complete(self);
	if (self->complete)
		wait_until(wait, self->due);
	status = status_first(status, file_flush(self->file));
	status = status_first(status, release(self));
	status = status_first(status, file_hand_on(self->file, wait, backlog));
	if (self->ordered)
		note_taken(self);
	/* What a reader has no room for is waited for already. */
	if (self->ordered && file_backlog(self->file) == 0 && ordered_is_ready(self->ordered))
		wait_until(wait, clock_now_ms());
	return status;
}

enum status rows_drain(struct rows *self, int64_t until)
{
	enum status status = flush_complete(self);
	status = status_first(status, file_drain(self->file, until));
	while (status == STATUS_OK && self->ordered && ordered_is_ready(self->ordered)) {
		status = release(self);
		status = status_first(status, file_drain(self->file, until));
	}
	if (self->ordered)
		note_taken(self);
	return status;
}

static void rows_free(void *ctx)
{
	struct rows *self = ctx;
	ordered_free(self->ordered);
	buf_release(&self->held);
	buf_release(&self->chosen);
	seen_release(&self->seen);
	free(self);
}

struct observer rows_observer(struct rows *self)
{
	return (struct observer){.self = self,
	    .begin = rows_begin,
	    .link = rows_link,
	    .page_end = rows_page_end,
	    .taken = rows_taken,
	    .flush = rows_flush,
	    .free = rows_free};
}
