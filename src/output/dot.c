#include "output/dot.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "output/graph.h"
#include "output/graph_layout.h"
#include "output/number_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dot {
	struct file *file;
	struct graph graph;
};

/* The longest label, in bytes. The middle of a longer one is left out. */
enum { LABEL_MAX = 36 };

/* The penwidth attribute of an edge for `count` links. It grows with the logarithm of the count, since
 * counts differ by orders of magnitude. */
static double pen_width(uint64_t count)
{
	double width = 0.6;
	for (; count > 1; count /= 2)
		width += 0.35;
	return width;
}

/* The colours that the clusters get in turn. They are dark enough for both lines and text on white. */
static const char *const colours[] = {"#1f6fb4", "#d9541e", "#2c8a3a", "#8a4fb5", "#b8860b", "#c2357f",
    "#11868c", "#7a5230", "#4a58c8", "#6b8e23", "#b03a3a", "#546270"};
enum { COLOURS = sizeof colours / sizeof *colours };

static void append_format(struct buf *out, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	buf_append_text(out, text);
}

/* Appends text inside a quoted label. There a quote would end the label, a backslash would begin an escape,
 * and an ampersand may begin a character reference. Control bytes become question marks. */
static void add_escaped(struct buf *out, const char *text, size_t len)
{
	for (const char *c = text; c < text + len; c++) {
		if (*c == '"' || *c == '\\')
			buf_append_byte(out, '\\');
		if (*c == '&')
			buf_append_text(out, "&amp;");
		else
			buf_append_byte(out, (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c);
	}
}

/* The start of the UTF-8 character that the byte text[len] belongs to. */
static size_t character_start(const char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void add_label(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	if (len <= LABEL_MAX) {
		add_escaped(out, text, len);
		return;
	}
	size_t end = character_start(text, len - LABEL_MAX / 2);
	add_escaped(out, text, character_start(text, LABEL_MAX / 2));
	buf_append_text(out, "\xe2\x80\xa6");
	add_escaped(out, text + end, len - end);
}

/* A small graph is easy to read from left to right. A graph of so many nodes or more is drawn as a map, with
 * the hosts beside each other. */
enum { MAP_MIN_NODES = 60 };

static void add_header(struct buf *out, const struct graph_layout *layout)
{
	bool is_map = layout->node_count >= MAP_MIN_NODES;
	append_format(out, "digraph areq {\n\tgraph [%s,\n",
	    is_map ? "layout=osage, pack=24, packmode=array_u, splines=line"
	           : "layout=dot, rankdir=LR, ranksep=1, nodesep=0.1");
	buf_append_text(out,
	    "\t\toutputorder=edgesfirst, fontname=\"Helvetica,Arial,sans-serif\", fontsize=14, "
	    "labelloc=t];\n"
	    "\tnode [shape=box, style=\"filled,rounded\", fillcolor=white, color=\"#b9c0ca\",\n"
	    "\t\tfontname=\"Helvetica,Arial,sans-serif\", fontsize=9, height=0.2,\n"
	    "\t\tmargin=\"0.08,0.03\"];\n"
	    "\tedge [arrowsize=0.6, fontname=\"Helvetica,Arial,sans-serif\", fontsize=8];\n");
}

static void add_title(struct buf *out, const struct graph_layout *layout)
{
	const struct graph *graph = layout->graph;
	append_format(out, "\tlabel=\"%" PRIu64 " page%s", (uint64_t)graph->page_count + graph->pages_dropped,
	    number_text_plural(graph->page_count + graph->pages_dropped));
	if (layout->links_drawn < layout->links)
		append_format(out, "; %" PRIu64 " of %" PRIu64 " links between hosts", layout->links_drawn,
		    layout->links);
	if (graph->pages_dropped || graph->links_dropped)
		append_format(out, "; no room for %" PRIu64 " page%s and %" PRIu64 " link%s",
		    graph->pages_dropped, number_text_plural(graph->pages_dropped), graph->links_dropped,
		    number_text_plural(graph->links_dropped));
	buf_append_text(out, "\";\n");
}

static void add_page(struct buf *out, const struct graph_layout *layout, uint32_t number)
{
	const struct graph_page *page = &layout->graph->pages[number];
	append_format(out, "\t\tn%" PRIu32 " [label=\"", number);
	add_label(out, page->path);
	buf_append_text(out, page->failed ? "\", color=\"#c62828\", fontcolor=\"#c62828\"];\n" : "\"];\n");
}

/* Adds the node that stands for all pages of a cluster's host that have no node of their own. */
static void add_rest(struct buf *out, const struct graph_layout *layout, uint32_t host)
{
	uint32_t number = (uint32_t)layout->graph->page_count + host, hidden = layout->hidden[host];
	if (hidden)
		append_format(out,
		    "\t\tn%" PRIu32 " [label=\"%" PRIu32 " more page%s\", style=\"filled,dashed\"];\n",
		    number, hidden, number_text_plural(hidden));
	else if (layout->is_used[number])
		append_format(
		    out, "\t\tn%" PRIu32 " [label=\"the rest\", style=\"filled,dashed\"];\n", number);
}

/* The sortv attribute of a cluster. In the map, the clusters with the most links are placed in the middle,
 * around the cluster of the other hosts, so that the lines are short. */
static int sort_value(size_t cluster)
{
	int distance = (int)cluster / 2 + 1;
	return GRAPH_LAYOUT_CLUSTERS_MAX + (cluster % 2 ? distance : -distance);
}

static void add_cluster(struct buf *out, const struct graph_layout *layout, size_t cluster)
{
	const struct graph *graph = layout->graph;
	const char *colour = colours[cluster % COLOURS];
	uint32_t number = layout->clusters[cluster];
	const struct graph_host *host = graph->hosts[number];
	append_format(out, "\tsubgraph cluster_%zu {\n\t\tlabel=\"", cluster);
	add_label(out, host->name);
	append_format(out, "\\n%" PRIu32 " page%s\"; fontsize=12; fontcolor=\"%s\"; color=\"%s\"; ",
	    host->pages, number_text_plural(host->pages), colour, colour);
	append_format(out, "style=\"filled,rounded\"; fillcolor=\"#f7f8fa\"; packmode=array; sortv=%d;\n",
	    sort_value(cluster));
	for (uint32_t page = 0; page < graph->page_count; page++) {
		if (graph->pages[page].host == number && layout->node_of[page] == page)
			add_page(out, layout, page);
	}
	add_rest(out, layout, number);
	buf_append_text(out, "\t}\n");
}

/* Adds the hosts that have no cluster: most of them only serve images and scripts. */
static void add_hosts(struct buf *out, const struct graph_layout *layout)
{
	static const char style[] = "fillcolor=\"#e6eaf0\", fontsize=11";
	const struct graph *graph = layout->graph;
	uint32_t first = (uint32_t)graph->page_count;
	append_format(out,
	    "\tsubgraph cluster_others {\n\t\tlabel=\"other hosts\"; fontsize=12; fontcolor=\"#546270\"; ");
	append_format(out, "style=\"dashed,rounded\"; color=\"#9aa3ad\"; packmode=array; sortv=%d;\n",
	    GRAPH_LAYOUT_CLUSTERS_MAX);
	for (uint32_t host = 1; host < graph->host_count; host++) {
		if (layout->is_cluster[host] || !layout->is_used[first + host])
			continue;
		append_format(out, "\t\tn%" PRIu32 " [label=\"", first + host);
		add_label(out, graph->hosts[host]->name);
		append_format(out, "\", %s];\n", style);
	}
	if (layout->is_used[first])
		append_format(out,
		    "\t\tn%" PRIu32 " [label=\"others: %" PRIu32 " host%s\", %s, style=\"filled,dashed\"];\n",
		    first, layout->hosts_hidden, number_text_plural(layout->hosts_hidden), style);
	buf_append_text(out, "\t}\n");
}

static const char *edge_colour(const struct graph_layout *layout, const struct graph_edge *edge)
{
	uint32_t host = graph_layout_host(layout, edge->from);
	for (size_t i = 0; i < layout->cluster_count; i++) {
		if (layout->clusters[i] == host)
			return colours[i % COLOURS];
	}
	return "#546270";
}

static void add_edges(struct buf *out, const struct graph_layout *layout)
{
	const struct graph_edge *end = layout->edges + layout->edge_count;
	for (const struct graph_edge *edge = layout->edges; edge < end; edge++) {
		const char *colour = edge_colour(layout, edge);
		append_format(out,
		    "\tn%" PRIu32 " -> n%" PRIu32 " [weight=%" PRIu64 ", penwidth=%.2f, color=\"%s%s\"",
		    edge->from, edge->to, edge->count, pen_width(edge->count), colour,
		    graph_layout_is_inner(layout, edge) ? "60" : "a0");
		if (edge->count > 1)
			append_format(out, ", label=\"%" PRIu64 "\", fontcolor=\"%s\"", edge->count, colour);
		buf_append_text(out, "];\n");
	}
}

static enum status dot_link(void *ctx, const struct outcome *page, const struct link *link)
{
	struct dot *self = ctx;
	graph_add_link(&self->graph, page->number, link->url);
	return STATUS_OK;
}

static enum status dot_page_end(void *ctx, const struct outcome *outcome, uint64_t *ticket)
{
	struct dot *self = ctx;
	(void)ticket;
	if (outcome->stage != STAGE_INPUT)
		graph_add_page(&self->graph, &(struct graph_source){.number = outcome->number,
		                                 .source_url = outcome->source_url,
		                                 .final_url = outcome->final_url,
		                                 .failed = outcome->kind == OUTCOME_FAILED,
		                                 .has_links = outcome->kind == OUTCOME_OK});
	return STATUS_OK;
}

static enum status dot_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	struct dot *self = ctx;
	return file_flush_or_wait(self->file, wait, backlog);
}

static enum status dot_end(void *ctx, const struct totals *totals)
{
	struct dot *self = ctx;
	struct graph_layout layout;
	struct buf out;
	(void)totals;
	buf_init(&out, SIZE_MAX / 2);
	graph_layout_init(&layout, &self->graph);
	add_header(&out, &layout);
	add_title(&out, &layout);
	for (size_t i = 0; i < layout.cluster_count; i++)
		add_cluster(&out, &layout, i);
	add_hosts(&out, &layout);
	add_edges(&out, &layout);
	buf_append_text(&out, "}\n");
	graph_layout_release(&layout);
	enum status status = file_write(self->file, out.data, out.len);
	buf_release(&out);
	return status;
}

static void dot_free(void *ctx)
{
	struct dot *self = ctx;
	graph_release(&self->graph);
	free(self);
}

struct observer dot_observer(struct file *file)
{
	struct dot *self = alloc_new(sizeof *self);
	self->file = file;
	graph_init(&self->graph);
	return (struct observer){.self = self,
	    .link = dot_link,
	    .page_end = dot_page_end,
	    .flush = dot_flush,
	    .end = dot_end,
	    .free = dot_free};
}
