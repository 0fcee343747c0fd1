#include "output/report.h"

#include "base/buf.h"
#include "output/json_writer.h"

static json_t *phases_object(const struct phases *phases)
{
	json_t *object = json_object();
	json_writer_set_ms(object, "queued", phases->queued);
	json_writer_set_ms(object, "dns", phases->dns);
	json_writer_set_ms(object, "connect", phases->connect);
	json_writer_set_ms(object, "tls", phases->tls);
	json_writer_set_ms(object, "first_byte", phases->first_byte);
	json_writer_set_ms(object, "total", phases->total);
	return object;
}

static json_t *outcome_object(const struct outcome *outcome)
{
	json_t *object = json_object();
	json_writer_set_text(object, "url", outcome->source_url);
	json_writer_set_text(object, "final_url", outcome->final_url);
	json_writer_set_text(object, "outcome", outcome_kind_text(outcome->kind));
	json_writer_set_text(object, "stage", outcome_stage_text(outcome->stage));
	json_writer_set_text(object, "cause", cause_word(outcome->cause));
	json_writer_set_text(object, "reason", outcome->reason);
	json_writer_set_text(object, "place", outcome->place);
	json_writer_set(
	    object, "http_status", outcome->http_status ? json_integer(outcome->http_status) : json_null());
	json_writer_set_number(object, "attempts", outcome->attempts);
	json_writer_set_number(object, "redirects", outcome->redirects);
	json_writer_set_text(object, "content_type", outcome->content_type);
	json_writer_set_text(object, "charset", outcome->charset);
	json_writer_set_number(object, "bytes_on_wire", outcome->wire_bytes);
	json_writer_set_number(object, "bytes", outcome->bytes);
	json_writer_set_number(object, "links", outcome->links);
	json_writer_set(object, "ms", phases_object(&outcome->phases));
	return object;
}

static enum status report_outcome(void *ctx, const struct outcome *outcome)
{
	struct file *file = ctx;
	struct buf line;
	buf_init(&line, SIZE_MAX / 4);
	json_writer_append(&line, outcome_object(outcome));
	/* The newline is appended before the write, so that each line is a single write. */
	buf_append_byte(&line, '\n');
	enum status status = file_write(file, line.data, line.len);
	buf_release(&line);
	return status;
}

static enum status report_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	return file_flush_or_wait(ctx, wait, backlog);
}

struct observer report_observer(struct file *file)
{
	return (struct observer){.self = file, .outcome = report_outcome, .flush = report_flush};
}
