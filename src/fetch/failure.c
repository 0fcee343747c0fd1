#include "fetch/failure.h"

#include "fetch/watchdog.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Some codes say themselves which stage has failed. */
static enum outcome_stage stage_of(CURLcode code, enum outcome_stage reached)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return STAGE_RESOLVE;
	case CURLE_COULDNT_CONNECT:
	case CURLE_QUIC_CONNECT_ERROR:
	case CURLE_PROXY:
		return STAGE_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return STAGE_TLS;
	case CURLE_BAD_CONTENT_ENCODING:
		return STAGE_DECODE;
	case CURLE_SEND_ERROR:
		return STAGE_SEND;
	case CURLE_FAILED_INIT:
	case CURLE_INTERFACE_FAILED:
		return STAGE_LOCAL;
	case CURLE_GOT_NOTHING:
		return STAGE_WAIT;
	/* What came does not begin like a response. */
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_OUT_OF_MEMORY:
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:
#endif
		return STAGE_RECEIVE;
	default:
		return reached;
	}
}

static enum cause cause_of_timeout(enum outcome_stage stage)
{
	switch (stage) {
	case STAGE_RESOLVE:
		return CAUSE_NAME_TIMEOUT;
	case STAGE_CONNECT:
		return CAUSE_CONNECT_TIMEOUT;
	case STAGE_TLS:
		return CAUSE_TLS_TIMEOUT;
	case STAGE_RECEIVE:
		return CAUSE_RECEIVE_TIMEOUT;
	default:
		return CAUSE_ANSWER_TIMEOUT;
	}
}

static long os_error_of(CURL *easy)
{
	long os_error = 0;
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
	return os_error;
}

/* CURLINFO_SSL_VERIFYRESULT is the result of OpenSSL (x509_vfy.h), with its numbers. */
static enum cause cause_of_certificate(CURL *easy)
{
	enum {
		OK,
		UNSPECIFIED,
		NO_ISSUER,
		EARLY = 9,
		EXPIRED,
		SELF_SIGNED = 18,
		SELF_SIGNED_CHAIN,
		NO_LOCAL_ISSUER,
		NO_SIGNATURE
	};
	long result = OK;
	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
	switch (result) {
	case OK:
	case UNSPECIFIED:
		/* The certificate chain is good or was not checked yet, so libcurl's own check of the host
		 * name has failed. */
		return CAUSE_CERTIFICATE_NAME;
	case EARLY:
		return CAUSE_CERTIFICATE_EARLY;
	case EXPIRED:
		return CAUSE_CERTIFICATE_EXPIRED;
	case NO_ISSUER:
	case SELF_SIGNED:
	case SELF_SIGNED_CHAIN:
	case NO_LOCAL_ISSUER:
	case NO_SIGNATURE:
		return CAUSE_CERTIFICATE_ISSUER;
	default:
		return CAUSE_CERTIFICATE;
	}
}

static enum cause cause_of(CURL *easy, CURLcode code, enum outcome_stage stage)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return cause_of_timeout(stage);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return CAUSE_NAME_LOOKUP;
	case CURLE_COULDNT_CONNECT:
		return os_error_of(easy) == ECONNREFUSED ? CAUSE_REFUSED : CAUSE_CONNECT;
	case CURLE_QUIC_CONNECT_ERROR:
	case CURLE_PROXY:
		return CAUSE_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
		return CAUSE_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
		return cause_of_certificate(easy);
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return CAUSE_CERTIFICATE;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_HTTP3:
		return CAUSE_CONNECTION_BROKEN;
	case CURLE_BAD_CONTENT_ENCODING:
		return CAUSE_DECODE;
	case CURLE_FAILED_INIT:
	case CURLE_INTERFACE_FAILED:
		return CAUSE_LOCAL;
	default:
		return CAUSE_ANSWER_INVALID;
	}
}

static const char *stage_phrase(enum outcome_stage stage)
{
	switch (stage) {
	case STAGE_RESOLVE:
		return "name lookup";
	case STAGE_TLS:
		return "TLS handshake";
	case STAGE_WAIT:
		return "waiting for the answer";
	case STAGE_LOCAL:
		return "local work";
	default:
		return outcome_stage_text(stage);
	}
}

