/* The files that a run writes: --atomic, --repair, --lock, and readers that do not read. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char header[] = "source_url\tparsed_url\n";
static const char old[] = "what was in it before\n";

static void expect_content(struct scratch *scratch, const char *name, const char *expected)
{
	if (!scratch_exists(scratch, name)) {
		cr_expect_null(expected, "%s is not there", name);
		return;
	}
	char *content = scratch_read(scratch, name, NULL);
	cr_expect(expected, "%s is there", name);
	cr_expect_str_eq(content, expected ? expected : "", "%s holds\n%s", name, content);
	free(content);
}

/* What a run over pages of one link each writes; good until the next call. */
static const char *rows_of(struct site *site, const char *const *urls)
{
	static char text[8000];
	size_t len = (size_t)snprintf(text, sizeof text, "%s", header);
	for (; *urls; urls++)
		len += (size_t)snprintf(
		    text + len, sizeof text - len, "%s\thttp://%s/_/link1\n", *urls, site->host);
	return text;
}
#define ROWS_OF(site, ...) rows_of(site, (const char *const[]){__VA_ARGS__, NULL})

static mode_t mode_of(struct scratch *scratch, const char *name)
{
	struct stat info;
	cr_assert_eq(lstat(scratch_path(scratch, name), &info), 0, "%s is not there", name);
	return info.st_mode & 07777;
}

static const char *file_with_mode(struct scratch *scratch, const char *name, const char *text, mode_t mode)
{
	const char *file = scratch_write(scratch, name, text);
	cr_assert_eq(chmod(file, mode), 0);
	return file;
}

static void expect_error(const struct run_result *result, const char *file, const char *message)
{
	char expected[1000];
	snprintf(expected, sizeof expected, "areq: %s: %s\n", file, message);
	cr_expect(strstr(result->err, expected), "not \"%s\" but\n%s", expected, result->err);
}

/* A page that comes when the server is told to stop waiting: after so many milliseconds. */
static const char *late_page(struct site *site, const char *ms, const char *group)
{
	return site_page(site, "links", "1", "delay", ms, "group", group);
}

