/* What Redis keeps of the last good answer of a page, besides its links: in the form of store/packed.h,
 * behind 15 digits of the last run that the page had an outcome in and '1' if the URL was listed then, else
 * '0', which the scripts read and write. */
#ifndef AREQ_STORE_REDIS_ANSWER_H
#define AREQ_STORE_REDIS_ANSWER_H

#include "base/buf.h"
#include "base/slice.h"
#include "store/state.h"

#include <stdbool.h>
#include <stdint.h>

struct redis_answer {
	/* Without id, url, via, run, is_settled, outcome, cause and change; listed is always set. */
	struct state_page page;
	const char *via; /* the URL of the page that led to it; NULL if it was listed */
};

/* Appends the answer without what the scripts add. */
void redis_answer_pack(struct buf *to, const struct redis_answer *answer);

/* Reads an answer with what the scripts have added, which page.run and is_listed are set to. The texts are in
 * texts, which is cleared first, and are borrowed until it changes. False if these bytes are no answer. */
bool redis_answer_unpack(struct redis_answer *answer, bool *is_listed, struct slice bytes, struct buf *texts);

#endif
