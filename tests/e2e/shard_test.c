/* --shard and --elsewhere: a list or a crawl that several processes share. The hosts are 127.0.0.1 to .4, of
 * which 3 shards have these: 1 those of .2 and .3, 2 that of .1, 3 that of .4. This follows from their hashes
 * in tests/unit/in/shard_test.c and, of the others, from xxhsum(1): .2 has e60c80e6b5edd112, .3 has
 * 96dc86343069ccc2 and .4 has e5423b0233ed4b87. */
#include "support/crawl.h"
#include "support/graph.h"
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 3, HOSTS = 4, URL_LEN = 200 };
static const int shard_of_host[HOSTS + 1] = {0, 2, 1, 1, 3};

struct machines {
	struct site site;
	struct scratch scratch;
};

static void start(struct machines *self)
{
	site_start_with(&self->site, "--bind", "127.0.0.1", "--bind", "127.0.0.2", "--bind", "127.0.0.3",
	    "--bind", "127.0.0.4");
	scratch_init(&self->scratch);
}

static void stop(struct machines *self)
{
	scratch_release(&self->scratch);
	site_stop(&self->site);
}

static const char *shard_name(int shard)
{
	static const char *const names[] = {NULL, "1/3", "2/3", "3/3"};
	return names[shard];
}

/* The URL of site_page on another host. The caller frees it. */
static char *on_host(int host, const char *url)
{
	char *text = malloc(strlen(url) + 2);
	cr_assert(text && strncmp(url, "http://127.0.0.1:", 17) == 0);
	sprintf(text, "http://127.0.0.%d%s", host, url + 16);
	return text;
}

/* A list with a page of each host, each with a link to /target, and one line that is no URL. */
static const char *write_list(struct machines *self)
{
	char list[HOSTS * URL_LEN + 20] = "no URL\n";
	for (int host = 1; host <= HOSTS; host++)
		sprintf(list + strlen(list), "http://127.0.0.%d:%u/_/page?body=%%3Ca%%20href=/target%%3E\n",
		    host, self->site.port);
	return scratch_write(&self->scratch, "list", list);
}

static bool has_row_of(const struct run_result *result, int host)
{
	char start[40];
	snprintf(start, sizeof start, "http://127.0.0.%d:", host);
	return strstr(result->out, start) != NULL;
}

Test(shard, fetches_the_hosts_of_its_own_and_counts_the_others)
{
	static const char *const counts[] = {NULL, "\"elsewhere\":{\"listed\":2,\"found\":0}",
	    "\"elsewhere\":{\"listed\":4,\"found\":0}", "\"elsewhere\":{\"listed\":4,\"found\":0}"};
	struct machines machines;
	struct run_result result;
	start(&machines);
	const char *list = write_list(&machines);
	for (int shard = 1; shard <= SHARDS; shard++) {
		const char *summary = scratch_path(&machines.scratch, "summary");
		run_areq(
		    &result, "--no-header", "--shard", shard_name(shard), "--summary-json", summary, list);
		/* The line that is no URL is one of shard 1 alone. */
		run_expect_exit(&result, shard == 1 ? 1 : 0);
		for (int host = 1; host <= HOSTS; host++)
			cr_expect_eq(has_row_of(&result, host), shard_of_host[host] == shard,
			    "host %d in shard %d: %s", host, shard, result.out);
		char *text = scratch_read(&machines.scratch, "summary", NULL);
		cr_expect(strstr(text, counts[shard]), "%s", text);
		free(text);
		run_release(&result);
	}
	stop(&machines);
}

/* The summary of people says it, too; without --shard there is no such key. */
Test(shard, is_in_the_summary)
{
	struct machines machines;
	struct run_result result;
	start(&machines);
	const char *list = write_list(&machines);
	run_areq(&result, "-v", "--shard", "3/3", list);
	cr_expect(strstr(result.err, "1 URL: 1 ok, 4 passed over (--shard); 1 link in "), "%s", result.err);
	run_release(&result);
	run_areq(&result, "--summary-json", "-", "-o", "/dev/null", list);
	cr_expect(strstr(result.out, "\"listed_again\":0,\"failed_locally\""), "%s", result.out);
	run_release(&result);
	stop(&machines);
}

