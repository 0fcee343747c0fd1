/* Ends a connection that holds the loop. libcurl before 8.7 reads HTTP/2 frames as long as there are any,
 * without a look at a clock: a server that sends SETTINGS or empty DATA faster than they are read would hold
 * the whole run. From 8.7 on it reads no more at a time than a chunk, and there is no watchdog. There is one
 * in a process.
 */
#ifndef AREQ_FETCH_WATCHDOG_H
#define AREQ_FETCH_WATCHDOG_H

#include <curl/curl.h>
#include <stdbool.h>

#define WATCHDOG_NEEDED (LIBCURL_VERSION_NUM < 0x080700)

/* What a connection may hold the loop for, in processor time of ours, without giving us anything to do,
 * before it is shut down. */
enum { WATCHDOG_MS = 250 };

/* After so many a run has had enough of HTTP/2, so that the sum of what they hold it for has a bound, too. */
enum { WATCHDOG_BITES_MAX = 16 };

#if WATCHDOG_NEEDED

/* Takes SIGALRM for the time in between. */
void watchdog_start(void);
void watchdog_stop(void);

/* A connection is there, or has gone; between start and stop. */
void watchdog_open(int descriptor);
void watchdog_close(int descriptor);

/* The loop looks at its connections from enter to leave; what comes between is counted from the last alive.
 */
void watchdog_enter(void);
void watchdog_alive(void);
void watchdog_leave(void);

/* True where that many connections were shut down. */
bool watchdog_has_enough(void);

/* True where the connection from that port of ours was. */
bool watchdog_bit(long local_port);

#else

static inline void watchdog_start(void)
{
}

static inline void watchdog_stop(void)
{
}

static inline void watchdog_open(int descriptor)
{
	(void)descriptor;
}

static inline void watchdog_close(int descriptor)
{
	(void)descriptor;
}

static inline void watchdog_enter(void)
{
}

static inline void watchdog_alive(void)
{
}

static inline void watchdog_leave(void)
{
}

static inline bool watchdog_has_enough(void)
{
	return false;
}

static inline bool watchdog_bit(long local_port)
{
	(void)local_port;
	return false;
}

#endif

#endif
