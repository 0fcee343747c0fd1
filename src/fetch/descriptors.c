#include "fetch/descriptors.h"

#include <sys/resource.h>

/* A transfer has a connection, for a moment a second one to the host's other address, or the two ends of a
 * pair that wakes the loop when its name lookup is done. */
enum { PER_TRANSFER = 3 };

/* Lists, output, report, the loop's own, and what the libraries open now and then. */
enum { OTHERS = 20 };

int64_t descriptors_for(int64_t wanted)
{
	struct rlimit limit;
	rlim_t needed = (rlim_t)wanted * PER_TRANSFER + OTHERS;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return wanted;
	if (limit.rlim_cur < needed) {
		struct rlimit raised = limit;
		raised.rlim_cur =
		    limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed ? needed : limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			limit = raised;
	}
	if (limit.rlim_cur >= needed)
		return wanted;
	int64_t possible = ((int64_t)limit.rlim_cur - OTHERS) / PER_TRANSFER;
	return possible > 1 ? possible : 1;
}
