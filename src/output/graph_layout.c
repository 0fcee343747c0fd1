#include "output/graph_layout.h"

#include "base/alloc.h"
#include "base/sort.h"

#include <stdlib.h>

/* What the choice is made of. All edges of the graph are in the layout until the end. */
struct choice {
	struct graph_layout *layout;
	size_t edge_count;
	/* by node number */
	uint64_t *weights; /* of a page: its links inside its host; of a host: all its links, and its pages */
	uint64_t *near;    /* links from and to chosen nodes */
	bool *is_chosen;
	bool *has_edge; /* an edge from or to it is drawn */
	/* by host number: how many edges inside it are drawn in any case; that of host 0 is for edges between
	 * hosts */
	uint32_t *room;
};

/* A group of nodes that compete for a place: the pages of a host, by the host's number, or one of these. */
enum { HOSTS_LISTED = GRAPH_HOSTS_MAX, HOSTS_OTHER };

/* A host in a summary shows so many pages or more, as long as there are any and there is room for them. */
enum { PAGES_MIN = 5 };

uint32_t graph_layout_host(const struct graph_layout *self, uint32_t number)
{
	const struct graph *graph = self->graph;
	return number < graph->page_count ? graph->pages[number].host : number - (uint32_t)graph->page_count;
}

bool graph_layout_is_inner(const struct graph_layout *self, const struct graph_edge *edge)
{
	return graph_layout_host(self, edge->from) == graph_layout_host(self, edge->to);
}

/* The node number of the host that a node is, or belongs to. */
static uint32_t host_node_number(const struct graph_layout *self, uint32_t number)
{
	return (uint32_t)self->graph->page_count + graph_layout_host(self, number);
}

static uint32_t group_of(const struct graph_layout *self, uint32_t number)
{
	uint32_t host = graph_layout_host(self, number);
	if (number < self->graph->page_count)
		return host;
	return self->graph->hosts[host]->pages ? HOSTS_LISTED : HOSTS_OTHER;
}

/* Replaces the ends of all edges between hosts by these hosts. */
static void move_ends_to_hosts(struct choice *self)
{
	struct graph_layout *layout = self->layout;
	for (struct graph_edge *edge = layout->edges; edge < layout->edges + self->edge_count; edge++) {
		if (graph_layout_is_inner(layout, edge))
			continue;
		edge->from = host_node_number(layout, edge->from);
		edge->to = host_node_number(layout, edge->to);
	}
	self->edge_count = graph_merge(layout->edges, self->edge_count);
}

static void sum_weights(struct choice *self)
{
	struct graph_layout *layout = self->layout;
	const struct graph *graph = layout->graph;
	for (const struct graph_edge *edge = layout->edges; edge < layout->edges + self->edge_count; edge++) {
		self->weights[host_node_number(layout, edge->from)] += edge->count;
		if (graph_layout_is_inner(layout, edge)) {
			layout->hosts[graph_layout_host(layout, edge->from)].inside += edge->count;
			self->weights[edge->from] += edge->count;
			self->weights[edge->to] += edge->count;
		} else {
			layout->links += edge->count;
			self->weights[host_node_number(layout, edge->to)] += edge->count;
		}
	}
	for (uint32_t i = 0; i < graph->page_count; i++)
		layout->hosts[graph->pages[i].host].failed += graph->pages[i].failed;
	/* Host 0 is many hosts, which are not worth a node. */
	self->weights[graph->page_count] = 0;
	for (uint32_t i = 1; i < graph->host_count; i++) {
		layout->listed += graph->hosts[i]->pages > 0;
		layout->others += graph->hosts[i]->pages == 0 && self->weights[graph->page_count + i];
		self->weights[graph->page_count + i] += graph->hosts[i]->pages;
	}
}

static void choose_node(struct choice *self, uint32_t number)
{
	const struct graph_layout *layout = self->layout;
	self->is_chosen[number] = true;
	for (const struct graph_edge *edge = layout->edges; edge < layout->edges + self->edge_count; edge++) {
		if (edge->from == number)
			self->near[edge->to] += edge->count;
		if (edge->to == number)
			self->near[edge->from] += edge->count;
	}
}

/* Chooses up to `limit` nodes of a group that have any weight, and returns their number. The first half of
 * them are those with the highest weights. The others are those with the most links from and to nodes that
 * are chosen already, for the heaviest nodes need not have any links among each other. */
static uint32_t choose_nodes(struct choice *self, uint32_t group, uint32_t limit, uint32_t chosen[])
{
	const struct graph *graph = self->layout->graph;
	uint32_t begin = group < HOSTS_LISTED ? 0 : (uint32_t)graph->page_count;
	uint32_t end =
	    (uint32_t)(group < HOSTS_LISTED ? graph->page_count : graph->page_count + graph->host_count);
	for (uint32_t count = 0; count < limit; count++) {
		const uint64_t *first = count < limit / 2 ? self->weights : self->near;
		uint32_t best = end;
		for (uint32_t i = begin; i < end; i++) {
			if (self->is_chosen[i] || !self->weights[i] || group_of(self->layout, i) != group)
				continue;
			if (best == end || first[i] > first[best] ||
			    (first[i] == first[best] && self->weights[i] > self->weights[best]))
				best = i;
		}
		if (best == end)
			return count;
		choose_node(self, best);
		chosen[count] = best;
	}
	return limit;
}

/* Chooses hosts and their pages for a summary. Hosts share the room for pages by the numbers of links inside
 * them, but one that shows any pages shows enough of them to see something. */
