/* One run of the program, from the options to the end of its outputs. It connects the parts: the ledger gets
 * URLs from the list, the event loop gets requests from the ledger and passes responses to it, and the
 * observers get the links and the outcome of each URL. */
#ifndef AREQ_RUN_RUN_H
#define AREQ_RUN_RUN_H

#include "base/options.h"
#include "base/status.h"

struct run_end {
	enum status status;
	int signal; /* the signal to end the process by, after everything was released; 0 if there is none */
};

/* Does the whole run. options is borrowed for the call. What the user must know was logged. */
struct run_end run(const struct options *options);

#endif
