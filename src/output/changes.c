#include "output/changes.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "output/format.h"

#include <stdlib.h>
#include <string.h>

/* Changes of one page beyond this size are passed to the file in pieces. */
enum { PIECE = 256 << 10 };

struct changes {
	const struct options *options;
	const struct row_format *format;
	struct file *file;
	struct buf buffer;  /* rows that were not passed to the file */
	uint64_t open_page; /* number of the page that they are of; 0 if they are complete */
	uint64_t start;     /* the value of file->accepted where the rows of the open page begin */
};

static enum status write_buffer(struct changes *self)
{
	enum status status =
	    self->buffer.len ? file_write(self->file, self->buffer.data, self->buffer.len) : STATUS_OK;
	if (self->buffer.room > 2 * PIECE)
		buf_release(&self->buffer);
	buf_clear(&self->buffer);
	return status;
}

static enum status changes_begin(void *ctx)
{
	struct changes *self = ctx;
	const char *header = self->format->header;
	if (!header || self->options->no_header || self->file->old_len > 0)
		return STATUS_OK;
	return file_write(self->file, header, strlen(header));
}

static enum status changes_changed(void *ctx, const struct outcome *page, const struct link *link)
{
	struct changes *self = ctx;
	if (page->number && page->number != self->open_page) {
		self->open_page = page->number;
		self->start = self->file->accepted;
	}
	self->format->append_row(&self->buffer, page, link);
	return self->buffer.len >= PIECE ? write_buffer(self) : STATUS_OK;
}

/* Unlike links, changes also come from pages that have failed; but not from those that were interrupted. */
static enum status changes_page_end(void *ctx, const struct outcome *outcome, uint64_t *ticket)
{
	struct changes *self = ctx;
	enum status status = STATUS_OK;
	(void)ticket;
	if (self->open_page != outcome->number)
		return STATUS_OK;
	self->open_page = 0;
	if (outcome->kind != OUTCOME_INTERRUPTED)
		return write_buffer(self);
	buf_clear(&self->buffer);
	if (self->file->accepted > self->start)
		status = file_undo_writes(self->file, self->start);
	return status;
}

static enum status rows_page_end(void *ctx, const struct outcome *outcome, uint64_t *ticket)
{
	const struct changes *self = ctx;
	enum status status = changes_page_end(ctx, outcome, ticket);
	*ticket = self->file->accepted;
	return status;
}

static uint64_t rows_written(const void *ctx)
{
	const struct changes *self = ctx;
	return self->file->written;
}

static enum status changes_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	struct changes *self = ctx;
	enum status status = self->open_page ? STATUS_OK : write_buffer(self);
	return status_first(status, file_flush_or_wait(self->file, wait, backlog));
}

static void changes_free(void *ctx)
{
	struct changes *self = ctx;
	buf_release(&self->buffer);
	free(self);
}

struct observer changes_observer(const struct options *options, struct file *file, bool is_rows)
{
	struct changes *self = alloc_new(sizeof *self);
	self->options = options;
	self->format = format_of_changes(options);
	self->file = file;
	buf_init(&self->buffer, SIZE_MAX / 2);
	return (struct observer){.self = self,
	    .begin = changes_begin,
	    .changed = changes_changed,
	    .page_end = is_rows ? rows_page_end : changes_page_end,
	    .taken = is_rows ? rows_written : NULL,
	    .flush = changes_flush,
	    .free = changes_free};
}
