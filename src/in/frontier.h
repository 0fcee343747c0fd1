/* The frontier decides which job starts next, and when: jobs start in the order of the list as far as the
 * limits of each host and that of the whole run allow, and retries start when they are due. All times are
 * monotonic milliseconds, passed in by the caller. */
#ifndef AREQ_IN_FRONTIER_H
#define AREQ_IN_FRONTIER_H

#include "base/heap.h"
#include "base/slice.h"
#include "base/url/url.h"
#include "in/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The frontier's part of one thing to fetch. The caller embeds it in its own structure, owns it, and gets the
 * same pointer back. Before frontier_add it is {0} except for its number. From then on it is in exactly one
 * of three states: waiting for its host, in flight (started and not ended), or waiting for a retry. */
struct job {
	struct host *host;
	uint64_t number; /* position in the list, set by the caller; smaller numbers start first */
	/* A member for each kind of state. They share their memory because lists are long. */
	union {
		struct heap_node queue_node; /* waiting: in the queue of the host, or for a retry */
		struct {
			struct job *older, *newer; /* in flight: neighbours by time of start */
			int64_t started_at;
		};
	};
};

struct frontier;

/* Copies manners. Free with frontier_free. */
struct frontier *frontier_new(const struct manners *manners);

/* No job may be waiting or in flight. */
void frontier_free(struct frontier *self);

/* Adds a new job, whose number is set, to the queue of the URL's host. url is borrowed for the call. */
void frontier_add(struct frontier *self, struct job *job, const struct url *url);

/* Returns the job to start now, which is then in flight: of all jobs whose host may start one, that with the
 * smallest number. NULL if there is none, if its number is not below limit, or if the rate of the run does
 * not allow another start yet. */
struct job *frontier_next(struct frontier *self, int64_t now, uint64_t limit);

/* The time at which frontier_next may return another job if nothing else happens before. CLOCK_NEVER if only
 * a new job, or the end of a job in flight, can make that happen. */
int64_t frontier_next_due(const struct frontier *self);

/* Records what a try of a job in flight says about its host. Call it before the function below that ends the
 * try. */
void frontier_record_event(struct frontier *self, struct job *job, enum host_event event, int64_t now);

/* Counts one more request for the rate of the run: one that was sent without frontier_next. */
void frontier_record_request(struct frontier *self, int64_t now);

/* Tells whether the host of a job in flight was given up, and why. If it was, the caller must let the job
 * fail; no limit or delay holds for such a host, so that its jobs come out at once. */
enum host_state frontier_host_state(const struct job *job);

/* Makes the later tries of the host of a job in flight avoid HTTP/3, and tells whether they do. A host that
 * has no job any more is forgotten, and so is this. */
void frontier_avoid_http3(struct job *job);
bool frontier_avoids_http3(const struct job *job);

/* A try of a job in flight has ended. One of these three is called for it.
 *
 * The job is done for good: the caller frees it after the call. */
void frontier_finish(struct frontier *self, struct job *job);

/* The job is to be tried again: it waits until due, and then in the queue of its host. */
void frontier_retry(struct frontier *self, struct job *job, int64_t due);

/* The job goes on with another URL: it waits in the queue of that URL's host. url is borrowed for the
 * call. */
void frontier_redirect(struct frontier *self, struct job *job, const struct url *url);

/* Starts no job of that host before until. job is in flight. The part of the pause that is not covered by an
 * earlier pause counts as time wasted by the host. */
void frontier_pause_host(struct frontier *self, struct job *job, int64_t now, int64_t until);

/* The time before which no job of the host of a job in flight starts (monotonic ms); it may be over. */
int64_t frontier_host_due(const struct job *job);

/* Sets what the robots.txt of the host of a waiting job asks for, see host_set_crawl_delay. Whoever adds a
 * job to a host with such a delay calls this, because a host without jobs is forgotten. */
void frontier_set_crawl_delay(struct frontier *self, struct job *job, int64_t ms);

/* Adds ms to the time that the host of a job in flight has wasted. */
void frontier_add_wasted_time(struct job *job, int64_t ms);

/* Removes and returns any waiting job, including those that wait for a retry. NULL if none waits. The caller
 * ends it without frontier_finish. This is for the end of a run, when no job is in flight. */
struct job *frontier_abandon(struct frontier *self);

/* The number of jobs that wait, including those that wait for a retry. */
size_t frontier_waiting(const struct frontier *self);

/* The number of jobs in flight. */
size_t frontier_in_flight(const struct frontier *self);

/* The number of jobs that wait for no delay, at the time of the last frontier_next: those that could start at
 * once, and those that could when others of their host have ended. */
struct frontier_stock {
	size_t ready, behind;
};
struct frontier_stock frontier_stock(const struct frontier *self);

/* Takes all waiting jobs from a host that could start one, from that which can best be spared: it has the
 * fewest jobs in flight, and of those hosts it would come last. take is called for each job, which is the
 * caller's then; it must not call the frontier. Returns how many of them could have started at once: 0 if
 * there is no such host. One that waits for a retry, or has all jobs that are in flight, is not taken. */
size_t frontier_spare_host(struct frontier *self, void (*take)(void *ctx, struct job *job), void *ctx);

/* Ends a job in flight that has made no request, so that the next one of its host need not wait for the
 * delay. */
void frontier_cancel(struct frontier *self, struct job *job);

/* How long jobs were held back by the delay between two starts while no other job started, in ms. */
int64_t frontier_delay_wait_ms(const struct frontier *self);

/* How long jobs whose host could start them were held back by the rate of the run, in ms. */
int64_t frontier_rate_wait_ms(const struct frontier *self);

/* The host that the end of the run waits for, as "example.com:443". If jobs are in flight, it is the host of
 * the one that started first, and *at_ms is when it started. If not, it is the host with jobs that may start
 * again first, and *at_ms is when that is. NULL if no job is in flight and none waits for a time, or if the
 * next one waits only for the delay between two starts or for the rate of the run. The name is borrowed until
 * the frontier changes. */
const char *frontier_awaited_host(const struct frontier *self, int64_t *at_ms);

#endif
