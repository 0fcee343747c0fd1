#include "in/rate.h"

#include "base/options.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* A clock that shows whole milliseconds of a time in microseconds. */
static int64_t shown_ms(int64_t time_us)
{
	return time_us / 1000;
}

struct record {
	int64_t *times_us; /* the true times of the starts */
	size_t count, room;
};

static void record_start(struct record *self, int64_t time_us)
{
	if (self->count == self->room) {
		self->room = self->room ? 2 * self->room : 1024;
		self->times_us = realloc(self->times_us, self->room * sizeof *self->times_us);
	}
	self->times_us[self->count++] = time_us;
}

/* The most starts in any time of that length, which includes its beginning and not its end. */
static size_t most_in(const struct record *self, int64_t length_us)
{
	size_t most = 0;
	for (size_t last = 0, first = 0; last < self->count; last++) {
		while (self->times_us[last] - self->times_us[first] >= length_us)
			first++;
		if (last - first + 1 > most)
			most = last - first + 1;
	}
	return most;
}

static int64_t from_to(unsigned *random, int64_t min, int64_t max)
{
	*random = *random * 1103515245u + 12345u;
	return min + (int64_t)((*random >> 8) % (uint64_t)(max - min + 1));
}

/* Starts as much as the limit allows, as the event loop does: it wakes up at the time at which a start is
 * due, and somewhat later because a poll takes whole milliseconds. Sometimes a turn takes long, or there is
 * nothing to start for a while. */
static struct record simulate(int64_t limit, int64_t seconds, int64_t turn_us, int64_t idle_us)
{
	struct rate rate;
	struct record record = {0};
	unsigned random = 1;
	int64_t now_us = 5000 * 1000 + 777, end_us = now_us + seconds * 1000000;
	rate_init(&rate, limit);
	while (now_us < end_us) {
		while (rate_start(&rate, shown_ms(now_us))) {
			record_start(&record, now_us);
			now_us += from_to(&random, 10, 30);
		}
		int64_t due = rate_due(&rate);
		cr_assert_gt(due, shown_ms(now_us), "it would spin");
		now_us += (due - shown_ms(now_us)) * 1000 + from_to(&random, 20, 200);
		if (turn_us && from_to(&random, 1, 20) == 1)
			now_us += from_to(&random, 0, turn_us);
		if (idle_us && from_to(&random, 1, 50) == 1)
			now_us += from_to(&random, 0, idle_us);
	}
	rate_release(&rate);
	return record;
}

Test(rate, is_kept_in_every_second)
{
	static const int64_t limits[] = {1, 2, 3, 7, 10, 50, 99, 100, 1000, 1001, 4999, 5000, 20000};
	static const int64_t turns_us[] = {0, 30000, 400000}, idles_us[] = {0, 3000000};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		for (size_t k = 0; k < 6; k++) {
			struct record record =
			    simulate(limits[i] * RATE_PER_SECOND, 30, turns_us[k / 2], idles_us[k % 2]);
			size_t most = most_in(&record, 1000000);
			cr_expect_leq(
			    most, (size_t)limits[i], "%zu of %d, case %zu", most, (int)limits[i], k);
			free(record.times_us);
		}
	}
}

Test(rate, of_up_to_one_a_second_is_kept_in_every_minute)
{
	static const int64_t limits[] = {1, 2, 7, 30, 59, 60};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct record record = simulate(limits[i] * RATE_PER_MINUTE, 1000, 400000, 90000000);
		size_t most = most_in(&record, 60 * 1000000);
		cr_expect_leq(most, (size_t)limits[i], "%zu of %d", most, (int)limits[i]);
		free(record.times_us);
	}
}

/* A rate that is no whole number per second allows that number, rounded up, in a second. */
Test(rate, may_be_a_fraction)
{
	static const double limits[] = {0.001 / 60, 0.5, 1.5, 2.5, 16.7, 100.5, 4999.1};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		int64_t limit = (int64_t)(limits[i] * RATE_PER_SECOND + 0.5);
		struct record record = simulate(limit, 100, 10000, 0);
		size_t most = most_in(&record, 1000000);
		cr_expect_lt((double)most, limits[i] + 1, "%zu of %g", most, limits[i]);
		double expected = 100 * limits[i];
		cr_expect(record.count >= expected * 0.98 - 1, "%zu starts, not %g", record.count, expected);
		free(record.times_us);
	}
}

/* The clock, and a poll that comes late, cost a fraction of a per cent at most. */
Test(rate, is_reached)
{
	static const int64_t limits[] = {1, 10, 100, 333, 1000, 5000, 20000};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct record record = simulate(limits[i] * RATE_PER_SECOND, 100, 0, 0);
		double expected = (double)limits[i] * 100;
		cr_expect(
		    (double)record.count >= expected * 0.995, "%zu starts, not %g", record.count, expected);
		free(record.times_us);
	}
}

Test(rate, is_even)
{
	struct record record = simulate(10 * RATE_PER_SECOND, 100, 10000, 3000000);
	cr_expect_eq(most_in(&record, (100 - RATE_CATCH_UP_MS - 1) * 1000), 1);
	free(record.times_us);
	record = simulate(5000 * RATE_PER_SECOND, 100, 10000, 3000000);
	size_t most = most_in(&record, 1000), most_allowed = 5 * (RATE_CATCH_UP_MS + 2) + 1;
	cr_expect_leq(most, most_allowed, "%zu at once", most);
	free(record.times_us);
}

Test(rate, may_be_none)
{
	static const int64_t limits[] = {0, INT64_C(1000001) * RATE_PER_SECOND, INT64_C(60000000000000)};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct rate rate;
		rate_init(&rate, limits[i]);
		cr_expect_eq(rate_due(&rate), 0);
		for (int k = 0; k < 100000; k++)
			cr_assert(rate_start(&rate, 1));
		cr_expect_eq(rate_due(&rate), 0);
		cr_expect_null(rate.starts, "it takes no memory");
		rate_release(&rate);
	}
}

Test(rate, knows_how_long_starts_were_held_back)
{
	struct rate rate;
	rate_init(&rate, 1 * RATE_PER_SECOND);
	cr_expect(rate_start(&rate, 1000));
	cr_expect_eq(rate_held_ms(&rate), 0);
	cr_expect_not(rate_start(&rate, 1400));
	cr_expect_not(rate_start(&rate, 1900));
	cr_expect_eq(rate_held_ms(&rate), 0);
	cr_expect(rate_start(&rate, 2301));
	cr_expect_eq(rate_held_ms(&rate), 601, "from the first refusal until the start was due");
	cr_expect(rate_start(&rate, 9000));
	cr_expect_eq(rate_held_ms(&rate), 601, "nothing was refused");
	rate_release(&rate);
}

/* Requests that could not be held back take the time of those after them. */
Test(rate, is_kept_again_after_requests_that_nothing_held_back)
{
	struct rate rate;
	rate_init(&rate, 2 * RATE_PER_SECOND);
	cr_expect(rate_start(&rate, 1000));
	for (int i = 0; i < 3; i++)
		rate_record_start(&rate, 1000);
	cr_expect_not(rate_start(&rate, 3001));
	cr_expect_eq(rate_due(&rate), 3002);
	rate_release(&rate);
	rate_init(&rate, 0);
	rate_record_start(&rate, 1000);
	cr_expect(rate_start(&rate, 1000));
	rate_release(&rate);
}
