/* A temporary file without a name, for what is too much for memory. */
#ifndef AREQ_BASE_TEMPORARY_FILE_H
#define AREQ_BASE_TEMPORARY_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct temporary_file {
	int fd; /* -1: there is no file yet */
};

void temporary_file_init(struct temporary_file *self);
void temporary_file_release(struct temporary_file *self);

/* Where its file is, or would be: $TMPDIR, or else /tmp. */
const char *temporary_file_folder(void);

/* Each returns NULL, or what went wrong as the end of a sentence about the file ("cannot be read"); errno
 * then says why. The first write makes the file. What was not written cannot be read.
 */
const char *temporary_file_write(struct temporary_file *self, off_t at, const void *bytes, size_t len);
const char *temporary_file_read(const struct temporary_file *self, off_t at, void *bytes, size_t len);
const char *temporary_file_empty(const struct temporary_file *self);

#endif
