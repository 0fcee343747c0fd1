#include "output/waterfall.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "output/json_writer.h"
#include "output/timestamp.h"
#include "output/timing.h"
#include "output/waterfall_page.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct waterfall {
	struct file *file;
	int64_t start_us; /* when the run began, monotonic */
};

/* Appends JSON for a script element. There only "<" can begin something that is not data, such as an end
 * tag. In JSON it occurs only in strings, where it can be escaped. */
static void append_for_script(struct buf *out, const struct buf *json)
{
	for (size_t i = 0; i < json->len; i++) {
		if (json->data[i] == '<')
			buf_append_text(out, "\\u003c");
		else
			buf_append_byte(out, json->data[i]);
	}
	buf_append_byte(out, '\n');
}

/* Begins and writes a JSON object on a line of its own. */
static void begin_object(struct buf *json)
{
	buf_init(json, SIZE_MAX / 16);
	buf_append_byte(json, '{');
}

static enum status write_object(struct waterfall *self, struct buf *json)
{
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	json_writer_close(json, '}');
	append_for_script(&line, json);
	enum status status = file_write(self->file, line.data, line.len);
	buf_release(json);
	buf_release(&line);
	return status;
}

static const char *data_position(void)
{
	const char *position = strstr((const char *)waterfall_page, WATERFALL_PAGE_DATA);
	assert(position);
	return position;
}

static enum status waterfall_begin(void *ctx)
{
	struct waterfall *self = ctx;
	char started[TIMESTAMP_SIZE];
	const char *page = (const char *)waterfall_page;
	self->start_us = clock_now_us();
	timestamp_text(timestamp_now(), started);
	enum status status = file_write(self->file, page, (size_t)(data_position() - page));
	struct buf json;
	begin_object(&json);
	json_writer_text(&json, "areq", AREQ_VERSION);
	json_writer_text(&json, "started", started);
	return status_first(status, write_object(self, &json));
}

/* When the URL was read from the list, then how long each phase took, in ms; -1 if it did not take place. */
static void append_times(struct buf *json, const struct timing *timing)
{
	const double ms[] = {timing->listed, timing->queued, timing->earlier, timing->dns, timing->connect,
	    timing->tls, timing->wait, timing->receive};
	json_writer_open(json, "times", '[');
	for (size_t i = 0; i < sizeof ms / sizeof *ms; i++)
		json_writer_real(json, NULL, ms[i], "-1");
	json_writer_close(json, ']');
}

static void append_optional_text(struct buf *json, const char *key, const char *text)
{
	if (text)
		json_writer_text(json, key, text);
}

/* Keys without a value are left out, so that a page with many URLs is not longer than it must be. */
static enum status waterfall_outcome(void *ctx, const struct outcome *outcome)
{
	struct waterfall *self = ctx;
	const struct timing timing = timing_of(outcome, self->start_us);
	struct buf json;
	begin_object(&json);
	json_writer_text(&json, "url", outcome->source_url);
	if (strcmp(outcome->source_url, outcome->final_url) != 0)
		json_writer_text(&json, "final", outcome->final_url);
	json_writer_text(&json, "outcome", outcome_kind_text(outcome->kind));
	json_writer_text(&json, "stage", outcome_stage_text(outcome->stage));
	json_writer_number(&json, "status", (uint64_t)outcome->http_status);
	append_optional_text(&json, "reason", outcome->reason);
	append_optional_text(&json, "place", outcome->place);
	append_optional_text(&json, "version", outcome->http_version);
	append_optional_text(&json, "type", outcome->content_type);
	json_writer_number(&json, "attempts", outcome->attempts);
	json_writer_number(&json, "redirects", outcome->redirects);
	json_writer_number(&json, "wire", outcome->wire_bytes);
	json_writer_number(&json, "bytes", outcome->bytes);
	json_writer_number(&json, "links", outcome->links);
	append_times(&json, &timing);
	return write_object(self, &json);
}

static enum status waterfall_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	struct waterfall *self = ctx;
	return file_flush_or_wait(self->file, wait, backlog);
}

static enum status waterfall_end(void *ctx, const struct totals *totals)
{
	struct waterfall *self = ctx;
	const char *tail = data_position() + sizeof WATERFALL_PAGE_DATA - 1;
	struct buf json;
	begin_object(&json);
	json_writer_number(&json, "elapsed", (uint64_t)totals->elapsed_ms);
	json_writer_number(&json, "repeated", totals->repeated);
	json_writer_bool(&json, "deadline", totals->deadline);
	json_writer_number(&json, "signal", (uint64_t)totals->signal);
	enum status status = write_object(self, &json);
	return status_first(status, file_write(self->file, tail, strlen(tail)));
}

struct observer waterfall_observer(struct file *file)
{
	struct waterfall *self = alloc_new(sizeof *self);
	self->file = file;
	return (struct observer){.self = self,
	    .begin = waterfall_begin,
	    .outcome = waterfall_outcome,
	    .flush = waterfall_flush,
	    .end = waterfall_end,
	    .free = free};
}
