#include "base/map.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAMES = 3000 };

struct thing {
	char name[16];
	bool is_in;
};

static struct thing *new_things(void)
{
	struct thing *things = calloc(NAMES, sizeof *things);
	cr_assert(things);
	for (int i = 0; i < NAMES; i++)
		snprintf(things[i].name, sizeof things[i].name, "name%d", i);
	return things;
}

static void expect_to_hold_what_is_in(const struct map *map, const struct thing *things)
{
	size_t count = 0;
	for (int i = 0; i < NAMES; i++) {
		const void *wanted = things[i].is_in ? &things[i] : NULL;
		count += things[i].is_in;
		cr_assert_eq(map_find(map, slice_of(things[i].name)), wanted, "%s", things[i].name);
	}
	cr_assert_eq(map->count, count);
}

Test(map, finds_what_was_added_and_not_removed)
{
	struct map map = {0};
	struct thing *things = new_things();
	/* The same each time, so that the walk can be repeated; the hashes differ. */
	srand(1);
	expect_to_hold_what_is_in(&map, things);
	for (int step = 0; step < 40 * NAMES; step++) {
		struct thing *thing = &things[rand() % NAMES];
		bool wants_in = rand() % 100 < (step / NAMES % 2 ? 20 : 80);
		if (wants_in && !thing->is_in)
			map_add(&map, slice_of(thing->name), thing);
		else if (!wants_in)
			cr_assert_eq(
			    map_remove(&map, slice_of(thing->name)), thing->is_in ? (void *)thing : NULL);
		thing->is_in = wants_in;
		if (step % (NAMES / 3) == 0)
			expect_to_hold_what_is_in(&map, things);
	}
	expect_to_hold_what_is_in(&map, things);
	map_release(&map);
	free(things);
}

Test(map, goes_through_each_once)
{
	struct map map = {0};
	struct thing *things = new_things(), *thing;
	size_t count = 0;
	for (size_t at = 0; map_next(&map, &at);)
		cr_assert_fail("nothing is in it");
	for (int i = 0; i < NAMES; i += 2)
		map_add(&map, slice_of(things[i].name), &things[i]);
	for (size_t at = 0; (thing = map_next(&map, &at)); count++) {
		cr_assert(!thing->is_in);
		thing->is_in = true;
	}
	cr_expect_eq(count, NAMES / 2);
	map_release(&map);
	free(things);
}

Test(map, tells_names_apart_by_their_length)
{
	struct map map = {0};
	int one, two;
	map_add(&map, (struct slice){"host:80", 6}, &one);
	cr_expect_null(map_find(&map, (struct slice){"host:80", 7}));
	map_add(&map, (struct slice){"host:80", 7}, &two);
	cr_expect_eq(map_find(&map, slice_of("host:8")), &one);
	cr_expect_eq(map_find(&map, slice_of("host:80")), &two);
	map_release(&map);
}
