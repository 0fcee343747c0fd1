/* --state: a crawl that goes on knows what it has found, and where redirects have led; so does a run whose
 * rows go to stdout. */
#include "support/rows.h"
#include "support/scratch.h"
#include "support/site.h"
#include "support/state_file.h"
#include "support/state_list.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct found {
	struct site site;
	struct scratch scratch;
	const char *state, *out;
};

static void found_start(struct found *self)
{
	site_start(&self->site);
	scratch_init(&self->scratch);
	self->state = scratch_path(&self->scratch, "state");
	self->out = scratch_path(&self->scratch, "out");
}

static void found_stop(struct found *self)
{
	scratch_release(&self->scratch);
	site_stop(&self->site);
}

enum { ARGUMENTS_MAX = 20 };

static void fill_arguments(struct found *self, const char *all[ARGUMENTS_MAX + 8], const char *const *args)
{
	const char *const first[] = {
	    "-q", "--state", self->state, "--robots", "never", "--per-host", "0", "--no-header"};
	size_t count = 0;
	for (; count < sizeof first / sizeof *first; count++)
		all[count] = first[count];
	while (*args)
		all[count++] = *args++;
	all[count] = NULL;
}

/* Runs areq until so many pages are done, and ends it; then runs it to its end. What both wrote to stdout is
 * in out, one behind the other. */
static void run_twice(
    struct found *self, size_t done, struct rows *out, const char *const *first, const char *const *second)
{
	const char *args[ARGUMENTS_MAX + 8];
	struct run_child child;
	struct run_result result;
	rows_init(out);
	fill_arguments(self, args, first);
	run_start(&child, NULL, run_areq_name(), args);
	state_file_wait_done(self->state, done, 20);
	run_kill(&child, SIGKILL);
	run_finish(&child, &result);
	rows_parse(out, result.out, result.out_len);
	run_release(&result);
	fill_arguments(self, args, second);
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, 0);
	rows_parse(out, result.out, result.out_len);
	run_release(&result);
}

static size_t asked(struct found *self, const char *target)
{
	struct site_stats stats;
	site_stats(&self->site, &stats);
	size_t count = site_stats_counter(&stats, SITE_BY_TARGET, target).requests;
	site_stats_release(&stats);
	return count;
}

/* The page that is pending leads to where redirects of pages that are done have led, and came by. */
Test(state_found, knows_where_redirects_have_led)
{
	struct found self;
	struct rows out;
	char hop[300], body[1200];
	found_start(&self);
	static const char end[] = "/_/page?size=9";
	snprintf(hop, sizeof hop, "%s", site_target(site_page(&self.site, "status", "302", "location", end)));
	const char *begin = site_page(&self.site, "status", "302", "location", hop);
	snprintf(body, sizeof body, "<a href='%s'><a href='%s'>", end, hop);
	const char *pending = site_page(&self.site, "body", body, "hold", "0,2,held", "group", "held");
	snprintf(body, sizeof body, "<a href='%s'><a href='%s'>", begin, pending);
	const char *start = site_page(&self.site, "body", body);
	const char *const args[] = {"--depth", "2", "-o", self.out, start, NULL};
	run_twice(&self, 2, &out, args, args);
	cr_expect_eq(asked(&self, site_target(start)), 1);
	cr_expect_eq(asked(&self, site_target(pending)), 2);
	cr_expect_eq(asked(&self, site_target(begin)), 1);
	cr_expect_eq(asked(&self, hop), 1, "the URL on the way was asked for again");
	cr_expect_eq(asked(&self, end), 1, "the URL at the end was asked for again");
	/* Three pages: the start, the one that is redirected, and the pending one. */
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM pages WHERE outcome='ok'"), 3);
	rows_release(&out);
	found_stop(&self);
}

