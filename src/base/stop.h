/* What ends a run early: a signal, or its deadline. */
#ifndef AREQ_BASE_STOP_H
#define AREQ_BASE_STOP_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the first SIGINT, SIGTERM or SIGHUP only sets a flag, and a second one ends the process at
 * once. A signal that is ignored stays ignored. SIGPIPE is ignored: a closed pipe shows as EPIPE. */
void stop_watch(void);

/* The signal that came; 0: none yet. */
int stop_signal(void);

/* The moment at which the run is to end, in monotonic ms; CLOCK_NEVER until stop_at says otherwise. */
void stop_at(int64_t moment);
int64_t stop_moment(void);

/* True once the signal or the moment has come: whatever waits gives up. */
bool stop_is_due(void);

/* Waits for one of the events of poll(2) on a descriptor (-1: just waits), but not beyond the end of the run.
 * False: that has come and it has not, or this look has taken as long as a look may take without seeing a
 * signal that came just before it.
 */
bool stop_wait_for(int descriptor, short events);

/* Ends the process by that signal, as if it had never been caught; returns only where the signal is blocked.
 */
void stop_die(int signal);

#endif
