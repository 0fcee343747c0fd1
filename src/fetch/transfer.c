#include "fetch/transfer.h"

#include "base/address.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "fetch/answer.h"
#include "fetch/decode.h"
#include "fetch/failure.h"
#include "fetch/setup.h"
#include "fetch/watchdog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define set(easy, option, value) setup_must(curl_easy_setopt(easy, option, value))

/* An unwanted body up to this size is read to its end: cheaper than a new connection. */
enum { DRAIN_MAX = 64 * 1024 };

/* … within this time. */
enum { DRAIN_MS = 1000 };

/* libcurl limits a head, but not the header lines behind a chunked body. */
enum { TRAILERS_MAX = 64 * 1024 };

struct transfer {
	CURL *easy; /* NULL before the first request */
	struct transfers *common;
	void *job;
	size_t place;
	bool connecting;
	struct heap_node paused;
	int64_t paused_ms; /* monotonic: since when */
	struct heap_node ending;
	CURLcode code;
	struct curl_slist *resolve;     /* the host's addresses, in libcurl's form */
	int64_t waited_ms;              /* for them; -1: not at all */
	int64_t timeout_ms;             /* what libcurl was told; 0: none */
	int64_t late_at;                /* monotonic ms: the end of its time */
	bool looked_up;                 /* … which were found by us */
	char refused[INET6_ADDRSTRLEN]; /* an address that the options forbid to connect to; "": none */
	int socket_error;               /* why there was no socket; 0: there was */
	bool allowed;                   /* there was another one */
	struct decoder *decoder;
	bool evicted; /* see transfer_evict */

	/* Of one answer: */
	bool head_seen;
	enum fetch_want want;
	bool enough;        /* a handler or the drain limit stopped it */
	const char *broken; /* why the answer is none, where libcurl would take it */
	bool undecodable;   /* decoder_problem says why */
	size_t drained;
	size_t trailer_len;

	char error[CURL_ERROR_SIZE];
	char reason[CURL_ERROR_SIZE + 128];
};

static enum fetch_want ask_handler(struct transfer *self, long http_status)
{
	struct fetch_head head = {.http_status = http_status};
	char *type = NULL;
	struct curl_header *location = NULL;
	curl_easy_getinfo(self->easy, CURLINFO_CONTENT_TYPE, &type);
	head.content_type = type;
	if (curl_easy_header(self->easy, "Location", 0, CURLH_HEADER, -1, &location) == CURLHE_OK)
		head.location = location->value;
	const struct fetch_handlers *handlers = self->common->handlers;
	return handlers->head(handlers->ctx, self->job, &head);
}

/* Returning another number than that of the bytes given ends the transfer with CURLE_WRITE_ERROR. */
static size_t stop(struct transfer *self, size_t len)
{
	self->enough = true;
	return len ? 0 : 1;
}

static size_t on_trailer(struct transfer *self, size_t len)
{
	self->trailer_len += len;
	if (self->trailer_len <= TRAILERS_MAX)
		return len;
	self->broken = "the trailers have no end";
	return stop(self, len);
}

/* libcurl looks at a clock only once it has read all that there is, and something may always be. */
static bool is_late(const struct transfer *self)
{
	watchdog_alive();
	return clock_now_ms() > self->late_at;
}

static bool take(void *ctx, const char *bytes, size_t len)
{
	struct transfer *self = ctx;
	const struct fetch_handlers *handlers = self->common->handlers;
	return handlers->body(handlers->ctx, self->job, bytes, len);
}

static bool begin_decoding(struct transfer *self)
{
	struct buf codings;
	buf_init(&codings, TRAILERS_MAX);
	answer_codings(self->easy, &codings);
	bool good = decoder_begin(self->decoder, codings.data, take, self);
	buf_release(&codings);
	return good;
}

/* Forgets an answer, of which there may have been a part. */
static void begin_answer(struct transfer *self)
{
	heap_remove(&self->ending);
	heap_remove(&self->paused);
	self->head_seen = self->enough = self->undecodable = false;
	self->want = FETCH_DRAIN;
	self->broken = NULL;
	self->drained = self->trailer_len = 0;
}

/* A status line. Behind a head, where libcurl asks again by itself: an HTTP/2 server that wants HTTP/1.1
 * instead may say so (RFC 9113, section 7, HTTP_1_1_REQUIRED) when it has sent a part of an answer. No
 * trailer begins so: it has a name without a '/'. */
