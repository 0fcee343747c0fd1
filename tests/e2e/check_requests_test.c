/* --check: what the servers are asked for, over which connections, and how a run ends. */
#include "support/report.h"
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUIET "-q", "--no-header"

/* A page with count links, PREFIX0, PREFIX1, ..., behind a first one where it is not NULL. */
static const char *page_of_many(struct site *site, const char *first, const char *prefix, unsigned count)
{
	struct buf body;
	buf_init(&body, 1 << 20);
	buf_append_text(&body, "<!doctype html>\n");
	if (first) {
		buf_append_text(&body, "<a href=\"");
		buf_append_text(&body, first);
		buf_append_text(&body, "\">x</a>\n");
	}
	for (unsigned i = 0; i < count; i++) {
		buf_append_text(&body, "<a href=\"");
		buf_append_text(&body, prefix);
		buf_append_number(&body, i);
		buf_append_text(&body, "\">x</a>\n");
	}
	const char *url = site_page(site, "body", body.data);
	buf_release(&body);
	return url;
}

/* A page with one link. */
static const char *page_to(struct site *site, const char *url)
{
	struct buf body;
	buf_init(&body, 1 << 20);
	buf_append_text(&body, "<!doctype html>\n<a href=\"");
	for (; *url; url++) {
		if (*url == '&')
			buf_append_text(&body, "&amp;");
		else
			buf_append_byte(&body, *url);
	}
	buf_append_text(&body, "\">x</a>\n");
	const char *page = site_page(site, "body", body.data);
	buf_release(&body);
	return page;
}

static struct site_counter counter_of(struct site *site, const char *url)
{
	struct site_stats stats;
	site_stats(site, &stats);
	struct site_counter counter = site_stats_counter(&stats, SITE_BY_TARGET, site_target(url));
	site_stats_release(&stats);
	return counter;
}

static void expect_requests(struct site *site, const char *url, size_t heads, size_t gets)
{
	struct site_counter counter = counter_of(site, url);
	cr_expect(counter.heads == heads && counter.requests == heads + gets,
	    "%s: %zu HEAD and %zu GET, not %zu and %zu", url, counter.heads, counter.requests - counter.heads,
	    heads, gets);
}

static size_t connections_of(struct site *site)
{
	struct site_stats stats;
	site_stats(site, &stats);
	size_t count = stats.connections;
	site_stats_release(&stats);
	return count;
}

/* Connections that bring the statistics are counted, too: one for the reset, and one for the statistics. */
static size_t own_connections(struct site *site)
{
	site_reset_stats(site);
	return connections_of(site);
}

/* HEADs, and GETs of small pages, of which a client may read all, leave the connection as it was. */
Test(check_requests, keep_the_connection_behind_head_and_get)
{
	static const char *const prefixes[] = {
	    "/_/page?group=", "/_/page?status=404&amp;group=", "/_/page?head=status%3D404&amp;group=",
	    "/_/page?head=status%3D405&amp;group=", "/_/page?head=status%3D404&amp;size=20000&amp;group=",
	    "/_/page?head=status%3D404&amp;size=20000&amp;chunked=1&amp;group=",
	    "/_/page?head=status%3D404&amp;encoding=gzip&amp;group=",
	    "/_/page?status=301&amp;location=/_/page&amp;group="};
	struct site site;
	struct run_result result;
	site_start(&site);
	size_t own = own_connections(&site);
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		const char *page = page_of_many(&site, NULL, prefixes[i], 20);
		site_reset_stats(&site);
		run_areq(&result, QUIET, "-j", "1", "--check=blocked", page);
		run_release(&result);
		cr_expect_eq(connections_of(&site) - own, 1, "%s: %zu connections", prefixes[i],
		    connections_of(&site) - own);
	}
	site_stop(&site);
}

