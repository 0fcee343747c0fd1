/* The output file, stdout, stderr and the ends of a run. */
#include "base/utf8.h"
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char header[] = "source_url\tparsed_url\n";

/* The row of a page with one link. */
static const char *one_row(struct site *site, const char *url)
{
	static char row[1000];
	snprintf(row, sizeof row, "%s\thttp://%s/_/link1\n", url, site->host);
	return row;
}

Test(output, goes_to_a_file_or_to_stdout)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char expected[2000];
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1");
	snprintf(expected, sizeof expected, "%s%s", header, one_row(&site, url));
	const char *file = scratch_path(&scratch, "found.tsv");

	run_areq(&result, url, "-o", file);
	run_assert_exit(&result, 0);
	cr_expect_str_eq(result.out, "");
	cr_expect_str_eq(result.err, "", "nothing failed and stderr is no terminal");
	scratch_expect(&scratch, "found.tsv", expected);
	run_release(&result);

	run_areq(&result, url);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	run_areq(&result, url, "-o", "-");
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	run_areq(&result, url, "--no-header");
	cr_expect_str_eq(result.out, one_row(&site, url));
	run_release(&result);

	scratch_write(&scratch, "found.tsv",
	    "something old and much longer than what will be written there now, far longer\n"
	    "something old and much longer than what will be written there now, far longer\n");
	run_areq(&result, url, "-o", file);
	scratch_expect(&scratch, "found.tsv", expected);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(output, is_appended_with_one_header)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char expected[3000];
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1");
	const char *row = one_row(&site, url);
	const char *file = scratch_path(&scratch, "found.tsv");
	for (int i = 0; i < 2; i++) {
		run_areq(&result, url, "-a", "-o", file);
		run_assert_exit(&result, 0);
		run_release(&result);
	}
	snprintf(expected, sizeof expected, "%s%s%s", header, row, row);
	scratch_expect(&scratch, "found.tsv", expected);

	scratch_write(&scratch, "empty", "");
	run_areq(&result, url, "-a", "-o", scratch_path(&scratch, "empty"));
	run_release(&result);
	snprintf(expected, sizeof expected, "%s%s", header, row);
	scratch_expect(&scratch, "empty", expected);

	scratch_write(&scratch, "torn", "source_url\tparsed_url\nhttp://a/\thttp");
	run_areq(&result, url, "-a", "-o", scratch_path(&scratch, "torn"));
	run_expect_exit(&result, 3);
	scratch_expect(&scratch, "torn", "source_url\tparsed_url\nhttp://a/\thttp");
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(output, is_touched_only_once_everything_else_is_accepted)
{
	struct scratch scratch;
	struct run_result result;
	scratch_init(&scratch);
	const char *file = scratch_write(&scratch, "found.tsv", "precious\n");
	const char *list = scratch_write(&scratch, "list", "http://127.0.0.1:1/\n");
	const char *const runs[][6] = {
	    {"/nonexistent/list", "-o", file, NULL},
	    {list, "/nonexistent/list", "-o", file, NULL},
	    {list, "-o", file, "-e", "(", NULL},
	    {list, "-o", file, "--xpath", "//a[", NULL},
	    {list, "-o", file, "--jobs", "0", NULL},
	    {list, "-o", file, "--no-such-option", NULL},
	    {list, "-o", file, "--cacert", "/nonexistent", NULL},
	    {"/", "-o", file, NULL},
	    {file, "-o", file, NULL},
	};
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		run_program(&result, NULL, run_areq_name(), runs[i]);
		run_expect_exit(&result, 2);
		cr_expect_str_neq(result.err, "", "run %zu says nothing", i);
		scratch_expect(&scratch, "found.tsv", "precious\n");
		run_release(&result);
	}
	scratch_release(&scratch);
}

Test(output, that_cannot_be_written_ends_the_run_with_3)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *url = site_page(&site, "links", "100");
	run_areq_with(&result, (&(struct run_options){.output_file = "/dev/full"}), url);
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.err, "No space left on device"), "%s", result.err);
	run_release(&result);
	run_areq(&result, url, "-o", "/dev/full");
	run_expect_exit(&result, 3);
	run_release(&result);
	run_areq(&result, url, "-o", "/nonexistent/folder/file");
	run_expect_exit(&result, 3);
	run_release(&result);
	run_areq_with(&result, (&(struct run_options){.output_closed = true}), url);
	run_expect_exit(&result, 3);
	run_release(&result);
	site_stop(&site);
}

