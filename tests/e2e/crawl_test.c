/* Crawls of generated sites: what the server was asked for, the rows and the report are the graph's truth.
 * AREQ_CRAWL_SEED is the first seed, 1 by default; AREQ_CRAWL_PAGES how many pages the larger graphs have. A
 * message begins with the options and the graph of the crawl. */
#include "support/crawl.h"
#include "support/graph.h"
#include "support/rows.h"
#include "support/truth.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The server stamps a request when it has arrived: on a new connection or a busy machine later after its
 * start than otherwise. */
static const double ARRIVAL_SPREAD = 0.15;

static unsigned number_of(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);
	return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static unsigned first_seed(void)
{
	return number_of("AREQ_CRAWL_SEED", 1);
}

static bool is_robots(const struct site_request *request)
{
	return strcmp(request->target, "/robots.txt") == 0;
}

/* The page of a request; page_count where it is another file. */
static size_t page_of(const struct crawl *crawl, const struct site_request *request)
{
	char url[8192];
	snprintf(url, sizeof url, "http://%s%s", request->host, request->target);
	return graph_find(&crawl->graph, url);
}

/* RFC 9309: a host's robots.txt comes before all else of that host. Others may ask it for their own that was
 * moved there. */
static void expect_robots_first(const struct crawl *crawl)
{
	const struct site_stats *stats = &crawl->stats;
	for (size_t i = 0; i < stats->count; i++) {
		if (page_of(crawl, &stats->requests[i]) == crawl->graph.page_count)
			continue;
		bool is_before = false, is_behind = false;
		for (size_t j = 0; j < stats->count; j++) {
			bool is_same = strcmp(stats->requests[i].host, stats->requests[j].host) == 0;
			is_before = is_before || (is_same && is_robots(&stats->requests[j]) && j < i);
			is_behind = is_behind || (is_same && is_robots(&stats->requests[j]) && j > i);
		}
		cr_expect(is_before && !is_behind, "%s: %s%s is not behind robots.txt", crawl->label,
		    stats->requests[i].host, stats->requests[i].target);
	}
}

static bool has_busy_host(const struct graph *graph)
{
	for (size_t i = 0; i <= (size_t)graph->spec.hosts; i++)
		if (graph->robots[i] == GRAPH_ROBOTS_BUSY)
			return true;
	return false;
}

/* With one transfer at a time no page is asked for before one of a smaller depth; but a host that says that
 * it is busy holds up no other. */
static void expect_order_by_depth(const struct crawl *crawl)
{
	int depth = 0;
	bool *asked = calloc(crawl->graph.page_count + 1, sizeof *asked);
	for (size_t i = 0; i < crawl->stats.count; i++) {
		size_t page = page_of(crawl, &crawl->stats.requests[i]);
		if (page == crawl->graph.page_count || asked[page])
			continue;
		asked[page] = true;
		cr_expect_geq(crawl->truth.depth[page], depth, "%s: %s, of depth %d, behind depth %d",
		    crawl->label, crawl->graph.pages[page].url, crawl->truth.depth[page], depth);
		depth = crawl->truth.depth[page];
	}
	free(asked);
}

static bool has_link(const struct graph_page *page, size_t target)
{
	for (size_t i = 0; i < page->link_count; i++)
		if (graph_link_leads_on(&page->links[i]) && page->links[i].target == target)
			return true;
	return false;
}

/* Whether a page that is reported under the same URL as via links to the target: via may be the page itself,
 * or the redirect that led to it. */
static bool is_via(const struct crawl *crawl, size_t via, size_t target)
{
	const struct truth *truth = &crawl->truth;
	for (size_t i = 0; i < crawl->graph.page_count; i++)
		if (truth->depth[i] >= 0 && truth->line[i] == truth->line[via] &&
		    has_link(&crawl->graph.pages[i], target))
			return true;
	return false;
}

/* The depth and via of a line; exactly that of the truth where the order of the answers was. */
static void expect_way(const struct crawl *crawl, const json_t *line, bool is_exact)
{
	const struct graph *graph = &crawl->graph;
	const char *url = crawl_text(line, "url"), *via_url = crawl_text(line, "via");
	size_t page = graph_find(graph, url), via = graph_find(graph, via_url);
	int depth = (int)json_integer_value(json_object_get(line, "depth"));
	if (page == graph->page_count)
		return;
	int shortest = crawl->truth.depth[page];
	cr_expect(json_is_integer(json_object_get(line, "depth")), "%s: %s has no depth", crawl->label, url);
	cr_expect(is_exact ? depth == shortest : depth >= shortest, "%s: %s has the depth %d, not %d",
	    crawl->label, url, depth, shortest);
	if (depth == 0) {
		cr_expect(json_is_null(json_object_get(line, "via")), "%s: %s comes via %s", crawl->label,
		    url, via_url);
		return;
	}
	cr_expect(via < graph->page_count && is_via(crawl, via, page), "%s: %s does not come via \"%s\"",
	    crawl->label, url, via_url);
	if (is_exact && via < graph->page_count)
		cr_expect_eq(
		    crawl->truth.depth[via], depth - 1, "%s: %s comes via %s", crawl->label, url, via_url);
}

