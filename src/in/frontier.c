#include "in/frontier.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "in/host.h"
#include "in/rate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A host is in at most one of the heaps ready and paused. While its not_before lies ahead it is in paused,
 * even if it has no jobs, because removing it would lose the pause. */
struct frontier {
	struct manners manners;
	struct rate rate;
	struct map hosts;    /* by name */
	struct heap ready;   /* hosts by the number of their first job */
	struct heap paused;  /* hosts by not_before */
	struct heap retries; /* jobs by the time at which they are due */
	int64_t now;         /* the latest time that the caller passed to frontier_next */
	size_t waiting;
	size_t in_flight;
	struct frontier_stock stock;
	int64_t last_start; /* when the newest job in flight started */
	int64_t
	    delayed_until; /* until when the delay of a host has held a job back, for the latest such job */
	int64_t delay_wait_ms;       /* see frontier_delay_wait_ms */
	struct job *oldest, *newest; /* the list of jobs in flight, by time of start */
	struct buf name;             /* the name of a host that is looked up */
};

enum { HOST_NAME_MAX_BYTES = 1 << 20 };

struct frontier *frontier_new(const struct manners *manners)
{
	struct frontier *self = alloc_new(sizeof *self);
	self->manners = *manners;
	rate_init(&self->rate, manners->rate);
	buf_init(&self->name, HOST_NAME_MAX_BYTES);
	return self;
}

static void remove_host(struct frontier *self, struct host *host)
{
	heap_remove(&host->queue_node);
	map_remove(&self->hosts, slice_of(host->name));
	host_free(host);
}

void frontier_free(struct frontier *self)
{
	if (!self)
		return;
	assert(self->waiting == 0);
	struct host *host;
	for (size_t at = 0; (host = map_next(&self->hosts, &at));) {
		heap_remove(&host->queue_node);
		host_free(host);
	}
	map_release(&self->hosts);
	heap_release(&self->ready);
	heap_release(&self->paused);
	heap_release(&self->retries);
	buf_release(&self->name);
	rate_release(&self->rate);
	free(self);
}

static struct host *find_host(struct frontier *self, const struct url *url)
{
	buf_clear(&self->name);
	url_append_server(url, &self->name);
	struct slice name = {self->name.data, self->name.len};
	struct host *host = map_find(&self->hosts, name);
	if (host)
		return host;
	host = host_new(name, &self->manners);
	map_add(&self->hosts, slice_of(host->name), host);
	return host;
}

/* Counts the jobs of the host anew. */
static void update_stock(struct frontier *self, struct host *host, bool is_paused)
{
	size_t ready = is_paused ? 0 : host_startable(host);
	size_t behind = is_paused ? 0 : host->jobs.count - ready;
	self->stock.ready += ready - host->ready;
	self->stock.behind += behind - host->behind;
	host->ready = ready;
	host->behind = behind;
}

/* Moves the host into the right heap after anything about it has changed. A host without jobs is removed and
 * freed, but one that was given up stays known, so that its later jobs fail too. */
static void requeue_host(struct frontier *self, struct host *host)
{
	bool is_paused = host->not_before > self->now && host->state == HOST_KEPT;
	heap_remove(&host->queue_node);
	update_stock(self, host, is_paused);
	if (is_paused)
		heap_add(&self->paused, &host->queue_node, (uint64_t)host->not_before, host);
	else if (host_can_start(host))
		heap_add(&self->ready, &host->queue_node, host_first(host)->number, host);
	else if (host_is_idle(host) && host->state == HOST_KEPT)
		remove_host(self, host);
}

void frontier_add(struct frontier *self, struct job *job, const struct url *url)
{
	job->host = find_host(self, url);
	host_push(job->host, job);
	self->waiting++;
	requeue_host(self, job->host);
}

static struct heap_node *first_due(const struct heap *heap, int64_t now)
{
	struct heap_node *node = heap_first(heap);
	return node && node->key <= (uint64_t)now ? node : NULL;
}

