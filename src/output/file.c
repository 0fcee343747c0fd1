#include "output/file.h"

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

static char row_end(const struct file *self)
{
	return self->null_ends ? '\0' : '\n';
}

bool file_find_end(const struct file *self, int fd, off_t size, off_t *end)
{
	char block[8192];
	for (*end = size; *end > 0;) {
		size_t len = *end < (off_t)sizeof block ? (size_t)*end : sizeof block;
		ssize_t n = pread(fd, block, len, *end - (off_t)len);
		if (n >= 0 && (size_t)n < len)
			errno = EIO; /* it shrank, or is being played with */
		if (n < 0 || (size_t)n < len)
			return false;
		for (; len > 0; len--, --*end) {
			if (block[len - 1] == row_end(self))
				return true;
		}
	}
	return true;
}

/* A row glued to half a row would be two rows lost. */
static enum status check_last_line(struct file *self, bool repair)
{
	off_t end;
	if (!S_ISREG(self->info.st_mode))
		return STATUS_OK;
	if (!file_find_end(self, self->fd, self->info.st_size, &end))
		return complain(self, "cannot be read");
	self->before = (uint64_t)end;
	self->torn = self->info.st_size - end;
	if (self->torn == 0 || repair)
		return STATUS_OK;
	log_error(
	    "%s: the last line is torn (%jd bytes without a %s); nothing was appended (--repair cuts it off)",
	    self->name, (intmax_t)self->torn, self->null_ends ? "NUL" : "newline");
	return STATUS_OUTPUT;
}

/* To look at the last line it must be readable too; but a pipe's writer that is its reader as well would
 * never find it closed. */
static int open_flags(const char *path, bool append)
{
	struct stat info;
	/* Where somebody empties it, what comes later must not stand behind a hole. */
	if (!append)
		return O_WRONLY | O_CREAT | O_APPEND;
	bool is_special = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
	return (is_special ? O_WRONLY : O_RDWR) | O_CREAT | O_APPEND;
}

enum status file_open(struct file *self, const char *path, const struct file_options *how)
{
	*self = (struct file){.name = path,
	    .fd = -1,
	    .append = how->append,
	    .null_ends = how->null_ends,
	    .backlog.max = SIZE_MAX / 2};
	const struct lock_how lock = {.name = path, .fail = how->lock_fail};
	enum status status = STATUS_OK;
	if (!path || strcmp(path, "-") == 0) {
		self->is_stdout = true;
		self->name = "stdout";
		self->fd = STDOUT_FILENO;
	} else if (how->atomic) {
		status = atomic_file_open(&self->atomic, &self->fd, path, &lock);
	} else {
		status = lock_open(&self->fd, path, open_flags(path, how->append), 0666, &lock);
	}
	if (status == STATUS_OK && fstat(self->fd, &self->info) != 0)
		status = complain(self, "cannot be used");
	if (status != STATUS_OK || self->is_stdout || !how->append)
		return status;
	return check_last_line(self, how->repair);
}

