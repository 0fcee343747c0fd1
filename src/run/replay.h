/* The rows of the last run that a state knows, without fetching anything: --replay. */
#ifndef AREQ_RUN_REPLAY_H
#define AREQ_RUN_REPLAY_H

#include "base/options.h"
#include "base/status.h"

/* Writes a row for each link of the pages that were ok in the last run of the state, as far as the
 * filters of the options let it pass. Changes nothing in the state, which another run may be writing:
 * then the rows are those of the pages that are done. options is borrowed for the call. What the user must
 * know was logged. *signal is set to the signal to end the process by; 0 if there is none. */
enum status replay_run(const struct options *options, int *signal);

#endif
