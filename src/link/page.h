/* One response, fed in chunks, in one readable sequence: which encoding, find, decode, resolve, unique.
 *
 *	page_begin -> page_feed ... -> page_end -> ready -> page_give, again and again -> page_drop
 *
 * All but page_drop may be left out at any moment. */
#ifndef AREQ_LINK_PAGE_H
#define AREQ_LINK_PAGE_H

#include "base/link.h"
#include "base/options.h"
#include "base/wait.h"
#include "link/filter.h"
#include "link/html/extract.h"
#include "link/mediatype.h"
#include "link/pattern.h"
#include "link/xpath.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory and helper processes that all pages of a run use, one after another or together. */
struct page_shared;

/* What is kept of pages that are not finished takes so much of it, and the rest goes into a temporary file.
 * Free with page_shared_free, after the pages. */
enum { PAGES_MEMORY = 512 << 10 };
struct page_shared *page_shared_new(size_t memory);
void page_shared_free(struct page_shared *self);

/* Lets helper processes go on, but not beyond that moment (monotonic us); *wait waits for them. Pages may
 * become ready. */
void page_shared_perform(struct page_shared *self, int64_t until_us, struct wait *wait);

/* What all pages are read with; borrowed by each, and unchanged as long as there are pages. */
struct page_tools {
	const struct options *options;
	struct page_shared *shared;
	struct extract_patterns *patterns;
	struct filter *filter;   /* the user's; NULL: no patterns */
	struct pattern *pattern; /* the user's, and */
	struct xpath *xpath;     /* … where both are NULL: the links that a browser sees */
};

struct page;

/* tools is borrowed and outlives it. Free with page_free. */
struct page *page_new(const struct page_tools *tools);
void page_free(struct page *self);

/* Done with this page: all that it holds is dropped, its size and charset stay known. */
void page_drop(struct page *self);

/* True where it holds on to more than PAGE_KEPT bytes of the pages before: better freed than kept idle. */
enum { PAGE_KEPT = 256 * 1024 };
bool page_is_large(const struct page *self);

/* Begins a page with its Content-Type (raw header value; NULL: none). The memory of the one before is reused.
 */
void page_begin(struct page *self, const char *content_type);

/* Gives the next bytes. False where the body has passed options->max_size: the page is lost. */
bool page_feed(struct page *self, const char *bytes, size_t len);

/* The standard name of the encoding that the page is known to be in so far; NULL: it declares none. */
const char *page_charset(const struct page *self);

/* Bytes fed so far. */
uint64_t page_size(const struct page *self);

/* The page is complete. */
struct page_source {
	const char *url;  /* absolute, http or https: where it came from; borrowed until page_drop */
	size_t row_bytes; /* what an output writes with each link, about */
	/* It can be given out. Called once, perhaps by page_end. */
	void (*ready)(void *ctx);
	void *ctx;
};
void page_end(struct page *self, const struct page_source *source);

struct page_counts {
	uint64_t links;      /* given out */
	uint64_t unresolved; /* no URL by the standard; each was logged as an event */
};
struct page_counts page_counts(const struct page *self);

/* Each link in the order of the page, once. */
typedef void (*page_link_fn)(void *ctx, const struct link *link);

enum page_state {
	PAGE_GIVEN, /* all its links were given out */
	PAGE_LATER, /* the moment has come; there is more */
	PAGE_WAITS, /* for a helper process: ready is called again. Nothing was given out yet */
	/* Nothing was given out: */
	PAGE_TOO_COSTLY, /* the user's pattern, expression or filter took too long, or the page's XML did */
	PAGE_TOO_HUNGRY, /* … or too much memory */
	PAGE_TOO_MUCH,   /* all links together are longer than options->max_output */
	PAGE_ENTITIES,   /* the XML entities that it declares come to far more than the page */
	PAGE_BROKEN,     /* the library crashed */
	PAGE_UNSERVED,   /* there is no helper process, or not the library that it needs (logged) */
	/* A part may have been given out: */
	PAGE_LOST /* what is in the temporary file cannot be read (logged) */
};

/* Gives out links, but not beyond that moment (monotonic us). Once it has begun, no other page may be given
 * out before it has ended, neither PAGE_LATER nor PAGE_WAITS, or was dropped. */
enum page_state page_give(struct page *self, int64_t until_us, page_link_fn on_link, void *ctx);

#endif
