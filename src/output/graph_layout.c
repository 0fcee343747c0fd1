#include "output/graph_layout.h"

#include "base/alloc.h"

#include <stdlib.h>

/* A page or host that may get a node. Those with the highest weights get one. */
struct rank {
	uint64_t weight;
	uint32_t group; /* number of the host if pages are ranked, else 0 */
	uint32_t number;
};

static int compare_ranks(const void *a, const void *b)
{
	const struct rank *left = a, *right = b;
	if (left->group != right->group)
		return left->group < right->group ? -1 : 1;
	if (left->weight != right->weight)
		return left->weight > right->weight ? -1 : 1;
	return left->number < right->number ? -1 : left->number > right->number;
}

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

static void sum_weights(struct graph_layout *self, size_t count)
{
	for (const struct graph_edge *edge = self->edges; edge < self->edges + count; edge++) {
		if (graph_layout_is_inner(self, edge))
			continue;
		self->links += edge->count;
		self->weights[edge->from] += edge->count;
		self->weights[edge->to] += edge->count;
		self->weights[host_node_number(self, edge->from)] += edge->count;
		if (edge->to < self->graph->page_count)
			self->weights[host_node_number(self, edge->to)] += edge->count;
	}
}

static void choose_clusters(struct graph_layout *self)
{
	const struct graph *graph = self->graph;
	struct rank *ranks = alloc_array(graph->host_count, sizeof *ranks);
	size_t count = 0;
	for (uint32_t i = 1; i < graph->host_count; i++) {
		if (graph->hosts[i]->pages)
			ranks[count++] = (struct rank){graph->hosts[i]->pages, 0, i};
	}
	qsort(ranks, count, sizeof *ranks, compare_ranks);
	self->cluster_count = count < GRAPH_LAYOUT_CLUSTERS_MAX ? count : GRAPH_LAYOUT_CLUSTERS_MAX;
	for (size_t i = 0; i < self->cluster_count; i++) {
		self->is_cluster[ranks[i].number] = true;
		ranks[i].weight = self->weights[graph->page_count + ranks[i].number];
	}
	qsort(ranks, self->cluster_count, sizeof *ranks, compare_ranks);
	for (size_t i = 0; i < self->cluster_count; i++)
		self->clusters[i] = ranks[i].number;
	free(ranks);
}

/* The number of pages that each cluster may show, so that all clusters together show GRAPH_LAYOUT_PAGES_MAX
 * at most. */
static uint32_t pages_per_host(const struct graph_layout *self)
{
	const struct graph *graph = self->graph;
	for (uint32_t each = 1;; each++) {
		uint64_t sum = 0;
		bool more = false;
		for (size_t i = 0; i < graph->host_count; i++) {
			uint32_t pages = self->is_cluster[i] ? graph->hosts[i]->pages : 0;
			sum += pages > each ? each + 1 : pages;
			more |= pages > each;
		}
		if (!more || sum > GRAPH_LAYOUT_PAGES_MAX)
			return each;
	}
}

static void choose_pages(struct graph_layout *self)
{
	const struct graph *graph = self->graph;
	struct rank *ranks = alloc_array(graph->page_count + 1, sizeof *ranks);
	uint32_t each = pages_per_host(self), chosen = 0;
	for (uint32_t i = 0; i < graph->page_count; i++)
		ranks[i] = (struct rank){self->weights[i], graph->pages[i].host, i};
	qsort(ranks, graph->page_count, sizeof *ranks, compare_ranks);
	for (size_t i = 0; i < graph->page_count; i++) {
		uint32_t host = ranks[i].group, page = ranks[i].number;
		chosen = i > 0 && ranks[i - 1].group == host ? chosen + 1 : 1;
		if (self->is_cluster[host] && chosen <= each) {
			self->node_of[page] = page;
			self->node_count++;
			continue;
		}
		self->node_of[page] = (uint32_t)graph->page_count + host;
		self->hidden[host]++;
	}
	free(ranks);
}

