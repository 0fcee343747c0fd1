#include "base/screen.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* For TIOCGWINSZ, which is in POSIX only since 2024, but which all systems define under any feature-test
 * macros. */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048, COLUMNS_UNKNOWN = 80 };

/* Limits for a reader of stderr that does not read: of the backlog in bytes, and of the wait at the end. */
enum { BACKLOG_MAX = 1 << 20, BACKLOG_EXTRA = 64 << 10, TIMEOUT_MS = 2000, TOTAL_TIMEOUT_MS = 10000 };

/* While the status line is shown, the cursor is in its first column. So the line can be erased as a whole
 * even if a window that became narrower has wrapped it, since all of it is behind the cursor. Auto-wrap is
 * off while the line is drawn, because the window may have become narrower since its width was read. */
static const char draw_start[] = "\r\033[?7l";
static const char draw_end[] = "\033[J\033[?7h\r";
static const char erase_line[] = "\r\033[J";

/* This is at file scope because a signal handler can reach nothing else. */
static struct {
	/* The status line. */
	char line[LINE_MAX_BYTES];
	size_t len;       /* of line */
	bool line_in_use; /* from the first screen_set_status_line until screen_remove_status_line */
	volatile sig_atomic_t line_is_shown; /* on the screen now */
	struct sigaction old_stop_action;    /* for SIGTSTP, before start_line */

	/* What stderr is; set by inspect_stderr. */
	bool is_inspected;
	bool is_socket;
	bool is_blocking; /* a write blocks if the reader does not read */
	int descriptor;   /* all writes go to it: stderr, or a non-blocking descriptor for the same file */

	struct buf backlog;   /* bytes that stderr has not taken yet */
	size_t backlog_extra; /* how far the backlog may exceed BACKLOG_MAX */
	size_t lines_lost;    /* lines that did not fit into the backlog and were not reported yet */
} screen = {.backlog = {.max = SIZE_MAX / 2}};

bool screen_has_control_sequences(void)
{
	const char *term = getenv("TERM");
	return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

size_t screen_columns(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return COLUMNS_UNKNOWN;
	return size.ws_col;
}

/* Finds out what stderr is and opens it again with O_NONBLOCK. The flag must not be set on stderr itself,
 * because other processes share that open file description. */
static void inspect_stderr(void)
{
	struct stat info;
	screen.is_inspected = true;
	screen.descriptor = STDERR_FILENO;
	if (fstat(STDERR_FILENO, &info) != 0 || S_ISREG(info.st_mode))
		return;
	screen.is_socket = S_ISSOCK(info.st_mode);
	int own =
	    screen.is_socket ? -1 : open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	screen.is_blocking = own < 0;
	if (own >= 0)
		screen.descriptor = own;
}

/* True if stderr can take some bytes, or if a write would fail. */
static bool is_writable(int wait_ms)
{
	struct pollfd writable = {.fd = screen.descriptor, .events = POLLOUT};
	/* POLLERR, after the reader has closed the pipe, counts too: the write then reports the error. */
	return poll(&writable, 1, wait_ms) == 1 && writable.revents != 0;
}

/* Returns how many bytes the next write gets: as many whole lines as PIPE_BUF allows, or PIPE_BUF bytes of a
 * longer line. A pipe takes a write of up to PIPE_BUF bytes as a whole or not at all. */
static size_t next_write_length(const char *bytes, size_t len)
{
	size_t limit = len < PIPE_BUF ? len : PIPE_BUF, lines = limit;
	while (lines > 0 && bytes[lines - 1] != '\n')
		lines--;
	return lines ? lines : limit;
}

/* Makes one write that does not block, as write(2). A blocking descriptor is polled first: a pipe that takes
 * anything takes PIPE_BUF bytes, which is the longest write (next_write_length). */
static ssize_t write_once(const char *bytes, size_t len)
{
	/* clang-tidy takes the length of a short text for one of thousands of bytes. */
	if (screen.is_socket) /* NOLINTNEXTLINE(clang-analyzer-unix.StdCLibraryFunctions) */
		return send(screen.descriptor, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!screen.is_blocking)
		return write(screen.descriptor, bytes, len);
	errno = EAGAIN;
	return is_writable(0) ? write(screen.descriptor, bytes, len) : -1;
}

/* Writes as much as stderr takes now. Returns how many bytes need not be written again: those that were
 * written, or all of them after an error such as a closed pipe. Async-signal-safe after inspect_stderr. */
static size_t write_some(const char *bytes, size_t len)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = write_once(bytes + done, next_write_length(bytes + done, len - done));
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0 && errno != EINTR)
			return len;
		if (n > 0)
			done += (size_t)n;
	}
	return done;
}

/* Writes the bytes behind the backlog; what stderr does not take is added to the backlog. */
static void write_or_queue(const char *bytes, size_t len)
{
	size_t done = screen.backlog.len ? 0 : write_some(bytes, len);
	buf_append(&screen.backlog, bytes + done, len - done);
}

