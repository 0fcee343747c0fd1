/* What is known of the URLs of a run beyond those in flight: which were seen, and which wait. The store
 * decides what exists; the frontier decides when it may start.
 *
 * The way of a URL: it is offered once; it waits (pending) or is claimed at once; whoever claimed it begins
 * with it when its turn comes, and settles it with its outcome.
 *
 *     offer ──known: was offered before
 *       ├──pending──claim──┐
 *       └──claimed─────────┴──begin──settle
 *
 * A back end is one file that fills in this structure. No call waits for anything. */
#ifndef AREQ_STORE_STORE_H
#define AREQ_STORE_STORE_H

#include "base/url/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A URL as it is offered, and comes back when it is claimed. */
struct store_url {
	const struct url *url; /* http or https; its identity is its href without the fragment */
	const char *text;      /* as it was listed or found; url is what it was parsed to */
	uint64_t number;       /* its place among all that were new, from 1; the smallest comes first */
	int64_t listed_us;     /* monotonic: when it was offered */
	uint32_t depth;        /* so many links away from the list; 0: it was listed */
	const char *via;       /* the URL of the page that it was found in; NULL: it was listed */
};

/* A URL that was claimed and not settled yet: the store's own, to be given back to it. */
struct store_claim;

enum store_offer {
	STORE_KNOWN,   /* it was offered before */
	STORE_PENDING, /* it is new, and waits to be claimed */
	STORE_CLAIMED  /* it is new, nothing of its host waits before it, and *claim is the caller's */
};

enum store_next {
	STORE_URL,   /* *url was filled in, and *claim is the caller's */
	STORE_LATER, /* something is pending, but nothing that may be given out now */
	STORE_DONE,  /* nothing is pending */
	STORE_LOST   /* so many as *lost cannot be read back, which was logged, and are pending no more */
};

struct store {
	void *self;

	/* Shows a URL to the store, which copies what it keeps. */
	enum store_offer (*offer)(void *self, const struct store_url *url, struct store_claim **claim);

	/* Gives out a pending URL, the smallest number first. None is given out of a host of which many were
	 * claimed and not begun, so that one host's long queue hides no other host; and none while the number
	 * of the first is known to be before or more. What *url points to is borrowed until the next call. */
	enum store_next (*claim)(
	    void *self, uint64_t before, struct store_url *url, struct store_claim **claim, uint64_t *lost);

	/* Its turn has come; another one of its host may be claimed. Once for each claim, before settle. */
	void (*begin)(void *self, struct store_claim *claim);

	/* It has its outcome; the claim is no more. */
	void (*settle)(void *self, struct store_claim *claim);

	/* From now on claim gives out whatever is pending. For the end of a run that is stopped. */
	void (*lift_limit)(void *self);

	/* True while so much is pending that nothing more should be offered. */
	bool (*is_full)(const void *self);

	/* How many are pending. */
	uint64_t (*count)(const void *self);

	/* All that were claimed are settled. */
	void (*free)(void *self);
};

#endif