/* A page was found and is pending; then a URL of the list was redirected to it, and is done. */
Test(state_found, asks_for_a_pending_page_that_a_listed_url_has_led_to)
{
	struct found self;
	struct rows out;
	char body[600];
	found_start(&self);
	const char *pending = site_page(&self.site, "size", "9");
	snprintf(body, sizeof body, "<a href='%s'>", pending);
	const char *start = site_page(&self.site, "body", body);
	const char *also = site_page(&self.site, "status", "302", "location", pending);
	const char *gate = site_page(&self.site, "size", "9", "hold", "0,2,held", "group", "held");
	const char *const args[] = {"--depth", "1", "-j1", "-o", self.out, start, also, gate, NULL};
	run_twice(&self, 2, &out, args, args);
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM pages WHERE outcome='ok'"), 4);
	cr_expect_eq(asked(&self, site_target(pending)), 2);
	rows_release(&out);
	found_stop(&self);
}

/* A line of the list is gone, but now a page leads to its URL, which is not forgotten then. */
Test(state_found, keeps_a_page_that_is_found_instead_of_listed)
{
	struct found self;
	struct rows out;
	char body[600];
	found_start(&self);
	const char *gone = site_page(&self.site, "size", "9", "hold", "0,2,gone", "group", "gone");
	snprintf(body, sizeof body, "<a href='%s'>", gone);
	const char *late = site_page(&self.site, "body", body, "hold", "0,2,late", "group", "late");
	const char *start = site_page(&self.site, "size", "9");
	const char *const args[] = {"--depth", "1", "-o", self.out, start, gone, late, NULL};
	const char *const less[] = {"--depth", "1", "-o", self.out, start, late, NULL};
	run_twice(&self, 1, &out, args, less);
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM pages WHERE outcome='ok'"), 3);
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM pages WHERE via IS NOT NULL"), 1);
	rows_release(&out);
	found_stop(&self);
}

/* They go to all pages of the origins of the list, also to those that were found before the list is read. */
Test(state_found, sends_the_user_s_secrets)
{
	struct found self;
	struct rows out;
	struct site_stats stats;
	char body[600];
	found_start(&self);
	const char *pending = site_page(&self.site, "links", "2", "hold", "0,2,held", "group", "held");
	snprintf(body, sizeof body, "<a href='%s'>", pending);
	const char *start = site_page(&self.site, "body", body);
	const char *const args[] = {
	    "--depth", "1", "-o", self.out, "-u", "ann:secret", "-b", "a=b", start, NULL};
	run_twice(&self, 1, &out, args, args);
	site_stats(&self.site, &stats);
	for (size_t i = 0; i < 2; i++) {
		const struct site_request *request = site_stats_find(&stats, pending, i);
		cr_assert(request, "request %zu", i);
		cr_expect(site_request_header(request, "Authorization"), "request %zu", i);
		cr_expect(site_request_header(request, "Cookie"), "request %zu", i);
	}
	site_stats_release(&stats);
	/* They are not in the state. */
	size_t len;
	char *state = scratch_read(&self.scratch, "state", &len);
	for (size_t i = 0; i + 6 < len; i++)
		cr_assert(memcmp(state + i, "secret", 6) != 0);
	free(state);
	rows_release(&out);
	found_stop(&self);
}

/* What was asked for before counts. */
Test(state_found, asks_for_no_more_pages_than_max_pages)
{
	struct found self;
	struct rows out;
	char body[900];
	found_start(&self);
	const char *pending = site_page(&self.site, "links", "2", "hold", "0,2,held", "group", "held");
	snprintf(body, sizeof body,
	    "<a href='%s'><a href='/_/page?size=1'><a href='/_/page?size=2'><a href='/_/page?size=3'>",
	    pending);
	const char *start = site_page(&self.site, "body", body);
	const char *const args[] = {"--depth", "1", "-o", self.out, "--max-pages", "3", start, NULL};
	run_twice(&self, 2, &out, args, args);
	cr_expect_eq(asked(&self, site_target(start)), 1);
	cr_expect_eq(asked(&self, site_target(pending)), 2);
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM pages WHERE outcome='ok'"), 3);
	rows_release(&out);
	found_stop(&self);
}

