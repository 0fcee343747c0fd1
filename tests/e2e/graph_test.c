/* The generated sites of the crawl's tests: what the server gives of them, and the truth about them, held
 * against what areq says of the same pages as a plain list. */
#include "support/crawl.h"
#include "support/graph.h"
#include "support/graph_answer.h"
#include "support/rows.h"
#include "support/truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that a crawl could see of the graph, as text. */
static char *describe(const struct graph_spec *spec)
{
	struct graph graph;
	struct buf text;
	cr_assert(graph_init(&graph, spec));
	buf_init(&text, SIZE_MAX / 4);
	for (size_t i = 0; i < graph.page_count; i++) {
		struct graph_answer answer;
		graph_answer_init(&answer, &graph, graph.pages[i].url);
		buf_append_text(&text, graph.pages[i].url);
		buf_append_number(&text, answer.status);
		buf_append_text(&text, answer.type);
		buf_append_text(&text, answer.manner);
		buf_append(&text, answer.location.data, answer.location.len);
		buf_append(&text, answer.body.data, answer.body.len);
		graph_answer_release(&answer);
	}
	graph_release(&graph);
	return text.data;
}

Test(graph, follows_from_its_seed_alone)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	char *one = describe(&spec), *same = describe(&spec);
	spec.seed = 2;
	char *other = describe(&spec);
	cr_expect_str_eq(one, same);
	cr_expect_str_neq(one, other);
	free(one);
	free(same);
	free(other);
}

Test(graph, spec_is_read_as_it_is_written)
{
	struct graph_spec spec, again;
	struct buf query, query_again;
	graph_spec_init(&spec);
	graph_spec_init(&again);
	buf_init(&query, 4096);
	buf_init(&query_again, 4096);
	cr_expect(graph_spec_set(&spec, slice_of("pages"), 77));
	cr_expect_eq(spec.pages, 77);
	cr_expect(!graph_spec_set(&spec, slice_of("page"), 77));
	cr_expect(!graph_spec_set(&spec, slice_of("seed"), UINT64_MAX));
	spec.seed = 5;
	graph_spec_query(&spec, &query);
	for (char *pair = strtok(query.data, "&"); pair; pair = strtok(NULL, "&")) {
		char *value = strchr(pair, '=');
		struct slice name = {pair, (size_t)(value - pair)};
		cr_expect(graph_spec_set(&again, name, strtoull(value + 1, NULL, 10)), "%s", pair);
	}
	cr_expect(memcmp(&spec, &again, sizeof spec) == 0);
	buf_release(&query);
	buf_release(&query_again);
}

/* In 20 graphs there is everything that a crawl may meet. */
Test(graph, has_all_kinds_of_pages_links_and_hosts)
{
	size_t kinds[GRAPH_TEXT + 1] = {0}, links[GRAPH_LINK_IMAGE + 1] = {0},
	                          robots[GRAPH_ROBOTS_KINDS] = {0};
	size_t nofollow[GRAPH_HEADER + 1] = {0}, secret = 0, open = 0, elsewhere = 0, chains = 0, loops = 0;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct graph_spec spec;
		struct graph graph;
		graph_spec_init(&spec);
		spec.seed = seed;
		cr_assert(graph_init(&graph, &spec));
		for (unsigned i = 0; i < spec.hosts; i++)
			robots[graph.robots[i]]++;
		for (size_t i = 0; i < graph.page_count; i++) {
			const struct graph_page *page = &graph.pages[i];
			const struct graph_page *target = &graph.pages[page->target];
			bool redirects = page->kind == GRAPH_REDIRECT;
			cr_expect_eq(graph_find(&graph, page->url), i);
			kinds[page->kind]++;
			nofollow[page->nofollow]++;
			secret += page->is_secret;
			open += page->is_open;
			elsewhere += redirects && target->host != page->host;
			chains += redirects && target->kind == GRAPH_REDIRECT && target != page;
			loops += redirects && target == page;
			for (size_t j = 0; j < page->link_count; j++)
				links[page->links[j].kind]++;
		}
		graph_release(&graph);
	}
	for (size_t i = 0; i <= GRAPH_TEXT; i++)
		cr_expect_gt(kinds[i], 0, "kind %zu", i);
	for (size_t i = 0; i <= GRAPH_LINK_IMAGE; i++)
		cr_expect_gt(links[i], 0, "link %zu", i);
	for (size_t i = 0; i < GRAPH_ROBOTS_KINDS; i++)
		cr_expect_gt(robots[i], 0, "robots %zu", i);
	for (size_t i = 0; i <= GRAPH_HEADER; i++)
		cr_expect_gt(nofollow[i], 0, "nofollow %zu", i);
	cr_expect(secret > 0 && open > 0 && elsewhere > 0 && chains > 0 && loops > 0);
}

/* All pages but those from which redirects go round and round. */
static size_t list_pages(const struct graph *graph, size_t *listed)
{
	size_t count = 0;
	for (size_t i = 0; i < graph->page_count; i++) {
		size_t at = i;
		for (int hops = 0; graph->pages[at].kind == GRAPH_REDIRECT && hops < 20; hops++)
			at = graph->pages[at].target;
		if (graph->pages[at].kind != GRAPH_REDIRECT)
			listed[count++] = i;
	}
	return count;
}

/* A list of all pages: each spelling of a link is the URL that it should be, each manner gives the page, and
 * each kind has its outcome. */
Test(graph, has_the_rows_and_outcomes_of_its_truth)
{
	struct crawl crawl;
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.flaky = 10;
	spec.names = 0;
	crawl_start(&crawl, &spec);
	for (unsigned seed = 1; seed <= 6; seed++) {
		spec.seed = seed;
		spec.traps = seed % 2;
		crawl_serve(&crawl, &spec);
		size_t *listed = calloc(crawl.graph.page_count, sizeof *listed);
		size_t count = list_pages(&crawl.graph, listed);
		crawl_run(&crawl,
		    (&(struct truth_options){
		        .ignores_robots = true, .retries = 1, .listed = listed, .listed_count = count}),
		    "-j", "64");
		crawl_expect(&crawl);
		free(listed);
	}
	crawl_stop(&crawl);
}

Test(graph, server_refuses_a_wrong_spec)
{
	struct site site;
	site_start(&site);
	static const char wrong[] = "GET /_/graph?page=3 HTTP/1.1\r\nConnection: close\r\n\r\n";
	char *answer = site_exchange(&site, wrong, sizeof wrong - 1, 5, NULL);
	cr_expect(strncmp(answer, "HTTP/1.1 400", 12) == 0 && strstr(answer, "page=3"), "%s", answer);
	free(answer);
	site_stop(&site);
}
