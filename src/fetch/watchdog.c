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

/* The interval of the timer, in processor time of the process, so that the time that other programs take does
 * not count. */
enum { TICK_MS = 50, SHORT_TICK_MS = 10 };

/* The bytes of a socket's receive queue that are compared from tick to tick. */
enum { SAMPLE_SIZE = 16 };

/* The first shutdowns happen after WATCHDOG_MS. Later ones happen after two ticks, and once the limit of
 * shutdowns is reached, the ticks are short: the remaining HTTP/2 connections get hardly any time. */
enum { FULL_LIMIT_SHUTDOWNS = 4, REDUCED_TICKS = 2 };

/* For this time after a shutdown, an error on the same local port is attributed to it. libcurl notices the
 * shutdown sooner, and the system reuses the port later. */
enum { RECORD_VALID_MS = 2000, RECORDS_MAX = 256 };

/* libcurl is stuck in reading one connection. To find it, each tick without a heartbeat compares the first
 * bytes of each socket's receive queue with those of the tick before. They change only for the connection
 * that is being read; nobody reads the others meanwhile. */
struct connection {
	volatile sig_atomic_t is_open;
	unsigned changes;         /* successive ticks at which the sample had changed */
	ssize_t sample_len;       /* the result of recv: the length of the sample, or -1 */
	char sample[SAMPLE_SIZE]; /* the first bytes of the receive queue at the last tick */
};

/* This state is in file scope because a signal handler has no argument that could lead to it. */
static struct {
	timer_t timer;
	struct sigaction old_action;
	struct connection *connections;     /* the index is the descriptor */
	size_t capacity;                    /* entries allocated in connections */
	volatile sig_atomic_t has_timer;    /* watchdog_start made a timer */
	volatile sig_atomic_t in_libcurl;   /* between watchdog_enter and watchdog_leave */
	volatile sig_atomic_t is_ticking;   /* the timer is running */
	volatile sig_atomic_t heartbeat;    /* the loop or a callback made progress since the last tick */
	volatile sig_atomic_t silent_ticks; /* successive ticks without a heartbeat */
	volatile sig_atomic_t shutdown_count;
	/* The last connections that were shut down: the local port in network byte order, and the time
	 * (monotonic ms). */
	struct {
		unsigned short port;
		int64_t at_ms;
	} records[RECORDS_MAX];
} watchdog;

static void set_timer(long ms)
{
	struct itimerspec every = {{0, ms * 1000000}, {0, ms * 1000000}};
	timer_settime(watchdog.timer, 0, &every, NULL);
	watchdog.is_ticking = ms != 0;
}

static unsigned ticks_allowed(void)
{
	return watchdog.shutdown_count < FULL_LIMIT_SHUTDOWNS ? WATCHDOG_MS / TICK_MS : REDUCED_TICKS;
}

/* Runs in the signal handler, so this function and all that it calls are async-signal-safe. */
static void shut_down_connection(int descriptor, struct connection *connection)
{
	struct sockaddr_in6 own; /* the port has the same offset in struct sockaddr_in */
	socklen_t len = sizeof own;
	connection->changes = 0;
	if (getsockname(descriptor, (struct sockaddr *)&own, &len) == 0) {
		watchdog.records[watchdog.shutdown_count % RECORDS_MAX].port = own.sin6_port;
		watchdog.records[watchdog.shutdown_count % RECORDS_MAX].at_ms = clock_now_ms();
	}
	watchdog.shutdown_count++;
	if (watchdog.shutdown_count == WATCHDOG_SHUTDOWNS_MAX)
		set_timer(SHORT_TICK_MS);
	shutdown(descriptor, SHUT_RDWR);
}

