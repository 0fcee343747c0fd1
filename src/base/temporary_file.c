#include "base/temporary_file.h"

#include "base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

void temporary_file_init(struct temporary_file *self)
{
	self->fd = -1;
}

void temporary_file_release(struct temporary_file *self)
{
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}

const char *temporary_file_folder(void)
{
	const char *folder = getenv("TMPDIR");
	return folder && *folder ? folder : "/tmp";
}

/* Does what tmpfile(3) does, but in $TMPDIR, which tmpfile(3) does not use. */
static const char *create_file(struct temporary_file *self)
{
	struct buf name;
	buf_init(&name, SIZE_MAX / 2);
	buf_append_text(&name, temporary_file_folder());
	buf_append_text(&name, "/areq-XXXXXX");
	self->fd = mkstemp(name.data);
	int error = errno;
	if (self->fd >= 0)
		unlink(name.data);
	buf_release(&name);
	errno = error;
	return self->fd < 0 ? "cannot be made" : NULL;
}

const char *temporary_file_write(struct temporary_file *self, off_t at, const void *bytes, size_t len)
{
	const char *problem = self->fd < 0 ? create_file(self) : NULL;
	for (size_t done = 0; done < len && !problem;) {
		ssize_t n = pwrite(self->fd, (const char *)bytes + done, len - done, at + (off_t)done);
		if (n < 0 && errno != EINTR)
			problem = "cannot be written";
		if (n > 0)
			done += (size_t)n;
	}
	return problem;
}

const char *temporary_file_read(const struct temporary_file *self, off_t at, void *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(self->fd, (char *)bytes + done, len - done, at + (off_t)done);
		if (n == 0)
			errno = EIO;
		if (n == 0 || (n < 0 && errno != EINTR))
			return "cannot be read";
		if (n > 0)
			done += (size_t)n;
	}
	return NULL;
}

const char *temporary_file_empty(const struct temporary_file *self)
{
	return ftruncate(self->fd, 0) == 0 ? NULL : "cannot be emptied";
}
