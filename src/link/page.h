/* One response, fed in chunks, in one readable sequence: which encoding, find, decode, resolve, unique. */
#ifndef AREQ_LINK_PAGE_H
#define AREQ_LINK_PAGE_H

#include "base/link.h"
#include "base/options.h"
#include "link/extract.h"
#include "link/filter.h"
#include "link/mediatype.h"
#include "link/pattern.h"
#include "link/xpath.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that all pages of a run use, one after another or together. */
struct page_shared;

/* What was found in pages that are not finished takes so much of it, and the rest goes into a temporary file.
 * Free with page_shared_free, after the pages. */
enum { PAGES_MEMORY = 512 << 10 };
struct page_shared *page_shared_new(size_t memory);
void page_shared_free(struct page_shared *self);

/* What all pages are read with; borrowed by each. */
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

/* Done with this page: its links are dropped, its size and charset stay known. */
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

struct page_counts {
	uint64_t links;      /* given out */
	uint64_t unresolved; /* no URL by the standard; each was logged as an event */
};

/* Each link in the order of the page, once. */
typedef void (*page_link_fn)(void *ctx, const struct link *link);

enum page_end {
	PAGE_GIVEN,      /* all its links were given out */
	PAGE_TOO_COSTLY, /* none: the user's pattern, expression or filter took too long or gave far too much
	                  */
	PAGE_LOST        /* not all: they cannot be read from the temporary file (logged) */
};

/* The page is complete and came from that URL (absolute, http or https): gives out its links. */
enum page_end page_finish(
    struct page *self, const char *url, page_link_fn on_link, void *ctx, struct page_counts *counts);

#endif
