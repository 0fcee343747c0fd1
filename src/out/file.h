/* Bytes to a file or to stdout, whole and checked. */
#ifndef AREQ_OUT_FILE_H
#define AREQ_OUT_FILE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct file {
	const char *name; /* for messages */
	int fd;           /* -1: not open */
	bool is_stdout;
	bool had_content; /* there were bytes in it before the first of ours */
	struct stat info;
};

/* Opens path for writing (NULL or "-": stdout) and changes nothing in it yet; what is to be appended to must
 * end with a whole line. The name is borrowed. STATUS_OUTPUT where that fails; it was logged. */
enum status file_open(struct file *self, const char *path, bool append);

/* True where both are one file of the disk. */
bool file_is_same(const struct file *self, const struct file *other);

/* Empties a file that is not appended to. */
enum status file_replace(struct file *self);

/* Writes all of it, however often the system interrupts or takes a part. STATUS_PIPE_CLOSED where the reader
 * is gone (not logged: ending is what it wants), STATUS_OUTPUT for anything else (logged). */
enum status file_write(struct file *self, const void *bytes, size_t len);

/* Closes and checks. Harmless on a file that is not open. */
enum status file_close(struct file *self);

#endif