Test(output, of_which_nobody_wants_more_ends_the_run_quietly)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	char list[8000] = "";
	for (int i = 0; i < 20; i++) {
		char group[16];
		snprintf(group, sizeof group, "%d", i);
		strcat(strcat(list, site_page(&site, "links", "5000", "group", group)), "\n");
	}
	run_areq_with(&result, (&(struct run_options){.input = list, .output_stop = 1}), "-j", "64");
	cr_expect_eq(result.signal, SIGPIPE, "exit status %d, signal %d", result.exit_status, result.signal);
	cr_expect_str_eq(result.err, "");
	run_release(&result);
	site_stop(&site);
}

Test(output, holds_no_control_byte)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *url = site_page(&site, "body",
	    "<a href='a&#9;b&#10;c&#13;d&#1;e&#127;f'><a href='mailto:a&#9;b&#1;c'><a "
	    "href='javascript:\n\"\\x1b\"&#27;'>"
	    "<a href='data:text/plain,a&#9;&#0;b'><a href='foo://h/&#31;&#127;'>");
	char listed[1000];
	snprintf(listed, sizeof listed, "%s&group=a\tb\n", url);
	run_areq_with(&result, (&(struct run_options){.input = listed}), "-");
	run_assert_exit(&result, 0);
	size_t tabs = 0, newlines = 0;
	for (size_t i = 0; i < result.out_len; i++) {
		unsigned char c = (unsigned char)result.out[i];
		tabs += c == '\t';
		newlines += c == '\n';
		cr_expect(c >= 0x20 || c == '\t' || c == '\n', "byte %02x at %zu", c, i);
		cr_expect_neq(c, 0x7f);
	}
	cr_expect_eq(newlines, 6);
	cr_expect_eq(tabs, 6);
	run_release(&result);
	site_stop(&site);
}

Test(stderr_lines, name_bad_input_with_its_place_and_go_on)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char list[1000], expected[300];
	site_start(&site);
	scratch_init(&scratch);
	snprintf(list, sizeof list, "# a comment\nftp://x.example/\n%s\nhello world\n",
	    site_page(&site, "links", "1"));
	const char *file = scratch_write(&scratch, "list", list);
	run_areq(&result, file);
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.out, "link1\n"));
	snprintf(expected, sizeof expected, "areq: %s:2: not an http or https URL: ftp://x.example/\n", file);
	cr_expect(strstr(result.err, expected), "%s", result.err);
	snprintf(expected, sizeof expected, "areq: %s:4: not a URL: hello world\n", file);
	cr_expect(strstr(result.err, expected), "%s", result.err);
	cr_expect(strstr(result.err, "areq: 3 URLs: 1 ok, 2 failed; 1 link in "), "%s", result.err);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(stderr_lines, are_events_at_v_and_nothing_at_q)
{
	struct site site;
	struct run_result result;
	char expected[400];
	site_start(&site);
	const char *url = site_page(&site, "links", "45");
	const char *bad = site_page(&site, "status", "404");
	run_areq(&result, "-v", url, bad);
	run_expect_exit(&result, 1);
	snprintf(expected, sizeof expected, " INFO got 200 %s\n", url);
	char *line = strstr(result.err, expected);
	cr_assert(line, "%s", result.err);
	/* HH:MM:SS stands before it, at the start of a line. */
	cr_assert(line - result.err >= 8);
	cr_expect(line[-6] == ':' && line[-3] == ':' && (line - 8 == result.err || line[-9] == '\n'), "%s",
	    result.err);
	cr_expect(strstr(result.err, " INFO found 45 links in "), "%s", result.err);
	cr_expect(strstr(result.err, "areq: 2 URLs: 1 ok, 1 failed; 45 links in "), "%s", result.err);
	run_release(&result);

	run_areq(&result, "-q", url, bad, "ftp://x/");
	run_expect_exit(&result, 1);
	cr_expect_str_eq(result.err, "");
	run_release(&result);
	run_areq(&result, "-q", "/nonexistent");
	run_expect_exit(&result, 2);
	cr_expect_str_neq(result.err, "", "what ends the run is said all the same");
	run_release(&result);
	site_stop(&site);
}

Test(stderr_lines, never_carry_terminal_escapes)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *url = site_page(&site, "status", "302", "location", "ftp://\x1b[31m\xc2\x9b/");
	run_areq_with(&result,
	    (&(struct run_options){.input = "hello \x1b]0;title\x07 \xc2\x9b"
	                                    "31m \x9b world\n"}),
	    url, "-");
	run_expect_exit(&result, 1);
	for (size_t i = 0; i < result.err_len; i++) {
		unsigned char c = (unsigned char)result.err[i];
		cr_expect(c == '\n' || (c >= 0x20 && c != 0x7f), "byte %02x", c);
		cr_expect_not(c >= 0x80 && c < 0xa0, "byte %02x", c);
	}
	run_release(&result);
	site_stop(&site);
}

