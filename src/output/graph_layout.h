/* Chooses what of a graph is drawn, so that a person can read it: the hosts with the most listed pages, of
 * these the pages with the most links between hosts, and the links. If there are few edges, each of them is
 * drawn. Otherwise only those that stand for the most links are, and the others are merged into edges from
 * host to host. Links that are not drawn even so are counted. */
#ifndef AREQ_OUTPUT_GRAPH_LAYOUT_H
#define AREQ_OUTPUT_GRAPH_LAYOUT_H

#include "output/graph.h"

/* The largest numbers of what is drawn: hosts with listed pages (each a cluster of its pages), pages in all
 * clusters, hosts without a cluster, and edges. If there are more edges, only GRAPH_LAYOUT_SINGLE_EDGES_MAX
 * of them stay as they are, and the others are merged into edges from host to host. */
enum {
	GRAPH_LAYOUT_CLUSTERS_MAX = 30,
	GRAPH_LAYOUT_PAGES_MAX = 150,
	GRAPH_LAYOUT_HOSTS_MAX = 15,
	GRAPH_LAYOUT_EDGES_MAX = 90,
	GRAPH_LAYOUT_SINGLE_EDGES_MAX = 30
};

/* Nodes have the same numbers as the ends of the graph's edges: pages, then hosts. The node of a cluster's
 * host stands for all of its pages that are not drawn one by one, and the node of host 0 for all other
 * hosts. */
struct graph_layout {
	const struct graph *graph;
	/* by node number: the node that stands for it. If that is a host, the host's own entry counts. */
	uint32_t *node_of;
	bool *is_cluster;                             /* by host number */
	uint32_t clusters[GRAPH_LAYOUT_CLUSTERS_MAX]; /* host numbers, by the weight of the hosts */
	size_t cluster_count;
	/* by node number: links between hosts that start or end there; a host's weight includes its pages */
	uint64_t *weights;
	bool *is_used;            /* by node number: an edge is drawn from or to it */
	uint32_t *hidden;         /* by host number: listed pages that are not drawn one by one */
	struct graph_edge *edges; /* those that stand for the most links first */
	size_t edge_count;
	uint64_t links;        /* number of links between hosts */
	uint64_t links_drawn;  /* how many of these are drawn */
	uint32_t hosts_hidden; /* hosts that are drawn as host 0 */
	size_t node_count;     /* pages, and hosts without a cluster, that get a node */
};

/* Makes the layout of graph, which is borrowed and must not change before graph_layout_release. */
void graph_layout_init(struct graph_layout *self, struct graph *graph);
void graph_layout_release(struct graph_layout *self);

/* The number of the host that the node with this number is, or belongs to. */
uint32_t graph_layout_host(const struct graph_layout *self, uint32_t number);

/* True if both ends of the edge belong to the same host. */
bool graph_layout_is_inner(const struct graph_layout *self, const struct graph_edge *edge);

#endif
