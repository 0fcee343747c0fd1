/* The listed pages, their hosts and their links as a graph, in bounded memory. */
#ifndef AREQ_OUTPUT_GRAPH_H
#define AREQ_OUTPUT_GRAPH_H

#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest numbers of pages, hosts and links. Pages and links beyond are only counted, and hosts beyond
 * are host 0. A link takes 16 bytes, a page or host about 150. */
enum { GRAPH_PAGES_MAX = 1 << 16, GRAPH_HOSTS_MAX = 1 << 15, GRAPH_LINKS_MAX = 1 << 20 };

struct graph_host {
	/* with the port, if the URL has one; NULL for host 0, which stands for all hosts beyond
	 * GRAPH_HOSTS_MAX */
	char *name;
	uint32_t number;
	uint32_t pages; /* number of its listed pages */
};

struct graph_page {
	uint64_t number; /* its position in the list */
	char *path;      /* path and query, cut if they are long */
	uint32_t index;  /* in the array of pages */
	uint32_t host;   /* number of its host */
	bool failed;
};

/* The links from a page to another listed page, or to those pages of a host that are not listed. The ends
 * are node numbers: pages come first, and host h is node page_count + h. */
struct graph_edge {
	uint32_t from; /* node number of a page */
	uint32_t to;   /* node number of a page or a host */
	uint64_t count;
};

struct graph_link;
struct graph_key;

/* Made by graph_init. */
struct graph {
	uint64_t seed;
	struct map names; /* hosts by name */
	struct graph_host **hosts;
	struct graph_page *pages;
	struct graph_link *links;
	struct graph_key *keys; /* fingerprints of listed URLs, to find the page of a link */
	size_t host_count, page_count, link_count, key_count;
	uint64_t open_page;     /* the page whose links were added last, until it ends; 0 if there is none */
	size_t open_start;      /* index of the first link of open_page */
	uint64_t pages_dropped; /* listed pages that were not added, mostly since there was no room */
	uint64_t links_dropped; /* links that were not added, since there was no room */
};

void graph_init(struct graph *self);
void graph_release(struct graph *self);

/* Adds a link of a page. number is the page's position in the list, from 1; the links of two pages never mix.
 * A URL that is neither http nor https is ignored. url is borrowed for the call. */
void graph_add_link(struct graph *self, uint64_t number, struct slice url);

/* Adds a listed page, after its links, but other pages may be added between the two. source_url is the URL on
 * the list, final_url the one that redirects led to. Both are borrowed for the call. A page whose final_url
 * is neither http nor https is only counted. */
struct graph_source {
	uint64_t number; /* as for graph_add_link */
	const char *source_url, *final_url;
	bool failed;
	bool has_links; /* false if the links that were added shall not count */
};
void graph_add_page(struct graph *self, const struct graph_source *page);

/* All links as edges, merged by graph_merge; sets *count. Links from a page to unlisted pages of its own
 * host are left out, and so are links whose page was not added. All pages must have ended. The caller frees
 * the array. Before that, the pages are put in the order of the list and the hosts in the order of their
 * names: unless there was no room for something, the graph does not depend on which page came first. */
struct graph_edge *graph_edges(struct graph *self, size_t *count);

/* Merges edges with the same two ends into one, adding up their counts, and drops edges from a node to
 * itself. The array is sorted by the ends. Returns the new number of edges. */
size_t graph_merge(struct graph_edge *edges, size_t count);

#endif