Test(shard, of_one_is_the_whole_list)
{
	struct machines machines;
	struct run_result result;
	start(&machines);
	run_areq(&result, "--no-header", "--shard", "1/1", write_list(&machines));
	run_expect_exit(&result, 1);
	for (int host = 1; host <= HOSTS; host++)
		cr_expect(has_row_of(&result, host), "host %d: %s", host, result.out);
	run_release(&result);
	stop(&machines);
}

/* A list of which nothing is this shard's is not empty, so that nothing is wrong. */
Test(shard, may_have_no_url_of_the_list)
{
	struct machines machines;
	struct run_result result;
	start(&machines);
	const char *url = site_page(&machines.site, "links", "1");
	const char *found = scratch_write(&machines.scratch, "found", "of the run before\n");
	run_areq(&result, "--shard", "3/3", "--atomic", "--no-header", "-o", found, url);
	run_expect_exit(&result, 0);
	scratch_expect(&machines.scratch, "found", "");
	run_release(&result);
	run_areq_with(&result, (&(struct run_options){.input = "# nothing\n"}), "--shard", "3/3");
	run_expect_exit(&result, 2);
	run_release(&result);
	stop(&machines);
}

Test(shard, is_shown_by_a_dry_run)
{
	struct machines machines;
	struct run_result result;
	start(&machines);
	run_areq(&result, "-n", "--shard", "1/3", "--elsewhere", scratch_path(&machines.scratch, "elsewhere"),
	    write_list(&machines));
	run_expect_exit(&result, 1);
	for (int host = 1; host <= HOSTS; host++)
		cr_expect_eq(
		    has_row_of(&result, host), shard_of_host[host] == 1, "host %d: %s", host, result.out);
	cr_expect(
	    strstr(result.err, "would fetch 2 URLs from 2 hosts; 2 are passed over (--shard); 1 is no URL"),
	    "%s", result.err);
	cr_expect_not(scratch_exists(&machines.scratch, "elsewhere"));
	run_release(&result);
	stop(&machines);
}

/* The configuration has it like any option, and the command line comes before it. */
Test(shard, may_be_configured)
{
	struct machines machines;
	struct run_result result;
	start(&machines);
	const char *config = scratch_write(&machines.scratch, "config", "shard = 2/3\n");
	const char *list = write_list(&machines);
	run_areq(&result, "--config", config, "--no-header", list);
	cr_expect(has_row_of(&result, 1) && !has_row_of(&result, 2), "%s", result.out);
	run_release(&result);
	run_areq(&result, "--config", config, "--shard", "3/3", "--no-header", list);
	cr_expect(has_row_of(&result, 4) && !has_row_of(&result, 1), "%s", result.out);
	run_release(&result);
	stop(&machines);
}

Test(shard, must_be_one_of_n)
{
	static const char *const wrong[] = {"", "0/3", "4/3", "1", "/3", "1/", "1/0", "a/3", "1/3/3", "-1/3",
	    "1.5/3", "1 / 3", "1/1000001", "00000000000000000001/3"};
	struct run_result result;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char message[200];
		snprintf(message, sizeof message,
		    "areq: --shard: \"%s\" is not a shard such as 2/5: K/N with K from 1 to N, and N from 1 "
		    "to "
		    "1000000\n",
		    wrong[i]);
		run_areq(&result, "--shard", wrong[i], "http://127.0.0.1:1/");
		run_expect_exit(&result, 2);
		cr_expect_str_eq(result.err, message);
		run_release(&result);
	}
	run_areq(&result, "--elsewhere", "x", "http://127.0.0.1:1/");
	run_expect_exit(&result, 2);
	cr_expect_str_eq(result.err, "areq: --elsewhere needs --shard K/N\n");
	run_release(&result);
}

/* A page of host 1 (shard 2) with links to hosts 1 and 4 (shard 3), twice and with a fragment, and to hosts
 * that are not in the scope. */