static bool begins_answer(const char *line, size_t len)
{
	static const char start[] = "HTTP/";
	return len >= sizeof start && memcmp(line, start, sizeof start - 1) == 0;
}

static size_t end_head(struct transfer *self, long http_status, size_t len)
{
	self->head_seen = true;
	self->broken = answer_length_problem(self->easy);
	if (self->broken)
		return stop(self, len);
	self->want = ask_handler(self, http_status);
	self->code = CURLE_OK;
	if (self->want == FETCH_DRAIN)
		heap_put(&self->common->ending, &self->ending, (uint64_t)clock_now_ms() + DRAIN_MS, self);
	self->undecodable = self->want == FETCH_BODY && !begin_decoding(self);
	return self->want == FETCH_STOP || self->undecodable ? stop(self, len) : len;
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
	struct transfer *self = ctx;
	size_t len = size * count;
	bool end_of_head = len <= 2 && (line[0] == '\r' || line[0] == '\n');
	long http_status = 0;
	if (is_late(self))
		return len ? 0 : 1;
	if (self->head_seen && begins_answer(line, len))
		begin_answer(self);
	if (self->head_seen)
		return on_trailer(self, len);
	if (!end_of_head)
		return len;
	curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &http_status);
	if (http_status >= 100 && http_status < 200)
		return len;
	return end_head(self, http_status, len);
}

/* Libcurl gives no more of it until it is resumed, and its time does not pass. */
static void pause_receiving(struct transfer *self)
{
	if (heap_holds(&self->paused))
		return;
	heap_put(&self->common->paused, &self->paused, self->common->pauses++, self);
	self->paused_ms = clock_now_ms();
	set(self->easy, CURLOPT_TIMEOUT_MS, 0L);
	heap_remove(&self->ending);
	curl_easy_pause(self->easy, CURLPAUSE_RECV);
}

/* libcurl's own timer may have come and gone meanwhile, so the end of the time is ours. */
static void prolong(struct transfer *self)
{
	int64_t paused_ms = clock_now_ms() - self->paused_ms;
	if (!self->timeout_ms)
		return;
	self->timeout_ms += paused_ms;
	self->late_at += paused_ms;
	set(self->easy, CURLOPT_TIMEOUT_MS, (long)self->timeout_ms);
	self->code = CURLE_OPERATION_TIMEDOUT;
	heap_put(&self->common->ending, &self->ending, (uint64_t)self->late_at, self);
}

static enum decoder_result go_on(struct transfer *self)
{
	prolong(self);
	CURLcode code = curl_easy_pause(self->easy, CURLPAUSE_CONT);
	/* Where it has ended meanwhile it has no connection, which libcurl takes for a bad argument; how it
	 * ended is in a message that is on its way. */
	if (code == CURLE_OK || code == CURLE_BAD_FUNCTION_ARGUMENT)
		return DECODER_DONE;
	self->code = code;
	return DECODER_STOPPED;
}

void transfer_evict(struct transfer *self)
{
	self->evicted = true;
	self->code = CURLE_OPERATION_TIMEDOUT;
}

enum decoder_result transfer_resume(struct transfer *self)
{
	heap_remove(&self->paused);
	enum decoder_result result = decoder_resume(self->decoder);
	switch (result) {
	case DECODER_LATER:
	case DECODER_WAITS:
		heap_put(&self->common->paused, &self->paused, self->common->pauses++, self);
		break;
	case DECODER_STOPPED:
		self->undecodable = decoder_problem(self->decoder);
		self->enough = true;
		self->code = CURLE_WRITE_ERROR;
		break;
	case DECODER_DONE:
		return go_on(self);
	}
	return result;
}

static bool take_body(struct transfer *self, const char *bytes, size_t len)
{
	switch (decoder_feed(self->decoder, bytes, len)) {
	case DECODER_STOPPED:
		self->undecodable = decoder_problem(self->decoder);
		return false;
	case DECODER_LATER:
	case DECODER_WAITS:
		pause_receiving(self);
		break;
	case DECODER_DONE:
		break;
	}
	return true;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *self = ctx;
	size_t len = size * count;
	if (is_late(self) || len == 0)
		return len ? 0 : 1;
	if (!self->head_seen) {
		self->broken = "a body came without a head";
		return stop(self, len);
	}
	if (self->want == FETCH_BODY)
		return take_body(self, bytes, len) ? len : stop(self, len);
	self->drained += len;
	return self->drained > DRAIN_MAX ? stop(self, len) : len;
}

