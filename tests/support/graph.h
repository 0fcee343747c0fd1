/* Generated sites of a known graph, for the tests of a crawl. The test server serves what
 * support/graph_answer says, and support/truth computes from the same graph what a crawl has to ask for.
 * Everything follows from the numbers of struct graph_spec alone.
 *
 * Page N has the path /_/graph/SEED/DIRECTORY/pN. The directory is "a" or "b", and behind it may stand
 * "secret/", which the robots.txt of most hosts disallows, or "secret/open/", which they allow again. */
#ifndef SUPPORT_GRAPH_H
#define SUPPORT_GRAPH_H

#include "base/buf.h"
#include "graph_spec.h"

#include <stdbool.h>
#include <stddef.h>

/* A trap is this long. A run has to leave it before its end, where it stops being endless. */
enum { GRAPH_TRAP_STEPS = 200 };

enum graph_kind {
	GRAPH_HTML,
	GRAPH_FEED, /* RSS */
	GRAPH_REDIRECT,
	GRAPH_MISSING, /* 404 */
	GRAPH_BROKEN,  /* 500, however often it is asked for */
	GRAPH_IMAGE,
	GRAPH_TEXT
};

enum graph_directory { GRAPH_A, GRAPH_B, GRAPH_CALENDAR, GRAPH_DEEPER };

enum graph_link_kind {
	GRAPH_LINK_A,
	GRAPH_LINK_AREA,
	GRAPH_LINK_NOFOLLOW, /* <a rel=nofollow> */
	GRAPH_LINK_STYLE,    /* a row, but nothing to follow */
	GRAPH_LINK_MAIL,     /* the same */
	GRAPH_LINK_IMAGE     /* no row: it has no href */
};

struct graph_link {
	enum graph_link_kind kind;
	size_t target;     /* of the first three kinds: the number of a page */
	unsigned spelling; /* of many that mean the same URL */
	unsigned fragment; /* 0: none */
};

/* How a page forbids to follow its links. */
enum graph_nofollow { GRAPH_FOLLOW, GRAPH_META, GRAPH_HEADER };

struct graph_page {
	unsigned host;
	enum graph_kind kind;
	enum graph_directory directory;
	bool is_secret; /* in a folder that is disallowed where the host has rules */
	bool is_open;   /* in a folder that is allowed nevertheless */
	enum graph_nofollow nofollow;
	bool is_flaky;      /* fails with 503 when first asked */
	const char *manner; /* how it is sent, as keys of the server's /_/page; a constant */
	size_t target;      /* of a redirect */
	char *url;          /* normalised, without a fragment */
	struct graph_link *links;
	size_t link_count;
};

enum graph_robots {
	GRAPH_ROBOTS_RULES,
	GRAPH_ROBOTS_BUSY,    /* 429 once, then rules */
	GRAPH_ROBOTS_MOVED,   /* a redirect to another host, and there rules */
	GRAPH_ROBOTS_MISSING, /* 404 */
	GRAPH_ROBOTS_HTML,    /* an HTML page with 200 that looks like rules */
	GRAPH_ROBOTS_BROKEN,  /* 500, however often it is asked for */
	GRAPH_ROBOTS_KINDS
};

struct graph {
	struct graph_spec spec;
	struct graph_page *pages; /* page 0, on host 0, is where all begins */
	size_t page_count;
	enum graph_robots robots[GRAPH_HOSTS_MAX + 1];
};

/* False where the numbers of the spec cannot be used. */
bool graph_init(struct graph *self, const struct graph_spec *spec);
void graph_release(struct graph *self);

/* The number of the page that has this URL, page_count where there is none. A fragment and a user name do not
 * count. */
size_t graph_find(const struct graph *self, const char *url);

/* "127.0.0.1:8080", appended. spec.hosts is the number of the host that refuses connections. */
void graph_host(const struct graph *self, unsigned host, struct buf *out);

/* "http://HOST/_/graph/SEED/", appended. */
void graph_site_url(const struct graph *self, unsigned host, struct buf *out);

/* True where both hosts belong to one registrable domain, or are one address. */
bool graph_same_site(const struct graph *self, unsigned a, unsigned b);

/* True where a robots.txt with rules that disallow the page is in force on its host. */
bool graph_is_disallowed(const struct graph *self, const struct graph_page *page);

/* Appends the link as the page writes it, without character references; and normalised, as a row has it.
 * The latter appends nothing for what is no link to a row. */
void graph_link_raw(
    const struct graph *self, const struct graph_page *from, const struct graph_link *link, struct buf *out);
void graph_link_row(
    const struct graph *self, const struct graph_page *from, const struct graph_link *link, struct buf *out);

/* True where a crawl may follow it, whatever robots say. */
bool graph_link_leads_on(const struct graph_link *link);

/* The sitemaps of a host. A host whose robots.txt has rules names the index there; otherwise the index is
 * /sitemap.xml. */
enum graph_sitemap {
	GRAPH_SITEMAP_INDEX, /* names all others but GRAPH_SITEMAP_THIRD, some twice */
	GRAPH_SITEMAP_GZIP,
	GRAPH_SITEMAP_TEXT,
	GRAPH_SITEMAP_NESTED, /* an index that names GRAPH_SITEMAP_THIRD, and the first index again */
	GRAPH_SITEMAP_THIRD,  /* also names a page of another host */
	GRAPH_SITEMAP_MISSING,
	GRAPH_SITEMAPS
};

/* Appends the URL of a sitemap; tells whether it names the page of this number. */
void graph_sitemap_url(const struct graph *self, unsigned host, enum graph_sitemap number, struct buf *out);
bool graph_sitemap_names(const struct graph *self, unsigned host, enum graph_sitemap number, size_t page);

/* Where a robots.txt of the kind GRAPH_ROBOTS_MOVED is, appended. */
void graph_moved_robots_url(const struct graph *self, unsigned host, struct buf *out);

#endif
