#include "base/clock.h"
#include "output/graph.h"
#include "output/graph_layout.h"
#include "output/timestamp.h"
#include "output/timing.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Listed at 150 of a run that began at 100, first tried at 160, last at 200. */
Test(timing, gives_what_no_phase_has_measured_to_where_it_ended)
{
	static const struct {
		const char *name;
		enum outcome_stage stage;
		struct phases phases;
		struct timing wanted;
	} cases[] = {
	    {.name = "a page",
	        .stage = STAGE_RECEIVE,
	        .phases = {10, 1, 2, 4, 8, 31},
	        .wanted = {50, 10, 40, 1, 2, 4, 8, 16}},
	    {.name = "an old connection",
	        .stage = STAGE_RECEIVE,
	        .phases = {10, -1, -1, -1, 8, 9},
	        .wanted = {50, 10, 40, -1, -1, -1, 8, 1}},
	    {.name = "no name",
	        .stage = STAGE_RESOLVE,
	        .phases = {10, -1, -1, -1, -1, 5},
	        .wanted = {50, 10, 40, 5, -1, -1, -1, -1}},
	    {.name = "no name, measured",
	        .stage = STAGE_RESOLVE,
	        .phases = {10, 5, -1, -1, -1, 5},
	        .wanted = {50, 10, 40, 5, -1, -1, -1, -1}},
	    {.name = "no connection",
	        .stage = STAGE_CONNECT,
	        .phases = {10, 1, -1, -1, -1, 5},
	        .wanted = {50, 10, 40, 1, 4, -1, -1, -1}},
	    {.name = "no handshake",
	        .stage = STAGE_TLS,
	        .phases = {10, 1, 2, -1, -1, 9},
	        .wanted = {50, 10, 40, 1, 2, 6, -1, -1}},
	    {.name = "no answer",
	        .stage = STAGE_WAIT,
	        .phases = {10, 1, 2, -1, -1, 9},
	        .wanted = {50, 10, 40, 1, 2, -1, 6, -1}},
	    {.name = "half an answer",
	        .stage = STAGE_RECEIVE,
	        .phases = {10, 1, 2, -1, 3, 9},
	        .wanted = {50, 10, 40, 1, 2, -1, 3, 3}},
	    {.name = "interrupted at once",
	        .stage = STAGE_LOCAL,
	        .phases = {10, -1, -1, -1, -1, -1},
	        .wanted = {50, 10, 40, -1, -1, -1, 0, -1}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct timing *wanted = &cases[i].wanted;
		const struct timing got = timing_of(&(struct outcome){.stage = cases[i].stage,
		                                        .phases = cases[i].phases,
		                                        .listed_us = 150000,
		                                        .began_us = 200000},
		    100000);
		cr_expect_eq(got.listed, wanted->listed, "%s", cases[i].name);
		cr_expect_eq(got.queued, wanted->queued, "%s", cases[i].name);
		cr_expect_eq(got.earlier, wanted->earlier, "%s", cases[i].name);
		cr_expect_eq(got.dns, wanted->dns, "%s", cases[i].name);
		cr_expect_eq(got.connect, wanted->connect, "%s", cases[i].name);
		cr_expect_eq(got.tls, wanted->tls, "%s", cases[i].name);
		cr_expect_eq(got.wait, wanted->wait, "%s", cases[i].name);
		cr_expect_eq(got.receive, wanted->receive, "%s", cases[i].name);
	}
}

Test(timing, of_what_was_never_tried_is_all_waiting)
{
	int64_t now = clock_now_us();
	const struct timing got = timing_of(&(struct outcome){.kind = OUTCOME_INTERRUPTED,
	                                        .stage = STAGE_LOCAL,
	                                        .phases = {-1, -1, -1, -1, -1, -1},
	                                        .listed_us = now - 500000},
	    now - 600000);
	cr_expect_eq(got.listed, 100);
	cr_expect(got.queued >= 500 && got.queued < 10000, "%f", got.queued);
	cr_expect_lt(got.wait, 0);
	cr_expect_lt(got.receive, 0);
}

/* RFC 3339, section 5.8, and a leap day. */
Test(moment, is_iso_8601_in_utc)
{
	char text[TIMESTAMP_SIZE];
	timestamp_text(482196050520, text);
	cr_expect_str_eq(text, "1985-04-12T23:20:50.520Z");
	timestamp_text(1709164799007, text);
	cr_expect_str_eq(text, "2024-02-28T23:59:59.007Z");
	cr_expect_gt(timestamp_now(), 1700000000000);
}

/* Adds a link of the page that add_page adds next. */
static void add_link(struct graph *graph, const char *url)
{
	graph_add_link(graph, graph->page_count + graph->pages_dropped + 1, slice_of(url));
}

static void add_page(struct graph *graph, const char *source_url, const char *final_url, bool failed)
{
	graph_add_page(graph, &(struct graph_source){.number = graph->page_count + graph->pages_dropped + 1,
	                          .source_url = source_url,
	                          .final_url = final_url,
	                          .failed = failed,
	                          .has_links = !failed});
}

static uint64_t count_of(
    const struct graph *graph, const struct graph_edge *edges, size_t count, uint32_t from, const char *to)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i++) {
		bool is_page = edges[i].to < graph->page_count;
		const char *name = is_page ? graph->pages[edges[i].to].path
		                           : graph->hosts[edges[i].to - graph->page_count]->name;
		sum += edges[i].from == from && strcmp(name, to) == 0 ? edges[i].count : 0;
	}
	return sum;
}