static void describe_timeout(
    CURL *easy, enum outcome_stage stage, int64_t limit_ms, char *reason, size_t size)
{
	if (limit_ms <= 0) {
		snprintf(reason, size, "%s stood still for too long", stage_phrase(stage));
		return;
	}
	int n =
	    snprintf(reason, size, "%s timed out after %g s", stage_phrase(stage), (double)limit_ms / 1000);
	curl_off_t bytes = 0;
	curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
	if (stage == STAGE_RECEIVE && n > 0 && (size_t)n < size)
		snprintf(reason + n, size - (size_t)n, " with %lld byte%s read", (long long)bytes,
		    bytes == 1 ? "" : "s");
}

/* Returns the clearest description that there is: our own for errors that libcurl describes badly, else the
 * message of the operating system's error, else libcurl's message. */
static const char *error_detail(CURL *easy, CURLcode code, const char *error)
{
	long os_error = 0;
	/* libcurl returns this code for a header line that is longer than it accepts. */
	if (code == CURLE_OUT_OF_MEMORY)
		return "a line of the answer's head is too long";
#if LIBCURL_VERSION_NUM >= 0x080600
	if (code == CURLE_TOO_LARGE)
		return "the answer's head or trailers are too long";
#endif
	/* libcurl returns this code for a folded line at the beginning of a header. */
	if (code == CURLE_BAD_FUNCTION_ARGUMENT)
		return "the answer's head begins with a folded line";
	if (code == CURLE_GOT_NOTHING)
		return "the server closed the connection without an answer";
	if (code == CURLE_HTTP2 && !error[0])
		return "the server does not process the request";
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR)
		os_error = os_error_of(easy);
	if (os_error != 0 && os_error != EINPROGRESS && os_error != EAGAIN)
		return strerror((int)os_error);
	return error[0] ? error : curl_easy_strerror(code);
}

/* Without this check, a lack of file descriptors would look like a fault of the site: a connection that
 * cannot be opened, or a name that cannot be looked up. */
static bool is_out_of_descriptors(CURL *easy)
{
	long os_error = os_error_of(easy);
	return os_error == EMFILE || os_error == ENFILE;
}

/* Returns true if the watchdog shut down the connection. libcurl only reports that it was closed. */
static bool was_shut_down(CURL *easy)
{
	long port = 0;
	curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port);
	return port > 0 && watchdog_has_shut_down(port);
}

struct failure failure_describe(CURL *easy, CURLcode code, enum outcome_stage reached, const char *error,
    const struct options *options, char *reason, size_t size)
{
	struct failure failure = {.stage = stage_of(code, reached)};
	failure.cause = cause_of(easy, code, failure.stage);
	if (is_out_of_descriptors(easy)) {
		snprintf(reason, size, "local work failed: %s (see ulimit -n)", strerror(EMFILE));
		return (struct failure){.stage = STAGE_LOCAL, .cause = CAUSE_NO_SOCKET};
	}
	/* If a server sends control frames and does not read the answers to them, the connection takes no
	 * more answers at some time. libcurl 7.88 then fails without a message, since the system has reported
	 * no error. */
	bool is_flooded = code == CURLE_SEND_ERROR && !error[0] && os_error_of(easy) == 0;
	if (is_flooded || was_shut_down(easy)) {
		failure = (struct failure){.stage = reached, .cause = CAUSE_ENDLESS_FRAMES};
		snprintf(reason, size, "%s failed: the server sends HTTP/2 frames without end",
		    stage_phrase(failure.stage));
		return failure;
	}
	if (code == CURLE_OPERATION_TIMEDOUT) {
		bool connecting = failure.stage == STAGE_RESOLVE || failure.stage == STAGE_CONNECT ||
		                  failure.stage == STAGE_TLS;
		int64_t limit = options->timeout_ms;
		if (connecting && (limit == 0 || options->connect_timeout_ms < limit))
			limit = options->connect_timeout_ms;
		describe_timeout(easy, failure.stage, limit, reason, size);
		return failure;
	}
	int n = snprintf(reason, size, "%s failed: ", stage_phrase(failure.stage));
	if (n > 0 && (size_t)n < size)
		snprintf(reason + n, size - (size_t)n, "%s", error_detail(easy, code, error));
	return failure;
}

bool failure_is_unprocessed(CURLcode code, const char *error, bool has_head)
{
	/* libcurl repeats such a request by itself, but at most five times, and then its message begins with
	 * "Connection died". It does not repeat it if a GOAWAY frame left the connection without any stream;
	 * then it reports CURLE_HTTP2 without a message. */
	if (code == CURLE_HTTP2)
		return !has_head && error[0] == '\0';
	return (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) &&
	       strncmp(error, "Connection died", 15) == 0;
}
