#include "run/known_urls.h"

#include "base/alloc.h"
#include "base/sort.h"

#include <stdlib.h>

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

static int compare(const void *a, const void *b)
{
	const struct known_url *left = a, *right = b;
	return left->fingerprint < right->fingerprint ? -1 : left->fingerprint > right->fingerprint;
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

void known_urls_sort(struct known_urls *self)
{
	sort_array(self->items, self->count, sizeof *self->items, compare);
}

struct known_url *known_urls_find(struct known_urls *self, struct slice key)
{
	const struct known_url wanted = {.fingerprint = fingerprint_of(self, key)};
	return sort_find(&wanted, self->items, self->count, sizeof *self->items, compare);
}

struct known_url *known_urls_find_not_offered(struct known_urls *self, struct slice key)
{
	struct known_url *known = known_urls_find(self, key);
	const struct known_url *end = self->items + self->count;
	uint64_t fingerprint = known ? known->fingerprint : 0;
	while (known && known > self->items && known[-1].fingerprint == fingerprint)
		known--;
	while (known && known->was_offered)
		known = known + 1 < end && known[1].fingerprint == fingerprint ? known + 1 : NULL;
	return known;
}

bool known_url_is_unlisted(const struct known_url *self)
{
	return self->is_listed && !self->was_offered;
}
