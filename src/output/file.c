#include "output/file.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "base/stop.h"
#include "output/number_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
			errno = EIO; /* the file became shorter meanwhile */
		if (n < 0 || (size_t)n < len)
			return false;
		for (; len > 0; len--, --*end) {
			if (block[len - 1] == row_end(self))
				return true;
		}
	}
	return true;
}

/* Finds out whether the last line of a file that is appended to is complete. A row that is appended to a
 * part of a row would make both useless, so such a file is refused unless it may be repaired. */
static enum status check_last_line(struct file *self, bool repair)
{
	off_t end;
	if (!S_ISREG(self->info.st_mode))
		return STATUS_OK;
	if (!file_find_end(self, self->fd, self->info.st_size, &end))
		return log_output_error(self->name, "cannot be read");
	self->old_len = (uint64_t)end;
	self->torn_len = self->info.st_size - end;
	if (self->torn_len == 0 || repair)
		return STATUS_OK;
	log_error("%s: the last line is torn (%jd byte%s without a %s); nothing was appended (--repair cuts "
	          "it off)",
	    self->name, (intmax_t)self->torn_len, number_text_plural((uint64_t)self->torn_len),
	    self->null_ends ? "NUL" : "newline");
	return STATUS_OUTPUT;
}

/* A file that is appended to must also be readable, so that its last line can be checked. Special files are
 * opened only for writing: a process that has a pipe open for reading too never sees that its reader is
 * gone. */
static int open_flags(const char *path, bool append)
{
	struct stat info;
	/* O_APPEND is used here too: if another process empties the file, later writes must not leave a hole
	 * at its start. */
	if (!append)
		return O_WRONLY | O_CREAT | O_APPEND;
	bool is_special = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
	return (is_special ? O_WRONLY : O_RDWR) | O_CREAT | O_APPEND;
}

