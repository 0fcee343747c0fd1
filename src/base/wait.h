/* What a loop is to be woken for. */
#ifndef AREQ_BASE_WAIT_H
#define AREQ_BASE_WAIT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WAIT_DESCRIPTORS = 8 };

struct wait {
	int64_t wake; /* monotonic ms; CLOCK_NEVER: only an event changes anything */
	struct {
		int descriptor;
		bool writable; /* wait until it can be written to; else read from */
	} list[WAIT_DESCRIPTORS];
	size_t count;
};

static inline void wait_for(struct wait *self, int descriptor, bool writable)
{
	assert(self->count < WAIT_DESCRIPTORS);
	self->list[self->count].descriptor = descriptor;
	self->list[self->count++].writable = writable;
}

static inline void wait_until(struct wait *self, int64_t moment)
{
	if (moment < self->wake)
		self->wake = moment;
}

#endif
