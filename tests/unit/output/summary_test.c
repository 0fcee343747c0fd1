#include "base/log.h"
#include "output/number_text.h"
#include "output/reasons.h"
#include "output/slowest.h"
#include "output/summary.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_reason(struct reasons *reasons, enum cause cause, enum outcome_stage stage, long status,
    const char *reason, const char *url)
{
	reasons_add(reasons, &(struct outcome){.kind = OUTCOME_FAILED,
	                         .cause = cause,
	                         .stage = stage,
	                         .http_status = status,
	                         .reason = reason,
	                         .source_url = url});
}

Test(reasons, are_told_apart_by_cause_stage_and_status_whatever_their_words)
{
	static const struct kind {
		enum cause cause;
		enum outcome_stage stage;
		long status;
	} base = {CAUSE_HTTP_STATUS, STAGE_RECEIVE, 404};
	static const struct {
		struct kind kind;
		bool alike;
	} cases[] = {
	    {{CAUSE_HTTP_STATUS, STAGE_RECEIVE, 404}, true},
	    {{CAUSE_HTTP_STATUS, STAGE_RECEIVE, 410}, false},
	    {{CAUSE_TURNED_AWAY, STAGE_RECEIVE, 404}, false},
	    {{CAUSE_HTTP_STATUS, STAGE_WAIT, 404}, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reasons reasons = {0};
		const struct kind *kind = &cases[i].kind;
		add_reason(&reasons, base.cause, base.stage, base.status, "got it", "http://1/");
		add_reason(&reasons, kind->cause, kind->stage, kind->status, "other words", "http://2/");
		cr_expect_eq(reasons.count, cases[i].alike ? 1 : 2, "case %zu", i);
		cr_expect_str_eq(reasons.list[0]->text, "got it", "case %zu", i);
		cr_expect_str_eq(reasons.list[0]->first, "http://1/", "case %zu", i);
		reasons_release(&reasons);
	}
}

Test(reasons, count_a_status_only_where_it_is_the_cause)
{
	struct reasons reasons = {0};
	add_reason(&reasons, CAUSE_RECEIVE_TIMEOUT, STAGE_RECEIVE, 200, "timed out", "http://1/");
	add_reason(&reasons, CAUSE_RECEIVE_TIMEOUT, STAGE_RECEIVE, 206, "timed out", "http://2/");
	cr_expect_eq(reasons.count, 1);
	reasons_release(&reasons);
}

Test(reasons, are_sorted_by_number_and_kept_up_to_a_limit)
{
	static struct reasons reasons;
	for (int i = 0; i < 3 * REASONS_MAX; i++)
		add_reason(&reasons, CAUSE_HTTP_STATUS, STAGE_RECEIVE, i, "got", "http://x/");
	for (int i = 0; i < 3; i++)
		add_reason(&reasons, CAUSE_HTTP_STATUS, STAGE_RECEIVE, 2, "got", "http://y/");
	add_reason(&reasons, CAUSE_HTTP_STATUS, STAGE_RECEIVE, 1, "got", "http://y/");
	cr_expect_eq(reasons.count, REASONS_MAX);
	cr_expect_eq(reasons.others, 2 * REASONS_MAX);
	reasons_sort(&reasons);
	cr_expect_eq(reasons.list[0]->kind.http_status, 2);
	cr_expect_eq(reasons.list[0]->count, 4);
	cr_expect_eq(reasons.list[1]->kind.http_status, 1);
	cr_expect_eq(reasons.list[2]->kind.http_status, 0);
	reasons_release(&reasons);
}

static void answer(struct slowest *slowest, const char *url, double ms)
{
	slowest_add(slowest, &(struct outcome){.final_url = url, .attempts = 1, .phases.total = ms});
}

Test(slowest, hosts_are_kept_by_mean_time)
{
	struct slowest slowest = {0};
	char url[64];
	size_t count;
	answer(&slowest, "http://mixed.example:8080/a?b", 9000);
	answer(&slowest, "http://mixed.example:8080", 1000);
	answer(&slowest, "https://slow.example/", 6000);
	answer(&slowest, "https://slow.example#x", 6000);
	slowest_add(&slowest, &(struct outcome){.final_url = "http://never-asked/", .phases.total = -1});
	for (int i = 0; i < 5000; i++) {
		snprintf(url, sizeof url, "http://h%d.example/", i);
		answer(&slowest, url, i % 1000);
	}
	answer(&slowest, "http://last.example/", 5500);
	const struct slow_host **hosts = slowest_list(&slowest, &count);
	cr_assert_eq(count, SLOWEST_MAX);
	cr_expect_str_eq(hosts[0]->name, "slow.example");
	cr_expect_eq(hosts[0]->urls, 2);
	cr_expect_str_eq(hosts[1]->name, "last.example");
	cr_expect_str_eq(hosts[2]->name, "mixed.example:8080");
	cr_expect_eq(slowest_mean_ms(hosts[2]), 5000);
	cr_expect_eq(hosts[2]->longest_ms, 9000);
	cr_expect_eq(hosts[3]->longest_ms, 999);
	cr_expect_eq(slowest.others, 5003 - SLOWEST_MAX);
	free(hosts);
	slowest_release(&slowest);
}

Test(number_text, has_durations_in_the_unit_that_a_person_would_use)
{
	static const struct {
		int64_t ms;
		const char *expected;
	} cases[] = {
	    {0, "< 1 ms"},
	    {1, "1 ms"},
	    {999, "999 ms"},
	    {1000, "1.0 s"},
	    {59949, "59.9 s"},
	    {59950, "1 min 0 s"},
	    {125000, "2 min 5 s"},
	    {3599499, "59 min 59 s"},
	    {3599500, "1 h 0 min"},
	    {360000000, "100 h 0 min"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[NUMBER_TEXT_MAX];
		number_text_duration(text, cases[i].ms);
		cr_expect_str_eq(text, cases[i].expected, "%jd ms: %s", (intmax_t)cases[i].ms, text);
	}
}

struct scene {
	const struct options options;
	struct summary *summary;
	struct observer observer;
	struct totals totals;
};

static void begin(struct scene *scene, bool is_terminal)
{
	scene->totals = (struct totals){.elapsed_ms = 500};
	scene->summary = summary_new(&scene->options, is_terminal);
	scene->observer = summary_observer(scene->summary);
}

static void tell(struct scene *scene, const struct outcome *given)
{
	struct outcome outcome = *given;
	outcome.final_url = outcome.source_url;
	scene->totals.urls++;
	scene->totals.outcomes[outcome.kind]++;
	scene->observer.outcome(scene->observer.self, &outcome);
}

static void fail(struct scene *scene, const char *url, enum cause cause, long status, const char *reason)
{
	tell(scene, &(struct outcome){.kind = OUTCOME_FAILED,
	                .cause = cause,
	                .stage = STAGE_RECEIVE,
	                .source_url = url,
	                .http_status = status,
	                .attempts = 1,
	                .reason = reason,
	                .phases.total = 10});
}

/* What the end of the run writes on stderr, which is a file here; good until the next call. */
static const char *end(struct scene *scene)
{
	static char text[1 << 16];
	FILE *file = tmpfile();
	cr_assert(file);
	int old = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	cr_assert_eq(scene->observer.end(scene->observer.self, &scene->totals), STATUS_OK);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	scene->observer.free(scene->observer.self);
	return text;
}

static const struct outcome ok = {
    .kind = OUTCOME_OK, .source_url = "http://good/", .attempts = 1, .wire_bytes = 1500};

Test(summary, of_a_run_that_went_well_is_one_line_on_a_terminal_and_none_elsewhere)
{
	struct scene scene = {0};
	begin(&scene, true);
	tell(&scene, &ok);
	tell(&scene, &(struct outcome){.kind = OUTCOME_SKIPPED,
	                 .source_url = "http://big/",
	                 .reason = "larger than 9 bytes (--max-size)"});
	cr_expect_str_eq(end(&scene), "areq: 2 URLs: 1 ok, 1 skipped; 0 links in 500 ms (1.5 kB)\n");
	begin(&scene, false);
	tell(&scene, &ok);
	cr_expect_str_eq(end(&scene), "");
}

Test(summary, groups_more_than_three_failures)
{
	struct scene scene = {0};
	begin(&scene, false);
	fail(&scene, "http://a/", CAUSE_HTTP_STATUS, 404, "got 404 Not Found");
	fail(&scene, "http://b/", CAUSE_HTTP_STATUS, 404, "got 404 Not Found");
	fail(&scene, "http://c/", CAUSE_HTTP_STATUS, 404, "got 404 Not Found");
	cr_expect_str_eq(end(&scene), "areq: 3 URLs: 0 ok, 3 failed; 0 links in 500 ms\n");

	begin(&scene, false);
	scene.totals.elapsed_ms = 2000;
	fail(&scene, "http://a/", CAUSE_HTTP_STATUS, 500, "got 500 Internal Server Error");
	for (int i = 0; i < 11; i++)
		fail(&scene, i ? "http://b/" : "http://c/", CAUSE_HTTP_STATUS, 404, "got 404 Not Found");
	tell(&scene, &ok);
	cr_expect_str_eq(end(&scene), "areq: 13 URLs: 1 ok, 12 failed; 0 links in 2.0 s (1.5 kB)\n"
	                              "areq:   11  got 404 Not Found, first http://c/\n"
	                              "areq:    1  got 500 Internal Server Error, http://a/\n");
}

Test(summary, shows_eight_reasons_at_most_and_counts_the_rest)
{
	struct scene scene = {0};
	char reason[2] = "a";
	begin(&scene, false);
	for (int i = 0; i < 20; i++) {
		reason[0] = (char)('a' + i % 10);
		fail(&scene, "http://x/", CAUSE_HTTP_STATUS, i % 10, reason);
	}
	const char *text = end(&scene);
	cr_expect(strstr(text, "areq:   2  h, first http://x/\n"), "%s", text);
	cr_expect_not(strstr(text, "  i, "));
	cr_expect(strstr(text, "areq:   4  for other reasons\n"), "%s", text);
}

/* The reasons that the end of a run lists if counts[i] URLs failed for reason i: their lines, without what
 * stands in front of them. */
static const char *reason_lines(const unsigned *counts, bool no_failures)
{
	static char lines[4096];
	struct scene scene = {.options = {.no_failures = no_failures}};
	begin(&scene, false);
	for (int i = 0; counts[i]; i++) {
		char reason[2] = {(char)('a' + i), '\0'};
		for (unsigned j = 0; j < counts[i]; j++)
			fail(&scene, "u", CAUSE_HTTP_STATUS, i, reason);
	}
	const char *text = end(&scene);
	*lines = '\0';
	while ((text = strstr(text, "areq:  "))) {
		size_t len = strcspn(text, "\n") + 1;
		strncat(lines, text + strlen("areq:  "), len - strlen("areq:  "));
		text += len;
	}
	return lines;
}

Test(summary, says_nothing_of_the_failures_twice)
{
	static const struct {
		unsigned counts[12];
		bool no_failures;
		const char *expected;
	} cases[] = {
	    {{1}, false, ""},
	    {{3}, false, ""},
	    {{4}, false, " 4  a, first u\n"},
	    /* Each failure has a reason of its own, and each had a line of its own. */
	    {{1, 1, 1, 1, 1}, false, ""},
	    {{2, 1, 1, 1}, false, " 2  a, first u\n 3  for other reasons\n"},
	    /* The rest is a single reason. */
	    {{3, 1}, false, " 3  a, first u\n 1  b, u\n"},
	    {{9, 2, 2, 2, 2, 2, 2, 2, 2}, false,
	        " 9  a, first u\n 2  b, first u\n 2  c, first u\n 2  d, first u\n 2  e, first u\n"
	        " 2  f, first u\n 2  g, first u\n 2  h, first u\n 2  i, first u\n"},
	    {{2, 2, 2, 2, 2, 2, 2, 2, 2, 1}, false,
	        " 2  a, first u\n 2  b, first u\n 2  c, first u\n 2  d, first u\n 2  e, first u\n"
	        " 2  f, first u\n 2  g, first u\n 2  h, first u\n 3  for other reasons\n"},
	    /* The numbers stand below each other. */
	    {{2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false, "  2  a, first u\n 10  for other reasons\n"},
	    /* No failure had a line. */
	    {{1}, true, " 1  a, u\n"},
	    {{2, 1}, true, " 2  a, first u\n 1  b, u\n"},
	    {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, true,
	        " 1  a, u\n 1  b, u\n 1  c, u\n 1  d, u\n 1  e, u\n 1  f, u\n 1  g, u\n 1  h, u\n"
	        " 2  for other reasons\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *lines = reason_lines(cases[i].counts, cases[i].no_failures);
		cr_expect_str_eq(lines, cases[i].expected, "case %zu: %s", i, lines);
	}
}

Test(summary, explains_the_time_of_the_run)
{
	static const struct {
		int64_t elapsed_ms, delay_wait_ms, rate_wait_ms;
		uint64_t pages, bytes;
		const char *expected;
	} cases[] = {
	    {.elapsed_ms = 0, .expected = " in < 1 ms\n"},
	    {.elapsed_ms = 12000, .expected = " in 12.0 s\n"},
	    {.elapsed_ms = 12000, .bytes = 300, .expected = " in 12.0 s (300 B)\n"},
	    {.elapsed_ms = 999, .pages = 1, .bytes = 1500, .expected = " in 999 ms (1.5 kB)\n"},
	    /* A pace of less than a page per second says less than the numbers before it. */
	    {.elapsed_ms = 10000, .pages = 9, .bytes = 1500, .expected = " in 10.0 s (1.5 kB)\n"},
	    {.elapsed_ms = 10000, .pages = 340, .bytes = 1, .expected = " in 10.0 s (1 B, 34 pages/s)\n"},
	    /* The pace of a run that waits on purpose says nothing. */
	    {.elapsed_ms = 4000,
	        .delay_wait_ms = 3800,
	        .pages = 20,
	        .bytes = 900,
	        .expected = " in 4.0 s (900 B, waited 3.8 s for --delay)\n"},
	    {.elapsed_ms = 4000,
	        .delay_wait_ms = 1999,
	        .pages = 20,
	        .bytes = 900,
	        .expected = " in 4.0 s (900 B, 5.0 pages/s)\n"},
	    {.elapsed_ms = 4000,
	        .delay_wait_ms = 100,
	        .rate_wait_ms = 3800,
	        .pages = 20,
	        .bytes = 900,
	        .expected = " in 4.0 s (900 B, waited 3.8 s for --rate)\n"},
	    {.elapsed_ms = 4000,
	        .rate_wait_ms = 1999,
	        .pages = 20,
	        .bytes = 900,
	        .expected = " in 4.0 s (900 B, 5.0 pages/s)\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scene scene = {0};
		begin(&scene, true);
		scene.totals.elapsed_ms = cases[i].elapsed_ms;
		scene.totals.delay_wait_ms = cases[i].delay_wait_ms;
		scene.totals.rate_wait_ms = cases[i].rate_wait_ms;
		tell(&scene,
		    &(struct outcome){
		        .kind = OUTCOME_SKIPPED, .source_url = "http://a/", .wire_bytes = cases[i].bytes});
		scene.totals.outcomes[OUTCOME_OK] = cases[i].pages;
		const char *text = end(&scene), *time = strstr(text, " in ");
		cr_expect(time && strcmp(time, cases[i].expected) == 0, "case %zu: %s", i, text);
	}
}

Test(summary, names_slow_hosts_in_milliseconds_but_not_if_the_delay_took_the_time)
{
	for (int delayed = 0; delayed < 2; delayed++) {
		struct scene scene = {0};
		begin(&scene, false);
		fail(&scene, "http://slow/", CAUSE_HTTP_STATUS, 404, "got 404 Not Found");
		tell(&scene, &(struct outcome){.kind = OUTCOME_OK,
		                 .source_url = "http://quick/",
		                 .attempts = 1,
		                 .phases.total = 0.6});
		scene.totals.elapsed_ms = 10000;
		scene.totals.delay_wait_ms = delayed ? 9000 : 0;
		const char *text = end(&scene);
		bool named = strstr(text, "areq: slowest hosts: slow 10 ms, quick 1 ms\n") != NULL;
		cr_expect_eq(named, !delayed, "%s", text);
		cr_expect_eq(strstr(text, "slowest") != NULL, !delayed, "%s", text);
	}
}

/* In colours each line begins with the same bytes: none is a warning of its own. */
Test(summary, has_lines_of_one_style)
{
	struct scene scene = {0};
	begin(&scene, false);
	for (int i = 0; i < 12; i++)
		fail(&scene, "http://a/", i < 2 ? CAUSE_ANSWER_TIMEOUT : CAUSE_HTTP_STATUS, i / 2, "x");
	scene.totals.unread = true;
	scene.totals.elapsed_ms = 20000;
	log_set_color(true);
	const char *text = end(&scene);
	log_set_color(false);
	cr_expect(strstr(text, "not read") && strstr(text, "hint: "), "%s", text);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		cr_expect(strncmp(line, "areq: ", strlen("areq: ")) == 0, "%s", line);
}

Test(summary, hints_once_at_the_option_that_may_help)
{
	static const struct {
		enum cause cause;
		long status;
		const char *reason, *expected;
	} cases[] = {
	    /* The words say nothing: the cause does. */
	    {.cause = CAUSE_ANSWER_TIMEOUT,
	        .status = 0,
	        .reason = "slow",
	        .expected = "hint: timed out (2): -t "},
	    {.cause = CAUSE_RECEIVE_TIMEOUT,
	        .status = 200,
	        .reason = "slow",
	        .expected = "hint: timed out (2): -t "},
	    {.cause = CAUSE_CONNECT_TIMEOUT,
	        .status = 0,
	        .reason = "slow",
	        .expected = "hint: no connection in time (2): --connect-timeout "},
	    {.cause = CAUSE_TLS_TIMEOUT,
	        .status = 0,
	        .reason = "slow",
	        .expected = "hint: no connection in time (2): --connect-timeout "},
	    {.cause = CAUSE_CERTIFICATE_ISSUER,
	        .status = 0,
	        .reason = "bad",
	        .expected = "hint: certificate of an unknown issuer (2): --cacert "},
	    {.cause = CAUSE_CERTIFICATE_EXPIRED,
	        .status = 0,
	        .reason = "certificate has expired",
	        .expected = NULL},
	    {.cause = CAUSE_CERTIFICATE_NAME,
	        .status = 0,
	        .reason = "certificate is for another name",
	        .expected = NULL},
	    {.cause = CAUSE_TURNED_AWAY,
	        .status = 403,
	        .reason = "got 403",
	        .expected = "hint: turned away with 403 or 429 (2): --delay "},
	    {.cause = CAUSE_TURNED_AWAY,
	        .status = 429,
	        .reason = "got 429",
	        .expected = "hint: turned away with 403 or 429 (2): --delay "},
	    {.cause = CAUSE_HTTP_STATUS, .status = 404, .reason = "got 404 Not Found", .expected = NULL},
	    {.cause = CAUSE_TLS,
	        .status = 0,
	        .reason = "TLS handshake failed: it timed out",
	        .expected = NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scene scene = {.options = {.timeout_ms = 30000, .connect_timeout_ms = 10000}};
		begin(&scene, false);
		fail(&scene, "http://a/", cases[i].cause, cases[i].status, cases[i].reason);
		fail(&scene, "http://b/", cases[i].cause, cases[i].status, cases[i].reason);
		const char *text = end(&scene), *hint = strstr(text, "hint: ");
		if (cases[i].expected)
			cr_expect(hint && strncmp(hint, cases[i].expected, strlen(cases[i].expected)) == 0,
			    "case %zu: %s", i, text);
		else
			cr_expect_null(hint, "case %zu: %s", i, text);
		cr_expect(!hint || !strstr(hint + 1, "hint: "), "case %zu: %s", i, text);
	}
}

Test(summary, shows_remote_text_escaped_also_in_colours)
{
	struct scene scene = {0};
	begin(&scene, false);
	for (int i = 0; i < 4; i++)
		fail(&scene, "http://a/\033]0;x\a", CAUSE_HTTP_STATUS, 404, "got \033[2J");
	log_set_color(true);
	const char *text = end(&scene);
	log_set_color(false);
	cr_expect(strstr(text, "\033[31m4 failed\033[0m"), "%s", text);
	cr_expect(strstr(text, "\\x1b[2J") && strstr(text, "\\x1b]0;x\\x07"), "%s", text);
	/* Nothing but colours begins with an escape. */
	for (const char *c = text; (c = strchr(c, '\033')); c++)
		cr_expect(
		    c[1] == '[' && c[2 + strspn(c + 2, "0123456789")] == 'm', "at %td: %s", c - text, text);
	cr_expect_not(strchr(text, '\a'));
}

static void find_dead(struct scene *scene, const char *page, const char *url, const char *problem)
{
	struct verdict verdict = {.kind = CHECK_DEAD, .problem = slice_of(problem)};
	struct link link = {.url = slice_of(url), .verdict = &verdict};
	scene->totals.check.links++;
	scene->totals.check.dead++;
	scene->observer.checked(scene->observer.self, &(struct outcome){.source_url = page}, &link);
}

Test(summary, counts_dead_links_by_problem_and_names_pages_that_have_several)
{
	struct scene scene = {.options = {.check = CHECK_DEAD}};
	begin(&scene, false);
	find_dead(&scene, "http://a/", "http://x/1", "404");
	find_dead(&scene, "http://a/", "http://x/2", "connection-refused");
	find_dead(&scene, "http://b/", "http://x/1", "404");
	cr_expect_str_eq(end(&scene), "areq: 0 URLs: 0 ok; 0 links in 500 ms\n"
	                              "areq: links: 0 alive, 3 dead\n"
	                              "areq:   2  404 Not Found, first http://x/1\n"
	                              "areq:   1  connection-refused, http://x/2\n"
	                              "areq:   2  on http://a/\n"
	                              "areq:   and 1 more page\n");

	begin(&scene, false);
	find_dead(&scene, "http://a/", "http://x/1", "404");
	find_dead(&scene, "http://b/", "http://x/1", "404");
	cr_expect_str_eq(end(&scene), "areq: 0 URLs: 0 ok; 0 links in 500 ms\n"
	                              "areq: links: 0 alive, 2 dead\n"
	                              "areq:   2  404 Not Found, first http://x/1\n");
}

Test(summary, shows_a_dead_link_without_password_and_not_in_full_length)
{
	struct scene scene = {.options = {.check = CHECK_DEAD}};
	char url[9000] = "http://me:secret@x/";
	memset(url + strlen(url), 'x', sizeof url - 1 - strlen(url));
	begin(&scene, false);
	find_dead(&scene, "http://a/", url, "404");
	const char *text = end(&scene);
	cr_expect(strstr(text, "404 Not Found, http://x/xxx"), "%s", text);
	cr_expect_not(strstr(text, "secret"), "%s", text);
	cr_expect_lt(strlen(text), 2000);
}

Test(summary, of_a_check_says_which_links_were_not_followed_and_which_urls_were_left_out)
{
	struct scene scene = {.options = {.check = CHECK_DEAD, .depth = 2}};
	begin(&scene, true);
	scene.totals.left[LEFT_SCOPE] = 3;
	scene.totals.left[LEFT_MAX_PAGES] = 1;
	const char *text = end(&scene);
	cr_expect(strstr(text, "\nareq: not followed: 3 links out of scope (--scope)\n"
	                       "areq: left out: 1 URL beyond --max-pages\n"),
	    "%s", text);
}

Test(summary, is_the_same_as_json)
{
	struct scene scene = {0};
	char name[] = "/tmp/areq-summary-XXXXXX", line[4096];
	struct file file;
	close(mkstemp(name));
	begin(&scene, false);
	tell(&scene, &ok);
	fail(&scene, "http://b/\xff", CAUSE_HTTP_STATUS, 404, "got 404 Not Found");
	fail(&scene, "http://c/", CAUSE_HTTP_STATUS, 404, "got 404 Not Found");
	scene.totals.signal = 2;
	cr_assert_eq(scene.observer.end(scene.observer.self, &(struct totals){.signal = 13}), STATUS_OK);
	cr_assert_eq(file_open(&file, name, &(struct file_options){0}), STATUS_OK);
	cr_assert_eq(summary_write_json(scene.summary, &file, &scene.totals, -1), STATUS_OK);
	cr_assert_eq(file_close(&file), STATUS_OK);
	scene.observer.free(scene.observer.self);
	FILE *reader = fopen(name, "r");
	cr_assert(fgets(line, sizeof line, reader));
	cr_expect_eq(fgetc(reader), EOF, "one line");
	fclose(reader);
	unlink(name);
	json_t *object = json_loads(line, 0, NULL), *failures = json_object_get(object, "failures");
	cr_assert(object, "%s", line);
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(object, "outcomes"), "failed")), 2);
	cr_expect_eq(json_integer_value(json_object_get(object, "elapsed_ms")), 500);
	cr_expect_str_eq(json_string_value(json_object_get(object, "signal")), "SIGINT");
	cr_expect(json_is_null(json_object_get(object, "exit_status")));
	cr_assert_eq(json_array_size(failures), 1);
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(failures, 0), "count")), 2);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(failures, 0), "first")),
	    "http://b/\xef\xbf\xbd");
	cr_expect_eq(json_array_size(json_object_get(object, "hosts")), 3);
	json_decref(object);
}
