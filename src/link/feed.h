/* Finds the links in the text of elements: those of sitemaps (sitemaps.org) and of RSS. It gets the elements
 * and texts of one XML document as the parser meets them. The root element decides what the document is; a
 * document of another kind has no such links. */
#ifndef AREQ_LINK_FEED_H
#define AREQ_LINK_FEED_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum feed_kind {
	FEED_NONE,    /* the document is no feed, or its root element has not begun yet */
	FEED_SITEMAP, /* urlset or sitemapindex, in any namespace or none */
	FEED_RSS,     /* RSS 0.91 to 2.0 */
	FEED_RDF,     /* RSS 0.90 and 1.0, which are RDF */
	FEED_ATOM     /* Atom (RFC 4287), whose links are attributes and so are not found here */
};

/* The slices are borrowed for the call of feed_fn. */
struct feed_hit {
	struct slice
	    name; /* "loc", "link" or "guid"; "image:loc" and the like for an extension of sitemaps */
	struct slice text; /* the link, without the white space around it; never empty */
	bool is_sitemap;   /* it stands in a sitemap index */
	bool is_page;      /* false for an image, a video or what else an extension names */
};

typedef void (*feed_fn)(void *ctx, const struct feed_hit *hit);

/* The start of an element, borrowed for the call. */
struct feed_element {
	const char *name;          /* the local name */
	const char *prefix;        /* as it is written; NULL if there is none */
	const char *uri;           /* the namespace; NULL if there is none */
	struct slice is_permalink; /* the value of the attribute isPermaLink; data == NULL if there is none */
};

struct feed {
	feed_fn on_link;
	void *ctx;
	enum feed_kind kind;
	unsigned depth;      /* open elements */
	unsigned text_depth; /* the depth of the element whose text is collected; 0 if there is none */
	unsigned item_depth; /* the depth of the open RSS item; 0 if there is none */
	bool is_in_index;    /* the open element of depth 2 is the sitemap of a sitemap index */
	bool is_in_entry;    /* the open element of depth 2 is the url or sitemap of a sitemap */
	bool is_page;        /* see feed_hit, for the text that is collected */
	bool is_guid;        /* the text that is collected is a guid */
	bool item_has_link;  /* the open item has a link */
	struct buf root_uri; /* the namespace of the root element */
	struct buf name;     /* the name of the element whose text is collected */
	struct buf text;
	struct buf guid; /* the first guid of the open item that may be its link */
};

/* Makes the state for one document. on_link is called by feed_end. */
void feed_init(struct feed *self, feed_fn on_link, void *ctx);
void feed_release(struct feed *self);

/* An element starts; text follows, of which any number of pieces may come; the element that started last and
 * is still open ends. */
void feed_start(struct feed *self, const struct feed_element *element);
void feed_text(struct feed *self, const char *text, size_t len);
void feed_end(struct feed *self);

#endif
