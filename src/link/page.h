/* Finds the links of one response, whose body comes in chunks: detects the encoding, finds the links, decodes
 * and resolves them, and passes each wanted one to a callback once.
 *
 *	page_begin -> page_feed, for each chunk -> page_end -> source.ready is called
 *	           -> page_emit_links, until it is done -> page_drop
 *
 * The links of a sitemap can be followed before its end: from page_set_sitemap to page_end, source.ready is
 * called when page_emit_arrived has links.
 *
 * page_drop may be called after any of these steps, and the rest is then left out. */
#ifndef AREQ_LINK_PAGE_H
#define AREQ_LINK_PAGE_H

#include "base/link.h"
#include "base/options.h"
#include "base/pattern.h"
#include "base/pattern_filter.h"
#include "base/wait.h"
#include "link/html/extract.h"
#include "link/mediatype.h"
#include "link/xpath.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory and helper processes that all pages of a run share. */
struct page_shared;

/* memory is the number of bytes that the data of unfinished pages may take, PAGES_MEMORY in a run. What is
 * beyond it goes into a temporary file. Free with page_shared_free, after the pages. */
enum { PAGES_MEMORY = 512 << 10 };
struct page_shared *page_shared_new(size_t memory);
void page_shared_free(struct page_shared *self);

/* Exchanges data with the helper processes, but not beyond until_us (monotonic us), and adds to *wait what
 * must be waited for before the next call. Calls source.ready of the pages that become ready. */
void page_shared_perform(struct page_shared *self, int64_t until_us, struct wait *wait);

/* What all pages need to be read. Each page borrows it, and it does not change as long as there are pages. If
 * pattern and xpath are both NULL, a page's links are those that a browser finds. */
struct page_tools {
	const struct options *options;
	struct page_shared *shared;
	struct extract_patterns *patterns;
	struct pattern_filter *filter; /* the patterns of --include and --exclude; NULL if there are none */
	struct pattern *pattern;       /* the user's pattern for links, or NULL */
	struct xpath *xpath;           /* the user's XPath expression for links, or NULL */
	bool wants_lines;              /* with options_want_details: also link.line and link.column */
	bool wants_anchors;  /* also pass on the anchors; patterns must have ATTRIBUTES_OF_ANCHORS then */
	bool crawls;         /* also find out what only a crawl needs: link.kind in HTML, and page_robots */
	bool checks;         /* also tell a LINK_ORIGIN, and pass on links that are no URL (link.parsed) */
	bool obeys_nofollow; /* with crawls: rel=nofollow makes a LINK_NOFOLLOW, else a LINK_PAGE */
	const char *robots_name; /* with crawls: the crawler's name in a <meta name>, in addition to "robots";
	                            or NULL */
};

struct page;

/* tools is borrowed until page_free. */
struct page *page_new(const struct page_tools *tools);
void page_free(struct page *self);

/* Drops all data of the current response. Its size, charset and counts stay known until page_begin. */
void page_drop(struct page *self);

/* True if memory of more than PAGE_KEPT_MAX bytes is still reserved from earlier responses. Such a page
 * should be freed and not be kept for reuse. */
enum { PAGE_KEPT_MAX = 256 * 1024 };
bool page_is_large(const struct page *self);

/* Begins a response. content_type is the raw value of the header, NULL if there is none; it is borrowed for
 * the call. The memory of the previous response is reused. */
void page_begin(struct page *self, const char *content_type);

/* Says that the body is the content of a gzip file: it is a page only if it is XML, whatever the content_type
 * says. Must be called before the first page_feed, and may be called again. */
void page_set_gzip_file(struct page *self);

struct page_source {
	const char *url;  /* the page's own URL, absolute, http or https; borrowed until page_drop */
	size_t row_bytes; /* about how many bytes an output writes beside each link */
	/* Called when page_emit_links can go on: once after page_end, perhaps by page_end itself, and once
	 * after each PAGE_WAITING. */
	void (*ready)(void *ctx);
	/* Called by page_emit_links with each anchor of the page, before the first link: the id of each
	 * element of the document, and the name of each HTML a. They are UTF-8, not empty, and borrowed for
	 * the call; one may come more than once. Only if tools->wants_anchors, and page_knows_anchors. */
	void (*on_anchor)(void *ctx, struct slice anchor);
	void *ctx;
};

/* Says that the response is a sitemap: its first bytes decide whether it is XML or a plain text. Must be
 * called before the first page_feed. source is copied and is for the time until page_end; its ready is called
 * by page_shared_perform, each time that page_emit_arrived has more links. */