Test(atomic, replaces_the_file_only_at_the_end)
{
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *quick = site_page(&site, "links", "1");
	const char *late = late_page(&site, "1000", "late");
	const char *file = file_with_mode(&scratch, "found.tsv", old, 0604);
	run_start_areq(&child, NULL, "-v", "--atomic", "-o", file, quick, late);
	run_wait_error(&child, "found 1 link", 5);
	/* A block that does not fill goes out after a while. */
	run_wait(&child, 0.5);
	expect_content(&scratch, "found.tsv", old);
	expect_content(&scratch, "found.tsv.part", ROWS_OF(&site, quick));
	cr_expect_eq(mode_of(&scratch, "found.tsv.part"), 0604);
	run_finish(&child, &result);
	run_expect_exit(&result, 0);
	expect_content(&scratch, "found.tsv", ROWS_OF(&site, quick, late));
	cr_expect_eq(mode_of(&scratch, "found.tsv"), 0604);
	cr_expect_not(scratch_exists(&scratch, "found.tsv.part"));
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(file, has_the_rows_of_a_page_before_the_report_has_the_page)
{
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *quick = site_page(&site, "links", "1");
	const char *late = late_page(&site, "1000", "late");
	const char *file = scratch_path(&scratch, "found.tsv");
	run_start_areq(&child, NULL, "--report", "-", "-o", file, quick, late);
	run_wait_output(&child, "\"outcome\":\"ok\"", 5);
	expect_content(&scratch, "found.tsv", ROWS_OF(&site, quick));
	run_finish(&child, &result);
	run_expect_exit(&result, 0);
	expect_content(&scratch, "found.tsv", ROWS_OF(&site, quick, late));
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(atomic, gives_a_new_file_the_mode_of_any_new_file)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1");
	mode_t mask = umask(027);
	/* Also where a killed run has left a part with another mode, and longer. */
	file_with_mode(&scratch, "b.part",
	    "a row\tthat is much longer than all that comes now\n"
	    "a row\tthat is much longer than all that comes now\n"
	    "a row\tthat is much longer than all that comes now\nand to",
	    0600);
	static const char *const names[] = {"a", "b"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		run_areq(&result, "--atomic", "-o", scratch_path(&scratch, names[i]), url);
		run_expect_exit(&result, 0);
		cr_expect_str_eq(result.err, "");
		expect_content(&scratch, names[i], ROWS_OF(&site, url));
		cr_expect_eq(mode_of(&scratch, names[i]), 0640, "%s has %o", names[i],
		    (unsigned)mode_of(&scratch, names[i]));
		run_release(&result);
	}
	cr_expect_not(scratch_exists(&scratch, "a.part"));
	cr_expect_not(scratch_exists(&scratch, "b.part"));
	umask(mask);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(atomic, leaves_the_file_where_fail_on_says_so)
{
	static const struct {
		const char *fail_on;
		int exit_status;
	} cases[] = {{"any", 1}, {"20%", 1}, {"21%", 0}, {"never", 0}, {"all", 0}};
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char list[3000] = "", group[16];
	site_start(&site);
	scratch_init(&scratch);
	for (int i = 0; i < 10; i++) {
		snprintf(group, sizeof group, "%d", i);
		strcat(strcat(list, site_page(&site, "status", i < 2 ? "404" : "200", "group", group)), "\n");
	}
	const char *file = scratch_path(&scratch, "found.tsv");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		file_with_mode(&scratch, "found.tsv", old, 0640);
		run_areq_with(&result, (&(struct run_options){.input = list}), "--atomic", "-o", file,
		    "--fail-on", cases[i].fail_on);
		run_expect_exit(&result, cases[i].exit_status);
		bool is_left = strstr(result.err, "left as it was");
		cr_expect_eq(is_left, cases[i].exit_status == 1, "%s: %s", cases[i].fail_on, result.err);
		if (is_left)
			expect_error(&result, file, "left as it was, since 2 of 10 URLs failed (--fail-on)");
		expect_content(&scratch, "found.tsv", cases[i].exit_status ? old : header);
		cr_expect_eq(mode_of(&scratch, "found.tsv"), 0640);
		cr_expect_not(scratch_exists(&scratch, "found.tsv.part"));
		run_release(&result);
	}
	scratch_release(&scratch);
	site_stop(&site);
}

Test(atomic, keeps_symbolic_links_and_replaces_what_is_behind_them)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	struct stat info;
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1");
	cr_assert_eq(mkdir(scratch_path(&scratch, "data"), 0700), 0);
	scratch_write(&scratch, "data/there", old);
	const char *absolute = scratch_path(&scratch, "data/there");
	const char *const links[][3] = {{"relative", "data/there", "data/there"},
	    {"absolute", absolute, "data/there"}, {"twice", "data/again", "data/there"},
	    {"dangling", "data/new", "data/new"}};
	cr_assert_eq(symlink("../data/there", scratch_path(&scratch, "data/again")), 0);
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		const char *link = scratch_path(&scratch, links[i][0]);
		cr_assert_eq(symlink(links[i][1], link), 0);
		if (i < 3)
			scratch_write(&scratch, "data/there", old);
		run_areq(&result, "--atomic", "-o", link, url);
		run_expect_exit(&result, 0);
		cr_expect(lstat(link, &info) == 0 && S_ISLNK(info.st_mode), "%s is a link still", link);
		expect_content(&scratch, links[i][2], ROWS_OF(&site, url));
		run_release(&result);
		/* The name as it is given may have no folder. */
		unlink(scratch_path(&scratch, links[i][2]));
		run_areq_with(&result, (&(struct run_options){.directory = scratch.folder}), "--atomic", "-o",
		    links[i][0], url);
		run_expect_exit(&result, 0);
		expect_content(&scratch, links[i][2], ROWS_OF(&site, url));
		run_release(&result);
	}
	cr_assert_eq(symlink("circle", scratch_path(&scratch, "circle")), 0);
	run_areq(&result, "--atomic", "-o", scratch_path(&scratch, "circle"), url);
	run_expect_exit(&result, 3);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(atomic, leaves_the_file_where_something_stops_the_run)
{
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *quick = site_page(&site, "links", "1"), *stuck = site_page(&site, "hang", "body");
	const char *file = scratch_write(&scratch, "found.tsv", old);

	run_start_areq(&child, NULL, "-v", "--atomic", "-o", file, quick, stuck);
	run_wait_error(&child, "found 1 link", 5);
	run_kill(&child, SIGTERM);
	run_finish(&child, &result);
	cr_expect_eq(result.signal, SIGTERM);
	expect_error(&result, file, "left as it was, since a signal stopped the run");
	expect_content(&scratch, "found.tsv", old);
	cr_expect_not(scratch_exists(&scratch, "found.tsv.part"));
	run_release(&result);

	/* … whatever --fail-on says. */
	run_start_areq(&child, NULL, "--atomic", "--fail-on", "never", "-o", file, stuck);
	site_wait_requests(&site, 3, 5);
	run_kill(&child, SIGINT);
	run_finish(&child, &result);
	cr_expect_eq(result.signal, SIGINT);
	expect_content(&scratch, "found.tsv", old);
	run_release(&result);

	run_areq(&result, "--atomic", "--deadline", "500ms", "-o", file, quick, stuck);
	run_expect_exit(&result, 1);
	expect_error(&result, file, "left as it was, since the run was stopped at the deadline");
	expect_content(&scratch, "found.tsv", old);
	run_release(&result);

	run_areq(&result, "--atomic", "-o", file, "--report", "/dev/full", quick);
	run_expect_exit(&result, 3);
	expect_error(&result, file, "left as it was, since an output could not be written");
	expect_content(&scratch, "found.tsv", old);
	cr_expect_not(scratch_exists(&scratch, "found.tsv.part"));
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(atomic, leaves_the_file_where_the_disk_has_no_room)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char command[2000];
	site_start(&site);
	scratch_init(&scratch);
	const char *file = scratch_write(&scratch, "found.tsv", old);
	snprintf(command, sizeof command, "ulimit -f 8; exec %s --atomic -o %s '%s'", run_areq_name(), file,
	    site_page(&site, "links", "1000"));
	run_program(&result, (&(struct run_options){.ignore = SIGXFSZ}), "/bin/sh",
	    (const char *const[]){"-c", command, NULL});
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.err, "File too large"), "%s", result.err);
	expect_content(&scratch, "found.tsv", old);
	cr_expect_not(scratch_exists(&scratch, "found.tsv.part"));
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(atomic, takes_over_what_a_killed_run_has_left)
{
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *many = site_page(&site, "links", "100"), *quick = site_page(&site, "links", "1");
	const char *file = scratch_write(&scratch, "found.tsv", old);
	run_start_areq(&child, NULL, "-v", "--atomic", "-o", file, many, site_page(&site, "hang", "body"));
	run_wait_error(&child, "found 100 links", 5);
	run_kill(&child, SIGKILL);
	run_finish(&child, &result);
	cr_expect_eq(result.signal, SIGKILL);
	expect_content(&scratch, "found.tsv", old);
	cr_expect(scratch_exists(&scratch, "found.tsv.part"));
	run_release(&result);
	run_areq(&result, "--atomic", "-o", file, quick);
	run_expect_exit(&result, 0);
	expect_content(&scratch, "found.tsv", ROWS_OF(&site, quick));
	cr_expect_not(scratch_exists(&scratch, "found.tsv.part"));
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

/* The second waits for the first, which is the slower one, and has the last word, however the first ends. */
static void run_both(int kill_first, const char *first_mode, const char *second_mode, bool adds)
{
	struct site site;
	struct scratch scratch;
	struct run_child first, second;
	struct run_result result;
	char expected[2000];
	site_start(&site);
	scratch_init(&scratch);
	const char *slow = late_page(&site, "1200", "slow"), *quick = site_page(&site, "links", "1");
	const char *file = scratch_write(&scratch, "found.tsv", old);
	run_start_areq(
	    &first, NULL, first_mode, "-o", file, kill_first ? site_page(&site, "hang", "body") : slow);
	site_wait_in_flight(&site, 1, 5);
	run_start_areq(&second, NULL, second_mode, "-o", file, quick);
	run_wait_error(&second, "another run writes to it; waiting", 5);
	if (kill_first)
		run_kill(&first, kill_first);
	run_finish(&first, &result);
	cr_expect_eq(result.signal, kill_first);
	run_release(&result);
	run_finish(&second, &result);
	run_expect_exit(&result, 0);
	snprintf(expected, sizeof expected, "%s", ROWS_OF(&site, quick));
	if (adds)
		snprintf(expected, sizeof expected, "%s", ROWS_OF(&site, slow, quick));
	expect_content(&scratch, "found.tsv", expected);
	cr_expect_not(scratch_exists(&scratch, "found.tsv.part"));
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(atomic, of_two_runs_at_once_the_second_has_the_last_word)
{
	run_both(0, "--atomic", "--atomic", false);
	run_both(SIGTERM, "--atomic", "--atomic", false);
	run_both(SIGKILL, "--atomic", "--atomic", false);
}

Test(atomic, waits_for_a_run_that_is_not_and_the_other_way_round)
{
	run_both(0, "-q", "--atomic", false);
	run_both(0, "--atomic", "-v", false);
	run_both(0, "--atomic", "-a", true);
}

Test(atomic, of_many_runs_at_once_leaves_exactly_one)
{
	enum { RUNS = 8 };
	struct site site;
	struct scratch scratch;
	struct run_child children[RUNS];
	struct run_result result;
	const char *urls[RUNS];
	char group[16];
	site_start(&site);
	scratch_init(&scratch);
	const char *file = scratch_path(&scratch, "found.tsv");
	for (int i = 0; i < RUNS; i++) {
		snprintf(group, sizeof group, "%d", i);
		urls[i] = late_page(&site, "50", group);
		run_start_areq(&children[i], NULL, "--atomic", "-o", file, urls[i]);
	}
	for (int i = 0; i < RUNS; i++) {
		run_finish(&children[i], &result);
		run_expect_exit(&result, 0);
		run_release(&result);
	}
	char *content = scratch_read(&scratch, "found.tsv", NULL);
	int whole = 0;
	for (int i = 0; i < RUNS; i++)
		whole += strcmp(content, ROWS_OF(&site, urls[i])) == 0;
	cr_expect_eq(whole, 1, "%s", content);
	cr_expect_not(scratch_exists(&scratch, "found.tsv.part"));
	free(content);
	scratch_release(&scratch);
	site_stop(&site);
}

static void expect_refusal(int exit_status, const char *file, const char *words, const char *const *args)
{
	struct run_result result;
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, exit_status);
	cr_expect(strstr(result.err, file) && strstr(result.err, words), "not %s: %s but\n%s", file, words,
	    result.err);
	run_release(&result);
}
#define EXPECT_REFUSAL(exit_status, file, words, ...)                                                        \
	expect_refusal(exit_status, file, words, (const char *const[]){__VA_ARGS__, NULL})

Test(atomic, refuses_what_it_cannot_replace)
{
	struct scratch scratch;
	scratch_init(&scratch);
	const char *url = "http://127.0.0.1:1/", *kind = "is no regular file, which --atomic needs";
	const char *file = scratch_write(&scratch, "found.tsv", old);
	const char *fifo = scratch_path(&scratch, "fifo");
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	EXPECT_REFUSAL(2, fifo, kind, "--atomic", "-o", fifo, url);
	EXPECT_REFUSAL(2, "/dev/null", kind, "--atomic", "-o", "/dev/null", url);
	EXPECT_REFUSAL(2, scratch.folder, kind, "--atomic", "-o", scratch.folder, url);
	cr_expect_not(scratch_exists(&scratch, "fifo.part"));
	cr_expect_neq(access("/dev/null.part", F_OK), 0);
	EXPECT_REFUSAL(3, "/nonexistent/x.part", "No such file", "--atomic", "-o", "/nonexistent/x", url);
	/* /proc is a folder in which nobody makes files. */
	EXPECT_REFUSAL(3, "/proc/x.part", "cannot be opened", "--atomic", "-o", "/proc/x", url);

	EXPECT_REFUSAL(2, file, "is the list itself", "--atomic", "-o", file, file);
	const char *list = scratch_write(&scratch, "found.tsv.part", "http://127.0.0.1:1/\n");
	EXPECT_REFUSAL(2, file, "is the list itself", "--atomic", "-o", file, list);
	EXPECT_REFUSAL(2, list, "cannot go to the same file", "--atomic", "-o", file, "--report", list, url);
	EXPECT_REFUSAL(2, file, "cannot go to the same file", "--atomic", "-o",
	    scratch_path(&scratch, "./found.tsv"), "--report", file, url);
	expect_content(&scratch, "found.tsv.part", "http://127.0.0.1:1/\n");
	const char *new = scratch_path(&scratch, "new");
	EXPECT_REFUSAL(2, new, "cannot go to the same file", "--atomic", "-o",
	    scratch_path(&scratch, "./new"), "--report", new, url);
	cr_expect_not(scratch_exists(&scratch, "new.part"));

	/* Nobody's part. */
	unlink(list);
	cr_assert_eq(symlink("/dev/null", list), 0);
	EXPECT_REFUSAL(3, list, "cannot be opened", "--atomic", "-o", file, url);
	unlink(list);
	cr_assert_eq(mkdir(list, 0700), 0);
	EXPECT_REFUSAL(3, list, "Is a directory", "--atomic", "-o", file, url);
	rmdir(list);
	cr_assert_eq(mkfifo(list, 0600), 0);
	EXPECT_REFUSAL(3, list, "is no regular file", "--atomic", "-o", file, url);
	cr_expect(scratch_exists(&scratch, "found.tsv.part"));
	expect_content(&scratch, "found.tsv", old);
	scratch_release(&scratch);
}

Test(atomic, leaves_the_file_where_it_cannot_be_replaced)
{
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *slow = late_page(&site, "1000", "slow");
	const char *file = scratch_path(&scratch, "found.tsv");
	run_start_areq(&child, NULL, "--atomic", "-o", file, slow);
	site_wait_in_flight(&site, 1, 5);
	cr_assert_eq(mkdir(file, 0700), 0);
	run_finish(&child, &result);
	run_expect_exit(&result, 3);
	expect_error(&result, file, "cannot be replaced: Is a directory");
	cr_expect_not(scratch_exists(&scratch, "found.tsv.part"));
	run_release(&result);

	/* Somebody has put a file of his own in the place of the part. */
	rmdir(file);
	scratch_write(&scratch, "found.tsv", old);
	run_start_areq(&child, NULL, "--atomic", "-o", file, slow);
	site_wait_requests(&site, 2, 5);
	unlink(scratch_path(&scratch, "found.tsv.part"));
	scratch_write(&scratch, "found.tsv.part", "mine\n");
	run_finish(&child, &result);
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.err, "found.tsv.part: was taken away"), "%s", result.err);
	expect_content(&scratch, "found.tsv", old);
	expect_content(&scratch, "found.tsv.part", "mine\n");
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(repair, cuts_off_the_torn_last_line)
{
	static const char whole[] = "source_url\tparsed_url\nhttp://a/\thttp://b/\n";
	struct site site;
	struct scratch scratch;
	struct run_result result;
	static char long_line[100 * 1024], content[110 * 1024], expected[4000];
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1"), *file = scratch_path(&scratch, "found.tsv");
	const char *row = ROWS_OF(&site, url) + sizeof header - 1;
	memset(long_line, 'x', sizeof long_line - 1);
	/* Blocks of any size are read backwards: a newline may stand on their first or last byte. */
	const struct {
		const char *whole, *torn;
	} cases[] = {{whole, "http://a/\thttp://"}, {whole, ""}, {whole, "x"}, {"", "no newline"}, {"", ""},
	    {"\n", long_line}, {whole, long_line}, {whole, long_line + sizeof long_line - 1 - 8191},
	    {whole, long_line + sizeof long_line - 1 - 8192}, {"", long_line}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char message[100];
		size_t torn = strlen(cases[i].torn);
		snprintf(content, sizeof content, "%s%s", cases[i].whole, cases[i].torn);
		scratch_write(&scratch, "found.tsv", content);
		run_areq(&result, "-a", "--repair", "-o", file, url);
		run_expect_exit(&result, 0);
		snprintf(message, sizeof message, "a torn last line of %zu byte%s was cut off (--repair)",
		    torn, torn == 1 ? "" : "s");
		if (torn)
			expect_error(&result, file, message);
		else
			cr_expect_str_eq(result.err, "");
		snprintf(expected, sizeof expected, "%s%s", *cases[i].whole ? cases[i].whole : header, row);
		expect_content(&scratch, "found.tsv", expected);
		run_release(&result);
	}
	scratch_write(&scratch, "found.tsv", "a\nhttp://a/\thttp://");
	run_areq(&result, "-a", "-o", file, url);
	run_expect_exit(&result, 3);
	expect_error(&result, file,
	    "the last line is torn (17 bytes without a newline); nothing was appended "
	    "(--repair cuts it off)");
	run_release(&result);
	run_areq(&result, "-a", "--repair", "-o", file, "--report", "/nonexistent/x", url);
	run_expect_exit(&result, 3);
	expect_content(&scratch, "found.tsv", "a\nhttp://a/\thttp://");
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(lock, fails_at_once_where_it_shall)
{
	struct site site;
	struct scratch scratch;
	struct run_child first;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1"), *stuck = site_page(&site, "hang", "body");
	const char *file = scratch_path(&scratch, "found.tsv"), *report = scratch_path(&scratch, "report");
	const char *message = "another run writes to it (--lock=fail)";
	static const char *const modes[] = {"-q", "-a", "--atomic"};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		run_start_areq(
		    &first, NULL, modes[i], "--lock", "fail", "-o", file, "--report", report, stuck);
		site_wait_requests(&site, 2 * i + 1, 5);
		run_areq(&result, modes[i], "--lock=fail", "-o", file, url);
		run_expect_exit(&result, 3);
		expect_error(&result, file, message);
		run_release(&result);
		static const char *const others[] = {"--report", "--failed"};
		for (size_t j = 0; j < sizeof others / sizeof *others; j++) {
			run_areq(&result, "--lock=fail", "-o", "/dev/null", others[j], report, url);
			run_expect_exit(&result, 3);
			expect_error(&result, report, message);
			run_release(&result);
		}
		run_kill(&first, SIGTERM);
		run_finish(&first, &result);
		cr_expect_eq(result.signal, SIGTERM, "the first one was not disturbed");
		run_release(&result);
		run_areq(&result, modes[i], "--lock=fail", "-o", file, url);
		run_expect_exit(&result, 0);
		run_release(&result);
	}
	EXPECT_REFUSAL(2, "--lock", "\"never\" is not wait or fail", "--lock", "never", url);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(lock, is_none_on_a_device)
{
	struct site site;
	struct run_child first;
	struct run_result result;
	site_start(&site);
	run_start_areq(&first, NULL, "-o", "/dev/null", site_page(&site, "hang", "body"));
	site_wait_requests(&site, 1, 5);
	run_areq(&result, "--lock=fail", "-o", "/dev/null", site_page(&site, "links", "1"));
	run_expect_exit(&result, 0);
	run_release(&result);
	run_kill(&first, SIGTERM);
	run_finish(&first, &result);
	run_release(&result);
	site_stop(&site);
}

Test(lock, is_waited_for_until_a_signal_comes)
{
	static const char *const modes[] = {"-v", "-a", "--atomic"};
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct site site;
	struct scratch scratch;
	struct run_child first, second;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *file = scratch_write(&scratch, "found.tsv", old);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		run_start_areq(&first, NULL, modes[i], "-o", file, site_page(&site, "hang", "body"));
		site_wait_requests(&site, i + 1, 5);
		run_start_areq(
		    &second, NULL, modes[i], "--lock", "wait", "-o", file, site_page(&site, "links", "1"));
		run_wait_error(&second, "another run writes to it; waiting", 5);
		double killed = run_clock();
		run_kill(&second, signals[i]);
		run_finish(&second, &result);
		cr_expect_eq(
		    result.signal, signals[i], "%s: %d, %d", modes[i], result.exit_status, result.signal);
		cr_expect_lt(run_clock() - killed, 5.0);
		run_release(&result);
		cr_expect_not(run_wait(&first, 0.1), "the first one was not disturbed");
		run_kill(&first, SIGTERM);
		run_finish(&first, &result);
		run_release(&result);
	}
	scratch_release(&scratch);
	site_stop(&site);
}

