/* What a loop is to be woken for. */
#ifndef AREQ_BASE_WAIT_H
#define AREQ_BASE_WAIT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum { WAIT_DESCRIPTORS = 16 };

struct wait {
	int64_t wake; /* monotonic ms; CLOCK_NEVER: only an event changes anything */
	struct {
		int descriptor;
		short events; /* of poll(2) */
	} list[WAIT_DESCRIPTORS];
	size_t count;
};

static inline void wait_for(struct wait *self, int descriptor, short events)
{
	assert(self->count < WAIT_DESCRIPTORS);
	self->list[self->count].descriptor = descriptor;
	self->list[self->count++].events = events;
}

static inline void wait_until(struct wait *self, int64_t moment)
{
	if (moment < self->wake)
		self->wake = moment;
}

#endif
