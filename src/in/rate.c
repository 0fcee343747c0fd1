#include "in/rate.h"

#include "base/alloc.h"
#include "base/options.h"

#include <stdlib.h>

enum { NS_PER_MS = 1000 * 1000, MS_PER_S = 1000 };

/* More requests per second than any machine starts. Such a limit needs no memory. */
enum { STARTS_PER_S_MAX = 1000 * 1000 };

static int64_t divide_rounding_up(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

void rate_init(struct rate *self, int64_t limit)
{
	*self = (struct rate){0};
	int64_t starts = divide_rounding_up(limit, RATE_PER_SECOND);
	if (starts == 0 || starts > STARTS_PER_S_MAX)
		return;
	/* The window is a second, or the time of the next whole number of starts. One more millisecond is
	 * added because the clock cuts off what is less than one: the window would otherwise be up to a
	 * millisecond too short. */
	self->window_starts = (size_t)starts;
	self->window_ms = divide_rounding_up(starts * MS_PER_S * RATE_PER_SECOND, limit) + 1;
	self->interval_ns = self->window_ms * NS_PER_MS / starts;
	self->starts = alloc_array(self->window_starts, sizeof *self->starts);
}

void rate_release(struct rate *self)
{
	free(self->starts);
	*self = (struct rate){0};
}

int64_t rate_due(const struct rate *self)
{
	int64_t due = divide_rounding_up(self->due_ns, NS_PER_MS);
	if (self->window_starts == 0 || self->count < self->window_starts)
		return due;
	int64_t window_end = self->starts[self->count % self->window_starts] + self->window_ms;
	return window_end > due ? window_end : due;
}

void rate_record_start(struct rate *self, int64_t now)
{
	if (self->window_starts == 0)
		return;
	int64_t earliest_ns = (now - (self->count ? RATE_CATCH_UP_MS : 0)) * NS_PER_MS;
	self->starts[self->count++ % self->window_starts] = now;
	self->due_ns = (self->due_ns > earliest_ns ? self->due_ns : earliest_ns) + self->interval_ns;
}

bool rate_start(struct rate *self, int64_t now)
{
	if (self->window_starts == 0)
		return true;
	int64_t due = rate_due(self);
	if (due > now) {
		self->held_from = self->is_holding ? self->held_from : now;
		self->is_holding = true;
		return false;
	}
	if (self->is_holding)
		self->held_ms += due - self->held_from;
	self->is_holding = false;
	rate_record_start(self, now);
	return true;
}

int64_t rate_held_ms(const struct rate *self)
{
	return self->held_ms;
}
