#include "base/stop.h"

#include "base/clock.h"
#include "base/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

/* Longest wait before the signal flag is checked again. */
enum { POLL_MAX_MS = 100 };

static volatile sig_atomic_t caught; /* number of the signal; 0 if there was none */
static int64_t deadline = CLOCK_NEVER;

static void on_signal(int signal)
{
	caught = signal;
	/* The next signal may end the process at once, and nobody would erase the status line. */
	screen_erase_status_line();
}

void stop_catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	/* SA_RESETHAND restores the default action for the second signal. */
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct sigaction old;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, NULL);
	/* At the limit of a file's size (ulimit -f), write(2) then fails with EFBIG. */
	sigaction(SIGXFSZ, &ignore, NULL);
}

int stop_signal(void)
{
	return caught;
}

void stop_at(int64_t deadline_ms)
{
	deadline = deadline_ms;
}

int64_t stop_deadline(void)
{
	return deadline;
}

bool stop_is_due(void)
{
	return caught != 0 || clock_now_ms() >= deadline;
}

bool stop_wait_for(int descriptor, short events)
{
	struct pollfd poll_descriptor = {.fd = descriptor, .events = events};
	int64_t left_ms = deadline - clock_now_ms();
	int timeout_ms = left_ms <= 0 || caught != 0 ? 0 : left_ms < POLL_MAX_MS ? (int)left_ms : POLL_MAX_MS;
	int ready = poll(&poll_descriptor, 1, timeout_ms);
	/* After any other error of poll, the caller tries to read or write and sees the error. */
	return ready > 0 || (ready < 0 && errno != EINTR);
}

void stop_die(int number)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
	raise(number);
}
