/* Files that one run at a time writes to. The lock is fcntl's: it belongs to the process, and goes when the
 * process closes any descriptor of that file. */
#ifndef AREQ_OUTPUT_LOCK_H
#define AREQ_OUTPUT_LOCK_H

#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

struct lock_how {
	const char *name; /* of the output, for messages */
	bool fail;        /* where another run holds it; else wait until that has ended */
};

/* Opens path as open(2) does, close-on-exec and never as the controlling terminal, and locks it where it is
 * a regular file. What cannot be locked is open all the same. *fd, which the caller closes, is the file that
 * path names now, however often the one waited for has renamed or removed it; it is -1 with STATUS_OK where
 * there is none and flags has no O_CREAT. STATUS_OUTPUT, and *fd is -1, where it cannot be opened or another
 * run holds it (logged); STATUS_CUT_SHORT where the deadline (logged) or a signal has ended the wait for a
 * lock, or for the reader of a named pipe. */
enum status lock_open(int *fd, const char *path, int flags, mode_t mode, const struct lock_how *how);

/* Whether path names the file that fd is. */
enum lock_name { LOCK_NAMES_OURS, LOCK_NAMES_ANOTHER /* or none */, LOCK_UNKNOWN /* errno says why */ };
enum lock_name lock_names(const char *path, int fd);

#endif