static void stop_by(int number)
{
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	char list[3000] = "", expected[300];
	site_start(&site);
	scratch_init(&scratch);
	strcat(strcat(list, site_page(&site, "links", "2")), "\n");
	for (int i = 0; i < 9; i++) {
		char group[16];
		snprintf(group, sizeof group, "%d", i);
		strcat(strcat(list, site_page(&site, "hang", "body", "links", "3", "group", group)), "\n");
	}
	const char *file = scratch_path(&scratch, "found.tsv");
	run_start_areq(&child, (&(struct run_options){.input = list}), "-v", "-o", file);
	run_wait_error(&child, "found 2 links", 5);
	site_wait_in_flight(&site, 6, 5);
	run_kill(&child, number);
	run_finish(&child, &result);
	cr_expect_eq(
	    result.signal, number, "ended by signal %d, status %d", result.signal, result.exit_status);
	cr_expect_lt(result.seconds, 10);
	snprintf(expected, sizeof expected, "areq: stopped by %s; 10 URLs: 1 ok, 9 interrupted; 2 links in ",
	    number == SIGINT   ? "SIGINT"
	    : number == SIGHUP ? "SIGHUP"
	                       : "SIGTERM");
	cr_expect(strstr(result.err, expected), "%s", result.err);
	char *content = scratch_read(&scratch, "found.tsv", NULL);
	cr_expect(strstr(content, "link2\n"));
	cr_expect_eq(content[strlen(content) - 1], '\n');
	free(content);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(ends, by_sigint_with_what_is_complete)
{
	stop_by(SIGINT);
}

Test(ends, by_sigterm_with_what_is_complete)
{
	stop_by(SIGTERM);
}

Test(ends, by_sighup_with_what_is_complete)
{
	stop_by(SIGHUP);
}

Test(ends, not_by_a_hangup_that_is_ignored)
{
	struct site site;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	const char *url = site_page(&site, "delay", "1000", "links", "1");
	run_start_areq(&child, (&(struct run_options){.ignore = SIGHUP}), url);
	site_wait_in_flight(&site, 1, 5);
	run_kill(&child, SIGHUP);
	run_finish(&child, &result);
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stop(&site);
}

Test(ends, with_2_for_wrong_usage)
{
	static const char *const runs[][4] = {
	    {"--no-such-option", NULL},
	    {"-j", NULL},
	    {"-j", "0", "http://a/", NULL},
	    {"-j", "x", "http://a/", NULL},
	    {"-t", "-1", "http://a/", NULL},
	    {"-t", "1y", "http://a/", NULL},
	    {"-t", "0.0004", "http://a/", NULL},
	    {"-A", "x\r\nEvil: 1", "http://a/", NULL},
	    {"--max-size", "0", "http://a/", NULL},
	    {"-H", "no colon", "http://a/", NULL},
	    {"-H", "a: b\nc: d", "http://a/", NULL},
	    {"-e", "(", "http://a/", NULL},
	    {"-a", "http://a/", NULL},
	    {"-qv", "http://a/", NULL},
	    {"-Z", "http://a/", NULL},
	    {"-e.", "--xpath=//a", "http://a/", NULL},
	    {"-o", "", "http://a/", NULL},
	    {"example.com/x", NULL},
	    {"-46", "http://a/", NULL},
	    {"--help=x", NULL},
	    {"/nonexistent", NULL},
	};
	struct run_result result;
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		run_program(&result, NULL, run_areq_name(), runs[i]);
		cr_expect_eq(
		    result.exit_status, 2, "run %zu (%s) ended with %d", i, runs[i][0], result.exit_status);
		cr_expect(strncmp(result.err, "areq: ", 6) == 0, "run %zu: %s", i, result.err);
		cr_expect_str_eq(result.out, "");
		run_release(&result);
	}
}

Test(output, of_a_huge_page_comes_in_writes_of_whole_rows)
{
	enum { LINKS = 250000 };
	struct site site;
	struct scratch scratch;
	struct run_result result;
	size_t len, rows = 0;
	site_start(&site);
	scratch_init(&scratch);
	run_areq(&result, "--no-header", "--max-size", "64M", "-o", scratch_path(&scratch, "rows.tsv"),
	    site_page(&site, "links", "250000", "group", "a-name-that-makes-each-row-a-little-longer"));
	run_expect_exit(&result, 0);
	char *text = scratch_read(&scratch, "rows.tsv", &len);
	cr_expect_gt(len, 17 << 20, "more than is held at once");
	for (size_t i = 0; i < len; i++)
		rows += text[i] == '\n';
	cr_expect_eq(rows, LINKS);
	free(text);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(ends, with_the_place_of_a_bad_pattern_marked)
{
	struct run_result result;
	run_areq(&result, "-e", "ab(cd", "http://a/");
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "areq:   ab(cd\n"), "%s", result.err);
	cr_expect(strstr(result.err, "areq:        ^\n"), "%s", result.err);
	run_release(&result);
}

