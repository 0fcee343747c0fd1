/* One host's manners: how many at once, how soon after one another, and until when to leave it alone. A host
 * is a name and a port, for that is what a server is. */
#ifndef AREQ_IN_HOST_H
#define AREQ_IN_HOST_H

#include "base/heap.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct job;

/* How hosts are treated. */
struct manners {
	int64_t per_host;    /* jobs of one host at once; 0: no limit */
	int64_t delay_ms;    /* between starts */
	int64_t host_errors; /* connection errors in a row that give a host up; 0: none do */
	int64_t patience_ms; /* wasted time that does; 0: none does */
};

/* Each good answer pays back so much of the time that a host has wasted. */
enum { HOST_PAYBACK_MS = 10 * 1000 };

/* Why a host was given up: its jobs start at once, to be failed. */
enum host_end { HOST_KEPT, HOST_FAILS, HOST_WASTES };

struct host {
	char *name;        /* "example.com:443" */
	struct job *first; /* jobs that wait for this host, in order */
	struct job *last;
	int64_t allowance; /* so many jobs may be out at once; shrinks under trouble and grows back */
	unsigned errors;   /* connection errors in a row */
	int64_t wasted_ms; /* by tries that brought nothing, and pauses that it asked for */
	enum host_end end;
	unsigned active;    /* jobs that were started and have not ended */
	unsigned promised;  /* jobs that will come back to it (retries) */
	int64_t not_before; /* monotonic ms: no start earlier */
	const struct manners *manners;
	struct heap_node turn; /* its place among the hosts that may start, or that wait until they may */
};

/* Copies name. manners is borrowed and outlives it. Free with host_free. */
struct host *host_new(struct slice name, const struct manners *manners);
void host_free(struct host *self);

void host_push_back(struct host *self, struct job *job);
void host_push_front(struct host *self, struct job *job);
struct job *host_pop(struct host *self);

/* True where a job waits and one more may be out. */
bool host_wants_start(const struct host *self);

/* What the end of a try says about a host. */
enum host_news {
	HOST_ANSWERED,   /* the allowance grows by one, up to the limit */
	HOST_BROKE_OFF,  /* there was an answer, but it was none in the end */
	HOST_BUSY,       /* it asked for patience or took too long: the allowance is halved */
	HOST_UNREACHABLE /* no connection */
};

/* The try took so long. */
void host_note(struct host *self, enum host_news news, int64_t spent_ms);

/* It makes us wait so long. */
void host_waste(struct host *self, int64_t ms);

/* True where it can be forgotten: nothing waits, runs or comes back. */
bool host_is_idle(const struct host *self);

/* No start before then (monotonic ms); an earlier moment than the one in force changes nothing. */
void host_hold(struct host *self, int64_t until);

#endif
