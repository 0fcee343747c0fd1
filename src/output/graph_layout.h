/* Chooses what of a graph is drawn, so that a person can read it.
 *
 * A small graph is drawn whole: every listed page, every other host that a page links to, and every edge.
 *
 * Of a larger graph a summary is drawn. Its links between hosts are added up to edges from host to host. The
 * hosts, with and without listed pages, the pages of each host and the edges that stand for the most links
 * are drawn, so that most of what is drawn is connected. Everything else is counted. */
#ifndef AREQ_OUTPUT_GRAPH_LAYOUT_H
#define AREQ_OUTPUT_GRAPH_LAYOUT_H

#include "output/graph.h"

/* A graph of more pages or edges than these is drawn as a summary. */
enum { GRAPH_LAYOUT_WHOLE_PAGES_MAX = 40, GRAPH_LAYOUT_WHOLE_EDGES_MAX = 90 };

/* The largest numbers of what a summary shows: hosts with listed pages, other hosts, and pages. For n chosen
 * hosts it has at most 2 * n edges between hosts, and for n chosen pages of a host n + n / 2 inside it. */
enum { GRAPH_LAYOUT_LISTED_MAX = 15, GRAPH_LAYOUT_OTHERS_MAX = 15, GRAPH_LAYOUT_PAGES_MAX = 40 };

struct graph_layout_host {
	uint32_t failed;       /* number of its listed pages that failed */
	uint32_t pages_drawn;  /* how many of its pages are nodes */
	uint64_t inside;       /* links from its listed pages to others of its listed pages */
	uint64_t inside_drawn; /* how many of these are drawn */
};

/* Nodes have the same numbers as the ends of the graph's edges: pages, then hosts. */
struct graph_layout {
	const struct graph *graph;
	bool is_summary;
	bool *is_drawn; /* by node number; in a summary, hosts with listed pages are nodes, too */
	struct graph_layout_host *hosts; /* by host number */
	uint32_t *clusters;              /* numbers of the drawn hosts with listed pages, most links first */
	size_t cluster_count;
	struct graph_edge *edges; /* those that are drawn, most links first */
	size_t edge_count;
	uint64_t links;                        /* number of links between hosts */
	uint64_t links_drawn;                  /* how many of these are drawn */
	uint32_t listed, others, others_drawn; /* hosts with listed pages; without, but with links to them */
};

/* Makes the layout of graph, which is borrowed and must not change before graph_layout_release. */
void graph_layout_init(struct graph_layout *self, struct graph *graph);
void graph_layout_release(struct graph_layout *self);

/* The number of the host that the node with this number is, or belongs to. */
uint32_t graph_layout_host(const struct graph_layout *self, uint32_t number);

/* True if both ends of the edge belong to the same host. */
bool graph_layout_is_inner(const struct graph_layout *self, const struct graph_edge *edge);

#endif
