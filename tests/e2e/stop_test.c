/* A run that is stopped, or never begins, ends when it should, and says so. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What ends at its deadline of half a second has ended by then; what does not waits for ever. */
static const double LONG_AFTER = 8;

static const char old_rows[] = "source_url\tparsed_url\nhttp://old/\thttp://old/1\n";

static size_t count_of(const char *text, const char *part)
{
	/* Under a sanitizer each strstr looks for the end of the text. */
	size_t count = 0, len = strlen(part);
	const char *end = text + strlen(text);
	for (; (text = memchr(text, *part, (size_t)(end - text))); text++)
		count += (size_t)(end - text) >= len && memcmp(text, part, len) == 0;
	return count;
}

/* Many URLs of one server that never answers. */
static char *silent_list(struct site *site, size_t count)
{
	char *list = calloc(count, 128), *end = list, number[32];
	for (size_t i = 0; i < count; i++) {
		snprintf(number, sizeof number, "%zu", i);
		end += sprintf(end, "%s\n", site_page(site, "delay", "60000", "group", number));
	}
	return list;
}

Test(stop, before_the_end_of_the_list_is_no_good_run)
{
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	scratch_write(&scratch, "out", old_rows);
	struct run_options options = {.input_pipe = true};
	run_start_areq(&child, &options, "--atomic", "-o", scratch_path(&scratch, "out"), "--deadline", "1s",
	    "--fail-on", "never", "--summary-json", scratch_path(&scratch, "summary"));
	run_feed(&child, site_page(&site, "links", "1"));
	run_feed(&child, "\n");
	/* The pipe stays open, so that nobody knows what more there would be. */
	run_wait(&child, LONG_AFTER);
	cr_expect(child.ended, "it has not ended at its deadline");
	run_finish(&child, &result);
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "1 URL: 1 ok"), "%s", result.err);
	cr_expect(strstr(result.err, "the list was not read to its end"), "%s", result.err);
	cr_expect(strstr(result.err, "left as it was"), "%s", result.err);
	scratch_expect(&scratch, "out", old_rows);
	char *summary = scratch_read(&scratch, "summary", NULL);
	cr_expect(strstr(summary, "\"list_complete\":false"), "%s", summary);
	free(summary);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

/* By a deadline, or by a signal: number is 0 or that. */
static void check_accounts(struct site *site, struct scratch *scratch, bool by_pipe, int number)
{
	/* More than are read ahead. */
	enum { URLS = 10000 };
	struct run_result result;
	char *list = silent_list(site, URLS);
	scratch_write(scratch, "list", list);
	struct run_options options = {
	    .input = by_pipe ? list : NULL, .signal = {.number = number, .after = 1.5}};
	run_areq_with(&result, &options, "--fail-on", "never", "--deadline", number ? "20s" : "1500ms",
	    "--report", scratch_path(scratch, "report"), "-o", "/dev/null",
	    by_pipe ? "-" : scratch_path(scratch, "list"));
	cr_expect(number ? result.signal == number : result.exit_status == 1, "%d, %d: %.2000s",
	    result.exit_status, result.signal, result.err);
	cr_expect(strstr(result.err, "10000 URLs: 0 ok, 10000 interrupted; 0 links"), "%s",
	    strstr(result.err, "stopped"));
	cr_expect_not(strstr(result.err, "pages/s"), "%s", strstr(result.err, "stopped"));
	cr_expect_not(strstr(result.err, "not read"));
	char *report = scratch_read(scratch, "report", NULL);
	cr_expect_eq(count_of(report, "\n"), URLS);
	cr_expect_eq(count_of(report, "\"outcome\":\"interrupted\""), URLS);
	free(report);
	free(list);
	run_release(&result);
}

Test(stop, accounts_for_the_whole_list)
{
	struct site site;
	struct scratch scratch;
	site_start(&site);
	scratch_init(&scratch);
	check_accounts(&site, &scratch, false, 0);
	check_accounts(&site, &scratch, true, 0);
	check_accounts(&site, &scratch, false, SIGTERM);
	check_accounts(&site, &scratch, true, SIGINT);
	scratch_release(&scratch);
	site_stop(&site);
}

/* A list that has no end, and the deadline comes all the same; a good URL stands at its beginning. */
static void check_endless(const char *what, const struct run_options *options, const char *list)
{
	struct run_result result;
	run_areq_with(&result, options, "--deadline", "1s", "-r", "0", "-o", "/dev/null", list);
	run_expect_exit(&result, 1);
	cr_expect_lt(result.seconds, LONG_AFTER, "%s: %g s", what, result.seconds);
	cr_expect(strstr(result.err, "not read"), "%s: %s", what, result.err);
	cr_expect_lt(result.max_rss_kib, 64 * 1024, "%s: %ld KiB", what, result.max_rss_kib);
	run_release(&result);
}

