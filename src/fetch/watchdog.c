#include "fetch/watchdog.h"

#if WATCHDOG_NEEDED

#include "base/alloc.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Of processor time, so that what other programs take counts for nothing. */
enum { TICK_MS = 50, SHORT_TICK_MS = 10, SAMPLE = 16 };

/* Those that are found later have less patience, and those that were open when there was enough hardly any:
 * two looks at them. */
enum { BITES_WITH_PATIENCE = 4, FEW_TICKS = 2 };

/* libcurl has noticed a connection that was shut down by then. */
enum { NOTICED_MS = 2000, BITTEN_KEPT = 256 };

/* What stood first in the socket's queue at the last tick without a sign of life: where that changes from
 * tick to tick, it is this connection that is being read all the time. All others stand still meanwhile. */
struct connection {
	volatile sig_atomic_t open;
	unsigned changes;
	ssize_t sample_len;
	char sample[SAMPLE];
};

/* A signal handler finds nothing but what lies in the file's scope. */
static struct {
	timer_t timer;
	struct sigaction old;
	struct connection *connections; /* by their descriptors */
	size_t room;
	volatile sig_atomic_t running; /* between start and stop, with a timer */
	volatile sig_atomic_t inside;  /* between enter and leave */
	volatile sig_atomic_t ticking;
	volatile sig_atomic_t alive; /* since the last tick there was an enter, an alive or a leave */
	volatile sig_atomic_t held;  /* ticks since then */
	volatile sig_atomic_t bites;
	/* Of the last ones: the port, in network order, which the system gives to another one later; when. */
	struct {
		unsigned short port;
		int64_t at_ms;
	} bitten[BITTEN_KEPT];
} watchdog;

static void set_timer(long ms)
{
	struct itimerspec every = {{0, ms * 1000000}, {0, ms * 1000000}};
	timer_settime(watchdog.timer, 0, &every, NULL);
	watchdog.ticking = ms != 0;
}

static unsigned patience_ticks(void)
{
	return watchdog.bites < BITES_WITH_PATIENCE ? WATCHDOG_MS / TICK_MS : FEW_TICKS;
}

/* Async-signal-safe, as all that the handler calls. */
static void bite(int descriptor, struct connection *connection)
{
	struct sockaddr_in6 own; /* both families have the port in the same place */
	socklen_t len = sizeof own;
	connection->changes = 0;
	if (getsockname(descriptor, (struct sockaddr *)&own, &len) == 0) {
		watchdog.bitten[watchdog.bites % BITTEN_KEPT].port = own.sin6_port;
		watchdog.bitten[watchdog.bites % BITTEN_KEPT].at_ms = clock_now_ms();
	}
	watchdog.bites++;
	if (watchdog.bites == WATCHDOG_BITES_MAX)
		set_timer(SHORT_TICK_MS);
	shutdown(descriptor, SHUT_RDWR);
}

static void look_at(int descriptor, struct connection *connection, bool first)
{
	char sample[SAMPLE];
	ssize_t len = recv(descriptor, sample, sizeof sample, MSG_PEEK);
	if (len <= 0 && !first)
		return;
	bool same = len == connection->sample_len &&
	            memcmp(sample, connection->sample, (size_t)(len > 0 ? len : 0)) == 0;
	/* What was not full, or empty, may have grown while nobody read it. */
	bool was_full = connection->sample_len == SAMPLE;
	connection->changes = same || first || !was_full ? 0 : connection->changes + 1;
	connection->sample_len = len;
	memcpy(connection->sample, sample, sizeof sample);
	/* The first look was a tick after the last sign of life, or more. */
	if (connection->changes + 1 >= patience_ticks())
		bite(descriptor, connection);
}

static void on_tick(int signal)
{
	int saved = errno;
	(void)signal;
	if (!watchdog.inside && !watchdog.alive)
		set_timer(0);
	watchdog.held = watchdog.alive ? 0 : watchdog.held + 1;
	watchdog.alive = 0;
	for (size_t i = 0; watchdog.inside && watchdog.held > 0 && i < watchdog.room; i++) {
		if (watchdog.connections[i].open)
			look_at((int)i, &watchdog.connections[i], watchdog.held == 1);
	}
	errno = saved;
}

void watchdog_start(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	/* Where the system gives no timer, the run goes on without. */
	watchdog.running = timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &watchdog.timer) == 0;
	if (watchdog.running)
		sigaction(SIGALRM, &action, &watchdog.old);
}

void watchdog_stop(void)
{
	if (watchdog.running) {
		timer_delete(watchdog.timer);
		sigaction(SIGALRM, &watchdog.old, NULL);
	}
	free(watchdog.connections);
	memset(&watchdog, 0, sizeof watchdog);
}

/* No tick while the table moves. */
static void make_room(size_t room)
{
	sigset_t tick;
	sigemptyset(&tick);
	sigaddset(&tick, SIGALRM);
	sigprocmask(SIG_BLOCK, &tick, NULL);
	watchdog.connections = alloc_resize(watchdog.connections, room, sizeof *watchdog.connections);
	memset(
	    watchdog.connections + watchdog.room, 0, (room - watchdog.room) * sizeof *watchdog.connections);
	watchdog.room = room;
	sigprocmask(SIG_UNBLOCK, &tick, NULL);
}

void watchdog_open(int descriptor)
{
	size_t at = (size_t)descriptor;
	if (at >= watchdog.room)
		make_room(2 * at + 64);
	watchdog.connections[at] = (struct connection){0};
	watchdog.connections[at].open = 1;
}

void watchdog_close(int descriptor)
{
	if ((size_t)descriptor < watchdog.room)
		watchdog.connections[descriptor].open = 0;
}

void watchdog_enter(void)
{
	watchdog.alive = 1;
	watchdog.inside = 1;
	if (!watchdog.ticking && watchdog.running)
		set_timer(watchdog_has_enough() ? SHORT_TICK_MS : TICK_MS);
}

void watchdog_alive(void)
{
	watchdog.alive = 1;
}

void watchdog_leave(void)
{
	watchdog.inside = 0;
	watchdog.alive = 1;
}

bool watchdog_has_enough(void)
{
	return watchdog.bites >= WATCHDOG_BITES_MAX;
}

bool watchdog_bit(long local_port)
{
	for (int i = 0; i < watchdog.bites && i < BITTEN_KEPT; i++) {
		if (watchdog.bitten[i].port == htons((uint16_t)local_port) &&
		    clock_now_ms() < watchdog.bitten[i].at_ms + NOTICED_MS)
			return true;
	}
	return false;
}

#endif
