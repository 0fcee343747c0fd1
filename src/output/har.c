#include "output/har.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/http.h"
#include "output/json_writer.h"
#include "output/timestamp.h"
#include "output/timing.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct har {
	struct file *file;
	int64_t start_us; /* when the run began, monotonic */
	int64_t start_ms; /* the same time by the wall clock, see timestamp.h */
	bool has_entry;
};

static void array_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		alloc_fail();
}

/* The names and values of the query, not decoded, as browsers write them. */
static json_t *query_array(const char *url)
{
	json_t *array = json_array();
	size_t query_start = strcspn(url, "?#");
	if (url[query_start] != '?')
		return array;
	size_t len;
	for (const char *pair = url + query_start; *pair == '?' || *pair == '&'; pair += len) {
		pair++;
		len = strcspn(pair, "&#");
		if (len == 0)
			continue;
		size_t name_len = strcspn(pair, "=&#");
		char *name = alloc_copy(pair, name_len);
		char *value = name_len < len ? alloc_copy(pair + name_len + 1, len - name_len - 1) : NULL;
		json_t *object = json_object();
		json_writer_set_text(object, "name", name);
		json_writer_set_text(object, "value", value ? value : "");
		array_append(array, object);
		free(name);
		free(value);
	}
	return array;
}

static json_t *request_object(const struct outcome *outcome)
{
	json_t *object = json_object();
	json_writer_set_text(object, "method", "GET");
	json_writer_set_text(object, "url", outcome->final_url);
	json_writer_set_text(
	    object, "httpVersion", outcome->http_version ? outcome->http_version : "unknown");
	json_writer_set(object, "cookies", json_array());
	json_writer_set(object, "headers", json_array());
	json_writer_set(object, "queryString", query_array(outcome->final_url));
	json_writer_set(object, "headersSize", json_integer(-1));
	json_writer_set_number(object, "bodySize", 0);
	return object;
}

static json_t *content_object(const struct outcome *outcome)
{
	json_t *object = json_object();
	json_writer_set_number(object, "size", outcome->bytes);
	json_writer_set_text(object, "mimeType", outcome->content_type ? outcome->content_type : "");
	return object;
}

static json_t *response_object(const struct outcome *outcome)
{
	json_t *object = json_object();
	json_writer_set_number(object, "status", (uint64_t)outcome->http_status);
	json_writer_set_text(object, "statusText", http_status_text(outcome->http_status));
	json_writer_set_text(
	    object, "httpVersion", outcome->http_version ? outcome->http_version : "unknown");
	json_writer_set(object, "cookies", json_array());
	json_writer_set(object, "headers", json_array());
	json_writer_set(object, "content", content_object(outcome));
	json_writer_set_text(object, "redirectURL", "");
	json_writer_set(object, "headersSize", json_integer(-1));
	json_writer_set(object, "bodySize", json_integer(-1));
	/* An extension of Chrome: the bytes that came over the network, headers included. */
	json_writer_set_number(object, "_transferSize", outcome->wire_bytes);
	/* Another extension of Chrome, for a request without a usable response. An HTTP error status needs
	 * no such text. */
	if ((outcome->kind == OUTCOME_FAILED || outcome->kind == OUTCOME_INTERRUPTED) &&
	    outcome->http_status < 400)
		json_writer_set_text(object, "_error", outcome->reason);
	return object;
}

static void set_timing(json_t *object, const char *key, double ms)
{
	json_writer_set(object, key, ms < 0 ? json_integer(-1) : json_real(ms));
}

static double known_or_zero(double ms)
{
	return ms > 0 ? ms : 0;
}

/* In HAR 1.2, "connect" includes the TLS handshake, and the times that must not be -1 are 0 if they are not
 * known. Sets *total to the sum, in ms, which counts the handshake once. */
