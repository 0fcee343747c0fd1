/* --state: what happens at the edges of a run and of its files. */
#include "support/rows.h"
#include "support/scratch.h"
#include "support/site.h"
#include "support/state_file.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct site site;
static struct scratch scratch;
static const char *state, *out;

static void start(void)
{
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
	scratch_init(&scratch);
	state = scratch_path(&scratch, "state");
	out = scratch_path(&scratch, "out");
}

static void stop(void)
{
	scratch_release(&scratch);
	site_stop(&site);
}

static size_t lines_of(const char *name)
{
	size_t len, lines = 0;
	char *text = scratch_read(&scratch, name, &len);
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	free(text);
	return lines;
}

static size_t requests(void)
{
	struct site_stats stats;
	site_stats(&site, &stats);
	size_t count = stats.count;
	site_stats_release(&stats);
	return count;
}

static void sleep_s(double seconds)
{
	nanosleep(
	    &(struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}, NULL);
}

/* A link that is no URL is dead whether the page is received, was not modified, or is not asked for. */
Test(state_edges, links_that_are_no_urls_are_dead_in_each_run)
{
	static const char *const ages[] = {"0s", "0s", "1h"};
	struct run_result result;
	start();
	const char *page =
	    site_page(&site, "body", "<a href='http://'>a</a><a href='http://a b/'>b</a>", "etag", "\"1\"");
	for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
		run_areq(&result, "-q", "--check", "--no-header", "--state", state, "-o", out, "--max-age",
		    ages[i], page);
		run_expect_exit(&result, 1);
		run_release(&result);
		cr_expect_eq(lines_of("out"), 2, "run %zu", i);
	}
	/* They are no rows of the page. */
	run_areq(&result, "--replay", "--no-header", "--state", state);
	run_expect_exit(&result, 0);
	cr_expect_eq(result.out_len, 0, "%s", result.out);
	run_release(&result);
	stop();
}

/* A page that is complete just before the run is stopped has its line before those that were interrupted,
 * which are cut off when the run goes on. */
Test(state_edges, interrupted_urls_leave_no_lines)
{
	static const char *const deadlines[] = {"0.3s", "0.4s", "0.5s", "0.6s"};
	struct run_result result;
	start();
	char list[1000];
	snprintf(list, sizeof list, "%s\n%s\n%s\n", site_page(&site, "links", "2", "delay", "250"),
	    site_page(&site, "links", "2", "delay", "350"), site_page(&site, "delay", "1200"));
	const char *file = scratch_write(&scratch, "list", list);
	for (size_t i = 0; i < sizeof deadlines / sizeof *deadlines; i++) {
		char name[20];
		snprintf(name, sizeof name, "state%zu", i);
		const char *own = scratch_path(&scratch, name);
		const char *const args[] = {"-q", "--state", own, "-o", out, "--report",
		    scratch_path(&scratch, "report"), "--failed", scratch_path(&scratch, "failed"), file,
		    "--deadline", deadlines[i], NULL};
		const char *again[sizeof args / sizeof *args] = {NULL};
		memcpy(again, args, 10 * sizeof *args);
		run_program(&result, NULL, run_areq_name(), args);
		run_expect_exit(&result, 1);
		run_release(&result);
		run_program(&result, NULL, run_areq_name(), again);
		run_expect_exit(&result, 0);
		run_release(&result);
		cr_expect_eq(lines_of("report"), 3, "%s: %zu", deadlines[i], lines_of("report"));
		cr_expect_eq(lines_of("failed"), 0, "%s", deadlines[i]);
	}
	stop();
}

