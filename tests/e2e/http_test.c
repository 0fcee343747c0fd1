/* HTTP as real servers speak it, where it differs from what the RFCs ask for, or where clients often err. */
#include "support/run.h"
#include "support/site.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* What the report says about a URL. */
struct expected {
	const char *outcome;
	const char *cause; /* NULL if there is none */
	const char *words; /* a part of the reason; NULL if nothing is expected of it */
};

static bool matches(json_t *line, const char *key, const char *expected)
{
	const char *value = json_string_value(json_object_get(line, key));
	return expected ? value && strcmp(value, expected) == 0 : !value;
}

/* Runs areq with -r 0, one option with its value (or NULL) and the URL, and checks the report. */
static void expect_report(const char *url, const char *option, const char *value, struct expected expected)
{
	struct run_result result;
	run_areq(&result, "-q", "-r", "0", "-t", "5", "-o", "/dev/null", "--report", "-", url, option, value);
	json_t *line = json_loads(result.out, 0, NULL);
	cr_assert(line, "%s: %s", url, result.err);
	const char *reason = json_string_value(json_object_get(line, "reason"));
	cr_expect(matches(line, "outcome", expected.outcome), "%s: %s", url, result.out);
	cr_expect(matches(line, "cause", expected.cause), "%s: %s", url, result.out);
	cr_expect(!expected.words || (reason && strstr(reason, expected.words)), "%s: %s", url, result.out);
	cr_expect_eq(result.exit_status, strcmp(expected.outcome, "failed") == 0);
	json_decref(line);
	run_release(&result);
}

/* RFC 9110, section 15.4.5: a 304 answers a conditional request, and has no content. */
static void expect_redirect(struct site *site, const char *header, const char *target)
{
	struct run_result result;
	struct site_stats stats;
	site_reset_stats(site);
	run_areq(&result, "-q", site_page(site, "status", "302", "header", header));
	run_expect_exit(&result, target && strncmp(target, "/_/page", 7) != 0);
	site_stats(site, &stats);
	cr_expect_eq(stats.count, target ? 2 : 1, "%s: %zu requests", header, stats.count);
	if (target && stats.count == 2)
		cr_expect_str_eq(
		    stats.requests[1].target, target, "%s: %s", header, stats.requests[1].target);
	site_stats_release(&stats);
	run_release(&result);
}

Test(http, an_empty_location_is_no_redirect)
{
	struct site site;
	site_start(&site);
	expect_redirect(&site, "Location:", NULL);
	expect_redirect(&site, "Location: ", NULL);
	expect_redirect(&site, "Location: \t ", NULL);
	expect_redirect(&site, "Location:\r\nLocation: \t", NULL);
	expect_redirect(&site, "Location:\r\nLocation: /_/page?group=b", "/_/page?group=b");
	expect_redirect(&site, "Location: \t/_/page?group=c \t", "/_/page?group=c");
	expect_redirect(&site, "location:/_/page?group=d", "/_/page?group=d");
	site_stop(&site);
}

/* The bytes that the server wrote are those that it is asked for. */
Test(http, a_location_is_bytes)
{
	struct site site;
	char absolute[128];
	site_start(&site);
	expect_redirect(&site, "Location: /_/page?group=caf\xe9", "/_/page?group=caf%E9");
	expect_redirect(&site, "Location: /_/page?group=\xc3\xa9", "/_/page?group=%C3%A9");
	expect_redirect(
	    &site, "Location: page?group=\xff\xfe%e9\x80 \xa0", "/_/page?group=%FF%FE%e9%80%20%A0");
	expect_redirect(&site, "Location: /_/caf\xe9/x", "/_/caf%E9/x");
	expect_redirect(&site, "Location: /_/page?group=a#\xe9", "/_/page?group=a");
	snprintf(absolute, sizeof absolute, "Location: http://%s/_/page?group=\xb0\xa1", site.host);
	expect_redirect(&site, absolute, "/_/page?group=%B0%A1");
	expect_report(site_page(&site, "status", "302", "location", "http://b\xe9.test/"), NULL, NULL,
	    (struct expected){"failed", "redirect-invalid", "http://b%E9.test/"});
	expect_report(site_page(&site, "status", "302", "location", "ht\xe9p://b/"), NULL, NULL,
	    (struct expected){"failed", "http-status", "got 404"});
	site_stop(&site);
}

Test(http, a_304_that_was_not_asked_for_is_a_failure)
{
	struct site site;
	site_start(&site);
	const char *url = site_page(&site, "status", "304");
	const char *behind = site_page(&site, "status", "302", "location", site_target(url));
	const struct expected failed = {"failed", "not-modified", "got 304 Not Modified"};
	const struct expected skipped = {"skipped", "not-modified", "got 304 Not Modified"};
	expect_report(url, NULL, NULL, failed);
	expect_report(behind, NULL, NULL, failed);
	expect_report(site_page(&site, "status", "304", "location", "/_/page?links=1"), NULL, NULL, failed);
	expect_report(url, "-H", "If-None-Match: \"a\"", skipped);
	expect_report(url, "-H", "if-modified-since : Sun, 06 Nov 1994 08:49:37 GMT", skipped);
	expect_report(behind, "-H", "If-None-Match: *", skipped);
	expect_report(url, "-H", "If-None-Match:", failed);
	expect_report(url, "-H", "If-None-Match;", failed);
	expect_report(url, "-H", "If-Range: \"a\"", failed);
	expect_report(site_page(&site, "status", "204"), NULL, NULL, (struct expected){"ok", NULL, NULL});
	site_stop(&site);
}
