/* Child processes that run a function of this program. They are cut off from the parent's descriptors and
 * from the signals that users send to it. */
#ifndef AREQ_BASE_CHILD_H
#define AREQ_BASE_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* Forks a child process that runs fn(ctx) and then exits. The child is in a session of its own, ignores
 * SIGINT, SIGTERM, SIGHUP and SIGPIPE, and keeps only the descriptors kept[0..count) open; all others below
 * 65536 are closed. Returns the process ID of the child; negative, with errno, where fork(2) fails. */
pid_t child_start(void (*fn)(void *ctx), void *ctx, const int *kept, size_t count);

/* Waits until the child has exited and returns its status, in the form of waitpid(2). */
int child_wait(pid_t child);

/* Called in a child: from now on it can neither open descriptors nor write to files nor leave a core dump.
 * Under AddressSanitizer, which needs files of its own, only the core dump is prevented. */
void child_forbid_files(void);

/* Called in a child: SIGXCPU ends it once it has used that much more processor time. Since the system counts
 * whole seconds, this is exact to about one second. */
void child_limit_time(unsigned seconds);

/* Called in a child: from now on its allocations fail once it has taken about that many bytes more than its
 * peak so far. Does nothing under AddressSanitizer, which reserves much of the address space. */
void child_limit_memory(size_t bytes);

/* Returns the peak of this process's resident memory so far, in bytes; 0 where the system does not say. */
size_t child_peak_memory(void);

#endif
