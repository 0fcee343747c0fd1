/* A pending URL as Redis keeps it, in as few bytes as is easy:
 *
 *     8 bytes   the id: a fingerprint of what makes the URL one of a kind (XXH3, seeded with the crawl's id)
 *     1 byte    purpose (2 bits), sitemap level (2 bits), is a guess, was found, has a target, is gone
 *     number    the depth
 *     number    the length of the text, and the text
 *     number    with "was found": how many bytes the URL of the page that it was found in shares with the
 *     number    text, and how many more it has, and these
 *     number    with "has a target": redirects so far, the length of where they have led, and that
 *     number
 *
 * Numbers are those of store/packed.h. The scripts know no more of this than the id. */
#ifndef AREQ_STORE_REDIS_RECORD_H
#define AREQ_STORE_REDIS_RECORD_H

#include "base/buf.h"
#include "base/slice.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { REDIS_ID_SIZE = 8 };

/* The scripts tell smaller depths apart only (redis_common.lua). */
enum { REDIS_DEPTH_MAX = 62 };

struct redis_record {
	char id[REDIS_ID_SIZE];
	enum store_purpose purpose;
	unsigned sitemap_level; /* 0 to 3 */
	bool is_guess;
	bool is_gone; /* a page that is not on any list any more; nothing is asked for */
	uint32_t depth;
	uint32_t hops;      /* redirects that were followed already */
	const char *text;   /* the URL as it was listed or found */
	const char *via;    /* NULL if it was listed */
	const char *target; /* where redirects have led; NULL if there were none */
};

/* Sets id to the fingerprint of an identity. */
void redis_record_id(char id[REDIS_ID_SIZE], struct slice identity, uint64_t seed);

/* Appends the record to a buffer. */
void redis_record_pack(struct buf *to, const struct redis_record *record);

/* Reads a record. The texts are in texts, which is cleared first, and are borrowed until it changes. False if
 * these bytes are no record. */
bool redis_record_unpack(struct redis_record *record, struct slice bytes, struct buf *texts);

#endif
