#include "fetch/poll_set.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 64 };

void poll_set_release(struct poll_set *self)
{
	free(self->list);
	free(self->positions);
	free(self->ready);
	*self = (struct poll_set){0};
}

static size_t larger_capacity(size_t wanted)
{
	size_t capacity = CAPACITY_MIN;
	while (capacity < wanted)
		capacity *= 2;
	return capacity;
}

static void reserve(struct poll_set *self, size_t count)
{
	if (count <= self->capacity)
		return;
	self->capacity = larger_capacity(count);
	self->list = alloc_resize(self->list, self->capacity, sizeof *self->list);
}

static size_t *position_of(struct poll_set *self, int descriptor)
{
	size_t index = (size_t)descriptor;
	if (index >= self->position_count) {
		size_t count = larger_capacity(index + 1);
		self->positions = alloc_resize(self->positions, count, sizeof *self->positions);
		memset(self->positions + self->position_count, 0,
		    (count - self->position_count) * sizeof *self->positions);
		self->position_count = count;
	}
	return &self->positions[index];
}

void poll_set_watch(struct poll_set *self, int descriptor, short events)
{
	size_t *position = position_of(self, descriptor);
	/* The others stand in the list behind the watched descriptors, whose number may change here. */
	self->other_count = 0;
	if (events && !*position) {
		reserve(self, self->watched_count + 1);
		*position = ++self->watched_count;
	}
	if (events) {
		self->list[*position - 1] = (struct pollfd){.fd = descriptor, .events = events};
	} else if (*position) {
		const struct pollfd last = self->list[--self->watched_count];
		*position_of(self, last.fd) = *position;
		self->list[*position - 1] = last;
		*position = 0;
	}
}

void poll_set_report_first(struct poll_set *self, int descriptor)
{
	size_t position = *position_of(self, descriptor);
	self->first = position ? position - 1 : 0;
}

void poll_set_add_once(struct poll_set *self, const struct pollfd *others, size_t count)
{
	/* One entry more than needed is reserved, so that list is not NULL even if it is empty. */
	reserve(self, self->watched_count + count + 1);
	memcpy(self->list + self->watched_count, others, count * sizeof *others);
	self->other_count = count;
}

long poll_set_wait(
    struct poll_set *self, int timeout_ms, const struct pollfd **ready, const struct pollfd **others)
{
	size_t count = 0;
	int ready_count = poll(self->list, (nfds_t)(self->watched_count + self->other_count), timeout_ms);
	*others = self->list + self->watched_count;
	if (ready_count < 0)
		return errno == EINTR ? 0 : -1;
	if ((size_t)ready_count > self->ready_capacity) {
		self->ready_capacity = larger_capacity((size_t)ready_count);
		self->ready = alloc_resize(self->ready, self->ready_capacity, sizeof *self->ready);
	}
	size_t first = self->first < self->watched_count ? self->first : 0;
	for (size_t i = 0; i < self->watched_count && count < (size_t)ready_count; i++) {
		size_t index = first + i < self->watched_count ? first + i : first + i - self->watched_count;
		if (self->list[index].revents)
			self->ready[count++] = self->list[index];
	}
	*ready = self->ready;
	return (long)count;
}
