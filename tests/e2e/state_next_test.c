/* --state: the run after one that ended asks only for what has changed, and its outputs are complete. */
#include "support/nights.h"
#include "support/rows.h"
#include "support/scratch.h"
#include "support/site.h"
#include "support/state_file.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES = 60, NIGHTS = 10 };

struct next {
	struct site site;
	struct scratch scratch;
	const char *state;
	bool keeps_stats; /* some pages depend on how often they were asked for */
};

static void next_start(struct next *self)
{
	*self = (struct next){.keeps_stats = false};
	site_start_with(&self->site, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
	scratch_init(&self->scratch);
	self->state = scratch_path(&self->scratch, "state");
}

static void next_stop(struct next *self)
{
	scratch_release(&self->scratch);
	site_stop(&self->site);
}

/* Runs areq with --state and these arguments, and says what the server saw of that. The rows go to `rows`. */
static void run_next(struct next *self, struct site_stats *stats, const char *const *args)
{
	const char *all[24] = {"-q", "--no-header", "--fail-on", "never", "--state", self->state, "-o",
	    scratch_path(&self->scratch, "rows"), "--report", scratch_path(&self->scratch, "report")};
	struct run_result result;
	size_t count = 10;
	while (*args)
		all[count++] = *args++;
	if (!self->keeps_stats)
		site_reset_stats(&self->site);
	run_program(&result, NULL, run_areq_name(), all);
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stats(&self->site, stats);
}

#define RUN_NEXT(self, stats, ...) run_next(self, stats, (const char *const[]){__VA_ARGS__, NULL})

static json_t *read_line(struct next *self, const char *url)
{
	char *text = scratch_read(&self->scratch, "report", NULL), *line = strtok(text, "\n");
	json_t *found = NULL;
	for (; line && !found; line = strtok(NULL, "\n")) {
		found = json_loads(line, 0, NULL);
		cr_assert(found);
		if (strcmp(json_string_value(json_object_get(found, "url")), url) != 0) {
			json_decref(found);
			found = NULL;
		}
	}
	free(text);
	return found;
}

static bool is_unchanged(struct next *self, const char *url)
{
	json_t *line = read_line(self, url);
	bool is = line && json_is_true(json_object_get(line, "unchanged")) &&
	          strcmp(json_string_value(json_object_get(line, "outcome")), "ok") == 0;
	json_decref(line);
	return is;
}

/* How many requests had such a header. */
static size_t count_header(const struct site_stats *stats, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < stats->count; i++)
		count += site_request_header(&stats->requests[i], name) != NULL;
	return count;
}

/* A page that is the same the second time, under other conditions. */
struct next_case {
	const char *name;
	const char *key, *value; /* of the page, beside its ETag */
	const char *first[3], *second[3];
	size_t asked; /* requests of the second run */
	size_t if_none_match;
	bool is_unchanged;
};

static void try_case(const struct next_case *it)
{
	struct next self;
	struct site_stats stats;
	next_start(&self);
	const char *url = site_page(&self.site, "links", "5", "etag", "\"a\"", it->key ? it->key : "type",
	    it->key ? it->value : "text/html");
	const char *const first[] = {url, it->first[0], it->first[1], NULL};
	const char *const second[] = {url, it->second[0], it->second[1], NULL};
	run_next(&self, &stats, first);
	cr_expect_eq(stats.all.requests, 1, "%s", it->name);
	site_stats_release(&stats);
	size_t len, again_len;
	char *rows = scratch_read(&self.scratch, "rows", &len);
	run_next(&self, &stats, second);
	cr_expect_eq(stats.all.requests, it->asked, "%s: %zu requests", it->name, stats.all.requests);
	cr_expect_eq(count_header(&stats, "If-None-Match"), it->if_none_match, "%s", it->name);
	cr_expect_eq(is_unchanged(&self, url), it->is_unchanged, "%s", it->name);
	for (size_t i = 0; i < stats.count && it->is_unchanged; i++)
		cr_expect(stats.requests[i].status == 304 && stats.requests[i].bytes < 400,
		    "%s: %d, %d bytes", it->name, stats.requests[i].status, (int)stats.requests[i].bytes);
	site_stats_release(&stats);
	char *again = scratch_read(&self.scratch, "rows", &again_len);
	cr_expect_eq(again_len, len, "%s: %s", it->name, again);
	cr_expect(again_len == len && memcmp(rows, again, len) == 0, "%s: %s", it->name, again);
	free(rows);
	free(again);
	next_stop(&self);
}

