/* What became of a URL: the record that goes from the ledger to the outputs. */
#ifndef AREQ_BASE_OUTCOME_H
#define AREQ_BASE_OUTCOME_H

#include "base/cause.h"
#include "base/slice.h"

#include <stdint.h>

/* Every input URL gets exactly one of these. */
#define OUTCOME_LIST(X)                                                                                      \
	X(OUTCOME_OK, "ok")                                                                                  \
	X(OUTCOME_FAILED, "failed")                                                                          \
	X(OUTCOME_SKIPPED, "skipped")                                                                        \
	X(OUTCOME_INTERRUPTED, "interrupted")

/* How far it got. */
#define STAGE_LIST(X)                                                                                        \
	X(STAGE_INPUT, "input")     /* the line is no URL */                                                 \
	X(STAGE_RESOLVE, "resolve") /* the host's name */                                                    \
	X(STAGE_CONNECT, "connect")                                                                          \
	X(STAGE_TLS, "tls")                                                                                  \
	X(STAGE_SEND, "send")                                                                                \
	X(STAGE_WAIT, "wait") /* for the first byte of the answer */                                         \
	X(STAGE_RECEIVE, "receive")                                                                          \
	X(STAGE_DECODE, "decode") /* the content encoding */                                                 \
	X(STAGE_POLICY, "policy") /* what the options do not allow */                                        \
	X(STAGE_LOCAL, "local")   /* trouble on this machine */

#define OUTCOME_NAME(name, text) name,
enum outcome_kind { OUTCOME_LIST(OUTCOME_NAME) OUTCOME_KINDS };
enum outcome_stage { STAGE_LIST(OUTCOME_NAME) STAGES };
#undef OUTCOME_NAME

/* How long each phase of the last try took, in milliseconds; negative: it did not come to that, or the
 * connection was there already. */
struct phases {
	double queued;     /* from the list to the first try */
	double dns;        /* the name lookup */
	double connect;    /* the TCP connection */
	double tls;        /* its handshake */
	double first_byte; /* from the request to the first byte of the answer */
	double total;      /* of the last try, without queued */
};

struct outcome {
	uint64_t number; /* in the list, from 1, without what is listed again */
	enum outcome_kind kind;
	enum outcome_stage stage; /* for an ok page: STAGE_RECEIVE */
	enum cause cause;         /* CAUSE_NONE where it is ok, and nowhere else */
	const char *source_url;   /* as listed */
	const char *final_url;    /* after redirects; the base of the links unless the page names another */
	const char *place;        /* of an input line that is no URL: "urls.txt:3"; else NULL */
	const char *reason;       /* words for a person, naming the stage; NULL for an ok page */
	long http_status;         /* of the last answer; 0: there was none */
	unsigned attempts;        /* 0: none was made */
	unsigned redirects;
	const char *content_type; /* raw header of the last answer; NULL: none */
	const char
	    *charset; /* the encoding that the page declares, by its standard name; NULL: none, or no page */
	struct phases phases;
	int64_t listed_us;        /* monotonic: when it was read from the list */
	int64_t began_us;         /* monotonic: when its last try began; 0: none did */
	const char *http_version; /* of the last answer: "HTTP/1.1"; NULL: there was none */
	uint64_t wire_bytes;      /* heads and bodies of all answers, as they came */
	uint64_t bytes;           /* of the body, after decompression */
	uint64_t links;           /* given out, each once */
	uint64_t unresolved;      /* links that are no URL */
};

/* The host that final_url names, with a port that is not the scheme's own; borrows from it. */
struct slice outcome_host(const struct outcome *self);

/* Constant lower-case words. */
const char *outcome_kind_text(enum outcome_kind kind);
const char *outcome_stage_text(enum outcome_stage stage);

#endif
