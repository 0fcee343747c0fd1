/* A map from fingerprints (see base/seen.h) to places of a record log, with a count for each. */
#ifndef AREQ_RUN_PLACE_MAP_H
#define AREQ_RUN_PLACE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct place_entry {
	uint64_t fingerprint; /* 0: the slot is empty */
	uint64_t place;
	uint32_t count; /* of the caller's own */
	uint32_t flags; /* of the caller's own */
};

/* A hash table of a part of the entries. */
struct place_table {
	struct place_entry *slots;
	size_t room; /* number of slots: a power of two, or 0 */
	size_t count;
};

/* Growing a table takes a time in proportion to its entries, so that there are many small ones instead of
 * one: even with millions of entries no call takes long. */
enum { PLACE_MAP_TABLE_BITS = 6 };

/* {0} is empty. */
struct place_map {
	struct place_table tables[1 << PLACE_MAP_TABLE_BITS];
	size_t count; /* entries in all */
};

void place_map_release(struct place_map *self);

/* Returns the entry of a fingerprint, NULL if there is none. An entry is valid until the next call of
 * place_map_add or place_map_remove. */
struct place_entry *place_map_find(const struct place_map *self, uint64_t fingerprint);

/* The same, but adds an entry of zeros if there is none. */
struct place_entry *place_map_add(struct place_map *self, uint64_t fingerprint);

/* Removes an entry. */
void place_map_remove(struct place_map *self, struct place_entry *entry);

#endif
