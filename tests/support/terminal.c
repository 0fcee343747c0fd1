/* posix_openpt and its kin are in POSIX's XSI option. */
#define _XOPEN_SOURCE 700

#include "terminal.h"

#include "run.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RAW_MAX = 16 << 20, WAIT_SECONDS = 10, RUN_SECONDS = 20 };

static void set_size(int fd, unsigned short columns)
{
	struct winsize size = {.ws_row = columns ? 24 : 0, .ws_col = columns};
	cr_assert(ioctl(fd, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ: %s", strerror(errno));
}

static void clean_environment(const char *const *env)
{
	static const char *const removed[] = {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY",
	    "ALL_PROXY", "NO_COLOR", "XDG_CONFIG_HOME"};
	for (size_t i = 0; i < sizeof removed / sizeof *removed; i++)
		unsetenv(removed[i]);
	setenv("HOME", "/nonexistent", 1);
	setenv("TERM", "xterm", 1);
	for (; env && *env; env++)
		putenv((char *)*env);
}

static _Noreturn void become(
    const struct terminal_options *options, const char *slave, const char *const *args)
{
	const char *argv[32] = {run_areq_name()};
	int ends[2];
	for (size_t i = 0; args[i] && i < 30; i++)
		argv[i + 1] = args[i];
	setsid();
	/* The first terminal that a session's leader opens is the session's. */
	int fd = open(slave, O_RDWR);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDERR_FILENO);
	if (options->output_pipe && pipe(ends) == 0)
		fd = ends[1];
	else if (options->output)
		fd = open(options->output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	dup2(fd, STDOUT_FILENO);
	clean_environment(options->env);
	execvp(argv[0], (char **)argv);
	_exit(127);
}

void terminal_start(struct terminal *self, const struct terminal_options *options, const char *const *args)
{
	*self =
	    (struct terminal){.columns = options->columns ? options->columns : 80, .started = run_clock()};
	buf_init(&self->raw, RAW_MAX);
	buf_append_text(&self->raw, "");
	self->master = posix_openpt(O_RDWR | O_NOCTTY);
	cr_assert(self->master >= 0 && grantpt(self->master) == 0 && unlockpt(self->master) == 0,
	    "no pty: %s", strerror(errno));
	fcntl(self->master, F_SETFD, FD_CLOEXEC);
	fcntl(self->master, F_SETFL, O_NONBLOCK);
	set_size(self->master, options->columns);
	const char *slave = ptsname(self->master);
	self->pid = fork();
	cr_assert(self->pid >= 0, "fork: %s", strerror(errno));
	if (self->pid == 0)
		become(options, slave, args);
}

static void put_char(struct terminal *self, char c)
{
	if (self->column >= self->columns && self->cuts)
		self->column = self->columns - 1;
	if (self->column >= self->columns) {
		self->wrapped = true;
		self->column = 0;
		self->row++;
	}
	cr_assert(self->row < TERMINAL_ROWS && self->column < TERMINAL_COLUMNS);
	self->cells[self->row][self->column++] = c;
	if (self->column > self->widest)
		self->widest = self->column;
}

static void erase_below(struct terminal *self)
{
	memset(self->cells[self->row] + self->column, 0, TERMINAL_COLUMNS - self->column);
	for (size_t row = self->row + 1; row < TERMINAL_ROWS; row++)
		memset(self->cells[row], 0, TERMINAL_COLUMNS);
}

/* Shows the bytes from there on; a sequence that is not whole yet waits for its rest. Returns how many were
 * shown. */
static size_t show(struct terminal *self, const char *bytes, size_t len)
{
	size_t at = 0;
	for (; at < len; at++) {
		char c = bytes[at];
		if (c == '\033') {
			size_t end = at + 2;
			while (end < len && strchr("0123456789;?", bytes[end]))
				end++;
			if (end >= len)
				return at;
			cr_assert_eq(bytes[at + 1], '[');
			cr_assert(strchr("mJhl", bytes[end]), "ESC [ … %c", bytes[end]);
			if (bytes[end] == 'J')
				erase_below(self);
			if (bytes[end] == 'h' || bytes[end] == 'l')
				self->cuts = bytes[end] == 'l';
			at = end;
		} else if (c == '\r') {
			self->column = 0;
		} else if (c == '\n') {
			self->row++;
		} else {
			cr_assert((c >= ' ' && c != 0x7f) || c == '\t', "the byte 0x%02x", (unsigned char)c);
			put_char(self, c);
		}
	}
	return at;
}

/* True where something came. */
static bool read_some(struct terminal *self)
{
	struct pollfd readable = {.fd = self->master, .events = POLLIN};
	poll(&readable, 1, 20);
	char *to = buf_reserve(&self->raw, 4096);
	cr_assert(to);
	ssize_t got = read(self->master, to, 4096);
	if (got <= 0)
		return false;
	self->raw.len += (size_t)got;
	self->raw.data[self->raw.len] = '\0';
	self->shown += show(self, self->raw.data + self->shown, self->raw.len - self->shown);
	return true;
}

static void look_for_end(struct terminal *self)
{
	if (self->ended || waitpid(self->pid, &self->status, WNOHANG) != self->pid)
		return;
	self->ended = true;
	self->seconds = run_clock() - self->started;
}

static void give_up(struct terminal *self, const char *why)
{
	if (!self->ended) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	cr_assert(false, "%s; the terminal got:\n%s", why, self->raw.data);
}

void terminal_wait(struct terminal *self, const char *text, size_t times)
{
	double until = run_clock() + WAIT_SECONDS;
	while (terminal_count(self, text) < times) {
		if (!read_some(self))
			look_for_end(self);
		if (self->ended || run_clock() > until)
			give_up(self, text);
	}
}

void terminal_finish(struct terminal *self)
{
	double until = run_clock() + RUN_SECONDS;
	while (!self->ended) {
		while (read_some(self))
			;
		look_for_end(self);
		if (run_clock() > until)
			give_up(self, "does not end");
	}
	while (read_some(self))
		;
}

void terminal_resize(struct terminal *self, unsigned short columns)
{
	while (read_some(self))
		;
	set_size(self->master, columns);
	self->columns = columns;
	self->widest = 0;
}

void terminal_type(struct terminal *self, const char *bytes)
{
	ssize_t n = write(self->master, bytes, strlen(bytes));
	cr_assert(n == (ssize_t)strlen(bytes));
}

void terminal_release(struct terminal *self)
{
	close(self->master);
	buf_release(&self->raw);
}

const char *terminal_row(struct terminal *self, size_t row)
{
	char *text = self->cells[row];
	for (size_t i = 0, len = 0; i < TERMINAL_COLUMNS; i++) {
		if (text[i] && text[i] != ' ')
			len = i + 1;
		if (i + 1 == TERMINAL_COLUMNS)
			text[len] = '\0';
	}
	return text;
}

size_t terminal_count(const struct terminal *self, const char *text)
{
	size_t count = 0;
	for (const char *at = self->raw.data; (at = strstr(at, text)); at += strlen(text))
		count++;
	return count;
}
