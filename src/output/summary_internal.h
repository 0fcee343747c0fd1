/* What the summary for people and the summary in JSON share. */
#ifndef AREQ_OUTPUT_SUMMARY_INTERNAL_H
#define AREQ_OUTPUT_SUMMARY_INTERNAL_H

#include "output/dead_links.h"
#include "output/reasons.h"
#include "output/slowest.h"
#include "output/summary.h"

enum { SUMMARY_DEPTHS = 10 };

struct summary {
	const struct options *options;
	bool is_terminal;
	struct reasons reasons;
	struct slowest slowest;
	uint64_t hints[HINTS]; /* number of URLs, by hint */
	uint64_t wire_bytes;
	uint64_t by_depth[SUMMARY_DEPTHS]; /* URLs; the last number is for all depths from there on */
	struct dead_links dead_links;      /* with --check */
	uint64_t robots;                   /* URLs that robots.txt forbids */
};

/* The name of a signal that stops a run, such as "SIGINT". */
const char *summary_signal_name(int number);

/* The number of ok pages per second; 0 if the run took less than a millisecond. */
double summary_pages_per_second(const struct totals *totals);

/* True if pages were compared with those of the run before. In Redis they are kept only for that. */
static inline bool summary_knows_changes(const struct options *options, const struct totals *totals)
{
	return options->state && (!totals->crawl.is_shared || options->changes || options->changes_to);
}

#endif
