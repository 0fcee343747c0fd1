#include "output/observer.h"

#include "base/alloc.h"

#include <stdlib.h>

void observers_add(struct observers *self, struct observer observer)
{
	self->list = alloc_resize(self->list, self->count + 1, sizeof *self->list);
	self->list[self->count++] = observer;
	self->want_standing |= observer.standing != NULL;
}

void observers_release(struct observers *self)
{
	for (const struct observer *one = self->list; one < self->list + self->count; one++) {
		if (one->free)
			one->free(one->self);
	}
	free(self->list);
	*self = (struct observers){0};
}

enum status observers_begin(const struct observers *self)
{
	enum status status = STATUS_OK;
	for (const struct observer *one = self->list; one < self->list + self->count; one++) {
		if (one->begin)
			status = status_first(status, one->begin(one->self));
	}
	return status;
}

enum status observers_link(const struct observers *self, const struct outcome *page, const struct link *link)
{
	enum status status = STATUS_OK;
	for (const struct observer *one = self->list; one < self->list + self->count; one++) {
		if (one->link)
			status = status_first(status, one->link(one->self, page, link));
	}
	return status;
}

enum status observers_page_end(const struct observers *self, const struct outcome *outcome, uint64_t *ticket)
{
	enum status status = STATUS_OK;
	*ticket = 0;
	for (const struct observer *one = self->list; one < self->list + self->count; one++) {
		if (one->page_end)
			status = status_first(status, one->page_end(one->self, outcome, ticket));
	}
	return status;
}

uint64_t observers_taken(const struct observers *self)
{
	uint64_t least = UINT64_MAX;
	for (const struct observer *one = self->list; one < self->list + self->count; one++) {
		uint64_t taken = one->taken ? one->taken(one->self) : UINT64_MAX;
		least = taken < least ? taken : least;
	}
	return least;
}

enum status observers_outcome(const struct observers *self, const struct outcome *outcome)
{
	enum status status = STATUS_OK;
	for (const struct observer *one = self->list; one < self->list + self->count; one++) {
		if (one->outcome)
			status = status_first(status, one->outcome(one->self, outcome));
	}
	return status;
}

enum status observers_flush(const struct observers *self, struct wait *wait, size_t *backlog)
{
	enum status status = STATUS_OK;
	for (const struct observer *one = self->list; one < self->list + self->count; one++) {
		if (one->flush)
			status = status_first(status, one->flush(one->self, wait, backlog));
	}
	return status;
}

void observers_standing(const struct observers *self, const struct standing *standing)
{
	for (const struct observer *one = self->list; one < self->list + self->count; one++) {
		if (one->standing)
			one->standing(one->self, standing);
	}
}

enum status observers_end(const struct observers *self, const struct totals *totals)
{
	enum status status = STATUS_OK;
	for (const struct observer *one = self->list; one < self->list + self->count; one++) {
		if (one->end)
			status = status_first(status, one->end(one->self, totals));
	}
	return status;
}
