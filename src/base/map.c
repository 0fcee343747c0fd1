#include "base/map.h"

#include "base/alloc.h"
#include "base/random.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { MAP_ROOM_MIN = 16 };

void map_release(struct map *self)
{
	free(self->entries);
	*self = (struct map){0};
}

static uint64_t hash_of(const struct map *self, struct slice key)
{
	return XXH3_64bits_withSeed(key.data, key.len, self->seed);
}

/* Returns the slot of that key, or the empty slot where it belongs. The table always has an empty slot. */
static struct map_entry *find_entry(const struct map *self, struct slice key, uint64_t hash)
{
	size_t at = (size_t)hash & (self->room - 1);
	for (;; at = (at + 1) & (self->room - 1)) {
		struct map_entry *entry = &self->entries[at];
		if (!entry->value || (entry->hash == hash && slice_equal(entry->key, key)))
			return entry;
	}
}

static void grow(struct map *self)
{
	struct map old = *self;
	if (old.room == 0)
		self->seed = random_bits();
	self->room = old.room ? old.room * 2 : MAP_ROOM_MIN;
	self->entries = alloc_array(self->room, sizeof *self->entries);
	for (size_t i = 0; i < old.room; i++) {
		const struct map_entry *entry = &old.entries[i];
		if (entry->value)
			*find_entry(self, entry->key, entry->hash) = *entry;
	}
	free(old.entries);
}

void *map_find(const struct map *self, struct slice key)
{
	return self->count ? find_entry(self, key, hash_of(self, key))->value : NULL;
}

void map_add(struct map *self, struct slice key, void *value)
{
	if (self->count >= self->room / 4 * 3)
		grow(self);
	uint64_t hash = hash_of(self, key);
	struct map_entry *entry = find_entry(self, key, hash);
	assert(!entry->value && value);
	*entry = (struct map_entry){hash, key, value};
	self->count++;
}

/* Closes a gap in the table. A search stops at an empty slot, so an entry behind the gap that a search would
 * no longer reach is moved into it; that leaves the next gap. */
static void close_gap(struct map *self, size_t gap)
{
	size_t mask = self->room - 1;
	for (size_t at = (gap + 1) & mask; self->entries[at].value; at = (at + 1) & mask) {
		size_t home = (size_t)self->entries[at].hash & mask;
		/* An entry whose home slot lies behind the gap is still found. */
		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		self->entries[gap] = self->entries[at];
		gap = at;
	}
	self->entries[gap] = (struct map_entry){0};
}

void *map_remove(struct map *self, struct slice key)
{
	if (self->count == 0)
		return NULL;
	struct map_entry *entry = find_entry(self, key, hash_of(self, key));
	void *value = entry->value;
	if (!value)
		return NULL;
	self->count--;
	close_gap(self, (size_t)(entry - self->entries));
	return value;
}

void *map_next(const struct map *self, size_t *position)
{
	while (*position < self->room) {
		void *value = self->entries[(*position)++].value;
		if (value)
			return value;
	}
	return NULL;
}
