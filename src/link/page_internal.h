/* What a page consists of. Only for page.c and page_links.c. */
#ifndef AREQ_LINK_PAGE_INTERNAL_H
#define AREQ_LINK_PAGE_INTERNAL_H

#include "base/buf.h"
#include "base/seen.h"
#include "base/url.h"
#include "link/charset.h"
#include "link/found.h"
#include "link/page.h"
#include "link/xml.h"

/* A link that is longer than this after decoding is no URL anyway. */
enum { VALUE_MAX = URL_LENGTH_MAX };

/* How the links of this page are looked for. */
enum find {
	FIND_IN_HTML, /* in its bytes, as they come */
	FIND_IN_XML,  /* in its text, as it comes */
	FIND_IN_TEXT, /* in the whole text, as the user asked */
	FIND_NOTHING
};

struct page_shared {
	struct found_store *store;
	struct buf joined;  /* for reading what was found */
	struct buf decoded; /* one value as UTF-8 */
	struct buf value;   /* … with its character references replaced */
	struct buf raw;     /* what a link is given out with */
	struct buf tag;
	struct buf rel;
	struct buf chosen; /* a byte for each found link, 0 for one that the user's filters leave out */
	struct url document;
	struct url base;
	struct url url;
	struct seen seen;
};

struct page {
	const struct page_tools *tools;
	struct page_shared *shared;
	struct extract *extract;
	struct xml *xml; /* while an XML page comes in; else NULL */
	enum mediatype type;
	enum find find;
	char *content_type;
	uint64_t size;

	struct buf head; /* the first bytes, until the encoding is known as far as they tell */
	bool begun;      /* … and it is */
	struct charset_guess guess;
	struct charset_decoder *decoder; /* of a page that must be converted whole; else NULL */

	struct buf text;      /* converted text on its way to extract; with FIND_IN_TEXT the whole body */
	bool detailed;        /* the links are given out with all that is known of them */
	struct found links;   /* raw with FIND_IN_HTML, else text */
	struct buf base_href; /* likewise */
	bool has_base;
};

/* What a raw value of the page is in. */
const struct charset *page_links_charset(const struct page *self, struct slice raw);

/* All links are found: decodes, resolves and filters them, makes them unique, gives them out and counts them.
 * source names the page in messages. Ends as page_finish does. */
enum page_end page_links_give(
    struct page *self, const char *source, page_link_fn on_link, void *ctx, struct page_counts *counts);

#endif