/* The last URL that a redirect of a line led to. */
static const char *redirect_target(const struct crawl *crawl, size_t page)
{
	size_t at = page;
	for (;;) {
		size_t target = crawl->graph.pages[at].target;
		bool is_asked =
		    target != page && crawl->truth.line[target] == page && crawl->truth.depth[target] >= 0;
		if (!is_asked || crawl->graph.pages[target].kind != GRAPH_REDIRECT)
			return crawl->graph.pages[target].url;
		at = target;
	}
}

/* The words of a line that people read: why a URL of a broken host failed, and where a redirect led to. */
static void expect_reason(const struct crawl *crawl, const json_t *line)
{
	const char *url = crawl_text(line, "url"), *reason = crawl_text(line, "reason");
	const char *cause = crawl_text(line, "cause");
	size_t page = graph_find(&crawl->graph, url);
	if (page == crawl->graph.page_count)
		return;
	const struct graph_page *about = &crawl->graph.pages[page];
	if (strcmp(cause, "robots") == 0)
		cr_expect_str_eq(crawl_text(line, "stage"), "policy", "%s: %s", crawl->label, url);
	if (strcmp(cause, TRUTH_CAUSE_KNOWN) == 0 || strcmp(cause, TRUTH_CAUSE_SCOPE) == 0)
		cr_expect(
		    strstr(reason, redirect_target(crawl, page)), "%s: %s: %s", crawl->label, url, reason);
	if (!crawl->options.ignores_robots && about->host < crawl->graph.spec.hosts &&
	    crawl->graph.robots[about->host] == GRAPH_ROBOTS_BROKEN)
		cr_expect(strncmp(reason, "robots.txt: got 500", strlen("robots.txt: got 500")) == 0,
		    "%s: %s: %s", crawl->label, url, reason);
}

static void expect_truth(struct crawl *crawl, bool is_alone)
{
	/* A host that says that it is busy holds up no other, so that these go on to larger depths. */
	bool is_exact = is_alone && !has_busy_host(&crawl->graph);
	size_t i;
	json_t *line;
	crawl_expect(crawl);
	if (!crawl->options.ignores_robots)
		expect_robots_first(crawl);
	if (is_exact)
		expect_order_by_depth(crawl);
	json_array_foreach(crawl->report, i, line)
	{
		/* Whether a page is first found as an entry of a sitemap or as a link is not determined. */
		if (!crawl->options.sitemaps)
			expect_way(crawl, line, is_exact);
		expect_reason(crawl, line);
	}
}

/* Runs one crawl alone and one with all at once. The latter meets pages that fail once: they come later than
 * pages of a larger depth, and so are not for the former, whose order is exact. */
static void expect_both(struct crawl *crawl, struct graph_spec *spec, const struct truth_options *options)
{
	struct truth_options with_retries = *options;
	with_retries.retries = 1;
	spec->flaky = 0;
	crawl_serve(crawl, spec);
	crawl_run(crawl, &with_retries, "-j", "1");
	expect_truth(crawl, true);
	spec->flaky = 10;
	crawl_serve(crawl, spec);
	crawl_run(crawl, &with_retries, "-j", "200", "--per-host", "0");
	expect_truth(crawl, false);
}

/* Each depth on a graph of its own. */
static void expect_depths(enum truth_scope scope)
{
	static const int depths[] = {1, 2, TRUTH_ALL};
	struct crawl crawl;
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = number_of("AREQ_CRAWL_PAGES", spec.pages);
	/* An IP address has no other names in its site. */
	spec.names = scope == TRUTH_SITE;
	spec.hosts = 6;
	spec.traps = 1;
	crawl_start(&crawl, &spec);
	for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
		spec.seed = first_seed() + (unsigned)(4 * i) + scope;
		expect_both(&crawl, &spec, &(struct truth_options){.depth = depths[i], .scope = scope});
	}
	crawl_stop(&crawl);
}

Test(crawl, of_a_host_is_the_graphs_truth)
{
	expect_depths(TRUTH_HOST);
}

Test(crawl, of_a_site_is_the_graphs_truth)
{
	expect_depths(TRUTH_SITE);
}

Test(crawl, of_a_prefix_is_the_graphs_truth)
{
	expect_depths(TRUTH_PREFIX);
}

Test(crawl, of_any_host_is_the_graphs_truth)
{
	expect_depths(TRUTH_ANY);
}

