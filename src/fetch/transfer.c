#include "fetch/transfer.h"

#include "base/address.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "fetch/answer.h"
#include "fetch/decode.h"
#include "fetch/failure.h"
#include "fetch/headers.h"
#include "fetch/names.h"
#include "fetch/watchdog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An unwanted body up to this size is read to its end: cheaper than a new connection. */
enum { DRAIN_MAX = 64 * 1024 };

/* … within this time. */
enum { DRAIN_MS = 1000 };

/* libcurl limits a head, but not the header lines behind a chunked body. */
enum { TRAILERS_MAX = 64 * 1024 };

/* Where a transfer has no total limit, one that stands still is still ended. */
enum { STILL_SECONDS = 60 };

/* An option that is not set is a promise not kept, be it of memory or of the way that libcurl was built. */
#define set(easy, option, value) must(curl_easy_setopt(easy, option, value))

static void must(CURLcode code)
{
	if (code == CURLE_OK)
		return;
	if (code == CURLE_OUT_OF_MEMORY)
		alloc_fail();
	log_error("libcurl refuses an option: %s", curl_easy_strerror(code));
	exit(status_exit_code(STATUS_LIBRARY));
}

struct transfer {
	CURL *easy;
	const struct options *options;
	const struct fetch_handlers *handlers;
	struct headers headers;
	void *job;
	size_t place;
	struct heap *draining;
	struct heap_node drain;
	struct curl_slist *resolve;     /* the host's addresses, in libcurl's form */
	int64_t waited_ms;              /* for them; -1: not at all */
	int64_t late_at;                /* monotonic ms: the end of its time */
	bool looked_up;                 /* … which were found by us */
	char refused[INET6_ADDRSTRLEN]; /* an address that the options forbid to connect to; "": none */
	int socket_error;               /* why there was no socket; 0: there was */
	bool allowed;                   /* there was another one */
	bool head_seen;
	enum fetch_want want;
	bool enough;        /* a handler or the drain limit stopped it */
	const char *broken; /* why the answer is none, where libcurl would take it */
	struct decoder *decoder;
	bool undecodable; /* decoder_problem says why */
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
	return self->handlers->head(self->handlers->ctx, self->job, &head);
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
	return self->handlers->body(self->handlers->ctx, self->job, bytes, len);
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

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
	struct transfer *self = ctx;
	size_t len = size * count;
	bool end_of_head = len <= 2 && (line[0] == '\r' || line[0] == '\n');
	long http_status = 0;
	if (is_late(self))
		return len ? 0 : 1;
	if (self->head_seen)
		return on_trailer(self, len);
	if (!end_of_head)
		return len;
	curl_easy_getinfo(self->easy, CURLINFO_RESPONSE_CODE, &http_status);
	if (http_status >= 100 && http_status < 200)
		return len;
	self->head_seen = true;
	self->broken = answer_length_problem(self->easy);
	if (self->broken)
		return stop(self, len);
	self->want = ask_handler(self, http_status);
	if (self->want == FETCH_DRAIN)
		heap_put(self->draining, &self->drain, (uint64_t)clock_now_ms() + DRAIN_MS, self);
	self->undecodable = self->want == FETCH_BODY && !begin_decoding(self);
	return self->want == FETCH_STOP || self->undecodable ? stop(self, len) : len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *self = ctx;
	size_t len = size * count;
	if (is_late(self))
		return len ? 0 : 1;
	if (self->want == FETCH_BODY) {
		bool good = decoder_feed(self->decoder, bytes, len);
		self->undecodable = !good && decoder_problem(self->decoder);
		return good ? len : stop(self, len);
	}
	self->drained += len;
	return self->drained > DRAIN_MAX ? stop(self, len) : len;
}

/* libcurl keeps the parsed CA file from one connection to the next only where no CA folder is set; parsing it
 * anew costs more than ten times as much as the rest of a handshake. */
static void use_one_ca_file(CURL *easy)
{
	const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
	if (version->age >= CURLVERSION_SEVENTH && version->cainfo && access(version->cainfo, R_OK) == 0)
		set(easy, CURLOPT_CAPATH, NULL);
}

