/* A child's end with its largest size, which POSIX leaves out. */
#ifndef SUPPORT_REAP_H
#define SUPPORT_REAP_H

#include <stdbool.h>
#include <sys/types.h>

/* True where the child has ended; status is as of waitpid(2). Never waits. */
bool reap_child(pid_t pid, int *status, long *max_rss_kib);

#endif
