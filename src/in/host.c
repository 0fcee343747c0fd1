#include "in/host.h"

#include "base/alloc.h"
#include "in/frontier.h"

#include <stdlib.h>

static int64_t limit_of(const struct host *self)
{
	return self->manners->per_host ? self->manners->per_host : INT64_MAX;
}

struct host *host_new(struct slice name, const struct manners *manners)
{
	struct host *self = alloc_new(sizeof *self);
	self->name = alloc_copy(name.data, name.len);
	self->manners = manners;
	self->allowance = limit_of(self);
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

bool host_wants_start(const struct host *self)
{
	return self->first && (self->end != HOST_KEPT || self->active < self->allowance);
}

void host_waste(struct host *self, int64_t ms)
{
	int64_t patience = self->manners->patience_ms;
	self->wasted_ms += ms;
	if (patience && self->wasted_ms >= patience && self->end == HOST_KEPT)
		self->end = HOST_WASTES;
}

static void count_error(struct host *self)
{
	int64_t most = self->manners->host_errors;
	self->errors++;
	if (most && self->errors >= most && self->end == HOST_KEPT)
		self->end = HOST_FAILS;
}

void host_note(struct host *self, enum host_news news, int64_t spent_ms)
{
	int64_t in_use = self->active < self->allowance ? (int64_t)self->active : self->allowance;
	if (news != HOST_UNREACHABLE)
		self->errors = 0;
	switch (news) {
	case HOST_ANSWERED:
		self->wasted_ms = self->wasted_ms > HOST_PAYBACK_MS ? self->wasted_ms - HOST_PAYBACK_MS : 0;
		if (self->allowance < limit_of(self))
			self->allowance++;
		return;
	case HOST_BROKE_OFF:
		break;
	case HOST_BUSY:
		self->allowance = in_use > 1 ? in_use / 2 : 1;
		break;
	case HOST_UNREACHABLE:
		count_error(self);
		break;
	}
	host_waste(self, spent_ms);
}

bool host_is_idle(const struct host *self)
{
	return !self->first && self->active == 0 && self->promised == 0;
}

void host_hold(struct host *self, int64_t until)
{
	if (until > self->not_before)
		self->not_before = until;
}
