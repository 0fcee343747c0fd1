#include "cli/password.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/stop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024 };

static void print_text(int terminal, const char *text)
{
	ssize_t written = write(terminal, text, strlen(text));
	(void)written;
}

/* Reads one line, without its newline. False if none comes before the end of the run, or it is too long. */
static bool read_password(int terminal, struct buf *line)
{
	char byte;
	for (;;) {
		if (!stop_wait_for(terminal, POLLIN)) {
			if (stop_is_due())
				return false;
			continue;
		}
		if (read(terminal, &byte, 1) != 1)
			return false;
		if (byte == '\n')
			return true;
		if (!buf_append_byte(line, byte))
			return false;
	}
}

static bool ask_without_echo(int terminal, const char *name, struct buf *line)
{
	struct termios saved, no_echo;
	struct sigaction old, ignore = {.sa_handler = SIG_IGN};
	if (tcgetattr(terminal, &saved) != 0)
		return false;
	/* Ctrl-Z would return to a shell on a terminal without echo, so SIGTSTP is ignored here. */
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGTSTP, &ignore, &old);
	no_echo = saved;
	no_echo.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(terminal, TCSAFLUSH, &no_echo);
	print_text(terminal, "Password for ");
	print_text(terminal, name);
	print_text(terminal, ": ");
	bool succeeded = read_password(terminal, line);
	tcsetattr(terminal, TCSAFLUSH, &saved);
	sigaction(SIGTSTP, &old, NULL);
	print_text(terminal, "\n");
	return succeeded;
}

enum status cli_password_ask(struct options *options)
{
	if (!options->user || strchr(options->user, ':'))
		return STATUS_OK;
	struct buf user;
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	buf_init(&user, strlen(options->user) + 1 + PASSWORD_MAX);
	buf_append_text(&user, options->user);
	buf_append_byte(&user, ':');
	bool succeeded = terminal >= 0;
	if (succeeded) {
		succeeded = ask_without_echo(terminal, options->user, &user);
		close(terminal);
	}
	options_own(options, user.data);
	options->user = user.data;
	if (succeeded)
		return STATUS_OK;
	log_error("-u: no password for this name (-u NAME:PASSWORD, or --netrc)");
	return STATUS_USAGE;
}
