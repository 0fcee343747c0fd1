#include "in/host.h"

#include "base/alloc.h"
#include "in/frontier.h"

#include <stdlib.h>

static int64_t configured_limit(const struct host *self)
{
	if (self->crawl_delay_ms)
		return 1;
	return self->manners->per_host ? self->manners->per_host : INT64_MAX;
}

struct host *host_new(struct slice name, const struct manners *manners)
{
	struct host *self = alloc_new(sizeof *self);
	self->name = alloc_copy(name.data, name.len);
	self->manners = manners;
	self->allowance = configured_limit(self);
	return self;
}

void host_free(struct host *self)
{
	heap_release(&self->jobs);
	free(self->name);
	free(self);
}

void host_push(struct host *self, struct job *job)
{
	job->queue_node = (struct heap_node){0};
	heap_add(&self->jobs, &job->queue_node, job->number, job);
}

struct job *host_first(const struct host *self)
{
	const struct heap_node *node = heap_first(&self->jobs);
	return node ? node->item : NULL;
}

struct job *host_pop(struct host *self)
{
	struct job *job = host_first(self);
	if (job)
		heap_remove(&job->queue_node);
	return job;
}

size_t host_startable(const struct host *self)
{
	int64_t more = self->allowance - (int64_t)self->active;
	if (self->state != HOST_KEPT || more >= (int64_t)self->jobs.count)
		return self->jobs.count;
	return more > 0 ? (size_t)more : 0;
}

bool host_can_start(const struct host *self)
{
	return host_startable(self) > 0;
}

void host_add_wasted_time(struct host *self, int64_t ms)
{
	int64_t patience = self->manners->patience_ms;
	self->wasted_ms += ms;
	if (patience && self->wasted_ms >= patience && self->state == HOST_KEPT)
		self->state = HOST_GIVEN_UP_TIME;
}

static void add_connection_error(struct host *self)
{
	int64_t most = self->manners->host_errors;
	self->errors++;
	if (most && self->errors >= most && self->state == HOST_KEPT)
		self->state = HOST_GIVEN_UP_ERRORS;
}

void host_record_event(struct host *self, enum host_event event, int64_t try_ms)
{
	int64_t in_use = self->active < self->allowance ? (int64_t)self->active : self->allowance;
	if (event != HOST_UNREACHABLE)
		self->errors = 0;
	switch (event) {
	case HOST_ANSWERED:
		self->wasted_ms = self->wasted_ms > HOST_PAYBACK_MS ? self->wasted_ms - HOST_PAYBACK_MS : 0;
		if (self->allowance < configured_limit(self))
			self->allowance++;
		return;
	case HOST_BROKE_OFF:
		break;
	case HOST_BUSY:
		self->allowance = in_use > 1 ? in_use / 2 : 1;
		break;
	case HOST_UNREACHABLE:
		add_connection_error(self);
		break;
	}
	host_add_wasted_time(self, try_ms);
}

bool host_is_idle(const struct host *self)
{
	return self->jobs.count == 0 && self->active == 0 && self->pending_retries == 0;
}

int64_t host_delay_ms(const struct host *self)
{
	return self->crawl_delay_ms > self->manners->delay_ms ? self->crawl_delay_ms
	                                                      : self->manners->delay_ms;
}

void host_set_crawl_delay(struct host *self, int64_t ms)
{
	if (self->crawl_delay_ms == ms)
		return;
	self->crawl_delay_ms = ms;
	self->allowance = 1;
	if (self->last_start) {
		self->delayed_until = self->last_start + host_delay_ms(self);
		host_pause(self, self->delayed_until);
	}
}

void host_pause(struct host *self, int64_t until)
{
	if (until > self->not_before)
		self->not_before = until;
}

void host_cancel_delay(struct host *self)
{
	if (self->delayed_until && host_is_delayed(self))
		self->not_before = self->last_start;
	self->delayed_until = 0;
}

bool host_is_delayed(const struct host *self)
{
	return self->not_before == self->delayed_until;
}
