#include "output/rows.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/seen.h"
#include "output/format.h"
#include "output/ordered.h"

#include <stdlib.h>
#include <string.h>

/* A buffer of more bytes than this is freed after it was written, so that one page with very many links does
 * not cost memory for the rest of the run. */
enum { BUFFER_KEPT = 1 << 20 };

/* For a regular file without --ordered, small pages are collected in a block. It is written once it has
 * BLOCK_BYTES, or BLOCK_MS after the end of the first page in it. */
enum { BLOCK_BYTES = 64 << 10, BLOCK_MS = 200 };

/* With --ordered, no more than about RELEASE_MAX bytes are written at once, so that the event loop soon
 * serves the network again. */
enum { RELEASE_MAX = 1 << 20 };

struct rows {
	const struct options *options;
	const struct row_format *format;
	struct file *file;
	/* rows of complete pages that wait for a block to be full, then rows of the open page */
	struct buf buffer;
	size_t complete_len;  /* bytes at the start of buffer that belong to complete pages */
	int64_t flush_at_ms;  /* when the complete pages are written at the latest, monotonic ms */
	uint64_t open_page;   /* number of the page whose links come in; 0 if there is none */
	bool open_is_flushed; /* at least a part of the open page was written, or given to `ordered` */
	/* if open_is_flushed: the value of file->accepted where the rows of the open page begin */
	uint64_t open_start;
	/* With --ordered: the system has taken all pages with a number below safe. It will have taken those
	 * below safe_next once file->written has reached safe_next_at. */
	uint64_t safe, safe_next, safe_next_at;
	struct ordered *ordered; /* NULL without --ordered */
	bool unique;
	struct seen seen; /* URLs that already have a row */
	/* a buffer for rows that come from `ordered` and are the first with their URL */
	struct buf unique_rows;
};

/* The header of a row in `ordered`, if each URL gets only one row. Which row is the first with its URL is
 * not known before the turn of its page, so each row waits there with the fingerprint of its URL. */
struct row_head {
	uint64_t fingerprint;
	size_t len;
};

static enum status write_unique_rows(struct rows *self, const char *bytes, size_t len)
{
	buf_clear(&self->unique_rows);
	for (size_t at = 0; at < len;) {
		struct row_head row_head;
		memcpy(&row_head, bytes + at, sizeof row_head);
		at += sizeof row_head;
		if (seen_add_fingerprint(&self->seen, row_head.fingerprint))
			buf_append(&self->unique_rows, bytes + at, row_head.len);
		at += row_head.len;
	}
	return self->unique_rows.len ? file_write(self->file, self->unique_rows.data, self->unique_rows.len)
	                             : STATUS_OK;
}

static enum status on_ordered(void *ctx, const char *bytes, size_t len)
{
	struct rows *self = ctx;
	return self->unique ? write_unique_rows(self, bytes, len) : file_write(self->file, bytes, len);
}

struct rows *rows_new(const struct options *options, struct file *file)
{
	struct rows *self = alloc_new(sizeof *self);
	self->options = options;
	self->format = format_of(options);
	self->file = file;
	self->safe = self->safe_next = 1;
	self->unique = options->unique || self->format->unique;
	if (options->ordered)
		self->ordered = ordered_new(ORDERED_MEMORY, on_ordered, self);
	buf_init(&self->buffer, SIZE_MAX / 2);
	buf_init(&self->unique_rows, SIZE_MAX / 2);
	seen_init(&self->seen);
	return self;
}

static enum status rows_begin(void *ctx)
{
	struct rows *self = ctx;
	const char *header = self->format->header;
	if (!header || self->options->no_header || self->file->old_len > 0)
		return STATUS_OK;
	return file_write(self->file, header, strlen(header));
}

static enum status flush_buffer(struct rows *self, uint64_t number)
{
	enum status status = self->ordered
	                         ? ordered_add(self->ordered, number, self->buffer.data, self->buffer.len)
	                         : file_write(self->file, self->buffer.data, self->buffer.len);
	buf_clear(&self->buffer);
	self->complete_len = 0;
	if (self->buffer.room > BUFFER_KEPT)
		buf_release(&self->buffer);
	return status;
}

static void append_if_first(struct rows *self, const struct outcome *page, const struct link *link)
{
	struct row_head row_head = {
	    .fingerprint = seen_fingerprint(&self->seen, link->url.data, link->url.len)};
	if (self->ordered) {
		size_t at = self->buffer.len;
		buf_append(&self->buffer, &row_head, sizeof row_head);
		self->format->append_row(&self->buffer, page, link);
		row_head.len = self->buffer.len - at - sizeof row_head;
		memcpy(self->buffer.data + at, &row_head, sizeof row_head);
	} else if (seen_add_fingerprint(&self->seen, row_head.fingerprint)) {
		self->format->append_row(&self->buffer, page, link);
	}
}

static enum status flush_open_page(struct rows *self)
{
	if (!self->open_is_flushed)
		self->open_start = self->file->accepted + self->complete_len;
	self->open_is_flushed = true;
	return flush_buffer(self, self->open_page);
}

static enum status rows_link(void *ctx, const struct outcome *page, const struct link *link)
{
	struct rows *self = ctx;
	enum status status = STATUS_OK;
	self->open_page = page->number;
	if (self->buffer.len - self->complete_len >= ROWS_PIECE)
		status = flush_open_page(self);
	if (self->unique)
		append_if_first(self, page, link);
	else
		self->format->append_row(&self->buffer, page, link);
	return status;
}

