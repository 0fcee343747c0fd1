/* Processes that the program forks for itself: what they do first, so that they hold nothing of its parent
 * and nobody's signals reach them. */
#ifndef AREQ_BASE_CHILD_H
#define AREQ_BASE_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* Forks, and runs fn in the child, which ends with it. The child is in a session of its own, ignores the
 * signals that end a run, and has no descriptors but those that are kept. Returns the child's number;
 * negative where the system gives no process (errno). */
pid_t child_start(void (*fn)(void *ctx), void *ctx, const int *kept, size_t count);

/* Waits for the end of a child, and gives its status as waitpid(2) does. */
int child_wait(pid_t child);

/* For a child: from now on it can open nothing, nor write to a file, nor leave a core. Only where no
 * sanitizer needs files of its own. */
void child_close_in(void);

/* For a child: it may take so much processor time from now on, or else ends by SIGXCPU. */
void child_limit_time(unsigned seconds);

/* For a child: it may take so many bytes of memory more than now; then the system gives it none. Only where
 * no sanitizer reserves addresses. */
void child_limit_memory(size_t bytes);

/* The most memory that this process has had, in bytes. */
size_t child_memory(void);

#endif
