/* Which links are dead. A link leads to a target: its URL without fragment, user name and password. Links
 * wait until the verdict about their target is known; after that they are passed to a callback.
 *
 *     link_check_add ──the verdict is known──────────────────────────────┐
 *          └──waits──link_check_settle, link_check_redirect──────────────┴──link_check_emit──on_checked
 *
 * Of a target that is alive, only a fingerprint is kept. Links that wait, and verdicts of other kinds, are in
 * memory only as far as LINK_CHECK_MEMORY allows, and else in temporary files. */
#ifndef AREQ_RUN_LINK_CHECK_H
#define AREQ_RUN_LINK_CHECK_H

#include "base/link.h"
#include "base/options.h"
#include "base/outcome.h"
#include "output/observer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_CHECK_MEMORY = 8 << 20 };

/* What is known of the anchors of a target, which are what fragments lead to. */
enum anchors {
	ANCHORS_UNKNOWN, /* the page was not read */
	ANCHORS_KNOWN,   /* all were added with link_check_add_anchor, for final_url */
	ANCHORS_NONE     /* the target has no anchors that HTML defines, so that no fragment is wrong */
};

/* The verdict about a target. All texts are borrowed. */
struct target_verdict {
	unsigned kind; /* CHECK_DEAD, CHECK_BLOCKED or CHECK_OTHER */
	enum outcome_kind outcome;
	enum cause cause;
	long http_status;
	struct slice final_url; /* where its redirects have led; without fragment */
	struct slice moved_to;  /* where a permanent redirect leads; data == NULL if it has not moved */
	enum anchors anchors;
};

/* The links of one page have this in common; {0} for a page that has had none. */
struct link_check_page {
	uint64_t epoch, place;
};

/* Called with a link and its verdict. page holds of its page what the formats show. Both are borrowed for the
 * call. */
typedef void (*link_check_fn)(void *ctx, const struct outcome *page, const struct link *link);

struct link_check;

/* Links of the kinds in wanted (CHECK_…) are passed to on_checked, and the others are only counted. Free with
 * link_check_free, which drops all links that wait. */
struct link_check *link_check_new(
    unsigned wanted, bool checks_fragments, link_check_fn on_checked, void *ctx);
void link_check_free(struct link_check *self);

/* Adds a link of a page. on_checked is called at once if the verdict is known. Returns true if it is, false
 * if the link waits. */
bool link_check_add(struct link_check *self, struct link_check_page *page, const struct outcome *outcome,
    const struct link *link, struct slice target);

/* Adds a link that is no URL, which is dead. */
void link_check_add_invalid(struct link_check *self, const struct outcome *outcome, const struct link *link);

/* Sets the verdict about a target. A later one replaces it, for the links that are added after it. */
void link_check_settle(struct link_check *self, struct slice target, const struct target_verdict *verdict);

/* Says that the verdict about the target `from` follows from that about `to`, because a redirect leads there.
 * If all redirects between them are permanent, moved_to is empty but not NULL; else it is as in
 * target_verdict. Redirects in a circle make all targets in it dead. */
void link_check_redirect(struct link_check *self, struct slice from, struct slice to, struct slice moved_to);

/* Adds an anchor of a page: the id of an element or the name of an <a>, in UTF-8. */
void link_check_add_anchor(struct link_check *self, struct slice page, struct slice anchor);

/* True if the link can only be judged if the anchors of its target are known. */
bool link_check_needs_anchors(const struct link_check *self, const struct link *link);

/* Passes links whose verdict is known to on_checked, until until_us (monotonic us). Returns true if there are
 * more. */
bool link_check_emit(struct link_check *self, int64_t until_us);

/* True if links are there to be passed on. */
bool link_check_has_due(const struct link_check *self);

/* True if waiting links were lost since a temporary file cannot be read, which was logged. */
bool link_check_has_failed(const struct link_check *self);

/* Returns the counts so far. */
const struct check_totals *link_check_totals(const struct link_check *self);

#endif
