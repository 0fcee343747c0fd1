#include "base/map.h"

#include "base/alloc.h"
#include "base/random.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { MAP_SMALLEST = 16 };

void map_release(struct map *self)
{
	free(self->entries);
	*self = (struct map){0};
}

static uint64_t hash_of(const struct map *self, struct slice name)
{
	return XXH3_64bits_withSeed(name.data, name.len, self->seed);
}

/* The place of that name, or the empty one where it would go. There is always an empty one. */
static struct map_entry *place_of(const struct map *self, struct slice name, uint64_t hash)
{
	size_t at = (size_t)hash & (self->room - 1);
	for (;; at = (at + 1) & (self->room - 1)) {
		struct map_entry *entry = &self->entries[at];
		if (!entry->thing || (entry->hash == hash && slice_equal(entry->name, name)))
			return entry;
	}
}

static void grow(struct map *self)
{
	struct map old = *self;
	if (old.room == 0)
		self->seed = random_bits();
	self->room = old.room ? old.room * 2 : MAP_SMALLEST;
	self->entries = alloc_array(self->room, sizeof *self->entries);
	for (size_t i = 0; i < old.room; i++) {
		const struct map_entry *entry = &old.entries[i];
		if (entry->thing)
			*place_of(self, entry->name, entry->hash) = *entry;
	}
	free(old.entries);
}

void *map_find(const struct map *self, struct slice name)
{
	return self->count ? place_of(self, name, hash_of(self, name))->thing : NULL;
}

void map_add(struct map *self, struct slice name, void *thing)
{
	if (self->count >= self->room / 4 * 3)
		grow(self);
	uint64_t hash = hash_of(self, name);
	struct map_entry *entry = place_of(self, name, hash);
	assert(!entry->thing && thing);
	*entry = (struct map_entry){hash, name, thing};
	self->count++;
}

/* Fills a place that became empty with what would no longer be found behind it, and so on. */
static void close_gap(struct map *self, size_t gap)
{
	size_t mask = self->room - 1;
	for (size_t at = (gap + 1) & mask; self->entries[at].thing; at = (at + 1) & mask) {
		size_t wanted = (size_t)self->entries[at].hash & mask;
		/* Between the gap and here, an entry is found without the gap. */
		if (((at - wanted) & mask) < ((at - gap) & mask))
			continue;
		self->entries[gap] = self->entries[at];
		gap = at;
	}
	self->entries[gap] = (struct map_entry){0};
}

void *map_remove(struct map *self, struct slice name)
{
	if (self->count == 0)
		return NULL;
	struct map_entry *entry = place_of(self, name, hash_of(self, name));
	void *thing = entry->thing;
	if (!thing)
		return NULL;
	self->count--;
	close_gap(self, (size_t)(entry - self->entries));
	return thing;
}

void *map_next(const struct map *self, size_t *at)
{
	while (*at < self->room) {
		void *thing = self->entries[(*at)++].thing;
		if (thing)
			return thing;
	}
	return NULL;
}