Test(ends, with_0_for_help_and_version)
{
	struct run_result result;
	run_areq(&result, "--help");
	run_expect_exit(&result, 0);
	cr_expect(strncmp(result.out, "Usage: areq ", 12) == 0);
	run_release(&result);
	run_areq(&result, "--version");
	run_expect_exit(&result, 0);
	static const char *const libraries[] = {"areq ", "libcurl/", "PCRE2/", "libxml2/", "libidn2/"};
	for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
		cr_expect(strstr(result.out, libraries[i]), "%s", libraries[i]);
	run_release(&result);
	run_areq_with(&result, (&(struct run_options){.output_file = "/dev/full"}), "--help");
	run_expect_exit(&result, 3);
	run_release(&result);
}

Test(ends, with_2_for_a_list_without_urls_unless_that_is_allowed)
{
	static const char message[] = "areq: no URLs in the list (--allow-empty if there may be none)\n";
	const struct run_options empty = {.input = "# nothing\n\n"};
	struct run_result result;
	struct scratch scratch;
	scratch_init(&scratch);
	const char *rows = scratch_write(&scratch, "rows", "as it was\n");
	run_areq_with(&result, &empty, "-q", "-");
	run_expect_exit(&result, 2);
	cr_expect_str_eq(result.err, message);
	run_release(&result);
	run_areq(&result, "-n", "/dev/null", "--fail-on", "never");
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, message), "%s", result.err);
	run_release(&result);
	run_areq_with(&result, &empty, "--atomic", "-o", rows);
	run_expect_exit(&result, 2);
	cr_expect_eq(strncmp(result.err, message, strlen(message)), 0, "%s", result.err);
	cr_expect(strstr(result.err, "rows: left as it was, since the list has no URLs\n"), "%s", result.err);
	scratch_expect(&scratch, "rows", "as it was\n");
	run_release(&result);
	run_areq_with(&result, &empty, "--atomic", "-o", rows, "--allow-empty");
	run_expect_exit(&result, 0);
	cr_expect_str_eq(result.err, "");
	scratch_expect(&scratch, "rows", header);
	run_release(&result);
	scratch_release(&scratch);
}

static json_t *read_report(struct scratch *scratch, const char *name)
{
	size_t len;
	char *text = scratch_read(scratch, name, &len);
	json_t *lines = json_array();
	for (char *line = text; *line;) {
		char *end = strchr(line, '\n');
		cr_assert(end, "every line is whole");
		json_error_t error;
		json_t *object = json_loadb(line, (size_t)(end - line), 0, &error);
		cr_assert(object, "%s", error.text);
		json_array_append_new(lines, object);
		line = end + 1;
	}
	free(text);
	return lines;
}

static json_t *line_of(json_t *lines, const char *url)
{
	size_t index;
	json_t *line;
	json_array_foreach(lines, index, line)
	{
		if (strcmp(json_string_value(json_object_get(line, "url")), url) == 0)
			return line;
	}
	cr_assert_fail("the report has no line for %s", url);
	return NULL;
}

static const char *text_in(json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));
	return text ? text : "";
}

static json_int_t number_in(json_t *line, const char *key)
{
	return json_integer_value(json_object_get(line, key));
}

