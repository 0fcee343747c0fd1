#include "fetch/descriptors.h"

#include <sys/resource.h>

/* The most file descriptors that a transfer uses until it is connected: libcurl may try two addresses of the
 * host at once, or, if it looks up the name itself, open a socket pair that signals the end of the lookup.
 * With HTTP/3 it may try two addresses over UDP and two over TCP. */
enum { PER_ATTEMPT = 2, PER_HTTP3_ATTEMPT = 4 };

/* libcurl keeps at most one idle connection for each slot. */
enum { PER_IDLE_CONNECTION = 1 };

/* File descriptors reserved for everything else: the lists, the output files, the loop's own descriptors, and
 * files that the libraries open for a short time. */
enum { OTHER_DESCRIPTORS = 20 };

size_t descriptors_init(struct descriptors *self, int64_t wanted, bool http3)
{
	struct rlimit limit;
	size_t per_attempt = http3 ? PER_HTTP3_ATTEMPT : PER_ATTEMPT;
	rlim_t needed = (rlim_t)wanted * (per_attempt + PER_IDLE_CONNECTION) + OTHER_DESCRIPTORS;
	*self = (struct descriptors){.budget = (size_t)needed, .per_attempt = per_attempt};
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
	self->budget = limit.rlim_cur > OTHER_DESCRIPTORS ? (size_t)limit.rlim_cur - OTHER_DESCRIPTORS : 0;
	/* The transfers get only half of the limit, so that idle connections cannot use up what new ones
	 * need. */
	size_t possible = (size_t)limit.rlim_cur / 2;
	possible = possible > 1 ? possible : 1;
	return possible < (size_t)wanted ? possible : (size_t)wanted;
}

bool descriptors_allow(const struct descriptors *self)
{
	return self->open + (self->connecting + 1) * self->per_attempt <= self->budget;
}
