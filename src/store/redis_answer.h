/* What Redis keeps of the last good answer of a page, besides its links: in the form of store/packed.h,
 * behind 15 digits of the last run that the page had an outcome in, which the scripts write, and two flags of
 * that: '1' if the URL was listed, else '0', and likewise if the page was ok. */
#ifndef AREQ_STORE_REDIS_ANSWER_H
#define AREQ_STORE_REDIS_ANSWER_H

#include "base/buf.h"
#include "base/slice.h"
#include "store/state.h"

#include <stdbool.h>
#include <stdint.h>

struct redis_answer {
	/* Without id, url, via, is_settled, outcome, cause and change; listed is always set. */
	struct state_page page;
	const char *via;      /* the URL of the page that led to it; NULL if it was listed */
	uint64_t packed_hash; /* of the bytes of the links, as they are packed; set by the caller */
	bool is_listed, was_ok;
};

enum { REDIS_ANSWER_FLAGS = 2 };

/* Sets the flags. */
void redis_answer_set_flags(char flags[REDIS_ANSWER_FLAGS], bool is_listed, bool was_ok);

/* Appends the answer without its run and its flags. */
void redis_answer_pack(struct buf *to, const struct redis_answer *answer);

/* Reads an answer. The texts are in texts, which is cleared first, and are borrowed until it changes. False
 * if these bytes are no answer. */
bool redis_answer_unpack(struct redis_answer *answer, struct slice bytes, struct buf *texts);

#endif
