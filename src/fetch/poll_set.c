#include "fetch/poll_set.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 64 };

void poll_set_release(struct poll_set *self)
{
	free(self->list);
	free(self->places);
	free(self->ready);
	*self = (struct poll_set){0};
}

static size_t larger_room(size_t wanted)
{
	size_t room = ROOM_MIN;
	while (room < wanted)
		room *= 2;
	return room;
}

static void make_room(struct poll_set *self, size_t count)
{
	if (count <= self->room)
		return;
	self->room = larger_room(count);
	self->list = alloc_resize(self->list, self->room, sizeof *self->list);
}

static size_t *place_of(struct poll_set *self, int descriptor)
{
	size_t at = (size_t)descriptor;
	if (at >= self->place_count) {
		size_t count = larger_room(at + 1);
		self->places = alloc_resize(self->places, count, sizeof *self->places);
		memset(
		    self->places + self->place_count, 0, (count - self->place_count) * sizeof *self->places);
		self->place_count = count;
	}
	return &self->places[at];
}

void poll_set_watch(struct poll_set *self, int descriptor, short events)
{
	size_t *place = place_of(self, descriptor);
	/* Those of the last wait are forgotten. */
	self->others = 0;
	if (events && !*place) {
		make_room(self, self->watched + 1);
		*place = ++self->watched;
	}
	if (events) {
		self->list[*place - 1] = (struct pollfd){.fd = descriptor, .events = events};
	} else if (*place) {
		const struct pollfd last = self->list[--self->watched];
		*place_of(self, last.fd) = *place;
		self->list[*place - 1] = last;
		*place = 0;
	}
}

void poll_set_begin_with(struct poll_set *self, int descriptor)
{
	size_t place = *place_of(self, descriptor);
	self->first = place ? place - 1 : 0;
}

void poll_set_add(struct poll_set *self, const struct pollfd *others, size_t count)
{
	/* So that there is a list, even with nothing in it. */
	make_room(self, self->watched + count + 1);
	memcpy(self->list + self->watched, others, count * sizeof *others);
	self->others = count;
}

long poll_set_wait(
    struct poll_set *self, int timeout_ms, const struct pollfd **ready, const struct pollfd **others)
{
	size_t count = 0;
	int left = poll(self->list, (nfds_t)(self->watched + self->others), timeout_ms);
	*others = self->list + self->watched;
	if (left < 0)
		return errno == EINTR ? 0 : -1;
	if ((size_t)left > self->ready_room) {
		self->ready_room = larger_room((size_t)left);
		self->ready = alloc_resize(self->ready, self->ready_room, sizeof *self->ready);
	}
	size_t first = self->first < self->watched ? self->first : 0;
	for (size_t i = 0; i < self->watched && count < (size_t)left; i++) {
		size_t at = first + i < self->watched ? first + i : first + i - self->watched;
		if (self->list[at].revents)
			self->ready[count++] = self->list[at];
	}
	*ready = self->ready;
	return (long)count;
}