/* Ends a page: its rows are written now, or wait until the block is full. */
static enum status complete_page(struct rows *self, uint64_t number)
{
	if (self->buffer.len == self->complete_len)
		return STATUS_OK;
	if (self->ordered || !file_is_regular(self->file) || self->buffer.len >= BLOCK_BYTES)
		return flush_buffer(self, number);
	if (self->complete_len == 0)
		self->flush_at_ms = clock_now_ms() + BLOCK_MS;
	self->complete_len = self->buffer.len;
	return STATUS_OK;
}

/* A link whose target was checked. Its row is complete at once. */
static enum status rows_checked(void *ctx, const struct outcome *page, const struct link *link)
{
	struct rows *self = ctx;
	if (!(self->options->check & link->verdict->kind))
		return STATUS_OK;
	if (self->unique)
		append_if_first(self, page, link);
	else
		self->format->append_row(&self->buffer, page, link);
	return complete_page(self, 0);
}

static enum status release_ordered(struct rows *self)
{
	size_t backlog = file_backlog(self->file);
	if (!self->ordered || backlog >= RELEASE_MAX)
		return STATUS_OK;
	return ordered_release(self->ordered, RELEASE_MAX - backlog);
}

/* The rows of an open page stay, since it may yet fail. */
static enum status flush_complete(struct rows *self)
{
	size_t len = self->complete_len;
	if (len == self->buffer.len)
		return len ? flush_buffer(self, 0) : STATUS_OK;
	enum status status = len ? file_write(self->file, self->buffer.data, len) : STATUS_OK;
	buf_consume(&self->buffer, len);
	self->complete_len = 0;
	return status;
}

/* Drops the rows of the open page, also those that were written, as far as that can be undone. With
 * --unique, their URLs get no row from another page either; that hardly matters, since what drops a page in
 * its middle mostly ends the run. */
static enum status drop_open_page(struct rows *self)
{
	self->buffer.len = self->complete_len;
	bool reached_file = !self->ordered || ordered_drop(self->ordered, self->open_page);
	return self->open_is_flushed && reached_file ? file_undo_writes(self->file, self->open_start)
	                                             : STATUS_OK;
}

static enum status rows_page_end(void *ctx, const struct outcome *outcome, uint64_t *ticket)
{
	struct rows *self = ctx;
	enum status status = STATUS_OK;
	if (self->open_page == outcome->number) {
		status =
		    outcome->kind == OUTCOME_OK ? complete_page(self, self->open_page) : drop_open_page(self);
		self->open_page = 0;
		self->open_is_flushed = false;
	}
	if (self->ordered) {
		status = status_first(status, ordered_finish(self->ordered, outcome->number));
		status = status_first(status, release_ordered(self));
	}
	*ticket = self->ordered ? outcome->number : self->file->accepted + self->complete_len;
	return status;
}

static uint64_t rows_written(const void *ctx)
{
	const struct rows *self = ctx;
	return self->ordered ? self->safe - 1 : self->file->written;
}

/* Updates `safe`. A reader that is always a little behind never empties the backlog, so pages become safe in
 * steps: those below safe_next, once the file has written as much as it had accepted when safe_next was
 * set. */
static void update_safe(struct rows *self)
{
	if (self->file->failed != STATUS_OK || self->file->written < self->safe_next_at)
		return;
	self->safe = self->safe_next;
	self->safe_next = ordered_next(self->ordered);
	self->safe_next_at = self->file->accepted;
	if (self->file->written == self->safe_next_at)
		self->safe = self->safe_next;
}

static enum status rows_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	struct rows *self = ctx;
	enum status status = STATUS_OK;
	if (self->complete_len && clock_now_ms() >= self->flush_at_ms)
		status = flush_complete(self);
	if (self->complete_len)
		wait_until(wait, self->flush_at_ms);
	status = status_first(status, file_flush(self->file));
	status = status_first(status, release_ordered(self));
	status = status_first(status, file_flush_or_wait(self->file, wait, backlog));
	if (self->ordered)
		update_safe(self);
	/* If the file has a backlog, *wait waits for its reader already. Otherwise the event loop comes back
	 * at once. */
	if (self->ordered && file_backlog(self->file) == 0 && ordered_is_ready(self->ordered))
		wait_until(wait, clock_now_ms());
	return status;
}

void rows_add_seen(struct rows *self, struct slice url)
{
	seen_add(&self->seen, url.data, url.len);
}

enum status rows_drain(struct rows *self, int64_t until)
{
	enum status status = flush_complete(self);
	status = status_first(status, file_drain(self->file, until));
	while (status == STATUS_OK && self->ordered && ordered_is_ready(self->ordered)) {
		status = release_ordered(self);
		status = status_first(status, file_drain(self->file, until));
	}
	if (self->ordered)
		update_safe(self);
	return status;
}

static void rows_free(void *ctx)
{
	struct rows *self = ctx;
	ordered_free(self->ordered);
	buf_release(&self->buffer);
	buf_release(&self->unique_rows);
	seen_release(&self->seen);
	free(self);
}

struct observer rows_observer(struct rows *self)
{
	return (struct observer){.self = self,
	    .begin = rows_begin,
	    .link = self->options->check ? NULL : rows_link,
	    .checked = rows_checked,
	    .page_end = rows_page_end,
	    .taken = rows_written,
	    .flush = rows_flush,
	    .free = rows_free};
}
