#include "in/host.h"

#include "base/alloc.h"
#include "in/frontier.h"

#include <stdlib.h>

static int64_t configured_limit(const struct host *self)
{
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
	free(self->name);
	free(self);
}

void host_push_back(struct host *self, struct job *job)
{
	job->next = NULL;
	if (self->last)
		self->last->next = job;
	else
		self->first = job;
	self->last = job;
}

void host_push_front(struct host *self, struct job *job)
{
	job->next = self->first;
	self->first = job;
	if (!self->last)
		self->last = job;
}

struct job *host_pop(struct host *self)
{
	struct job *job = self->first;
	if (!job)
		return NULL;
	self->first = job->next;
	if (!self->first)
		self->last = NULL;
	job->next = NULL;
	return job;
}

bool host_can_start(const struct host *self)
{
	return self->first && (self->state != HOST_KEPT || self->active < self->allowance);
}

void host_add_wasted_time(struct host *self, int64_t ms)
{
	int64_t patience = self->manners->patience_ms;
	self->wasted_ms += ms;
	if (patience && self->wasted_ms >= patience && self->state == HOST_KEPT)
		self->state = HOST_WASTES;
}

static void add_connection_error(struct host *self)
{
	int64_t most = self->manners->host_errors;
	self->errors++;
	if (most && self->errors >= most && self->state == HOST_KEPT)
		self->state = HOST_FAILS;
}

void host_record_event(struct host *self, enum host_news event, int64_t try_ms)
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
	return !self->first && self->active == 0 && self->pending_retries == 0;
}

void host_pause(struct host *self, int64_t until)
{
	if (until > self->not_before)
		self->not_before = until;
}
