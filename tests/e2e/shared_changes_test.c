/* --state redis://… with --changes: processes that share a run have its changes together. */
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"
#include "unit/store/redis_server.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOSTS = 4, PAGES = 48 };

struct night {
	struct site site;
	struct redis_server redis;
	struct scratch scratch, root;
	struct rows expected;
};

static void set_up(struct night *self)
{
	scratch_init(&self->scratch);
	scratch_init(&self->root);
	redis_server_start(&self->redis, NULL);
	site_start_with(&self->site, "--bind", "127.0.0.1", "--bind", "127.0.0.2", "--bind", "127.0.0.3",
	    "--bind", "127.0.0.4", "--root", self->root.folder);
	rows_init(&self->expected);
}

static void tear_down(struct night *self)
{
	rows_release(&self->expected);
	site_stop(&self->site);
	redis_server_end(&self->redis);
	scratch_release(&self->root);
	scratch_release(&self->scratch);
}

static void write_page(struct night *self, int page, int links)
{
	char name[20], text[200];
	size_t used = 0;
	snprintf(name, sizeof name, "%d.html", page);
	for (int i = 0; i < links; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "<a href=%d-%d>", page, i);
	scratch_write(&self->root, name, text);
}

static void expect_row(struct night *self, char change, int page, int link)
{
	unsigned port = self->site.port;
	int host = page % HOSTS + 1;
	rows_add(&self->expected, "%c\thttp://127.0.0.%d:%u/%d.html\thttp://127.0.0.%d:%u/%d-%d", change,
	    host, port, page, host, port, page, link);
}

/* A list of these pages. */
static const char *write_list(struct night *self, int first, int last)
{
	char list[PAGES * 60];
	size_t used = 0;
	for (int i = first; i < last; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "http://127.0.0.%d:%u/%d.html\n",
		    i % HOSTS + 1, self->site.port, i);
	return scratch_write(&self->scratch, "list", list);
}

/* Two processes, one of which is killed on the way. Together they have all rows that are expected; those that
 * it had written and not settled may come again from the other one. */
static void run_night(struct night *self, const char *list)
{
	struct run_child child[2];
	struct run_result result;
	struct rows rows;
	site_reset_stats(&self->site);
	for (size_t i = 0; i < 2; i++) {
		const char *const args[] = {"-q", "--no-header", "--fail-on", "never", "--changes", "--state",
		    self->redis.url, "--lease", "1s", "-j", "2", "-o",
		    scratch_path(&self->scratch, i ? "rows1" : "rows0"), i ? "/dev/null" : list, NULL};
		run_start(&child[i], NULL, run_areq_name(), args);
		site_wait_requests(&self->site, 1, 20);
	}
	site_wait_requests(&self->site, PAGES * 2 / 3, 20);
	run_kill(&child[1], SIGKILL);
	rows_init(&rows);
	for (size_t i = 0; i < 2; i++) {
		run_finish(&child[i], &result);
		if (i == 0)
			run_expect_exit(&result, 0);
		run_release(&result);
		size_t len;
		char *text = scratch_read(&self->scratch, i ? "rows1" : "rows0", &len);
		/* Where all pages have rows, both processes have some. */
		cr_expect(len > 0 || self->expected.count < PAGES * 3, "process %zu has no rows", i);
		/* The last line may be torn. */
		while (len > 0 && text[len - 1] != '\n')
			len--;
		rows_parse(&rows, text, len);
		free(text);
	}
	struct rows once;
	rows_init(&once);
	for (size_t i = 0; i < rows.count; i++)
		if (!rows_has(&once, rows.row[i]))
			rows_add(&once, "%s", rows.row[i]);
	char *difference = rows_set_difference(&once, &self->expected);
	cr_expect(!difference, "%s", difference);
	free(difference);
	rows_release(&once);
	rows_release(&rows);
	rows_release(&self->expected);
	rows_init(&self->expected);
}

Test(shared_changes, of_processes_are_those_of_the_run)
{
	struct night self;
	char site[PAGES * 40];
	size_t used = 0;
	set_up(&self);
	for (int i = 0; i < PAGES; i++) {
		/* So slow that one process alone does not ask all hosts. */
		used += (size_t)snprintf(site + used, sizeof site - used, "/%d.html delay=150\n", i);
		write_page(&self, i, 3);
		for (int link = 0; link < 3; link++)
			expect_row(&self, '+', i, link);
	}
	scratch_write(&self.root, "_site", site);
	run_night(&self, write_list(&self, 0, PAGES));
	run_night(&self, write_list(&self, 0, PAGES));
	for (int i = 0; i < PAGES; i++) {
		bool is_gone = i < 8, is_less = i >= 8 && i < 16, is_more = i >= 40;
		if (is_less || is_more)
			write_page(&self, i, is_less ? 2 : 4);
		for (int link = 0; link < 3; link++)
			if (is_gone || (is_less && link == 2))
				expect_row(&self, '-', i, link);
		if (is_more)
			expect_row(&self, '+', i, 3);
	}
	run_night(&self, write_list(&self, 8, PAGES));
	tear_down(&self);
}

