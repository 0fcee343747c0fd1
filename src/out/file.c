#include "out/file.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
	*self = (struct file){.name = path, .fd = -1, .backlog.max = SIZE_MAX / 2};
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

/* Not by O_NONBLOCK, which all who share this pipe would find set. */
static bool takes_more(const struct file *self, int wait_ms)
{
	struct pollfd writable = {.fd = self->fd, .events = POLLOUT};
	return S_ISREG(self->info.st_mode) || poll(&writable, 1, wait_ms) > 0;
}

/* How much goes in one write. What takes more at all takes PIPE_BUF bytes without waiting. */
static size_t piece_len(const struct file *self, const char *bytes, size_t len)
{
	if (S_ISREG(self->info.st_mode))
		return len;
	size_t most = len < PIPE_BUF ? len : PIPE_BUF;
	size_t rows = most;
	while (rows > 0 && bytes[rows - 1] != '\n')
		rows--;
	return rows ? rows : most;
}

/* Writes what is taken now and adds its length to *taken. */
static enum status offer(struct file *self, const char *bytes, size_t len, size_t *taken)
{
	for (size_t done = 0; done < len && takes_more(self, 0);) {
		ssize_t n = write(self->fd, bytes + done, piece_len(self, bytes + done, len - done));
		if (n >= 0) {
			done += (size_t)n;
			*taken += (size_t)n;
		} else if (errno == EPIPE) {
			return STATUS_PIPE_CLOSED;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			/* Whoever shares this pipe with us may have made it non-blocking. */
			return STATUS_OK;
		} else if (errno != EINTR) {
			return complain(self, "cannot be written");
		}
	}
	return STATUS_OK;
}

/* One slow reader must not cost its memory for the rest of the run. */
enum { BACKLOG_KEPT = 1 << 20 };

static void empty_backlog(struct file *self)
{
	self->sent = 0;
	buf_clear(&self->backlog);
	if (self->backlog.room > BACKLOG_KEPT)
		buf_release(&self->backlog);
}

static enum status fail(struct file *self, enum status status)
{
	empty_backlog(self);
	self->failed = status;
	return status;
}

size_t file_backlog(const struct file *self)
{
	return self->backlog.len - self->sent;
}

enum status file_flush(struct file *self)
{
	if (file_backlog(self) == 0)
		return self->failed;
	enum status status = offer(self, self->backlog.data + self->sent, file_backlog(self), &self->sent);
	if (status != STATUS_OK)
		return fail(self, status);
	if (file_backlog(self) == 0)
		empty_backlog(self);
	return STATUS_OK;
}

static void keep(struct file *self, const char *bytes, size_t len)
{
	/* No byte moves before as many others were sent, so that moving costs no more than sending. */
	if (self->sent >= file_backlog(self)) {
		buf_consume(&self->backlog, self->sent);
		self->sent = 0;
	}
	buf_append(&self->backlog, bytes, len);
}

enum status file_write(struct file *self, const void *bytes, size_t len)
{
	size_t taken = 0;
	enum status status = file_flush(self);
	if (status != STATUS_OK)
		return status;
	if (file_backlog(self) == 0)
		status = offer(self, bytes, len, &taken);
	if (status != STATUS_OK)
		return fail(self, status);
	if (taken < len)
		keep(self, (const char *)bytes + taken, len - taken);
	return STATUS_OK;
}

/* Whoever was told to stop waits no longer than this for a reader. A signal that comes just before the wait
 * begins is seen one look later. */
enum { LAST_PATIENCE_MS = 1000, LOOK_MS = 250 };

enum status file_drain(struct file *self, int64_t until)
{
	enum status status;
	bool stopped = false;
	while ((status = file_flush(self)) == STATUS_OK && file_backlog(self) > 0) {
		int64_t now = clock_now_ms();
		if (!stopped && stop_signal()) {
			stopped = true;
			until = until < now + LAST_PATIENCE_MS ? until : now + LAST_PATIENCE_MS;
		}
		if (now >= until) {
			log_error("%s: the reader does not read; %zu bytes were not written", self->name,
			    file_backlog(self));
			return fail(self, STATUS_OUTPUT);
		}
		takes_more(self, until - now < LOOK_MS ? (int)(until - now) : LOOK_MS);
	}
	return status;
}

enum status file_close(struct file *self)
{
	buf_release(&self->backlog);
	self->sent = 0;
	if (self->fd < 0)
		return STATUS_OK;
	int fd = self->fd;
	self->fd = -1;
	/* Some file systems tell only now that the disk is full. */
	if (close(fd) != 0 && errno != EINTR)
		return complain(self, "cannot be closed");
	return STATUS_OK;
}
