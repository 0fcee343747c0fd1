/* A temporary file without a name, for what is too much for memory. */
#ifndef AREQ_BASE_SPILL_H
#define AREQ_BASE_SPILL_H

#include <stddef.h>
#include <sys/types.h>

struct spill {
	int fd; /* -1: there is no file yet */
};

void spill_init(struct spill *self);
void spill_release(struct spill *self);

/* Where its file is, or would be: $TMPDIR, or else /tmp. */
const char *spill_folder(void);

/* Each returns NULL, or what went wrong as the end of a sentence about the file ("cannot be read"); errno
 * then says why. The first write makes the file. What was not written cannot be read.
 */
const char *spill_write(struct spill *self, off_t at, const void *bytes, size_t len);
const char *spill_read(const struct spill *self, off_t at, void *bytes, size_t len);
const char *spill_empty(const struct spill *self);

#endif
