/* What becomes of single URLs of a run that follows links, obeys robots.txt or has --max-pages. */
#include "support/crawl.h"
#include "support/graph.h"
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* With one transfer per host at a time, URLs in the middle of the list are left out. */
Test(ordered, waits_for_no_url_beyond_max_pages)
{
	enum { URLS = 12, PAGES = 10 };
	struct site site;
	struct run_result result;
	struct rows rows;
	char list[URLS * 2 * 64] = "", *end = list;
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
	for (int host = 1; host <= 2; host++)
		for (int i = 0; i < URLS; i++)
			end += sprintf(
			    end, "http://127.0.0.%d:%u/_/page?links=1&group=%d\n", host, site.port, i);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--ordered", "--no-header",
	    "--per-host", "1", "--max-pages", "10");
	run_expect_exit(&result, 0);
	rows_init(&rows);
	rows_parse(&rows, result.out, result.out_len);
	cr_expect_eq(rows.count, PAGES, "%s%s", result.out, result.err);
	rows_release(&rows);
	run_release(&result);
	site_stop(&site);
}

/* The line of the report about that URL holds these words. */
static void expect_line(const struct run_result *result, const char *url, const char *words)
{
	char start[1200];
	snprintf(start, sizeof start, "{\"url\":\"%s\",", url);
	const char *line = strstr(result->out, start);
	cr_expect(line, "no line for %s: %s%s", url, result->out, result->err);
	const char *found = line ? strstr(line, words) : NULL;
	cr_expect(!line || (found && found < line + strcspn(line, "\n")), "%s: %s, not %s", url, result->out,
	    words);
}

/* A site that wants a cookie sets it with a redirect, which leads back to the page in the end. */
Test(crawl, follows_a_redirect_back_to_the_same_page)
{
	static const char cookie[] = "Set-Cookie: seen=1";
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *once = site_page(&site, "group", "once", "fail", "1", "fail_status", "302", "location",
	    "#again", "header", cookie);
	const char *twice = site_page(&site, "group", "twice", "fail", "2", "fail_status", "302", "location",
	    "#again", "header", cookie);
	const char *hop = site_page(&site, "status", "302", "location", site_target(twice), "header", cookie);
	const char *loop = site_page(&site, "status", "302", "location", "#loop");
	char body[4000];
	snprintf(body, sizeof body, "<a href='%s'></a><a href='%s'></a><a href='%s'></a>", once, hop, loop);
	run_areq(&result, "--depth", "1", "-o", "/dev/null", "--report", "-", site_page(&site, "body", body));
	expect_line(&result, once, "\"outcome\":\"ok\"");
	expect_line(&result, hop, "\"outcome\":\"ok\"");
	expect_line(&result, loop, "\"cause\":\"too-many-redirects\"");
	run_release(&result);
	site_stop(&site);
}

/* A sitemap may be on any host, and so may be what it was moved to. What it names must be in the scope. */
Test(crawl, follows_a_redirect_of_a_sitemap_to_another_host)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char xml[1000], moved[1400], robots[4000];
	scratch_init(&scratch);
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2", "--root", scratch.folder);
	const char *page = site_page(&site, "group", "of-sitemap");
	snprintf(xml, sizeof xml, "<urlset><url><loc>%s</loc></url></urlset>", page);
	snprintf(moved, sizeof moved, "http://127.0.0.2:%u%s", site.port,
	    site_target(site_page(&site, "type", "application/xml", "body", xml)));
	snprintf(
	    robots, sizeof robots, "Sitemap: %s\n", site_page(&site, "status", "301", "location", moved));
	scratch_write(&scratch, "robots.txt", robots);
	run_areq(&result, "--sitemaps", "-o", "/dev/null", "--report", "-", site_page(&site, "body", ""));
	run_expect_exit(&result, 0);
	expect_line(&result, page, "\"outcome\":\"ok\"");
	run_release(&result);
	site_stop(&site);
	scratch_release(&scratch);
}