/* What a run has found of other shards is still there when it goes on. */
Test(state_edges, urls_of_other_shards_are_kept)
{
	enum { PAGES = 30 };
	struct run_child child;
	struct run_result result;
	start();
	char resolve[64], list[PAGES * 120];
	size_t used = 0;
	snprintf(resolve, sizeof resolve, "*:%u:127.0.0.1", site.port);
	for (int i = 0; i < PAGES; i++) {
		char body[100], group[10];
		snprintf(body, sizeof body, "<a href='http://localhost:%u/%d'>", site.port, i);
		snprintf(group, sizeof group, "g%d", i);
		used += (size_t)snprintf(
		    list + used, sizeof list - used, "%s\n", site_page(&site, "body", body, "group", group));
	}
	const char *const args[] = {"-q", "--depth", "1", "--scope", "any", "--shard", "1/2", "--robots",
	    "never", "--elsewhere", scratch_path(&scratch, "elsewhere"), "-o", out, "--resolve", resolve,
	    "--rate", "40", "--state", state, scratch_write(&scratch, "list", list), NULL};
	for (int signal = SIGKILL; signal; signal = signal == SIGKILL ? SIGTERM : 0) {
		unlink(state);
		run_start(&child, NULL, run_areq_name(), args);
		state_file_wait_done(state, 10, 20);
		run_kill(&child, signal);
		run_finish(&child, &result);
		run_release(&result);
		state_file_wait_unused(state);
		run_program(&result, NULL, run_areq_name(), args);
		run_expect_exit(&result, 0);
		cr_expect_eq(lines_of("elsewhere"), PAGES, "%zu", lines_of("elsewhere"));
		run_release(&result);
	}
	stop();
}

/* The host of one page belongs to the first shard, that of the other to the second one. */
Test(state_edges, pages_of_other_shards_are_not_gone)
{
	static const char *const shards[] = {"1/2", "2/2", "1/2", "2/2"};
	struct run_result result;
	char resolve[64], list[200];
	start();
	snprintf(resolve, sizeof resolve, "*:%u:127.0.0.1", site.port);
	snprintf(list, sizeof list,
	    "http://127.0.0.1:%u/_/page?links=2\nhttp://localhost:%u/_/page?links=2\n", site.port, site.port);
	const char *file = scratch_write(&scratch, "list", list),
	           *changes = scratch_path(&scratch, "changes");
	for (size_t i = 0; i < sizeof shards / sizeof *shards; i++) {
		run_areq(&result, "-q", "--no-header", "--resolve", resolve, "--state", state, "--shard",
		    shards[i], "-o", out, "--changes-to", changes, file);
		run_expect_exit(&result, 0);
		run_release(&result);
		cr_expect_eq(lines_of("changes"), i < 2 ? 2 : 0, "run %zu", i);
	}
	cr_expect_eq(state_file_number(state, "SELECT count(*) FROM pages"), 2);
	stop();
}

/* Another name and password in the file may get another answer. */
Test(state_edges, netrc_is_a_part_of_the_request)
{
	static const char *const names[] = {"alice", "alice", "bob"};
	struct run_result result;
	start();
	const char *page = site_page(&site, "links", "1", "etag", "\"1\"");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char text[100];
		snprintf(text, sizeof text, "machine 127.0.0.1 login %s password p\n", names[i]);
		run_areq(&result, "-q", "--netrc-file", scratch_write(&scratch, "netrc", text), "--state",
		    state, "-o", out, "--max-age", "1h", page);
		run_expect_exit(&result, 0);
		run_release(&result);
		cr_expect_eq(requests(), i < 2 ? 1 : 2, "run %zu", i);
	}
	stop();
}

/* A link to a state is the same state, also before that is there. */
Test(state_edges, link_to_a_state_is_locked_with_it)
{
	struct run_child child;
	struct run_result result;
	start();
	const char *link_name = scratch_path(&scratch, "link"), *page = site_page(&site, "delay", "2000");
	cr_assert_eq(symlink("state", link_name), 0);
	for (int i = 0; i < 2; i++) {
		run_start_areq(&child, NULL, "-q", "--state", i ? state : link_name, "-o", out, page);
		site_wait_requests(&site, (size_t)i + 1, 20);
		run_areq(&result, "-q", "--state", i ? link_name : state, "--lock", "fail", "-o",
		    scratch_path(&scratch, "other"), page);
		run_expect_exit(&result, 3);
		cr_expect(strstr(result.err, "another run uses this state file"), "%s", result.err);
		run_release(&result);
		run_finish(&child, &result);
		run_expect_exit(&result, 0);
		run_release(&result);
	}
	stop();
}