/* Called with each address before it is connected to, so nothing leads around it: no redirect, no name
 * server. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *self = ctx;
	(void)purpose;
	if (self->options->public_only && !address_is_public(&address->addr)) {
		address_text(&address->addr, self->refused, sizeof self->refused);
		return CURL_SOCKET_BAD;
	}
	self->allowed = true;
	curl_socket_t descriptor = socket(address->family, address->socktype, address->protocol);
	if (descriptor != CURL_SOCKET_BAD)
		watchdog_open(descriptor);
	else
		self->socket_error = errno;
	return descriptor;
}

static int on_close_socket(void *ctx, curl_socket_t descriptor)
{
	(void)ctx;
	watchdog_close(descriptor);
	return close(descriptor);
}

static void set_user_options(struct transfer *self)
{
	const struct options *options = self->options;
	CURL *easy = self->easy;
	headers_init(&self->headers, options);
	set(easy, CURLOPT_USERAGENT, options->user_agent);
	/* A proxy would choose the address itself. */
	if (options->proxy || options->public_only)
		set(easy, CURLOPT_PROXY, options->public_only ? "" : options->proxy);
	if (options->cacert)
		set(easy, CURLOPT_CAINFO, options->cacert);
	use_one_ca_file(easy);
	set(easy, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L);
	set(easy, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L);
	if (options->ipv4 != options->ipv6)
		set(easy, CURLOPT_IPRESOLVE,
		    options->ipv4 ? (long)CURL_IPRESOLVE_V4 : (long)CURL_IPRESOLVE_V6);
}

static void set_constant_options(struct transfer *self)
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
	/* Without it every turn of the loop changes signal handlers; a name lookup that outlives its time-out
	 * would be waited for without the second. */
	set(easy, CURLOPT_NOSIGNAL, 1L);
	set(easy, CURLOPT_QUICK_EXIT, 1L);
	set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* Where it was built without, HTTP/1.1 does as well. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* The URL is normalised already. */
	set(easy, CURLOPT_PATH_AS_IS, 1L);
	set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	/* libcurl walks through all it remembers at each lookup. */
	set(easy, CURLOPT_DNS_CACHE_TIMEOUT, 10L);
	/* The cookie engine is on, for servers that answer a first visit with a cookie and a redirect to the
	 * same page. */
	set(easy, CURLOPT_COOKIEFILE, "");
}

struct transfer *transfer_new(const struct options *options, CURLSH *share,
    const struct fetch_handlers *handlers, struct heap *draining)
{
	struct transfer *self = alloc_new(sizeof *self);
	self->options = options;
	self->handlers = handlers;
	self->draining = draining;
	self->decoder = decoder_new();
	self->easy = curl_easy_init();
	if (!self->easy) {
		log_error("libcurl gives no handle");
		decoder_free(self->decoder);
		free(self);
		return NULL;
	}
	set_constant_options(self);
	set_user_options(self);
	if (share)
		set(self->easy, CURLOPT_SHARE, share);
	return self;
}

void transfer_free(struct transfer *self)
{
	if (!self)
		return;
	curl_easy_cleanup(self->easy);
	headers_release(&self->headers);
	curl_slist_free_all(self->resolve);
	decoder_free(self->decoder);
	free(self);
}

/* libcurl takes "+host:port:addresses": known, but not for ever. */
static void set_addresses(struct transfer *self, const struct fetch_request *request)
{
	struct buf line;
	curl_slist_free_all(self->resolve);
	self->resolve = NULL;
	self->looked_up = request->addresses != NULL;
	if (request->addresses) {
		struct slice host = names_host(request->url);
		const char *behind = host.data + host.len;
		bool tls = strncmp(request->url, "https:", 6) == 0;
		size_t port_len = *behind == ':' ? strcspn(behind + 1, "/?#") : 0;
		buf_init(&line, SIZE_MAX / 2);
		buf_append_byte(&line, '+');
		buf_append(&line, host.data, host.len);
		buf_append_byte(&line, ':');
		if (port_len)
			buf_append(&line, behind + 1, port_len);
		else
			buf_append_text(&line, tls ? "443" : "80");
		buf_append_byte(&line, ':');
		buf_append_text(&line, request->addresses);
		headers_add(&self->resolve, line.data);
		buf_release(&line);
	}
	set(self->easy, CURLOPT_RESOLVE, self->resolve);
}

static void set_credentials(CURL *easy, const char *credentials)
{
	char *user = NULL, *password = NULL;
	if (credentials) {
		size_t user_len = strcspn(credentials, ":");
		const char *behind = credentials + user_len + (credentials[user_len] == ':');
		user = user_len ? curl_easy_unescape(easy, credentials, (int)user_len, NULL) : NULL;
		password = curl_easy_unescape(easy, behind, 0, NULL);
		if ((user_len && !user) || !password)
			alloc_fail();
	}
	set(easy, CURLOPT_USERNAME, credentials && !user ? "" : user);
	set(easy, CURLOPT_PASSWORD, password);
	curl_free(user);
	curl_free(password);
}

/* What is left of a limit of time; never 0, which would mean none. */
static long left_ms(int64_t limit_ms, int64_t waited_ms)
{
	if (limit_ms == 0)
		return 0;
	if (waited_ms < 0)
		return (long)limit_ms;
	return limit_ms > waited_ms ? (long)(limit_ms - waited_ms) : 1;
}

