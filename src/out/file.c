#include "out/file.h"

#include "base/log.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static enum status complain(const struct file *self, const char *what)
{
	log_error("%s: %s: %s", self->name, what, strerror(errno));
	return STATUS_OUTPUT;
}

/* A row glued to half a row would be two rows lost. */
static enum status check_last_line(struct file *self)
{
	char last;
	if (!S_ISREG(self->info.st_mode) || self->info.st_size == 0)
		return STATUS_OK;
	ssize_t n = pread(self->fd, &last, 1, self->info.st_size - 1);
	if (n < 0)
		return complain(self, "cannot be read");
	if (n == 1 && last != '\n') {
		log_error("%s: the last line is not whole (no newline at its end); nothing was appended",
		    self->name);
		return STATUS_OUTPUT;
	}
	return STATUS_OK;
}

/* Keeps two runs on one file apart: the second waits for the first. What cannot be locked is nobody's in
 * particular. */
static int lock(const struct file *self)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (self->is_stdout || fcntl(self->fd, F_SETLK, &whole) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return 0;
	log_warning("%s: another run writes to it; waiting", self->name);
	return fcntl(self->fd, F_SETLKW, &whole);
}

enum status file_open(struct file *self, const char *path, bool append)
{
	*self = (struct file){.name = path, .fd = -1};
	if (!path || strcmp(path, "-") == 0) {
		self->is_stdout = true;
		self->name = "stdout";
		self->fd = STDOUT_FILENO;
	} else {
		/* To look at the last line it must be readable too; a pipe or a device may only be writable.
		 */
		self->fd = append ? open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666) : -1;
		if (self->fd < 0)
			self->fd = open(
			    path, O_WRONLY | O_CREAT | (append ? O_APPEND : 0) | O_CLOEXEC | O_NOCTTY, 0666);
		if (self->fd < 0)
			return complain(self, "cannot be opened");
	}
	if (lock(self) != 0 || fstat(self->fd, &self->info) != 0)
		return complain(self, "cannot be used");
	if (!append || self->is_stdout)
		return STATUS_OK;
	self->had_content = self->info.st_size > 0;
	return check_last_line(self);
}

bool file_is_same(const struct file *self, const struct file *other)
{
	return S_ISREG(self->info.st_mode) && self->info.st_dev == other->info.st_dev &&
	       self->info.st_ino == other->info.st_ino;
}

enum status file_replace(struct file *self)
{
	/* What stdout already holds belongs to the shell that opened it. */
	if (self->is_stdout || !S_ISREG(self->info.st_mode))
		return STATUS_OK;
	return ftruncate(self->fd, 0) == 0 ? STATUS_OK : complain(self, "cannot be emptied");
}

/* Whoever was told to stop waits no longer than this for a reader. */
enum { LAST_PATIENCE_MS = 1000 };

static bool takes_more(const struct file *self)
{
	struct pollfd writable = {.fd = self->fd, .events = POLLOUT};
	return poll(&writable, 1, LAST_PATIENCE_MS) > 0;
}

enum status file_write(struct file *self, const void *bytes, size_t len)
{
	const char *next = bytes;
	while (len > 0) {
		ssize_t n = write(self->fd, next, len);
		if (n >= 0) {
			next += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			/* Whoever shares this pipe with us may have made it non-blocking. */
			struct pollfd writable = {.fd = self->fd, .events = POLLOUT};
			poll(&writable, 1, -1);
		} else if (errno == EPIPE) {
			return STATUS_PIPE_CLOSED;
		} else if (errno != EINTR) {
			return complain(self, "cannot be written");
		}
		/* A signal ends a waiting write, short or with EINTR. */
		if (len > 0 && stop_signal() && !takes_more(self)) {
			log_error("%s: the reader does not read; the run was stopped", self->name);
			return STATUS_OUTPUT;
		}
	}
	return STATUS_OK;
}

enum status file_close(struct file *self)
{
	if (self->fd < 0)
		return STATUS_OK;
	int fd = self->fd;
	self->fd = -1;
	/* Some file systems tell only now that the disk is full. */
	if (close(fd) != 0 && errno != EINTR)
		return complain(self, "cannot be closed");
	return STATUS_OK;
}