Test(report, has_a_line_for_every_url)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *good = site_page(
	    &site, "links", "7", "type", "text/html;charset=gbk", "delay", "100", "encoding", "gzip");
	const char *moved = site_page(&site, "status", "302", "location", good);
	const char *missing = site_page(&site, "status", "404", "type", "text/x-\xff");
	const char *image = site_page(&site, "type", "image/png");
	const char *busy = site_page(&site, "status", "503");
	const char *report = scratch_path(&scratch, "report");
	run_areq(&result, "-o", scratch_path(&scratch, "rows"), "--report", report, "-r", "1", good, moved,
	    missing, image, busy, "http://127.0.0.1:1/", "nothttp://x", good);
	run_expect_exit(&result, 1);
	json_t *lines = read_report(&scratch, "report");
	cr_assert_eq(json_array_size(lines), 7, "one for each URL, none for what is listed again");

	json_t *line = line_of(lines, good);
	cr_expect_str_eq(text_in(line, "outcome"), "ok");
	cr_expect_str_eq(text_in(line, "charset"), "GBK");
	cr_expect_str_eq(text_in(line, "content_type"), "text/html;charset=gbk");
	cr_expect_eq(number_in(line, "http_status"), 200);
	cr_expect_eq(number_in(line, "links"), 7);
	cr_expect_eq(number_in(line, "attempts"), 1);
	cr_expect_gt(number_in(line, "bytes"), 7 * 20);
	cr_expect_gt(number_in(line, "bytes_on_wire"), 0);
	double waited = json_real_value(json_object_get(json_object_get(line, "ms"), "first_byte"));
	cr_expect(waited >= 99 && waited < 5000, "%f ms", waited);

	line = line_of(lines, moved);
	cr_expect_str_eq(text_in(line, "final_url"), good);
	cr_expect_eq(number_in(line, "redirects"), 1);
	cr_expect_eq(number_in(line, "attempts"), 1);
	line = line_of(lines, missing);
	cr_expect_str_eq(text_in(line, "outcome"), "failed");
	cr_expect_str_eq(text_in(line, "reason"), "got 404 Not Found");
	cr_expect_str_eq(text_in(line, "content_type"), "text/x-\xef\xbf\xbd");
	line = line_of(lines, image);
	cr_expect_str_eq(text_in(line, "outcome"), "skipped");
	cr_expect_str_eq(text_in(line, "stage"), "policy");
	line = line_of(lines, busy);
	cr_expect_eq(number_in(line, "attempts"), 2);
	line = line_of(lines, "http://127.0.0.1:1/");
	cr_expect_str_eq(text_in(line, "stage"), "connect");
	cr_expect(json_is_null(json_object_get(line, "http_status")));
	line = line_of(lines, "nothttp://x");
	cr_expect_str_eq(text_in(line, "stage"), "input");
	cr_expect_str_eq(text_in(line, "place"), "argument:7");
	json_decref(lines);
	run_release(&result);

	run_areq(&result, "--report", "-", good);
	run_expect_exit(&result, 2);
	run_release(&result);
	run_areq(&result, "--report", report, "-o", report, good);
	run_expect_exit(&result, 2);
	run_release(&result);
	run_areq(&result, "--report", "-", "-o", scratch_path(&scratch, "rows"), good);
	run_expect_exit(&result, 0);
	cr_expect_eq(result.out[0], '{');
	run_release(&result);
	run_areq(&result, "--report", "/dev/full", good);
	run_expect_exit(&result, 3);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(ends, at_the_deadline_with_what_is_complete)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	run_areq(&result, "--no-header", "--deadline", "1500ms", site_page(&site, "links", "1"),
	    site_page(&site, "hang", "body"), site_page(&site, "status", "503", "retry_after", "30"));
	run_expect_exit(&result, 1);
	cr_expect(result.seconds > 1.4 && result.seconds < 2.2, "%.2f s", result.seconds);
	cr_expect(strstr(result.out, "link1\n"));
	cr_expect(strstr(result.err, "stopped at the deadline; 3 URLs: 1 ok, 2 interrupted; 1 link in "),
	    "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(ends, with_1_as_fail_on_says)
{
	static const struct {
		const char *fail_on;
		int all_good, half_failed, all_failed;
	} cases[] = {{.fail_on = "any", .all_good = 0, .half_failed = 1, .all_failed = 1},
	    {.fail_on = "all", .all_good = 0, .half_failed = 0, .all_failed = 1},
	    {.fail_on = "never", .all_good = 0, .half_failed = 0, .all_failed = 0},
	    {.fail_on = "50%", .all_good = 0, .half_failed = 1, .all_failed = 1},
	    {.fail_on = "51%", .all_good = 0, .half_failed = 0, .all_failed = 1},
	    {.fail_on = "1%", .all_good = 0, .half_failed = 1, .all_failed = 1}};
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *good = site_page(&site, "links", "1"), *bad = site_page(&site, "status", "404");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run_areq(&result, "-q", "--fail-on", cases[i].fail_on, good);
		run_expect_exit(&result, cases[i].all_good);
		run_release(&result);
		run_areq(&result, "-q", "--fail-on", cases[i].fail_on, good, bad);
		run_expect_exit(&result, cases[i].half_failed);
		run_release(&result);
		run_areq(&result, "-q", "--fail-on", cases[i].fail_on, bad);
		run_expect_exit(&result, cases[i].all_failed);
		run_release(&result);
	}
	static const char *const wrong[] = {"0%", "101%", "x", "5", "1.5%", ""};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		run_areq(&result, "-q", "--fail-on", wrong[i], good);
		cr_expect_eq(result.exit_status, 2, "%s", wrong[i]);
		run_release(&result);
	}
	site_stop(&site);
}