static void admit_due_retries(struct frontier *self)
{
	for (struct heap_node *node; (node = first_due(&self->retries, self->now));) {
		struct job *job = node->item;
		heap_remove(node);
		job->host->pending_retries--;
		host_push(job->host, job);
		requeue_host(self, job->host);
	}
}

static void resume_paused_hosts(struct frontier *self)
{
	for (struct heap_node *node; (node = first_due(&self->paused, self->now));) {
		struct host *host = node->item;
		if (host_first(host) && host_is_delayed(host))
			self->delayed_until = host->delayed_until;
		requeue_host(self, host);
	}
}

/* Of the hosts that may start a job at that time, the one whose first job has the smallest number. NULL if
 * there is none. */
static struct host *ready_host(struct frontier *self, int64_t now)
{
	self->now = now;
	admit_due_retries(self);
	resume_paused_hosts(self);
	const struct heap_node *node = heap_first(&self->ready);
	return node ? node->item : NULL;
}

static void add_in_flight(struct frontier *self, struct job *job)
{
	job->started_at = self->now;
	job->newer = NULL;
	job->older = self->newest;
	if (self->newest)
		self->newest->newer = job;
	else
		self->oldest = job;
	self->newest = job;
	self->in_flight++;
}

struct job *frontier_next(struct frontier *self, int64_t now, uint64_t limit)
{
	struct host *host = ready_host(self, now);
	if (!host || host_first(host)->number >= limit)
		return NULL;
	if (host->state == HOST_KEPT && !rate_start(&self->rate, now))
		return NULL;
	struct job *job = host_pop(host);
	host->active++;
	if (self->delayed_until > self->last_start)
		self->delay_wait_ms += self->delayed_until - self->last_start;
	self->last_start = now;
	host->last_start = now;
	if (host_delay_ms(host)) {
		host->delayed_until = now + host_delay_ms(host);
		host_pause(host, host->delayed_until);
	}
	requeue_host(self, host);
	self->waiting--;
	add_in_flight(self, job);
	return job;
}

/* True if a job could start at the time of the last frontier_next, but for the limit of the rate. */
static bool is_held_by_rate(const struct frontier *self)
{
	return rate_due(&self->rate) > self->now && heap_first(&self->ready);
}

int64_t frontier_next_due(const struct frontier *self)
{
	int64_t due = is_held_by_rate(self) ? rate_due(&self->rate) : CLOCK_NEVER;
	const struct heap *heaps[] = {&self->paused, &self->retries};
	for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++) {
		const struct heap_node *first = heap_first(heaps[i]);
		if (first && first->key < (uint64_t)due)
			due = (int64_t)first->key;
	}
	return due;
}

void frontier_record_event(struct frontier *self, struct job *job, enum host_event event, int64_t now)
{
	(void)self;
	host_record_event(job->host, event, now - job->started_at);
}

void frontier_record_request(struct frontier *self, int64_t now)
{
	rate_record_start(&self->rate, now);
}

enum host_state frontier_host_state(const struct job *job)
{
	return job->host->state;
}

/* Removes the job from the list of jobs in flight, and returns its host. */
static struct host *remove_in_flight(struct frontier *self, struct job *job)
{
	assert(job->host->active > 0);
	job->host->active--;
	*(job->older ? &job->older->newer : &self->oldest) = job->newer;
	*(job->newer ? &job->newer->older : &self->newest) = job->older;
	self->in_flight--;
	return job->host;
}

void frontier_finish(struct frontier *self, struct job *job)
{
	requeue_host(self, remove_in_flight(self, job));
}

void frontier_cancel(struct frontier *self, struct job *job)
{
	host_cancel_delay(job->host);
	frontier_finish(self, job);
}

void frontier_retry(struct frontier *self, struct job *job, int64_t due)
{
	struct host *host = remove_in_flight(self, job);
	host->pending_retries++;
	job->queue_node = (struct heap_node){0};
	heap_add(&self->retries, &job->queue_node, (uint64_t)due, job);
	self->waiting++;
	requeue_host(self, host);
}

