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

static void add_header(struct buf *out)
{
	buf_append_text(out,
	    "digraph areq {\n\tgraph [layout=dot, rankdir=LR, ranksep=1, nodesep=0.1, "
	    "outputorder=edgesfirst,\n"
	    "\t\tfontname=\"Helvetica,Arial,sans-serif\", fontsize=14, labelloc=t];\n"
	    "\tnode [shape=box, style=\"filled,rounded\", fillcolor=white, color=\"#b9c0ca\",\n"
	    "\t\tfontname=\"Helvetica,Arial,sans-serif\", fontsize=9, height=0.2,\n"
	    "\t\tmargin=\"0.08,0.03\"];\n"
	    "\tedge [arrowsize=0.6, fontname=\"Helvetica,Arial,sans-serif\", fontsize=8];\n");
}

/* Adds "12 pages", or "3 of 12 pages" if not all are drawn. */
static void add_share(struct buf *out, uint64_t drawn, uint64_t count, const char *noun)
{
	if (drawn < count)
		append_format(out, "%" PRIu64 " of ", drawn);
	append_format(out, "%" PRIu64 " %s%s", count, noun, number_text_plural(count));
}

/* Adds how much of everything a summary draws. What there is nothing of is left out, and so is the number of
 * pages if none is drawn. */
static void add_shares(struct buf *out, const struct graph_layout *layout)
{
	uint64_t pages = 0, inside = 0, inside_drawn = 0;
	for (size_t i = 0; i < layout->graph->host_count; i++) {
		pages += layout->hosts[i].pages_drawn;
		inside += layout->hosts[i].inside;
		inside_drawn += layout->hosts[i].inside_drawn;
	}
	const struct {
		const char *before;
		uint64_t drawn, count;
		const char *noun, *after;
	} shares[] = {
	    {"\\ndrawn: ", layout->cluster_count, layout->listed, "host", ""},
	    {", ", pages, pages ? layout->graph->page_count : 0, "page", ""},
	    {", ", layout->others_drawn, layout->others, "other host", ""},
	    {"\\n", layout->links_drawn, layout->links, "link", " between hosts"},
	    {layout->links ? ", " : "\\n", inside_drawn, inside, "link", " inside hosts"},
	};
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
		if (shares[i].count == 0)
			continue;
		buf_append_text(out, shares[i].before);
		add_share(out, shares[i].drawn, shares[i].count, shares[i].noun);
		buf_append_text(out, shares[i].after);
	}
}

static void add_title(struct buf *out, const struct graph_layout *layout)
{
	const struct graph *graph = layout->graph;
	buf_append_text(out, "\tlabel=\"");
	add_share(out, UINT64_MAX, (uint64_t)graph->page_count + graph->pages_dropped, "page");
	if (graph->pages_dropped || graph->links_dropped)
		append_format(out, "; no room for %" PRIu64 " page%s and %" PRIu64 " link%s",
		    graph->pages_dropped, number_text_plural(graph->pages_dropped), graph->links_dropped,
		    number_text_plural(graph->links_dropped));
	if (layout->is_summary)
		add_shares(out, layout);
	buf_append_text(out, "\";\n");
}

static void add_page(struct buf *out, const struct graph_layout *layout, uint32_t number)
{
	const struct graph_page *page = &layout->graph->pages[number];
	append_format(out, "\t\tn%" PRIu32 " [label=\"", number);
	add_label(out, page->path);
	buf_append_text(out, page->failed ? "\", color=\"#c62828\", fontcolor=\"#c62828\"];\n" : "\"];\n");
}

/* Adds the name of a host with listed pages, and in words what is not drawn of it. */
static void add_host_label(struct buf *out, const struct graph_layout *layout, uint32_t number)
{
	const struct graph_layout_host *host = &layout->hosts[number];
	uint32_t pages = layout->graph->hosts[number]->pages;
	buf_append_text(out, "label=\"");
	add_label(out, layout->graph->hosts[number]->name);
	buf_append_text(out, "\\n");
	add_share(out, host->pages_drawn ? host->pages_drawn : pages, pages, "page");
	if (layout->is_summary && host->failed)
		append_format(out, ", %" PRIu32 " failed", host->failed);
	if (layout->is_summary && host->inside) {
		buf_append_text(out, "\\n");
		add_share(out, host->inside_drawn ? host->inside_drawn : host->inside, host->inside, "link");
		buf_append_text(out, " inside");
	}
	buf_append_byte(out, '"');
}