Test(elsewhere, has_the_links_that_a_crawl_would_follow_once_each)
{
	struct machines machines;
	struct run_result result;
	char body[2000], expected[URL_LEN], listed[URL_LEN];
	start(&machines);
	unsigned port = machines.site.port;
	snprintf(body, sizeof body,
	    "<a href=/one><a href='http://me:secret@127.0.0.4:%u/four#a'><a "
	    "href='HTTP://127.0.0.4:%u/./four'>"
	    "<a href='http://127.0.0.4:%u/left'><a rel=nofollow href='http://127.0.0.4:%u/nofollow'>"
	    "<img src='http://127.0.0.4:%u/image'><a href='http://127.0.0.2:%u/outside'>",
	    port, port, port, port, port, port);
	const char *page = site_page(&machines.site, "body", body);
	/* Host 4 is in the scope, although its URL is passed over. */
	snprintf(listed, sizeof listed, "http://127.0.0.4:%u/listed", port);
	run_areq(&result, "--shard", "2/3", "--depth", "all", "--no-follow", "/left", "--elsewhere",
	    scratch_path(&machines.scratch, "elsewhere"), "--summary-json",
	    scratch_path(&machines.scratch, "summary"), "--fail-on", "never", "-v", page, listed);
	run_expect_exit(&result, 0);
	snprintf(expected, sizeof expected, "http://127.0.0.4:%u/four\n", port);
	scratch_expect(&machines.scratch, "elsewhere", expected);
	char *summary = scratch_read(&machines.scratch, "summary", NULL);
	cr_expect(strstr(summary, "\"elsewhere\":{\"listed\":1,\"found\":1}"), "%s", summary);
	cr_expect(strstr(summary, "\"links_out_of_scope\":1,\"links_not_followed\":1"), "%s", summary);
	cr_expect(strstr(result.err, ", 1 URL of other shards (--shard)"), "%s", result.err);
	/* The link is a row as ever. */
	cr_expect(strstr(result.out, "\thttp://me:secret@127.0.0.4:"), "%s", result.out);
	free(summary);
	run_release(&result);
	stop(&machines);
}

static void expect_asked(struct machines *self, const char *url, size_t times)
{
	struct site_stats stats;
	site_stats(&self->site, &stats);
	cr_expect_eq(site_stats_asked(&stats, url), times, "%s", url);
	site_stats_release(&stats);
}

/* Without a crawl, too. */
Test(elsewhere, has_where_redirects_of_listed_urls_lead)
{
	struct machines machines;
	struct run_result result;
	char expected[URL_LEN + 1];
	start(&machines);
	char *target = on_host(4, site_page(&machines.site, "links", "1"));
	const char *moved = site_page(&machines.site, "status", "302", "location", target),
	           *again = site_page(&machines.site, "status", "301", "location", target);
	run_areq(&result, "--shard", "2/3", "-o", "/dev/null", "--report", "-", "--elsewhere",
	    scratch_path(&machines.scratch, "elsewhere"), moved, again);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.out, "\"outcome\":\"skipped\",\"stage\":\"policy\",\"cause\":\"elsewhere\""),
	    "%s", result.out);
	cr_expect(strstr(result.out, ", which belongs to another shard (--shard)\""), "%s", result.out);
	snprintf(expected, sizeof expected, "%s\n", target);
	scratch_expect(&machines.scratch, "elsewhere", expected);
	expect_asked(&machines, target, 0);
	run_release(&result);

	/* A redirect within the shard is followed as ever, and without --shard each is. */
	run_areq(&result, "--shard", "1/1", "--no-header", moved);
	run_expect_exit(&result, 0);
	cr_expect_neq(result.out_len, 0, "%s", result.err);
	run_release(&result);
	free(target);
	stop(&machines);
}

