/* The fields of a transfer, only for its own files: transfer.c receives a response, transfer_result.c says
 * how the transfer ended. */
#ifndef AREQ_FETCH_TRANSFER_INTERNAL_H
#define AREQ_FETCH_TRANSFER_INTERNAL_H

#include "fetch/recorder.h"
#include "fetch/setup.h"
#include "fetch/timeline.h"
#include "fetch/transfer.h"

#include <netinet/in.h>

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
	END_LEFTOVERS,       /* the server has sent bytes on an idle connection, before the request */
	END_REFUSED,         /* the server has processed none of several requests; see allow_request */

	/* These are recorded only if nothing else was, when libcurl has finished the transfer. */
	END_CUT_SHORT, /* a compressed body ended early; the next try may get all of it */
	END_LATE,      /* the time limit has passed */
	END_NO_SOCKET, /* no socket could be opened */
	END_NOT_PUBLIC /* the options forbid all addresses of the host */
};

struct transfer {
	CURL *easy; /* NULL before the first request */
	struct transfers *common;
	void *job;
	size_t index;              /* see transfer_index */
	bool is_connecting;        /* the transfer counts as connecting in common->descriptors */
	struct heap_node paused;   /* in common->paused */
	int64_t paused_ms;         /* when the pause began (monotonic ms) */
	struct heap_node deadline; /* in common->deadlines */
	CURLcode abort_code;       /* see transfer_abort_code */
	struct setup_lists lists;  /* the handle borrows them */
	int64_t waited_ms;         /* time spent waiting for the addresses; -1 if the request did not wait */
	int64_t timeout_ms;        /* the time limit that libcurl was given; 0 if there is none */
	int64_t deadline_ms;       /* the end of the time limit (monotonic ms), or CLOCK_NEVER */
	struct timeline timeline;
	char refused_address[INET6_ADDRSTRLEN]; /* an address that the options forbid; "" if there was none */
	bool has_allowed_address;               /* the options allow another address of the host */
	int socket_error;                       /* the errno of a failed socket(2); 0 if none failed */
	bool has_new_connection;                /* the request asked for a new connection */
	bool tries_http3;                       /* libcurl may try HTTP/3 */
	bool is_tls;                            /* the URL is https */
	bool is_head;                           /* the method is HEAD, so that no body follows the head */
	int sockets[2];                         /* the sockets that were opened last for IPv4 and IPv6 */
	unsigned sent_requests;
	bool has_opened_socket; /* if not, a request that was sent went over a connection of an earlier one */
	struct decoder *decoder;
	struct recorder *recorder; /* NULL if no output shows what it records */

	/* These fields belong to one response; reset_response clears them. */
	enum transfer_end end; /* what was recorded so far */
	const char *problem;   /* what went wrong, in words for a person; used for the ends in failures */
	bool has_head;         /* the header is complete */
	bool has_ended;        /* see transfer_holds_end */
	enum fetch_want want;
	size_t drained_bytes;
	size_t trailer_bytes;

	char transfer_problem[96]; /* see response_transfer_problem */
	char error[CURL_ERROR_SIZE];
	char reason[CURL_ERROR_SIZE + 128];
};

/* Records an end, unless one that wins over it was recorded before. */
void transfer_record_end(struct transfer *self, enum transfer_end end, const char *problem);

/* Returns true if the time limit has passed. libcurl checks the clock only when it has read all that has
 * arrived, and a server may send so fast that this never happens. */
bool transfer_is_late(const struct transfer *self);

/* Sets whether the transfer counts as connecting in common->descriptors. */
void transfer_set_connecting(struct transfer *self, bool is_connecting);

#endif
