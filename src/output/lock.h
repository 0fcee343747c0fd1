/* Locks that let only one run at a time write to a file. They are those of fcntl(2): a lock belongs to the
 * process, and is released when the process closes any descriptor of the file. */
#ifndef AREQ_OUTPUT_LOCK_H
#define AREQ_OUTPUT_LOCK_H

#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

struct lock_options {
	const char *name;    /* name of the output, for messages */
	bool fail_if_locked; /* fail while another run holds the lock, instead of waiting for it */
};

/* Opens path as open(2) does, with O_NONBLOCK, O_CLOEXEC and O_NOCTTY added to flags, and locks the file if
 * it is a regular one. A file that cannot be locked (for example on a file system without locks) stays open
 * without a lock. *fd, which the caller closes, is the file that path names once the lock is held: if
 * another run renamed or removed the file meanwhile, path is opened again. STATUS_OK with *fd == -1 if there
 * is no such file and flags lacks O_CREAT. STATUS_OUTPUT if the file cannot be opened, or if another run
 * holds the lock and fail_if_locked is set (both logged). STATUS_CUT_SHORT if the deadline (logged) or a
 * signal ended the wait for a lock, or for the reader of a named pipe. *fd is -1 on failure. */
enum status lock_open(int *fd, const char *path, int flags, mode_t mode, const struct lock_options *options);

/* Whether path still names the file that is open as fd (LOCK_PATH_OURS), or another file or none
 * (LOCK_PATH_OTHER). LOCK_PATH_UNKNOWN if that cannot be found out; errno says why. */
enum lock_path { LOCK_PATH_OURS, LOCK_PATH_OTHER, LOCK_PATH_UNKNOWN };
enum lock_path lock_check_path(const char *path, int fd);

#endif
