/* The guard: a second process that repairs an output after kill -9. That signal may end a write(2) in the
 * middle of a row, and no process can catch it. But the system then releases the lock on the file, so the
 * guard, which waits for that lock, wakes up and cuts off the incomplete row. */
#ifndef AREQ_OUTPUT_GUARD_H
#define AREQ_OUTPUT_GUARD_H

#include "output/file.h"

#include <stddef.h>
#include <sys/types.h>

/* Starts the guard for those of the files that need one: regular files other than stdout that are written to
 * in place. It is started before the first write that may leave an incomplete row. The guard has only these
 * files open and runs in a session of its own. Returns the value for guard_stop; negative if no file needs a
 * guard, or if the system has no process for it and the run goes on without one. */
pid_t guard_start(const struct file *const *files, size_t count);

/* Ends the guard; does nothing if guard is not positive. It comes before the files are closed, since closing
 * releases their locks. */
void guard_stop(pid_t guard);

#endif
