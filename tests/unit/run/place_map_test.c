#include "run/place_map.h"

#include <criterion/criterion.h>
#include <stdbool.h>

enum { KEYS = 4000, STEPS = 60000 };

/* Fingerprints that collide: few of them differ in the lower bits, which choose the slot, or in the upper
 * ones, which choose the table. */
static uint64_t fingerprint_of(unsigned key)
{
	return (uint64_t)(key % 3) << 62 | (uint64_t)key << 32 | (key % 37 + 1);
}

Test(place_map, has_what_was_added_and_not_removed)
{
	struct place_map map = {0};
	static bool is_in[KEYS];
	size_t count = 0;
	uint32_t random = 1;
	for (unsigned step = 0; step < STEPS; step++) {
		random = random * 1664525 + 1013904223;
		unsigned key = (random >> 8) % KEYS;
		struct place_entry *entry = place_map_find(&map, fingerprint_of(key));
		cr_assert_eq(entry != NULL, is_in[key], "key %u at step %u", key, step);
		if (entry) {
			cr_assert_eq(entry->place, key);
			place_map_remove(&map, entry);
			count--;
		} else {
			place_map_add(&map, fingerprint_of(key))->place = key;
			count++;
		}
		is_in[key] = !is_in[key];
		cr_assert_eq(map.count, count);
	}
	place_map_release(&map);
}

Test(place_map, adds_an_entry_once)
{
	struct place_map map = {0};
	cr_expect_null(place_map_find(&map, 7));
	place_map_add(&map, 7)->place = 5;
	cr_expect_eq(place_map_add(&map, 7)->place, 5);
	cr_expect_eq(map.count, 1);
	place_map_release(&map);
}
