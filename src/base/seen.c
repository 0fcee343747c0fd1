#include "base/seen.h"

#include "base/alloc.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SEEN_ROOM_MIN = 64 };

/* A table of up to MOVED_AT_ONCE slots is moved to a larger one at once. From a larger table, each new string
 * moves MOVED_EACH_TIME slots. */
enum { MOVED_AT_ONCE = 1 << 16, MOVED_EACH_TIME = 16 };

void seen_init(struct seen *self)
{
	*self = (struct seen){.seed = random_bits()};
}

void seen_release(struct seen *self)
{
	free(self->slots);
	free(self->old);
	*self = (struct seen){.seed = self->seed};
}

static void finish_growth(struct seen *self)
{
	free(self->old);
	self->old = NULL;
	self->growth_threshold = self->room / 4 * 3;
}

void seen_clear(struct seen *self)
{
	if (self->room > SEEN_ROOM_MIN && self->count < self->room / 8) {
		/* After one huge page, clearing its huge table again for every small page would be slow. */
		seen_release(self);
		return;
	}
	if (self->old)
		finish_growth(self);
	if (self->count)
		memset(self->slots, 0, self->room * sizeof *self->slots);
	self->count = 0;
}

/* Adds the fingerprint to the table. Returns false if the table has it already. */
static bool insert(uint64_t *slots, size_t room, uint64_t fingerprint)
{
	size_t at = (size_t)fingerprint & (room - 1);
	while (slots[at] != 0) {
		if (slots[at] == fingerprint)
			return false;
		at = (at + 1) & (room - 1);
	}
	slots[at] = fingerprint;
	return true;
}

/* True if the table has the fingerprint. */
static bool contains(const uint64_t *slots, size_t room, uint64_t fingerprint)
{
	size_t at = (size_t)fingerprint & (room - 1);
	while (slots[at] != 0 && slots[at] != fingerprint)
		at = (at + 1) & (room - 1);
	return slots[at] != 0;
}

static void move_slots(struct seen *self, size_t count)
{
	size_t left = self->old_room - self->old_moved;
	size_t end = self->old_moved + (count < left ? count : left);
	for (; self->old_moved < end; self->old_moved++) {
		uint64_t fingerprint = self->old[self->old_moved];
		if (fingerprint)
			insert(self->slots, self->room, fingerprint);
	}
	if (end == self->old_room)
		finish_growth(self);
}

static void start_growth(struct seen *self)
{
	self->old = self->slots;
	self->old_room = self->room;
	self->old_moved = 0;
	self->growth_threshold = 0;
	self->room = self->room ? self->room * 2 : SEEN_ROOM_MIN;
	self->slots = alloc_array(self->room, sizeof *self->slots);
	if (self->old_room <= MOVED_AT_ONCE)
		move_slots(self, self->old_room);
}

uint64_t seen_fingerprint(const struct seen *self, const char *bytes, size_t len)
{
	uint64_t fingerprint = XXH3_64bits_withSeed(bytes, len, self->seed);
	return fingerprint ? fingerprint : 1;
}

/* Starts or continues the growth of the table. Returns false if the old table has the fingerprint. */
static bool continue_growth(struct seen *self, uint64_t fingerprint)
{
	if (!self->old)
		start_growth(self);
	if (!self->old)
		return true;
	/* The old table still has the fingerprints that were moved, so one search finds all of them. */
	if (contains(self->old, self->old_room, fingerprint))
		return false;
	move_slots(self, MOVED_EACH_TIME);
	return true;
}

bool seen_add_fingerprint(struct seen *self, uint64_t fingerprint)
{
	if (self->count >= self->growth_threshold && !continue_growth(self, fingerprint))
		return false;
	if (!insert(self->slots, self->room, fingerprint))
		return false;
	self->count++;
	return true;
}

bool seen_add(struct seen *self, const char *bytes, size_t len)
{
	return seen_add_fingerprint(self, seen_fingerprint(self, bytes, len));
}

bool seen_has(const struct seen *self, const char *bytes, size_t len)
{
	uint64_t fingerprint = seen_fingerprint(self, bytes, len);
	return (self->slots && contains(self->slots, self->room, fingerprint)) ||
	       (self->old && contains(self->old, self->old_room, fingerprint));
}

/* The upper bits of a fingerprint with a number are the number, because the lower bits are the place in the
 * table. */
enum { NUMBER_SHIFT = 58 };
#define FINGERPRINT_BITS ((UINT64_C(1) << NUMBER_SHIFT) - 1)

static uint64_t short_fingerprint(const struct seen *self, const char *bytes, size_t len)
{
	uint64_t fingerprint = seen_fingerprint(self, bytes, len) & FINGERPRINT_BITS;
	return fingerprint ? fingerprint : 1;
}

/* Returns the slot of a short fingerprint; NULL if the table has none. */
static uint64_t *find_slot(uint64_t *slots, size_t room, uint64_t fingerprint)
{
	size_t at = (size_t)fingerprint & (room - 1);
	while (slots[at] != 0 && (slots[at] & FINGERPRINT_BITS) != fingerprint)
		at = (at + 1) & (room - 1);
	return slots[at] ? &slots[at] : NULL;
}

enum seen_change seen_lower(struct seen *self, const char *bytes, size_t len, unsigned number)
{
	uint64_t fingerprint = short_fingerprint(self, bytes, len);
	uint64_t numbered = fingerprint | (uint64_t)number << NUMBER_SHIFT;
	/* While the table grows, a slot that was moved is in both tables. */
	uint64_t *slots[] = {self->slots ? find_slot(self->slots, self->room, fingerprint) : NULL,
	    self->old ? find_slot(self->old, self->old_room, fingerprint) : NULL};
	enum seen_change change = SEEN_ADDED;
	for (size_t i = 0; i < 2; i++) {
		if (!slots[i])
			continue;
		bool is_lower = numbered < *slots[i];
		if (is_lower)
			*slots[i] = numbered;
		change = is_lower ? SEEN_LOWERED : SEEN_KEPT;
	}
	if (change == SEEN_ADDED)
		seen_add_fingerprint(self, numbered);
	return change;
}

int seen_number(const struct seen *self, const char *bytes, size_t len)
{
	uint64_t fingerprint = short_fingerprint(self, bytes, len);
	const uint64_t *slot = self->slots ? find_slot(self->slots, self->room, fingerprint) : NULL;
	if (!slot && self->old)
		slot = find_slot(self->old, self->old_room, fingerprint);
	return slot ? (int)(*slot >> NUMBER_SHIFT) : -1;
}
