#include "base/screen.h"

#include "base/buf.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* TIOCGWINSZ is in no standard before POSIX.1-2024, and shown by every system whatever macros are set. */
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048, COLUMNS_UNKNOWN = 80 };

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
} screen;

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

static void write_all(const char *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(STDERR_FILENO, bytes + done, len - done);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			done += (size_t)n;
	}
}

void screen_wipe(void)
{
	if (!screen.shown)
		return;
	screen.shown = 0;
	int saved = errno;
	write_all(erase, sizeof erase - 1);
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

/* After Ctrl-S it does not, and the run must not wait for that. */
static bool takes_more(void)
{
	struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
	return poll(&writable, 1, 0) == 1 && (writable.revents & POLLOUT);
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
	if (!is_foreground() || !takes_more())
		return;
	begin();
	screen.len = len < sizeof screen.line ? len : sizeof screen.line;
	memcpy(screen.line, text, screen.len);
	buf_init(&bytes, 2 * LINE_MAX_BYTES);
	append_line(&bytes);
	screen.shown = 1;
	write_all(bytes.data, bytes.len);
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
	if (!screen.shown) {
		write_all(bytes, len);
		return;
	}
	buf_init(&all, SIZE_MAX / 2);
	buf_append_text(&all, erase);
	buf_append(&all, bytes, len);
	append_line(&all);
	write_all(all.data, all.len);
	buf_release(&all);
}