Test(graph, knows_the_listed_pages_among_the_targets)
{
	struct graph graph;
	size_t count;
	graph_init(&graph);
	add_link(&graph, "http://b.example/listed#one");
	add_link(&graph, "http://b.example/listed#two");
	add_link(&graph, "http://b.example/moved");
	add_link(&graph, "http://b.example/other?1");
	add_link(&graph, "http://b.example/other?2");
	add_link(&graph, "http://a.example/#self");
	add_link(&graph, "http://a.example/own");
	add_link(&graph, "http://a.example:8080/");
	add_link(&graph, "https://user:pass@c.example?q=/");
	add_link(&graph, "mailto:x@d.example");
	add_page(&graph, "http://a.example/", "http://a.example/", false);
	add_page(&graph, "http://b.example/listed", "http://b.example/listed", true);
	add_page(&graph, "http://b.example/moved", "http://b.example/new", false);
	struct graph_edge *edges = graph_edges(&graph, &count);
	cr_expect_eq(count, 5);
	cr_expect_eq(count_of(&graph, edges, count, 0, "/listed"), 2, "whatever the fragment is");
	cr_expect_eq(count_of(&graph, edges, count, 0, "/new"), 1, "by the address that was listed");
	cr_expect_eq(count_of(&graph, edges, count, 0, "b.example"), 2);
	cr_expect_eq(count_of(&graph, edges, count, 0, "a.example:8080"), 1, "another port is another host");
	cr_expect_eq(count_of(&graph, edges, count, 0, "c.example"), 1);
	cr_expect(graph.pages[1].failed);
	free(edges);
	graph_release(&graph);
}

/* While the links of a page come in, other pages may fail, and a page may fail after it had links. */
Test(graph, gives_links_to_their_own_page)
{
	struct graph graph;
	size_t count;
	graph_init(&graph);
	graph_add_link(&graph, 7, slice_of("http://b.example/1"));
	graph_add_page(
	    &graph, &(struct graph_source){3, "http://down.example/", "http://down.example/", true, false});
	graph_add_link(&graph, 7, slice_of("http://b.example/2"));
	graph_add_page(
	    &graph, &(struct graph_source){7, "http://a.example/", "http://a.example/", false, true});
	graph_add_link(&graph, 8, slice_of("http://c.example/"));
	graph_add_page(
	    &graph, &(struct graph_source){8, "http://a.example/x", "http://a.example/x", false, false});
	graph_add_link(&graph, 9, slice_of("http://d.example/"));
	graph_add_page(&graph, &(struct graph_source){9, "mailto:x", "mailto:x", true, false});
	struct graph_edge *edges = graph_edges(&graph, &count);
	cr_expect_eq(count, 1);
	cr_expect_eq(count_of(&graph, edges, count, 1, "b.example"), 2);
	free(edges);
	graph_release(&graph);
}

