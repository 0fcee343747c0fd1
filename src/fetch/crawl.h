/* The loop: fill, perform, reap, poll. It knows neither pages nor rows: it pulls work and pushes what
 * happens. */
#ifndef AREQ_FETCH_CRAWL_H
#define AREQ_FETCH_CRAWL_H

#include "base/options.h"
#include "base/status.h"
#include "fetch/transfer.h"

#include <stdint.h>

enum crawl_next {
	CRAWL_START,   /* *request was filled: start it */
	CRAWL_NOTHING, /* nothing may start now; ask again after something ended, or at wait->wake */
	CRAWL_FINISHED /* nothing will ever come, unless something that runs brings it back */
};

struct crawl_wait {
	int64_t wake;   /* monotonic ms; CLOCK_NEVER: only an event changes anything */
	int descriptor; /* where it becomes readable: ask again; -1: none */
};

struct crawl_handlers {
	struct fetch_handlers fetch;
	/* What next? Called until it gives none or all slots are taken. */
	enum crawl_next (*next)(void *ctx, struct fetch_request *request, struct crawl_wait *wait);
	/* A job's try has ended; its slot is free again. */
	void (*done)(void *ctx, void *job, struct fetch_result *result);
	/* True once the run shall end now. */
	bool (*stopping)(void *ctx);
	/* … which it shall at this moment at the latest (monotonic ms; CLOCK_NEVER: none). */
	int64_t stop_at;
};

/* Runs until next says finished with nothing in flight, or stopping says so: then what is in flight ends as
 * interrupted. All handlers get handlers->fetch.ctx. options and handlers are borrowed. STATUS_LIBRARY where
 * libcurl refuses to work; it was logged. */
enum status crawl_run(const struct options *options, const struct crawl_handlers *handlers);

#endif
