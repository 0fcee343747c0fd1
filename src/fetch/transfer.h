/* A slot of the event loop. It runs one transfer after the other, and makes a new easy handle for each. A
 * handle is not reused, because it keeps more than its options. With a reused handle, libcurl 7.88 writes
 * to memory of the previous response if a header begins with a folded line; gives up after the fifth
 * connection that had been closed; sends no further cookies after the fiftieth cookie; and, after a Host
 * header, sends cookies of one origin to another.
 *
 *	transfer_new -> transfer_prepare -> the owner adds the handle to its multi handle
 *	             -> libcurl finishes it, or the owner removes it -> transfer_result
 *	             -> transfer_prepare for the next request, or transfer_free */
#ifndef AREQ_FETCH_TRANSFER_H
#define AREQ_FETCH_TRANSFER_H

#include "base/exchange.h"
#include "base/heap.h"
#include "base/options.h"
#include "base/outcome.h"
#include "base/slice.h"
#include "base/validators.h"
#include "fetch/decode.h"
#include "fetch/descriptors.h"
#include "fetch/leftovers.h"
#include "fetch/own_networks.h"
#include "fetch/settings.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One try to fetch one URL. Redirects are not followed. All texts but addresses are borrowed until the try
 * has ended. */
struct fetch_request {
	const char *url; /* absolute, http or https, normalised, without credentials */
	/* "user:password" for basic authentication, both percent-encoded; NULL if there are none. */
	const char *credentials;
	int64_t timeout_ms;        /* the time limit for the whole try; 0 if there is none */
	bool needs_new_connection; /* a new connection must be used */
	bool needs_http1;          /* only HTTP/1.1 may be used */
	bool is_head;              /* the method is HEAD, so that no body comes; else it is GET */
	bool avoids_http3;         /* HTTP/3 must not be used, even if the options ask for it */
	bool left_origin; /* a redirect has led away from the origin of the URL that the user listed */
	/* The cookies that earlier responses to the same job have set (see fetch_result). */
	struct curl_slist *cookies;
	/* The values of the header fields that make the request conditional; NULL for a field that is not
	 * sent. If the user's header lines have one of these fields (headers_name_preconditions), both are
	 * NULL. */
	const char *if_none_match, *if_modified_since;
	/* The addresses of the URL's host, such as "192.0.2.1,[2001:db8::1]"; NULL if libcurl finds them.
	 * Borrowed only for the call that gets the request. */
	const char *addresses;
	/* How long the request has waited for the addresses, in ms; -1 if it did not wait. It counts towards
	 * the time limits. */
	int64_t waited_ms;
	void *job; /* the caller's own; passed to all handlers */
};

enum { FETCH_ROBOTS_TAGS_MAX = 16 };

/* The header of a final response, whose status is not 1xx. Borrowed for the call. */
struct fetch_head {
	long http_status;
	const char *content_type; /* the raw header value; NULL if there is none */
	struct slice location;    /* the raw header value; empty if there is none */
	/* The values of the first fields X-Robots-Tag, if fetch_handlers.wants_robots_tags. */
	struct slice robots_tags[FETCH_ROBOTS_TAGS_MAX];
	size_t robots_tag_count;
};

/* What is to be done with the body of a response. */
enum fetch_want {
	FETCH_BODY,  /* pass the body to the handler */
	FETCH_DRAIN, /* drop the body; read it to its end if it is short, to keep the connection */
	FETCH_STOP   /* drop the body and close the connection, unless the body is known to be short */
};

/* How one try ended. Borrowed for the call. */
struct fetch_result {
	bool complete;    /* a response came, and all of the body that was wanted */
	bool stopped;     /* the try ended because a handler wanted no more of the response */
	bool interrupted; /* the try ended because the run was stopped */
	bool timed_out;   /* the try failed because of a time limit */
	/* The try may be repeated on a new connection: the server has not processed it (see
	 * failure_is_unprocessed), or has not answered it on a connection that was used before, which a
	 * client may do for a GET (RFC 9112, section 9.3.1). */
	bool is_unprocessed;
	/* is_unprocessed: no connection was made over UDP or TCP, and libcurl only tells why UDP failed. A
	 * try that avoids HTTP/3 tells why TCP does. */
	bool hides_tcp_failure;
	bool is_refused; /* is_unprocessed, although the connection was new */
	/* The try failed because of HTTP/2 or HTTP/3, or may have; HTTP/1.1 may work. */
	bool may_need_http1;
	unsigned sent_requests;   /* more than 1 if libcurl repeated the request by itself */
	enum outcome_stage stage; /* how far the try got */
	enum cause cause;         /* why the try failed; CAUSE_NONE if it is complete or stopped */
	/* Why the try failed, naming the stage; NULL if it is complete, stopped or interrupted. */
	const char *reason;
	long http_status;         /* 0 if there was no response */
	const char *http_version; /* a constant such as "HTTP/1.1"; NULL if there was no response */
	const char *content_type; /* the raw header value; NULL if there is none */
	struct phases phases;     /* queued is not set */
	uint64_t wire_bytes;      /* the size of header and body as they were received */
	int64_t retry_after_ms;   /* how long Retry-After asks the client to wait; -1 if it does not */
	/* Of a complete response, if fetch_handlers.wants_validators; else without values. */
	struct validators validators;
	/* What was sent and received; NULL if the options ask for no output that shows it, or if the try
	 * ended before it had a transfer. */
	const struct exchange *exchange;
	/* The cookies that the job may need for its next request. A handler that wants to keep them sets this
	 * to NULL and later frees them with fetch_cookies_free. */
	struct curl_slist *cookies;
};

