#include "fetch/transfer.h"

#include "base/address.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "fetch/decode.h"
#include "fetch/failure.h"
#include "fetch/response.h"
#include "fetch/setup.h"
#include "fetch/watchdog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define set(easy, option, value) setup_check(curl_easy_setopt(easy, option, value))

/* A body that is not wanted is read to its end if it is at most this long, because that is cheaper than a new
 * connection. The time for it is limited, too. */
enum { DRAIN_MAX = 64 * 1024, DRAIN_MS = 1000 };

/* The most bytes of trailers, and of the values of Content-Encoding. libcurl limits the size of a header, but
 * not that of the trailers after a chunked body. */
enum { TRAILERS_MAX = 64 * 1024 };

/* How a transfer ended. An end is recorded as soon as it is known. If several are recorded for one response,
 * the last of them in this list wins: a response with a fault has failed, even if its body, or the rest of
 * it, was not wanted; an eviction or the end of the run says why the transfer was ended, whatever was
 * received before. */
enum transfer_end {
	END_BY_LIBCURL,      /* nothing was recorded: libcurl has failed, and its code says why */
	END_STOPPED_IN_BODY, /* the handler wanted no more of the body */
	END_STOPPED_AT_HEAD, /* the handler wanted the connection to be closed after the header */
	END_COMPLETE,        /* all that was wanted came; a body to drain may end anywhere */
	END_NO_HEAD,         /* there was no complete header */
	END_INVALID,         /* the response is invalid, although libcurl accepts it */
	END_UNDECODABLE,     /* the body cannot be decoded, and never will be */
	END_EVICTED,         /* see transfer_evict */
	END_INTERRUPTED,     /* the run was stopped */
	END_REFUSED,         /* the server has processed none of several requests; see may_send_request */

	/* These are recorded only if nothing else was, when libcurl has finished the transfer. */
	END_CUT_SHORT, /* a compressed body ended early; the next try may get all of it */
	END_LATE,      /* the time limit has passed */
	END_NO_SOCKET, /* no socket could be opened */
	END_NOT_PUBLIC /* the options forbid all addresses of the host */
};

/* What an end means that libcurl does not describe itself. %s stands for the problem that was recorded with
 * it. */
static const struct {
	enum outcome_stage stage;
	enum cause cause;
	const char *reason;
} failures[] = {
    [END_NO_HEAD] = {STAGE_RECEIVE, CAUSE_CONNECTION_BROKEN, "receive failed: %s"},
    [END_INVALID] = {STAGE_RECEIVE, CAUSE_ANSWER_INVALID, "receive failed: %s"},
    [END_UNDECODABLE] = {STAGE_DECODE, CAUSE_DECODE, "decode failed: %s"},
    [END_EVICTED] = {STAGE_RECEIVE, CAUSE_RECEIVE_TIMEOUT, "receive failed: %s"},
    [END_REFUSED] = {STAGE_WAIT, CAUSE_CONNECTION_BROKEN, "waiting for the answer failed: %s"},
    [END_CUT_SHORT] = {STAGE_DECODE, CAUSE_BODY_CUT_SHORT, "decode failed: %s"},
    [END_NO_SOCKET] = {STAGE_LOCAL, CAUSE_NO_SOCKET, "local work failed: no socket: %s"},
    [END_NOT_PUBLIC] = {STAGE_POLICY, CAUSE_NOT_PUBLIC,
        "%s is not a public address, or one of this machine's networks (--public-only)"},
};

struct transfer {
	CURL *easy; /* NULL before the first request */
	struct transfers *common;
	void *job;
	size_t index;               /* see transfer_index */
	bool is_connecting;         /* the transfer counts as connecting in common->descriptors */
	struct heap_node paused;    /* in common->paused */
	int64_t paused_ms;          /* when the pause began (monotonic ms) */
	struct heap_node deadline;  /* in common->deadlines */
	CURLcode abort_code;        /* see transfer_abort_code */
	struct curl_slist *resolve; /* the host's addresses, which the handle borrows; may be NULL */
	int64_t waited_ms;          /* time spent waiting for the addresses; -1 if the request did not wait */
	int64_t timeout_ms;         /* the time limit that libcurl was given; 0 if there is none */
	int64_t deadline_ms;        /* the end of the time limit (monotonic ms), or CLOCK_NEVER */
	bool is_preresolved;        /* libcurl was given the addresses of the host */
	char refused_address[INET6_ADDRSTRLEN]; /* an address that the options forbid; "" if there was none */
	bool has_allowed_address;               /* the options allow another address of the host */
	int socket_error;                       /* the errno of a failed socket(2); 0 if none failed */
	bool has_new_connection;                /* the request asked for a new connection */
	unsigned sent_requests;
	struct decoder *decoder;

