/* FILE.part, the temporary file beside an output that replaces it at the end, whole or not at all. */
#ifndef AREQ_OUTPUT_ATOMIC_FILE_H
#define AREQ_OUTPUT_ATOMIC_FILE_H

#include "base/status.h"
#include "output/lock.h"

#include <stdbool.h>
#include <sys/stat.h>

/* All zero: there is none. */
struct atomic_file {
	char *target;    /* what it will replace, behind all symbolic links; NULL: there is no such file */
	char *path;      /* its own name */
	struct stat old; /* of the target; st_mode is 0 where there is none yet */
	int target_fd;   /* holds the target's lock; -1: there is none yet */
	bool ours;       /* all in it is this run's: to be removed unless it takes its place */
};

/* Opens FILE.part of an output (a file, or nothing yet, or a symbolic link to either) and locks both. What a
 * killed run has left in it stays until atomic_file_begin. *fd is the caller's to close, after
 * atomic_file_release. STATUS_USAGE where the output is no regular file, STATUS_OUTPUT where it fails; both
 * were logged, and atomic_file_release is due all the same. */
enum status atomic_file_open(
    struct atomic_file *self, int *fd, const char *output, const struct lock_how *how);

/* Empties it, and gives it the mode of what it will replace, or that of a new file. */
enum status atomic_file_begin(struct atomic_file *self, int fd);

/* Puts it on the disk and in the place of the target; name is the output's, for messages. STATUS_OUTPUT where
 * that fails (logged); then the target is as it was, unless the message says otherwise. */
enum status atomic_file_commit(struct atomic_file *self, int fd, const char *name);

/* Removes it, unless it has taken its place, and releases the rest. */
void atomic_file_release(struct atomic_file *self, int fd);

#endif