static json_int_t number_in(const json_t *object, const char *key)
{
	const json_t *number = json_object_get(object, key);
	cr_expect(json_is_integer(number), "no %s", key);
	return json_integer_value(number);
}

/* The reader of the report goes away, and then nothing that waits is taken up. */
Test(crawl, counts_what_was_found_and_not_taken_up_when_it_was_stopped)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	scratch_init(&scratch);
	site_start(&site);
	run_areq_with(&result, (&(struct run_options){.output_stop = 1}), "--depth", "1", "-o", "/dev/null",
	    "--report", "-", "--summary-json", scratch_path(&scratch, "summary"),
	    site_page(&site, "links", "50000"));
	char *text = scratch_read(&scratch, "summary", NULL);
	json_t *summary = json_loads(text, 0, NULL);
	const json_t *totals = json_object_get(summary, "totals");
	json_int_t left = number_in(json_object_get(totals, "left_out"), "urls_not_taken_up");
	cr_expect_gt(left, 0, "%s", text);
	cr_expect_eq(number_in(totals, "urls"), number_in(totals, "found") + 1, "%s", text);
	cr_expect(json_is_true(json_object_get(summary, "list_complete")), "%s", text);
	json_decref(summary);
	free(text);
	run_release(&result);
	site_stop(&site);
	scratch_release(&scratch);
}

/* With --robots never, only sitemaps are a reason to ask for a robots.txt: those of the listed hosts. */
Test(crawl, that_ignores_robots_asks_only_listed_hosts_for_their_sitemaps)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char body[200];
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
	snprintf(body, sizeof body, "<a href='http://127.0.0.2:%u/_/page'></a>", site.port);
	run_areq(&result, "--depth", "1", "--scope", "any", "--sitemaps", "--robots", "never",
	    site_page(&site, "body", body));
	site_stats(&site, &stats);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_PATH, "/_/page").requests, 2, "%s", result.err);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_PATH, "/robots.txt").requests, 1, "%s", result.err);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_PATH, "/sitemap.xml").requests, 1, "%s", result.err);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

/* Of one host, only some URLs of the list are taken up at once. The others belong to the scope already. */
Test(crawl, has_all_that_is_listed_in_its_scope)
{
	enum { DIRECTORIES = 40 };
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char list[DIRECTORIES * 64] = "", *end = list, name[64], found[128];
	scratch_init(&scratch);
	site_start_with(&site, "--root", scratch.folder);
	for (int i = 1; i <= DIRECTORIES; i++) {
		snprintf(name, sizeof name, "d%d", i);
		mkdir(scratch_path(&scratch, name), 0700);
		snprintf(name, sizeof name, "d%d/page.html", i);
		scratch_write(&scratch, name, i == 1 ? "<a href=/d40/found.html></a>" : "");
		end += sprintf(end, "http://%s/%s\n", site.host, name);
	}
	scratch_write(&scratch, "d40/found.html", "");
	snprintf(found, sizeof found, "http://%s/d40/found.html", site.host);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--depth", "1", "--scope", "prefix",
	    "-j", "1", "-o", "/dev/null", "--report", "-");
	expect_line(&result, found, "\"outcome\":\"ok\"");
	run_release(&result);
	site_stop(&site);
	scratch_release(&scratch);
}

/* A robots.txt comes before the URLs that need it, and behind those that are listed before them. */
Test(crawl, asks_for_each_robots_when_its_turn_comes)
{
	enum { HOSTS = 4 };
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char list[HOSTS * 64] = "", *end = list;
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2", "--bind", "127.0.0.3", "--bind",
	    "127.0.0.4");
	for (int i = 1; i <= HOSTS; i++)
		end += sprintf(end, "http://127.0.0.%d:%u/_/page\n", i, site.port);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--robots", "always", "-j", "1",
	    "--max-pages", "2");
	site_stats(&site, &stats);
	cr_expect_eq(stats.count, 4, "%s", result.err);
	for (size_t i = 0; i < stats.count; i++)
		cr_expect_str_eq(stats.requests[i].path, i % 2 ? "/_/page" : "/robots.txt");
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

