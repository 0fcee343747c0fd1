/* What may be fetched next, and when: in the order of the list as far as each host's manners allow, retries
 * when they are due. All times are monotonic milliseconds that the caller passes in. */
#ifndef AREQ_IN_FRONTIER_H
#define AREQ_IN_FRONTIER_H

#include "base/heap.h"
#include "base/slice.h"
#include "base/url/url.h"
#include "in/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The frontier's part of a thing to fetch; the caller embeds it, owns it, and gets the same pointer back. It
 * is at every moment in one place: waiting here, or out (started). {0} but for its number before
 * frontier_add. */
struct job {
	struct host *host;
	uint64_t number; /* its place in the list, from the caller; the smallest starts first */
	/* By the place where it is; lists are long, so what cannot be needed together takes no more room. */
	union {
		struct job *next; /* waiting for its host */
		struct {
			struct job *older, *newer; /* its neighbours among those that are out */
			int64_t out_since;
		};
		struct heap_node due; /* waiting for its next try */
	};
};

struct frontier;

/* manners is copied. */
struct frontier *frontier_new(const struct manners *manners);

/* No job may be inside or out. */
void frontier_free(struct frontier *self);

/* Takes a new job with its number, to be started for that URL's host after those of the host that came
 * before. */
void frontier_add(struct frontier *self, struct job *job, const struct url *url);

/* The job to start now, which is then out; NULL where none may, or none with a number below before. */
struct job *frontier_next(struct frontier *self, int64_t now, uint64_t before);

/* When frontier_next may give another job if nothing else happens; CLOCK_NEVER where only the end of a job
 * that is out, or a new one, can change that. */
int64_t frontier_next_due(const struct frontier *self);

/* What the try of a job that is out says about its host; told before the job goes one of the ways below. */
void frontier_note(struct frontier *self, struct job *job, enum host_news news, int64_t now);

/* Whether the host of a job that is out was given up, and why: the job is to be failed. Such a host keeps no
 * limit or delay. */
enum host_end frontier_host_end(const struct job *job);

/* A job that was out: it has ended for good; the caller frees it after the call. */
void frontier_finish(struct frontier *self, struct job *job);

/* … or it comes again at that moment. */
void frontier_retry(struct frontier *self, struct job *job, int64_t due);

/* … or it goes on with another URL, ahead of the list. */
void frontier_redirect(struct frontier *self, struct job *job, const struct url *url);

/* Leaves the host of a job that is out alone until then; the pause is wasted time. */
void frontier_hold_host(struct frontier *self, struct job *job, int64_t now, int64_t until);

/* The host of a job that is out makes it wait so long. */
void frontier_waste(struct job *job, int64_t ms);

/* Takes any waiting job out, to be ended by the caller without frontier_finish; NULL where none waits. For
 * the end of a run, once no job is out. */
struct job *frontier_abandon(struct frontier *self);

/* How many wait inside. */
size_t frontier_waiting(const struct frontier *self);

/* How many are out. */
size_t frontier_out(const struct frontier *self);

/* The host that holds the end back: that of the job that is out for the longest, and since when; where none
 * is out, the first that may be asked again, and when. NULL where nothing is left to do. The name is borrowed
 * until anything changes. */
const char *frontier_awaited(const struct frontier *self, int64_t *moment);

#endif