Test(graph, gives_links_to_the_first_of_two_pages_with_one_url)
{
	struct graph graph;
	size_t count;
	graph_init(&graph);
	graph_add_page(
	    &graph, &(struct graph_source){9, "http://a.example/2", "http://a.example/", false, true});
	graph_add_page(
	    &graph, &(struct graph_source){8, "http://a.example/1", "http://a.example/", false, true});
	graph_add_link(&graph, 3, slice_of("http://a.example/"));
	graph_add_page(
	    &graph, &(struct graph_source){3, "http://b.example/", "http://b.example/", false, true});
	struct graph_edge *edges = graph_edges(&graph, &count);
	cr_expect_eq(count, 1);
	cr_expect_eq(graph.pages[0].number, 3, "pages are in the order of the list");
	cr_expect(edges[0].from == 0 && edges[0].to == 1, "%u", edges[0].to);
	cr_expect_str_eq(graph.hosts[1]->name, "a.example");
	free(edges);
	graph_release(&graph);
}

Test(graph, has_its_bounds)
{
	struct graph graph;
	char url[64];
	size_t count;
	graph_init(&graph);
	for (int i = 0; i < GRAPH_PAGES_MAX + 3; i++) {
		snprintf(url, sizeof url, "http://h%d.example/", i);
		for (int link = 0; link < 17; link++)
			add_link(&graph, url);
		add_page(&graph, "http://a.example/", url, false);
	}
	cr_expect_eq(graph.page_count, GRAPH_PAGES_MAX);
	cr_expect_eq(graph.pages_dropped, 3);
	cr_expect_eq(graph.host_count, GRAPH_HOSTS_MAX);
	cr_expect_eq(graph.link_count, GRAPH_LINKS_MAX);
	cr_expect_eq(graph.links_dropped, 17 * (GRAPH_PAGES_MAX + 3) - GRAPH_LINKS_MAX);
	free(graph_edges(&graph, &count));
	graph_release(&graph);
}

/* A site of `hosts` hosts with `pages` pages each. Every page has so many links to other pages, to pages of
 * its own host, and to hosts of which no page is listed. */
struct plan {
	int hosts, pages, links, inside, others;
};

static void fill(struct graph *graph, const struct plan *plan, bool is_backwards)
{
	char url[64];
	int count = plan->hosts * plan->pages;
	graph_init(graph);
	for (int n = 0; n < count; n++) {
		int i = is_backwards ? count - 1 - n : n, host = i % plan->hosts, page = i / plan->hosts;
		uint64_t number = (uint64_t)i + 1;
		for (int link = 1; link <= plan->links; link++) {
			snprintf(url, sizeof url, "http://h%d/%d", (i + link) % plan->hosts,
			    (i + link) / plan->hosts % plan->pages);
			graph_add_link(graph, number, slice_of(url));
		}
		for (int link = 1; link <= plan->inside; link++) {
			snprintf(url, sizeof url, "http://h%d/%d", host, page * (link + 1) % plan->pages);
			graph_add_link(graph, number, slice_of(url));
		}
		for (int link = 1; link <= plan->others; link++) {
			snprintf(url, sizeof url, "http://other%d/%d", (i + link) % 100, i);
			graph_add_link(graph, number, slice_of(url));
		}
		snprintf(url, sizeof url, "http://h%d/%d", host, page);
		graph_add_page(
		    graph, &(struct graph_source){
		               .number = number, .source_url = url, .final_url = url, .has_links = true});
	}
}

