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

/* The names and values of the query, not decoded, as browsers write them. */
static void append_query(struct buf *line, const char *url)
{
	size_t len, query_start = strcspn(url, "?#");
	json_writer_open(line, "queryString", '[');
	for (const char *pair = url + query_start; *pair == '?' || *pair == '&'; pair += len) {
		pair++;
		len = strcspn(pair, "&#");
		if (len == 0)
			continue;
		size_t name_len = strcspn(pair, "=&#");
		size_t value_start = name_len < len ? name_len + 1 : len;
		json_writer_open(line, NULL, '{');
		json_writer_slice(line, "name", (struct slice){pair, name_len});
		json_writer_slice(line, "value", (struct slice){pair + value_start, len - value_start});
		json_writer_close(line, '}');
	}
	json_writer_close(line, ']');
}

static void append_http_version(struct buf *line, const struct outcome *outcome)
{
	json_writer_text(line, "httpVersion", outcome->http_version ? outcome->http_version : "unknown");
}

static void append_request(struct buf *line, const struct outcome *outcome)
{
	json_writer_open(line, "request", '{');
	json_writer_text(line, "method", "GET");
	json_writer_text(line, "url", outcome->final_url);
	append_http_version(line, outcome);
	json_writer_literal(line, "cookies", "[]");
	json_writer_literal(line, "headers", "[]");
	append_query(line, outcome->final_url);
	json_writer_literal(line, "headersSize", "-1");
	json_writer_number(line, "bodySize", 0);
	json_writer_close(line, '}');
}

static void append_content(struct buf *line, const struct outcome *outcome)
{
	json_writer_open(line, "content", '{');
	json_writer_number(line, "size", outcome->bytes);
	json_writer_text(line, "mimeType", outcome->content_type ? outcome->content_type : "");
	json_writer_close(line, '}');
}

static void append_response(struct buf *line, const struct outcome *outcome)
{
	json_writer_open(line, "response", '{');
	json_writer_number(line, "status", (uint64_t)outcome->http_status);
	json_writer_text(line, "statusText", http_status_text(outcome->http_status));
	append_http_version(line, outcome);
	json_writer_literal(line, "cookies", "[]");
	json_writer_literal(line, "headers", "[]");
	append_content(line, outcome);
	json_writer_text(line, "redirectURL", "");
	json_writer_literal(line, "headersSize", "-1");
	json_writer_literal(line, "bodySize", "-1");
	/* An extension of Chrome: the bytes that came over the network, headers included. */
	json_writer_number(line, "_transferSize", outcome->wire_bytes);
	/* Another extension of Chrome, for a request without a usable response. An HTTP error status needs
	 * no such text. */
	if ((outcome->kind == OUTCOME_FAILED || outcome->kind == OUTCOME_INTERRUPTED) &&
	    outcome->http_status < 400)
		json_writer_text(line, "_error", outcome->reason);
	json_writer_close(line, '}');
}

static double known_or_zero(double ms)
{
	return ms > 0 ? ms : 0;
}

/* The times of the phases as HAR 1.2 has them, in ms; negative where they are not known. */
struct har_timings {
	double blocked, dns, connect, ssl, wait, receive;
	double total; /* the sum, which counts the TLS handshake once */
};

/* In HAR 1.2, "connect" includes the TLS handshake, and the times that must not be -1 are 0 if they are not
 * known. */
static struct har_timings har_timings_of(const struct timing *timing)
{
	bool connected = timing->connect >= 0 || timing->tls >= 0;
	struct har_timings self = {
	    .blocked = timing->queued < 0 ? -1 : timing->queued + known_or_zero(timing->earlier),
	    .dns = timing->dns,
	    .connect = connected ? known_or_zero(timing->connect) + known_or_zero(timing->tls) : -1,
	    .ssl = timing->tls,
	    .wait = known_or_zero(timing->wait),
	    .receive = known_or_zero(timing->receive)};
	self.total = known_or_zero(self.blocked) + known_or_zero(self.dns) + known_or_zero(self.connect) +
	             self.wait + self.receive;
	return self;
}

static void append_timings(struct buf *line, const struct har_timings *timings)
{
	json_writer_open(line, "timings", '{');
	json_writer_real(line, "blocked", timings->blocked, "-1");
	json_writer_real(line, "dns", timings->dns, "-1");
	json_writer_real(line, "connect", timings->connect, "-1");
	json_writer_real(line, "ssl", timings->ssl, "-1");
	json_writer_number(line, "send", 0);
	json_writer_real(line, "wait", timings->wait, "-1");
	json_writer_real(line, "receive", timings->receive, "-1");
	json_writer_close(line, '}');
}

static void append_comment(struct buf *line, const struct outcome *outcome)
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
	json_writer_text(line, "comment", comment.data);
	buf_release(&comment);
}

static void append_entry(struct buf *line, const struct har *self, const struct outcome *outcome)
{
	const struct timing timing = timing_of(outcome, self->start_us);
	const struct har_timings timings = har_timings_of(&timing);
	char started[TIMESTAMP_SIZE];
	timestamp_text(self->start_ms + (int64_t)timing.listed, started);
	buf_append_byte(line, '{');
	json_writer_text(line, "startedDateTime", started);
	json_writer_real(line, "time", timings.total, "-1");
	append_request(line, outcome);
	append_response(line, outcome);
	json_writer_literal(line, "cache", "{}");
	append_timings(line, &timings);
	json_writer_text(line, "_resourceType", "document");
	append_comment(line, outcome);
	json_writer_close(line, '}');
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
	append_entry(&line, self, outcome);
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
