/* The event loop. Each turn asks the caller for requests and starts them, waits for sockets with poll(2),
 * lets libcurl work on those that are ready, and reports each transfer that has finished. The loop knows
 * nothing about pages or output; it calls the handlers below. */
#ifndef AREQ_FETCH_CRAWL_H
#define AREQ_FETCH_CRAWL_H

#include "base/status.h"
#include "base/wait.h"
#include "fetch/settings.h"
#include "fetch/transfer.h"

#include <stdint.h>

/* What the handler next returns. */
enum crawl_next {
	CRAWL_START,   /* *request was filled in and is to be started */
	CRAWL_NOTHING, /* no request may start now; ask again after a transfer has ended, or when *wait says
	                  so */
	CRAWL_FINISHED /* no request is left; there can only be more if a running transfer causes them */
};

struct crawl_handlers {
	struct fetch_handlers fetch;
	/* Called once at the beginning of each turn of the loop. Adds to *wait the times and descriptors at
	 * which the loop must wake up for the caller. */
	void (*turn)(void *ctx, struct wait *wait);
	/* Returns the next request to start. Called repeatedly in a turn, until it returns no request or no
	 * more can be started. */
	enum crawl_next (*next)(void *ctx, struct fetch_request *request, struct wait *wait);
	/* Called when the try of a job has ended. Its slot is free after the call. */
	void (*done)(void *ctx, void *job, struct fetch_result *result);
	/* Returns true if the run must end now. */
	bool (*stopping)(void *ctx);
	/* The time at which the run ends at the latest (monotonic ms); CLOCK_NEVER if it has no deadline. */
	int64_t stop_at;
};

/* Checks whether the loop can use the settings, without making a request. Returns STATUS_USAGE if
 * --dns-servers is not usable, and STATUS_LIBRARY if c-ares cannot be started; an error was logged. */
enum status crawl_check(const struct settings *settings);

/* Runs until next returns CRAWL_FINISHED and no transfer is left, until stopping returns true, or until
 * stop_at. The jobs that are still in flight then end with an interrupted result. All handlers get
 * handlers->fetch.ctx. settings and handlers are borrowed for the call. Sets *longest_turn_us to the duration
 * of the longest turn of the loop in us, without the time in which it slept. Returns STATUS_LIBRARY if
 * libcurl, c-ares or poll(2) fails; the error was logged. */
enum status crawl_run(
    const struct settings *settings, const struct crawl_handlers *handlers, int64_t *longest_turn_us);

#endif