Test(output, of_two_runs_on_one_file_is_never_mixed)
{
	struct site site;
	struct scratch scratch;
	struct run_child first;
	struct run_result result, second;
	site_start(&site);
	scratch_init(&scratch);
	const char *file = scratch_path(&scratch, "found.tsv");
	const char *slow = site_page(&site, "links", "1", "prefix", "slow", "delay", "1500");
	run_start_areq(&first, (&(struct run_options){.input = slow}), "-a", "-o", file);
	site_wait_in_flight(&site, 1, 5);
	run_areq(&second, "-a", "-o", file, site_page(&site, "links", "1", "prefix", "quick"));
	run_expect_exit(&second, 0);
	cr_expect(strstr(second.err, "another run writes to it; waiting"), "%s", second.err);
	run_finish(&first, &result);
	run_expect_exit(&result, 0);
	char *content = scratch_read(&scratch, "found.tsv", NULL);
	const char *slow_row = strstr(content, "/slow1\n"), *quick_row = strstr(content, "/quick1\n");
	cr_expect(slow_row && quick_row && slow_row < quick_row, "%s", content);
	cr_expect_null(strstr(content + 1, header), "one header");
	free(content);
	run_release(&result);
	run_release(&second);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(output, holds_no_message_where_stderr_is_closed)
{
	struct scratch scratch;
	struct run_result result;
	char command[512];
	scratch_init(&scratch);
	snprintf(command, sizeof command, "exec %s -v -r 0 -o %s http://127.0.0.1:1/ 2>&-", run_areq_name(),
	    scratch_path(&scratch, "found.tsv"));
	run_program(&result, NULL, "/bin/sh", (const char *const[]){"-c", command, NULL});
	run_expect_exit(&result, 1);
	scratch_expect(&scratch, "found.tsv", header);
	run_release(&result);
	scratch_release(&scratch);
}

/* Somebody does this to the file while the run waits for its second page. */
static void check_meddled(const char *what, const char *const *args, const char *command, const char *words)
{
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	char list[1000];
	site_start(&site);
	scratch_init(&scratch);
	snprintf(list, sizeof list, "%s\n%s\n", site_page(&site, "links", "1000"),
	    site_page(&site, "links", "1", "delay", "1000"));
	struct run_options options = {.input = list, .directory = scratch_path(&scratch, ".")};
	run_start(&child, &options, run_areq_name(), args);
	site_wait_requests(&site, 2, 5);
	run_wait(&child, 0.3);
	struct run_options here = {.directory = scratch_path(&scratch, ".")};
	run_program(&result, &here, "/bin/sh", (const char *const[]){"-c", command, NULL});
	run_assert_exit(&result, 0);
	run_release(&result);
	run_finish(&child, &result);
	run_expect_exit(&result, words ? 3 : 0);
	cr_expect(!words || strstr(result.err, words), "%s: %s", what, result.err);
	if (scratch_exists(&scratch, "out")) {
		size_t len;
		char *rows = scratch_read(&scratch, "out", &len);
		cr_expect_eq(strlen(rows), len, "%s: there is a hole in the file", what);
		free(rows);
	}
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(output, that_somebody_else_spoils_is_reported)
{
	static const char *const rows[] = {"-o", "out", NULL}, *const added[] = {"-a", "-o", "out", NULL};
	static const char *const report[] = {"-o", "rows", "--report", "out", NULL};
	static const char gone[] = "out: was deleted or replaced", cut[] = "out: was cut";
	check_meddled("deleted", rows, "rm out", gone);
	check_meddled("replaced", rows, "echo x >new; mv new out", gone);
	check_meddled("emptied", rows, ": >out", cut);
	check_meddled("deleted, -a", added, "rm out", gone);
	check_meddled("emptied, -a", added, ": >out", cut);
	check_meddled("a report", report, "rm out", gone);
	check_meddled("moved away and back", rows, "mv out x; mv x out", NULL);
	check_meddled("added to", added, "echo x >>out", NULL);
}

Test(output, is_no_file_that_the_run_reads)
{
	struct scratch scratch;
	struct run_result result;
	scratch_init(&scratch);
	const char *file = scratch_write(&scratch, "file", "# nothing\n");
	const char *options[] = {"--cacert", "--netrc-file", "-b", "--config"};
	const char *outputs[] = {"-o", "--report", "--failed", "--summary-json"};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		for (size_t j = 0; j < sizeof outputs / sizeof *outputs; j++) {
			run_areq(&result, options[i], file, outputs[j], file, "http://127.0.0.1:1/");
			run_expect_exit(&result, 2);
			cr_expect(strstr(result.err, "nothing was written to it"), "%s", result.err);
			run_release(&result);
			char *text = scratch_read(&scratch, "file", NULL);
			cr_expect_str_eq(text, "# nothing\n");
			free(text);
		}
	}
	scratch_release(&scratch);
}

/* U+009B is a CSI to some terminals, and 0x9B alone to others. */
Test(output, has_no_control_and_only_utf_8_in_its_fields)
{
	static const char *const lines[] = {"%s&group=\302\2331m\n", "%s&group=\2331m\n",
	    "ftp://\302\2331m/\n", "http://\2331m/\n", "http://a\177b/\n", "x\001y z\n"};
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char list[4000];
	site_start(&site);
	scratch_init(&scratch);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		static const char *const formats[] = {"tsv", "csv", "jsonl"};
		snprintf(list, sizeof list, lines[i],
		    site_page(&site, "type", "text/html; charset=utf-8", "body",
		        "<a href='\302\233x'>\302\233</a><a href='\177'>"));
		for (size_t j = 0; j < sizeof formats / sizeof *formats; j++) {
			run_areq_with(&result, (&(struct run_options){.input = list}), "-r", "0", "--format",
			    formats[j], "--report", scratch_path(&scratch, "report"));
			char *report = scratch_read(&scratch, "report", NULL);
			run_expect_exit(&result, i < 2 ? 0 : 1);
			const char *const texts[] = {result.out, report, result.err};
			for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
				cr_expect_eq(utf8_valid_length(texts[k], strlen(texts[k])), strlen(texts[k]),
				    "%s", texts[k]);
				cr_expect_not(strstr(texts[k], "\302\233"), "%s", texts[k]);
				cr_expect_not(strpbrk(texts[k], "\001\177"), "%s", texts[k]);
			}
			free(report);
			run_release(&result);
		}
	}
	scratch_release(&scratch);
	site_stop(&site);
}

