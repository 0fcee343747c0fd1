/* Ends a connection that holds the loop. libcurl (7.88 and near) reads HTTP/2 frames as long as there are
 * any, without a look at a clock: a server that sends SETTINGS or empty DATA faster than they are read would
 * hold the whole run. There is one watchdog in a process. */
#ifndef AREQ_FETCH_WATCHDOG_H
#define AREQ_FETCH_WATCHDOG_H

/* What a connection may hold the loop for, without giving us anything to do, before it is shut down. */
enum { WATCHDOG_MS = 1000 };

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

#endif