static const struct plan plans[] = {
    {1, 1, 0, 0, 0},
    {1, 1, 0, 0, 100},
    {3, 4, 1, 0, 1},
    {1, 41, 0, 0, 0},
    {1, 70, 0, 3, 2},
    {1, 500, 20, 5, 20},
    {25, 20, 30, 0, 30},
    {100, 5, 9, 2, 9},
    {500, 1, 3, 0, 3},
    {500, 1, 0, 0, 0},
    {20, 250, 8, 3, 3},
    {1, 5000, 0, 4, 0},
};
enum { PLANS = sizeof plans / sizeof *plans };

static void check_edges(const struct graph_layout *layout, const struct plan *plan)
{
	uint64_t between = 0, inside = 0, all_inside = 0;
	for (size_t i = 0; i < layout->edge_count; i++) {
		const struct graph_edge *edge = &layout->edges[i];
		cr_expect_neq(edge->from, edge->to);
		cr_expect(layout->is_drawn[edge->from] && layout->is_drawn[edge->to]);
		cr_expect(i == 0 || edge->count <= edge[-1].count);
		*(graph_layout_is_inner(layout, edge) ? &inside : &between) += edge->count;
	}
	for (size_t i = 0; i < layout->graph->host_count; i++) {
		all_inside += layout->hosts[i].inside;
		inside -= layout->hosts[i].inside_drawn;
	}
	cr_expect_eq(inside, 0);
	cr_expect_eq(layout->links_drawn, between);
	cr_expect_leq(layout->links_drawn, layout->links);
	cr_expect(between || layout->links == 0, "hosts %d, pages %d: no arrow between hosts", plan->hosts,
	    plan->pages);
	bool has_inner = false;
	for (size_t i = 0; i < layout->edge_count; i++)
		has_inner |= graph_layout_is_inner(layout, &layout->edges[i]);
	cr_expect(has_inner || all_inside == 0, "hosts %d, pages %d: no arrow inside a host", plan->hosts,
	    plan->pages);
}

static bool has_edge(const struct graph_layout *layout, uint32_t number)
{
	for (size_t i = 0; i < layout->edge_count; i++) {
		if (layout->edges[i].from == number || layout->edges[i].to == number)
			return true;
	}
	return false;
}

/* In a summary, a page or an unlisted host that no arrow leads to or from says nothing. */
static void check_nodes(const struct graph_layout *layout, const struct plan *plan)
{
	const struct graph *graph = layout->graph;
	uint32_t pages = 0, others = 0, listed = 0;
	for (uint32_t i = 0; i < graph->page_count; i++) {
		pages += layout->is_drawn[i];
		cr_expect(!layout->is_drawn[i] || !layout->is_summary || has_edge(layout, i));
	}
	for (uint32_t i = 0; i < graph->host_count; i++) {
		uint32_t number = (uint32_t)graph->page_count + i;
		if (!layout->is_drawn[number])
			continue;
		*(graph->hosts[i]->pages ? &listed : &others) += 1;
		cr_expect(graph->hosts[i]->pages || has_edge(layout, number));
		pages -= layout->hosts[i].pages_drawn;
	}
	cr_expect_eq(layout->listed, (uint32_t)plan->hosts);
	cr_expect_eq(layout->others_drawn, others);
	if (!layout->is_summary) {
		cr_expect_eq(pages, graph->page_count, "every page is drawn");
		cr_expect_eq(layout->cluster_count, (size_t)plan->hosts);
		cr_expect_eq(layout->others_drawn, layout->others);
		cr_expect_eq(layout->links_drawn, layout->links);
		return;
	}
	cr_expect_eq(pages, 0, "a page is drawn with its host");
	cr_expect_eq(listed, layout->cluster_count);
	cr_expect_leq(listed, GRAPH_LAYOUT_LISTED_MAX);
	cr_expect_leq(others, GRAPH_LAYOUT_OTHERS_MAX);
	cr_expect_leq(
	    layout->edge_count, 2 * (listed + others) + GRAPH_LAYOUT_PAGES_MAX + GRAPH_LAYOUT_PAGES_MAX / 2);
}