/* Called with each address before it is connected to, so nothing leads around it: no redirect, no name
 * server. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *self = ctx;
	(void)purpose;
	struct own_networks *own = &self->common->own_networks;
	if (self->common->settings->options->public_only &&
	    (!address_is_public(&address->addr) || own_networks_hold(own, &address->addr))) {
		address_text(&address->addr, self->refused, sizeof self->refused);
		return CURL_SOCKET_BAD;
	}
	self->allowed = true;
	curl_socket_t descriptor = socket(address->family, address->socktype, address->protocol);
	if (descriptor == CURL_SOCKET_BAD) {
		self->socket_error = errno;
		return descriptor;
	}
	self->common->descriptors.open++;
	watchdog_open(descriptor);
	return descriptor;
}

static int on_close_socket(void *ctx, curl_socket_t descriptor)
{
	struct descriptors *descriptors = ctx;
	descriptors->open--;
	watchdog_close(descriptor);
	return close(descriptor);
}

static void set_connecting(struct transfer *self, bool connecting)
{
	self->common->descriptors.connecting += connecting;
	self->common->descriptors.connecting -= self->connecting;
	self->connecting = connecting;
}

/* There is a connection, and nothing was sent yet. */
static int on_connected(void *ctx, char *address, char *own_address, int port, int own_port)
{
	(void)address;
	(void)own_address;
	(void)port;
	(void)own_port;
	set_connecting(ctx, false);
	return CURL_PREREQFUNC_OK;
}

