/* What a crawl does where one page or one host is odd; whole sites are in crawl_test.c. */
#include "support/report.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <jansson.h>
#include <stdio.h>
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
