/* What a crawl does where one page or one host is odd; whole sites are in crawl_test.c. */
#include "support/nginx.h"
#include "support/report.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_line(
    const struct run_result *result, const char *url, const char *outcome, const char *cause)
{
	json_t *line = report_line(result, url);
	cr_assert(line, "%s has no outcome: %s%s", url, result->out, result->err);
	const char *is_cause = json_string_value(json_object_get(line, "cause"));
	cr_expect_str_eq(
	    json_string_value(json_object_get(line, "outcome")), outcome, "%s: %s", url, result->out);
	cr_expect_str_eq(is_cause ? is_cause : "", cause ? cause : "", "%s: %s", url, result->out);
	json_decref(line);
}

/* The crawl guesses that there may be a sitemap. */
Test(follow, a_sitemap_that_nobody_names_need_not_exist)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *start = site_page(&site, "links", "0");
	run_areq(&result, "-q", "-o", "/dev/null", "--report", "-", "--sitemaps", start);
	run_expect_exit(&result, 0);
	expect_line(&result, start, "ok", NULL);
	expect_line(&result, site_url(&site, "/sitemap.xml"), "skipped", "http-status");
	run_release(&result);
	site_stop(&site);
}

/* People read the summary to learn that a crawl is not complete. */
Test(follow, a_limit_of_pages_is_told)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *start = site_page(&site, "links", "9", "prefix", "/_/page?group=");
	run_areq(&result, "-o", "/dev/null", "--depth", "1", "--max-pages", "4", start);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.err, "4 URLs: 4 ok"), "%s", result.err);
	cr_expect(strstr(result.err, "6 URLs beyond --max-pages"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

/* The long way to a page is found first; the short one, from a slow page, while the page still waits. */
Test(follow, a_shorter_way_counts_while_the_page_waits)
{
	struct site site;
	struct run_result result;
	char middle[512], slow[1024], start[2048], list[4096];
	site_start(&site);
	snprintf(middle, sizeof middle, "%s",
	    site_page(&site, "body", "<a href='/_/page?links=1&prefix=/_/page?group=&group=last'>"));
	snprintf(start, sizeof start, "<a href='%s'>", middle);
	snprintf(start, sizeof start, "%s", site_page(&site, "body", start));
	snprintf(slow, sizeof slow, "%s",
	    site_page(&site, "body", "<a href='/_/page?links=1&prefix=/_/page?group=&group=last'>", "delay",
	        "1500"));
	snprintf(list, sizeof list, "%s\n%s\n", start, slow);
	run_areq_with(&result, (&(struct run_options){.input = list, .limit = 60}), "-q", "-o", "/dev/null",
	    "--robots", "never", "--delay", "1", "--depth", "2", "--report", "-");
	run_expect_exit(&result, 0);
	const char *last = site_url(&site, "/_/page?links=1&prefix=/_/page?group=&group=last");
	json_t *line = report_line(&result, last);
	cr_assert(line, "%s", result.out);
	cr_expect_eq(json_integer_value(json_object_get(line, "depth")), 1, "%s", result.out);
	json_decref(line);
	run_release(&result);
	site_stop(&site);
}

static size_t count_text(const char *text, const char *word)
{
	size_t count = 0;
	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

enum { PLAIN, SECURE, FORBIDDEN, SWITCHED, LINKS };

/* The URLs of http and https on one host. The last one asks the port of https for http. */
static void start_both_schemes(struct nginx *nginx, struct scratch *root, char url[LINKS][64])
{
	char page[LINKS * 100], *end = page;
	scratch_init(root);
	nginx_start(nginx, root->folder);
	snprintf(url[PLAIN], sizeof *url, "%s", nginx_url(nginx, NGINX_HTTP, "/page.html"));
	snprintf(url[SECURE], sizeof *url, "%s", nginx_url(nginx, NGINX_TLS, "/page.html"));
	snprintf(url[FORBIDDEN], sizeof *url, "%s", nginx_url(nginx, NGINX_TLS, "/forbidden.html"));
	snprintf(url[SWITCHED], sizeof *url, "http://127.0.0.1:%u/page.html", nginx->port[NGINX_TLS]);
	for (int i = 0; i < LINKS; i++)
		end += sprintf(end, "<a href=%s></a>", url[i]);
	scratch_write(root, "start.html", page);
	scratch_write(root, "page.html", "");
	scratch_write(root, "forbidden.html", "");
	scratch_write(root, "robots.txt", "User-agent: *\nDisallow: /forbidden.html\n");
}

/* Of two URLs with the same host and port, the scheme does not matter for the scope; but each scheme and port
 * has a robots.txt of its own (RFC 9309, section 2.3). */
Test(follow, http_beside_https_on_one_host)
{
	static const struct {
		const char *scope;
		enum nginx_port start;
		const char *ends[LINKS]; /* NULL: not in the scope */
	} cases[] = {
	    {"host", NGINX_HTTP, {"ok"}},
	    {"host", NGINX_TLS, {NULL, "ok", "robots", "http-status"}},
	    {"site", NGINX_HTTP, {"ok", "ok", "robots", "http-status"}},
	    {"site", NGINX_TLS, {"ok", "ok", "robots", "http-status"}},
	};
	struct nginx nginx;
	struct scratch root;
	struct run_result result;
	char url[LINKS][64];
	start_both_schemes(&nginx, &root, url);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run_areq(&result, "--depth", "1", "--scope", cases[i].scope, "--cacert", nginx.ca_file, "-o",
		    "/dev/null", "--report", "-", nginx_url(&nginx, cases[i].start, "/start.html"));
		for (int link = 0; link < LINKS; link++) {
			json_t *line = report_line(&result, url[link]);
			const char *cause = line ? json_string_value(json_object_get(line, "cause")) : NULL;
			const char *end = !line ? "none" : cause ? cause : "ok";
			const char *expected = cases[i].ends[link] ? cases[i].ends[link] : "none";
			cr_expect_str_eq(
			    end, expected, "case %zu, %s is %s: %s", i, url[link], end, result.out);
			json_decref(line);
		}
		run_release(&result);
	}
	char *log = scratch_read(&nginx.scratch, "access.log", NULL);
	cr_expect_eq(count_text(log, "\"GET /robots.txt HTTP/1.1\" 200 "), 3, "%s", log);
	cr_expect_eq(count_text(log, "\"GET /robots.txt HTTP/2.0\" 200 "), 3, "%s", log);
	cr_expect_eq(count_text(log, "\"GET /robots.txt HTTP/1.1\" 400 "), 3, "%s", log);
	free(log);
	nginx_stop(&nginx);
	scratch_release(&root);
}

/* What is known of a robots.txt is forgotten when all take too much memory, which is 64 MiB, and is asked for
 * again when it is needed. */
Test(follow, asks_again_for_a_robots_that_had_no_room)
{
	enum { HOSTS = 300, RULE = 400 * 1024, MEMORY_KIB = 112 * 1024 };
	struct site site;
	struct site_stats stats;
	struct scratch root;
	struct run_result result;
	char *list = malloc((HOSTS + 4) * 64), *end = list, *robots = malloc(RULE + 64), page[128], host[64];
	scratch_init(&root);
	sprintf(robots, "User-agent: *\nDisallow: /%0*d\n", RULE, 0);
	scratch_write(&root, "robots.txt", robots);
	site_start_with(&site, "--root", root.folder);
	for (int i = 0; i < HOSTS; i++)
		end += sprintf(end, "http://h%d.localhost:%u/_/page\n", i, site.port);
	snprintf(page, sizeof page, "<a href=http://h0.localhost:%u/_/page?group=again>", site.port);
	sprintf(end, "%s\n", site_page(&site, "body", page));
	run_areq_with(&result, (&(struct run_options){.input = list, .limit = 60}), "-q", "-j", "1",
	    "--depth", "1", "-o", "/dev/null");
	site_stats(&site, &stats);
	run_expect_exit(&result, 0);
	snprintf(host, sizeof host, "h0.localhost:%u", site.port);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_HOST, host).requests, 4);
	snprintf(host, sizeof host, "h1.localhost:%u", site.port);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_HOST, host).requests, 2);
#ifndef __SANITIZE_ADDRESS__
	cr_expect_lt(result.max_rss_kib, MEMORY_KIB, "%ld KiB", result.max_rss_kib);
#endif
	free(list);
	free(robots);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
	scratch_release(&root);
}
