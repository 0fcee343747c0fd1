#include "output/report.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "output/json_writer.h"

#include <stdlib.h>

static void append_phases(struct buf *line, const struct phases *phases)
{
	json_writer_open(line, "ms", '{');
	json_writer_real(line, "queued", phases->queued, "null");
	json_writer_real(line, "dns", phases->dns, "null");
	json_writer_real(line, "connect", phases->connect, "null");
	json_writer_real(line, "tls", phases->tls, "null");
	json_writer_real(line, "first_byte", phases->first_byte, "null");
	json_writer_real(line, "total", phases->total, "null");
	json_writer_close(line, '}');
}

static void append_outcome(struct buf *line, const struct outcome *outcome, bool is_crawl)
{
	buf_append_byte(line, '{');
	json_writer_text(line, "url", outcome->source_url);
	json_writer_text(line, "final_url", outcome->final_url);
	json_writer_text(line, "outcome", outcome_kind_text(outcome->kind));
	json_writer_text(line, "stage", outcome_stage_text(outcome->stage));
	json_writer_text(line, "cause", cause_word(outcome->cause));
	json_writer_text(line, "reason", outcome->reason);
	json_writer_text(line, "place", outcome->place);
	if (is_crawl) {
		json_writer_number(line, "depth", outcome->depth);
		json_writer_text(line, "via", outcome->via);
	}
	json_writer_number_or_null(
	    line, "http_status", outcome->http_status != 0, (uint64_t)outcome->http_status);
	json_writer_number(line, "attempts", outcome->attempts);
	json_writer_number(line, "redirects", outcome->redirects);
	json_writer_text(line, "content_type", outcome->content_type);
	json_writer_text(line, "charset", outcome->charset);
	json_writer_number(line, "bytes_on_wire", outcome->wire_bytes);
	json_writer_number(line, "bytes", outcome->bytes);
	json_writer_number(line, "links", outcome->links);
	if (outcome->is_unchanged)
		json_writer_bool(line, "unchanged", true);
	append_phases(line, &outcome->phases);
	json_writer_close(line, '}');
}

struct report {
	struct file *file;
	bool is_crawl;
	bool can_resume;
	struct buf line;
	struct buf held; /* lines of URLs that the next run asks for again */
};

static enum status report_outcome(void *ctx, const struct outcome *outcome)
{
	struct report *self = ctx;
	bool is_held = self->can_resume && outcome->kind == OUTCOME_FAILED && outcome->stage == STAGE_LOCAL;
	struct buf *line = is_held ? &self->held : &self->line;
	append_outcome(line, outcome, self->is_crawl);
	/* The newline is appended before the write, so that each line is a single write. */
	buf_append_byte(line, '\n');
	if (is_held)
		return STATUS_OK;
	enum status status = file_write(self->file, line->data, line->len);
	buf_clear(line);
	return status;
}

static enum status report_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	const struct report *self = ctx;
	return file_flush_or_wait(self->file, wait, backlog);
}

static enum status report_end(void *ctx, const struct totals *totals)
{
	const struct report *self = ctx;
	(void)totals;
	return self->held.len ? file_write(self->file, self->held.data, self->held.len) : STATUS_OK;
}

static void report_free(void *ctx)
{
	struct report *self = ctx;
	buf_release(&self->line);
	buf_release(&self->held);
	free(self);
}

struct observer report_observer(const struct options *options, struct file *file)
{
	struct report *self = alloc_new(sizeof *self);
	*self = (struct report){
	    .file = file, .is_crawl = options_find_urls(options), .can_resume = options->state != NULL};
	buf_init(&self->line, SIZE_MAX / 4);
	buf_init(&self->held, SIZE_MAX / 4);
	return (struct observer){.self = self,
	    .outcome = report_outcome,
	    .flush = report_flush,
	    .end = report_end,
	    .free = report_free};
}