	/* These fields belong to one response; reset_response clears them. */
	enum transfer_end end; /* what was recorded so far */
	const char *problem;   /* what went wrong, in words for a person; used for the ends in failures */
	bool has_head;         /* the header is complete */
	enum fetch_want want;
	size_t drained_bytes;
	size_t trailer_bytes;

	char transfer_problem[96]; /* see response_transfer_problem */
	char error[CURL_ERROR_SIZE];
	char reason[CURL_ERROR_SIZE + 128];
};

/* Records an end, unless one that wins over it was recorded before. */
static void record_end(struct transfer *self, enum transfer_end end, const char *problem)
{
	if (end < self->end)
		return;
	self->end = end;
	self->problem = problem;
}

/* The decoder has stopped, either because the body is invalid or because the handler wants no more of it. */
static void record_decoder_stop(struct transfer *self)
{
	const char *problem = decoder_problem(self->decoder);
	record_end(self, problem ? END_UNDECODABLE : END_STOPPED_IN_BODY, problem);
}

/* A callback returns this number to refuse its len bytes: any number but len ends the transfer with
 * CURLE_WRITE_ERROR. */
static size_t refuse(size_t len)
{
	return len ? 0 : 1;
}

static enum fetch_want ask_handler(struct transfer *self, long http_status)
{
	struct fetch_head head = {.http_status = http_status};
	char *type = NULL;
	curl_easy_getinfo(self->easy, CURLINFO_CONTENT_TYPE, &type);
	head.content_type = type;
	head.location = response_location(self->easy);
	const struct fetch_handlers *handlers = self->common->handlers;
	return handlers->head(handlers->ctx, self->job, &head);
}

static size_t on_trailer(struct transfer *self, size_t len)
{
	self->trailer_bytes += len;
	if (self->trailer_bytes <= TRAILERS_MAX)
		return len;
	record_end(self, END_INVALID, "the trailers have no end");
	return refuse(len);
}

/* Returns true if the time limit has passed. libcurl checks the clock only when it has read all that has
 * arrived, and a server may send so fast that this never happens. */
static bool is_late(const struct transfer *self)
{
	watchdog_heartbeat();
	return clock_now_ms() > self->deadline_ms;
}

static bool deliver_body(void *ctx, const char *bytes, size_t len)
{
	struct transfer *self = ctx;
	const struct fetch_handlers *handlers = self->common->handlers;
	return handlers->body(handlers->ctx, self->job, bytes, len);
}

static bool begin_decoding(struct transfer *self)
{
	struct buf codings;
	buf_init(&codings, TRAILERS_MAX);
	response_codings(self->easy, &codings);
	bool good = decoder_begin(self->decoder, codings.data, deliver_body, self);
	buf_release(&codings);
	return good;
}

/* Clears all that belongs to one response, of which a part may have been received. */
static void reset_response(struct transfer *self)
{
	heap_remove(&self->deadline);
	heap_remove(&self->paused);
	self->end = END_BY_LIBCURL;
	self->problem = NULL;
	self->has_head = false;
	self->want = FETCH_DRAIN;
	self->drained_bytes = self->trailer_bytes = 0;
}

/* Returns true if the line is the status line of a response. After a complete header, it belongs to a new
 * response, because libcurl has repeated the request: an HTTP/2 server may demand HTTP/1.1 when it has
 * already sent a part of a response (RFC 9113, section 7, HTTP_1_1_REQUIRED). No trailer begins like this,
 * because names have no '/'. */
static bool is_status_line(const char *line, size_t len)
{
	static const char start[] = "HTTP/";
	return len >= sizeof start && memcmp(line, start, sizeof start - 1) == 0;
}