/* Writes what stderr takes of the backlog, and after all of it the number of messages that were lost. */
static void flush_backlog(void)
{
	char lost[64];
	if (screen.backlog.len)
		buf_consume(&screen.backlog, write_some(screen.backlog.data, screen.backlog.len));
	if (screen.backlog.len || !screen.lines_lost)
		return;
	snprintf(lost, sizeof lost, "areq: %zu line%s lost: nobody read them\n", screen.lines_lost,
	    screen.lines_lost == 1 ? " was" : "s were");
	screen.lines_lost = 0;
	write_or_queue(lost, strlen(lost));
}

void screen_reserve_for_summary(void)
{
	screen.backlog_extra = BACKLOG_EXTRA;
}

void screen_flush(struct wait *wait)
{
	flush_backlog();
	if (screen.backlog.len)
		wait_for(wait, screen.descriptor, POLLOUT);
}

void screen_finish(bool is_hasty)
{
	int64_t now = clock_now_ms(), until = now + (is_hasty ? TIMEOUT_MS : TOTAL_TIMEOUT_MS);
	bool is_progressing = true;
	flush_backlog();
	for (; screen.backlog.len && is_progressing && now < until; now = clock_now_ms()) {
		is_progressing = is_writable(is_hasty ? (int)(until - now) : TIMEOUT_MS);
		flush_backlog();
	}
	buf_release(&screen.backlog);
	if (screen.is_inspected && screen.descriptor != STDERR_FILENO)
		close(screen.descriptor);
	screen.is_inspected = false;
}

void screen_erase_status_line(void)
{
	if (!screen.line_is_shown)
		return;
	screen.line_is_shown = 0;
	int saved = errno;
	/* While there is a backlog, the output may end within a line, and erasing would damage that line. */
	if (!screen.backlog.len)
		write_some(erase_line, sizeof erase_line - 1);
	errno = saved;
}

static void on_stop(int signal);

static void watch_stop(struct sigaction *old)
{
	/* In the handler the default action holds and the signal is not blocked, so raise(3) stops us. */
	struct sigaction action = {
	    .sa_handler = on_stop, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_RESTART)};
	sigemptyset(&action.sa_mask);
	sigaction(SIGTSTP, &action, old);
}

static void on_stop(int signal)
{
	int saved = errno;
	screen_erase_status_line();
	raise(signal);
	/* The process continues here after SIGCONT. */
	watch_stop(NULL);
	errno = saved;
}

static void start_line(void)
{
	if (screen.line_in_use)
		return;
	screen.line_in_use = true;
	if (sigaction(SIGTSTP, NULL, &screen.old_stop_action) == 0 &&
	    screen.old_stop_action.sa_handler == SIG_DFL)
		watch_stop(NULL);
}

/* False for a background job, which must not write over the command line of the shell. Without a controlling
 * terminal there is no job control, and the result is true. */
static bool is_in_foreground(void)
{
	pid_t group = tcgetpgrp(STDERR_FILENO);
	return group < 0 || group == getpgrp();
}

static void append_line(struct buf *bytes)
{
	buf_append_text(bytes, draw_start);
	buf_append(bytes, screen.line, screen.len);
	buf_append_text(bytes, draw_end);
}

void screen_set_status_line(const char *text, size_t len)
{
	struct buf bytes;
	if (!screen.is_inspected)
		inspect_stderr();
	/* A terminal takes nothing after Ctrl-S. */
	if (!is_in_foreground() || screen.backlog.len || !is_writable(0))
		return;
	start_line();
	screen.len = len < sizeof screen.line ? len : sizeof screen.line;
	memcpy(screen.line, text, screen.len);
	buf_init(&bytes, 2 * LINE_MAX_BYTES);
	append_line(&bytes);
	screen.line_is_shown = 1;
	write_or_queue(bytes.data, bytes.len);
	buf_release(&bytes);
}

void screen_remove_status_line(void)
{
	if (!screen.line_in_use)
		return;
	screen.line_in_use = false;
	screen.line_is_shown = is_in_foreground();
	screen_erase_status_line();
	if (screen.old_stop_action.sa_handler == SIG_DFL)
		sigaction(SIGTSTP, &screen.old_stop_action, NULL);
}

void screen_print(const char *bytes, size_t len)
{
	struct buf all;
	if (!screen.is_inspected)
		inspect_stderr();
	flush_backlog();
	if (screen.backlog.len + len > BACKLOG_MAX + screen.backlog_extra) {
		screen.lines_lost++;
		return;
	}
	if (!screen.line_is_shown) {
		write_or_queue(bytes, len);
		return;
	}
	buf_init(&all, SIZE_MAX / 2);
	buf_append_text(&all, erase_line);
	buf_append(&all, bytes, len);
	append_line(&all);
	write_or_queue(all.data, all.len);
	buf_release(&all);
}
