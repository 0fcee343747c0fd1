/* The outcome of a URL: the record that the ledger passes to the outputs. */
#ifndef AREQ_BASE_OUTCOME_H
#define AREQ_BASE_OUTCOME_H

#include "base/cause.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Each input URL gets exactly one of these. */
#define OUTCOME_LIST(X)                                                                                      \
	X(OUTCOME_OK, "ok")                                                                                  \
	X(OUTCOME_FAILED, "failed")                                                                          \
	X(OUTCOME_SKIPPED, "skipped")                                                                        \
	X(OUTCOME_INTERRUPTED, "interrupted")

/* How far a URL got. */
#define STAGE_LIST(X)                                                                                        \
	X(STAGE_INPUT, "input")     /* reading the list: the line is no URL */                               \
	X(STAGE_RESOLVE, "resolve") /* looking up the host name */                                           \
	X(STAGE_CONNECT, "connect")                                                                          \
	X(STAGE_TLS, "tls")                                                                                  \
	X(STAGE_SEND, "send")                                                                                \
	X(STAGE_WAIT, "wait") /* waiting for the first line of the response */                               \
	X(STAGE_RECEIVE, "receive")                                                                          \
	X(STAGE_DECODE, "decode") /* undoing the content coding */                                           \
	X(STAGE_POLICY, "policy") /* applying the limits of the options */                                   \
	X(STAGE_LOCAL, "local")   /* an error on this machine */

#define OUTCOME_NAME(name, text) name,
enum outcome_kind { OUTCOME_LIST(OUTCOME_NAME) OUTCOME_KINDS };
enum outcome_stage { STAGE_LIST(OUTCOME_NAME) STAGES };
#undef OUTCOME_NAME

/* The duration of each phase of the last request, in milliseconds. Negative if the phase did not take place,
 * for example since an open connection was used again. */
struct phases {
	double queued;     /* from reading the URL in the list to its first request */
	double dns;        /* the host name lookup */
	double connect;    /* the TCP connection */
	double tls;        /* the TLS handshake */
	double first_byte; /* from the request to the first byte of the response */
	double total;      /* the whole request with the name lookup, but without queued */
};

struct outcome {
	uint64_t number; /* position in the list, from 1; repeated URLs are not counted */
	enum outcome_kind kind;
	enum outcome_stage stage; /* STAGE_RECEIVE if the page is ok */
	enum cause cause;         /* CAUSE_NONE if and only if the kind is OUTCOME_OK */
	/* as listed (input_entry.text), without user name and password */
	const char *source_url;
	const char *listed;    /* as listed, with user name and password; NULL if the entry is not fetched */
	const char *final_url; /* after redirects; the base URL of the links unless the page has a <base> */
	uint32_t depth;        /* the number of links between the list and this URL */
	/* the page that led to this URL first, without user name and password; NULL if it was listed */
	const char *via;
	const char *place;  /* "urls.txt:3" for an input line that is no URL; NULL for a URL */
	const char *reason; /* message for people that names the stage; NULL if the page is ok */
	long http_status;   /* of the last response; 0 if there was none */
	unsigned attempts;  /* 0 if none was made */
	unsigned redirects;
	const char *content_type; /* raw header of the last response; NULL if it had none */
	const char *charset;      /* standard name of the page's encoding; NULL if it declares none */
	struct phases phases;
	int64_t listed_us;        /* monotonic time at which it was read from the list */
	int64_t began_us;         /* monotonic time at which its last request began; 0 if there was none */
	const char *http_version; /* of the last response, as "HTTP/1.1"; NULL if there was none */
	uint64_t wire_bytes;      /* heads and bodies of all responses, before decompression */
	uint64_t bytes;           /* of the last body, after decompression */
	bool is_unchanged;        /* the page is as an earlier run had it, and was not received again */
	uint64_t links;           /* links of the page that were given out, each counted once */
	uint64_t unresolved;      /* links of the page that are no valid URL */
};

/* Returns the host of final_url, and the port where it is not the default of the scheme. The result is
 * borrowed from final_url. */
struct slice outcome_host(const struct outcome *self);

/* Each returns a constant word in lower case. */
const char *outcome_kind_text(enum outcome_kind kind);
const char *outcome_stage_text(enum outcome_stage stage);

#endif