Test(stop, comes_in_a_list_without_end)
{
	struct scratch scratch;
	struct run_options options = {0};
	scratch_init(&scratch);
	/* A NUL byte at the start would show that the file is no list. */
	char start[1100] = "";
	memset(start, '#', sizeof start - 1);
	start[sizeof start - 2] = '\n';
	scratch_write(&scratch, "sparse", start);
	cr_assert_eq(truncate(scratch_path(&scratch, "sparse"), (off_t)200 << 30), 0);
	check_endless("a sparse file", &options, scratch_path(&scratch, "sparse"));
	scratch_release(&scratch);
}

Test(stop, comes_in_an_endless_pipe)
{
	static const char *const texts[] = {"'# nothing'", "''", "not://a.url", "http://127.0.0.1:1/", "x%"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct run_result result;
		char command[512];
		snprintf(command, sizeof command,
		    "{ echo http://127.0.0.1:1/; yes %s; } | { %s -q -r 0 --deadline 1s >/dev/null; echo $?; "
		    "}",
		    texts[i], run_areq_name());
		run_program(&result, NULL, "/bin/sh", (const char *const[]){"-c", command, NULL});
		cr_expect_str_eq(result.out, "1\n", "%s: %s", texts[i], result.err);
		cr_expect_lt(result.seconds, LONG_AFTER, "%s: %g s", texts[i], result.seconds);
		run_release(&result);
	}
}

Test(stop, is_not_held_up_by_lines_that_are_passed_over)
{
	enum { JUNK = 200000 };
	struct site site;
	struct run_result result;
	char *list = malloc(JUNK * 8 + 1000), *end = list;
	site_start(&site);
	end += sprintf(end, "%s\n", site_page(&site, "links", "1"));
	for (int i = 0; i < JUNK; i++)
		end += sprintf(end, i % 2 ? "# %d\n" : "x:y%d\n", i % 1000);
	end += sprintf(end, "%s\n", site_page(&site, "links", "2"));
	run_areq_with(&result, (&(struct run_options){.input = list}), "-v");
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "100002 URLs: 2 ok, 100000 failed"), "%.200s", result.err);
	const char *turn = strstr(result.err, "the longest turn of the loop took ");
	double ms = -1;
	cr_assert(turn && sscanf(turn, "the longest turn of the loop took %lf ms", &ms) == 1);
	/* All of the list in one turn would take most of the run, however busy the machine is. */
	cr_expect(ms >= 0 && ms < 1000 * result.seconds / 2, "%.1f ms of %.3f s", ms, result.seconds);
	run_release(&result);
	free(list);
	site_stop(&site);
}

/* With option and a named pipe that has no other end, at the deadline and by a signal. */
static void check_pipe(const char *url, const char *option, const char *pipe)
{
	struct run_result result;
	run_areq(&result, "--deadline", "500ms", option, pipe, url);
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, pipe), "%s: %s", option, result.err);
	cr_expect_lt(result.seconds, LONG_AFTER, "%s: %g s", option, result.seconds);
	run_release(&result);
	struct run_options options = {.signal = {.number = SIGTERM, .after = 0.5}};
	run_areq_with(&result, &options, option, pipe, url);
	cr_expect_eq(
	    result.signal, SIGTERM, "%s: exit status %d: %s", option, result.exit_status, result.err);
	cr_expect_lt(result.seconds, LONG_AFTER, "%s: %g s", option, result.seconds);
	run_release(&result);
}

Test(stop, comes_while_a_named_pipe_is_waited_for)
{
	static const char *const options[] = {"-o", "--report", "--summary-json", "-b", "--config"};
	struct site site;
	struct scratch scratch;
	site_start(&site);
	scratch_init(&scratch);
	const char *pipe = scratch_path(&scratch, "pipe");
	cr_assert_eq(mkfifo(pipe, 0600), 0);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		check_pipe(site_page(&site, "links", "1"), options[i], pipe);
	/* What is read more than once is no pipe. */
	static const char *const files[] = {"--netrc-file", "--cacert"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct run_result result;
		run_areq(&result, files[i], pipe, site_page(&site, "links", "1"));
		run_expect_exit(&result, 2);
		cr_expect(strstr(result.err, "pipe: is a pipe, and must be a file"), "%s", result.err);
		run_release(&result);
	}
	scratch_release(&scratch);
	site_stop(&site);
}

Test(stop, comes_while_a_lock_is_waited_for)
{
	struct site site;
	struct scratch scratch;
	struct run_child first;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *out = scratch_path(&scratch, "out");
	run_start_areq(&first, NULL, "-t", "20", "-o", out, site_page(&site, "delay", "60000"));
	site_wait_requests(&site, 1, 5);
	run_areq(&result, "--deadline", "500ms", "-o", out, site_page(&site, "links", "1"));
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "deadline"), "%s", result.err);
	cr_expect_lt(result.seconds, LONG_AFTER);
	run_release(&result);
	run_kill(&first, SIGTERM);
	run_finish(&first, &result);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

