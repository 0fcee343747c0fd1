#include "fetch/transfer_internal.h"

#include "base/clock.h"
#include "base/http.h"
#include "fetch/failure.h"
#include "fetch/response.h"
#include "fetch/watchdog.h"

#include <stdio.h>
#include <string.h>

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
    [END_LEFTOVERS] = {STAGE_WAIT, CAUSE_CONNECTION_BROKEN, "waiting for the answer failed: %s"},
    [END_REFUSED] = {STAGE_WAIT, CAUSE_CONNECTION_BROKEN, "waiting for the answer failed: %s"},
    [END_CUT_SHORT] = {STAGE_DECODE, CAUSE_BODY_CUT_SHORT, "decode failed: %s"},
    [END_NO_SOCKET] = {STAGE_LOCAL, CAUSE_NO_SOCKET, "local work failed: no socket: %s"},
    [END_NOT_PUBLIC] = {STAGE_POLICY, CAUSE_NOT_PUBLIC,
        "%s is not a public address, or one of this machine's networks (--public-only)"},
};

void transfer_record_end(struct transfer *self, enum transfer_end end, const char *problem)
{
	if (end < self->end)
		return;
	self->end = end;
	self->problem = problem;
}

bool transfer_is_late(const struct transfer *self)
{
	watchdog_heartbeat();
	return clock_now_ms() > self->deadline_ms;
}

void transfer_set_connecting(struct transfer *self, bool is_connecting)
{
	self->common->descriptors.connecting += is_connecting;
	self->common->descriptors.connecting -= self->is_connecting;
	self->is_connecting = is_connecting;
}

/* Records what libcurl's code says about the end. Apart from an interruption and a missing header, that only
 * counts if nothing was recorded before: otherwise the code says that a callback refused bytes, or what
 * happened to a body that was not wanted. */
static void record_code(struct transfer *self, CURLcode code)
{
	if (code == CURLE_ABORTED_BY_CALLBACK)
		transfer_record_end(self, END_INTERRUPTED, NULL);
	/* libcurl does not report an error if the connection is closed within the header. */
	if (code == CURLE_OK && !self->has_head)
		transfer_record_end(
		    self, END_NO_HEAD, "the connection was closed within the head of the answer");
	if (self->end != END_BY_LIBCURL)
		return;
	/* The time limit wins over any other error of libcurl, because callbacks refuse all bytes after it. A
	 * missing socket wins over forbidden addresses, because it was for an address that is allowed. */
	if (code == CURLE_OK) {
		bool is_whole = decoder_end(self->decoder);
		transfer_record_end(
		    self, is_whole ? END_COMPLETE : END_CUT_SHORT, decoder_problem(self->decoder));
	} else if (transfer_is_late(self)) {
		transfer_record_end(self, END_LATE, NULL);
	} else if (code == CURLE_COULDNT_CONNECT && self->socket_error) {
		transfer_record_end(self, END_NO_SOCKET, strerror(self->socket_error));
	} else if (code == CURLE_COULDNT_CONNECT && self->refused_address[0] && !self->has_allowed_address) {
		transfer_record_end(self, END_NOT_PUBLIC, self->refused_address);
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
	struct failure failure = failure_describe(self->easy, code, timeline_stage(&self->timeline),
	    self->error, self->common->settings->options, self->reason, sizeof self->reason);
	result->stage = failure.stage;
	result->cause = failure.cause;
	result->reason = self->reason;
	result->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	result->hides_tcp_failure =
	    self->tries_http3 && (code == CURLE_COULDNT_CONNECT || code == CURLE_QUIC_CONNECT_ERROR);
	result->is_unprocessed =
	    result->hides_tcp_failure || failure_is_unprocessed(code, self->error, self->has_head);
	result->may_need_http1 =
	    !self->has_head && (code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM || code == CURLE_HTTP3);
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
		if (result->complete && self->common->handlers->wants_validators)
			result->validators = response_validators(self->easy);
		break;
	case END_STOPPED_IN_BODY:
		result->stopped = true;
		break;
	case END_INTERRUPTED:
		result->interrupted = true;
		result->stage = STAGE_LOCAL;
		result->cause = CAUSE_STOPPED;
		break;
	case END_LEFTOVERS:
		result->is_unprocessed = true;
		describe_end(self, result);
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

static void add_exchange(struct transfer *self, struct fetch_result *result)
{
	struct exchange *exchange = recorder_exchange(self->recorder, self->easy);
	exchange->has_whole_head = self->has_head;
	exchange->is_complete = result->complete;
	exchange->is_decoded = self->has_head && self->want == FETCH_BODY;
	result->exchange = exchange;
}

/* Returns true if no answer came over a connection that an earlier request had used. The fault may then be
 * what was left on that connection, or its end, and says nothing of the request. A 408 with which a
 * server closes the connection there was sent because the connection was idle (RFC 9110, section 15.5.9). */
static bool is_unanswered(const struct transfer *self, const struct fetch_result *result)
{
	if (self->has_opened_socket || self->sent_requests == 0)
		return false;
	if (self->has_head)
		return result->http_status == HTTP_REQUEST_TIMEOUT && response_closes_connection(self->easy);
	return !result->interrupted && !result->timed_out && !result->may_need_http1;
}

/* A server may answer so quickly that libcurl never waits for its handshake. HTTP/3 has none of its own. */
static void add_missing_handshake(struct transfer *self)
{
	long version = 0;
	curl_off_t connect_us = 0;
	curl_easy_getinfo(self->easy, CURLINFO_HTTP_VERSION, &version);
	curl_easy_getinfo(self->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
	if (version != CURL_HTTP_VERSION_3)
		timeline_add_handshake(&self->timeline, connect_us);
}

struct fetch_result transfer_result(struct transfer *self, CURLcode code)
{
	heap_remove(&self->deadline);
	heap_remove(&self->paused);
	transfer_set_connecting(self, false);
	struct fetch_result result = {.retry_after_ms = -1, .stage = STAGE_RECEIVE};
	add_missing_handshake(self);
	result.phases = timeline_phases(&self->timeline, self->waited_ms);
	result.wire_bytes = response_wire_bytes(self->easy);
	result.sent_requests = self->sent_requests;
	if (code != CURLE_ABORTED_BY_CALLBACK)
		add_response(self, &result);
	record_code(self, code);
	add_end(self, code, &result);
	result.is_unprocessed |= is_unanswered(self, &result);
	result.is_refused = result.is_unprocessed && self->has_new_connection;
	decoder_drop(self->decoder);
	if (self->recorder)
		add_exchange(self, &result);
	return result;
}