Test(output, never_shows_what_looks_like_a_password)
{
	static const char *const lines[] = {"http//user:secret@127.0.0.1:1/", "http/user:secret@h.test",
	    "\"http://user:secret@127.0.0.1:1/\"", "'http://user:secret@127.0.0.1:1/'",
	    "user:secret@127.0.0.1", "<http://user:secret@127.0.0.1:1/>", "http://user:sec/secret@127.0.0.1/",
	    "http:user:secret@127.0.0.1:1", "https://user:secret@bad host/", "ftp://user:secret@h/",
	    "http://user:secret@[::1/"};
	struct scratch scratch;
	struct run_result result;
	char list[4000];
	scratch_init(&scratch);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		snprintf(list, sizeof list, "%s\n", lines[i]);
		run_areq_with(&result, (&(struct run_options){.input = list}), "-v", "-r", "0",
		    "--connect-timeout", "1", "--dns-servers", "127.0.0.1:1", "--report",
		    scratch_path(&scratch, "report"), "--summary-json", scratch_path(&scratch, "summary"));
		char *report = scratch_read(&scratch, "report", NULL),
		     *summary = scratch_read(&scratch, "summary", NULL);
		cr_expect_not(strstr(result.err, "secret"), "%s", result.err);
		cr_expect_not(strstr(result.out, "secret"), "%s", result.out);
		cr_expect_not(strstr(report, "secret"), "%s", report);
		cr_expect_not(strstr(summary, "secret"), "%s", summary);
		free(report);
		free(summary);
		run_release(&result);
		run_areq(
		    &result, "-r", "0", "--connect-timeout", "1", "--dns-servers", "127.0.0.1:1", lines[i]);
		cr_expect_not(strstr(result.err, "secret"), "%s", result.err);
		run_release(&result);
	}
	scratch_release(&scratch);
}

Test(input, of_another_encoding_is_named)
{
	static const char *const lists[] = {"\377\376h\0t\0t\0p\0:\0/\0/\0", "\376\377\0h\0t\0t\0p\0:\0/\0/",
	    "h\0t\0t\0p\0:\0/\0/\0", "\0h\0t\0t\0p\0:\0/\0/"};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct run_result result;
		run_areq_with(
		    &result, (&(struct run_options){.input = lists[i], .input_len = i < 2 ? 16 : 14}), "-q");
		run_expect_exit(&result, 2);
		cr_expect(strstr(result.err, "stdin: is UTF-16, not UTF-8 (iconv"), "%s", result.err);
		run_release(&result);
	}
}

Test(output, explains_an_argument_that_is_no_file_and_resembles_a_url)
{
	static const struct {
		const char *argument;
		bool resembles;
	} cases[] = {{"nosuchfile.txt", true}, {"localhost:8080", true}, {"localhost:8080/x", true},
	    {"http:/x", true}, {"https:example.com", true}, {"//example.com/x", true}, {"[::1]:80", true},
	    {"README.md/x", true}, {"nosuchfile", false}, {"/no/such.txt", false}, {"./nosuch.txt", false},
	    {"no/such.txt", false}};
	struct run_result result;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run_areq(&result, cases[i].argument);
		run_expect_exit(&result, 2);
		bool is_explained =
		    strstr(result.err, "(a URL as an argument needs its https:// in front)") != NULL;
		cr_expect_eq(is_explained, cases[i].resembles, "%s", result.err);
		run_release(&result);
	}
}

