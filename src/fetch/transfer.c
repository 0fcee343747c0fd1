#include "fetch/transfer_internal.h"

#include "base/address.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "fetch/decode.h"
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

/* The decoder has stopped, either because the body is invalid or because the handler wants no more of it. */
static void record_decoder_stop(struct transfer *self)
{
	heap_remove(&self->paused);
	const char *problem = decoder_problem(self->decoder);
	transfer_record_end(self, problem ? END_UNDECODABLE : END_STOPPED_IN_BODY, problem);
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
	const struct fetch_handlers *handlers = self->common->handlers;
	if (handlers->wants_robots_tags)
		head.robots_tag_count =
		    response_robots_tags(self->easy, head.robots_tags, FETCH_ROBOTS_TAGS_MAX);
	head.location = response_location(self->easy);
	return handlers->head(handlers->ctx, self->job, &head);
}

static size_t on_trailer(struct transfer *self, size_t len)
{
	self->trailer_bytes += len;
	if (self->trailer_bytes <= TRAILERS_MAX)
		return len;
	transfer_record_end(self, END_INVALID, "the trailers have no end");
	return refuse(len);
}

static bool deliver_body(void *ctx, const char *bytes, size_t len)
{
	struct transfer *self = ctx;
	const struct fetch_handlers *handlers = self->common->handlers;
	return handlers->body(handlers->ctx, self->job, bytes, len, decoder_is_gzip_file(self->decoder));
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
	self->has_head = self->has_ended = false;
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
		transfer_record_end(self, END_INVALID, problem);
		return refuse(len);
	}
	if (response_transfer_problem(self->easy, self->transfer_problem, sizeof self->transfer_problem)) {
		transfer_record_end(self, END_UNDECODABLE, self->transfer_problem);
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
		transfer_record_end(self, END_COMPLETE, NULL);
		/* The connection cannot be kept anyway. */
		return length > DRAIN_MAX && !self->is_head ? refuse(len) : len;
	case FETCH_STOP:
		transfer_record_end(self, END_STOPPED_AT_HEAD, NULL);
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
	if (transfer_is_late(self))
		return refuse(len);
	if (self->has_head && is_status_line(line, len))
		reset_response(self);
	if (self->has_head)
		return on_trailer(self, len);
	timeline_response(&self->timeline);
	if (self->recorder)
		recorder_add_response(self->recorder, line, len, is_status_line(line, len));
	if (!end_of_head)
		return len;
	curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &http_status);
	/* Newer versions of libcurl also report an empty line that comes before the status line, before they
	 * refuse it. */
	if (http_status == 0 || (http_status >= 100 && http_status < 200))
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
	/* libcurl may have passed on bytes that it kept during the pause, and these may be too many. */
	if (heap_holds(&self->paused))
		return DECODER_LATER;
	/* If libcurl has finished the transfer during the pause, the handle has no connection, which libcurl
	 * reports as a bad argument. A message with its result will come. */
	if (code == CURLE_OK || code == CURLE_BAD_FUNCTION_ARGUMENT)
		return DECODER_DONE;
	self->abort_code = code;
	return DECODER_STOPPED;
}

bool transfer_holds_end(struct transfer *self, CURLcode code)
{
	self->has_ended = code == CURLE_OK && heap_holds(&self->paused);
	return self->has_ended;
}

void transfer_evict(struct transfer *self)
{
	_Static_assert(DECODER_STALL_MS == 1000, "the text says 1 s");
	transfer_record_end(
	    self, END_EVICTED, "stood still for 1 s while others waited for the memory that it takes");
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
		if (!self->has_ended)
			return resume_receiving(self);
		self->abort_code = CURLE_OK;
		return DECODER_STOPPED;
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
	if (transfer_is_late(self) || len == 0)
		return refuse(len);
	if (!self->has_head) {
		transfer_record_end(self, END_NO_HEAD, "a body came without a head");
		return refuse(len);
	}
	if (self->want == FETCH_BODY)
		return decode_body(self, bytes, len) ? len : refuse(len);
	self->drained_bytes += len;
	return self->drained_bytes > DRAIN_MAX ? refuse(len) : len;
}

/* Returns true if the request may be sent now; if not, records that as the end. libcurl repeats a request
 * that the server did not process up to five times, without a pause. One repetition is allowed, because an
 * idle connection may be closed at the moment of the request. A request on a new connection needs none. */
static bool allow_request(struct transfer *self)
{
	if (self->sent_requests < (self->has_new_connection ? 1 : 2))
		return true;
	transfer_record_end(self, END_REFUSED, "the server does not process the request");
	return false;
}

/* libcurl calls this before it connects to an address. The check of the address is made here, so that neither
 * a redirect nor a name server can lead to one that is forbidden. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *self = ctx;
	(void)purpose;
	if (!allow_request(self))
		return CURL_SOCKET_BAD;
	const struct options *options = self->common->settings->options;
	/* Newer versions of libcurl apply CURLOPT_IPRESOLVE only to addresses that a name has. */
	if (options->ipv4 != options->ipv6 && options->ipv6 != (address->family == AF_INET6))
		return CURL_SOCKET_BAD;
	struct own_networks *own = &self->common->own_networks;
	if (options->public_only &&
	    (!address_is_public(&address->addr) || own_networks_contain(own, &address->addr))) {
		address_text(&address->addr, self->refused_address, sizeof self->refused_address);
		return CURL_SOCKET_BAD;
	}
	self->has_allowed_address = self->has_opened_socket = true;
	curl_socket_t descriptor = socket(address->family, address->socktype, address->protocol);
	if (descriptor == CURL_SOCKET_BAD) {
		self->socket_error = errno;
		return descriptor;
	}
	timeline_socket(&self->timeline);
	self->sockets[address->family == AF_INET6] = descriptor;
	self->common->descriptors.open++;
	if (address->socktype == SOCK_STREAM)
		watchdog_add(descriptor);
	return descriptor;
}

