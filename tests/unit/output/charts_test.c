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

/* Every page of so many hosts links to a page and to another host, so often. */
static void fill(struct graph *graph, int hosts, int pages, int links)
{
	char url[64];
	graph_init(graph);
	for (int i = 0; i < hosts * pages; i++) {
		for (int link = 1; link <= links; link++) {
			snprintf(
			    url, sizeof url, "http://h%d/%d", (i + link) % hosts, (i + link) / hosts % pages);
			add_link(graph, url);
			snprintf(url, sizeof url, "http://other%d/%d", (i + link) % 100, i);
			add_link(graph, url);
		}
		snprintf(url, sizeof url, "http://h%d/%d", i % hosts, i / hosts);
		add_page(graph, url, url, false);
	}
}

Test(picture, is_bounded_and_leaves_no_page_out_of_the_sums)
{
	static const int sizes[][3] = {
	    {1, 1, 0}, {3, 4, 1}, {1, 500, 20}, {25, 20, 30}, {100, 5, 9}, {500, 1, 3}};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct graph graph;
		struct graph_layout picture;
		size_t pages = 0, hidden = 0;
		fill(&graph, sizes[i][0], sizes[i][1], sizes[i][2]);
		graph_layout_init(&picture, &graph);
		for (uint32_t page = 0; page < graph.page_count; page++)
			pages += picture.node_of[page] == page;
		for (uint32_t host = 0; host < graph.host_count; host++)
			hidden += picture.hidden[host];
		cr_expect_eq(pages + hidden, graph.page_count, "case %zu", i);
		cr_expect_leq(pages, GRAPH_LAYOUT_PAGES_MAX, "case %zu", i);
		cr_expect_leq(picture.cluster_count, GRAPH_LAYOUT_CLUSTERS_MAX, "case %zu", i);
		cr_expect_leq(picture.edge_count, GRAPH_LAYOUT_EDGES_MAX, "case %zu", i);
		cr_expect_leq(picture.links_drawn, picture.links, "case %zu", i);
		for (size_t edge = 0; edge < picture.edge_count; edge++) {
			const struct graph_edge *one = &picture.edges[edge];
			cr_expect_neq(one->from, one->to, "case %zu", i);
			cr_expect(picture.is_used[one->from] && picture.is_used[one->to], "case %zu", i);
			cr_expect(edge == 0 || one->count <= picture.edges[edge - 1].count, "case %zu", i);
		}
		graph_layout_release(&picture);
		graph_release(&graph);
	}
}

Test(picture, draws_each_link_where_there_are_few)
{
	struct graph graph;
	struct graph_layout picture;
	fill(&graph, 3, 4, 1);
	graph_layout_init(&picture, &graph);
	cr_expect_eq(picture.links_drawn, picture.links);
	cr_expect_eq(picture.links, 24);
	cr_expect_eq(picture.edge_count, 24, "12 pages, each with a link to a page and one to a host");
	graph_layout_release(&picture);
	graph_release(&graph);
}

Test(picture, sums_up_what_it_cannot_draw_one_by_one)
{
	struct graph graph;
	struct graph_layout picture;
	uint64_t drawn = 0;
	fill(&graph, 10, 50, 4);
	graph_layout_init(&picture, &graph);
	for (size_t i = 0; i < picture.edge_count; i++)
		drawn += graph_layout_is_inner(&picture, &picture.edges[i]) ? 0 : picture.edges[i].count;
	cr_expect_eq(picture.links, 4000, "none of these is within a host");
	cr_expect_eq(picture.links_drawn, drawn);
	cr_expect_gt(drawn, 3000, "%ju", (uintmax_t)drawn);
	graph_layout_release(&picture);
	graph_release(&graph);
}
