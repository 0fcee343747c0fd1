/* --state: what a run that was ended does not go on with, and what may change before it goes on. */
#include "support/state_list.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All options of the run that was ended. */
#define GO_ON(self, result, ...)                                                                             \
	run_areq(result, "--state", (self)->state, "-o", (self)->out, "--report", (self)->report,            \
	    "--per-host", "0", "--fail-on", "never", "--no-failures", (self)->list, __VA_ARGS__)

static void expect_refused(struct run_result *result, int status, const char *part, const char *second)
{
	run_expect_exit(result, status);
	cr_expect(strstr(result->err, part) && strstr(result->err, second), "no \"%s\" or \"%s\" in: %s",
	    part, second, result->err);
	run_release(result);
}

static void expect_goes_on(struct state_list *self)
{
	struct run_result result;
	GO_ON(self, &result, NULL);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.err, "going on with the run of"), "%s", result.err);
	run_release(&result);
	state_list_expect(self, "after what was refused", NULL, false);
}

Test(state_resume, refuses_other_options_and_outputs_and_changes_nothing)
{
	struct state_list self;
	struct run_result result;
	state_list_start(&self);
	state_list_interrupt(&self, SIGKILL, NULL);
	size_t len, report_len, after;
	char *out = scratch_read(&self.scratch, "out", &len);
	char *report = scratch_read(&self.scratch, "report", &report_len), *again;
	static const char *const options[][2] = {
	    {"--format=jsonl", "--format"},
	    {"--depth=1", "--depth"},
	    {"--scheme=https", "--schemes"},
	    {"--unique", "--unique"},
	    {"--include=x", "--include"},
	    {"--attrs=src", "--attrs"},
	};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		GO_ON(&self, &result, options[i][0]);
		expect_refused(&result, 2, options[i][1], "--restart");
	}
	/* Other outputs. */
	const char *other = scratch_path(&self.scratch, "other");
	run_areq(&result, "--state", self.state, "-o", other, "--report", self.report, self.list);
	expect_refused(&result, 3, "other: is not the file that was written", "--restart");
	run_areq(&result, "--state", self.state, "--report", self.report, self.list);
	expect_refused(&result, 3, "out: is not named by --output any more", "--restart");
	run_areq(&result, "--state", self.state, "-o", self.out, self.list);
	expect_refused(&result, 3, "report: is not named by --report any more", "--restart");
	run_areq(&result, "--state", self.state, "-o", self.out, "--report", self.report, "--failed", other,
	    self.list);
	expect_refused(&result, 3, "other: is not what --failed named before", "--restart");
	/* The file has become another one, or was cut. */
	const char *moved = scratch_path(&self.scratch, "moved");
	cr_assert_eq(rename(self.out, moved), 0);
	GO_ON(&self, &result, NULL);
	expect_refused(&result, 3, "out: is not the file that was written", "--restart");
	scratch_write(&self.scratch, "out", out);
	GO_ON(&self, &result, NULL);
	expect_refused(&result, 3, "out: is not the file that was written", "--restart");
	again = scratch_read(&self.scratch, "out", &after);
	cr_expect(after == len && memcmp(again, out, len) == 0);
	free(again);
	cr_assert_eq(rename(moved, self.out), 0);
	cr_assert_eq(truncate(self.out, (off_t)len - 1), 0);
	GO_ON(&self, &result, NULL);
	expect_refused(&result, 3, "out: is shorter than what was written", "--restart");
	again = scratch_read(&self.scratch, "out", &after);
	cr_expect(after == len - 1 && memcmp(again, out, after) == 0);
	free(again);
	again = scratch_read(&self.scratch, "report", &after);
	cr_expect(after == report_len && memcmp(again, report, after) == 0);
	free(again);
	/* The last byte again, and more: what is behind the end of the last commit does not count. */
	scratch_append(&self.scratch, "out", "\nhalf a row of a page that was not do");
	expect_goes_on(&self);
	free(out);
	free(report);
	state_list_stop(&self);
}