/* The traps are then there for the taking: up to a depth, or not at all with --no-follow. */
Test(crawl, without_robots_is_the_graphs_truth)
{
	struct crawl crawl;
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = number_of("AREQ_CRAWL_PAGES", spec.pages);
	spec.traps = 1;
	spec.seed = first_seed();
	crawl_start(&crawl, &spec);
	expect_both(
	    &crawl, &spec, &(struct truth_options){.depth = 2, .scope = TRUTH_ANY, .ignores_robots = true});
	expect_both(&crawl, &spec,
	    &(struct truth_options){
	        .depth = TRUTH_ALL, .scope = TRUTH_ANY, .ignores_robots = true, .shuns_traps = true});
	crawl_stop(&crawl);
}

/* At the depths between, a page may be an entry of a sitemap and the target of a link, and what comes first
 * is not determined. */
Test(crawl, with_sitemaps_is_the_graphs_truth)
{
	static const int depths[] = {0, TRUTH_ALL};
	struct crawl crawl;
	struct graph_spec spec;
	graph_spec_init(&spec);
	crawl_start(&crawl, &spec);
	for (unsigned i = 0; i < 2; i++) {
		spec.seed = first_seed() + i;
		struct truth_options options = {.depth = depths[i], .sitemaps = true, .retries = 1};
		crawl_serve(&crawl, &spec);
		crawl_run(&crawl, &options, "-j", "1");
		expect_truth(&crawl, false);
		crawl_run(&crawl, &options, "-j", "200");
		expect_truth(&crawl, false);
	}
	crawl_stop(&crawl);
}

/* The list may begin anywhere: the first host's robots.txt has rules that name the sitemap, those of other
 * hosts may have none, and then it is /sitemap.xml. */
Test(crawl, with_sitemaps_begins_at_each_listed_host)
{
	struct crawl crawl;
	struct graph_spec spec;
	size_t listed[GRAPH_HOSTS_MAX];
	graph_spec_init(&spec);
	spec.seed = first_seed();
	spec.hosts = GRAPH_ROBOTS_KINDS + 1;
	spec.dead = 0;
	crawl_start(&crawl, &spec);
	size_t count = 0;
	for (unsigned host = 0; host < spec.hosts; host++) {
		size_t page = 0;
		while (page < spec.pages &&
		       (crawl.graph.pages[page].host != host || crawl.graph.pages[page].kind != GRAPH_HTML))
			page++;
		if (page < spec.pages)
			listed[count++] = page;
	}
	crawl_run(&crawl,
	    (&(struct truth_options){
	        .sitemaps = true, .retries = 1, .listed = listed, .listed_count = count}),
	    "-j", "64");
	expect_truth(&crawl, false);
	crawl_stop(&crawl);
}

/* The page that areq reports under each URL, behind all redirects, instead of the URL; so that it does not
 * matter under which of them a page came. */
static struct rows links_by_page(struct crawl *crawl)
{
	struct rows links, by_page;
	size_t i;
	json_t *line;
	crawl_links(crawl, &links);
	rows_init(&by_page);
	for (size_t row = 0; row < links.count; row++) {
		const char *tab = strchr(links.row[row], '\t'), *page = "(no line)";
		int len = (int)(tab - links.row[row]);
		json_array_foreach(crawl->report, i, line)
		{
			const char *url = crawl_text(line, "url");
			if (strncmp(url, links.row[row], (size_t)len) == 0 && strchr("#", url[len]))
				page = crawl_text(line, "final_url");
		}
		rows_add(&by_page, "%.*s%s", (int)strcspn(page, "#"), page, tab);
	}
	rows_release(&links);
	return by_page;
}

/* The same of the truth. */
static struct rows true_links_by_page(const struct crawl *crawl)
{
	const struct truth *truth = &crawl->truth;
	struct rows by_page, sources = rows_column(&truth->links, 0);
	rows_init(&by_page);
	for (size_t row = 0; row < truth->links.count; row++) {
		const char *tab = strchr(truth->links.row[row], '\t');
		size_t source = graph_find(&crawl->graph, sources.row[row]), page = source;
		for (size_t i = 0; i < crawl->graph.page_count; i++)
			if (truth->depth[i] >= 0 && truth->line[i] == source &&
			    crawl->graph.pages[i].kind <= GRAPH_FEED)
				page = i;
		rows_add(&by_page, "%s%s", crawl->graph.pages[page].url, tab);
	}
	rows_release(&sources);
	return by_page;
}