static void set_callbacks(struct transfer *self)
{
	CURL *easy = self->easy;
	set(easy, CURLOPT_PRIVATE, self);
	set(easy, CURLOPT_ERRORBUFFER, self->error);
	set(easy, CURLOPT_HEADERFUNCTION, on_header);
	set(easy, CURLOPT_HEADERDATA, self);
	set(easy, CURLOPT_WRITEFUNCTION, on_body);
	set(easy, CURLOPT_WRITEDATA, self);
	set(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	set(easy, CURLOPT_OPENSOCKETDATA, self);
	set(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	set(easy, CURLOPT_CLOSESOCKETDATA, &self->common->descriptors);
	set(easy, CURLOPT_PREREQFUNCTION, on_connected);
	set(easy, CURLOPT_PREREQDATA, self);
}

struct transfer *transfer_new(struct transfers *common)
{
	struct transfer *self = alloc_new(sizeof *self);
	self->common = common;
	self->decoder = decoder_new(&common->decoding);
	return self;
}

static void drop_handle(struct transfer *self)
{
	curl_easy_cleanup(self->easy);
	curl_slist_free_all(self->resolve);
	self->easy = NULL;
	self->resolve = NULL;
}

void transfer_free(struct transfer *self)
{
	if (!self)
		return;
	drop_handle(self);
	decoder_free(self->decoder);
	free(self);
}

bool transfer_prepare(struct transfer *self, const struct fetch_request *request, bool none_free)
{
	drop_handle(self);
	self->easy = curl_easy_init();
	if (!self->easy) {
		log_error("libcurl gives no handle");
		return false;
	}
	begin_answer(self);
	self->job = request->job;
	self->allowed = self->evicted = false;
	self->socket_error = 0;
	self->waited_ms = request->waited_ms;
	self->timeout_ms = setup_left_ms(request->timeout_ms, request->waited_ms);
	self->late_at = self->timeout_ms ? clock_now_ms() + self->timeout_ms : CLOCK_NEVER;
	self->error[0] = self->reason[0] = self->refused[0] = '\0';
	self->looked_up = request->addresses != NULL;
	set_connecting(self, true);
	set_callbacks(self);
	self->resolve =
	    setup_handle(self->easy, self->common->settings, self->common->shares, request, none_free);
	return true;
}

CURL *transfer_handle(struct transfer *self)
{
	return self->easy;
}

size_t transfer_place(const struct transfer *self)
{
	return self->place;
}

void transfer_set_place(struct transfer *self, size_t place)
{
	self->place = place;
}

void *transfer_job(const struct transfer *self)
{
	return self->job;
}

CURLcode transfer_code(const struct transfer *self)
{
	return self->code;
}

/* What the end means where the answer did not end well. */
static void describe_failure(struct transfer *self, CURLcode code, struct fetch_result *result)
{
	if (is_late(self))
		code = CURLE_OPERATION_TIMEDOUT;
	struct failure failure = failure_describe(self->easy, code, self->error,
	    self->common->settings->options, self->reason, sizeof self->reason);
	result->stage = failure.stage;
	result->cause = failure.cause;
	result->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	result->stale = failure_is_unprocessed(code, self->error, self->head_seen);
	bool unconnected = code == CURLE_COULDNT_CONNECT;
	if (unconnected && self->socket_error) {
		result->stage = STAGE_LOCAL;
		result->cause = CAUSE_NO_SOCKET;
		snprintf(self->reason, sizeof self->reason, "local work failed: no socket: %s",
		    strerror(self->socket_error));
	} else if (unconnected && self->refused[0] && !self->allowed) {
		result->stage = STAGE_POLICY;
		result->cause = CAUSE_NOT_PUBLIC;
		snprintf(self->reason, sizeof self->reason,
		    "%s is not a public address, or one of this machine's networks (--public-only)",
		    self->refused);
	}
}

static struct fetch_result result_of(struct transfer *self, CURLcode code)
{
	struct fetch_result result = {.retry_after_ms = -1, .stage = STAGE_RECEIVE};
	result.phases = answer_phases(self->easy, self->waited_ms, self->looked_up);
	result.wire_bytes = answer_wire_bytes(self->easy);
	if (code == CURLE_ABORTED_BY_CALLBACK) {
		result.interrupted = true;
		result.stage = STAGE_LOCAL;
		result.cause = CAUSE_STOPPED;
		return result;
	}
	curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &result.http_status);
	result.http_version = result.http_status ? answer_http_version(self->easy) : NULL;
	char *content_type = NULL;
	curl_easy_getinfo(self->easy, CURLINFO_CONTENT_TYPE, &content_type);
	curl_easy_getinfo(self->easy, CURLINFO_COOKIELIST, &result.cookies);
	result.content_type = content_type;
	/* A connection that closes within the head is a good end to libcurl. */
	if (code == CURLE_OK && !self->head_seen)
		self->broken = "the connection was closed within the head of the answer";
	/* A body that nobody wanted is complete wherever it was left. */
	bool unwanted = self->head_seen && self->want != FETCH_BODY;
	/* What is cut short may come whole the next time; what is wrong stays so. */
	bool cut_short = code == CURLE_OK && self->want == FETCH_BODY && self->head_seen && !self->broken &&
	                 !decoder_end(self->decoder);
	if (self->evicted) {
		result.cause = CAUSE_RECEIVE_TIMEOUT;
		result.timed_out = true;
		snprintf(self->reason, sizeof self->reason,
		    "receive failed: stood still for %d s while others waited for the memory that it takes",
		    DECODER_STILL_MS / 1000);
	} else if (self->undecodable || cut_short) {
		result.stage = STAGE_DECODE;
		result.cause = cut_short ? CAUSE_BODY_CUT_SHORT : CAUSE_DECODE;
		snprintf(
		    self->reason, sizeof self->reason, "decode failed: %s", decoder_problem(self->decoder));
	} else if (self->broken) {
		result.cause = self->head_seen ? CAUSE_ANSWER_INVALID : CAUSE_CONNECTION_BROKEN;
		snprintf(self->reason, sizeof self->reason, "receive failed: %s", self->broken);
	} else if (code == CURLE_OK || unwanted) {
		result.complete = self->want != FETCH_STOP;
		result.stopped = self->want == FETCH_STOP;
		result.retry_after_ms = answer_retry_after_ms(self->easy);
	} else if (self->enough) {
		result.stopped = true;
	} else {
		describe_failure(self, code, &result);
	}
	if (!result.complete && !result.stopped)
		result.reason = self->reason;
	return result;
}

struct fetch_result transfer_result(struct transfer *self, CURLcode code)
{
	heap_remove(&self->ending);
	heap_remove(&self->paused);
	set_connecting(self, false);
	struct fetch_result result = result_of(self, code);
	decoder_drop(self->decoder);
	return result;
}