void transfer_prepare(struct transfer *self, const struct fetch_request *request)
{
	CURL *easy = self->easy;
	self->job = request->job;
	self->head_seen = false;
	self->want = FETCH_DRAIN;
	self->enough = self->undecodable = false;
	self->drained = 0;
	self->trailer_len = 0;
	self->broken = NULL;
	self->allowed = false;
	self->socket_error = 0;
	self->waited_ms = request->waited_ms;
	self->late_at = CLOCK_NEVER;
	if (request->timeout_ms)
		self->late_at = clock_now_ms() + left_ms(request->timeout_ms, request->waited_ms);
	self->error[0] = self->reason[0] = self->refused[0] = '\0';

	set(easy, CURLOPT_URL, request->url);
	set_addresses(self, request);
	set_credentials(easy, request->credentials);
	set(easy, CURLOPT_HTTPHEADER, request->foreign ? self->headers.foreign : self->headers.own);
	set(easy, CURLOPT_TIMEOUT_MS, left_ms(request->timeout_ms, request->waited_ms));
	curl_easy_setopt(
	    easy, CURLOPT_CONNECTTIMEOUT_MS, left_ms(self->options->connect_timeout_ms, request->waited_ms));
	set(easy, CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
	set(easy, CURLOPT_LOW_SPEED_TIME, request->timeout_ms ? 0L : (long)STILL_SECONDS);
	/* Over TLS the first connection tells whether the host speaks HTTP/2, so others wait for it; over
	 * plain HTTP they would wait for a whole answer. */
	set(easy, CURLOPT_PIPEWAIT, strncmp(request->url, "https:", 6) == 0 ? 1L : 0L);
	set(easy, CURLOPT_COOKIELIST, "ALL");
	for (const struct curl_slist *cookie = request->cookies; cookie; cookie = cookie->next)
		set(easy, CURLOPT_COOKIELIST, cookie->data);
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

/* The server did not begin with the request: its connection had died, or it refused the stream (RFC 9113,
 * section 8.7). libcurl tries again by itself, but only five times in the life of a handle, and not where a
 * GOAWAY leaves the connection with nothing to do: then it has no words of its own. */
static bool is_unprocessed(const struct transfer *self, CURLcode code)
{
	if (code == CURLE_HTTP2)
		return !self->head_seen && self->error[0] == '\0';
	return (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) &&
	       strncmp(self->error, "Connection died", 15) == 0;
}

/* What the end means where the answer did not end well. */
static void describe_failure(struct transfer *self, CURLcode code, struct fetch_result *result)
{
	if (is_late(self))
		code = CURLE_OPERATION_TIMEDOUT;
	struct failure failure =
	    failure_describe(self->easy, code, self->error, self->options, self->reason, sizeof self->reason);
	result->stage = failure.stage;
	result->transient = failure.transient;
	result->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	result->stale = is_unprocessed(self, code);
	result->reason = self->reason;
	bool unconnected = code == CURLE_COULDNT_CONNECT;
	if (unconnected && self->socket_error) {
		result->stage = STAGE_LOCAL;
		snprintf(self->reason, sizeof self->reason, "local work failed: no socket: %s",
		    strerror(self->socket_error));
	} else if (unconnected && self->refused[0] && !self->allowed) {
		result->stage = STAGE_POLICY;
		result->transient = false;
		snprintf(self->reason, sizeof self->reason, "%s is not a public address (--public-only)",
		    self->refused);
	}
}

struct fetch_result transfer_result(struct transfer *self, CURLcode code)
{
	struct fetch_result result = {.retry_after_ms = -1, .stage = STAGE_RECEIVE};
	heap_remove(&self->drain);
	result.phases = answer_phases(self->easy, self->waited_ms, self->looked_up);
	result.wire_bytes = answer_wire_bytes(self->easy);
	if (code == CURLE_ABORTED_BY_CALLBACK) {
		result.interrupted = true;
		result.stage = STAGE_LOCAL;
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
	if (self->undecodable || cut_short) {
		result.stage = STAGE_DECODE;
		result.transient = cut_short;
		snprintf(
		    self->reason, sizeof self->reason, "decode failed: %s", decoder_problem(self->decoder));
		result.reason = self->reason;
	} else if (self->broken) {
		result.transient = !self->head_seen;
		snprintf(self->reason, sizeof self->reason, "receive failed: %s", self->broken);
		result.reason = self->reason;
	} else if (code == CURLE_OK || unwanted) {
		result.complete = self->want != FETCH_STOP;
		result.stopped = self->want == FETCH_STOP;
		result.retry_after_ms = answer_retry_after_ms(self->easy);
	} else if (self->enough) {
		result.stopped = true;
	} else {
		describe_failure(self, code, &result);
	}
	return result;
}

struct fetch_result fetch_interrupted(void)
{
	return (struct fetch_result){.interrupted = true,
	    .retry_after_ms = -1,
	    .stage = STAGE_LOCAL,
	    .phases = {-1, -1, -1, -1, -1, -1}};
}

void fetch_cookies_free(struct curl_slist *cookies)
{
	curl_slist_free_all(cookies);
}
