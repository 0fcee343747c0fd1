/* A temporary file without a name, for data that does not fit in memory. */
#ifndef AREQ_BASE_TEMPORARY_FILE_H
#define AREQ_BASE_TEMPORARY_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct temporary_file {
	int fd; /* -1 if there is no file yet */
};

/* Initialises it without making a file. */
void temporary_file_init(struct temporary_file *self);

/* Closes the file, if there is one, which deletes it. */
void temporary_file_release(struct temporary_file *self);

/* Returns the folder for temporary files: $TMPDIR, or /tmp if that is unset or empty. */
const char *temporary_file_folder(void);

/* Write to, read from, and empty the file. at is the offset from its start; the first write makes the file. A
 * read of bytes that were never written fails with EIO. Each returns NULL for success, or else the end of a
 * sentence about the file, such as "cannot be read", with errno. */
const char *temporary_file_write(struct temporary_file *self, off_t at, const void *bytes, size_t len);
const char *temporary_file_read(const struct temporary_file *self, off_t at, void *bytes, size_t len);
const char *temporary_file_empty(const struct temporary_file *self);

#endif
