/* How long each phase of a URL took, as the charts draw it. */
#ifndef AREQ_OUTPUT_TIMING_H
#define AREQ_OUTPUT_TIMING_H

#include "base/outcome.h"

#include <stdint.h>

/* All times are in milliseconds. The phases follow each other without a gap, from the time when the URL was
 * read from the list. A phase is negative if it did not take place, for example because an existing
 * connection was used. */
struct timing {
	double listed; /* from the start of the run until the URL was read from the list */
	double queued; /* from then to its first try */
	/* from the first try to the last one: tries, redirects, and the waits between them */
	double earlier;
	double dns;     /* the name lookup */
	double connect; /* the TCP connection, without the TLS handshake */
	double tls;     /* the TLS handshake */
	double wait;    /* from the request to the first byte of the response */
	double receive; /* the rest of the response */
};

/* Computes the phases of an outcome as soon as it is known: for a URL that was never tried, the time until
 * now counts as queued. start_us (monotonic) is when the run began. Time of the last try that no phase has
 * measured is added to the phase in which the try ended. */
struct timing timing_of(const struct outcome *outcome, int64_t start_us);

#endif
