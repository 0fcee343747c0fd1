/* --check with --state: runs of generated sites that are ended by kill -9 at random moments, again and again,
 * and then give the site's truth. AREQ_CHECK_SEED is the first seed, 1 by default. */
#include "base/buf.h"
#include "support/check_run.h"
#include "support/state_file.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KILLS_MAX = 4 };

/* Seconds in which such a run ends on an idle machine. */
static const double USUAL_SECONDS = 1.0;

static unsigned random_state;

static double random_share(void)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8 & 0xffff) / 65536.0;
}

static unsigned first_seed(void)
{
	const char *text = getenv("AREQ_CHECK_SEED");
	return text && *text ? (unsigned)strtoul(text, NULL, 10) : 1;
}

/* What was done when processes ended, and how many requests there were for it then. */
struct done {
	struct rows urls;
	size_t *asked;
};

static void done_init(struct done *self)
{
	*self = (struct done){.asked = NULL};
	rows_init(&self->urls);
}

static void done_release(struct done *self)
{
	rows_release(&self->urls);
	free(self->asked);
}

static const char all_targets[] = "SELECT url FROM targets";

/* A URL that is asked for to two purposes may be asked for again, and so may one that a redirect leads to. */
static const char targets_asked_once[] =
    "SELECT url FROM targets t GROUP BY url HAVING count(*)=1 AND NOT EXISTS(SELECT 1 FROM targets WHERE "
    "final_url=t.url OR leads_to=t.url OR instr(hops, t.url || char(10)))";

static void record_done(struct done *self, struct check_run *run, const char *state)
{
	struct site_stats stats;
	struct rows rows;
	rows_init(&rows);
	site_stats(&run->server, &stats);
	state_file_query(state, all_targets, &rows);
	for (size_t i = 0; i < rows.count; i++) {
		if (rows_has(&self->urls, rows.row[i]))
			continue;
		self->asked = realloc(self->asked, (self->urls.count + 1) * sizeof *self->asked);
		cr_assert(self->asked);
		self->asked[self->urls.count] = site_stats_asked(&stats, rows.row[i]);
		rows_add(&self->urls, "%s", rows.row[i]);
	}
	rows_release(&rows);
	site_stats_release(&stats);
}

static size_t checked; /* URLs that were done before a kill, and were compared */

static void expect_not_asked_again(struct done *self, struct check_run *run, const char *state)
{
	struct site_stats stats;
	struct rows rows;
	rows_init(&rows);
	site_stats(&run->server, &stats);
	state_file_query(state, targets_asked_once, &rows);
	for (size_t i = 0; i < self->urls.count; i++) {
		const char *url = self->urls.row[i];
		if (!rows_has(&rows, url))
			continue;
		checked++;
		cr_expect_eq(site_stats_asked(&stats, url), self->asked[i],
		    "%s: %s was done, and asked again: %zu requests instead of %zu", run->label, url,
		    site_stats_asked(&stats, url), self->asked[i]);
	}
	rows_release(&rows);
	site_stats_release(&stats);
}

static void run_with_kills(struct check_run *self, const char *const *args, struct run_result *result)
{
	const char *state = scratch_path(&self->scratch, "state");
	struct done done;
	unsigned kills = 1 + (unsigned)(random_share() * KILLS_MAX);
	bool has_ended = false;
	unlink(state);
	done_init(&done);
	for (unsigned i = 0; i < kills && !has_ended; i++) {
		struct run_child child;
		run_start(&child, NULL, run_areq_name(), args);
		if (!run_wait(&child, 0.2 + random_share() * USUAL_SECONDS))
			run_kill(&child, SIGKILL);
		run_finish(&child, result);
		has_ended = result->signal != SIGKILL;
		state_file_wait_unused(state);
		if (!has_ended)
			run_release(result);
		/* It was killed when all was done, so that the next process begins the next run. */
		if (!has_ended && state_file_number(state, "SELECT max(ended IS NOT NULL) FROM runs"))
			break;
		record_done(&done, self, state);
	}
	bool is_next_run = !has_ended && state_file_number(state, "SELECT max(ended IS NOT NULL) FROM runs");
	if (!has_ended)
		run_program(result, &(struct run_options){.limit = 60}, run_areq_name(), args);
	if (!is_next_run)
		expect_not_asked_again(&done, self, state);
	done_release(&done);
}

