#include "in/host.h"

#include "base/alloc.h"
#include "in/frontier.h"

#include <stdlib.h>

struct host *host_new(struct slice name, int64_t limit)
{
	struct host *self = alloc_new(sizeof *self);
	self->name = alloc_copy(name.data, name.len);
	self->allowance = limit;
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
	return self->first && (self->given_up || self->active < self->allowance);
}

void host_note(struct host *self, enum host_news news, int64_t limit, int64_t errors_max)
{
	int64_t in_use = self->active < self->allowance ? (int64_t)self->active : self->allowance;
	switch (news) {
	case HOST_ANSWERED:
		self->errors = 0;
		if (self->allowance < limit)
			self->allowance++;
		break;
	case HOST_BUSY:
		self->allowance = in_use > 1 ? in_use / 2 : 1;
		break;
	case HOST_UNREACHABLE:
		self->errors++;
		self->given_up = errors_max && self->errors >= errors_max;
		break;
	}
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
