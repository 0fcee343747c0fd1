#include "base/seen.h"

#include "base/alloc.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SEEN_SMALLEST = 64 };

void seen_init(struct seen *self)
{
	*self = (struct seen){.seed = random_bits()};
}

void seen_release(struct seen *self)
{
	free(self->slots);
	self->slots = NULL;
	self->room = self->count = 0;
}

void seen_clear(struct seen *self)
{
	if (self->room > SEEN_SMALLEST && self->count < self->room / 8) {
		/* One huge page must not make every small page after it wipe a huge table. */
		seen_release(self);
		return;
	}
	if (self->count)
		memset(self->slots, 0, self->room * sizeof *self->slots);
	self->count = 0;
}

/* Puts fingerprint where it belongs; false where it is there already. */
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

static void grow(struct seen *self)
{
	size_t room = self->room ? self->room * 2 : SEEN_SMALLEST;
	uint64_t *slots = alloc_array(room, sizeof *slots);
	for (size_t i = 0; i < self->room; i++) {
		if (self->slots[i])
			insert(slots, room, self->slots[i]);
	}
	free(self->slots);
	self->slots = slots;
	self->room = room;
}

uint64_t seen_fingerprint(const struct seen *self, const char *bytes, size_t len)
{
	uint64_t fingerprint = XXH3_64bits_withSeed(bytes, len, self->seed);
	return fingerprint ? fingerprint : 1;
}

bool seen_add_fingerprint(struct seen *self, uint64_t fingerprint)
{
	if (self->count >= self->room / 4 * 3)
		grow(self);
	if (!insert(self->slots, self->room, fingerprint))
		return false;
	self->count++;
	return true;
}

bool seen_add(struct seen *self, const char *bytes, size_t len)
{
	return seen_add_fingerprint(self, seen_fingerprint(self, bytes, len));
}