Test(layout, draws_what_a_person_can_read)
{
	for (size_t i = 0; i < PLANS; i++) {
		struct graph graph;
		struct graph_layout layout;
		fill(&graph, &plans[i], false);
		graph_layout_init(&layout, &graph);
		cr_expect_eq(layout.is_summary, i != 0 && i != 2, "case %zu", i);
		check_edges(&layout, &plans[i]);
		check_nodes(&layout, &plans[i]);
		graph_layout_release(&layout);
		graph_release(&graph);
	}
}

/* Pages end in any order, and fingerprints depend on a random seed. */
Test(layout, does_not_depend_on_which_page_came_first)
{
	for (size_t i = 0; i < PLANS; i++) {
		struct graph graph, other;
		struct graph_layout layout, backwards;
		fill(&graph, &plans[i], false);
		fill(&other, &plans[i], true);
		graph_layout_init(&layout, &graph);
		graph_layout_init(&backwards, &other);
		size_t numbers = graph.page_count + graph.host_count;
		cr_assert_eq(other.page_count + other.host_count, numbers);
		cr_expect_arr_eq(layout.is_drawn, backwards.is_drawn, numbers, "case %zu", i);
		cr_assert_eq(layout.edge_count, backwards.edge_count, "case %zu", i);
		for (size_t edge = 0; edge < layout.edge_count; edge++) {
			const struct graph_edge *a = &layout.edges[edge], *b = &backwards.edges[edge];
			cr_expect(
			    a->from == b->from && a->to == b->to && a->count == b->count, "case %zu", i);
		}
		for (size_t page = 0; page < graph.page_count; page++)
			cr_expect_str_eq(graph.pages[page].path, other.pages[page].path);
		graph_layout_release(&layout);
		graph_layout_release(&backwards);
		graph_release(&graph);
		graph_release(&other);
	}
}

Test(layout, draws_each_link_where_there_are_few)
{
	struct graph graph;
	struct graph_layout layout;
	fill(&graph, &(struct plan){3, 4, 1, 0, 1}, false);
	graph_layout_init(&layout, &graph);
	cr_expect_eq(layout.links, 24);
	cr_expect_eq(layout.edge_count, 24, "12 pages, each with a link to a page and one to a host");
	graph_layout_release(&layout);
	graph_release(&graph);
}

/* 100 pages link to 0 and to the next page, and 50 of another host link to page 7 of the first. */
Test(layout, has_the_pages_with_the_most_links_of_a_host)
{
	struct graph graph;
	struct graph_layout layout;
	char url[64];
	graph_init(&graph);
	for (int i = 0; i < 150; i++) {
		uint64_t number = (uint64_t)i + 1;
		snprintf(url, sizeof url, "http://a/%d", i);
		graph_add_link(&graph, number, slice_of(i < 100 ? "http://a/0" : "http://a/7"));
		snprintf(url, sizeof url, "http://%s/%d", i < 100 ? "a" : "b", i + 1);
		graph_add_link(&graph, number, slice_of(url));
		snprintf(url, sizeof url, "http://%s/%d", i < 100 ? "a" : "b", i);
		graph_add_page(&graph, &(struct graph_source){number, url, url, i % 50 == 49, true});
	}
	graph_layout_init(&layout, &graph);
	cr_expect(layout.is_drawn[0], "the page with the most links");
	cr_expect_eq(layout.hosts[1].inside, 99 + 99);
	cr_expect_eq(layout.hosts[1].failed, 2);
	cr_expect_eq(layout.hosts[2].inside, 49);
	cr_expect_eq(layout.clusters[0], 1);
	cr_expect_gt(layout.hosts[1].pages_drawn, layout.hosts[2].pages_drawn);
	cr_expect_eq(layout.links, 50, "those of all pages are one arrow from host to host");
	cr_expect_eq(count_of(&graph, layout.edges, layout.edge_count, 150 + 2, "a"), 50);
	graph_layout_release(&layout);
	graph_release(&graph);
}
