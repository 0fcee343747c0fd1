/* What the summary for people and the one for programs share. */
#ifndef AREQ_OUTPUT_SUMMARY_INTERNAL_H
#define AREQ_OUTPUT_SUMMARY_INTERNAL_H

#include "output/reasons.h"
#include "output/slowest.h"
#include "output/summary.h"

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
