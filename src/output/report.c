#include "output/report.h"

#include "base/buf.h"
#include "output/json_writer.h"

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

static enum status write_outcome(struct file *file, const struct outcome *outcome, bool is_crawl)
{
	struct buf line;
	buf_init(&line, SIZE_MAX / 4);
	append_outcome(&line, outcome, is_crawl);
	/* The newline is appended before the write, so that each line is a single write. */
	buf_append_byte(&line, '\n');
	enum status status = file_write(file, line.data, line.len);
	buf_release(&line);
	return status;
}

static enum status report_outcome(void *ctx, const struct outcome *outcome)
{
	return write_outcome(ctx, outcome, false);
}

static enum status report_outcome_of_crawl(void *ctx, const struct outcome *outcome)
{
	return write_outcome(ctx, outcome, true);
}

static enum status report_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	return file_flush_or_wait(ctx, wait, backlog);
}

struct observer report_observer(struct file *file, bool is_crawl)
{
	return (struct observer){.self = file,
	    .outcome = is_crawl ? report_outcome_of_crawl : report_outcome,
	    .flush = report_flush};
}
