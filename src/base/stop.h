/* What ends a run early: a signal, or the deadline. */
#ifndef AREQ_BASE_STOP_H
#define AREQ_BASE_STOP_H

#include <stdbool.h>
#include <stdint.h>

/* Installs the signal handlers. From now on the first SIGINT, SIGTERM or SIGHUP only sets a flag, and the
 * same signal again ends the process at once; one that was ignored stays ignored. SIGPIPE and SIGXFSZ are
 * ignored, so that write(2) fails with EPIPE or EFBIG instead. */
void stop_catch_signals(void);

/* Returns the number of the last signal that was caught, or 0. */
int stop_signal(void);

/* stop_at sets and stop_deadline returns the deadline of the run in monotonic ms, at first CLOCK_NEVER. */
void stop_at(int64_t deadline_ms);
int64_t stop_deadline(void);

/* True once a signal was caught or the deadline has passed. Whatever waits then gives up. */
bool stop_is_due(void);

/* Waits for one of the poll(2) events on a descriptor, or with descriptor -1 for nothing. It waits for 100 ms
 * at most, since a signal that arrives just before poll(2) does not interrupt it, and not beyond the
 * deadline. Returns true if an event came, or if poll(2) failed, so that the caller's read(2) or write(2)
 * reports why. Returns false otherwise; the caller then checks stop_is_due and calls again. */
bool stop_wait_for(int descriptor, short events);

/* Ends the process by the default action of that signal, so that its parent sees why it ended. Returns only
 * where the signal is blocked. */
void stop_die(int signal);

#endif
