/* Which pages of which hosts link to which others, in bounded memory. */
#ifndef AREQ_OUTPUT_GRAPH_H
#define AREQ_OUTPUT_GRAPH_H

#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What comes beyond is only counted. A link takes 16 bytes, a page or host some 150. */
enum { GRAPH_PAGES = 1 << 16, GRAPH_HOSTS = 1 << 15, GRAPH_LINKS = 1 << 20 };

struct graph_host {
	char *name; /* with the port, where there is one; NULL: all hosts for which there was no room */
	uint32_t number;
	uint32_t pages; /* of those that were listed */
};

struct graph_page {
	char *path; /* and query, cut where it is long */
	uint32_t host;
	bool failed;
};

/* A page links to another, or to a host of which the page was not listed, so often. */
struct graph_edge {
	uint32_t from; /* a page */
	uint32_t to;   /* a page, or, from pages.count on, a host */
	uint64_t count;
};

struct graph_link;
struct graph_key;

/* All zero but what graph_init sets. */
struct graph {
	uint64_t seed;
	struct map names; /* of the hosts */
	struct graph_host **hosts;
	struct graph_page *pages;
	struct graph_link *links;
	struct graph_key *keys; /* by which pages are found */
	size_t host_count, page_count, link_count, key_count;
	uint64_t pages_beyond; /* for which there was no room */
	uint64_t links_beyond;
};

void graph_init(struct graph *self);
void graph_release(struct graph *self);

/* A link of the page that is told next. What does not lead to http or https is passed over. */
void graph_add_link(struct graph *self, struct slice url);

/* A page that was listed. */
void graph_add_page(struct graph *self, const char *source_url, const char *final_url, bool failed);

/* All of them as edges, each pair once, without those from a page to itself or to its own host; sets *count.
 * The caller frees them. */
struct graph_edge *graph_edges(struct graph *self, size_t *count);

/* Adds up the counts of those that have the same ends and drops those of which both ends are one. Returns how
 * many there are then. */
size_t graph_merge(struct graph_edge *edges, size_t count);

#endif
