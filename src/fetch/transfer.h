/* One slot of the loop: it fetches one address after the other, each with an easy handle of its own. A handle
 * that is used again keeps more than its options: libcurl 7.88 writes to memory of the answer before where
 * the head of an answer begins with a folded line, gives up after the fifth connection that had died, sends
 * no cookies after the fiftieth, and cookies of one origin to another after a Host header. */
#ifndef AREQ_FETCH_TRANSFER_H
#define AREQ_FETCH_TRANSFER_H

#include "base/heap.h"
#include "base/options.h"
#include "base/outcome.h"
#include "fetch/decode.h"
#include "fetch/descriptors.h"
#include "fetch/own_networks.h"
#include "fetch/settings.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is to be fetched: one address, one try, no redirects followed. */
struct fetch_request {
	const char *url; /* absolute, http or https, normalised, without credentials; borrowed until done */
	const char *credentials;    /* "user:password", each percent-encoded, for basic authentication; NULL:
	                             * none;    borrowed likewise */
	int64_t timeout_ms;         /* for all of it; 0: none */
	bool fresh;                 /* not over a connection that was used before */
	bool foreign;               /* a redirect led away from the origin that the user named */
	struct curl_slist *cookies; /* that an earlier answer of the same job set (see fetch_result); borrowed
	                             * likewise */
	const char *addresses;      /* of the URL's host: "192.0.2.1,[2001:db8::1]"; NULL: libcurl finds them;
	                             * borrowed      for the call that takes it */
	int64_t
	    waited_ms; /* of all limits of time, waiting for the addresses took so much; -1: there was none */
	void *job;     /* the caller's own; handed back with everything that happens */
};

/* What the head of a final (not 1xx) answer says. Borrowed for the call. */
struct fetch_head {
	long http_status;
	const char *content_type; /* the raw header value; NULL: none */
	const char *location;     /* the raw header value; NULL: none */
};

enum fetch_want {
	FETCH_BODY,  /* give me the body */
	FETCH_DRAIN, /* I do not want it; read it to keep the connection where that is cheap */
	FETCH_STOP   /* I do not want it; close */
};

/* How one try ended. Borrowed for the call. */
struct fetch_result {
	bool complete;    /* an answer came, and all of the body that was wanted; else the try failed: */
	bool stopped;     /* … because a handler did not want more */
	bool interrupted; /* … because the run was stopped */
	bool timed_out;   /* … because a limit of time had passed */
	bool stale;       /* … on connections that were closed meanwhile: the host did not begin with it */
	enum outcome_stage stage; /* how far it got */
	enum cause cause;         /* why it failed; CAUSE_NONE where it did not, or was stopped */
	const char
	    *reason; /* why it failed, in words that name the stage; NULL where it did not, or was stopped */
	long http_status;         /* 0: no answer */
	const char *http_version; /* constant, as "HTTP/1.1"; NULL: no answer */
	const char *content_type; /* raw header; NULL: none */
	struct phases phases;     /* all but queued */
	uint64_t wire_bytes;
	int64_t retry_after_ms;     /* what the answer's Retry-After asks for; -1: nothing */
	struct curl_slist *cookies; /* that the job may need at its next address; the taker sets this to NULL
	                             * and frees them with fetch_cookies_free */
};

/* What happens to jobs. Nothing in them may block. */
struct fetch_handlers {
	void *ctx;
	/* Where libcurl repeats a request by itself, a job has several heads: whatever came before the last
	 * one is void. */
	enum fetch_want (*head)(void *ctx, void *job, const struct fetch_head *head);
	/* Bytes of the body, decompressed, at most 16 KiB. False: no more is wanted, the try ends as
	 * stopped. */
	bool (*body)(void *ctx, void *job, const char *bytes, size_t len);
};

struct shares;

/* What the transfers of a loop have in common. */
struct transfers {
	const struct settings *settings; /* borrowed, as the next two */
	const struct shares *shares;
	const struct fetch_handlers *handlers;
	struct own_networks own_networks;
	struct descriptors descriptors; /* counts what transfers take of them, and their connections */
	struct decoder_limits decoding; /* its until_us is set for each turn of the loop */
	struct heap paused; /* transfers with bytes that are not decoded yet, those that wait longest first */
	uint64_t pauses;    /* so many there were */
	/* Transfers to take out of the loop, with transfer_code, since libcurl does not end them, by the
	 * moment to do so (monotonic ms). */
	struct heap ending;
};

struct transfer;

/* common is borrowed and outlives it, and its descriptors outlive its connections, too. Free with
 * transfer_free. */
struct transfer *transfer_new(struct transfers *common);
void transfer_free(struct transfer *self);

/* Makes a handle for the request. The handle's private pointer is the transfer. none_free: see setup_handle.
 * False where libcurl gives no handle; it was logged. */
bool transfer_prepare(struct transfer *self, const struct fetch_request *request, bool none_free);

/* Until it is prepared again. */
CURL *transfer_handle(struct transfer *self);

/* Where its owner keeps it in a list. */
size_t transfer_place(const struct transfer *self);
void transfer_set_place(struct transfer *self, size_t place);

void *transfer_job(const struct transfer *self);

/* For one that is paused: works on what came in before. DECODER_DONE: libcurl goes on with it.
 * DECODER_STOPPED: it is to be taken out of the loop, with transfer_code. */
enum decoder_result transfer_resume(struct transfer *self);

/* It is to be taken out, for its decoder stands still and others wait for the memory that it has. */
void transfer_evict(struct transfer *self);

/* The code to take it out with: for one of the ending, after transfer_evict and after DECODER_STOPPED. */
CURLcode transfer_code(const struct transfer *self);

/* What the result is, once the multi handle is done with it; CURLE_ABORTED_BY_CALLBACK: it was taken out,
 * since the run is stopped. The result's texts live in the transfer until it is prepared again. */
struct fetch_result transfer_result(struct transfer *self, CURLcode code);

static inline void fetch_cookies_free(struct curl_slist *cookies)
{
	curl_slist_free_all(cookies);
}

#endif