Test(state_next, asks_conditionally_with_the_same_options_only)
{
	static const struct next_case cases[] = {
	    {.name = "the same", .asked = 1, .if_none_match = 1, .is_unchanged = true},
	    {.name = "both validators",
	        .key = "modified",
	        .value = "784111777",
	        .asked = 1,
	        .if_none_match = 1,
	        .is_unchanged = true},
	    {.name = "another ETag in the 304",
	        .key = "etag_304",
	        .value = "\"b\"",
	        .asked = 2,
	        .if_none_match = 1},
	    {.name = "limits",
	        .second = {"-j1", "-t9"},
	        .asked = 1,
	        .if_none_match = 1,
	        .is_unchanged = true},
	    {.name = "filter", .second = {"--scheme=http"}, .asked = 1},
	    {.name = "header", .second = {"-HX-A: 1"}, .asked = 1},
	    {.name = "another header", .first = {"-HX-A: 1"}, .second = {"-HX-A: 2"}, .asked = 1},
	    {.name = "the same header",
	        .first = {"-HX-A: 1"},
	        .second = {"-HX-A: 1"},
	        .asked = 1,
	        .if_none_match = 1,
	        .is_unchanged = true},
	    {.name = "agent", .second = {"-Aother/1.0"}, .asked = 1},
	    {.name = "cookie", .second = {"-ba=b"}, .asked = 1},
	    {.name = "user", .second = {"-uann:b"}, .asked = 1},
	    {.name = "fresh", .second = {"--max-age=1h"}, .asked = 0},
	    {.name = "too old",
	        .second = {"--max-age=1ms"},
	        .asked = 1,
	        .if_none_match = 1,
	        .is_unchanged = true},
	    {.name = "an error is no answer",
	        .key = "status",
	        .value = "500",
	        .first = {"-r0"},
	        .second = {"-r0"},
	        .asked = 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct next_case it = cases[i];
		/* What needs no request is unchanged, too. */
		it.is_unchanged |= it.asked == 0;
		try_case(&it);
	}
}

/* In a run that takes longer than from one commit to the next, pages are read from the state that were added
 * to the run already. */
Test(state_next, asks_conditionally_in_a_long_run)
{
	struct next self;
	struct site_stats stats;
	next_start(&self);
	scratch_write(&self.scratch, "list", "");
	for (int i = 0; i < 30; i++) {
		char prefix[16];
		snprintf(prefix, sizeof prefix, "p%d-", i);
		scratch_append(&self.scratch, "list",
		    site_page(&self.site, "links", "2", "etag", "\"a\"", "prefix", prefix));
		scratch_append(&self.scratch, "list", "\n");
	}
	for (size_t run = 0; run < 2; run++) {
		RUN_NEXT(&self, &stats, "--delay", "0.03", scratch_path(&self.scratch, "list"));
		cr_expect_eq(stats.all.requests, 30);
		cr_expect_eq(count_header(&stats, "If-None-Match"), run * 30);
		site_stats_release(&stats);
	}
	next_stop(&self);
}

/* Then areq adds nothing of its own. */
Test(state_next, leaves_the_user_s_own_precondition_alone)
{
	struct next self;
	struct site_stats stats;
	next_start(&self);
	const char *url = site_page(&self.site, "links", "5", "etag", "\"a\"");
	for (int i = 0; i < 2; i++) {
		RUN_NEXT(&self, &stats, "-H", "If-None-Match: \"mine\"", url);
		cr_assert_eq(stats.count, 1);
		cr_expect_str_eq(site_request_header(&stats.requests[0], "If-None-Match"), "\"mine\"");
		site_stats_release(&stats);
	}
	next_stop(&self);
}

/* A listed URL leads to another host, which belongs to the crawl; each page stays as it is. */
Test(state_next, follows_the_same_links_when_pages_are_unchanged)
{
	struct next self;
	struct site_stats stats;
	char page[600], location[600], target[200], body[700];
	next_start(&self);
	snprintf(target, sizeof target, "http://127.0.0.2:%u/_/page?etag=%%22b%%22&links=2&prefix=//x.test/",
	    self.site.port);
	snprintf(body, sizeof body, "%s", "<a href='/_/page?etag=%22b%22&links=2&prefix=//x.test/'>");
	snprintf(page, sizeof page, "%s", site_page(&self.site, "etag", "\"a\"", "body", body));
	snprintf(location, sizeof location, "http://127.0.0.2:%u%s", self.site.port, site_target(page));
	const char *url = site_page(&self.site, "status", "302", "location", location);
	RUN_NEXT(&self, &stats, "--depth", "1", "--robots", "never", url);
	cr_expect_eq(stats.all.requests, 3);
	site_stats_release(&stats);
	char *rows = scratch_read(&self.scratch, "rows", NULL), *again;
	cr_expect(strstr(rows, "http://x.test/2"), "%s", rows);
	RUN_NEXT(&self, &stats, "--depth", "1", "--robots", "never", url);
	cr_expect_eq(stats.all.requests, 3);
	/* Not the one that redirects. */
	cr_expect_eq(count_header(&stats, "If-None-Match"), 2);
	cr_expect(is_unchanged(&self, url) && is_unchanged(&self, target));
	site_stats_release(&stats);
	again = scratch_read(&self.scratch, "rows", NULL);
	cr_expect_eq(strlen(again), strlen(rows), "%s", again);
	free(again);
	RUN_NEXT(&self, &stats, "--depth", "1", "--robots", "never", "--max-age=1h", url);
	cr_expect_eq(stats.all.requests, 0);
	site_stats_release(&stats);
	again = scratch_read(&self.scratch, "rows", NULL);
	cr_expect_eq(strlen(again), strlen(rows), "%s", again);
	free(again);
	free(rows);
	next_stop(&self);
}

/* What the page says of its links is not received again with a 304. */
Test(state_next, follows_no_links_of_an_unchanged_page_that_forbids_it)
{
	static const char *const forbids[][2] = {
	    {"header", "X-Robots-Tag: nofollow"},
	    {"part", "1*<meta name=robots content=nofollow>"},
	};
	struct next self;
	struct site_stats stats;
	next_start(&self);
	for (size_t i = 0; i < sizeof forbids / sizeof *forbids; i++) {
		const char *url = site_page(&self.site, "etag", "\"a\"", "body", "<a href=/_/page?links=1>",
		    forbids[i][0], forbids[i][1]);
		for (int run = 0; run < 2; run++) {
			RUN_NEXT(&self, &stats, "--depth", "1", url);
			cr_expect_eq(site_stats_counter(&stats, SITE_BY_TARGET, "/_/page?links=1").requests,
			    0, "%s, run %d", forbids[i][0], run);
			cr_expect_eq(is_unchanged(&self, url), run == 1);
			site_stats_release(&stats);
		}
	}
	next_stop(&self);
}

/* What one night's page was in its last good answer. */
struct last_answer {
	bool is_known;
	struct nights_page page;
};

static void expect_night(struct next *self, const struct nights_spec *spec, unsigned night, bool is_crawl,
    struct last_answer *last)
{
	struct rows is, wanted;
	struct nights_page page;
	bool reached[PAGES];
	size_t len;
	nights_reach(spec, night, reached);
	rows_init(&is);
	rows_init(&wanted);
	char *text = scratch_read(&self->scratch, "rows", &len);
	rows_parse(&is, text, len);
	free(text);
	for (unsigned i = 0; i < PAGES; i++) {
		char url[100];
		if (is_crawl && !reached[i])
			continue;
		nights_page(spec, i, night, &page);
		snprintf(url, sizeof url, "http://%s/_/nights/p%u", self->site.host, i);
		for (unsigned k = 0; page.answer == NIGHTS_PAGE && k < page.links.count; k++)
			rows_add(&wanted, "%s\thttp://%s/_/nights/p%u", url, self->site.host,
			    page.links.target[k]);
		bool must_be = last[i].is_known && nights_is_unchanged(&last[i].page, &page);
		cr_expect_eq(is_unchanged(self, url), must_be, "night %u: %s (validators %u) %s", night, url,
		    page.validators, must_be ? "is not taken as unchanged" : "is taken as unchanged");
		if (page.answer == NIGHTS_PAGE)
			last[i] = (struct last_answer){true, page};
		else if (page.answer == NIGHTS_MISSING || page.answer == NIGHTS_GONE)
			last[i].is_known = false;
	}
	char *difference = rows_set_difference(&is, &wanted);
	cr_expect(!difference, "night %u: %s", night, difference ? difference : "");
	free(difference);
	rows_release(&is);
	rows_release(&wanted);
}

static void run_nights(bool is_crawl)
{
	const struct nights_spec spec = {.seed = 11, .pages = PAGES};
	struct last_answer last[PAGES] = {{.is_known = false}};
	struct next self;
	struct site_stats stats;
	next_start(&self);
	self.keeps_stats = true;
	free(site_exchange(&self.site, "GET /_/nights?seed=11&pages=60 HTTP/1.0\r\n\r\n", 43, 5, NULL));
	scratch_write(&self.scratch, "list", "");
	for (unsigned i = 0; i < (is_crawl ? 1 : PAGES); i++) {
		char path[40];
		snprintf(path, sizeof path, "/_/nights/p%u", i);
		scratch_append(&self.scratch, "list", site_url(&self.site, path));
		scratch_append(&self.scratch, "list", "\n");
	}
	const char *list = scratch_path(&self.scratch, "list");
	for (unsigned night = 0; night < NIGHTS; night++) {
		RUN_NEXT(&self, &stats, list, is_crawl ? "--depth=all" : "-q", "--per-host=0", "-r0");
		site_stats_release(&stats);
		expect_night(&self, &spec, night, is_crawl, last);
		free(site_exchange(&self.site, "GET /_/nights/next HTTP/1.0\r\n\r\n", 31, 5, NULL));
	}
	next_stop(&self);
}

Test(state_next, has_complete_rows_each_night)
{
	run_nights(false);
}

Test(state_next, has_complete_rows_each_night_of_a_crawl)
{
	run_nights(true);
}