/* The pages of a run whose output nobody reads until so many of them were asked for: all rows come all the
 * same. */
static void check_late_reader(size_t pages, const char *links, size_t asked)
{
	struct site site;
	struct site_stats stats;
	struct run_child child;
	struct run_result result;
	char group[32], list[3000] = "";
	size_t lines = 0;
	site_start(&site);
	for (size_t i = 0; i < pages; i++) {
		snprintf(group, sizeof group, "%zu", i);
		strcat(strcat(list, site_page(&site, "links", links, "group", group)), "\n");
	}
	run_start_areq(&child, (&(struct run_options){.input = list}), "-j", "1");
	site_wait_requests(&site, asked, 10);
	struct timespec moment = {.tv_nsec = 300000000};
	nanosleep(&moment, NULL);
	site_stats(&site, &stats);
	cr_expect_eq(stats.count, asked, "%zu pages were asked for while nobody read", stats.count);
	site_stats_release(&stats);
	run_finish(&child, &result);
	run_expect_exit(&result, 0);
	for (size_t i = 0; i < result.out_len; i++)
		lines += result.out[i] == '\n';
	cr_expect_eq(lines, 1 + pages * strtoul(links, NULL, 10), "%zu lines", lines);
	run_release(&result);
	site_stop(&site);
}

