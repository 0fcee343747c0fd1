#include "store/known_urls.h"

#include "base/alloc.h"
#include "base/sort.h"

#include <stdlib.h>

/* The table is sorted in parts, since the C library may need as much memory for it as what it sorts. */
enum { PART_BITS = 8, PARTS = 1 << PART_BITS };

void known_urls_init(struct known_urls *self)
{
	*self = (struct known_urls){.count = 0};
	seen_init(&self->fingerprints);
}

void known_urls_release(struct known_urls *self)
{
	seen_release(&self->fingerprints);
	free(self->items);
}

static uint64_t fingerprint_of(const struct known_urls *self, struct slice key)
{
	return seen_fingerprint(&self->fingerprints, key.data, key.len);
}

void known_urls_add(struct known_urls *self, struct slice key, struct known_url known)
{
	if (self->count == self->room) {
		self->room = 2 * self->room + 1024;
		self->items = alloc_resize(self->items, self->room, sizeof *self->items);
	}
	known.fingerprint = fingerprint_of(self, key);
	self->items[self->count++] = known;
}

static size_t part_of(const struct known_url *known)
{
	return (size_t)(known->fingerprint >> (64 - PART_BITS));
}

/* Moves each URL into its part of the table. ends gets the end of each part. */
static void divide(struct known_urls *self, size_t ends[PARTS])
{
	size_t next[PARTS], counts[PARTS] = {0};
	for (size_t i = 0; i < self->count; i++)
		counts[part_of(&self->items[i])]++;
	for (size_t part = 0, sum = 0; part < PARTS; part++) {
		next[part] = sum;
		ends[part] = sum += counts[part];
	}
	for (size_t part = 0; part < PARTS; part++) {
		while (next[part] < ends[part]) {
			struct known_url *known = &self->items[next[part]], moved = *known;
			size_t its_part = part_of(known);
			if (its_part == part) {
				next[part]++;
				continue;
			}
			*known = self->items[next[its_part]];
			self->items[next[its_part]++] = moved;
		}
	}
}

static int compare(const void *a, const void *b)
{
	const struct known_url *left = a, *right = b;
	return left->fingerprint < right->fingerprint ? -1 : left->fingerprint > right->fingerprint;
}

void known_urls_sort(struct known_urls *self)
{
	size_t ends[PARTS];
	divide(self, ends);
	for (size_t part = 0, begin = 0; part < PARTS; begin = ends[part++])
		sort_array(self->items + begin, ends[part] - begin, sizeof *self->items, compare);
}

/* The place of the first URL whose fingerprint is not smaller. Fingerprints are spread evenly, so the search
 * begins where it would be if they were exactly. */
static size_t find_place(const struct known_urls *self, uint64_t fingerprint)
{
	size_t begin = (size_t)((double)fingerprint / 0x1p64 * (double)self->count), end = begin;
	for (size_t step = 64; begin > 0 && self->items[begin - 1].fingerprint >= fingerprint; step *= 2)
		begin -= begin < step ? begin : step;
	for (size_t step = 64; end < self->count && self->items[end].fingerprint < fingerprint; step *= 2)
		end += self->count - end < step ? self->count - end : step;
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		if (self->items[middle].fingerprint < fingerprint)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

struct known_url *known_urls_find(const struct known_urls *self, struct slice key)
{
	uint64_t fingerprint = fingerprint_of(self, key);
	size_t at = find_place(self, fingerprint);
	return at < self->count && self->items[at].fingerprint == fingerprint ? &self->items[at] : NULL;
}

struct known_url *known_urls_find_not_taken(const struct known_urls *self, struct slice key)
{
	struct known_url *known = known_urls_find(self, key);
	const struct known_url *end = self->items + self->count;
	while (known && known->was_taken)
		known = known + 1 < end && known[1].fingerprint == known->fingerprint ? known + 1 : NULL;
	return known;
}

bool known_url_is_unlisted(const struct known_url *self)
{
	return self->is_listed && !self->was_taken;
}
