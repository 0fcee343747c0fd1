/* The limits of one host: how many of its jobs may be in flight at once, how long to wait between two starts,
 * and until when to start none. A host is a host name and a port, because that is what identifies a
 * server. */
#ifndef AREQ_IN_HOST_H
#define AREQ_IN_HOST_H

#include "base/heap.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct job;

/* The user's limits, which are the same for all hosts. */
struct manners {
	int64_t per_host;    /* the most jobs of one host in flight at once; 0 if there is no limit */
	int64_t delay_ms;    /* the least time between two starts */
	int64_t host_errors; /* a host is given up after so many connection errors in a row; 0 if never */
	int64_t patience_ms; /* a host is given up after so much wasted time; 0 if never */
	int64_t rate;        /* of starts to all hosts together; see rate_init. 0 if there is no limit */
};

/* Each HOST_ANSWERED makes the wasted time of its host smaller by so much. */
enum { HOST_PAYBACK_MS = 10 * 1000 };

/* Whether a host was given up, and why. The jobs of a host that was given up start at once, and the caller
 * lets them fail. */
enum host_state {
	HOST_KEPT,            /* it was not given up */
	HOST_GIVEN_UP_ERRORS, /* too many connection errors in a row */
	HOST_GIVEN_UP_TIME    /* too much wasted time */
};

struct host {
	char *name;        /* "example.com:443" */
	struct heap jobs;  /* the jobs that wait for this host, by number */
	int64_t allowance; /* the most jobs in flight now; halved when the host is busy, and grows back to the
	                    * configured limit */
	unsigned errors;   /* connection errors in a row */
	int64_t wasted_ms; /* the time of tries that failed, and of pauses that the host made necessary */
	enum host_state state;
	int64_t crawl_delay_ms;   /* see host_set_crawl_delay */
	int64_t last_start;       /* when a job started last (monotonic ms) */
	bool avoids_http3;        /* see frontier_avoid_http3 */
	unsigned active;          /* jobs in flight */
	unsigned pending_retries; /* jobs that wait for a retry, and are not in the queue */
	int64_t not_before;       /* no job starts before this time (monotonic ms) */
	int64_t delayed_until;    /* the end of the delay after the last start; 0 if there was none */
	const struct manners *manners;
	struct heap_node queue_node; /* the node of this host in one of the frontier's heaps of hosts */
	size_t ready, behind;        /* its part of frontier_stock */
};

/* Copies name. manners is borrowed and must outlive the host. Free with host_free. */
struct host *host_new(struct slice name, const struct manners *manners);
void host_free(struct host *self);

/* Adds a waiting job, which is borrowed until it is popped. */
void host_push(struct host *self, struct job *job);

/* The waiting job with the smallest number; NULL if none waits. host_pop removes it, host_first does not. */
struct job *host_first(const struct host *self);
struct job *host_pop(struct host *self);

/* True if a job waits, and one more may be in flight or the host was given up. The caller checks pauses. */
bool host_can_start(const struct host *self);

/* How many of the waiting jobs could start at once. The caller checks pauses. */
size_t host_startable(const struct host *self);

/* What one try says about its host. */
enum host_event {
	HOST_ANSWERED,  /* a response came: the allowance grows by one, up to the configured limit */
	HOST_BROKE_OFF, /* a connection was made, but no complete response came */
	HOST_BUSY, /* status 429 or 503, or a time-out: the allowance is now half of what was in flight, or 1
	            */
	HOST_UNREACHABLE /* no connection was made: one more error in a row */
};

/* Records what a try says about the host. Unless the event is HOST_ANSWERED, the time of the try counts as
 * wasted. */
void host_record_event(struct host *self, enum host_event event, int64_t try_ms);

/* Adds ms to the time that the host has wasted, and gives the host up if that is too much. */
void host_add_wasted_time(struct host *self, int64_t ms);

/* True if no job of the host is waiting, in flight or to be retried, so that the host can be removed. */
bool host_is_idle(const struct host *self);

/* From now on, one job at a time is in flight, and ms pass between two starts, the last one included, if the
 * user's delay is not longer. It holds until the host is freed. */
void host_set_crawl_delay(struct host *self, int64_t ms);

/* The least time between two starts, in ms. */
int64_t host_delay_ms(const struct host *self);

/* Starts no job before until (monotonic ms). A pause that ends later stays as it is. */
void host_pause(struct host *self, int64_t until);

/* Ends the delay after the last start, which has asked for nothing. */
void host_cancel_delay(struct host *self);

/* True if the pause of the host is only the delay between two starts. */
bool host_is_delayed(const struct host *self);

#endif
