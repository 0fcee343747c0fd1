#include "fetch/descriptors.h"

#include <sys/resource.h>

/* The most file descriptors that a transfer uses until it is connected: libcurl may try two addresses of the
 * host at once, or, if it looks up the name itself, open a socket pair that signals the end of the lookup. */
enum { PER_CONNECTION_ATTEMPT = 2 };

/* The most file descriptors per transfer: those of its connection attempt, and one for an idle connection,
 * since libcurl keeps at most one idle connection for each slot. */
enum { PER_TRANSFER = PER_CONNECTION_ATTEMPT + 1 };

/* File descriptors reserved for everything else: the lists, the output files, the loop's own descriptors, and
 * files that the libraries open for a short time. */
enum { OTHER_DESCRIPTORS = 20 };

size_t descriptors_init(struct descriptors *self, int64_t wanted)
{
	struct rlimit limit;
	rlim_t needed = (rlim_t)wanted * PER_TRANSFER + OTHER_DESCRIPTORS;
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
	self->budget = limit.rlim_cur > OTHER_DESCRIPTORS ? (size_t)limit.rlim_cur - OTHER_DESCRIPTORS : 0;
	/* The transfers get only half of the limit, so that idle connections cannot use up what new ones
	 * need. */
	size_t possible = (size_t)limit.rlim_cur / 2;
	possible = possible > 1 ? possible : 1;
	return possible < (size_t)wanted ? possible : (size_t)wanted;
}

bool descriptors_allow(const struct descriptors *self)
{
	return self->open + (self->connecting + 1) * PER_CONNECTION_ATTEMPT <= self->budget;
}
