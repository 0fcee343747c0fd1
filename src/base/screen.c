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
/* TIOCGWINSZ is in no standard before POSIX.1-2024, and shown by every system whatever macros are set. */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048, COLUMNS_UNKNOWN = 80 };

/* What a reader that does not read costs at most. */
enum { KEPT_MAX = 1 << 20, END_MAX = 64 << 10, PATIENCE_MS = 2000, LAST_PATIENCE_MS = 10000 };

/* While the line is shown the cursor stands at its first column: where a narrower window wraps it, all of it
 * is still behind the cursor. Auto-wrap is off as it is drawn, should the window have become narrower since
 * its width was asked. */
static const char draw_begins[] = "\r\033[?7l";
static const char draw_ends[] = "\033[J\033[?7h\r";
static const char erase[] = "\r\033[J";

/* A signal handler finds nothing but what lies in the file's scope. */
static struct {
	char line[LINE_MAX_BYTES];
	size_t len;
	bool begun;
	volatile sig_atomic_t shown;
	struct sigaction old;
	bool found_out; /* what stderr is: */
	bool is_socket;
	bool may_wait;  /* a write does, where the reader does not read */
	int descriptor; /* that is written to */
	struct buf kept;
	size_t room_more;
	size_t lines_lost;
} screen = {.kept = {.max = SIZE_MAX / 2}};

bool screen_obeys(void)
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

/* A descriptor of our own can be told not to wait; whoever shares stderr would find the same flag set there.
 */
static void find_out(void)
{
	struct stat info;
	screen.found_out = true;
	screen.descriptor = STDERR_FILENO;
	if (fstat(STDERR_FILENO, &info) != 0 || S_ISREG(info.st_mode))
		return;
	screen.is_socket = S_ISSOCK(info.st_mode);
	int own =
	    screen.is_socket ? -1 : open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	screen.may_wait = own < 0;
	if (own >= 0)
		screen.descriptor = own;
}

/* True where it takes something, as far as the system knows. */
static bool takes_more(int wait_ms)
{
	struct pollfd writable = {.fd = screen.descriptor, .events = POLLOUT};
	/* Also where its reader has gone: the write will tell. */
	return poll(&writable, 1, wait_ms) == 1 && writable.revents != 0;
}

/* As many whole lines as go in one write: a pipe takes all of up to PIPE_BUF bytes, or none. */
static size_t piece_of(const char *bytes, size_t len)
{
	size_t most = len < PIPE_BUF ? len : PIPE_BUF, lines = most;
	while (lines > 0 && bytes[lines - 1] != '\n')
		lines--;
	return lines ? lines : most;
}

/* One write that does not wait. Where that cannot be asked for, what takes more at all takes PIPE_BUF bytes.
 */
static ssize_t write_now(const char *bytes, size_t len)
{
	if (screen.is_socket)
		return send(screen.descriptor, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!screen.may_wait)
		return write(screen.descriptor, bytes, len);
	errno = EAGAIN;
	return takes_more(0) ? write(screen.descriptor, bytes, len) : -1;
}

/* Returns how much of it is done with: written, or such as nobody will ever take. Async-signal-safe once it
 * was found out what stderr is. */
static size_t write_some(const char *bytes, size_t len)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = write_now(bytes + done, piece_of(bytes + done, len - done));
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0 && errno != EINTR)
			return len;
		if (n > 0)
			done += (size_t)n;
	}
	return done;
}

static void put(const char *bytes, size_t len)
{
	size_t done = screen.kept.len ? 0 : write_some(bytes, len);
	buf_append(&screen.kept, bytes + done, len - done);
}

/* What can be written of what is kept, and then how much was not. */
static void write_kept(void)
{
	char lost[64];
	if (screen.kept.len)
		buf_consume(&screen.kept, write_some(screen.kept.data, screen.kept.len));
	if (screen.kept.len || !screen.lines_lost)
		return;
	snprintf(lost, sizeof lost, "areq: %zu line%s lost: nobody read them\n", screen.lines_lost,
	    screen.lines_lost == 1 ? " was" : "s were");
	screen.lines_lost = 0;
	put(lost, strlen(lost));
}