/* A run with other filters than the one before was ended, and goes on: no answer of the one before counts. */
Test(state_found, takes_no_answer_of_a_run_with_other_options)
{
	struct found self;
	found_start(&self);
	const char *held = site_page(
	    &self.site, "links", "2", "etag", "\"a\"", "hold", "0,1,held", "group", "held", "prefix", "h");
	const char *quick = site_page(&self.site, "links", "2", "etag", "\"a\"", "prefix", "q");
	const char *gate =
	    site_page(&self.site, "links", "2", "hold", "0,4,gate", "group", "gate", "prefix", "g");
	const char *args[ARGUMENTS_MAX + 8];
	struct run_result result;
	fill_arguments(
	    &self, args, (const char *const[]){"--include", "1$", "-o", self.out, quick, held, NULL});
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, 0);
	run_release(&result);
	const char *const other[] = {"--include", "2$", "-j1", "-o", self.out, gate, held, quick, NULL};
	struct run_child child;
	fill_arguments(&self, args, other);
	run_start(&child, NULL, run_areq_name(), args);
	site_wait_requests(&self.site, 3, 10);
	while (state_file_number(self.state, "SELECT count(*) FROM pages WHERE run=2") < 3)
		cr_assert_not(run_wait(&child, 0.02));
	run_kill(&child, SIGKILL);
	run_finish(&child, &result);
	run_release(&result);
	const char *const last[] = {"--include", "2$", "-j9", "-t", "1", "-r", "0", "--fail-on", "never",
	    "-o", self.out, gate, held, quick, NULL};
	fill_arguments(&self, args, last);
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, 0);
	run_release(&result);
	struct rows is, wanted;
	state_list_read_rows(&self.scratch, "out", true, &is);
	rows_init(&wanted);
	rows_add(&wanted, "http://%s/_/h2", self.site.host);
	rows_add(&wanted, "http://%s/_/q2", self.site.host);
	state_list_expect_same("other options", &is, &wanted);
	found_stop(&self);
}

/* What belongs to pages that are done does not come again. */
Test(state_found, writes_rows_to_stdout_once)
{
	static const char *const options[] = {"--format=tsv", "--format=urls", "--unique"};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		struct found self;
		struct rows out, wanted, seen;
		found_start(&self);
		const char *quick = site_page(&self.site, "links", "9", "prefix", "q");
		const char *held =
		    site_page(&self.site, "links", "2", "prefix", "q", "hold", "0,2,held", "group", "held");
		const char *const args[] = {options[i], quick, held, NULL};
		run_twice(&self, 1, &out, args, args);
		rows_init(&wanted);
		for (int k = 1; k <= 9; k++)
			rows_add(&wanted, "http://%s/_/q%d", self.site.host, k);
		for (int k = 1; k <= 2 && i == 0; k++)
			rows_add(&wanted, "http://%s/_/q%d", self.site.host, k);
		seen = i == 1 ? out : rows_column(&out, 1);
		state_list_expect_same(options[i], &seen, &wanted);
		if (i != 1)
			rows_release(&out);
		found_stop(&self);
	}
}

/* A page that waits was found again by a shorter way, so that its links are followed. */
Test(state_found, knows_the_shorter_way_to_a_pending_page)
{
	struct found self;
	struct rows out;
	char body[1200];
	found_start(&self);
	const char *last = site_page(&self.site, "size", "9");
	snprintf(body, sizeof body, "<a href='%s'>", last);
	const char *page = site_page(&self.site, "body", body);
	/* Two that are held keep the page from being asked for before the end of the first run. */
	const char *held = site_page(&self.site, "size", "8", "hold", "0,3,held", "group", "held");
	const char *also = site_page(&self.site, "size", "7", "hold", "0,3,held", "group", "held");
	snprintf(body, sizeof body, "<a href='%s'><a href='%s'>", held, page);
	const char *longer = site_page(&self.site, "body", body);
	snprintf(body, sizeof body, "<a href='%s'>", longer);
	const char *start = site_page(&self.site, "body", body);
	snprintf(body, sizeof body, "<a href='%s'><a href='%s'>", also, page);
	const char *shorter = site_page(&self.site, "body", body, "hold", "0,1,held");
	const char *const args[] = {"--depth", "2", "-j2", "-o", self.out, start, shorter, NULL};
	run_twice(&self, 3, &out, args, args);
	cr_expect_eq(asked(&self, site_target(shorter)), 1);
	cr_expect_eq(asked(&self, site_target(page)), 1);
	cr_expect_eq(asked(&self, site_target(last)), 1);
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM depths"), 1);
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM pages WHERE outcome='ok'"), 7);
	rows_release(&out);
	found_stop(&self);
}