static json_t *timings_object(const struct timing *timing, double *total)
{
	double blocked = known_or_zero(timing->queued) + known_or_zero(timing->earlier);
	double connect = known_or_zero(timing->connect) + known_or_zero(timing->tls);
	bool connected = timing->connect >= 0 || timing->tls >= 0;
	json_t *object = json_object();
	set_timing(object, "blocked", timing->queued < 0 ? -1 : blocked);
	set_timing(object, "dns", timing->dns);
	set_timing(object, "connect", connected ? connect : -1);
	set_timing(object, "ssl", timing->tls);
	set_timing(object, "send", 0);
	set_timing(object, "wait", known_or_zero(timing->wait));
	set_timing(object, "receive", known_or_zero(timing->receive));
	*total = (timing->queued < 0 ? 0 : blocked) + known_or_zero(timing->dns) + connect +
	         known_or_zero(timing->wait) + known_or_zero(timing->receive);
	return object;
}

static void set_comment(json_t *object, const struct outcome *outcome)
{
	struct buf comment;
	char counts[64];
	if (outcome->attempts <= 1 && outcome->redirects == 0 && outcome->kind == OUTCOME_OK)
		return;
	buf_init(&comment, SIZE_MAX / 4);
	buf_append_text(&comment, outcome_kind_text(outcome->kind));
	if (outcome->reason) {
		buf_append_text(&comment, ": ");
		buf_append_text(&comment, outcome->reason);
	}
	snprintf(
	    counts, sizeof counts, "; attempts: %u, redirects: %u", outcome->attempts, outcome->redirects);
	buf_append_text(&comment, counts);
	if (outcome->redirects) {
		buf_append_text(&comment, "; listed as ");
		buf_append_text(&comment, outcome->source_url);
	}
	json_writer_set_text(object, "comment", comment.data);
	buf_release(&comment);
}

static json_t *entry_object(const struct har *self, const struct outcome *outcome)
{
	const struct timing timing = timing_of(outcome, self->start_us);
	char started[TIMESTAMP_SIZE];
	double total;
	json_t *timings = timings_object(&timing, &total);
	timestamp_text(self->start_ms + (int64_t)timing.listed, started);
	json_t *object = json_object();
	json_writer_set_text(object, "startedDateTime", started);
	set_timing(object, "time", total);
	json_writer_set(object, "request", request_object(outcome));
	json_writer_set(object, "response", response_object(outcome));
	json_writer_set(object, "cache", json_object());
	json_writer_set(object, "timings", timings);
	json_writer_set_text(object, "_resourceType", "document");
	set_comment(object, outcome);
	return object;
}

static enum status har_begin(void *ctx)
{
	static const char head[] =
	    "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"areq\",\"version\":\"" AREQ_VERSION
	    "\"},\"entries\":[\n";
	struct har *self = ctx;
	self->start_us = clock_now_us();
	self->start_ms = timestamp_now();
	return file_write(self->file, head, sizeof head - 1);
}

static enum status har_outcome(void *ctx, const struct outcome *outcome)
{
	struct har *self = ctx;
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	if (self->has_entry)
		buf_append_text(&line, ",\n");
	self->has_entry = true;
	json_writer_append(&line, entry_object(self, outcome));
	enum status status = file_write(self->file, line.data, line.len);
	buf_release(&line);
	return status;
}

static enum status har_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	struct har *self = ctx;
	return file_flush_or_wait(self->file, wait, backlog);
}

static enum status har_end(void *ctx, const struct totals *totals)
{
	static const char tail[] = "\n]}}\n";
	struct har *self = ctx;
	(void)totals;
	return file_write(self->file, tail, sizeof tail - 1);
}

struct observer har_observer(struct file *file)
{
	struct har *self = alloc_new(sizeof *self);
	self->file = file;
	return (struct observer){.self = self,
	    .begin = har_begin,
	    .outcome = har_outcome,
	    .flush = har_flush,
	    .end = har_end,
	    .free = free};
}