static void expect_run(struct night *self, const char *url, const char *more, int exit_status,
    long http_status, const char *rows)
{
	struct run_result result;
	struct site_stats stats;
	site_reset_stats(&self->site);
	run_areq(&result, "--no-header", "--changes", "--state", self->redis.url, "-H", more, url);
	run_expect_exit(&result, exit_status);
	cr_expect_str_eq(result.out, rows, "%s", result.out);
	run_release(&result);
	site_stats(&self->site, &stats);
	cr_assert_eq(stats.count, 1);
	cr_expect_eq(stats.requests[0].status, http_status, "%d", stats.requests[0].status);
	site_stats_release(&stats);
}

/* What an earlier run has is used only where it can be, and what is damaged is as if it was not there. */
Test(shared_changes, are_asked_for_conditionally_where_that_may_be)
{
	struct night self;
	char rows[400], command[300];
	set_up(&self);
	const char *url = site_page(&self.site, "links", "1", "etag", "\"1\"");
	snprintf(rows, sizeof rows, "+\t%s\thttp://%s/_/link1\n", url, self.site.host);
	expect_run(&self, url, "X-A: 1", 0, 200, rows);
	expect_run(&self, url, "X-A: 1", 0, 304, "");
	expect_run(&self, url, "X-A: 2", 0, 200, "");
	expect_run(&self, url, "X-A: 2", 0, 304, "");
	static const char *const damages[] = {"'setrange', key('answer'), 20, 'xxxxxxxxxxxx'",
	    "'lset', key('links'), 0, 'xxx'", "'del', key('links')", "'set', key('answer'), '0'"};
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		snprintf(command, sizeof command,
		    "eval \"local function key(kind) return redis.call('keys', '*' .. kind .. ':*')[1] end "
		    "redis.call(%s)\" 0",
		    damages[i]);
		redis_server_run(&self.redis, command);
		expect_run(&self, url, "X-A: 2", 0, 200, rows);
		expect_run(&self, url, "X-A: 2", 0, 304, "");
	}
	tear_down(&self);
}

/* A run that may ask for no more has ended if there is no more. */
Test(shared_changes, end_with_the_last_page_that_may_be_asked_for)
{
	struct night self;
	struct run_result result;
	set_up(&self);
	const char *url = site_page(&self.site, "links", "1", "etag", "\"1\"");
	for (int run = 0; run < 3; run++) {
		site_reset_stats(&self.site);
		run_areq(&result, "-q", "--no-header", "--max-pages", "1", "--changes", "--state",
		    self.redis.url, url);
		run_expect_exit(&result, 0);
		cr_expect_eq(result.out_len > 0, run == 0, "%s", result.out);
		run_release(&result);
		struct site_stats stats;
		site_stats(&self.site, &stats);
		cr_expect_eq(stats.count, 1, "run %d: %zu requests", run, stats.count);
		site_stats_release(&stats);
	}
	tear_down(&self);
}

/* Pages that have left the list are worked off although nothing more may be asked for. */
Test(shared_changes, of_gone_pages_need_no_request)
{
	struct night self;
	struct run_result result;
	set_up(&self);
	const char *pages[] = {site_page(&self.site, "links", "1"), site_page(&self.site, "links", "2")};
	for (int run = 0; run < 4; run++) {
		struct site_stats stats;
		site_reset_stats(&self.site);
		run_areq(&result, "-q", "--no-header", "--max-pages", "1", "--changes", "--state",
		    self.redis.url, pages[run % 2]);
		run_expect_exit(&result, 0);
		int gone = 0, added = 0;
		for (const char *at = result.out; *at; at = strchr(at, '\n') + 1) {
			gone += *at == '-';
			added += *at == '+';
		}
		cr_expect_eq(added, run % 2 + 1, "run %d: %s", run, result.out);
		cr_expect_eq(gone, run ? (run + 1) % 2 + 1 : 0, "run %d: %s", run, result.out);
		run_release(&result);
		site_stats(&self.site, &stats);
		cr_expect_eq(stats.count, 1, "run %d: %zu requests", run, stats.count);
		site_stats_release(&stats);
	}
	tear_down(&self);
}

/* What a list brings that comes while gone pages are worked off is not gone, but of the next run. */
Test(shared_changes, wait_for_the_next_run_with_a_new_list)
{
	struct night self;
	struct run_child first, second;
	struct run_result result;
	struct site_stats stats;
	set_up(&self);
	const char *large = site_page(&self.site, "links", "60000"),
	           *small = site_page(&self.site, "links", "1");
	run_areq(&result, "-q", "-o", "/dev/null", "--changes", "--state", self.redis.url, large);
	run_expect_exit(&result, 0);
	run_release(&result);
	/* Nobody reads the rows that are gone. */
	site_reset_stats(&self.site);
	run_start_areq(&first, NULL, "-q", "--no-header", "--changes", "--state", self.redis.url, small);
	site_wait_requests(&self.site, 1, 20);
	sleep(1);
	run_start_areq(&second, NULL, "--no-header", "--changes", "--state", self.redis.url, large);
	sleep(1);
	site_stats(&self.site, &stats);
	cr_expect_eq(stats.count, 1, "%zu requests", stats.count);
	site_stats_release(&stats);
	run_finish(&first, &result);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.out, "-\t"), "the page is gone");
	run_release(&result);
	run_finish(&second, &result);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.err, "this list waits for the next one"), "%s", result.err);
	cr_expect(strstr(result.out, "+\t") && strstr(result.out, "-\t"), "%.300s", result.out);
	run_release(&result);
	tear_down(&self);
}
