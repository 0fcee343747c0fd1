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

static void say(int terminal, const char *text)
{
	ssize_t written = write(terminal, text, strlen(text));
	(void)written;
}

/* One line, without its end. False where none comes. */
static bool read_line(int terminal, struct buf *line)
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

static bool ask_unseen(int terminal, const char *name, struct buf *line)
{
	struct termios seen, unseen;
	struct sigaction old, ignore = {.sa_handler = SIG_IGN};
	if (tcgetattr(terminal, &seen) != 0)
		return false;
	/* A shell that came back by Ctrl-Z would show nothing of what is typed. */
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGTSTP, &ignore, &old);
	unseen = seen;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(terminal, TCSAFLUSH, &unseen);
	say(terminal, "Password for ");
	say(terminal, name);
	say(terminal, ": ");
	bool good = read_line(terminal, line);
	tcsetattr(terminal, TCSAFLUSH, &seen);
	sigaction(SIGTSTP, &old, NULL);
	say(terminal, "\n");
	return good;
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
	bool good = terminal >= 0;
	if (good) {
		good = ask_unseen(terminal, options->user, &user);
		close(terminal);
	}
	options_own(options, user.data);
	options->user = user.data;
	if (good)
		return STATUS_OK;
	log_error("-u: no password for this name (-u NAME:PASSWORD, or --netrc)");
	return STATUS_USAGE;
}
