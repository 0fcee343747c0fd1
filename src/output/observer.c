#include "output/observer.h"

#include "base/alloc.h"

#include <stdlib.h>

void observers_add(struct observers *self, struct observer observer)
{
	self->list = alloc_resize(self->list, self->count + 1, sizeof *self->list);
	self->list[self->count++] = observer;
	self->want_progress |= observer.progress != NULL;
	self->want_exchange |= observer.exchange != NULL;
}

void observers_release(struct observers *self)
{
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->free)
			observer->free(observer->self);
	}
	free(self->list);
	*self = (struct observers){0};
}

enum status observers_begin(const struct observers *self)
{
	enum status status = STATUS_OK;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->begin)
			status = status_first(status, observer->begin(observer->self));
	}
	return status;
}

enum status observers_exchange(
    const struct observers *self, const struct outcome *so_far, const struct exchange *exchange)
{
	enum status status = STATUS_OK;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->exchange)
			status = status_first(status, observer->exchange(observer->self, so_far, exchange));
	}
	return status;
}

enum status observers_link(const struct observers *self, const struct outcome *page, const struct link *link)
{
	enum status status = STATUS_OK;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->link)
			status = status_first(status, observer->link(observer->self, page, link));
	}
	return status;
}

enum status observers_checked(
    const struct observers *self, const struct outcome *page, const struct link *link)
{
	enum status status = STATUS_OK;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->checked)
			status = status_first(status, observer->checked(observer->self, page, link));
	}
	return status;
}

enum status observers_elsewhere(const struct observers *self, const char *url)
{
	enum status status = STATUS_OK;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->elsewhere)
			status = status_first(status, observer->elsewhere(observer->self, url));
	}
	return status;
}

enum status observers_changed(
    const struct observers *self, const struct outcome *page, const struct link *link)
{
	enum status status = STATUS_OK;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->changed)
			status = status_first(status, observer->changed(observer->self, page, link));
	}
	return status;
}

enum status observers_page_end(const struct observers *self, const struct outcome *outcome, uint64_t *ticket)
{
	enum status status = STATUS_OK;
	*ticket = 0;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->page_end)
			status = status_first(status, observer->page_end(observer->self, outcome, ticket));
	}
	return status;
}

uint64_t observers_written(const struct observers *self)
{
	uint64_t least = UINT64_MAX;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		uint64_t taken = observer->taken ? observer->taken(observer->self) : UINT64_MAX;
		least = taken < least ? taken : least;
	}
	return least;
}

enum status observers_outcome(const struct observers *self, const struct outcome *outcome)
{
	enum status status = STATUS_OK;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->outcome)
			status = status_first(status, observer->outcome(observer->self, outcome));
	}
	return status;
}

enum status observers_flush(const struct observers *self, struct wait *wait, size_t *backlog)
{
	enum status status = STATUS_OK;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->flush)
			status = status_first(status, observer->flush(observer->self, wait, backlog));
	}
	return status;
}

void observers_progress(const struct observers *self, const struct run_progress *progress)
{
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->progress)
			observer->progress(observer->self, progress);
	}
}

enum status observers_end(const struct observers *self, const struct totals *totals)
{
	enum status status = STATUS_OK;
	for (const struct observer *observer = self->list; observer < self->list + self->count; observer++) {
		if (observer->end)
			status = status_first(status, observer->end(observer->self, totals));
	}
	return status;
}
