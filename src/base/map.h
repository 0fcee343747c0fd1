/* A hash table from byte strings (keys) to pointers (values), with open addressing and linear probing. The
 * hash is seeded with random bits, so that a server that chooses the keys cannot choose keys that collide. */
#ifndef AREQ_BASE_MAP_H
#define AREQ_BASE_MAP_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/* One slot of the table. */
struct map_entry {
	uint64_t hash;
	struct slice key;
	void *value; /* NULL if the slot is empty */
};

struct map {
	struct map_entry *entries;
	size_t room;  /* slots: a power of two, or 0 */
	size_t count; /* slots in use */
	uint64_t seed;
};

/* Frees the table, not the values. The map is then empty. {0} is an empty map that needs no other set-up. */
void map_release(struct map *self);

/* Returns the value of that key; NULL if the key is not in the map. */
void *map_find(const struct map *self, struct slice key);

/* Adds a value, not NULL, for a key that is not in the map yet. The value and the bytes of the key are
 * borrowed until the key is removed. */
void map_add(struct map *self, struct slice key, void *value);

/* Removes the key and returns its value; NULL if the key is not in the map. */
void *map_remove(struct map *self, struct slice key);

/* Iterates over all values in no particular order: begin with *position == 0; returns NULL behind the last
 * value. Nothing may be added or removed during the iteration. */
void *map_next(const struct map *self, size_t *position);

#endif