/* The callbacks for the events of all jobs. They must not block. */
struct fetch_handlers {
	void *ctx;
	bool wants_robots_tags;
	bool wants_validators;
	/* Called with the header of a response. If libcurl repeats a request by itself, it is called again
	 * for the same job, and all that came before is void. */
	enum fetch_want (*head)(void *ctx, void *job, const struct fetch_head *head);
	/* Called with 1 to 16384 bytes of the decoded body. is_gzip_file says, in all calls for a body, that
	 * it is a gzip file by its first bytes, and that the bytes are the content of the file. Returns false
	 * if no more bytes are wanted; the try then ends as stopped. */
	bool (*body)(void *ctx, void *job, const char *bytes, size_t len, bool is_gzip_file);
};

struct shares;

/* What the transfers of a loop have in common. */
struct transfers {
	const struct settings *settings;       /* borrowed */
	const struct shares *shares;           /* borrowed */
	const struct fetch_handlers *handlers; /* borrowed */
	struct own_networks own_networks;
	struct descriptors descriptors; /* the transfers count their sockets here */
	struct leftovers leftovers;     /* of the connections for http URLs */
	struct decoder_limits decoding; /* the loop sets its until_us in each turn */
	struct heap paused;   /* the transfers with bytes that are not decoded yet, the oldest pause first */
	uint64_t pause_count; /* how many pauses there were; the key in paused of the next one */
	/* The transfers that the loop must end with transfer_abort_code, because libcurl does not end them in
	 * time, by the time to do so (monotonic ms). */
	struct heap deadlines;
};

struct transfer;

/* Makes an idle slot. common is borrowed and must outlive the transfer and its connections, which libcurl may
 * keep longer. Free with transfer_free; NULL is allowed there. */
struct transfer *transfer_new(struct transfers *common);
void transfer_free(struct transfer *self);

/* Makes a handle for the request and frees the previous one. The private pointer of the handle is the
 * transfer. For no_idle_connection see setup_handle. Returns false if libcurl cannot make a handle; the error
 * was logged. */
bool transfer_prepare(struct transfer *self, const struct fetch_request *request, bool no_idle_connection);

/* Returns the handle, which is valid until the next transfer_prepare. */
CURL *transfer_handle(struct transfer *self);

/* The transfer waits for bytes from a socket. If it has sent no request and the socket is a TCP one, they are
 * those of the TLS handshake, because until a TCP connection is made, a transfer waits until it may write. A
 * UDP socket says nothing: over QUIC, the connection is made by the bytes that are waited for. */
void transfer_record_reading(struct transfer *self, curl_socket_t descriptor);

/* The index of the transfer in its owner's list, which the owner sets. */
size_t transfer_index(const struct transfer *self);
void transfer_set_index(struct transfer *self, size_t index);

/* Returns the job of the request. */
void *transfer_job(const struct transfer *self);

/* Tells a transfer that libcurl has finished it, with this code. Returns true if it has not decoded all that
 * it has received: it is not over then, and transfer_resume says when it is. libcurl 8 finishes a transfer
 * whose last bytes it has passed on, even if they made the transfer pause. */
bool transfer_holds_end(struct transfer *self, CURLcode code);

/* Continues to decode what a paused transfer has received. Returns DECODER_DONE if libcurl continues to
 * receive, and DECODER_STOPPED if the loop must end the transfer with transfer_abort_code. */
enum decoder_result transfer_resume(struct transfer *self);

/* Marks a transfer whose decoder is stalled and has memory that other decoders wait for. The loop must then
 * end it with transfer_abort_code. */
void transfer_evict(struct transfer *self);

/* Returns the code for transfer_result if the loop ends the transfer: because its deadline in deadlines has
 * come, after transfer_evict, or after transfer_resume returned DECODER_STOPPED. */
CURLcode transfer_abort_code(const struct transfer *self);

/* Returns the result of a transfer that was removed from the multi handle or is finished there. code is
 * libcurl's result; transfer_abort_code if the loop ended the transfer; CURLE_ABORTED_BY_CALLBACK if it did
 * so because the run is stopped. The strings of the result are valid until the next transfer_prepare. */
struct fetch_result transfer_result(struct transfer *self, CURLcode code);

static inline void fetch_cookies_free(struct curl_slist *cookies)
{
	curl_slist_free_all(cookies);
}

#endif
