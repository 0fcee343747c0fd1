/* The hosts whose responses take the longest. */
#ifndef AREQ_OUTPUT_SLOWEST_H
#define AREQ_OUTPUT_SLOWEST_H

#include "base/heap.h"
#include "base/map.h"
#include "base/outcome.h"

#include <stddef.h>
#include <stdint.h>

/* The number of hosts that are kept. After that, a slower host replaces the fastest one. */
enum { SLOWEST_MAX = 1000 };

struct slow_host {
	char *name; /* with the port, unless it is the default of the scheme */
	uint64_t urls, failed;
	double total_ms, longest_ms; /* sum and maximum of the times of the last tries of its URLs */
	struct heap_node node;       /* ordered by mean time */
};

/* {0} is an empty list. */
struct slowest {
	struct map hosts; /* hosts by name */
	struct heap heap; /* the fastest host first */
	uint64_t others;  /* URLs of hosts that are not kept */
};

void slowest_release(struct slowest *self);

/* Counts a URL for the host of its final URL. A URL that was never requested is not counted. */
void slowest_add(struct slowest *self, const struct outcome *outcome);

double slowest_mean_ms(const struct slow_host *host);

/* The hosts, the slowest first, and of equal ones by name; sets *count. The caller frees the array, but not
 * the hosts. */
const struct slow_host **slowest_list(const struct slowest *self, size_t *count);

#endif