static size_t finish_head(struct transfer *self, long http_status, size_t len)
{
	self->has_head = true;
	int64_t length;
	const char *problem = response_length_problem(self->easy, &length);
	if (problem) {
		record_end(self, END_INVALID, problem);
		return refuse(len);
	}
	if (response_transfer_problem(self->easy, self->transfer_problem, sizeof self->transfer_problem)) {
		record_end(self, END_UNDECODABLE, self->transfer_problem);
		return refuse(len);
	}
	self->want = ask_handler(self, http_status);
	if (self->want == FETCH_STOP && length >= 0 && length <= DRAIN_MAX)
		self->want = FETCH_DRAIN;
	self->abort_code = CURLE_OK;
	switch (self->want) {
	case FETCH_BODY:
		if (begin_decoding(self))
			return len;
		record_decoder_stop(self);
		break;
	case FETCH_DRAIN:
		heap_add(
		    &self->common->deadlines, &self->deadline, (uint64_t)clock_now_ms() + DRAIN_MS, self);
		record_end(self, END_COMPLETE, NULL);
		return len;
	case FETCH_STOP:
		record_end(self, END_STOPPED_AT_HEAD, NULL);
		break;
	}
	return refuse(len);
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
	struct transfer *self = ctx;
	size_t len = size * count;
	bool end_of_head = len <= 2 && (line[0] == '\r' || line[0] == '\n');
	long http_status = 0;
	if (is_late(self))
		return refuse(len);
	if (self->has_head && is_status_line(line, len))
		reset_response(self);
	if (self->has_head)
		return on_trailer(self, len);
	if (!end_of_head)
		return len;
	curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &http_status);
	if (http_status >= 100 && http_status < 200)
		return len;
	return finish_head(self, http_status, len);
}

/* Lets libcurl pass no more bytes until the transfer is resumed. The time of the pause does not count towards
 * the time limit. */
static void pause_receiving(struct transfer *self)
{
	if (heap_holds(&self->paused))
		return;
	heap_add(&self->common->paused, &self->paused, self->common->pause_count++, self);
	self->paused_ms = clock_now_ms();
	set(self->easy, CURLOPT_TIMEOUT_MS, 0L);
	heap_remove(&self->deadline);
	curl_easy_pause(self->easy, CURLPAUSE_RECV);
}

/* Adds the time of the pause to the time limit. libcurl's own timer may have expired during the pause, so the
 * loop must end the transfer at the new deadline. */
static void extend_deadline(struct transfer *self)
{
	int64_t paused_ms = clock_now_ms() - self->paused_ms;
	if (!self->timeout_ms)
		return;
	self->timeout_ms += paused_ms;
	self->deadline_ms += paused_ms;
	set(self->easy, CURLOPT_TIMEOUT_MS, (long)self->timeout_ms);
	self->abort_code = CURLE_OPERATION_TIMEDOUT;
	heap_add(&self->common->deadlines, &self->deadline, (uint64_t)self->deadline_ms, self);
}

static enum decoder_result resume_receiving(struct transfer *self)
{
	extend_deadline(self);
	CURLcode code = curl_easy_pause(self->easy, CURLPAUSE_CONT);
	/* If libcurl has finished the transfer during the pause, the handle has no connection, which libcurl
	 * reports as a bad argument. A message with its result will come. */
	if (code == CURLE_OK || code == CURLE_BAD_FUNCTION_ARGUMENT)
		return DECODER_DONE;
	self->abort_code = code;
	return DECODER_STOPPED;
}

void transfer_evict(struct transfer *self)
{
	_Static_assert(DECODER_STALL_MS == 1000, "the text says 1 s");
	record_end(self, END_EVICTED, "stood still for 1 s while others waited for the memory that it takes");
	self->abort_code = CURLE_OPERATION_TIMEDOUT;
}

enum decoder_result transfer_resume(struct transfer *self)
{
	heap_remove(&self->paused);
	enum decoder_result result = decoder_resume(self->decoder);
	switch (result) {
	case DECODER_LATER:
	case DECODER_NEEDS_MEMORY:
		heap_add(&self->common->paused, &self->paused, self->common->pause_count++, self);
		break;
	case DECODER_STOPPED:
		record_decoder_stop(self);
		self->abort_code = CURLE_WRITE_ERROR;
		break;
	case DECODER_DONE:
		return resume_receiving(self);
	}
	return result;
}