Test(elsewhere, goes_to_no_file_of_another_output_and_may_be_stdout)
{
	struct machines machines;
	struct run_result result;
	char expected[URL_LEN + 1];
	start(&machines);
	char *target = on_host(4, site_page(&machines.site, "links", "1"));
	const char *moved = site_page(&machines.site, "status", "302", "location", target);
	const char *file = scratch_path(&machines.scratch, "file");
	run_areq(&result, "--shard", "2/3", "--failed", file, "--elsewhere", file, moved);
	run_expect_exit(&result, 2);
	cr_expect(
	    strstr(result.err, "the failed URLs and the URLs of other shards cannot go to the same file"),
	    "%s", result.err);
	run_release(&result);
	run_areq(&result, "-q", "--shard", "2/3", "-o", "/dev/null", "--elsewhere", "-", moved);
	run_expect_exit(&result, 0);
	snprintf(expected, sizeof expected, "%s\n", target);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	run_areq(&result, "-q", "--shard", "2/3", "-o", "/dev/null", "--elsewhere", "/dev/full", moved);
	run_expect_exit(&result, 3);
	run_release(&result);
	free(target);
	stop(&machines);
}

/* Targets of links are not looked at, and the links are skipped; behind a redirect as well. */
Test(elsewhere, has_the_targets_that_a_check_leaves_out)
{
	struct machines machines;
	struct run_result result;
	char body[2000], expected[3 * URL_LEN];
	start(&machines);
	char *target = on_host(4, site_page(&machines.site, "links", "1")),
	     *behind = on_host(2, site_page(&machines.site, "links", "2"));
	const char *moved = site_page(&machines.site, "status", "301", "location", behind),
	           *dead = site_page(&machines.site, "status", "404");
	snprintf(body, sizeof body, "<a href='%s'><a href='%s#part'><a href='%s'><a href='%s'>", target,
	    target, moved, dead);
	const char *page = site_page(&machines.site, "body", body);
	run_areq(&result, "--check=all", "--fragments", "--no-header", "--shard", "2/3", "--summary-json",
	    scratch_path(&machines.scratch, "summary"), "--elsewhere",
	    scratch_path(&machines.scratch, "elsewhere"), page);
	run_expect_exit(&result, 1);
	struct rows rows, problems;
	rows_init(&rows);
	rows_parse(&rows, result.out, result.out_len);
	problems = rows_column(&rows, 2);
	cr_expect_eq(rows.count, 4, "%s", result.out);
	cr_expect(rows_has(&problems, "404"), "%s", result.out);
	size_t elsewhere = 0;
	for (size_t i = 0; i < problems.count; i++)
		elsewhere += strcmp(problems.row[i], "elsewhere") == 0;
	cr_expect_eq(elsewhere, 3, "%s", result.out);
	snprintf(expected, sizeof expected, "%s\n%s\n", target, behind);
	scratch_expect(&machines.scratch, "elsewhere", expected);
	char *summary = scratch_read(&machines.scratch, "summary", NULL);
	cr_expect(strstr(summary, "\"skipped\":3,\"not_checked\":0"), "%s", summary);
	free(summary);
	expect_asked(&machines, target, 0);
	expect_asked(&machines, behind, 0);
	rows_release(&rows);
	rows_release(&problems);
	run_release(&result);
	free(target);
	free(behind);
	stop(&machines);
}

/* The redirect is known by its outcome when the second page leads to it. */
Test(elsewhere, is_where_a_link_leads_whose_redirect_is_known)
{
	struct machines machines;
	struct run_result result;
	char body[2000];
	start(&machines);
	char *target = on_host(4, site_page(&machines.site, "links", "1"));
	const char *moved = site_page(&machines.site, "status", "301", "location", target);
	snprintf(body, sizeof body, "<a href='%s'>", moved);
	const char *second = site_page(&machines.site, "body", body);
	snprintf(body, sizeof body, "<a href='%s'><a href='%s'>", moved, second);
	run_areq(&result, "-j", "1", "--depth", "1", "--scope", "any", "--check=all", "--no-header",
	    "--shard", "2/3", site_page(&machines.site, "body", body));
	run_expect_exit(&result, 0);
	struct rows rows;
	rows_init(&rows);
	rows_parse(&rows, result.out, result.out_len);
	cr_expect_eq(rows.count, 3, "%s", result.out);
	for (size_t i = 0; i < rows.count; i++)
		cr_expect_eq(strstr(rows.row[i], "\telsewhere") != NULL, strstr(rows.row[i], moved) != NULL,
		    "%s", rows.row[i]);
	rows_release(&rows);
	run_release(&result);
	free(target);
	stop(&machines);
}