void page_set_sitemap(struct page *self, const struct page_source *source);

/* Gives the next bytes of the body, borrowed for the call. Returns false if the body would pass
 * options->max_size; the caller then has to give up the page. */
bool page_feed(struct page *self, const char *bytes, size_t len);

/* Returns the type of the page: what its content_type says or, where that says nothing, what its first bytes
 * say. MEDIATYPE_UNKNOWN or MEDIATYPE_FILE as long as there are not enough of these. */
enum mediatype page_type(const struct page *self);

/* The same after the last page_feed, or when all that was fed is enough to tell. */
enum mediatype page_final_type(struct page *self);

/* Returns the standard's name of the encoding, as far as it is known from the bytes so far; NULL if the page
 * has declared none. */
const char *page_charset(const struct page *self);

/* Returns how many bytes were fed so far. */
uint64_t page_size(const struct page *self);

/* Ends the body. source is copied. */
void page_end(struct page *self, const struct page_source *source);

/* True if all anchors of the page are found: it is HTML or XML, and not read with the user's pattern or
 * XPath.
 */
bool page_knows_anchors(const struct page *self);

struct page_counts {
	uint64_t links;      /* links that were passed to on_link */
	uint64_t unresolved; /* links that are no URL by the standard; each was logged as an event */
};

/* Returns the counts since page_end. */
struct page_counts page_counts(const struct page *self);

/* One <meta> for crawlers. The texts have no character references any more, and are in the encoding of the
 * page; they are borrowed for the call. */
typedef void (*page_robots_fn)(void *ctx, struct slice name, struct slice content);

/* Calls fn with the name and content of each <meta> of the page whose name is "robots" or tools->robots_name,
 * in any letter case, in the order of the page. All are known when source.ready is called. One with which
 * they would have more than PAGE_ROBOTS_MAX bytes is left out. Before page_end, those are known that stand
 * before the links that page_emit_arrived passes on. */
enum { PAGE_ROBOTS_MAX = 64 << 10 };
void page_robots(const struct page *self, page_robots_fn fn, void *ctx);

/* Called with each link once, in the order of the page. If tools->crawls, links that lead to pages are also
 * passed if they are no rows, because the filters of the options choose only rows; and a URL that was passed
 * as another kind before is passed once more then. link is borrowed for the call. */
typedef void (*page_link_fn)(void *ctx, const struct link *link);

enum page_state {
	PAGE_DONE,     /* all links were passed to on_link */
	PAGE_HAS_MORE, /* the time is over, and there may be more links */
	PAGE_WAITING,  /* ready will be called again by a helper process; no link was passed on yet */
	/* The page failed, and no link was passed on: */
	PAGE_TOO_COSTLY,    /* parsing XML, or the user's pattern, expression or filter, took too much time */
	PAGE_OUT_OF_MEMORY, /* parsing XML, or the user's pattern, expression or filter, took too much memory
	                     */
	PAGE_OUTPUT_TOO_LARGE,  /* the rows of all links would take more than options->max_output bytes */
	PAGE_TOO_MANY_ENTITIES, /* the declared XML entities expand to far more than the size of the page */
	PAGE_LIBRARY_LIMIT,     /* libxml2 does not read all of the page (see libxml_has_met_limit) */
	PAGE_LIBRARY_CRASHED,   /* the library crashed */
	PAGE_NO_HELPER,         /* no helper process can be started, or it cannot load the library (logged) */
	/* The page failed, and some links may have been passed on: */
	PAGE_UNREADABLE /* the temporary file cannot be read (logged) */
};

/* Passes links to on_link, but not beyond until_us (monotonic us). May only be called after ready was called.
 * After PAGE_HAS_MORE it may not be called for another page until it has returned another state for this one,
 * or this one was dropped, since the pages share memory. */
enum page_state page_emit_links(struct page *self, int64_t until_us, page_link_fn on_link, void *ctx);

/* Passes links of a sitemap that is still being received to on_link, but not beyond until_us (monotonic us).
 * These are only to be followed: none is a row, and page_emit_links passes all of them on again. They lead to
 * pages or sitemaps and are absolute, so that nothing that comes later can change them; the same one may come
 * more than once. Returns true if the time is over, and there may be more. May only be called from when ready
 * was called until page_end, also between two calls of page_emit_links for another page. */
bool page_emit_arrived(struct page *self, int64_t until_us, page_link_fn on_link, void *ctx);

#endif
