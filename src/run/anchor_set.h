/* The anchors of pages, which are what the fragments of links lead to. Only a fingerprint of each is kept. */
#ifndef AREQ_RUN_ANCHOR_SET_H
#define AREQ_RUN_ANCHOR_SET_H

#include "base/buf.h"
#include "base/seen.h"
#include "base/slice.h"

#include <stdbool.h>

struct anchor_set {
	struct seen seen; /* each anchor behind the URL of its page and '#' */
	struct buf key;
	struct buf decoded;
};

void anchor_set_init(struct anchor_set *self);
void anchor_set_release(struct anchor_set *self);

/* Adds an anchor of a page: the id of an element or the name of an <a>, in UTF-8. */
void anchor_set_add(struct anchor_set *self, struct slice page, struct slice anchor);

/* True if the page has what a fragment leads to (HTML standard, "select the indicated part"): an anchor that
 * is the fragment, or else one that the fragment percent-decodes to. The fragment is as in the URL, without
 * '#'. */
bool anchor_set_has(struct anchor_set *self, struct slice page, struct slice fragment);

/* True if it depends on the anchors of the page whether a link with this fragment is dead. The standard gives
 * "" and "top" a meaning for every page, and a fragment directive (":~:") leads to no anchor. */
bool anchor_set_decides(struct slice fragment);

#endif