/* The number of a host whose robots.txt is of that kind. */
static unsigned host_with(const struct graph *graph, enum graph_robots kind)
{
	unsigned host = 0;
	while (host < graph->spec.hosts && graph->robots[host] != kind)
		host++;
	cr_assert_lt(host, graph->spec.hosts);
	return host;
}

/* Nothing waits any more for a robots.txt that must be asked for again. */
Test(crawl, asks_for_no_robots_again_behind_max_pages)
{
	struct crawl crawl;
	struct graph_spec spec;
	struct run_result result;
	struct site_stats stats;
	struct buf list, name;
	graph_spec_init(&spec);
	spec.hosts = GRAPH_ROBOTS_KINDS + 1;
	crawl_start(&crawl, &spec);
	site_serve_graph(&crawl.site, &crawl.graph.spec);
	buf_init(&list, 1000);
	buf_init(&name, 100);
	graph_site_url(&crawl.graph, host_with(&crawl.graph, GRAPH_ROBOTS_MISSING), &list);
	buf_append_byte(&list, '\n');
	graph_site_url(&crawl.graph, host_with(&crawl.graph, GRAPH_ROBOTS_BROKEN), &list);
	graph_host(&crawl.graph, host_with(&crawl.graph, GRAPH_ROBOTS_BROKEN), &name);
	buf_append(&list, "", 1);
	run_areq_with(&result, (&(struct run_options){.input = list.data}), "--robots", "always",
	    "--max-pages", "1", "-r", "1");
	site_stats(&crawl.site, &stats);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_HOST, name.data).requests, 1, "%s", result.err);
	cr_expect(strstr(result.err, "1 URL beyond --max-pages"), "%s", result.err);
	site_stats_release(&stats);
	run_release(&result);
	buf_release(&list);
	buf_release(&name);
	crawl_stop(&crawl);
}

/* The traps have no end, so that only the limit is one. */
Test(crawl, asks_for_no_more_pages_than_it_may)
{
	static const char *const jobs[] = {"1", "200"};
	enum { PAGES = 40 };
	struct crawl crawl;
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 10;
	spec.hosts = 1;
	spec.secret = 0;
	spec.redirects = 0;
	spec.dead = 0;
	spec.traps = 1;
	crawl_start(&crawl, &spec);
	for (size_t i = 0; i < 2; i++) {
		/* The truth of this is only that there are enough pages. */
		crawl_run(&crawl,
		    (&(struct truth_options){.depth = GRAPH_TRAP_STEPS / 2, .ignores_robots = true}), "-j",
		    jobs[i], "--max-pages", "40");
		cr_assert_gt(crawl.truth.requests.count, PAGES);
		cr_expect_eq(crawl.stats.count, PAGES, "%s: %zu requests", crawl.label, crawl.stats.count);
	}
	crawl_stop(&crawl);
}

/* What keeps a crawl from the target of a redirect is named as the option that says so. */
Test(crawl, says_which_option_keeps_it_from_a_redirect)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *outside = site_page(&site, "status", "302", "location", "http://127.0.0.2:1/");
	const char *shunned = site_page(&site, "status", "302", "location", "/_/shunned");
	char body[1000];
	snprintf(body, sizeof body, "<a href='%s'></a><a href='%s'></a>", outside, shunned);
	run_areq(&result, "--depth", "1", "--no-follow", "^[^?]*/shunned$", "-o", "/dev/null", "--report",
	    "-", site_page(&site, "body", body));
	expect_line(&result, outside, "(--scope)");
	expect_line(&result, shunned, "(--follow, --no-follow)");
	run_release(&result);
	site_stop(&site);
}