Test(reader, that_does_not_read_stops_nothing_else)
{
	/* One page is more than a pipe holds, all of them are less than what is kept. */
	check_late_reader(5, "1000", 5);
}

Test(reader, that_does_not_read_costs_no_more_than_a_page_in_flight)
{
	check_late_reader(5, "20000", 1);
}

Test(reader, that_does_not_read_is_not_waited_for_beyond_the_deadline)
{
	struct site site;
	struct run_result result;
	char command[2000];
	site_start(&site);
	/* More than a pipe holds, and less than what is kept. */
	snprintf(command, sizeof command, "(%s --deadline 2s '%s'; echo ended with $? >&2) | sleep 9",
	    run_areq_name(), site_page(&site, "links", "5000"));
	struct run_child child;
	double start = run_clock();
	run_start(&child, NULL, "/bin/sh", (const char *const[]){"-c", command, NULL});
	run_wait_error(&child, "ended with 3", 7);
	cr_expect_lt(run_clock() - start, 6.0);
	cr_expect(strstr(child.kept_err.data, "stdout: the reader does not read"), "%s", child.kept_err.data);
	run_finish(&child, &result);
	run_release(&result);
	site_stop(&site);
}

Test(reader, that_begins_late_gets_all_of_it)
{
	struct site site;
	struct run_child child;
	struct run_result result;
	char command[2000];
	site_start(&site);
	snprintf(command, sizeof command, "(%s '%s'; echo ended with $? >&2) | (sleep 3; wc -l)",
	    run_areq_name(), site_page(&site, "links", "20000"));
	run_start(&child, NULL, "/bin/sh", (const char *const[]){"-c", command, NULL});
	run_finish(&child, &result);
	cr_expect_str_eq(result.err, "ended with 0\n");
	cr_expect_eq(atoi(result.out), 20001, "%s", result.out);
	run_release(&result);
	site_stop(&site);
}
