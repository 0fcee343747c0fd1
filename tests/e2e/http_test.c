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