/* Returns false if the transfer must end. */
static bool decode_body(struct transfer *self, const char *bytes, size_t len)
{
	switch (decoder_feed(self->decoder, bytes, len)) {
	case DECODER_STOPPED:
		record_decoder_stop(self);
		return false;
	case DECODER_LATER:
	case DECODER_NEEDS_MEMORY:
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
		return refuse(len);
	if (!self->has_head) {
		record_end(self, END_NO_HEAD, "a body came without a head");
		return refuse(len);
	}
	if (self->want == FETCH_BODY)
		return decode_body(self, bytes, len) ? len : refuse(len);
	self->drained_bytes += len;
	return self->drained_bytes > DRAIN_MAX ? refuse(len) : len;
}

/* libcurl repeats a request that the server did not process up to five times, without a pause. One repetition
 * is allowed, because an idle connection may be closed at the moment of the request. A request on a new
 * connection needs none. */
static bool may_send_request(struct transfer *self)
{
	if (self->sent_requests < (self->has_new_connection ? 1 : 2))
		return true;
	record_end(self, END_REFUSED, "the server refuses the request");
	return false;
}

/* libcurl calls this before it connects to an address. The check of the address is made here, so that neither
 * a redirect nor a name server can lead to one that is forbidden. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *self = ctx;
	(void)purpose;
	if (!may_send_request(self))
		return CURL_SOCKET_BAD;
	struct own_networks *own = &self->common->own_networks;
	if (self->common->settings->options->public_only &&
	    (!address_is_public(&address->addr) || own_networks_contain(own, &address->addr))) {
		address_text(&address->addr, self->refused_address, sizeof self->refused_address);
		return CURL_SOCKET_BAD;
	}
	self->has_allowed_address = true;
	curl_socket_t descriptor = socket(address->family, address->socktype, address->protocol);
	if (descriptor == CURL_SOCKET_BAD) {
		self->socket_error = errno;
		return descriptor;
	}
	self->common->descriptors.open++;
	watchdog_add(descriptor);
	return descriptor;
}

static int on_close_socket(void *ctx, curl_socket_t descriptor)
{
	struct descriptors *descriptors = ctx;
	descriptors->open--;
	watchdog_remove(descriptor);
	return close(descriptor);
}

static void set_connecting(struct transfer *self, bool is_connecting)
{
	self->common->descriptors.connecting += is_connecting;
	self->common->descriptors.connecting -= self->is_connecting;
	self->is_connecting = is_connecting;
}

/* libcurl calls this when it has a connection, before it sends the request. */
static int on_connected(void *ctx, char *address, char *own_address, int port, int own_port)
{
	struct transfer *self = ctx;
	(void)address;
	(void)own_address;
	(void)port;
	(void)own_port;
	set_connecting(self, false);
	if (!may_send_request(self))
		return CURL_PREREQFUNC_ABORT;
	self->sent_requests++;
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

bool transfer_prepare(struct transfer *self, const struct fetch_request *request, bool no_idle_connection)
{
	drop_handle(self);
	self->easy = curl_easy_init();
	if (!self->easy) {
		log_error("libcurl gives no handle");
		return false;
	}
	reset_response(self);
	self->job = request->job;
	self->has_allowed_address = false;
	self->socket_error = 0;
	self->has_new_connection = request->needs_new_connection;
	self->sent_requests = 0;
	self->waited_ms = request->waited_ms;
	self->timeout_ms = setup_remaining_ms(request->timeout_ms, request->waited_ms);
	self->deadline_ms = self->timeout_ms ? clock_now_ms() + self->timeout_ms : CLOCK_NEVER;
	self->error[0] = self->reason[0] = self->refused_address[0] = '\0';
	self->is_preresolved = request->addresses != NULL;
	set_connecting(self, true);
	set_callbacks(self);
	self->resolve = setup_handle(
	    self->easy, self->common->settings, self->common->shares, request, no_idle_connection);
	return true;
}

CURL *transfer_handle(struct transfer *self)
{
	return self->easy;
}

size_t transfer_index(const struct transfer *self)
{
	return self->index;
}

void transfer_set_index(struct transfer *self, size_t index)
{
	self->index = index;
}

void *transfer_job(const struct transfer *self)
{
	return self->job;
}

CURLcode transfer_abort_code(const struct transfer *self)
{
	return self->abort_code;
}

/* Records what libcurl's code says about the end. Apart from an interruption and a missing header, that only
 * counts if nothing was recorded before: otherwise the code says that a callback refused bytes, or what
 * happened to a body that was not wanted. */
static void record_code(struct transfer *self, CURLcode code)
{
	if (code == CURLE_ABORTED_BY_CALLBACK)
		record_end(self, END_INTERRUPTED, NULL);
	/* libcurl does not report an error if the connection is closed within the header. */
	if (code == CURLE_OK && !self->has_head)
		record_end(self, END_NO_HEAD, "the connection was closed within the head of the answer");
	if (self->end != END_BY_LIBCURL)
		return;
	/* The time limit wins over any other error of libcurl, because callbacks refuse all bytes after it. A
	 * missing socket wins over forbidden addresses, because it was for an address that is allowed. */
	if (code == CURLE_OK) {
		bool is_whole = decoder_end(self->decoder);
		record_end(self, is_whole ? END_COMPLETE : END_CUT_SHORT, decoder_problem(self->decoder));
	} else if (is_late(self)) {
		record_end(self, END_LATE, NULL);
	} else if (code == CURLE_COULDNT_CONNECT && self->socket_error) {
		record_end(self, END_NO_SOCKET, strerror(self->socket_error));
	} else if (code == CURLE_COULDNT_CONNECT && self->refused_address[0] && !self->has_allowed_address) {
		record_end(self, END_NOT_PUBLIC, self->refused_address);
	}
}

static void add_response(struct transfer *self, struct fetch_result *result)
{
	char *content_type = NULL;
	curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &result->http_status);
	result->http_version = result->http_status ? response_http_version(self->easy) : NULL;
	curl_easy_getinfo(self->easy, CURLINFO_CONTENT_TYPE, &content_type);
	curl_easy_getinfo(self->easy, CURLINFO_COOKIELIST, &result->cookies);
	result->content_type = content_type;
}

static void add_libcurl_failure(struct transfer *self, CURLcode code, struct fetch_result *result)
{
	struct failure failure = failure_describe(self->easy, code, self->error,
	    self->common->settings->options, self->reason, sizeof self->reason);
	result->stage = failure.stage;
	result->cause = failure.cause;
	result->reason = self->reason;
	result->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	result->is_unprocessed = failure_is_unprocessed(code, self->error, self->has_head);
	result->may_need_http1 = !self->has_head && (code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM);
}

static void describe_end(struct transfer *self, struct fetch_result *result)
{
	snprintf(self->reason, sizeof self->reason, failures[self->end].reason, self->problem);
	result->stage = failures[self->end].stage;
	result->cause = failures[self->end].cause;
	result->reason = self->reason;
}

static void add_end(struct transfer *self, CURLcode code, struct fetch_result *result)
{
	switch (self->end) {
	case END_COMPLETE:
	case END_STOPPED_AT_HEAD:
		result->complete = self->end == END_COMPLETE;
		result->stopped = self->end == END_STOPPED_AT_HEAD;
		result->retry_after_ms = response_retry_after_ms(self->easy);
		break;
	case END_STOPPED_IN_BODY:
		result->stopped = true;
		break;
	case END_INTERRUPTED:
		result->interrupted = true;
		result->stage = STAGE_LOCAL;
		result->cause = CAUSE_STOPPED;
		break;
	case END_REFUSED:
		result->is_unprocessed = result->may_need_http1 = true;
		describe_end(self, result);
		break;
	case END_LATE:
		add_libcurl_failure(self, CURLE_OPERATION_TIMEDOUT, result);
		break;
	case END_BY_LIBCURL:
		add_libcurl_failure(self, code, result);
		break;
	default:
		describe_end(self, result);
		result->timed_out = self->end == END_EVICTED;
	}
}

struct fetch_result transfer_result(struct transfer *self, CURLcode code)
{
	heap_remove(&self->deadline);
	heap_remove(&self->paused);
	set_connecting(self, false);
	struct fetch_result result = {.retry_after_ms = -1, .stage = STAGE_RECEIVE};
	result.phases = response_phases(self->easy, self->waited_ms, self->is_preresolved);
	result.wire_bytes = response_wire_bytes(self->easy);
	if (code != CURLE_ABORTED_BY_CALLBACK)
		add_response(self, &result);
	record_code(self, code);
	add_end(self, code, &result);
	result.is_refused = result.is_unprocessed && self->has_new_connection;
	decoder_drop(self->decoder);
	return result;
}
