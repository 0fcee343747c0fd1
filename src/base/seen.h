/* A set of strings that only answers whether a string was added before. It stores a 64-bit fingerprint of
 * each string instead of the string: XXH3 with a random seed, so that no page can provoke a collision. Among
 * a million strings, two have the same fingerprint with a probability of 3 in 10^8. */
#ifndef AREQ_BASE_SEEN_H
#define AREQ_BASE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen {
	uint64_t *slots;         /* a hash table of fingerprints; 0 is an empty slot */
	size_t room;             /* number of slots: a power of two, or 0 */
	size_t count;            /* fingerprints in the set */
	size_t growth_threshold; /* an addition at this count has to grow the table; 0 while it grows */
	uint64_t seed;

	/* The previous table while a large table grows. Its fingerprints are moved a few at a time, so that
	 * no single call takes long. */
	uint64_t *old; /* NULL if the table does not grow */
	size_t old_room;
	size_t old_moved; /* slots of old that were moved */
};

/* Initialises an empty set with a new seed. Allocates nothing. */
void seen_init(struct seen *self);

/* Frees the memory. The set is then empty and may be used again. */
void seen_release(struct seen *self);

/* Empties the set. Its table is kept for the next use, unless it was much larger than needed. */
void seen_clear(struct seen *self);

/* Adds the string bytes[0..len). Returns true if it was not in the set. */
bool seen_add(struct seen *self, const char *bytes, size_t len);

/* Returns true if the string is in the set. */
bool seen_has(const struct seen *self, const char *bytes, size_t len);

/* The same in two steps, for a caller that has the string now and decides later whether to add it: the
 * fingerprint of a string in this set, and the addition of a fingerprint. */
uint64_t seen_fingerprint(const struct seen *self, const char *bytes, size_t len);
bool seen_add_fingerprint(struct seen *self, uint64_t fingerprint);

/* A set may keep a small number with each string; then it is used with the next two functions only. 58 bits
 * of the fingerprint are left. */
enum { SEEN_NUMBER_MAX = 63 };
enum seen_change { SEEN_ADDED, SEEN_LOWERED, SEEN_KEPT };

/* Adds the string with a number of at most SEEN_NUMBER_MAX, or lowers the number that it has if that is
 * larger. */
enum seen_change seen_lower(struct seen *self, const char *bytes, size_t len, unsigned number);

/* Returns the number of the string; -1 if it is not in the set. */
int seen_number(const struct seen *self, const char *bytes, size_t len);

#endif