Test(state_resume, begins_anew_with_restart)
{
	struct state_list self;
	struct run_result result;
	state_list_start(&self);
	state_list_interrupt(&self, SIGKILL, NULL);
	unlink(self.out);
	GO_ON(&self, &result, "--restart");
	run_expect_exit(&result, 0);
	cr_expect(!strstr(result.err, "going on"), "%s", result.err);
	run_release(&result);
	struct site_stats stats;
	site_stats(&self.site, &stats);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_GROUP, "quick").requests, 2 * QUICK);
	site_stats_release(&stats);
	state_list_expect(&self, "restart", NULL, false);
	state_list_stop(&self);
}

/* New lines are done, and lines that are gone are not asked for, and are forgotten at the end. */
Test(state_resume, goes_on_with_a_list_that_has_changed)
{
	struct state_list self;
	struct resumed resumed;
	struct run_result result;
	struct rows is, wanted;
	state_list_start(&self);
	resumed_init(&resumed);
	state_list_interrupt(&self, SIGKILL, NULL);
	resumed_record(&resumed, &self.site, self.state);
	char *list = scratch_read(&self.scratch, "list", NULL), *rest = list;
	/* Without the first two lines, and without the last page. */
	for (int i = 0; i < 2; i++)
		rest = strchr(rest, '\n') + 1;
	char *held = strstr(rest, "hold=");
	held = strstr(held + 1, "hold=");
	while (held[-1] != '\n')
		held--;
	*held = '\0';
	scratch_write(&self.scratch, "list", rest);
	const char *fresh = site_page(&self.site, "links", "2", "prefix", "new", "group", "held");
	scratch_append(&self.scratch, "list", fresh);
	scratch_append(&self.scratch, "list", "\n");
	GO_ON(&self, &result, NULL);
	run_expect_exit(&result, 0);
	run_release(&result);
	resumed_record(&resumed, &self.site, self.state);
	struct site_stats stats;
	site_stats(&self.site, &stats);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_GROUP, "quick").requests, QUICK);
	/* Two in the first run, and one of them and the new one in the second. */
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_GROUP, "held").requests, 4);
	site_stats_release(&stats);
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM pages"), QUICK - 2 + HELD - 1 + 1);
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM links"), QUICK - 2 + HELD - 1 + 1);
	/* The next run is one of the new list. */
	GO_ON(&self, &result, "-q");
	run_expect_exit(&result, 0);
	run_release(&result);
	run_areq(&result, "-q", "-o", scratch_path(&self.scratch, "wanted"), self.list);
	run_release(&result);
	state_list_read_rows(&self.scratch, "out", false, &is);
	state_list_read_rows(&self.scratch, "wanted", false, &wanted);
	state_list_expect_same("the next run", &is, &wanted);
	free(list);
	resumed_release(&resumed);
	state_list_stop(&self);
}

Test(state_resume, lets_one_process_use_a_state)
{
	struct state_list self;
	struct run_child child, second;
	struct run_result result;
	state_list_start(&self);
	const char *other = scratch_path(&self.scratch, "other");
	run_start_areq(&child, NULL, "-q", "--state", self.state, "-o", self.out, "--report", self.report,
	    "--per-host", "0", "--fail-on", "never", self.list);
	state_file_wait_done(self.state, QUICK + BAD, 20);
	run_areq(&result, "--state", self.state, "-o", other, "--lock", "fail", self.list);
	expect_refused(&result, 3, "state: another run uses this state file", "--lock=fail");
	/* Both wait: for the file of the rows, and for the state. */
	run_start_areq(&second, NULL, "--state", self.state, "-o", self.out, "--report", self.report,
	    "--per-host", "0", "--fail-on", "never", self.list);
	run_wait_error(&second, "waiting", 10);
	run_kill(&child, SIGKILL);
	run_finish(&child, &result);
	run_release(&result);
	run_finish(&second, &result);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.err, "going on with the run of"), "%s", result.err);
	run_release(&result);
	state_list_expect(&self, "the one that waited", NULL, false);
	state_list_stop(&self);
}