/* What is sent before the client closes is no more than what fits into the buffers of the system. */
Test(check_requests, download_nothing_of_large_bodies)
{
	static const char *const manners[] = {
	    "type=image/png&size=300000000", "size=300000000", "size=forever", "size=forever&chunked=1"};
	struct site site;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < 2 * sizeof manners / sizeof *manners; i++) {
		char target[200];
		struct site_stats stats;
		bool get_is_needed = i % 2;
		snprintf(target, sizeof target, "/_/page?%s%s", manners[i / 2],
		    get_is_needed ? "&head=status%3D403" : "");
		site_reset_stats(&site);
		run_areq(&result, "-q", "--check", "-o", "/dev/null", "--report", "-",
		    page_to(&site, site_url(&site, target)));
		run_expect_exit(&result, 0);
		json_t *line = report_line(&result, site_url(&site, target));
		cr_assert(line, "%s: %s", target, result.out);
		json_int_t bytes = json_integer_value(json_object_get(line, "bytes_on_wire"));
		cr_expect(bytes < 400000, "%s: %lld bytes", target, (long long)bytes);
		json_decref(line);
		site_stats(&site, &stats);
		for (size_t j = 0; j < stats.count; j++)
			cr_expect(stats.requests[j].bytes < 20000000, "%s: the server sent %llu bytes",
			    target, (unsigned long long)stats.requests[j].bytes);
		site_stats_release(&stats);
		run_release(&result);
	}
	site_stop(&site);
}

