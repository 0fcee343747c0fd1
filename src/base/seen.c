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
