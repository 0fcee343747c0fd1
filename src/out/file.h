/* Bytes to a file or to stdout, whole and checked. Only file_drain waits for a reader. */
#ifndef AREQ_OUT_FILE_H
#define AREQ_OUT_FILE_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct file {
	const char *name; /* for messages */
	int fd;           /* -1: not open */
	bool is_stdout;
	bool had_content; /* there were bytes in it before the first of ours */
	struct stat info;
	struct buf backlog; /* what the reader has not taken yet, behind its first sent bytes */
	size_t sent;
	enum status failed; /* the first failure of a write, which was the last one: nothing is tried again */
};

/* Opens path for writing (NULL or "-": stdout) and changes nothing in it yet; what is to be appended to must
 * end with a whole line. The name is borrowed. STATUS_OUTPUT where that fails; it was logged. */
enum status file_open(struct file *self, const char *path, bool append);

/* True where both are one file of the disk. */
bool file_is_same(const struct file *self, const struct file *other);

/* Empties a file that is not appended to. */
enum status file_replace(struct file *self);

/* A file of the disk takes all of it. Anything else takes what its reader has room for, in writes of whole
 * rows (so that one of up to PIPE_BUF bytes never mixes with what others write there), and the rest is kept
 * in the backlog, in its order. STATUS_PIPE_CLOSED where the reader is gone (not logged: ending is what it
 * wants), STATUS_OUTPUT for anything else (logged, once). */
enum status file_write(struct file *self, const void *bytes, size_t len);

/* How many bytes were not written yet; 0 once a write failed. */
size_t file_backlog(const struct file *self);

/* Writes as much of the backlog as is taken now. Fails as file_write does. */
enum status file_flush(struct file *self);

/* Waits until the backlog is empty, but not beyond that moment (monotonic ms, CLOCK_NEVER: none), nor longer
 * than a second once a signal has stopped the run: then STATUS_OUTPUT (logged). Fails as file_write does. */
enum status file_drain(struct file *self, int64_t until);

/* Closes and checks; what is still in the backlog is lost. Harmless on a file that is not open. */
enum status file_close(struct file *self);

#endif
