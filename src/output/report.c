#include "output/report.h"

#include "base/buf.h"
#include "output/object.h"

static json_t *phases_object(const struct phases *phases)
{
	json_t *object = json_object();
	object_set_ms(object, "queued", phases->queued);
	object_set_ms(object, "dns", phases->dns);
	object_set_ms(object, "connect", phases->connect);
	object_set_ms(object, "tls", phases->tls);
	object_set_ms(object, "first_byte", phases->first_byte);
	object_set_ms(object, "total", phases->total);
	return object;
}

static json_t *outcome_object(const struct outcome *outcome)
{
	json_t *object = json_object();
	object_set_text(object, "url", outcome->source_url);
	object_set_text(object, "final_url", outcome->final_url);
	object_set_text(object, "outcome", outcome_kind_text(outcome->kind));
	object_set_text(object, "stage", outcome_stage_text(outcome->stage));
	object_set_text(object, "cause", cause_word(outcome->cause));
	object_set_text(object, "reason", outcome->reason);
	object_set_text(object, "place", outcome->place);
	object_set(
	    object, "http_status", outcome->http_status ? json_integer(outcome->http_status) : json_null());
	object_set_number(object, "attempts", outcome->attempts);
	object_set_number(object, "redirects", outcome->redirects);
	object_set_text(object, "content_type", outcome->content_type);
	object_set_text(object, "charset", outcome->charset);
	object_set_number(object, "bytes_on_wire", outcome->wire_bytes);
	object_set_number(object, "bytes", outcome->bytes);
	object_set_number(object, "links", outcome->links);
	object_set(object, "ms", phases_object(&outcome->phases));
	return object;
}

static enum status report_outcome(void *ctx, const struct outcome *outcome)
{
	struct file *file = ctx;
	struct buf line;
	buf_init(&line, SIZE_MAX / 4);
	object_append(&line, outcome_object(outcome));
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
