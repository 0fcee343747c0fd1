#include "run/place_map.h"

#include "base/alloc.h"

#include <stdlib.h>

enum { ROOM_MIN = 8 };

void place_map_release(struct place_map *self)
{
	for (size_t i = 0; i < 1 << PLACE_MAP_TABLE_BITS; i++)
		free(self->tables[i].slots);
	*self = (struct place_map){0};
}

/* The upper bits of a fingerprint choose the table, the lower ones the slot. */
static size_t table_of(uint64_t fingerprint)
{
	return (size_t)(fingerprint >> (64 - PLACE_MAP_TABLE_BITS));
}

/* The slot of the fingerprint, or the empty slot where it belongs. */
static struct place_entry *find_slot(const struct place_table *table, uint64_t fingerprint)
{
	size_t at = (size_t)fingerprint & (table->room - 1);
	while (table->slots[at].fingerprint && table->slots[at].fingerprint != fingerprint)
		at = (at + 1) & (table->room - 1);
	return &table->slots[at];
}

struct place_entry *place_map_find(const struct place_map *self, uint64_t fingerprint)
{
	const struct place_table *table = &self->tables[table_of(fingerprint)];
	struct place_entry *slot = table->count ? find_slot(table, fingerprint) : NULL;
	return slot && slot->fingerprint ? slot : NULL;
}

static void grow(struct place_table *table)
{
	struct place_table larger = {.room = table->room ? 2 * table->room : ROOM_MIN, .count = table->count};
	larger.slots = alloc_array(larger.room, sizeof *larger.slots);
	for (size_t i = 0; i < table->room; i++) {
		if (table->slots[i].fingerprint)
			*find_slot(&larger, table->slots[i].fingerprint) = table->slots[i];
	}
	free(table->slots);
	*table = larger;
}

struct place_entry *place_map_add(struct place_map *self, uint64_t fingerprint)
{
	struct place_table *table = &self->tables[table_of(fingerprint)];
	struct place_entry *slot = place_map_find(self, fingerprint);
	if (slot)
		return slot;
	if (table->count >= table->room / 4 * 3)
		grow(table);
	slot = find_slot(table, fingerprint);
	*slot = (struct place_entry){.fingerprint = fingerprint};
	table->count++;
	self->count++;
	return slot;
}

/* The entries that follow without a gap may have been put there because this slot was taken, so each that
 * belongs nearer to its own slot is moved up. */
void place_map_remove(struct place_map *self, struct place_entry *entry)
{
	struct place_table *table = &self->tables[table_of(entry->fingerprint)];
	struct place_entry *slots = table->slots;
	size_t mask = table->room - 1, hole = (size_t)(entry - slots);
	for (size_t at = (hole + 1) & mask; slots[at].fingerprint; at = (at + 1) & mask) {
		size_t own = (size_t)slots[at].fingerprint & mask;
		if (((at - own) & mask) < ((at - hole) & mask))
			continue;
		slots[hole] = slots[at];
		hole = at;
	}
	slots[hole] = (struct place_entry){0};
	table->count--;
	self->count--;
}
