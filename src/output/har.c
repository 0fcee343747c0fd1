#include "output/har.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/clock.h"
#include "output/har_head.h"
#include "output/head_reader.h"
#include "output/json_writer.h"
#include "output/timestamp.h"
#include "output/timing.h"

#include <inttypes.h>
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

static struct slice start_line_of(const struct exchange_head *head)
{
	struct head_reader reader;
	head_reader_init(&reader, head->text);
	head_reader_release(&reader);
	return reader.start_line;
}

static void append_http_version(struct buf *line, struct slice version)
{
	har_head_append_text(line, "httpVersion", version.len ? version : slice_of("unknown"));
}

static void append_request(struct buf *line, const struct outcome *outcome, const struct exchange *exchange)
{
	const struct exchange_head *head = &exchange->request;
	struct slice version = head_reader_word(start_line_of(head), 2);
	bool is_binary = har_head_is_binary(version);
	json_writer_open(line, "request", '{');
	struct slice method = head_reader_word(start_line_of(head), 0);
	har_head_append_text(line, "method", method.len ? method : slice_of("GET"));
	json_writer_text(line, "url", outcome->final_url);
	append_http_version(line, version);
	har_head_append_cookies(line, HAR_REQUEST, head->text, 0);
	har_head_append_fields(line, HAR_REQUEST, head->text, is_binary, outcome->final_url);
	append_query(line, outcome->final_url);
	har_head_append_size(line, head, !is_binary);
	json_writer_number(line, "bodySize", 0);
	har_head_append_comment(line, head);
	json_writer_close(line, '}');
}

/* compression is what the content coding saved, which may be less than nothing. It is known if all of the
 * body was received and decoded. */
static void append_content(struct buf *line, const struct outcome *outcome, const struct exchange *exchange)
{
	char saved[32];
	json_writer_open(line, "content", '{');
	json_writer_number(line, "size", exchange->is_decoded ? outcome->bytes : exchange->body_bytes);
	snprintf(saved, sizeof saved, "%" PRId64, (int64_t)(outcome->bytes - exchange->body_bytes));
	if (exchange->is_decoded && exchange->is_complete)
		json_writer_literal(line, "compression", saved);
	har_head_append_text(line, "mimeType", slice_of(outcome->content_type ? outcome->content_type : ""));
	if (!exchange->is_decoded && exchange->body_bytes > 0)
		json_writer_text(line, "comment", "the body was not used; size is that of what was received");
	json_writer_close(line, '}');
}

/* The target of a redirect as the server wrote it. Of several fields, the first one that is not empty
 * counts. */
static void append_redirect_url(struct buf *line, struct slice head)
{
	struct head_reader reader;
	struct buf url;
	buf_init(&url, SIZE_MAX / 2);
	head_reader_init(&reader, head);
	while (url.len == 0 && head_reader_next(&reader)) {
		if (ascii_equal_nocase(reader.name, slice_of("Location")))
			har_secret_append(&url, HAR_RESPONSE, reader.name, reader.value);
	}
	head_reader_release(&reader);
	har_head_append_text(line, "redirectURL", (struct slice){url.data, url.len});
	buf_release(&url);
}

/* HTTP/2 has no text for the status. */
static void append_status(struct buf *line, struct slice status_line)
{
	struct slice code = head_reader_word(status_line, 1);
	uint64_t status = 0;
	for (size_t i = 0; i < code.len && ascii_is_digit((unsigned char)code.data[i]) && i < 3; i++)
		status = status * 10 + (uint64_t)(code.data[i] - '0');
	json_writer_number(line, "status", status);
	har_head_append_text(line, "statusText", head_reader_after(status_line, 1));
}