enum status file_open(struct file *self, const char *path, const struct file_options *options)
{
	*self = (struct file){.name = path,
	    .fd = -1,
	    .append = options->append,
	    .null_ends = options->null_ends,
	    .backlog.max = SIZE_MAX / 2};
	const struct lock_options lock = {.name = path, .fail_if_locked = options->lock_fail};
	enum status status = STATUS_OK;
	if (!path || strcmp(path, "-") == 0) {
		self->is_stdout = true;
		self->name = "stdout";
		self->fd = STDOUT_FILENO;
	} else if (options->atomic) {
		status = atomic_file_open(&self->atomic, &self->fd, path, &lock);
	} else {
		struct stat old;
		self->is_new = stat(path, &old) != 0 && errno == ENOENT;
		status = lock_open(&self->fd, path, open_flags(path, options->append),
		    options->is_private ? 0600 : 0666, &lock);
	}
	if (status == STATUS_OK && fstat(self->fd, &self->info) != 0)
		status = log_output_error(self->name, "cannot be used");
	if (status != STATUS_OK || self->is_stdout || !options->append)
		return status;
	return check_last_line(self, options->repair);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return S_ISREG(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool file_is_same(const struct file *self, const struct stat *info)
{
	struct stat target;
	if (is_same_file(&self->info, info))
		return true;
	return self->atomic.target && stat(self->atomic.target, &target) == 0 && is_same_file(&target, info);
}

bool file_is_regular(const struct file *self)
{
	return S_ISREG(self->info.st_mode);
}

/* Goes on with what an earlier run has written. */
static enum status resume(struct file *self)
{
	self->is_begun = !self->atomic.target;
	self->atomic.is_ours = self->atomic.target != NULL;
	self->old_len = self->resume_len;
	/* The file of --atomic is not open for appending. */
	if (ftruncate(self->fd, (off_t)self->resume_len) != 0 || lseek(self->fd, 0, SEEK_END) < 0)
		return log_output_error(self->name, "cannot be cut");
	return STATUS_OK;
}

enum status file_begin(struct file *self)
{
	if (self->is_resumed)
		return resume(self);
	if (self->atomic.target)
		return atomic_file_begin(&self->atomic, self->fd);
	self->is_begun = true;
	/* The content of a file behind stdout is kept, since it belongs to the shell that opened the
	 * file. */
	if (self->is_stdout || !S_ISREG(self->info.st_mode) || (self->append && !self->torn_len))
		return STATUS_OK;
	if (ftruncate(self->fd, self->append ? self->info.st_size - self->torn_len : 0) != 0)
		return log_output_error(self->name, self->append ? "cannot be cut" : "cannot be emptied");
	if (self->append)
		log_warning("%s: a torn last line of %jd byte%s was cut off (--repair)", self->name,
		    (intmax_t)self->torn_len, number_text_plural((uint64_t)self->torn_len));
	return STATUS_OK;
}

/* Waits up to wait_ms until the file can be written without waiting. Returns a positive number if it can, 0
 * if not, and a negative one on an error (errno). It polls, since all processes that share a pipe on stdout
 * would share the flag O_NONBLOCK too. */
static int poll_writable(const struct file *self, int wait_ms)
{
	struct pollfd writable = {.fd = self->fd, .events = POLLOUT};
	int ready = S_ISREG(self->info.st_mode) ? 1 : poll(&writable, 1, wait_ms);
	return ready < 0 && errno == EINTR ? 0 : ready;
}

/* True if kill -9 may end a write of len bytes in its middle. The kernel checks for the signal between two
 * memory pages of a file, so a write within one page is done whole or not at all. */
static bool may_be_torn(const struct file *self, size_t len)
{
	struct stat now;
	off_t page = sysconf(_SC_PAGESIZE);
	return S_ISREG(self->info.st_mode) &&
	       (fstat(self->fd, &now) != 0 || now.st_size % page + (off_t)len > page);
}

static void raise_alarm(struct file *self)
{
	struct file_callback alarm = self->alarm;
	self->alarm.fn = NULL;
	alarm.fn(alarm.ctx);
}

/* The number of bytes for the next write. A pipe that poll(2) reports as writable takes PIPE_BUF bytes
 * without waiting, so a write to it is not longer than that, and ends at the end of a row if one is in
 * reach. */
static size_t next_write_len(const struct file *self, const char *bytes, size_t len)
{
	if (S_ISREG(self->info.st_mode))
		return len;
	size_t max = len < PIPE_BUF ? len : PIPE_BUF;
	size_t rows = max;
	while (rows > 0 && bytes[rows - 1] != row_end(self))
		rows--;
	return rows ? rows : max;
}

/* Cuts off a part of a row that a full disk has taken; the rest of that row is lost. `done` bytes were
 * written. */
static void cut_torn_row(const struct file *self, const char *bytes, size_t done)
{
	size_t rows = done;
	struct stat now;
	while (rows > 0 && bytes[rows - 1] != row_end(self))
		rows--;
	off_t at = lseek(self->fd, 0, SEEK_CUR);
	/* The file is not truncated if another process has appended to it meanwhile. */
	if (rows < done && S_ISREG(self->info.st_mode) && fstat(self->fd, &now) == 0 && at == now.st_size &&
	    ftruncate(self->fd, at - (off_t)(done - rows)) != 0)
		log_error("%s: ends with a torn line: %s", self->name, strerror(errno));
}

/* Writes as many bytes as can be written without waiting, and adds their number to *taken. */
static enum status write_without_waiting(struct file *self, const char *bytes, size_t len, size_t *taken)
{
	for (size_t done = 0; done < len;) {
		int ready = poll_writable(self, 0);
		if (ready < 0)
			return log_output_error(self->name, "cannot be waited for");
		if (ready == 0)
			return STATUS_OK;
		size_t piece = next_write_len(self, bytes + done, len - done);
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
			/* Another process that shares this pipe may have set O_NONBLOCK. */
			return STATUS_OK;
		} else if (errno != EINTR) {
			enum status status = log_output_error(self->name, "cannot be written");
			cut_torn_row(self, bytes, done);
			return status;
		}
	}
	return STATUS_OK;
}

/* A buffer of more bytes than this is freed when it is empty, so that a reader that was slow once does not
 * cost memory for the rest of the run. */
enum { BACKLOG_KEPT = 1 << 20 };

static void empty_backlog(struct file *self)
{
	self->sent_len = 0;
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
	return self->backlog.len - self->sent_len;
}

enum status file_flush(struct file *self)
{
	if (file_backlog(self) == 0)
		return self->failed;
	enum status status = write_without_waiting(
	    self, self->backlog.data + self->sent_len, file_backlog(self), &self->sent_len);
	if (status != STATUS_OK)
		return fail(self, status);
	if (file_backlog(self) == 0)
		empty_backlog(self);
	return STATUS_OK;
}

enum status file_flush_or_wait(struct file *self, struct wait *wait, size_t *backlog)
{
	enum status status = file_flush(self);
	*backlog += file_backlog(self);
	if (file_backlog(self) > 0)
		wait_for(wait, self->fd, POLLOUT);
	return status;
}

static void append_backlog(struct file *self, const char *bytes, size_t len)
{
	/* The backlog is moved to the front of the buffer only after at least as many bytes were written, so
	 * that moving costs no more than writing. */
	if (self->sent_len >= file_backlog(self)) {
		buf_consume(&self->backlog, self->sent_len);
		self->sent_len = 0;
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
		status = write_without_waiting(self, bytes, len, &taken);
	if (status != STATUS_OK)
		return fail(self, status);
	if (taken < len)
		append_backlog(self, (const char *)bytes + taken, len - taken);
	return STATUS_OK;
}

enum status file_undo_writes(struct file *self, uint64_t accepted)
{
	size_t undo_len = (size_t)(self->accepted - accepted), kept = file_backlog(self);
	if (self->failed != STATUS_OK || undo_len == 0)
		return self->failed;
	size_t from_backlog = undo_len < kept ? undo_len : kept;
	self->backlog.len -= from_backlog;
	self->accepted -= from_backlog;
	if (!S_ISREG(self->info.st_mode) || self->accepted == accepted)
		return STATUS_OK;
	off_t end = lseek(self->fd, 0, SEEK_CUR) - (off_t)(self->accepted - accepted);
	if (ftruncate(self->fd, end) != 0 || lseek(self->fd, end, SEEK_SET) < 0)
		return fail(self, log_output_error(self->name, "cannot be cut"));
	self->written -= self->accepted - accepted;
	self->accepted = accepted;
	return STATUS_OK;
}

/* After a signal, the run waits for a reader no longer than DRAIN_AFTER_SIGNAL_MS. A signal that comes just
 * before poll(2) does not wake it up, so each poll ends after POLL_MS. */
enum { DRAIN_AFTER_SIGNAL_MS = 1000, POLL_MS = 250 };

enum status file_drain(struct file *self, int64_t until)
{
	enum status status;
	bool stopped = false;
	while ((status = file_flush(self)) == STATUS_OK && file_backlog(self) > 0) {
		int64_t now = clock_now_ms();
		if (!stopped && stop_signal()) {
			stopped = true;
			until = until < now + DRAIN_AFTER_SIGNAL_MS ? until : now + DRAIN_AFTER_SIGNAL_MS;
		}
		if (now >= until) {
			log_error("%s: the reader does not read; %zu byte%s not written", self->name,
			    file_backlog(self), file_backlog(self) == 1 ? " was" : "s were");
			return fail(self, STATUS_OUTPUT);
		}
		poll_writable(self, until - now < POLL_MS ? (int)(until - now) : POLL_MS);
	}
	return status;
}

enum status file_commit(struct file *self)
{
	if (self->failed != STATUS_OK || !self->atomic.target)
		return self->failed;
	return atomic_file_commit(&self->atomic, self->fd, self->name);
}

/* Reports a file that another process deleted, replaced or truncated during the run, since rows are then
 * lost. */
static enum status check_at_close(const struct file *self)
{
	struct stat now;
	const char *what = NULL;
	if (!self->is_begun || self->failed != STATUS_OK || self->written == 0 ||
	    !S_ISREG(self->info.st_mode) || fstat(self->fd, &now) != 0)
		return STATUS_OK;
	if (self->is_stdout ? now.st_nlink == 0 && self->info.st_nlink > 0
	                    : lock_check_path(self->name, self->fd) == LOCK_PATH_OTHER)
		what = "was deleted or replaced during the run; what was written to it is lost";
	else if ((uint64_t)now.st_size < self->old_len + self->written)
		what = "was cut during the run; some of what was written to it is lost";
	if (!what)
		return STATUS_OK;
	log_error("%s: %s", self->name, what);
	return STATUS_OUTPUT;
}

/* The name may be that of a symbolic link, which stays. */
static void unlink_target(const char *name)
{
	char *path = path_resolve_links(name);
	unlink(path);
	free(path);
}

/* A run that cannot begin leaves no file that was not there before. Whoever waits for the lock looks for the
 * name again. */
static void remove_unused(const struct file *self)
{
	struct stat now;
	bool is_unused = self->is_new && !self->is_begun && self->fd >= 0;
	if (is_unused && fstat(self->fd, &now) == 0 && S_ISREG(now.st_mode) && now.st_size == 0 &&
	    lock_check_path(self->name, self->fd) == LOCK_PATH_OURS)
		unlink_target(self->name);
}

enum status file_close(struct file *self)
{
	remove_unused(self);
	buf_release(&self->backlog);
	self->sent_len = 0;
	enum status status = self->fd < 0 ? STATUS_OK : check_at_close(self);
	self->atomic.is_ours &= !self->is_kept;
	atomic_file_release(&self->atomic, self->fd);
	if (self->fd < 0)
		return STATUS_OK;
	int fd = self->fd;
	self->fd = -1;
	/* Some file systems report a full disk only when the file is closed. */
	if (close(fd) != 0 && errno != EINTR)
		return status_first(status, log_output_error(self->name, "cannot be closed"));
	return status;
}