Test(state_edges, files_beside_a_state_are_no_outputs)
{
	static const char *const endings[] = {"-wal", "-shm", "-journal", "-lock"};
	struct run_result result;
	start();
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		char name[40];
		snprintf(name, sizeof name, "state%s", endings[i]);
		run_areq(&result, "--state", state, "-o", out, "--report", scratch_path(&scratch, name),
		    site_page(&site, "links", "1"));
		run_expect_exit(&result, 2);
		cr_expect(strstr(result.err, "is what --state reads"), "%s", result.err);
		cr_expect_not(scratch_exists(&scratch, name), "%s was left", name);
		run_release(&result);
	}
	cr_expect_eq(requests(), 0);
	cr_expect_not(scratch_exists(&scratch, "out"));
	stop();
}

/* What was there before stays as it was. */
Test(state_edges, run_that_cannot_begin_leaves_no_files)
{
	struct run_result result;
	start();
	const char *page = site_page(&site, "links", "1"), *report = scratch_write(&scratch, "report", "old");
	run_areq(&result, "-o", state, "--state", state, page);
	run_expect_exit(&result, 2);
	run_release(&result);
	cr_expect_not(scratch_exists(&scratch, "state"));
	scratch_write(&scratch, "state", "no state at all");
	run_areq(&result, "-o", out, "--report", report, "--failed", scratch_write(&scratch, "failed", ""),
	    "--state", state, page);
	run_expect_exit(&result, 2);
	run_release(&result);
	cr_expect_not(scratch_exists(&scratch, "out"));
	scratch_expect(&scratch, "report", "old");
	scratch_expect(&scratch, "failed", "");
	stop();
}

Test(state_edges, atomic_run_goes_on_as_one)
{
	struct run_result result;
	char list[600];
	start();
	snprintf(list, sizeof list, "%s\n%s\n", site_page(&site, "links", "2"),
	    site_page(&site, "links", "2", "delay", "1500"));
	const char *file = scratch_write(&scratch, "list", list);
	for (int is_atomic = 0; is_atomic < 2; is_atomic++) {
		const char *name = is_atomic ? "a" : "b",
		           *own = scratch_path(&scratch, is_atomic ? "as" : "bs");
		const char *rows = scratch_path(&scratch, name);
		run_areq(&result, "-q", "--state", own, "-o", rows, "--deadline", "0.7s", file,
		    is_atomic ? "--atomic" : "-q");
		run_expect_exit(&result, 1);
		run_release(&result);
		run_areq(&result, "-q", "--state", own, "-o", rows, file, is_atomic ? "-q" : "--atomic");
		run_expect_exit(&result, 3);
		cr_expect(strstr(result.err, is_atomic ? "begun with --atomic" : "begun without --atomic"),
		    "%s", result.err);
		run_release(&result);
		run_areq(&result, "-q", "--state", own, "-o", rows, file, is_atomic ? "--atomic" : "-q");
		run_expect_exit(&result, 0);
		run_release(&result);
		cr_expect_eq(lines_of(name), 5, "%zu", lines_of(name));
	}
	stop();
}

/* What is kept in a file without a name is lost. */
Test(state_edges, that_somebody_removes_is_missed)
{
	struct run_child child;
	struct run_result result;
	start();
	for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
		site_reset_stats(&site);
		run_start_areq(&child, NULL, "-q", "--state", state, "-o", out,
		    site_page(&site, "links", "1", "delay", "500"));
		site_wait_requests(&site, 1, 20);
		unlink(state);
		if (is_replaced)
			scratch_write(&scratch, "state", "");
		run_finish(&child, &result);
		run_expect_exit(&result, 3);
		cr_expect(strstr(result.err, "was deleted or replaced"), "%s", result.err);
		run_release(&result);
		unlink(state);
	}
	stop();
}

