#include "in/frontier.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "in/host.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A host is in at most one of ready and held. It is in held while not_before lies ahead, even when nothing
 * waits for it, so that it is not forgotten too early. */
struct frontier {
	struct manners manners;
	struct map hosts;    /* by name */
	struct heap ready;   /* hosts by the number of their first job */
	struct heap held;    /* hosts by not_before */
	struct heap retries; /* jobs by the moment they are due */
	int64_t now;         /* the latest moment that the caller told */
	size_t waiting;
	size_t out;
	struct job *oldest, *newest; /* of those that are out */
	struct buf name;
};

enum { HOST_NAME_MAX_BYTES = 1 << 20 };

struct frontier *frontier_new(const struct manners *manners)
{
	struct frontier *self = alloc_new(sizeof *self);
	self->manners = *manners;
	buf_init(&self->name, HOST_NAME_MAX_BYTES);
	return self;
}

static void forget_host(struct frontier *self, struct host *host)
{
	heap_remove(&host->turn);
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
		heap_remove(&host->turn);
		host_free(host);
	}
	map_release(&self->hosts);
	heap_release(&self->ready);
	heap_release(&self->held);
	heap_release(&self->retries);
	buf_release(&self->name);
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

/* Puts the host where it belongs after anything about it changed; it may be gone afterwards. */
static void settle(struct frontier *self, struct host *host)
{
	heap_remove(&host->turn);
	if (host->not_before > self->now && host->end == HOST_KEPT)
		heap_put(&self->held, &host->turn, (uint64_t)host->not_before, host);
	else if (host_wants_start(host))
		heap_put(&self->ready, &host->turn, host->first->number, host);
	else if (host_is_idle(host) && host->end == HOST_KEPT)
		forget_host(self, host);
}

void frontier_add(struct frontier *self, struct job *job, const struct url *url)
{
	job->host = find_host(self, url);
	host_push_back(job->host, job);
	self->waiting++;
	settle(self, job->host);
}

static void admit_due_retries(struct frontier *self)
{
	for (struct heap_node *node;
	     (node = heap_first(&self->retries)) && node->key <= (uint64_t)self->now;) {
		struct job *job = node->thing;
		heap_remove(node);
		job->host->promised--;
		host_push_front(job->host, job);
		settle(self, job->host);
	}
}

static void release_held_hosts(struct frontier *self)
{
	for (struct heap_node *node; (node = heap_first(&self->held)) && node->key <= (uint64_t)self->now;)
		settle(self, node->thing);
}

/* The host whose turn it is at that moment; NULL where none may start. */
static struct host *ready_host(struct frontier *self, int64_t now)
{
	self->now = now;
	admit_due_retries(self);
	release_held_hosts(self);
	const struct heap_node *node = heap_first(&self->ready);
	return node ? node->thing : NULL;
}

static void note_out(struct frontier *self, struct job *job)
{
	job->out_since = self->now;
	job->newer = NULL;
	job->older = self->newest;
	if (self->newest)
		self->newest->newer = job;
	else
		self->oldest = job;
	self->newest = job;
	self->out++;
}

struct job *frontier_next(struct frontier *self, int64_t now, uint64_t before)
{
	struct host *host = ready_host(self, now);
	if (!host || host->first->number >= before)
		return NULL;
	struct job *job = host_pop(host);
	host->active++;
	if (self->manners.delay_ms)
		host_hold(host, now + self->manners.delay_ms);
	settle(self, host);
	self->waiting--;
	note_out(self, job);
	return job;
}

int64_t frontier_next_due(const struct frontier *self)
{
	int64_t due = CLOCK_NEVER;
	const struct heap *heaps[] = {&self->held, &self->retries};
	for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++) {
		const struct heap_node *first = heap_first(heaps[i]);
		if (first && first->key < (uint64_t)due)
			due = (int64_t)first->key;
	}
	return due;
}

void frontier_note(struct frontier *self, struct job *job, enum host_news news, int64_t now)
{
	(void)self;
	host_note(job->host, news, now - job->out_since);
}

enum host_end frontier_host_end(const struct job *job)
{
	return job->host->end;
}

/* The job is out no more; its host is given back. */
static struct host *leave_host(struct frontier *self, struct job *job)
{
	assert(job->host->active > 0);
	job->host->active--;
	*(job->older ? &job->older->newer : &self->oldest) = job->newer;
	*(job->newer ? &job->newer->older : &self->newest) = job->older;
	self->out--;
	return job->host;
}

void frontier_finish(struct frontier *self, struct job *job)
{
	settle(self, leave_host(self, job));
}

void frontier_retry(struct frontier *self, struct job *job, int64_t due)
{
	struct host *host = leave_host(self, job);
	host->promised++;
	job->due = (struct heap_node){0};
	heap_put(&self->retries, &job->due, (uint64_t)due, job);
	self->waiting++;
	settle(self, host);
}

void frontier_redirect(struct frontier *self, struct job *job, const struct url *url)
{
	struct host *old = leave_host(self, job);
	job->host = find_host(self, url);
	host_push_front(job->host, job);
	self->waiting++;
	if (old != job->host)
		settle(self, old);
	settle(self, job->host);
}

void frontier_hold_host(struct frontier *self, struct job *job, int64_t now, int64_t until)
{
	int64_t from = job->host->not_before > now ? job->host->not_before : now;
	if (until > from)
		host_waste(job->host, until - from);
	host_hold(job->host, until);
	settle(self, job->host);
}

void frontier_waste(struct job *job, int64_t ms)
{
	host_waste(job->host, ms);
}

struct job *frontier_abandon(struct frontier *self)
{
	struct host *host = ready_host(self, CLOCK_NEVER);
	if (!host)
		return NULL;
	struct job *job = host_pop(host);
	self->waiting--;
	settle(self, host);
	return job;
}

size_t frontier_waiting(const struct frontier *self)
{
	return self->waiting;
}

size_t frontier_out(const struct frontier *self)
{
	return self->out;
}

const char *frontier_awaited(const struct frontier *self, int64_t *moment)
{
	const struct heap_node *first = heap_first(&self->retries);
	const struct host *host = first ? ((const struct job *)first->thing)->host : NULL;
	*moment = first ? (int64_t)first->key : CLOCK_NEVER;
	if (self->oldest) {
		*moment = self->oldest->out_since;
		return self->oldest->host->name;
	}
	/* Hosts are held for what may come, too. */
	for (size_t i = 0; i < self->held.count; i++) {
		const struct host *held = self->held.nodes[i]->thing;
		if (held->first && held->not_before < *moment) {
			host = held;
			*moment = held->not_before;
		}
	}
	return host ? host->name : NULL;
}
