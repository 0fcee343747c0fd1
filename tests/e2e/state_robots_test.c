/* --state: a robots.txt is kept for the next runs, and for one that goes on. */
#include "base/buf.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"
#include "support/state_file.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct robots {
	struct site site;
	struct scratch scratch;
	const char *state, *start; /* the state file; the page that the crawl begins with */
};

/* A site whose start page leads to "open" and to "secret". */
static void robots_start(struct robots *self)
{
	scratch_init(&self->scratch);
	site_start_with(
	    &self->site, "--bind", "127.0.0.1", "--bind", "127.0.0.2", "--root", self->scratch.folder);
	self->state = scratch_path(&self->scratch, "state.db");
	scratch_write(&self->scratch, "index.html", "<a href=open.html><a href=secret.html>");
	scratch_write(&self->scratch, "open.html", "<a href=index.html>");
	scratch_write(&self->scratch, "secret.html", "<a href=index.html>");
	self->start = site_url(&self->site, "/index.html");
}

static void robots_stop(struct robots *self)
{
	site_stop(&self->site);
	scratch_release(&self->scratch);
}

static size_t asked(struct robots *self, const char *path)
{
	struct site_stats stats;
	site_stats(&self->site, &stats);
	size_t count = site_stats_counter(&stats, SITE_BY_PATH, path).requests;
	site_stats_release(&stats);
	return count;
}

/* Runs the crawl, and expects how often robots.txt and the secret page were asked for in it. */
#define RUN(self, label, robots, secret, ...)                                                                \
	run_crawl(self, label, robots, secret,                                                               \
	    (const char *const[]){"-q", "-o", "/dev/null", "--depth", "all", "--state", (self)->state,       \
	        "--fail-on", "100%", __VA_ARGS__, NULL})

static void run_crawl(
    struct robots *self, const char *label, size_t robots, size_t secret, const char *const *args)
{
	struct run_result result;
	site_reset_stats(&self->site);
	run_program(&result, NULL, run_areq_name(), args);
	cr_expect(result.exit_status == 0 || result.exit_status == 1, "%s: %s", label, result.err);
	cr_expect_eq(asked(self, "/robots.txt"), robots, "%s: robots.txt: %zu requests", label,
	    asked(self, "/robots.txt"));
	cr_expect_eq(
	    asked(self, "/secret.html"), secret, "%s: %zu requests", label, asked(self, "/secret.html"));
	run_release(&result);
}

Test(state_robots, are_kept_for_the_next_run)
{
	struct robots self;
	robots_start(&self);
	scratch_write(&self.scratch, "robots.txt", "User-agent: *\nDisallow: /secret\n");
	RUN(&self, "first", 1, 0, self.start);
	scratch_write(&self.scratch, "robots.txt", "User-agent: *\nDisallow: /nothing\n");
	RUN(&self, "next", 0, 0, self.start);
	RUN(&self, "next but one", 0, 0, self.start);
	RUN(&self, "another request", 1, 1, "-H", "X-Kind: other", self.start);
	scratch_write(&self.scratch, "robots.txt", "User-agent: *\nDisallow: /secret\n");
	RUN(&self, "the same request again", 0, 1, "-H", "X-Kind: other", self.start);
	RUN(&self, "other rows", 1, 0, "-H", "X-Kind: other", "--attrs", "all", self.start);
	RUN(&self, "not obeyed", 0, 1, "-H", "X-Kind: other", "--attrs", "all", "--robots", "never",
	    self.start);
	RUN(&self, "obeyed again", 1, 0, "-H", "X-Kind: other", "--attrs", "all", self.start);
	RUN(&self, "restart", 1, 0, "-H", "X-Kind: other", "--attrs", "all", "--restart", self.start);
	robots_stop(&self);
}