Test(state_edges, replay_appends)
{
	struct run_result result;
	start();
	run_areq(&result, "-q", "--no-header", "--state", state, "-o", out, site_page(&site, "links", "3"));
	run_expect_exit(&result, 0);
	run_release(&result);
	run_areq(&result, "--replay", "--no-header", "--state", state, "-a", "--repair", "-o", out);
	run_expect_exit(&result, 0);
	run_release(&result);
	cr_expect_eq(lines_of("out"), 6);
	stop();
}

/* A program that has locked the file is waited for asleep, and no longer than the run may last. */
Test(state_edges, that_another_program_has_locked_is_waited_for)
{
	static const char *const locks[] = {"BEGIN EXCLUSIVE;", "BEGIN; SELECT count(*) FROM pages;"};
	struct run_result result;
	start();
	const char *page = site_page(&site, "links", "1");
	run_areq(&result, "-q", "--state", state, "-o", out, page);
	run_expect_exit(&result, 0);
	run_release(&result);
	for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
		struct run_child other;
		char script[1000];
		snprintf(script, sizeof script,
		    "{ echo '%s'; echo 'SELECT 7777;'; sleep 30; } | sqlite3 '%s'", locks[i], state);
		run_start(&other, &(struct run_options){.limit = 60}, "/bin/sh",
		    (const char *const[]){"-c", script, NULL});
		run_wait_output(&other, "7777", 20);
		run_areq(&result, "--state", state, "-o", out, "--deadline", "1500ms", page);
		run_expect_exit(&result, 1);
		cr_expect(strstr(result.err, "still waited for at the deadline"), "%s", result.err);
		run_release(&result);
		struct run_child child;
		run_start_areq(&child, NULL, "--state", state, "-o", out, page);
		sleep_s(1.2);
		run_kill(&child, SIGTERM);
		run_finish(&child, &result);
		cr_expect_eq(result.signal, SIGTERM);
		cr_expect_lt(result.seconds, 8, "%g s", result.seconds);
		run_release(&result);
		run_kill(&other, SIGTERM);
		run_finish(&other, &result);
		run_release(&result);
	}
	cr_expect_eq(requests(), 1);
	stop();
}

/* Another program has written to the output meanwhile: rows that look like those of the run, or anything. */
Test(state_edges, output_with_other_content_is_refused)
{
	enum { PAGES = 20, FOREIGN = 5000 };
	struct run_child child;
	struct run_result result;
	start();
	char list[PAGES * 100];
	size_t used = 0;
	for (int i = 0; i < PAGES; i++) {
		char prefix[10];
		snprintf(prefix, sizeof prefix, "p%d", i);
		used += (size_t)snprintf(list + used, sizeof list - used, "%s\n",
		    site_page(&site, "links", "2", "prefix", prefix));
	}
	const char *const args[] = {
	    "-q", "--rate", "20", "--state", state, "-o", out, scratch_write(&scratch, "list", list), NULL};
	for (int is_row = 0; is_row < 2; is_row++) {
		unlink(state);
		run_start(&child, NULL, run_areq_name(), args);
		state_file_wait_done(state, 8, 20);
		run_kill(&child, SIGKILL);
		run_finish(&child, &result);
		run_release(&result);
		state_file_wait_unused(state);
		char *foreign = malloc(FOREIGN + 1);
		memset(foreign, is_row ? '\n' : 'x', FOREIGN);
		foreign[FOREIGN] = '\0';
		scratch_write(&scratch, "out", foreign);
		run_program(&result, NULL, run_areq_name(), args);
		run_expect_exit(&result, 3);
		cr_expect(strstr(result.err, "other content"), "%s", result.err);
		run_release(&result);
		scratch_expect(&scratch, "out", foreign);
		free(foreign);
	}
	stop();
}