static void choose_summary(struct choice *self)
{
	struct graph_layout *layout = self->layout;
	uint32_t hosts[GRAPH_LAYOUT_LISTED_MAX], others[GRAPH_LAYOUT_OTHERS_MAX],
	    pages[GRAPH_LAYOUT_PAGES_MAX];
	uint32_t count = choose_nodes(self, HOSTS_LISTED, GRAPH_LAYOUT_LISTED_MAX, hosts);
	uint32_t others_count = choose_nodes(self, HOSTS_OTHER, GRAPH_LAYOUT_OTHERS_MAX, others);
	uint64_t left = GRAPH_LAYOUT_PAGES_MAX, links_left = 1;
	self->room[0] = count + others_count;
	for (uint32_t i = 0; i < count; i++) {
		layout->clusters[layout->cluster_count++] = graph_layout_host(layout, hosts[i]);
		links_left += layout->hosts[layout->clusters[i]].inside;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t host = layout->clusters[i];
		uint64_t limit = (left * layout->hosts[host].inside + links_left - 1) / links_left;
		limit = limit > PAGES_MIN ? limit : PAGES_MIN;
		uint32_t chosen = choose_nodes(self, host, (uint32_t)(limit < left ? limit : left), pages);
		self->room[host] = chosen / 2;
		left -= chosen;
		links_left -= layout->hosts[host].inside;
	}
}

static void choose_everything(struct choice *self)
{
	struct graph_layout *layout = self->layout;
	const struct graph *graph = layout->graph;
	for (uint32_t i = 0; i < graph->page_count + graph->host_count; i++)
		self->is_chosen[i] = self->weights[i] > 0 || i < graph->page_count;
	for (uint32_t i = 0; i < graph->host_count; i++) {
		self->room[i] = UINT32_MAX;
		if (graph->hosts[i]->pages)
			layout->clusters[layout->cluster_count++] = i;
	}
}

static int compare_counts(const void *a, const void *b)
{
	const struct graph_edge *left = a, *right = b;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	return left->to < right->to ? -1 : left->to > right->to;
}

/* Keeps those edges between chosen nodes that stand for the most links, and besides them the first edge of
 * each node, so that no node is left alone that need not be. */
static void choose_edges(struct choice *self)
{
	struct graph_layout *layout = self->layout;
	sort_array(layout->edges, self->edge_count, sizeof *layout->edges, compare_counts);
	for (size_t i = 0; i < self->edge_count; i++) {
		struct graph_edge edge = layout->edges[i];
		bool is_inner = graph_layout_is_inner(layout, &edge);
		uint32_t host = is_inner ? graph_layout_host(layout, edge.from) : 0;
		if (!self->is_chosen[edge.from] || !self->is_chosen[edge.to])
			continue;
		if (self->room[host])
			self->room[host]--;
		else if (self->has_edge[edge.from] && self->has_edge[edge.to])
			continue;
		self->has_edge[edge.from] = self->has_edge[edge.to] = true;
		layout->edges[layout->edge_count++] = edge;
		*(is_inner ? &layout->hosts[host].inside_drawn : &layout->links_drawn) += edge.count;
	}
}

/* In a summary, only hosts with listed pages are drawn without an edge. */
static void set_drawn(struct choice *self)
{
	struct graph_layout *layout = self->layout;
	const struct graph *graph = layout->graph;
	for (uint32_t i = 0; i < graph->page_count; i++) {
		layout->is_drawn[i] = self->is_chosen[i] && (self->has_edge[i] || !layout->is_summary);
		layout->hosts[graph->pages[i].host].pages_drawn += layout->is_drawn[i];
	}
	for (uint32_t i = 0; i < graph->host_count; i++) {
		uint32_t number = (uint32_t)graph->page_count + i;
		bool is_listed = graph->hosts[i]->pages > 0;
		layout->is_drawn[number] =
		    self->is_chosen[number] && (is_listed ? layout->is_summary : self->has_edge[number]);
		layout->others_drawn += !is_listed && layout->is_drawn[number];
	}
}

void graph_layout_init(struct graph_layout *self, struct graph *graph)
{
	size_t numbers = graph->page_count + graph->host_count;
	struct choice choice = {.layout = self,
	    .weights = alloc_array(numbers, sizeof *choice.weights),
	    .near = alloc_array(numbers, sizeof *choice.near),
	    .is_chosen = alloc_array(numbers, sizeof *choice.is_chosen),
	    .has_edge = alloc_array(numbers, sizeof *choice.has_edge),
	    .room = alloc_array(graph->host_count, sizeof *choice.room)};
	*self = (struct graph_layout){.graph = graph,
	    .is_drawn = alloc_array(numbers, sizeof *self->is_drawn),
	    .hosts = alloc_array(graph->host_count, sizeof *self->hosts),
	    .clusters = alloc_array(graph->host_count, sizeof *self->clusters)};
	self->edges = graph_edges(graph, &choice.edge_count);
	/* Where host 0 stands for many hosts, it cannot be drawn. */
	self->is_summary = graph->page_count > GRAPH_LAYOUT_WHOLE_PAGES_MAX ||
	                   choice.edge_count > GRAPH_LAYOUT_WHOLE_EDGES_MAX ||
	                   graph->host_count == GRAPH_HOSTS_MAX;
	if (self->is_summary)
		move_ends_to_hosts(&choice);
	sum_weights(&choice);
	if (self->is_summary)
		choose_summary(&choice);
	else
		choose_everything(&choice);
	choose_edges(&choice);
	set_drawn(&choice);
	free(choice.weights);
	free(choice.near);
	free(choice.is_chosen);
	free(choice.has_edge);
	free(choice.room);
}

void graph_layout_release(struct graph_layout *self)
{
	free(self->is_drawn);
	free(self->hosts);
	free(self->clusters);
	free(self->edges);
}