static void choose_hosts(struct graph_layout *self)
{
	const struct graph *graph = self->graph;
	struct rank *ranks = alloc_array(graph->host_count, sizeof *ranks);
	uint32_t first = (uint32_t)graph->page_count;
	size_t count = 0;
	for (uint32_t i = 0; i < graph->host_count; i++) {
		self->node_of[first + i] = first + i;
		if (i > 0 && !self->is_cluster[i])
			ranks[count++] = (struct rank){self->weights[first + i], 0, i};
	}
	qsort(ranks, count, sizeof *ranks, compare_ranks);
	self->node_count += count < GRAPH_LAYOUT_HOSTS_MAX ? count : GRAPH_LAYOUT_HOSTS_MAX;
	for (size_t i = GRAPH_LAYOUT_HOSTS_MAX; i < count; i++) {
		self->node_of[first + ranks[i].number] = first;
		self->hosts_hidden++;
	}
	free(ranks);
}

/* The node that is drawn for a node: a page may be drawn as its host, and that host as host 0. */
static uint32_t drawn_node(const struct graph_layout *self, uint32_t number)
{
	return self->node_of[self->node_of[number]];
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

/* The number of edges to draw, at most `limit` of the sorted edges. If not all edges of a weight can be
 * drawn, none of them is. */
static size_t count_drawable(const struct graph_edge *edges, size_t count, size_t limit)
{
	size_t n = count < limit ? count : limit;
	while (n < count && n > 0 && edges[n - 1].count == edges[n].count)
		n--;
	return n;
}

/* Replaces the ends of all edges from index `first` on by the hosts of these ends. */
static void move_ends_to_hosts(struct graph_layout *self, size_t first, size_t count)
{
	for (struct graph_edge *edge = self->edges + first; edge < self->edges + count; edge++) {
		edge->from = drawn_node(self, host_node_number(self, edge->from));
		edge->to = drawn_node(self, host_node_number(self, edge->to));
	}
}

static void choose_edges(struct graph_layout *self, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		self->edges[i].from = drawn_node(self, self->edges[i].from);
		self->edges[i].to = drawn_node(self, self->edges[i].to);
	}
	count = graph_merge(self->edges, count);
	qsort(self->edges, count, sizeof *self->edges, compare_counts);
	if (count > GRAPH_LAYOUT_EDGES_MAX) {
		move_ends_to_hosts(
		    self, count_drawable(self->edges, count, GRAPH_LAYOUT_SINGLE_EDGES_MAX), count);
		count = graph_merge(self->edges, count);
		qsort(self->edges, count, sizeof *self->edges, compare_counts);
	}
	self->edge_count = count_drawable(self->edges, count, GRAPH_LAYOUT_EDGES_MAX);
	for (size_t i = 0; i < self->edge_count; i++) {
		const struct graph_edge *edge = &self->edges[i];
		self->is_used[edge->from] = true;
		self->is_used[edge->to] = true;
		self->links_drawn += graph_layout_is_inner(self, edge) ? 0 : edge->count;
	}
}

void graph_layout_init(struct graph_layout *self, struct graph *graph)
{
	size_t numbers = graph->page_count + graph->host_count, count;
	*self = (struct graph_layout){.graph = graph};
	self->node_of = alloc_array(numbers, sizeof *self->node_of);
	self->is_used = alloc_array(numbers, sizeof *self->is_used);
	self->weights = alloc_array(numbers, sizeof *self->weights);
	self->is_cluster = alloc_array(graph->host_count, sizeof *self->is_cluster);
	self->hidden = alloc_array(graph->host_count, sizeof *self->hidden);
	self->edges = graph_edges(graph, &count);
	sum_weights(self, count);
	choose_clusters(self);

	choose_hosts(self);
	choose_pages(self);
	choose_edges(self, count);
}

void graph_layout_release(struct graph_layout *self)
{
	free(self->node_of);
	free(self->weights);
	free(self->is_used);
	free(self->is_cluster);
	free(self->hidden);
	free(self->edges);
}
