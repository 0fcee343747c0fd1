/* The store keeps what is known of the URLs of a run that are not in flight: which URLs were seen, and which
 * of them wait (are pending). The store decides what exists, and the frontier decides when it may start.
 *
 * Each URL is offered once. If it is new, it becomes pending, or the caller of offer gets a claim on it at
 * once. A pending URL is claimed later. Whoever holds a claim calls begin when the fetch of the URL may
 * start, and settle when the URL has its outcome.
 *
 *     offer ──known: was offered before
 *       ├──pending──claim──┐
 *       └──claimed─────────┴──begin──settle
 *
 * An implementation is one file that fills in this structure. No function waits for anything. */
#ifndef AREQ_STORE_STORE_H
#define AREQ_STORE_STORE_H

#include "base/url/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a URL is asked for. A URL that is asked for two purposes counts as two. */
enum store_purpose {
	STORE_PAGE,    /* its page, with the links */
	STORE_ANCHORS, /* the anchors of its page, to check the fragments of links */
	STORE_LOOK     /* whether it exists; no body is needed */
};

/* A URL as it is offered, and as it is returned by claim. */
struct store_url {
	const struct url *url; /* http or https; see store.offer for which URLs are the same */
	const char *text;      /* the text that url was parsed from, as it was listed or found */
	uint64_t number;   /* URLs of a host are claimed in this order; set by the caller, see store_number */
	int64_t listed_us; /* when it was offered (monotonic us) */
	uint32_t depth;    /* the number of links between the list and this URL; 0 if it was listed */
	enum store_purpose purpose;
	unsigned sitemap_level; /* 1 for a sitemap that begins a crawl, 2 and 3 for those in an index; 0 for a
	                           page */
	bool is_guess;          /* nobody has named the URL, so it may well not exist */
	bool is_gone;       /* it is not on any list any more, and nothing is asked for. Only from claim */
	uint64_t id;        /* the number in the state file; 0 if there is none */
	uint64_t via_id;    /* that of via; not returned by claim */
	const char *via;    /* the URL of the page that it was found in; NULL if it was listed */
	const char *target; /* where redirects have led another process; NULL if none did. Only from claim */
	uint32_t hops;      /* how many redirects that were */
};

/* A claim on a URL. It belongs to the store; the claimer passes it to begin and settle. */
struct store_claim;

enum store_offer {
	STORE_KNOWN,   /* the URL was offered before */
	STORE_PENDING, /* the URL is new, and is pending now */
	STORE_CLAIMED, /* the URL is new, nothing of its host is pending, and *claim was set */
	STORE_SENT     /* this process has not offered it before; if no other one has, it is pending there */
};

enum store_next {
	STORE_URL,   /* *url and *claim were set */
	STORE_LATER, /* URLs are pending, but none may be claimed now */
	STORE_DONE,  /* nothing is pending */
	STORE_LOST   /* *lost pending URLs cannot be read back, which was logged; they are pending no more */
};

/* Makes the number of a URL from its depth and from its position among all new URLs, from 1: URLs that are
 * nearer to the list come first. */
enum { STORE_DEPTH_MAX = UINT16_MAX, STORE_POSITION_BITS = 48 };
static inline uint64_t store_number(uint32_t depth, uint64_t position)
{
	uint64_t level = depth < STORE_DEPTH_MAX ? depth : STORE_DEPTH_MAX;
	return level << STORE_POSITION_BITS | position;
}

static inline uint64_t store_position(uint64_t number)
{
	return number & ((UINT64_C(1) << STORE_POSITION_BITS) - 1);
}

struct store {
	void *self;

	/* Offers a URL. The store copies what it keeps of it. Two URLs are the same if their hrefs differ
	 * only in the fragment, and the purpose is the same; in a store for a crawl also if they differ in
	 * user name and password. A URL that was found (via != NULL) is also known if it was marked. */
	enum store_offer (*offer)(void *self, const struct store_url *url, struct store_claim **claim);

	/* Returns true if a URL that was found at that depth is known, so that it need not be offered. If it
	 * was offered with a larger depth, its depth is lowered to this one, as by offer, and *is_lowered is
	 * set, unless it is NULL. A store that is shared lowers it later, and does not tell. */
	bool (*knows)(
	    void *self, const struct url *url, enum store_purpose purpose, uint32_t depth, bool *is_lowered);

	/* Returns the smallest depth that the page of a URL was found at; depth if that is smaller or not
	 * known. */
	uint32_t (*lowest_depth)(void *self, const struct url *url, uint32_t depth);

	/* Marks a URL as one that a redirect has led to: no page needs to lead there any more. Returns true
	 * if the URL was neither offered nor marked before. */
	bool (*mark)(void *self, const struct url *url, enum store_purpose purpose);

	/* Claims a pending URL, about the one with the smallest number. None is claimed of a host that has
	 * many URLs claimed and not begun, so that the long queue of one host does not hide other hosts; and
	 * none that is known to have a number of limit or more. What *url points to is borrowed until the
	 * next call. */
	enum store_next (*claim)(
	    void *self, uint64_t limit, struct store_url *url, struct store_claim **claim, uint64_t *lost);

	/* The fetch of the URL may start, so that another URL of its host may be claimed. Called once for
	 * each claim, before settle. */
	void (*begin)(void *self, struct store_claim *claim);

	/* The URL has its outcome, and its claim ends. */
	void (*settle)(void *self, struct store_claim *claim);

	/* From now on, claim returns pending URLs of any host. For the end of a run that is stopped. */
	void (*lift_limit)(void *self);

	/* True while so much is pending that no more URLs should be offered. */
	bool (*is_full)(const void *self);

	/* The number of pending URLs. */
	uint64_t (*count)(const void *self);

	/* Frees the store, and all claims that are left. */
	void (*free)(void *self);
};

#endif