static void sample_connection(int descriptor, struct connection *connection, bool is_first)
{
	char sample[SAMPLE_SIZE];
	ssize_t len = recv(descriptor, sample, sizeof sample, MSG_PEEK);
	if (len <= 0 && !is_first)
		return;
	bool same = len == connection->sample_len &&
	            memcmp(sample, connection->sample, (size_t)(len > 0 ? len : 0)) == 0;
	/* If the last sample was shorter than SAMPLE_SIZE, a change may only mean that more bytes came. */
	bool was_full = connection->sample_len == SAMPLE_SIZE;
	connection->changes = same || is_first || !was_full ? 0 : connection->changes + 1;
	connection->sample_len = len;
	memcpy(connection->sample, sample, sizeof sample);
	/* One tick is added, because the first sample was taken at least a tick after the last heartbeat. */
	if (connection->changes + 1 >= ticks_allowed())
		shut_down_connection(descriptor, connection);
}

static void on_tick(int signal)
{
	int saved_errno = errno;
	(void)signal;
	if (!watchdog.in_libcurl && !watchdog.heartbeat)
		set_timer(0);
	watchdog.silent_ticks = watchdog.heartbeat ? 0 : watchdog.silent_ticks + 1;
	watchdog.heartbeat = 0;
	for (size_t i = 0; watchdog.in_libcurl && watchdog.silent_ticks > 0 && i < watchdog.capacity; i++) {
		if (watchdog.connections[i].is_open)
			sample_connection((int)i, &watchdog.connections[i], watchdog.silent_ticks == 1);
	}
	errno = saved_errno;
}

void watchdog_start(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
	sigemptyset(&action.sa_mask);
	watchdog.has_timer = timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &watchdog.timer) == 0;
	if (watchdog.has_timer)
		sigaction(SIGALRM, &action, &watchdog.old_action);
}

void watchdog_stop(void)
{
	if (watchdog.has_timer) {
		timer_delete(watchdog.timer);
		sigaction(SIGALRM, &watchdog.old_action, NULL);
	}
	free(watchdog.connections);
	memset(&watchdog, 0, sizeof watchdog);
}

/* SIGALRM is blocked while the table of connections moves, because its handler reads the table. */
static void reserve(size_t capacity)
{
	sigset_t tick;
	sigemptyset(&tick);
	sigaddset(&tick, SIGALRM);
	sigprocmask(SIG_BLOCK, &tick, NULL);
	watchdog.connections = alloc_resize(watchdog.connections, capacity, sizeof *watchdog.connections);
	memset(watchdog.connections + watchdog.capacity, 0,
	    (capacity - watchdog.capacity) * sizeof *watchdog.connections);
	watchdog.capacity = capacity;
	sigprocmask(SIG_UNBLOCK, &tick, NULL);
}

void watchdog_add(int descriptor)
{
	size_t index = (size_t)descriptor;
	if (index >= watchdog.capacity)
		reserve(2 * index + 64);
	watchdog.connections[index] = (struct connection){0};
	watchdog.connections[index].is_open = 1;
}

void watchdog_remove(int descriptor)
{
	if ((size_t)descriptor < watchdog.capacity)
		watchdog.connections[descriptor].is_open = 0;
}

void watchdog_enter(void)
{
	watchdog.heartbeat = 1;
	watchdog.in_libcurl = 1;
	if (!watchdog.is_ticking && watchdog.has_timer)
		set_timer(watchdog_limit_reached() ? SHORT_TICK_MS : TICK_MS);
}

void watchdog_heartbeat(void)
{
	watchdog.heartbeat = 1;
}

void watchdog_leave(void)
{
	watchdog.in_libcurl = 0;
	watchdog.heartbeat = 1;
}

bool watchdog_limit_reached(void)
{
	return watchdog.shutdown_count >= WATCHDOG_SHUTDOWNS_MAX;
}

bool watchdog_has_shut_down(long local_port)
{
	for (int i = 0; i < watchdog.shutdown_count && i < RECORDS_MAX; i++) {
		if (watchdog.records[i].port == htons((uint16_t)local_port) &&
		    clock_now_ms() < watchdog.records[i].at_ms + RECORD_VALID_MS)
			return true;
	}
	return false;
}

#endif
