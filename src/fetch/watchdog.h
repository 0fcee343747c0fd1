/* Shuts down a connection that blocks the loop. libcurl before 8.7 reads HTTP/2 frames inside one call for
 * as long as frames arrive, without checking the time: a server that sends SETTINGS or empty DATA frames
 * faster than they are read would block the whole run. libcurl 8.7 and later read a limited amount in each
 * call, so the functions below do nothing then. A process has only one watchdog, because a signal handler
 * can only use global state.
 *
 *	watchdog_start -> watchdog_add and watchdog_remove, for each connection
 *	               -> watchdog_enter -> watchdog_heartbeat, in each callback -> watchdog_leave
 *	               -> watchdog_stop */
#ifndef AREQ_FETCH_WATCHDOG_H
#define AREQ_FETCH_WATCHDOG_H

#include <curl/curl.h>
#include <stdbool.h>

#define WATCHDOG_NEEDED (LIBCURL_VERSION_NUM < 0x080700)

/* A connection may block the loop for this much processor time of the process before it is shut down. */
enum { WATCHDOG_MS = 250 };

/* After this many shutdowns, new connections use HTTP/1.1, so that the total time for which connections block
 * the loop is bounded, too. */
enum { WATCHDOG_SHUTDOWNS_MAX = 16 };

#if WATCHDOG_NEEDED

/* Installs a handler for SIGALRM, and restores the old one. If the system provides no timer, the run goes on
 * without a watchdog. */
void watchdog_start(void);
void watchdog_stop(void);

/* Adds the TCP socket of a new connection, and removes any socket before it is closed. To be called between
 * start and stop. UDP sockets are not watched: a shutdown does not end what they receive. */
void watchdog_add(int descriptor);
void watchdog_remove(int descriptor);

/* watchdog_enter and watchdog_leave enclose each call in which libcurl reads from connections. The callbacks
 * of libcurl call watchdog_heartbeat when they get data; the time then starts anew. */
void watchdog_enter(void);
void watchdog_heartbeat(void);
void watchdog_leave(void);

/* Returns true if WATCHDOG_SHUTDOWNS_MAX connections or more were shut down. */
bool watchdog_limit_reached(void);

/* Returns true if the watchdog has just shut down the connection with this local port. */
bool watchdog_has_shut_down(long local_port);

#else

static inline void watchdog_start(void)
{
}

static inline void watchdog_stop(void)
{
}

static inline void watchdog_add(int descriptor)
{
	(void)descriptor;
}

static inline void watchdog_remove(int descriptor)
{
	(void)descriptor;
}

static inline void watchdog_enter(void)
{
}

static inline void watchdog_heartbeat(void)
{
}

static inline void watchdog_leave(void)
{
}

static inline bool watchdog_limit_reached(void)
{
	return false;
}

static inline bool watchdog_has_shut_down(long local_port)
{
	(void)local_port;
	return false;
}

#endif

#endif