/* Adds a host with its listed pages. In a summary the host is a node, too, which the edges between hosts end
 * at, and it stands alone if none of its pages is drawn. */
static void add_cluster(struct buf *out, const struct graph_layout *layout, size_t cluster)
{
	const struct graph *graph = layout->graph;
	const char *colour = colours[cluster % COLOURS];
	uint32_t number = layout->clusters[cluster];
	if (layout->hosts[number].pages_drawn)
		append_format(out,
		    "\tsubgraph cluster_%zu {\n\t\tcolor=\"%s\"; style=\"filled,rounded\"; "
		    "fillcolor=\"#f7f8fa\";\n",
		    cluster, colour);
	if (layout->is_summary) {
		append_format(out, "\t\tn%zu [", graph->page_count + number);
		add_host_label(out, layout, number);
		append_format(out,
		    ", fontsize=11, margin=\"0.12,0.06\", penwidth=2, color=\"%s\", fontcolor=\"%s\"];\n",
		    colour, colour);
	} else {
		append_format(out, "\t\tfontsize=12; fontcolor=\"%s\"; ", colour);
		add_host_label(out, layout, number);
		buf_append_text(out, ";\n");
	}
	for (uint32_t page = 0; page < graph->page_count; page++) {
		if (graph->pages[page].host == number && layout->is_drawn[page])
			add_page(out, layout, page);
	}
	if (layout->hosts[number].pages_drawn)
		buf_append_text(out, "\t}\n");
}

/* Adds the hosts that have no listed pages: most of them only serve images and scripts. */
static void add_other_hosts(struct buf *out, const struct graph_layout *layout)
{
	const struct graph *graph = layout->graph;
	if (!layout->others_drawn)
		return;
	buf_append_text(out,
	    "\tsubgraph cluster_others {\n\t\tlabel=\"other hosts\"; fontsize=12; fontcolor=\"#546270\"; "
	    "style=\"dashed,rounded\"; color=\"#9aa3ad\";\n");
	for (uint32_t host = 1; host < graph->host_count; host++) {
		if (graph->hosts[host]->pages || !layout->is_drawn[graph->page_count + host])
			continue;
		append_format(out, "\t\tn%zu [label=\"", graph->page_count + host);
		add_label(out, graph->hosts[host]->name);
		buf_append_text(out, "\", fillcolor=\"#e6eaf0\", fontsize=11];\n");
	}
	buf_append_text(out, "\t}\n");
}

static const char *edge_colour(const struct graph_layout *layout, const struct graph_edge *edge)
{
	uint32_t host = graph_layout_host(layout, edge->from);
	size_t i = 0;
	while (layout->clusters[i] != host)
		i++;
	return colours[i % COLOURS];
}

static void add_edges(struct buf *out, const struct graph_layout *layout)
{
	const struct graph_edge *end = layout->edges + layout->edge_count;
	for (const struct graph_edge *edge = layout->edges; edge < end; edge++) {
		const char *colour = edge_colour(layout, edge);
		append_format(out, "\tn%" PRIu32 " -> n%" PRIu32 " [penwidth=%.2f, color=\"%s%s\"",
		    edge->from, edge->to, pen_width(edge->count), colour,
		    graph_layout_is_inner(layout, edge) ? "90" : "a0");
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
	add_header(&out);
	for (size_t i = 0; i < layout.cluster_count; i++)
		add_cluster(&out, &layout, i);
	add_other_hosts(&out, &layout);
	add_edges(&out, &layout);
	/* A cluster would take over a label that was set before it. */
	add_title(&out, &layout);
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
