/* A page of the state file as the outputs get it, so that its rows are those that it had when it was
 * received. */
#ifndef AREQ_RUN_STORED_PAGE_H
#define AREQ_RUN_STORED_PAGE_H

#include "base/link.h"
#include "base/outcome.h"
#include "base/url/url.h"
#include "run/task.h"
#include "store/state.h"

struct stored_page {
	struct task *task; /* NULL before the first page */
	struct url url, via_url;
	struct buf text, final_url, via;
};

/* Initialises a page without content. Allocates nothing. */
void stored_page_init(struct stored_page *self);
void stored_page_release(struct stored_page *self);

/* Takes over what the state knows of a page. Reads the page that led to it, as state_find_page does. Returns
 * the status of that; state_problem has the message. */
enum status stored_page_read(struct stored_page *self, struct state *state, const struct state_page *page);

/* The same for a page with the URL of the page that led to it; NULL if it was listed. */
void stored_page_set(struct stored_page *self, const struct state_page *page, const char *via);

/* What a row shows of the page; kind, stage, cause, reason and the counts of links are left for the caller.
 * Borrowed until the next call of stored_page_read. */
struct outcome stored_page_outcome(const struct stored_page *self);

/* A link of an earlier run. parsed is its URL, or NULL if nobody needs that. It borrows both. */
struct link stored_page_link(const struct link_record *record, const struct url *parsed);

#endif
