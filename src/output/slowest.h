/* The hosts whose answers take the longest. */
#ifndef AREQ_OUTPUT_SLOWEST_H
#define AREQ_OUTPUT_SLOWEST_H

#include "base/heap.h"
#include "base/map.h"
#include "base/outcome.h"

#include <stddef.h>
#include <stdint.h>

/* So many hosts are kept: beyond them a slower one takes the place of the fastest. */
enum { SLOWEST_MAX = 1000 };

struct slow_host {
	char *name; /* with its port, where the URL has one */
	uint64_t urls, failed;
	double total_ms, longest_ms; /* of the last tries of its URLs */
	struct heap_node node;       /* by mean time */
};

/* {0} is an empty list. */
struct slowest {
	struct map hosts; /* by name */
	struct heap heap; /* the fastest first */
	uint64_t others;  /* URLs of hosts that are not kept */
};

void slowest_release(struct slowest *self);

/* Counts a URL for the host that it ended at; one that was never asked for counts for none. */
void slowest_add(struct slowest *self, const struct outcome *outcome);

double slowest_mean_ms(const struct slow_host *host);

/* The hosts, the slowest first, of equal ones by name; the caller frees the array, not the hosts. *count: how
 * many. */
const struct slow_host **slowest_list(const struct slowest *self, size_t *count);

#endif
