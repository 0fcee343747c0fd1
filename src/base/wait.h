/* What the event loop waits for: descriptors and a timestamp. */
#ifndef AREQ_BASE_WAIT_H
#define AREQ_BASE_WAIT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum { WAIT_DESCRIPTORS = 16 };

struct wait {
	int64_t wake_ms; /* monotonic ms of the next wake-up; CLOCK_NEVER if only events wake the loop */
	struct {
		int descriptor;
		short events; /* as for poll(2) */
	} list[WAIT_DESCRIPTORS];
	size_t count;
};

/* Adds a descriptor and its events. At most WAIT_DESCRIPTORS can be added. */
static inline void wait_for(struct wait *self, int descriptor, short events)
{
	assert(self->count < WAIT_DESCRIPTORS);
	self->list[self->count].descriptor = descriptor;
	self->list[self->count++].events = events;
}

/* Makes the loop wake at that time (monotonic ms), unless it wakes earlier. */
static inline void wait_until(struct wait *self, int64_t wake_ms)
{
	if (wake_ms < self->wake_ms)
		self->wake_ms = wake_ms;
}

#endif