static void expect_truth(bool crawls, bool fragments, bool takes_heads)
{
	struct check_run run;
	check_run_start(&run);
	const char *const more[] = {"--state", scratch_path(&run.scratch, "state"), "--rate", "150", NULL};
	run.run = run_with_kills;
	run.more = more;
	checked = 0;
	for (unsigned seed = first_seed(); seed < first_seed() + 2; seed++) {
		random_state = seed;
		check_run_serve(&run, &(struct check_spec){.seed = seed, .takes_heads = takes_heads});
		check_run_expect(&run,
		    &(struct check_options){
		        .show = seed % 2 ? CHECK_SHOW_BLOCKED | CHECK_SHOW_MOVED : CHECK_SHOW_ALL,
		        .crawls = crawls,
		        .fragments = fragments,
		        .retries = 2},
		    "20");
	}
	cr_expect_gt(checked, 10, "%zu", checked);
	check_run_stop(&run);
}

Test(state_check, of_a_list_goes_on_after_kills)
{
	expect_truth(false, false, true);
}

Test(state_check, of_a_list_goes_on_after_kills_where_heads_are_refused)
{
	expect_truth(false, false, false);
}

Test(state_check, of_a_crawl_goes_on_after_kills)
{
	expect_truth(true, false, true);
}

Test(state_check, of_fragments_goes_on_after_kills)
{
	expect_truth(false, true, true);
}

Test(state_check, of_fragments_in_a_crawl_goes_on_after_kills)
{
	expect_truth(true, true, false);
}

static void wait_for(const char *state, const char *sql)
{
	for (int i = 0; state_file_number(state, sql) == 0; i++) {
		cr_assert(i < 2000, "%s", sql);
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
}

static void kill_when(struct run_child *child, const char *state, const char *sql)
{
	struct run_result result;
	wait_for(state, sql);
	run_kill(child, SIGKILL);
	run_finish(child, &result);
	run_release(&result);
	state_file_wait_unused(state);
}

/* A page that was found by one process, and that a redirect has led another one to, is not asked for by the
 * third one: the redirect has its outcome. */
Test(state_check, of_a_page_that_a_redirect_has_led_to_asks_for_it_no_more)
{
	enum { LINKS = 100000 };
	struct site site;
	struct scratch scratch, root;
	struct run_child child;
	struct run_result result;
	struct site_stats stats;
	struct buf page;
	scratch_init(&scratch);
	scratch_init(&root);
	site_start_with(&site, "--root", root.folder);
	const char *state = scratch_path(&scratch, "state"), *report = scratch_path(&scratch, "report");
	const char *const args[] = {"-q", "--check=all", "--depth", "all", "--per-host", "0", "--robots",
	    "never", "--state", state, "--report", report, site_url(&site, "/index.html"), NULL};
	/* More rows than anybody reads, behind the link to the page. */
	buf_init(&page, SIZE_MAX / 2);
	buf_append_text(&page, "<a href=end.html>");
	for (unsigned i = 0; i < LINKS; i++) {
		buf_append_text(&page, "<a href=index.html#");
		buf_append_number(&page, i);
		buf_append_text(&page, ">");
	}
	scratch_write(&root, "index.html", "<a href=many.html><a href=redirect.html>");
	scratch_write(&root, "end.html", "end");
	scratch_write_bytes(&root, "many.html", page.data, page.len);
	scratch_write(&root, "_site", "/redirect.html delay=60000\n");
	run_start(&child, NULL, run_areq_name(), args);
	kill_when(&child, state, "SELECT count(*) FROM pages WHERE url LIKE '%/end.html'");
	scratch_write(
	    &root, "_site", "/redirect.html status=302&location=/end.html\n/many.html delay=60000\n");
	run_start(&child, NULL, run_areq_name(), args);
	kill_when(&child, state, "SELECT count(*) FROM targets WHERE url LIKE '%/redirect.html'");
	scratch_write(&root, "_site", "");
	site_reset_stats(&site);
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stats(&site, &stats);
	cr_expect_eq(stats.count, 1, "%zu requests", stats.count);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_PATH, "/many.html").requests, 1);
	site_stats_release(&stats);
	char *text = scratch_read(&scratch, "report", NULL);
	size_t lines = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect_eq(lines, 3, "%s", text);
	free(text);
	buf_release(&page);
	site_stop(&site);
	scratch_release(&root);
	scratch_release(&scratch);
}