static int on_close_socket(void *ctx, curl_socket_t descriptor)
{
	struct transfers *common = ctx;
	common->descriptors.open--;
	leftovers_remove(&common->leftovers, descriptor);
	watchdog_remove(descriptor);
	return close(descriptor);
}

/* Returns true if nothing was left on the connection; if something was, records that as the end. Bytes of TLS
 * may belong to the protocol itself, so they are not looked at. */
static bool is_clean_connection(struct transfer *self, const char *own_address, int own_port)
{
	struct leftovers *leftovers = &self->common->leftovers;
	if (self->is_tls)
		return true;
	if (self->has_opened_socket) {
		leftovers_add(leftovers, self->sockets[strchr(own_address, ':') != NULL], own_port);
		return true;
	}
	if (!leftovers_exist(leftovers, own_port))
		return true;
	transfer_record_end(self, END_LEFTOVERS, "bytes came before the request");
	return false;
}

/* libcurl calls this when it has a connection, before it sends the request. */
static int on_connected(void *ctx, char *address, char *own_address, int port, int own_port)
{
	struct transfer *self = ctx;
	(void)port;
	transfer_set_connecting(self, false);
	if (!allow_request(self) || !is_clean_connection(self, own_address, own_port))
		return CURL_PREREQFUNC_ABORT;
	/* libcurl stores only its first message, which here is that of an attempt over UDP. */
	if (self->tries_http3 && self->error[0])
		strcpy(self->error, "libcurl gives no details after an attempt over HTTP/3");
	self->sent_requests++;
	timeline_request(&self->timeline);
	if (self->recorder)
		recorder_connected(self->recorder, address, own_port);
	return CURL_PREREQFUNC_OK;
}

/* libcurl reports the bytes of a request that were sent. If it cannot send a long head at once, it reports
 * the rest as data. */
static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t len, void *ctx)
{
	struct transfer *self = ctx;
	(void)easy;
	if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT)
		recorder_add_request(self->recorder, bytes, len);
	/* A server may answer before the transfer has to wait for it (see transfer_record_reading). */
	if (type == CURLINFO_SSL_DATA_OUT)
		timeline_handshake(&self->timeline);
	return 0;
}

/* Only with VERBOSE does libcurl tell what it sends. It then also composes messages, which costs time. */
static void set_recorder(struct transfer *self)
{
	set(self->easy, CURLOPT_VERBOSE, 1L);
	set(self->easy, CURLOPT_DEBUGFUNCTION, on_debug);
	set(self->easy, CURLOPT_DEBUGDATA, self);
	recorder_begin(self->recorder);
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
	set(easy, CURLOPT_CLOSESOCKETDATA, self->common);
	set(easy, CURLOPT_PREREQFUNCTION, on_connected);
	set(easy, CURLOPT_PREREQDATA, self);
}

struct transfer *transfer_new(struct transfers *common)
{
	struct transfer *self = alloc_new(sizeof *self);
	self->common = common;
	self->decoder = decoder_new(&common->decoding);
	self->recorder = common->settings->options->har ? recorder_new() : NULL;
	return self;
}

static void drop_handle(struct transfer *self)
{
	curl_easy_cleanup(self->easy);
	setup_lists_free(&self->lists);
	self->easy = NULL;
}

void transfer_free(struct transfer *self)
{
	if (!self)
		return;
	drop_handle(self);
	decoder_free(self->decoder);
	recorder_free(self->recorder);
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
	self->has_opened_socket = false;
	self->is_head = request->is_head;
	self->is_tls = strncmp(request->url, "https:", 6) == 0;
	self->tries_http3 = self->common->settings->options->http3 && self->is_tls && !request->needs_http1 &&
	                    !request->avoids_http3;
	self->waited_ms = request->waited_ms;
	self->timeout_ms = setup_remaining_ms(request->timeout_ms, request->waited_ms);
	self->deadline_ms = self->timeout_ms ? clock_now_ms() + self->timeout_ms : CLOCK_NEVER;
	self->error[0] = self->reason[0] = self->refused_address[0] = '\0';
	timeline_begin(&self->timeline, strncmp(request->url, "https:", 6) == 0,
	    self->common->settings->proxied && !request->addresses);
	transfer_set_connecting(self, true);
	set_callbacks(self);
	if (self->recorder)
		set_recorder(self);
	self->lists = setup_handle(
	    self->easy, self->common->settings, self->common->shares, request, no_idle_connection);
	return true;
}

CURL *transfer_handle(struct transfer *self)
{
	return self->easy;
}

static bool is_tcp(curl_socket_t descriptor)
{
	int type = 0;
	socklen_t len = sizeof type;
	return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

void transfer_record_reading(struct transfer *self, curl_socket_t descriptor)
{
	if (!self->tries_http3 || is_tcp(descriptor))
		timeline_handshake(&self->timeline);
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
