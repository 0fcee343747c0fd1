/* Compares the links of a page with those that an earlier run has found there, in steps, since a page may
 * have a million of them.
 *
 *     changes = page_changes_new();
 *     page_changes_set_after(changes, records);
 *     state_find_links(state, page, &changes->before, &status);
 *     while (!page_changes_emit(changes, until_us, on_change, ctx))
 *             …
 *     page_changes_free(changes);
 *
 * Links are the same if their URLs are. */
#ifndef AREQ_RUN_PAGE_CHANGES_H
#define AREQ_RUN_PAGE_CHANGES_H

#include "base/seen.h"
#include "store/link_records.h"

#include <stdbool.h>
#include <stdint.h>

/* What is done next; the fingerprints of the links of one answer are looked up in those of the other. */
enum page_changes_step {
	PAGE_CHANGES_BEGIN,
	PAGE_CHANGES_READ,
	PAGE_CHANGES_GONE,
	PAGE_CHANGES_NEW,
	PAGE_CHANGES_DONE
};

struct page_changes {
	struct link_reader before, after;
	struct seen before_urls, after_urls;
	enum page_changes_step step;
	bool opens_before; /* of the caller: `before` is still to be opened, which may take a while */
};

struct page_changes *page_changes_new(void);
void page_changes_free(struct page_changes *self); /* NULL is allowed */

/* Compares with the links that the page has now, which are borrowed; NULL if it has none. */
void page_changes_set_after(struct page_changes *self, const struct link_records *after);

/* Called for a link that is gone ('-') or new ('+'). The record is borrowed for the call. */
typedef void (*page_changes_fn)(void *ctx, const struct link_record *record, char change);

/* Calls on_change for each change, first for the links that are gone, until until_us (monotonic us). Returns
 * true when all are done. */
bool page_changes_emit(struct page_changes *self, int64_t until_us, page_changes_fn on_change, void *ctx);

#endif
