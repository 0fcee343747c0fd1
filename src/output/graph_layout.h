/* What of a graph is drawn, so that one can read it: the hosts with the most pages, of these the pages with
 * the most links between hosts, and links one by one where they are few; else those that stand out, and the
 * others summed up from host to host. What is left out after that is counted. */
#ifndef AREQ_OUTPUT_GRAPH_LAYOUT_H
#define AREQ_OUTPUT_GRAPH_LAYOUT_H

#include "output/graph.h"

/* At most so much is drawn: hosts with listed pages, their pages, other hosts, links, and of these one by one
 * where there are more. */
enum {
	GRAPH_LAYOUT_CLUSTERS = 30,
	GRAPH_LAYOUT_PAGES = 150,
	GRAPH_LAYOUT_HOSTS = 15,
	GRAPH_LAYOUT_EDGES = 90,
	GRAPH_LAYOUT_SINGLE_EDGES = 30
};

/* Nodes are numbered as the ends of a graph's edges are: pages, then hosts. The host of a cluster stands for
 * all of its pages that are not drawn one by one; host 0 for all other hosts. */
struct graph_layout {
	const struct graph *graph;
	uint32_t *node_of;                        /* of each number, the one that stands for it */
	bool *is_cluster;                         /* by host */
	uint32_t clusters[GRAPH_LAYOUT_CLUSTERS]; /* hosts, those with the most links between hosts first */
	size_t cluster_count;
	uint64_t *weights;        /* by number: links between hosts that begin or end there */
	bool *is_used;            /* by number: it has an edge */
	uint32_t *hidden;         /* by host: listed pages without a node */
	struct graph_edge *edges; /* the heaviest first */
	size_t edge_count;
	uint64_t links;       /* between hosts */
	uint64_t links_drawn; /* of these */
	uint32_t hosts_left;  /* that host 0 stands for */
	size_t node_count;    /* of pages and hosts that are drawn */
};

/* The graph is borrowed. Release with graph_layout_release. */
void graph_layout_init(struct graph_layout *self, struct graph *graph);
void graph_layout_release(struct graph_layout *self);

/* The host of what is numbered so. */
uint32_t graph_layout_host(const struct graph_layout *self, uint32_t number);

/* Whether both ends belong to one host. */
bool graph_layout_is_inner(const struct graph_layout *self, const struct graph_edge *edge);

#endif
