/* Finds things by their names: a hash table with open addressing, its hashes seeded per run, so that nobody
 * who chooses names can choose where they go. */
#ifndef AREQ_BASE_MAP_H
#define AREQ_BASE_MAP_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/* One place of the table. */
struct map_entry {
	uint64_t hash;
	struct slice name;
	void *thing; /* NULL: the place is empty */
};

struct map {
	struct map_entry *entries;
	size_t room;  /* places: a power of two, or 0 */
	size_t count; /* things */
	uint64_t seed;
};

/* {0} is an empty map. Frees the table, not the things; the map is empty afterwards. */
void map_release(struct map *self);

/* The thing of that name; NULL where there is none. */
void *map_find(const struct map *self, struct slice name);

/* Adds a thing, which is borrowed, under a name that is not in the map yet. The bytes of the name are
 * borrowed too, until the thing is removed. */
void map_add(struct map *self, struct slice name, void *thing);

/* Takes out the thing of that name and returns it; NULL where there is none. */
void *map_remove(struct map *self, struct slice name);

/* Goes through all things in no particular order: begin with *at == 0; NULL behind the last. Nothing may be
 * added or removed meanwhile. */
void *map_next(const struct map *self, size_t *at);

#endif