static void append_response(struct buf *line, const struct outcome *outcome, const struct exchange *exchange)
{
	const struct exchange_head *head = &exchange->response;
	struct slice status_line = start_line_of(head), version = head_reader_word(status_line, 0);
	bool is_binary = har_head_is_binary(version);
	json_writer_open(line, "response", '{');
	append_status(line, status_line);
	append_http_version(line, version);
	har_head_append_cookies(line, HAR_RESPONSE, head->text, timestamp_now());
	har_head_append_fields(line, HAR_RESPONSE, head->text, is_binary, outcome->final_url);
	append_content(line, outcome, exchange);
	append_redirect_url(line, head->text);
	har_head_append_size(line, head, exchange->has_whole_head && !is_binary);
	if (exchange->has_whole_head)
		json_writer_number(line, "bodySize", exchange->body_bytes);
	else
		json_writer_literal(line, "bodySize", "-1");
	har_head_append_comment(line, head);
	/* An extension of Chrome: the bytes that came over the network, headers included. */
	json_writer_number(line, "_transferSize", head->size + exchange->body_bytes);
	/* Another extension of Chrome, for a request without a usable response. */
	if (outcome->kind == OUTCOME_FAILED || outcome->kind == OUTCOME_INTERRUPTED)
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
	double total;   /* the sum, which counts the TLS handshake once */
	double started; /* since the start of the run */
};

/* In HAR 1.2, "connect" includes the TLS handshake, and the times that must not be -1 are 0 if they are not
 * known. The first request of a URL begins when the URL was read from the list, and is blocked until it is
 * sent. Later requests, after redirects or failures, begin when they are made. */
static struct har_timings har_timings_of(const struct timing *timing)
{
	bool connected = timing->connect >= 0 || timing->tls >= 0, is_first = timing->earlier < 0;
	double before = is_first ? 0 : known_or_zero(timing->queued) + timing->earlier;
	struct har_timings self = {.started = timing->listed + before,
	    .blocked = is_first ? timing->queued : -1,
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

static void append_connection(struct buf *line, const struct exchange *exchange)
{
	char port[16];
	if (!exchange->local_port)
		return;
	json_writer_text(line, "serverIPAddress", exchange->address);
	snprintf(port, sizeof port, "%d", exchange->local_port);
	json_writer_text(line, "connection", port);
}

static void append_comment(struct buf *line, const struct outcome *outcome)
{
	struct buf comment;
	char counts[96];
	if (outcome->attempts <= 1 && outcome->redirects == 0)
		return;
	buf_init(&comment, SIZE_MAX / 4);
	snprintf(counts, sizeof counts, "attempt: %u, redirects: %u; listed as ", outcome->attempts,
	    outcome->redirects);
	buf_append_text(&comment, counts);
	buf_append_text(&comment, outcome->source_url);
	json_writer_text(line, "comment", comment.data);
	buf_release(&comment);
}

static void append_entry(
    struct buf *line, const struct har *self, const struct outcome *outcome, const struct exchange *exchange)
{
	const struct timing timing = timing_of(outcome, self->start_us);
	const struct har_timings timings = har_timings_of(&timing);
	char started[TIMESTAMP_SIZE];
	timestamp_text(self->start_ms + (int64_t)timings.started, started);
	buf_append_byte(line, '{');
	json_writer_text(line, "startedDateTime", started);
	json_writer_real(line, "time", timings.total, "-1");
	append_request(line, outcome, exchange);
	append_response(line, outcome, exchange);
	json_writer_literal(line, "cache", "{}");
	append_timings(line, &timings);
	append_connection(line, exchange);
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

static enum status har_exchange(void *ctx, const struct outcome *outcome, const struct exchange *exchange)
{
	static const struct exchange nothing = {.address = ""};
	struct har *self = ctx;
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	if (self->has_entry)
		buf_append_text(&line, ",\n");
	self->has_entry = true;
	append_entry(&line, self, outcome, exchange ? exchange : &nothing);
	enum status status = file_write(self->file, line.data, line.len);
	buf_release(&line);
	return status;
}

/* A URL for which no request was made has an entry that says why. */
static enum status har_outcome(void *ctx, const struct outcome *outcome)
{
	return outcome->attempts == 0 ? har_exchange(ctx, outcome, NULL) : STATUS_OK;
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
	    .exchange = har_exchange,
	    .outcome = har_outcome,
	    .flush = har_flush,
	    .end = har_end,
	    .free = free};
}