static void expect_left_alone(struct state_list *self, int status, const char *part)
{
	struct run_result result;
	size_t len, after;
	char *before = scratch_read(&self->scratch, "state", &len);
	scratch_write(&self->scratch, "out", "old\n");
	run_areq(&result, "--state", self->state, "-o", self->out, self->list);
	expect_refused(&result, status, "state: ", part);
	char *now = scratch_read(&self->scratch, "state", &after);
	cr_expect(after == len && memcmp(before, now, len) == 0, "%s", part);
	scratch_expect(&self->scratch, "out", "old\n");
	cr_expect_not(scratch_exists(&self->scratch, "state-lock"), "%s", part);
	free(before);
	free(now);
}

Test(state_resume, leaves_files_alone_that_are_no_state_of_this_version)
{
	struct state_list self;
	struct run_result result;
	size_t len;
	state_list_start(&self);
	const char *page = site_page(&self.site, "links", "3");
	scratch_write(&self.scratch, "state", "a shopping list\n");
	expect_left_alone(&self, 2, "is no state file");
	unlink(self.state);
	state_file_make_foreign(self.state);
	expect_left_alone(&self, 2, "of another program");
	unlink(self.state);
	run_areq(&result, "-q", "--state", self.state, "-o", self.out, page);
	run_expect_exit(&result, 0);
	run_release(&result);
	char *state = scratch_read(&self.scratch, "state", &len);
	state[63]++;
	scratch_write_bytes(&self.scratch, "state", state, len);
	expect_left_alone(&self, 2, "newer version");
	state[63]--;
	/* A byte of the URL in the table. */
	char *url = NULL;
	for (size_t i = 0; i + 8 < len && !url; i++)
		url = memcmp(state + i, "/_/page?", 8) == 0 ? state + i : NULL;
	cr_assert(url);
	url[3] ^= 1;
	scratch_write_bytes(&self.scratch, "state", state, len);
	expect_left_alone(&self, 3, "damaged");
	scratch_write_bytes(&self.scratch, "state", state, len / 2);
	expect_left_alone(&self, 3, "damaged");
	free(state);
	state_list_stop(&self);
}

/* Rows go to a pipe, the state to a disk that is full. */
Test(state_resume, loses_nothing_on_a_full_disk)
{
	struct state_list self;
	struct run_result result;
	char script[2000];
	state_list_start(&self);
	scratch_write(&self.scratch, "list", "");
	for (int i = 0; i < 60; i++) {
		char prefix[32];
		snprintf(prefix, sizeof prefix, "%d-%d-", i, i * 7919);
		scratch_append(
		    &self.scratch, "list", site_page(&self.site, "links", "400", "prefix", prefix));
		scratch_append(&self.scratch, "list", "\n");
	}
	int runs = 0, status = 3;
	/* Blocks of 512 bytes, or of 1024 in some shells: the limit grows with each run. */
	for (; status == 3 && runs < 12; runs++) {
		snprintf(script, sizeof script, "ulimit -f %d; exec '%s' --delay 0.015 -q --state '%s' '%s'",
		    100 + 120 * runs, run_areq_name(), self.state, self.list);
		run_program(&result, NULL, "sh", (const char *const[]){"-c", script, NULL});
		status = result.exit_status;
		if (status == 3)
			cr_expect(strstr(result.err, "state: "), "%s", result.err);
		run_release(&result);
	}
	cr_expect_eq(status, 0, "%d after %d runs", status, runs);
	cr_expect_gt(runs, 1);
	cr_expect_eq(state_file_number(self.state, "SELECT count(*) FROM pages WHERE outcome='ok'"), 60);
	cr_expect_eq(state_file_number(self.state, "SELECT sum(links) FROM pages"), 60 * 400);
	state_list_stop(&self);
}
