/* wait4 is on every system of today, and in no standard. */
#define _DEFAULT_SOURCE

#include "reap.h"

#include <sys/resource.h>
#include <sys/wait.h>

bool reap_child(pid_t pid, int *status, long *max_rss_kib)
{
	struct rusage usage;
	if (wait4(pid, status, WNOHANG, &usage) != pid)
		return false;
	*max_rss_kib = usage.ru_maxrss;
	return true;
}
