/* The limit of how many requests start per second, over all hosts of a run. Starts are spaced evenly. Only
 * what is late, because the event loop was busy or its clock counts whole milliseconds, is made up for, and
 * no more than RATE_CATCH_UP_MS of it.
 *
 * This is guaranteed: if the limit is N a second, no second has more than N starts (rounded up), wherever it
 * begins. If the limit is one a second or less, each start is at least that much later than the one before
 * it. Only what rate_record_start counts can be more, and later starts make up for it. All times are
 * monotonic milliseconds. */
#ifndef AREQ_IN_RATE_H
#define AREQ_IN_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far starts may be behind even spacing and still keep to it. A turn of the event loop is rarely
 * longer. */
enum { RATE_CATCH_UP_MS = 20 };

/* {0} is no limit. */
struct rate {
	size_t window_starts; /* the most starts in window_ms; 0 if there is no limit */
	int64_t window_ms;
	int64_t interval_ns; /* window_ms / window_starts */
	int64_t due_ns;      /* when the next start is due by even spacing; 0 before the first one */
	int64_t *starts;     /* a ring of the times of the last window_starts starts */
	uint64_t count;      /* of all starts */
	bool is_holding;     /* a start was refused since the last one, for the first time at held_from */
	int64_t held_from;
	int64_t held_ms; /* see rate_held_ms */
};

/* limit is in thousandths of a request per minute, as in struct options; 0 if there is none. */
void rate_init(struct rate *self, int64_t limit);
void rate_release(struct rate *self);

/* The earliest time at which a request may start. 0 if there is no limit. */
int64_t rate_due(const struct rate *self);

/* Returns true, and counts the start of a request, if one may start now. */
bool rate_start(struct rate *self, int64_t now);

/* Counts the start of a request that nothing could hold back. Later ones wait for longer instead. */
void rate_record_start(struct rate *self, int64_t now);

/* How long starts were refused until they were due, in ms. Starts that come later than that do not add to
 * it. */
int64_t rate_held_ms(const struct rate *self);

#endif
