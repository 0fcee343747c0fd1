/* The ledger and the wiring: the frontier's URLs go to the loop, the loop's bytes to a page, the page's links
 * and each URL's one outcome to the observers. */
#ifndef AREQ_RUN_RUN_H
#define AREQ_RUN_RUN_H

#include "base/options.h"
#include "base/status.h"

struct run_end {
	enum status status;
	int signal; /* the signal that stopped the run, to be raised again once everything is released; 0:
	               none */
};

/* Does the whole run. options is borrowed. Everything that a person must know was logged. */
struct run_end run(const struct options *options);

#endif