/* A page that is linked, and that redirects lead to, is asked for once, whichever comes first. */
Test(crawl, asks_once_for_what_links_and_redirects_lead_to)
{
	static const char *const jobs[] = {"1", "200"};
	struct crawl crawl;
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.shared = 1;
	spec.redirects = 30;
	spec.dead = 0;
	crawl_start(&crawl, &spec);
	for (unsigned i = 0; i < 6; i++) {
		spec.seed = first_seed() + i / 2;
		crawl_serve(&crawl, &spec);
		crawl_run(&crawl,
		    (&(struct truth_options){.depth = TRUTH_ALL, .scope = TRUTH_ANY, .retries = 1}), "-j",
		    jobs[i % 2]);
		crawl_expect_requests(&crawl);
		struct rows is = links_by_page(&crawl), truth = true_links_by_page(&crawl);
		char *difference = rows_set_difference(&is, &truth);
		cr_expect(!difference, "%s: %s", crawl.label, difference);
		free(difference);
		rows_release(&is);
		rows_release(&truth);
	}
	crawl_stop(&crawl);
}

/* The number of a page that redirects to the start; page_count where there is none. */
static size_t find_redirect_to_start(const struct graph *graph)
{
	size_t page = 0;
	while (page < graph->page_count &&
	       (graph->pages[page].kind != GRAPH_REDIRECT || graph->pages[page].target != 0))
		page++;
	return page;
}

/* A listed redirect gives the rows of the page that it leads to, although that page is listed too. */
Test(crawl, gives_a_listed_redirect_its_rows)
{
	static const int depths[] = {1, 2};
	struct crawl crawl;
	struct graph_spec spec;
	size_t listed[] = {0, 0};
	graph_spec_init(&spec);
	spec.hosts = 1;
	spec.secret = 0;
	spec.redirects = 40;
	spec.seed = first_seed();
	crawl_start(&crawl, &spec);
	while ((listed[1] = find_redirect_to_start(&crawl.graph)) == crawl.graph.page_count) {
		spec.seed++;
		crawl_serve(&crawl, &spec);
	}
	for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
		crawl_run(&crawl,
		    (&(struct truth_options){
		        .depth = depths[i], .retries = 1, .listed = listed, .listed_count = 2}),
		    "-j", "1");
		expect_truth(&crawl, true);
	}
	crawl_stop(&crawl);
}

/* The shortest time between the arrivals of two requests for pages of that host. */
static double shortest_gap(const struct crawl *crawl, unsigned host)
{
	double last = -1, shortest = 1e9;
	for (size_t i = 0; i < crawl->stats.count; i++) {
		const struct site_request *request = &crawl->stats.requests[i];
		size_t page = page_of(crawl, request);
		if (page == crawl->graph.page_count || crawl->graph.pages[page].host != host)
			continue;
		if (last >= 0 && request->start - last < shortest)
			shortest = request->start - last;
		last = request->start;
	}
	return shortest;
}

static size_t most_at_once(const struct crawl *crawl, unsigned host)
{
	struct buf name;
	buf_init(&name, 64);
	graph_host(&crawl->graph, host, &name);
	size_t most = site_stats_counter(&crawl->stats, SITE_BY_HOST, name.data).max_in_flight;
	buf_release(&name);
	return most;
}

/* RFC 9309 leaves Crawl-delay to us: the longer of it and --delay, and one transfer at a time. */
Test(crawl, keeps_each_hosts_limits_and_delays)
{
	static const struct truth_options options = {.depth = TRUTH_ALL, .scope = TRUTH_ANY, .retries = 1};
	struct crawl crawl;
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.seed = first_seed();
	spec.pages = 10;
	spec.hosts = 2;
	spec.crawl_delay_ms = 500;
	crawl_start(&crawl, &spec);

	crawl_run(&crawl, &options, "-j", "200", "--delay", "200ms");
	expect_truth(&crawl, false);
	cr_expect_gt(shortest_gap(&crawl, 0), 0.5 - ARRIVAL_SPREAD, "%s", crawl.label);
	cr_expect_gt(shortest_gap(&crawl, 1), 0.2 - ARRIVAL_SPREAD, "%s", crawl.label);
	cr_expect_eq(most_at_once(&crawl, 0), 1, "%s", crawl.label);

	crawl_run(&crawl, &options, "-j", "200", "--delay", "700ms");
	expect_truth(&crawl, false);
	cr_expect_gt(shortest_gap(&crawl, 0), 0.7 - ARRIVAL_SPREAD, "%s", crawl.label);
	cr_expect_eq(most_at_once(&crawl, 0), 1, "%s", crawl.label);

	spec.crawl_delay_ms = 0;
	spec.pages = 100;
	crawl_serve(&crawl, &spec);
	crawl_run(&crawl, &options, "-j", "200", "--per-host", "3");
	expect_truth(&crawl, false);
	for (unsigned host = 0; host < spec.hosts; host++)
		cr_expect_leq(most_at_once(&crawl, host), 3, "%s", crawl.label);
	crawl_stop(&crawl);
}