static bool is_one_file(const struct stat *a, const struct stat *b)
{
	return S_ISREG(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool file_is(const struct file *self, const struct stat *info)
{
	struct stat target;
	if (is_one_file(&self->info, info))
		return true;
	return self->atomic.target && stat(self->atomic.target, &target) == 0 && is_one_file(&target, info);
}

bool file_is_on_disk(const struct file *self)
{
	return S_ISREG(self->info.st_mode);
}

enum status file_begin(struct file *self)
{
	if (self->atomic.target)
		return atomic_file_begin(&self->atomic, self->fd);
	self->begun = true;
	/* What stdout already holds belongs to the shell that opened it. */
	if (self->is_stdout || !S_ISREG(self->info.st_mode) || (self->append && !self->torn))
		return STATUS_OK;
	if (ftruncate(self->fd, self->append ? self->info.st_size - self->torn : 0) != 0)
		return complain(self, self->append ? "cannot be cut" : "cannot be emptied");
	if (self->append)
		log_warning("%s: a torn last line of %jd byte%s was cut off (--repair)", self->name,
		    (intmax_t)self->torn, self->torn == 1 ? "" : "s");
	return STATUS_OK;
}

/* Not by O_NONBLOCK, which all who share this pipe would find set. Negative: nobody can tell, with errno. */
static int takes_more(const struct file *self, int wait_ms)
{
	struct pollfd writable = {.fd = self->fd, .events = POLLOUT};
	int ready = S_ISREG(self->info.st_mode) ? 1 : poll(&writable, 1, wait_ms);
	return ready < 0 && errno == EINTR ? 0 : ready;
}

/* The kernel looks for a kill between one page of a file and the next: what lies within a page is written
 * whole or not at all. */
static bool may_be_torn(const struct file *self, size_t len)
{
	struct stat now;
	off_t page = sysconf(_SC_PAGESIZE);
	return S_ISREG(self->info.st_mode) &&
	       (fstat(self->fd, &now) != 0 || now.st_size % page + (off_t)len > page);
}

static void raise_alarm(struct file *self)
{
	struct file_alarm alarm = self->alarm;
	self->alarm.fn = NULL;
	alarm.fn(alarm.ctx);
}

/* How much goes in one write. What takes more at all takes PIPE_BUF bytes without waiting. */
static size_t piece_len(const struct file *self, const char *bytes, size_t len)
{
	if (S_ISREG(self->info.st_mode))
		return len;
	size_t most = len < PIPE_BUF ? len : PIPE_BUF;
	size_t rows = most;
	while (rows > 0 && bytes[rows - 1] != row_end(self))
		rows--;
	return rows ? rows : most;
}

/* A full disk may have taken a part of a row: with the rest of it lost, it is no row. */
static void take_back(const struct file *self, const char *bytes, size_t done)
{
	size_t rows = done;
	struct stat now;
	while (rows > 0 && bytes[rows - 1] != row_end(self))
		rows--;
	off_t at = lseek(self->fd, 0, SEEK_CUR);
	/* What others have added behind it is not ours to cut. */
	if (rows < done && S_ISREG(self->info.st_mode) && fstat(self->fd, &now) == 0 && at == now.st_size &&
	    ftruncate(self->fd, at - (off_t)(done - rows)) != 0)
		log_error("%s: ends with a torn line: %s", self->name, strerror(errno));
}

/* Writes what is taken now and adds its length to *taken. */
static enum status offer(struct file *self, const char *bytes, size_t len, size_t *taken)
{
	for (size_t done = 0; done < len;) {
		int ready = takes_more(self, 0);
		if (ready < 0)
			return complain(self, "cannot be waited for");
		if (ready == 0)
			return STATUS_OK;
		size_t piece = piece_len(self, bytes + done, len - done);
		if (self->alarm.fn && may_be_torn(self, piece))
			raise_alarm(self);
		ssize_t n = write(self->fd, bytes + done, piece);
		if (n >= 0) {
			done += (size_t)n;
			*taken += (size_t)n;
			self->written += (uint64_t)n;
		} else if (errno == EPIPE) {
			return STATUS_PIPE_CLOSED;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			/* Whoever shares this pipe with us may have made it non-blocking. */
			return STATUS_OK;
		} else if (errno != EINTR) {
			enum status status = complain(self, "cannot be written");
			take_back(self, bytes, done);
			return status;
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

enum status file_hand_on(struct file *self, struct wait *wait, size_t *backlog)
{
	enum status status = file_flush(self);
	*backlog += file_backlog(self);
	if (file_backlog(self) > 0)
		wait_for(wait, self->fd, POLLOUT);
	return status;
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
	self->accepted += len;
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

enum status file_take_back(struct file *self, uint64_t accepted)
{
	size_t unwanted = (size_t)(self->accepted - accepted), kept = file_backlog(self);
	if (self->failed != STATUS_OK || unwanted == 0)
		return self->failed;
	size_t from_backlog = unwanted < kept ? unwanted : kept;
	self->backlog.len -= from_backlog;
	self->accepted -= from_backlog;
	if (!S_ISREG(self->info.st_mode) || self->accepted == accepted)
		return STATUS_OK;
	off_t end = lseek(self->fd, 0, SEEK_CUR) - (off_t)(self->accepted - accepted);
	if (ftruncate(self->fd, end) != 0 || lseek(self->fd, end, SEEK_SET) < 0)
		return fail(self, complain(self, "cannot be cut"));
	self->written -= self->accepted - accepted;
	self->accepted = accepted;
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

enum status file_commit(struct file *self)
{
	if (self->failed != STATUS_OK || !self->atomic.target)
		return self->failed;
	return atomic_file_commit(&self->atomic, self->fd, self->name);
}

/* Somebody else may have put another file in its place, or cut it; the rows are then lost. */
static enum status check_kept(const struct file *self)
{
	struct stat now;
	const char *what = NULL;
	if (!self->begun || self->failed != STATUS_OK || self->written == 0 || !S_ISREG(self->info.st_mode) ||
	    fstat(self->fd, &now) != 0)
		return STATUS_OK;
	if (self->is_stdout ? now.st_nlink == 0 && self->info.st_nlink > 0
	                    : lock_names(self->name, self->fd) == LOCK_NAMES_ANOTHER)
		what = "was deleted or replaced during the run; what was written to it is lost";
	else if ((uint64_t)now.st_size < self->before + self->written)
		what = "was cut during the run; some of what was written to it is lost";
	if (!what)
		return STATUS_OK;
	log_error("%s: %s", self->name, what);
	return STATUS_OUTPUT;
}

enum status file_close(struct file *self)
{
	buf_release(&self->backlog);
	self->sent = 0;
	enum status status = self->fd < 0 ? STATUS_OK : check_kept(self);
	atomic_file_release(&self->atomic, self->fd);
	if (self->fd < 0)
		return STATUS_OK;
	int fd = self->fd;
	self->fd = -1;
	/* Some file systems tell only now that the disk is full. */
	if (close(fd) != 0 && errno != EINTR)
		return status_first(status, complain(self, "cannot be closed"));
	return status;
}
