#include "out/rows.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

static const char header[] = "source_url\tparsed_url\n";

/* One page of very many links must not cost its memory for the rest of the run. */
enum { ROWS_KEPT = 1 << 20 };

struct rows {
	const struct options *options;
	struct file *file;
	struct buf held;
};

struct rows *rows_new(const struct options *options, struct file *file)
{
	struct rows *self = alloc_new(sizeof *self);
	self->options = options;
	self->file = file;
	buf_init(&self->held, SIZE_MAX / 2);
	return self;
}

void rows_free(struct rows *self)
{
	if (!self)
		return;
	buf_release(&self->held);
	free(self);
}

static enum status rows_begin(void *ctx)
{
	struct rows *self = ctx;
	if (self->options->no_header || self->file->had_content)
		return STATUS_OK;
	return file_write(self->file, header, sizeof header - 1);
}

static enum status flush(struct rows *self)
{
	enum status status = file_write(self->file, self->held.data, self->held.len);
	buf_clear(&self->held);
	if (self->held.room > ROWS_KEPT)
		buf_release(&self->held);
	return status;
}

static enum status rows_link(void *ctx, const struct outcome *page, const struct link *link)
{
	struct rows *self = ctx;
	size_t source_len = strlen(page->source_url);
	size_t len = source_len + 1 + link->url.len + 1;
	if (self->held.len && self->held.len + len > ROWS_HELD) {
		enum status status = flush(self);
		if (status != STATUS_OK)
			return status;
	}
	buf_append(&self->held, page->source_url, source_len);
	buf_append_byte(&self->held, '\t');
	buf_append(&self->held, link->url.data, link->url.len);
	buf_append_byte(&self->held, '\n');
	return STATUS_OK;
}

static enum status rows_outcome(void *ctx, const struct outcome *outcome)
{
	struct rows *self = ctx;
	(void)outcome;
	return self->held.len ? flush(self) : STATUS_OK;
}

static enum status rows_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	struct rows *self = ctx;
	return file_hand_on(self->file, wait, backlog);
}

struct observer rows_observer(struct rows *self)
{
	return (struct observer){.self = self,
	    .begin = rows_begin,
	    .link = rows_link,
	    .outcome = rows_outcome,
	    .flush = rows_flush};
}