/* What says that a host has no rules is kept, and what says nothing is not. */
Test(state_robots, are_kept_as_they_are)
{
	static const struct {
		const char *label, *text, *site;
		size_t second, secret; /* requests of the second run */
	} cases[] = {
	    {"none", NULL, "", 0, 1},
	    {"empty", "", "", 0, 1},
	    {"gone", "User-agent: *\nDisallow: /secret\n", "/robots.txt status=410\n", 0, 1},
	    {"a page", "<html>\nUser-agent: *\nDisallow: /secret\n", "/robots.txt type=text/html\n", 0, 1},
	    {"broken", "User-agent: *\nDisallow: /open\n", "/robots.txt status=500\n", 1, 0},
	    {"too busy", "User-agent: *\nDisallow: /open\n", "/robots.txt status=429\n", 1, 0},
	    {"crawl delay", "User-agent: *\nCrawl-delay: 9999\n", "", 0, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct robots self;
		robots_start(&self);
		if (cases[i].text)
			scratch_write(&self.scratch, "robots.txt", cases[i].text);
		scratch_write(&self.scratch, "_site", cases[i].site);
		RUN(&self, cases[i].label, 1, cases[i].secret, "-r", "0", self.start);
		scratch_write(&self.scratch, "robots.txt", "User-agent: *\nDisallow: /open\n");
		RUN(&self, cases[i].label, cases[i].second, cases[i].secret, "-r", "0", self.start);
		robots_stop(&self);
	}
}

/* The rules behind the limit do not count, and a line that goes on behind it is none. */
Test(state_robots, are_kept_up_to_their_limit)
{
	enum { LIMIT = 500 * 1024 };
	static const char line[] = "Disallow: /secret";
	static const struct {
		const char *behind;
		size_t secret;
	} cases[] = {{"\n", 0}, {"-not\n", 1}, {"\nAllow: /secret.html\n", 0}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct robots self;
		robots_start(&self);
		struct buf text;
		buf_init(&text, 2 * LIMIT);
		buf_append_text(&text, "User-agent: *\n#");
		while (text.len < LIMIT - strlen(line) - 1)
			buf_append_byte(&text, 'x');
		buf_append_byte(&text, '\n');
		buf_append_text(&text, line);
		cr_assert_eq(text.len, LIMIT);
		buf_append_text(&text, cases[i].behind);
		scratch_write(&self.scratch, "robots.txt", text.data);
		RUN(&self, "received", 1, cases[i].secret, self.start);
		RUN(&self, "kept", 0, cases[i].secret, self.start);
		buf_release(&text);
		robots_stop(&self);
	}
}

Test(state_robots, begin_with_their_sitemaps)
{
	struct robots self;
	char robots[300];
	robots_start(&self);
	snprintf(robots, sizeof robots, "Sitemap: %s\n", site_url(&self.site, "/urls.txt"));
	scratch_write(&self.scratch, "robots.txt", robots);
	scratch_write(&self.scratch, "urls.txt", site_url(&self.site, "/only-there.html"));
	scratch_write(&self.scratch, "only-there.html", "<a href=/>");
	for (int run = 0; run < 2; run++) {
		RUN(&self, run ? "kept" : "received", !run, 1, "--sitemaps", self.start);
		cr_expect_eq(asked(&self, "/only-there.html"), 1, "run %d", run);
		cr_expect_eq(asked(&self, "/urls.txt"), 1, "run %d", run);
	}
	robots_stop(&self);
}

/* The run that goes on obeys the rules that it began with. */
Test(state_robots, are_those_of_the_run_that_goes_on)
{
	struct robots self;
	struct run_child child;
	struct run_result result;
	robots_start(&self);
	scratch_write(&self.scratch, "robots.txt", "User-agent: *\nDisallow: /secret\n");
	scratch_write(&self.scratch, "index.html", "<a href=open.html?group=held><a href=secret.html>");
	scratch_write(&self.scratch, "_site", "/open.html hold=0,2,held\n");
	const char *const args[] = {
	    "-q", "-o", "/dev/null", "--depth", "all", "--state", self.state, self.start, NULL};
	run_start(&child, NULL, run_areq_name(), args);
	state_file_wait_done(self.state, 1, 20);
	run_kill(&child, SIGKILL);
	run_finish(&child, &result);
	run_release(&result);
	scratch_write(&self.scratch, "_site", "");
	scratch_write(&self.scratch, "robots.txt", "User-agent: *\nDisallow: /nothing\n");
	RUN(&self, "going on", 0, 0, self.start);
	robots_stop(&self);
}

/* A link to a page's host is not looked at where robots.txt forbids it, although the page itself is not asked
 * for in this run. */
Test(state_robots, hold_for_links_of_pages_that_are_in_the_state)
{
	struct robots self;
	robots_start(&self);
	scratch_write(&self.scratch, "robots.txt", "User-agent: *\nDisallow: /secret\n");
	scratch_write(&self.scratch, "index.html", "<a rel=nofollow href=secret.html>");
	RUN(&self, "received", 1, 0, "--check=all", self.start);
	RUN(&self, "kept", 0, 0, "--check=all", "--max-age", "1h", self.start);
	robots_stop(&self);
}

/* The same for pages that were done when the run was interrupted, of the list and where one of it has led.
 * The robots.txt is no longer in the state. */
Test(state_robots, hold_for_links_of_pages_that_were_done)
{
	static const char *const hosts[] = {"127.0.0.1", "127.0.0.2"};
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		struct robots self;
		struct run_child child;
		struct run_result result;
		char page[100], start[300];
		robots_start(&self);
		snprintf(page, sizeof page, "http://%s:%u/index.html", hosts[i], self.site.port);
		snprintf(start, sizeof start, "%s", site_page(&self.site, "status", "302", "location", page));
		scratch_write(&self.scratch, "index.html", "<a rel=nofollow href=secret.html>");
		scratch_write(&self.scratch, "_site", "/secret.html delay=60000\n");
		const char *const args[] = {"-q", "-o", "/dev/null", "--depth", "all", "--check=all",
		    "--state", self.state, start, NULL};
		run_start(&child, NULL, run_areq_name(), args);
		state_file_wait_done(self.state, 1, 20);
		run_kill(&child, SIGKILL);
		run_finish(&child, &result);
		run_release(&result);
		state_file_wait_unused(self.state);
		state_file_change(self.state, "DELETE FROM robots");
		scratch_write(&self.scratch, "_site", "");
		scratch_write(&self.scratch, "robots.txt", "User-agent: *\nDisallow: /secret\n");
		RUN(&self, hosts[i], 1, 0, "--check=all", start);
		robots_stop(&self);
	}
}