void screen_begin_end(void)
{
	screen.room_more = END_MAX;
}

void screen_hand_on(struct wait *wait)
{
	write_kept();
	if (screen.kept.len)
		wait_for(wait, screen.descriptor, POLLOUT);
}

void screen_finish(bool is_hasty)
{
	int64_t now = clock_now_ms(), until = now + (is_hasty ? PATIENCE_MS : LAST_PATIENCE_MS);
	bool is_read = true;
	write_kept();
	for (; screen.kept.len && is_read && now < until; now = clock_now_ms()) {
		is_read = takes_more(is_hasty ? (int)(until - now) : PATIENCE_MS);
		write_kept();
	}
	buf_release(&screen.kept);
	if (screen.found_out && screen.descriptor != STDERR_FILENO)
		close(screen.descriptor);
	screen.found_out = false;
}

void screen_wipe(void)
{
	if (!screen.shown)
		return;
	screen.shown = 0;
	int saved = errno;
	/* In the midst of a line it would do more harm than good. */
	if (!screen.kept.len)
		write_some(erase, sizeof erase - 1);
	errno = saved;
}

static void on_stop(int signal);

static void watch_stop(struct sigaction *old)
{
	/* Entered with the default action back and the signal not held: raised again there, it stops us. */
	struct sigaction action = {
	    .sa_handler = on_stop, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_RESTART)};
	sigemptyset(&action.sa_mask);
	sigaction(SIGTSTP, &action, old);
}

static void on_stop(int signal)
{
	int saved = errno;
	screen_wipe();
	raise(signal);
	/* Here the shell has let us go on. */
	watch_stop(NULL);
	errno = saved;
}

static void begin(void)
{
	if (screen.begun)
		return;
	screen.begun = true;
	if (sigaction(SIGTSTP, NULL, &screen.old) == 0 && screen.old.sa_handler == SIG_DFL)
		watch_stop(NULL);
}

/* A job in the background must not write over the shell's line. Without a controlling terminal there are no
 * jobs. */
static bool is_foreground(void)
{
	pid_t group = tcgetpgrp(STDERR_FILENO);
	return group < 0 || group == getpgrp();
}

static void append_line(struct buf *bytes)
{
	buf_append_text(bytes, draw_begins);
	buf_append(bytes, screen.line, screen.len);
	buf_append_text(bytes, draw_ends);
}

void screen_keep(const char *text, size_t len)
{
	struct buf bytes;
	if (!screen.found_out)
		find_out();
	/* After Ctrl-S it takes nothing. */
	if (!is_foreground() || screen.kept.len || !takes_more(0))
		return;
	begin();
	screen.len = len < sizeof screen.line ? len : sizeof screen.line;
	memcpy(screen.line, text, screen.len);
	buf_init(&bytes, 2 * LINE_MAX_BYTES);
	append_line(&bytes);
	screen.shown = 1;
	put(bytes.data, bytes.len);
	buf_release(&bytes);
}

void screen_release(void)
{
	if (!screen.begun)
		return;
	screen.begun = false;
	screen.shown = is_foreground();
	screen_wipe();
	if (screen.old.sa_handler == SIG_DFL)
		sigaction(SIGTSTP, &screen.old, NULL);
}

void screen_print(const char *bytes, size_t len)
{
	struct buf all;
	if (!screen.found_out)
		find_out();
	write_kept();
	if (screen.kept.len + len > KEPT_MAX + screen.room_more) {
		screen.lines_lost++;
		return;
	}
	if (!screen.shown) {
		put(bytes, len);
		return;
	}
	buf_init(&all, SIZE_MAX / 2);
	buf_append_text(&all, erase);
	buf_append(&all, bytes, len);
	append_line(&all);
	put(all.data, all.len);
	buf_release(&all);
}
