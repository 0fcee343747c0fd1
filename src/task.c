#include "task.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKOFF_FIRST_MS = 500, BACKOFF_LONGEST_MS = 30000 };

static void take_url(struct task *self, const struct url *url)
{
	struct buf bare;
	struct slice credentials = url_credentials(url);
	buf_init(&bare, URL_LENGTH_MAX);
	url_append_bare(url, &bare);
	free(self->url);
	self->url = bare.data;
	if (credentials.len) {
		free(self->credentials);
		self->credentials = alloc_copy(credentials.data, credentials.len);
	}
}

struct task *task_new(uint64_t number, const char *source, const struct url *url)
{
	struct task *self = alloc_new(sizeof *self);
	struct buf redacted;
	buf_init(&redacted, SIZE_MAX / 2);
	url_append_redacted(&redacted, source);
	self->number = number;
	self->source = redacted.data;
	take_url(self, url);
	self->listed_us = clock_now_us();
	self->phases = (struct phases){-1, -1, -1, -1, -1, -1};
	return self;
}

void task_free(struct task *self)
{
	assert(!self->page);
	fetch_cookies_free(self->cookies);
	free(self->source);
	free(self->url);
	free(self->credentials);
	free(self->location);
	free(self->content_type);
	free(self);
}

const char *task_read_location(const struct task *self, struct url *to, bool *leaves)
{
	struct url current;
	url_init(&current);
	url_parse(&current, self->url, strlen(self->url), NULL, NULL);
	bool parsed = url_parse(to, self->location, strlen(self->location), &current, NULL);
	*leaves = parsed && !url_same_origin(to, &current);
	url_release(&current);
	if (!parsed)
		return "which is no URL";
	return url_is_http(to) ? NULL : "which is no http or https URL";
}

void task_redirect(struct task *self, const struct url *url, bool leaves)
{
	if (leaves) {
		free(self->credentials);
		self->credentials = NULL;
	}
	take_url(self, url);
	self->redirects++;
	self->foreign |= leaves;
	self->goes_on = true;
}

struct fetch_request task_request(struct task *self, const struct options *options)
{
	self->began_us = clock_now_us();
	if (self->attempts == 0)
		self->phases.queued = (double)(self->began_us - self->listed_us) / 1000;
	if (!self->goes_on) {
		self->attempts++;
		self->spent_ms = 0;
	}
	self->goes_on = false;
	int64_t timeout = options->timeout_ms;
	if (timeout)
		timeout = timeout > self->spent_ms ? timeout - self->spent_ms : 1;
	free(self->location);
	self->location = NULL;
	self->cut = CUT_NONE;
	self->http_status = 0;
	return (struct fetch_request){.url = self->url,
	    .credentials = self->credentials,
	    .timeout_ms = timeout,
	    .fresh = self->fresh,
	    .foreign = self->foreign,
	    .cookies = self->cookies,
	    .waited_ms = -1,
	    .job = self};
}

void task_describe_cut(const struct task *self, const struct options *options, char *reason, size_t size)
{
	if (self->cut == CUT_NOT_TEXT)
		snprintf(reason, size, "not text but %s", self->content_type);
	else
		snprintf(reason, size, "larger than %" PRId64 " bytes (--max-size)", options->max_size);
}

void task_note(struct task *self, const struct fetch_result *result)
{
	double queued = self->phases.queued;
	self->http_status = result->http_status;
	self->http_version = result->http_version;
	self->phases = result->phases;
	self->phases.queued = queued;
	self->wire_bytes += result->wire_bytes;
	free(self->content_type);
	self->content_type = NULL;
	if (result->content_type)
		self->content_type = alloc_copy(result->content_type, strlen(result->content_type));
}

int64_t task_backoff_ms(const struct task *self, uint64_t *dice)
{
	int64_t longest = BACKOFF_FIRST_MS;
	for (unsigned i = 1; i < self->attempts && longest < BACKOFF_LONGEST_MS; i++)
		longest *= 2;
	if (longest > BACKOFF_LONGEST_MS)
		longest = BACKOFF_LONGEST_MS;
	/* Jitter, so that what failed together does not come back together (xorshift64). */
	*dice ^= *dice << 13;
	*dice ^= *dice >> 7;
	*dice ^= *dice << 17;
	return longest / 2 + (int64_t)(*dice % (uint64_t)(longest / 2 + 1));
}

enum host_news task_news(const struct fetch_result *result)
{
	bool answered = result->complete || result->stopped;
	if (answered)
		return result->http_status == 429 || result->http_status == 503 ? HOST_BUSY : HOST_ANSWERED;
	if (result->stage == STAGE_CONNECT || result->stage == STAGE_RESOLVE || result->stage == STAGE_TLS)
		return HOST_UNREACHABLE;
	return result->timed_out ? HOST_BUSY : HOST_ANSWERED;
}

struct outcome task_outcome(const struct task *self)
{
	return (struct outcome){
	    .number = self->number,
	    .source_url = self->source,
	    .final_url = self->url,
	    .http_status = self->http_status,
	    .attempts = self->attempts,
	    .redirects = self->redirects,
	    .content_type = self->content_type,
	    .charset = self->page ? page_charset(self->page) : NULL,
	    .phases = self->phases,
	    .listed_us = self->listed_us,
	    .began_us = self->began_us,
	    .http_version = self->http_version,
	    .wire_bytes = self->wire_bytes,
	    .bytes = self->page ? page_size(self->page) : 0,
	};
}
