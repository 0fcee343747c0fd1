/* Where the time of a URL went, as the charts draw it. */
#ifndef AREQ_OUTPUT_TIMING_H
#define AREQ_OUTPUT_TIMING_H

#include "base/outcome.h"

#include <stdint.h>

/* Milliseconds. The phases follow each other from the moment when the URL was listed, without a gap;
 * negative: it did not come to that, or the connection was there already. */
struct timing {
	double listed;  /* the moment, since the start of the run */
	double queued;  /* until its first try */
	double earlier; /* from that to its last one: other tries, redirects, and the waits between them */
	double dns;
	double connect; /* without tls */
	double tls;
	double wait;
	double receive;
};

/* Of an outcome that is known now; start_us (monotonic) is when the run began. What of the last try no phase
 * has measured belongs to the stage where it ended. */
struct timing timing_of(const struct outcome *outcome, int64_t start_us);

#endif
