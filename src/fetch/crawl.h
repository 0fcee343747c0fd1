/* The loop: fill, act, reap, poll. It knows neither pages nor rows: it pulls work and pushes what
 * happens. */
#ifndef AREQ_FETCH_CRAWL_H
#define AREQ_FETCH_CRAWL_H

#include "base/status.h"
#include "base/wait.h"
#include "fetch/settings.h"
#include "fetch/transfer.h"

#include <stdint.h>

enum crawl_next {
	CRAWL_START,   /* *request was filled: start it */
	CRAWL_NOTHING, /* nothing may start now; ask again after something ended, or as *wait says */
	CRAWL_FINISHED /* nothing will ever come, unless something that runs brings it back */
};

struct crawl_handlers {
	struct fetch_handlers fetch;
	/* A turn of the loop begins: adds to *wait what the caller wants to be woken for, whatever happens.
	 */
	void (*turn)(void *ctx, struct wait *wait);
	/* What next? Called until it gives none or there is room for none. */
	enum crawl_next (*next)(void *ctx, struct fetch_request *request, struct wait *wait);
	/* A job's try has ended; its slot is free again. */
	void (*done)(void *ctx, void *job, struct fetch_result *result);
	/* True once the run shall end now. */
	bool (*stopping)(void *ctx);
	/* … which it shall at this moment at the latest (monotonic ms; CLOCK_NEVER: none). */
	int64_t stop_at;
};

/* STATUS_USAGE where the loop could not use one of the settings; it was logged. */
enum status crawl_check(const struct settings *settings);

/* Runs until next says finished with nothing in flight, or stopping says so: then what is in flight ends as
 * interrupted. All handlers get handlers->fetch.ctx. settings and handlers are borrowed. *longest_turn_us:
 * the longest time from one look at all connections to the next, sleep not counted. STATUS_LIBRARY where a
 * library refuses to work; it was logged. */
enum status crawl_run(
    const struct settings *settings, const struct crawl_handlers *handlers, int64_t *longest_turn_us);

#endif