Test(output, says_once_that_two_outputs_cannot_share_stdout)
{
	static const char *const options[] = {
	    "--report", "--failed", "--summary-json", "--waterfall", "--har", "--dot"};
	static const char *const texts[] = {
	    "the report", "the failed URLs", "the summary", "the waterfall", "the HTTP archive", "the graph"};
	struct run_result result;
	char expected[128];
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		run_areq(&result, options[i], "-", "http://127.0.0.1:1/");
		run_expect_exit(&result, 2);
		snprintf(expected, sizeof expected,
		    "areq: stdout: the rows and %s cannot go to the same file\n", texts[i]);
		cr_expect_str_eq(result.err, expected);
		run_release(&result);
	}
}

Test(stderr_lines, tell_how_a_url_is_given_as_an_argument)
{
	struct run_result result;
	run_areq(&result, "example.com/x");
	cr_expect(strstr(result.err, "(a URL as an argument needs its https:// in front)"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "./example.com");
	cr_expect_not(strstr(result.err, "https"), "%s", result.err);
	run_release(&result);
}

Test(ends, at_once_by_the_second_signal)
{
	struct site site;
	struct run_child child;
	struct run_result result;
	char command[2000];
	site_start(&site);
	/* The first one leaves the reader a second: it sleeps. One page is more than a pipe holds, and less
	 * than what is kept. */
	snprintf(command, sizeof command,
	    "(sh -c 'echo $$ >&2; exec %s \"%s\"'; echo ended by $(($? - 128)) >&2) | sleep 8",
	    run_areq_name(), site_page(&site, "links", "5000"));
	run_start(&child, NULL, "/bin/sh", (const char *const[]){"-c", command, NULL});
	site_wait_requests(&site, 1, 5);
	run_wait(&child, 1.0);
	pid_t areq = (pid_t)atoi(child.kept_err.data);
	cr_assert_gt(areq, 1);
	cr_assert_eq(kill(areq, SIGINT), 0);
	run_wait(&child, 0.2);
	cr_assert_eq(kill(areq, SIGINT), 0);
	run_wait_error(&child, "ended by 2\n", 5);
	cr_expect_not(strstr(child.kept_err.data, "the reader does not read"), "%s", child.kept_err.data);
	run_finish(&child, &result);
	run_release(&result);
	site_stop(&site);
}

Test(ends, at_a_signal_also_where_nobody_reads)
{
	struct site site;
	struct run_child child;
	struct run_result result;
	char command[2000];
	site_start(&site);
	/* The reader of the pipe sleeps: areq's write waits for it. */
	snprintf(command, sizeof command, "(sh -c 'echo $$ >&2; exec %s -r 0 \"%s\"') | sleep 8",
	    run_areq_name(), site_page(&site, "links", "5000"));
	run_start(&child, NULL, "/bin/sh", (const char *const[]){"-c", command, NULL});
	site_wait_requests(&site, 1, 5);
	run_wait(&child, 1.0);
	pid_t areq = (pid_t)atoi(child.kept_err.data);
	cr_assert_gt(areq, 1);
	cr_assert_eq(kill(areq, SIGTERM), 0);
	double start = run_clock();
	run_wait_error(&child, "the reader does not read", 5);
	cr_expect_lt(run_clock() - start, 4.0);
	run_finish(&child, &result);
	run_release(&result);
	site_stop(&site);
}

Test(output, is_written_in_all_ways_at_once)
{
	static const char *const options[] = {
	    "-o", "--report", "--waterfall", "--har", "--dot", "--summary-json"};
	enum { OUTPUTS = sizeof options / sizeof *options };
	struct site site;
	struct scratch scratch;
	struct run_result result;
	const char *files[OUTPUTS];
	site_start(&site);
	scratch_init(&scratch);
	for (int i = 0; i < OUTPUTS; i++)
		files[i] = scratch_path(&scratch, options[i]);
	run_areq(&result, site_page(&site, "links", "3"), options[0], files[0], options[1], files[1],
	    options[2], files[2], options[3], files[3], options[4], files[4], options[5], files[5], "-v",
	    "--progress=always");
	run_assert_exit(&result, 0);
	for (int i = 0; i < OUTPUTS; i++) {
		char *text = scratch_read(&scratch, options[i], NULL);
		/* The graph has hosts alone, the summary numbers. */
		const char *wanted = i == 5 ? "\"ok\":1" : i == 4 ? "digraph" : "/_/page?links=3";
		cr_expect(strstr(text, wanted), "%s: %s", options[i], text);
		free(text);
	}
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}
