#include "run/place_map.h"

#include "base/alloc.h"

#include <stdlib.h>

enum { ROOM_MIN = 64 };

void place_map_release(struct place_map *self)
{
	free(self->slots);
	*self = (struct place_map){0};
}

/* The slot of the fingerprint, or the empty slot where it belongs. */
static struct place_entry *find_slot(const struct place_map *self, uint64_t fingerprint)
{
	size_t at = (size_t)fingerprint & (self->room - 1);
	while (self->slots[at].fingerprint && self->slots[at].fingerprint != fingerprint)
		at = (at + 1) & (self->room - 1);
	return &self->slots[at];
}

struct place_entry *place_map_find(const struct place_map *self, uint64_t fingerprint)
{
	struct place_entry *slot = self->count ? find_slot(self, fingerprint) : NULL;
	return slot && slot->fingerprint ? slot : NULL;
}

static void grow(struct place_map *self)
{
	struct place_map larger = {.room = self->room ? 2 * self->room : ROOM_MIN, .count = self->count};
	larger.slots = alloc_new(larger.room * sizeof *larger.slots);
	for (size_t i = 0; i < self->room; i++) {
		if (self->slots[i].fingerprint)
			*find_slot(&larger, self->slots[i].fingerprint) = self->slots[i];
	}
	free(self->slots);
	*self = larger;
}

struct place_entry *place_map_add(struct place_map *self, uint64_t fingerprint)
{
	struct place_entry *slot = place_map_find(self, fingerprint);
	if (slot)
		return slot;
	if (self->count >= self->room / 4 * 3)
		grow(self);
	slot = find_slot(self, fingerprint);
	*slot = (struct place_entry){.fingerprint = fingerprint};
	self->count++;
	return slot;
}

/* The entries that follow without a gap may have been put there because this slot was taken, so each that
 * belongs nearer to its own slot is moved up. */
void place_map_remove(struct place_map *self, struct place_entry *entry)
{
	size_t mask = self->room - 1, hole = (size_t)(entry - self->slots);
	for (size_t at = (hole + 1) & mask; self->slots[at].fingerprint; at = (at + 1) & mask) {
		size_t own = (size_t)self->slots[at].fingerprint & mask;
		if (((at - own) & mask) < ((at - hole) & mask))
			continue;
		self->slots[hole] = self->slots[at];
		hole = at;
	}
	self->slots[hole] = (struct place_entry){0};
	self->count--;
}
