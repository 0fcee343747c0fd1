/* The signals that end a run early. */
#ifndef AREQ_BASE_STOP_H
#define AREQ_BASE_STOP_H

/* From now on the first SIGINT, SIGTERM or SIGHUP only sets a flag, and a second one ends the process at
 * once. A signal that is ignored stays ignored. SIGPIPE is ignored: a closed pipe shows as EPIPE. */
void stop_watch(void);

/* The signal that came; 0: none yet. */
int stop_signal(void);

/* Ends the process by that signal, as if it had never been caught; returns only where the signal is blocked.
 */
void stop_die(int signal);

#endif
