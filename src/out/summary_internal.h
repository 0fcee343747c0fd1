/* What the summary for people and the one for programs share. */
#ifndef AREQ_OUT_SUMMARY_INTERNAL_H
#define AREQ_OUT_SUMMARY_INTERNAL_H

#include "out/reasons.h"
#include "out/slowest.h"
#include "out/summary.h"

/* Failures that an option may help with. */
enum hint { HINT_TIMEOUT, HINT_CONNECT, HINT_CERTIFICATE, HINT_REFUSED, HINT_TOO_LARGE, HINTS };

struct summary {
	const struct options *options;
	bool is_terminal;
	struct reasons reasons;
	struct slowest slowest;
	uint64_t hints[HINTS];
	uint64_t wire_bytes;
};

/* "SIGINT", … */
const char *summary_signal_name(int number);

/* URLs that got their outcome, a second; 0 where the run took no time. */
double summary_pace(const struct totals *totals);

#endif
