/* When a try reached its moments, as the callbacks of its transfer saw them. libcurl has timers of its own,
 *but from version to version they mean other moments if a transfer fails: 8.14 sets no time of the connection
 *before the TLS handshake is done, and 8.22 sets the times of the request and the response if no connection
 *was made.
 *
 *	timeline_begin -> timeline_socket -> timeline_handshake, for https over TCP -> timeline_request
 *	               -> timeline_response
 *
 * A try on an open connection begins with timeline_request. If libcurl repeats a request by itself, the later
 * moments count. */
#ifndef AREQ_FETCH_TIMELINE_H
#define AREQ_FETCH_TIMELINE_H

#include "base/outcome.h"

#include <stdbool.h>
#include <stdint.h>

/* All times are monotonic us; 0 if the try did not reach the moment. */
struct timeline {
	bool is_https;
	bool looks_up;     /* libcurl looks up a name before it connects */
	int64_t begun;     /* libcurl got the request */
	int64_t socket;    /* the first socket was opened */
	int64_t handshake; /* a TCP connection was made, and the TLS handshake has begun */
	int64_t request;   /* the request may be sent */
	int64_t response;  /* the first line of the response is there */
};

void timeline_begin(struct timeline *self, bool is_https, bool looks_up);

/* The moments. All but timeline_request may be called more than once; the first call counts. */
void timeline_socket(struct timeline *self);
void timeline_handshake(struct timeline *self);
void timeline_request(struct timeline *self);
void timeline_response(struct timeline *self);

/* Says how long after timeline_begin the connection was made, for a handshake whose beginning no callback
 * saw, because the server answered at once. It must be known that the handshake succeeded. */
void timeline_add_handshake(struct timeline *self, int64_t after_us);

/* Returns how far the try got: STAGE_RESOLVE, STAGE_CONNECT, STAGE_TLS, STAGE_WAIT or STAGE_RECEIVE. QUIC
 * makes the connection and the TLS handshake in one, which is STAGE_CONNECT. */
enum outcome_stage timeline_stage(const struct timeline *self);

/* Returns how long each phase took that the try has finished; queued is not known here and is -1. The try
 * ends now. waited_ms is the time in ms that the request waited for our own name lookup, -1 if it did not
 * wait. */
struct phases timeline_phases(const struct timeline *self, int64_t waited_ms);

#endif