void frontier_redirect(struct frontier *self, struct job *job, const struct url *url)
{
	struct host *old = remove_in_flight(self, job);
	job->host = find_host(self, url);
	host_push(job->host, job);
	self->waiting++;
	if (old != job->host)
		requeue_host(self, old);
	requeue_host(self, job->host);
}

void frontier_pause_host(struct frontier *self, struct job *job, int64_t now, int64_t until)
{
	int64_t from = job->host->not_before > now ? job->host->not_before : now;
	if (until > from)
		host_add_wasted_time(job->host, until - from);
	host_pause(job->host, until);
	requeue_host(self, job->host);
}

int64_t frontier_host_due(const struct job *job)
{
	return job->host->not_before;
}

void frontier_set_crawl_delay(struct frontier *self, struct job *job, int64_t ms)
{
	host_set_crawl_delay(job->host, ms);
	requeue_host(self, job->host);
}

void frontier_add_wasted_time(struct job *job, int64_t ms)
{
	host_add_wasted_time(job->host, ms);
}

void frontier_avoid_http3(struct job *job)
{
	job->host->avoids_http3 = true;
}

bool frontier_avoids_http3(const struct job *job)
{
	return job->host->avoids_http3;
}

struct job *frontier_abandon(struct frontier *self)
{
	struct host *host = ready_host(self, CLOCK_NEVER);
	if (!host)
		return NULL;
	struct job *job = host_pop(host);
	self->waiting--;
	requeue_host(self, host);
	return job;
}

size_t frontier_waiting(const struct frontier *self)
{
	return self->waiting;
}

size_t frontier_in_flight(const struct frontier *self)
{
	return self->in_flight;
}

struct frontier_stock frontier_stock(const struct frontier *self)
{
	return self->stock;
}

/* True if a can be spared better than b. */
static bool is_more_spare(const struct host *a, const struct host *b)
{
	return !b || a->active < b->active ||
	       (a->active == b->active && host_first(a)->number > host_first(b)->number);
}

size_t frontier_spare_host(struct frontier *self, void (*take)(void *ctx, struct job *job), void *ctx)
{
	struct host *host = NULL;
	for (size_t i = 0; i < self->ready.count; i++) {
		struct host *candidate = self->ready.nodes[i]->item;
		bool may_go = candidate->state == HOST_KEPT && candidate->pending_retries == 0 &&
		              candidate->active < self->in_flight;
		if (may_go && is_more_spare(candidate, host))
			host = candidate;
	}
	if (!host)
		return 0;
	size_t ready = host->ready;
	for (struct job *job; (job = host_pop(host));) {
		self->waiting--;
		take(ctx, job);
	}
	requeue_host(self, host);
	return ready;
}

int64_t frontier_delay_wait_ms(const struct frontier *self)
{
	return self->delay_wait_ms;
}

int64_t frontier_rate_wait_ms(const struct frontier *self)
{
	return rate_held_ms(&self->rate);
}

const char *frontier_awaited_host(const struct frontier *self, int64_t *at_ms)
{
	const struct heap_node *first = heap_first(&self->retries);
	const struct host *host = first ? ((const struct job *)first->item)->host : NULL;
	bool is_delayed = false;
	*at_ms = first ? (int64_t)first->key : CLOCK_NEVER;
	if (self->oldest) {
		*at_ms = self->oldest->started_at;
		return self->oldest->host->name;
	}
	if (is_held_by_rate(self))
		return NULL;
	/* A host is also paused when it has no jobs: the pause would hold for new ones. */
	for (size_t i = 0; i < self->paused.count; i++) {
		const struct host *paused = self->paused.nodes[i]->item;
		if (host_first(paused) && paused->not_before < *at_ms) {
			host = paused;
			is_delayed = host_is_delayed(paused);
			*at_ms = paused->not_before;
		}
	}
	return host && !is_delayed ? host->name : NULL;
}
