/* The URLs that a state file had when it was opened, in 16 bytes each: the fingerprint of the URL, the id of
 * its page, and how far the run has come with it.
 *
 *     known_urls_init(&urls);
 *     known_urls_add(&urls, key, known);   // for each page
 *     known_urls_sort(&urls);
 *     known = known_urls_find(&urls, key);
 *     known_urls_release(&urls); */
#ifndef AREQ_STORE_KNOWN_URLS_H
#define AREQ_STORE_KNOWN_URLS_H

#include "base/seen.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KNOWN_URL_ID_BITS = 53, KNOWN_URL_DEPTH_BITS = 6 };

struct known_url {
	uint64_t fingerprint; /* set by known_urls_add */
	uint64_t id : KNOWN_URL_ID_BITS;
	uint64_t is_of_run : 1;  /* of the run that goes on */
	uint64_t is_settled : 1; /* and has its outcome there */
	uint64_t is_listed : 1;
	uint64_t was_taken : 1; /* from this table, in this process */
	/* For the store, which needs no fingerprint of its own for a URL that is here: whether it was offered
	 * in this process, and its depth, at most SEEN_NUMBER_MAX. */
	uint64_t was_offered : 1;
	uint64_t depth : KNOWN_URL_DEPTH_BITS;
};

struct known_urls {
	struct known_url *items; /* sorted by fingerprint once they are complete */
	size_t count, room;
	struct seen fingerprints; /* only for its seed */
};

/* Initialises an empty table. Allocates nothing. */
void known_urls_init(struct known_urls *self);

void known_urls_release(struct known_urls *self);

/* Adds a copy of known under the key, the URL that it is looked up by. A key may be added more than once. */
void known_urls_add(struct known_urls *self, struct slice key, struct known_url known);

/* To be called once, after the last addition and before the first search. Needs hardly any memory. */
void known_urls_sort(struct known_urls *self);

/* Returns the first of the URLs with this key, always the same one, or NULL. It belongs to the table and may
 * be changed, except for its fingerprint. */
struct known_url *known_urls_find(const struct known_urls *self, struct slice key);

/* Returns the first URL with this key that was not taken, or NULL. */
struct known_url *known_urls_find_not_taken(const struct known_urls *self, struct slice key);

/* True if the URL was listed in an earlier run and was not taken in this one. */
bool known_url_is_unlisted(const struct known_url *self);

#endif
