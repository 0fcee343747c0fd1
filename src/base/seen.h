/* A set of strings that only answers "was this here before?". It keeps a 64-bit fingerprint of each (XXH3
 * with a seed drawn per run, so that no page can aim at a collision): among a million strings two share one
 * with a probability of 3 in 10^8. */
#ifndef AREQ_BASE_SEEN_H
#define AREQ_BASE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen {
	uint64_t *slots; /* 0: empty */
	size_t room;     /* a power of two, or 0 */
	size_t count;
	size_t room_for; /* while count is below it, nothing is to be done for room */
	uint64_t seed;
	/* While a large table grows: the table before, whose slots are moved little by little, so that no
	 * single call takes long. */
	uint64_t *old; /* NULL: it does not grow */
	size_t old_room;
	size_t old_moved; /* slots */
};

/* Makes an empty set; it allocates nothing. */
void seen_init(struct seen *self);
void seen_release(struct seen *self);

/* Empties the set; memory in proportion to what it held stays for the next use. */
void seen_clear(struct seen *self);

/* Adds bytes[0..len). True where it was not there yet. */
bool seen_add(struct seen *self, const char *bytes, size_t len);

/* The same in two steps, for what is looked at now and decided later. */
uint64_t seen_fingerprint(const struct seen *self, const char *bytes, size_t len);
bool seen_add_fingerprint(struct seen *self, uint64_t fingerprint);

#endif