/* robots.txt may name a sitemap on any host, and an index may, too. */
Test(elsewhere, has_the_sitemaps_of_other_shards)
{
	struct machines machines;
	struct scratch root;
	struct run_result result;
	char xml[1000], robots[4000], expected[2 * URL_LEN];
	scratch_init(&root);
	scratch_init(&machines.scratch);
	site_start_with(&machines.site, "--root", root.folder);
	unsigned port = machines.site.port;
	snprintf(xml, sizeof xml,
	    "<sitemapindex><sitemap><loc>http://127.0.0.4:%u/of-index.xml</loc></sitemap></sitemapindex>",
	    port);
	snprintf(robots, sizeof robots, "Sitemap: %s\nSitemap: http://127.0.0.2:%u/of-robots.xml\n",
	    site_page(&machines.site, "type", "text/xml", "body", xml), port);
	scratch_write(&root, "robots.txt", robots);
	run_areq(&result, "--sitemaps", "--shard", "2/3", "-o", "/dev/null", "--elsewhere",
	    scratch_path(&machines.scratch, "elsewhere"), site_page(&machines.site, "links", "0"));
	run_expect_exit(&result, 0);
	snprintf(expected, sizeof expected,
	    "http://127.0.0.2:%u/of-robots.xml\nhttp://127.0.0.4:%u/of-index.xml\n", port, port);
	scratch_expect(&machines.scratch, "elsewhere", expected);
	run_release(&result);
	scratch_release(&root);
	stop(&machines);
}

/* Rounds of a crawl, on generated sites. */

struct rounds {
	struct crawl *crawl;
	const char *scope;
	struct rows list;                /* of the round that is next */
	struct rows requests;            /* of all shards in the last round, each once */
	struct rows links;               /* the same of their rows: what the pages link to */
	int shard_that_asked[HOSTS + 1]; /* for a page of the host */
};

static void add_once(struct rows *set, const char *row)
{
	if (!rows_has(set, row))
		rows_add(set, "%s", row);
}

static void add_lines_once(struct rows *set, struct scratch *scratch, const char *file)
{
	struct rows lines;
	size_t len;
	char *text = scratch_read(scratch, file, &len);
	rows_init(&lines);
	rows_parse(&lines, text, len);
	for (size_t i = 0; i < lines.count; i++)
		add_once(set, lines.row[i]);
	rows_release(&lines);
	free(text);
}

/* Keeps what a shard has asked for, and expects no page of a host from two shards. */
static void record_requests(struct rounds *self, int shard)
{
	struct crawl *crawl = self->crawl;
	char url[8192];
	site_stats(&crawl->site, &crawl->stats);
	for (size_t i = 0; i < crawl->stats.count; i++) {
		const struct site_request *request = &crawl->stats.requests[i];
		snprintf(url, sizeof url, "http://%s%s", request->host, request->target);
		add_once(&self->requests, url);
		size_t page = graph_find(&crawl->graph, url);
		if (page == crawl->graph.page_count)
			continue;
		unsigned host = crawl->graph.pages[page].host + 1;
		cr_expect_eq(shard_of_host[host], shard, "%s was asked for by shard %d", url, shard);
	}
	site_stats_release(&crawl->stats);
	crawl->stats = (struct site_stats){0};
}

static void run_shard(struct rounds *self, int shard, const char *list)
{
	struct scratch *scratch = &self->crawl->scratch;
	struct run_result result;
	site_reset_stats(&self->crawl->site);
	run_areq(&result, "-q", "--depth", "all", "--scope", self->scope, "--no-header", "--fail-on", "never",
	    "--host-errors", "0", "-r", "1", "--shard", shard_name(shard), "--elsewhere",
	    scratch_path(scratch, "elsewhere"), "-o", scratch_path(scratch, "rows"), list);
	run_expect_exit(&result, 0);
	run_release(&result);
	record_requests(self, shard);
	add_lines_once(&self->list, scratch, "elsewhere");
	struct rows rows, links;
	size_t len;
	char *text = scratch_read(scratch, "rows", &len);
	rows_init(&rows);
	rows_parse(&rows, text, len);
	links = rows_column(&rows, 1);
	for (size_t i = 0; i < links.count; i++)
		add_once(&self->links, links.row[i]);
	rows_release(&links);
	rows_release(&rows);
	free(text);
}

