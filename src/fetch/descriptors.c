#include "fetch/descriptors.h"

#include <sys/resource.h>

/* Until it is connected, a transfer may take a second connection to the host's other address, or the two ends
 * of a pair that wakes the loop when its name lookup is done. */
enum { PER_CONNECTING = 2 };

/* … beside an open connection that waits for its next transfer: there are at most as many as slots. */
enum { PER_TRANSFER = PER_CONNECTING + 1 };

/* Lists, output, report, the loop's own, and what the libraries open now and then. */
enum { OTHERS = 20 };

size_t descriptors_init(struct descriptors *self, int64_t wanted)
{
	struct rlimit limit;
	rlim_t needed = (rlim_t)wanted * PER_TRANSFER + OTHERS;
	*self = (struct descriptors){.budget = (size_t)needed};
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return (size_t)wanted;
	if (limit.rlim_cur < needed) {
		struct rlimit raised = limit;
		raised.rlim_cur =
		    limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed ? needed : limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			limit = raised;
	}
	if (limit.rlim_cur >= needed)
		return (size_t)wanted;
	self->budget = limit.rlim_cur > OTHERS ? (size_t)limit.rlim_cur - OTHERS : 0;
	/* Half of them, so that the connections that wait for their next transfer leave room for others. */
	size_t possible = (size_t)limit.rlim_cur / 2;
	possible = possible > 1 ? possible : 1;
	return possible < (size_t)wanted ? possible : (size_t)wanted;
}

bool descriptors_allow(const struct descriptors *self)
{
	return self->open + (self->connecting + 1) * PER_CONNECTING <= self->budget;
}
