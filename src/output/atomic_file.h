/* FILE.part: a temporary file beside an output, which replaces the output at the end, whole or not at
 * all. */
#ifndef AREQ_OUTPUT_ATOMIC_FILE_H
#define AREQ_OUTPUT_ATOMIC_FILE_H

#include "base/status.h"
#include "output/lock.h"

#include <stdbool.h>
#include <sys/stat.h>

/* {0} means that there is no temporary file. */
struct atomic_file {
	/* path of the file to replace, symbolic links resolved; NULL if there is no temporary file */
	char *target;
	char *path;      /* path of the temporary file */
	struct stat old; /* status of the target; st_mode is 0 if it does not exist yet */
	int target_fd;   /* holds the lock on the target; -1 if it does not exist yet */
	bool is_ours;    /* the temporary file holds nothing but bytes of this run, so it may be removed */
};

/* Opens FILE.part, the temporary file of an output, and locks both files. The output is a regular file, a
 * path where nothing exists yet, or a symbolic link to either. What a killed run left in the temporary file
 * stays there until atomic_file_begin. *fd, which must be -1 before, is the temporary file; the caller
 * closes it after atomic_file_release. STATUS_USAGE if the output is not a regular file, STATUS_OUTPUT on
 * any other error (both logged), and STATUS_CUT_SHORT as lock_open. The caller must call atomic_file_release
 * in any case. */
enum status atomic_file_open(
    struct atomic_file *self, int *fd, const char *output, const struct lock_options *options);

/* Empties the temporary file and gives it the mode of the target, or that of a new file if there is no
 * target. STATUS_OUTPUT on an error (logged). */
enum status atomic_file_begin(struct atomic_file *self, int fd);

/* Syncs the temporary file to the disk and renames it to the target. name is the output's name, for
 * messages. STATUS_OUTPUT on an error (logged); the target is then as it was before, unless the message says
 * that it was replaced. */
enum status atomic_file_commit(struct atomic_file *self, int fd, const char *name);

/* Removes the temporary file if is_ours is set and it did not replace the target, and releases the rest. fd
 * is still open, so that its lock is still held. */
void atomic_file_release(struct atomic_file *self, int fd);

#endif
