#include "out/report.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void set(json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new(object, key, value) != 0)
		alloc_fail();
}

/* Remote text need not be UTF-8; JSON is. */
static void set_text(json_t *object, const char *key, const char *text)
{
	struct buf repaired;
	if (!text) {
		set(object, key, json_null());
		return;
	}
	buf_init(&repaired, SIZE_MAX / 4);
	utf8_append_repaired(&repaired, text, strlen(text));
	set(object, key, json_stringn(repaired.data ? repaired.data : "", repaired.len));
	buf_release(&repaired);
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	set(object, key, json_integer((json_int_t)number));
}

static void set_ms(json_t *object, const char *key, double ms)
{
	set(object, key, ms < 0 ? json_null() : json_real(ms));
}

static json_t *phases_object(const struct phases *phases)
{
	json_t *object = json_object();
	set_ms(object, "queued", phases->queued);
	set_ms(object, "dns", phases->dns);
	set_ms(object, "connect", phases->connect);
	set_ms(object, "tls", phases->tls);
	set_ms(object, "first_byte", phases->first_byte);
	set_ms(object, "total", phases->total);
	return object;
}

static json_t *outcome_object(const struct outcome *outcome)
{
	json_t *object = json_object();
	set_text(object, "url", outcome->source_url);
	set_text(object, "final_url", outcome->final_url);
	set_text(object, "outcome", outcome_kind_text(outcome->kind));
	set_text(object, "stage", outcome_stage_text(outcome->stage));
	set_text(object, "reason", outcome->reason);
	set_text(object, "place", outcome->place);
	set(object, "http_status", outcome->http_status ? json_integer(outcome->http_status) : json_null());
	set_number(object, "attempts", outcome->attempts);
	set_number(object, "redirects", outcome->redirects);
	set_text(object, "content_type", outcome->content_type);
	set_text(object, "charset", outcome->charset);
	set_number(object, "bytes_on_wire", outcome->wire_bytes);
	set_number(object, "bytes", outcome->bytes);
	set_number(object, "links", outcome->links);
	set(object, "ms", phases_object(&outcome->phases));
	return object;
}

static enum status report_outcome(void *ctx, const struct outcome *outcome)
{
	struct file *file = ctx;
	json_t *object = outcome_object(outcome);
	char *line = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	if (!line)
		alloc_fail();
	json_decref(object);
	/* The NUL makes room for the newline, so that a line is one write. */
	size_t len = strlen(line);
	line[len] = '\n';
	enum status status = file_write(file, line, len + 1);
	free(line);
	return status;
}

static enum status report_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	return file_hand_on(ctx, wait, backlog);
}

struct observer report_observer(struct file *file)
{
	return (struct observer){.self = file, .outcome = report_outcome, .flush = report_flush};
}