Test(check_requests, are_a_head_and_in_the_same_attempt_a_get)
{
	static const struct {
		const char *target;
		size_t heads, gets;
		int attempts;
	} cases[] = {
	    {"/_/page", 1, 0, 1},
	    {"/_/page?status=404", 1, 1, 1},
	    {"/_/page?head=status%3D405", 1, 1, 1},
	    {"/_/page?head=hang%3Daccept", 1, 1, 1},
	    {"/_/page?status=500", 1, 2, 2},
	    {"/_/page?fail=2&fail_status=500", 1, 2, 2},
	    {"/_/page?status=302&location=/_/page", 1, 0, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct site site;
		struct run_result result;
		site_start(&site);
		const char *url = site_url(&site, cases[i].target);
		run_areq(&result, "-q", "-t", "2", "-r", "1", "--check", "-o", "/dev/null", "--report", "-",
		    page_to(&site, url));
		json_t *line = report_line(&result, url);
		cr_expect(line, "%s: no line in %s", url, result.out);
		cr_expect_eq(
		    json_integer_value(json_object_get(line, "attempts")), cases[i].attempts, "%s", url);
		json_decref(line);
		expect_requests(&site, url, cases[i].heads, cases[i].gets);
		run_release(&result);
		site_stop(&site);
	}
}

/* A HEAD that the server refuses as one too many waits as it says, and the GET comes then. */
Test(check_requests, wait_for_retry_after_behind_a_head)
{
	static const char *const statuses[] = {"429", "503"};
	for (size_t i = 0; i < 2; i++) {
		struct site site;
		struct site_stats stats;
		struct run_result result;
		site_start(&site);
		const char *url =
		    site_page(&site, "fail", "1", "fail_status", statuses[i], "retry_after", "1");
		run_areq(&result, QUIET, "--check", page_to(&site, url));
		run_expect_exit(&result, 0);
		run_release(&result);
		expect_requests(&site, url, 1, 1);
		site_stats(&site, &stats);
		const struct site_request *head = site_stats_find(&stats, url, 0),
		                          *get = site_stats_find(&stats, url, 1);
		cr_assert(head && get);
		cr_expect_str_eq(get->method, "GET");
		cr_expect_geq(
		    get->start - head->end, 0.99, "%s: %.3f s", statuses[i], get->start - head->end);
		site_stats_release(&stats);
		site_stop(&site);
	}
}

/* A site in a folder: its start page, and the answers of other paths. */
struct folder_site {
	struct site site;
	struct scratch scratch;
};

static void start_folder(struct folder_site *self, const char *start, const char *answers)
{
	scratch_init(&self->scratch);
	scratch_write(&self->scratch, "start.html", start);
	scratch_write(&self->scratch, "_site", answers);
	scratch_write(&self->scratch, "robots.txt", "User-agent: *\nDisallow: /private\n");
	site_start_with(
	    &self->site, "--root", self->scratch.folder, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
}

static void stop_folder(struct folder_site *self)
{
	site_stop(&self->site);
	scratch_release(&self->scratch);
}

/* With --depth, a page that was found has the verdict of the URL that it is redirected to: of one that is
 * known, of a dead one, and in a circle. */
Test(check_requests, of_redirects_of_pages_that_were_found)
{
	struct folder_site folder;
	struct run_result result;
	char expected[2000];
	start_folder(&folder,
	    "<a href=to-start>x</a><a href=to-dead>x</a><a href=dead>x</a><a href=circle>x</a>",
	    "/to-start status=302&location=/start.html\n/to-dead status=302&location=/dead\n"
	    "/dead status=410\n/circle status=302&location=/circle2\n/circle2 status=302&location=/circle\n");
	const char *start = site_url(&folder.site, "/start.html");
	const char *host = folder.site.host;
	snprintf(expected, sizeof expected,
	    "%s\thttp://%s/to-dead\t410\n%s\thttp://%s/dead\t410\n%s\thttp://%s/circle\ttoo-many-redirects\n",
	    start, host, start, host, start, host);
	run_areq(&result, QUIET, "--check", "--depth", "all", start);
	run_expect_exit(&result, 1);
	rows_expect_set(result.out, result.out_len, expected);
	expect_requests(&folder.site, start, 0, 1);
	expect_requests(&folder.site, "/to-start", 0, 1);
	expect_requests(&folder.site, "/circle", 0, 1);
	run_release(&result);
	stop_folder(&folder);
}

/* The robots.txt of a host of which no page is fetched is obeyed with "always" alone. */
Test(check_requests, obey_the_robots_of_hosts_that_are_looked_at_where_asked)
{
	static const struct {
		const char *option, *value;
		size_t own, other; /* how often their robots.txt is asked for */
		bool own_is_skipped, other_is_skipped;
	} cases[] = {
	    {"--depth", "0", 0, 0, false, false},
	    {"--depth", "1", 1, 0, true, false},
	    {"--robots", "always", 1, 1, true, true},
	    {"--robots", "never", 0, 0, false, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct folder_site folder;
		struct site_stats stats;
		struct run_result result;
		char other[100], expected[1000];
		start_folder(&folder, "", "/private type=text/plain\n");
		const char *start = site_url(&folder.site, "/start.html");
		snprintf(other, sizeof other, "http://127.0.0.2:%u/private", folder.site.port);
		scratch_write(&folder.scratch, "start.html", "<a href=/private>x</a><a href=");
		scratch_append(&folder.scratch, "start.html", other);
		scratch_append(&folder.scratch, "start.html", ">x</a>");
		run_areq(&result, QUIET, "--check=all", cases[i].option, cases[i].value, start);
		run_expect_exit(&result, 0);
		snprintf(expected, sizeof expected, "%s\thttp://%s/private\t%s\n%s\t%s\t%s\n", start,
		    folder.site.host, cases[i].own_is_skipped ? "robots" : "", start, other,
		    cases[i].other_is_skipped ? "robots" : "");
		rows_expect_set(result.out, result.out_len, expected);
		run_release(&result);
		site_stats(&folder.site, &stats);
		size_t own = 0, foreign = 0;
		for (size_t j = 0; j < stats.count; j++) {
			bool is_own = strcmp(stats.requests[j].host, folder.site.host) == 0;
			own += strcmp(stats.requests[j].path, "/robots.txt") == 0 && is_own;
			foreign += strcmp(stats.requests[j].path, "/robots.txt") == 0 && !is_own;
		}
		cr_expect(own == cases[i].own && foreign == cases[i].other, "%s %s: %zu and %zu",
		    cases[i].option, cases[i].value, own, foreign);
		site_stats_release(&stats);
		stop_folder(&folder);
	}
}

Test(check_requests, are_none_of_heads_for_what_is_fetched_anyway)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *dead = site_page(&site, "status", "404"), *page = page_to(&site, dead);
	run_areq(&result, QUIET, "-j", "1", "--check", page, dead, page_to(&site, page));
	run_expect_exit(&result, 1);
	expect_requests(&site, dead, 0, 1);
	expect_requests(&site, page, 0, 1);
	run_release(&result);
	site_stop(&site);
}

static json_t *checked_of(const struct run_result *result, struct scratch *scratch)
{
	char *text = scratch_read(scratch, "summary", NULL);
	json_t *summary = json_loads(text, 0, NULL);
	json_t *checked = json_incref(json_object_get(summary, "checked"));
	cr_assert(checked, "%s%s", text, result->err);
	json_decref(summary);
	free(text);
	return checked;
}

static void expect_count(const json_t *checked, const char *key, json_int_t wanted)
{
	json_int_t is = json_integer_value(json_object_get(checked, key));
	cr_expect(is == wanted, "%s: %lld, not %lld", key, (long long)is, (long long)wanted);
}

/* What had no outcome when the run was stopped is not dead. */
Test(check_requests, that_a_signal_interrupts_make_no_link_dead)
{
	static const int signals[] = {SIGINT, SIGTERM};
	for (size_t i = 0; i < 2; i++) {
		struct site site;
		struct scratch scratch;
		struct run_child child;
		struct run_result result;
		site_start(&site);
		scratch_init(&scratch);
		run_start_areq(&child, NULL, "--no-header", "-t", "60", "-j", "4", "--check=all",
		    "--summary-json", scratch_path(&scratch, "summary"),
		    page_of_many(&site, "/_/page?status=404", "/_/page?delay=60000&amp;group=", 30));
		run_wait_output(&child, "\t404\n", 10);
		site_wait_in_flight(&site, 3, 10);
		run_kill(&child, signals[i]);
		run_finish(&child, &result);
		cr_expect_eq(result.signal, signals[i]);
		const char *newline = strchr(result.out, '\n');
		cr_expect(newline && newline[1] == '\0', "%s", result.out);
		json_t *checked = checked_of(&result, &scratch);
		expect_count(checked, "links", 31);
		expect_count(checked, "dead", 1);
		expect_count(checked, "not_checked", 30);
		json_decref(checked);
		run_release(&result);
		scratch_release(&scratch);
		site_stop(&site);
	}
}

/* The links beyond --max-pages are not asked for, and are not dead. */
Test(check_requests, are_no_more_than_max_pages)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	struct site_stats stats;
	site_start(&site);
	scratch_init(&scratch);
	run_areq(&result, QUIET, "--check", "--max-pages", "3", "--summary-json",
	    scratch_path(&scratch, "summary"), page_of_many(&site, NULL, "/_/page?status=404&amp;group=", 9));
	struct rows rows;
	rows_init(&rows);
	rows_parse(&rows, result.out, result.out_len);
	cr_expect_eq(rows.count, 2, "%s", result.out);
	rows_release(&rows);
	json_t *checked = checked_of(&result, &scratch);
	expect_count(checked, "links", 9);
	expect_count(checked, "dead", 2);
	expect_count(checked, "not_checked", 7);
	json_decref(checked);
	run_release(&result);
	site_stats(&site, &stats);
	cr_expect_eq(stats.all.requests, 1 + 2 * 2, "%zu", stats.all.requests);
	site_stats_release(&stats);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(check_requests, of_public_only_reach_no_other_address)
{
	struct site site;
	struct run_result result;
	struct site_stats stats;
	site_start(&site);
	run_areq(&result, QUIET, "--public-only", "--check", page_to(&site, "/_/page?status=404"));
	run_expect_exit(&result, 1);
	cr_expect_str_eq(result.out, "");
	run_release(&result);
	site_stats(&site, &stats);
	cr_expect_eq(stats.all.requests, 0);
	site_stats_release(&stats);
	site_stop(&site);
}