/* Runs areq with a stderr that nobody reads, and its command where %s is. */
static void check_unread_stderr(const char *command, const char *ends_with)
{
	struct scratch scratch;
	struct run_result result;
	char text[2000], areq[1000];
	scratch_init(&scratch);
	const char *err = scratch_path(&scratch, "err");
	snprintf(areq, sizeof areq, command, run_areq_name());
	snprintf(text, sizeof text,
	    "mkfifo %s; sleep 30 <%s & reader=$!; { %s; } 2>%s; echo ended with $?; kill $reader", err, err,
	    areq, err);
	run_program(&result, NULL, "/bin/sh", (const char *const[]){"-c", text, NULL});
	cr_expect(strstr(result.out, ends_with), "%s: %s", command, result.out);
	cr_expect_lt(result.seconds, LONG_AFTER, "%s: %g s", command, result.seconds);
	run_release(&result);
	scratch_release(&scratch);
}

Test(stop, does_not_wait_for_a_reader_of_the_messages)
{
	check_unread_stderr(
	    "seq 30000 | sed s,^,http://127.0.0.1:1/, | %s -r 0 >/dev/null", "ended with 1\n");
	check_unread_stderr("seq 30000 | sed s/^/x:y/ | %s -v >/dev/null", "ended with 1\n");
	check_unread_stderr("yes x:y | %s -v --deadline 1s >/dev/null", "ended with 1\n");
	check_unread_stderr("yes x:y | timeout -s INT 1 %s -v >/dev/null", "ended with 124\n");
}

/* What areq says of a list, to where its messages go; with a report of what it has done so far. */
static void read_messages(struct run_result *result, const char *report, const char *messages)
{
	char text[2000];
	snprintf(text, sizeof text, "seq 100000 | sed s,^,http://127.0.0.1:1/, | %s -r 0 --report %s %s",
	    run_areq_name(), report, messages);
	run_program(result, NULL, "/bin/sh", (const char *const[]){"-c", text, NULL});
}

Test(stop, counts_the_messages_that_nobody_read)
{
	static const char words[] = " lost: nobody read them\n";
	struct scratch scratch;
	struct run_result result;
	char to_file[1000], to_reader[1000];
	scratch_init(&scratch);
	/* A file takes all of them. */
	const char *file = scratch_path(&scratch, "messages"), *report = scratch_path(&scratch, "report");
	snprintf(to_file, sizeof to_file, "2>%s >/dev/null; wc -l <%s", file, file);
	read_messages(&result, report, to_file);
	size_t all = (size_t)atol(result.out), lost = 0;
	run_release(&result);
	/* Nobody reads before there are more of them than areq keeps. */
	scratch_write(&scratch, "report", "");
	snprintf(to_reader, sizeof to_reader,
	    "2>&1 >/dev/null | { until [ $(wc -l <%s) -gt 50000 ]; do sleep 0.1; done; cat; }", report);
	read_messages(&result, report, to_reader);
	size_t lines = count_of(result.out, "\n");
	cr_expect_eq(count_of(result.out, words), 1, "%s", result.out + result.out_len - 1000);
	const char *said = strstr(result.out, words);
	while (said && said > result.out && said[-1] != '\n')
		said--;
	cr_assert(said && sscanf(said, "areq: %zu lines were", &lost) == 1);
	/* Each of them is there, but for those, and was written whole. */
	cr_expect_eq(lines - 1 + lost, all, "%zu lines, %zu lost, of %zu", lines, lost, all);
	cr_expect_eq(count_of(result.out, "areq: "), lines);
	cr_expect(strstr(result.out, "100000 URLs: 0 ok, 100000 failed"), "the summary");
	run_release(&result);
	scratch_release(&scratch);
}

#ifdef __SANITIZE_ADDRESS__
enum { TOO_SMALL_KIB = 200 };
#else
/* With 16, the dynamic linker itself ran out of stack now and then. */
enum { TOO_SMALL_KIB = 64 };
#endif

static void run_with_stack(struct run_result *result, const char *limit, const char *args)
{
	char command[2000];
	snprintf(command, sizeof command, "ulimit -%s; exec %s %s", limit, run_areq_name(), args);
	run_program(result, NULL, "/bin/sh", (const char *const[]){"-c", command, NULL});
}

Test(stop, comes_at_once_where_the_stack_is_too_small)
{
	struct site site;
	struct run_result result;
	char limit[32], words[100], args[1000];
	site_start(&site);
	snprintf(limit, sizeof limit, "s %d", TOO_SMALL_KIB);
	snprintf(words, sizeof words,
	    "areq: the stack may take only %d KiB, and 256 are needed (ulimit -s)\n", TOO_SMALL_KIB);
	run_with_stack(&result, limit, "--version");
	run_expect_exit(&result, 3);
	cr_expect_str_eq(result.err, words);
	run_release(&result);
	snprintf(args, sizeof args, "-q '%s' '%s'", site_page(&site, "links", "1"),
	    site_page(
	        &site, "type", "text/xml", "body", "<a xmlns='http://www.w3.org/1999/xhtml' href='b'>x</a>"));
	/* The least that is enough, and one that may be raised again. */
	static const char *const enough[] = {"s 256", "S -s 100"};
	for (size_t i = 0; i < sizeof enough / sizeof *enough; i++) {
		run_with_stack(&result, enough[i], args);
		run_expect_exit(&result, 0);
		cr_expect_eq(count_of(result.out, "\n"), 3, "%s", result.out);
		run_release(&result);
	}
	site_stop(&site);
}
