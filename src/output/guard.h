/* A second process that stands by while a file is written to. kill -9 may end a write(2) in the middle of a
 * row, and nobody can catch it; but the lock on the file goes with the process, the one who waits for that
 * lock wakes up, and cuts the half row off. */
#ifndef AREQ_OUTPUT_GUARD_H
#define AREQ_OUTPUT_GUARD_H

#include "output/file.h"

#include <stddef.h>
#include <sys/types.h>

/* Starts it, before a write that may end so, for those of the files that need it: files of the disk that are
 * locked and written to in place. It holds nothing open but them and belongs to a session of its own. Returns
 * what guard_stop wants; where the system gives no process, the run does without. */
pid_t guard_start(const struct file *const *files, size_t count);

/* Ends it, before the files are closed. */
void guard_stop(pid_t guard);

#endif
