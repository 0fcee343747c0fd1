#include "base/stop.h"

#include "base/clock.h"
#include "base/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

enum { LOOK_MS = 100 };

static volatile sig_atomic_t caught;
static int64_t end_moment = CLOCK_NEVER;

static void on_signal(int signal)
{
	caught = signal;
	/* A second signal may end the process where it stands. */
	screen_wipe();
}

void stop_watch(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	/* SA_RESETHAND: the second one finds the default action. */
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
	/* A file may grow no further (ulimit -f): write says so, too. */
	sigaction(SIGXFSZ, &ignore, NULL);
}

int stop_signal(void)
{
	return caught;
}

void stop_at(int64_t moment)
{
	end_moment = moment;
}

int64_t stop_moment(void)
{
	return end_moment;
}

bool stop_is_due(void)
{
	return caught != 0 || clock_now_ms() >= end_moment;
}

bool stop_wait_for(int descriptor, short events)
{
	struct pollfd awaited = {.fd = descriptor, .events = events};
	int64_t left = end_moment - clock_now_ms();
	int look_ms = left <= 0 || caught != 0 ? 0 : left < LOOK_MS ? (int)left : LOOK_MS;
	int ready = poll(&awaited, 1, look_ms);
	/* Where nobody can tell, the read or write will. */
	return ready > 0 || (ready < 0 && errno != EINTR);
}

void stop_die(int number)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
	raise(number);
}