static void run_round(struct rounds *self)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < self->list.count; i++) {
		buf_append_text(&text, self->list.row[i]);
		buf_append_byte(&text, '\n');
	}
	const char *list = scratch_write(&self->crawl->scratch, "list", text.data);
	buf_release(&text);
	rows_release(&self->requests);
	rows_release(&self->links);
	rows_init(&self->requests);
	rows_init(&self->links);
	for (int shard = 1; shard <= SHARDS; shard++)
		run_shard(self, shard, list);
}

static void expect_same(const char *what, const struct rows *is, const struct rows *truth)
{
	struct rows once;
	rows_init(&once);
	for (size_t i = 0; i < truth->count; i++)
		add_once(&once, truth->row[i]);
	char *difference = rows_set_difference(is, &once);
	cr_expect(!difference, "%s: %s", what, difference);
	free(difference);
	rows_release(&once);
}

static void expect_rounds_to_be_one_crawl(struct graph_spec *spec, struct truth_options options)
{
	static const char *const scopes[] = {"host", "site", "prefix", "any"};
	struct crawl crawl;
	crawl_start(&crawl, spec);
	/* A page of each host begins the crawl, so that all are in the scope. */
	struct rounds rounds = {.crawl = &crawl, .scope = scopes[options.scope]};
	size_t listed[HOSTS], count = 0;
	rows_init(&rounds.list);
	for (unsigned host = 0; host < HOSTS; host++) {
		size_t page = 0;
		while (page < crawl.graph.page_count && crawl.graph.pages[page].host != host)
			page++;
		if (page == crawl.graph.page_count || (host > 0 && options.scope == TRUTH_ANY))
			continue;
		listed[count++] = page;
		rows_add(&rounds.list, "%s", crawl.graph.pages[page].url);
	}
	options.listed = listed;
	options.listed_count = count;
	crawl.options = options;
	truth_init(&crawl.truth, &crawl.graph, &options);
	site_serve_graph(&crawl.site, &crawl.graph.spec);
	size_t before, tries = 0;
	do {
		before = rounds.list.count;
		run_round(&rounds);
	} while (rounds.list.count > before && ++tries < 50);
	cr_expect_eq(rounds.list.count, before, "the rounds do not end");
	cr_expect_gt(tries, 1, "one round was enough, so that nothing is tested");
	struct rows links = rows_column(&crawl.truth.links, 1);
	expect_same("requests", &rounds.requests, &crawl.truth.requests);
	expect_same("links", &rounds.links, &links);
	rows_release(&links);
	rows_release(&rounds.list);
	rows_release(&rounds.requests);
	rows_release(&rounds.links);
	crawl_stop(&crawl);
}

Test(shard, rounds_over_what_is_elsewhere_end_as_one_crawl)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	for (unsigned seed = 1; seed <= 3; seed++) {
		spec.seed = seed;
		expect_rounds_to_be_one_crawl(
		    &spec, (struct truth_options){.depth = TRUTH_ALL, .scope = TRUTH_ANY, .retries = 1});
	}
}

/* Where a URL that was found is redirected out of the scope, it would be listed in the next round, and then
 * be followed. */
Test(shard, rounds_in_a_scope_end_as_one_crawl_without_redirects_out_of_it)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.redirects = 0;
	for (unsigned seed = 1; seed <= 3; seed++) {
		spec.seed = seed;
		expect_rounds_to_be_one_crawl(
		    &spec, (struct truth_options){.depth = TRUTH_ALL, .scope = TRUTH_HOST, .retries = 1});
	}
}
