/* What a run came to, for people and for programs. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <jansson.h>
#include <signal.h>

static json_t *load(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);
	cr_assert(object, "not JSON: %s", text);
	return object;
}

static json_int_t number(json_t *object, const char *group, const char *name)
{
	json_t *value = json_object_get(group ? json_object_get(object, group) : object, name);
	cr_assert(json_is_integer(value), "%s", name);
	return json_integer_value(value);
}

static void expect_text(json_t *object, const char *name, const char *expected)
{
	const char *text = json_string_value(json_object_get(object, name));
	cr_expect(
	    text && strcmp(text, expected) == 0, "%s is %s, not %s", name, text ? text : "none", expected);
}

Test(summary_json, counts_the_run_groups_its_failures_and_has_the_exit_status)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *first = site_page(&site, "status", "404");
	const char *file =
	    scratch_write(&scratch, "summary", "from the run before, and a good deal longer\n");
	run_areq(&result, "--summary-json", file, first, site_page(&site, "links", "7", "delay", "300"),
	    site_page(&site, "status", "404", "group", "b", "delay", "200"), "ftp://x/",
	    site_page(&site, "type", "image/png"), first);
	run_expect_exit(&result, 1);
	char *text = scratch_read(&scratch, "summary", NULL);
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line");
	json_t *object = load(text), *failures = json_object_get(object, "failures");
	cr_expect_eq(number(object, "outcomes", "ok"), 1);
	cr_expect_eq(number(object, "outcomes", "failed"), 3);
	cr_expect_eq(number(object, "outcomes", "skipped"), 1);
	cr_expect_eq(number(object, "outcomes", "interrupted"), 0);
	cr_expect_eq(number(object, "totals", "urls"), 5);
	cr_expect_eq(number(object, "totals", "listed_again"), 1);
	cr_expect_eq(number(object, "totals", "links"), 7);
	cr_expect_geq(number(object, NULL, "elapsed_ms"), 300);
	cr_expect_eq(number(object, NULL, "exit_status"), 1);
	cr_expect(json_is_null(json_object_get(object, "signal")));
	cr_assert_eq(json_array_size(failures), 2);
	expect_text(json_array_get(failures, 0), "reason", "got 404 Not Found");
	expect_text(json_array_get(failures, 0), "first", first);
	cr_expect_eq(number(json_array_get(failures, 0), NULL, "count"), 2);
	cr_assert_eq(json_array_size(json_object_get(object, "hosts")), 1);
	json_t *host = json_array_get(json_object_get(object, "hosts"), 0);
	expect_text(host, "host", site.host);
	cr_expect_eq(number(host, NULL, "urls"), 4);
	cr_expect_geq(json_number_value(json_object_get(host, "longest_ms")), 290);
	json_decref(object);
	free(text);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(summary_json, names_the_signal_and_goes_to_stdout_where_the_rows_do_not)
{
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *found = scratch_path(&scratch, "found");
	run_start_areq(&child, NULL, "--summary-json", "-", "-o", found, site_page(&site, "hang", "body"));
	site_wait_in_flight(&site, 1, 5);
	run_kill(&child, SIGTERM);
	run_finish(&child, &result);
	cr_expect_eq(result.signal, SIGTERM);
	json_t *object = load(result.out);
	expect_text(object, "signal", "SIGTERM");
	cr_expect(json_is_null(json_object_get(object, "exit_status")));
	cr_expect_eq(number(object, "outcomes", "interrupted"), 1);
	json_decref(object);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(summary_json, shares_no_file_with_list_rows_or_report)
{
	struct scratch scratch;
	struct run_result result;
	scratch_init(&scratch);
	const char *list = scratch_write(&scratch, "list", "http://127.0.0.1:1/\n");
	const char *other = scratch_write(&scratch, "other", "as it was\n");
	/* another name of the same file */
	char again[512];
	snprintf(again, sizeof again, "%s/./other", scratch.folder);
	run_areq(&result, list, "--summary-json", list);
	run_expect_exit(&result, 2);
	run_release(&result);
	run_areq(&result, list, "-o", other, "--summary-json", again);
	run_expect_exit(&result, 2);
	cr_expect(
	    strstr(result.err, "the rows and the summary cannot go to the same file"), "%s", result.err);
	run_release(&result);
	run_areq(&result, list, "--report", other, "--summary-json", again);
	run_expect_exit(&result, 2);
	cr_expect(
	    strstr(result.err, "the report and the summary cannot go to the same file"), "%s", result.err);
	run_release(&result);
	char *text = scratch_read(&scratch, "other", NULL);
	cr_expect_str_eq(text, "as it was\n");
	free(text);
	scratch_release(&scratch);
}

Test(summary_json, that_cannot_be_written_ends_with_3)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	run_areq(&result, "--summary-json", "/dev/full", site_page(&site, "links", "1"));
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.err, "/dev/full: cannot be written"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

/* How often a text is in another. */
static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;
	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

Test(summary, stands_alone_with_no_failures_and_not_even_that_with_q)
{
	struct site site;
	struct run_result result;
	char expected[300];
	site_start(&site);
	const char *missing = site_page(&site, "status", "404"), *broken = site_page(&site, "status", "501");
	run_areq(&result, "-r", "0", missing, broken, "ftp://x/");
	run_expect_exit(&result, 1);
	cr_expect_eq(count_of(result.err, "\n"), 4, "%s", result.err);
	cr_expect_eq(count_of(result.err, "got 404 Not Found"), 1, "%s", result.err);
	run_release(&result);

	run_areq(&result, "--no-failures", "-r", "0", missing, broken, "ftp://x/");
	run_expect_exit(&result, 1);
	cr_expect(strncmp(result.err, "areq: 3 URLs: 0 ok, 3 failed; ", 30) == 0, "%s", result.err);
	snprintf(expected, sizeof expected, "areq:   1  got 404 Not Found, %s\n", missing);
	cr_expect(strstr(result.err, expected), "%s", result.err);
	cr_expect(strstr(result.err, "areq:   1  not an http or https URL, ftp://x/\n"), "%s", result.err);
	cr_expect_eq(count_of(result.err, "\n"), 4, "%s", result.err);
	run_release(&result);

	run_areq(&result, "--no-failures", "-q", missing);
	run_expect_exit(&result, 1);
	cr_expect_str_eq(result.err, "");
	run_release(&result);
	site_stop(&site);
}

Test(summary, says_that_the_run_waited_for_the_delay)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *first = site_page(&site, "status", "404"), *second = site_page(&site, "links", "1");
	run_areq(&result, "--delay", "300ms", first, second);
	cr_expect(strstr(result.err, ", waited 3"), "%s", result.err);
	cr_expect(strstr(result.err, " ms for --delay)\n"), "%s", result.err);
	run_release(&result);
	/* Nothing to wait for: a single URL of its host. */
	run_areq(&result, "--delay", "300ms", first);
	cr_expect_not(strstr(result.err, "--delay"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(summary, counts_one_byte_as_one)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	run_areq(&result, "-v", "--max-size", "1", site_page(&site, "links", "1"));
	cr_expect(strstr(result.err, "larger than 1 byte (--max-size)"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "-v", "--max-output", "1", site_page(&site, "links", "1"));
	cr_expect(strstr(result.err, "its links come to more than 1 byte (--max-output)"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(summary, names_options_that_may_help_with_real_failures)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	run_areq(&result, "-r", "0", "-t", "500ms", "--max-size", "100", site_page(&site, "hang", "body"),
	    site_page(&site, "status", "403"), site_page(&site, "links", "100"));
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "areq: hint: timed out (1): -t "), "%s", result.err);
	cr_expect(strstr(result.err, "areq: hint: turned away with 403 or 429 (1): "), "%s", result.err);
	cr_expect(strstr(result.err, "areq: hint: skipped as too large (1): --max-size "), "%s", result.err);
	cr_expect_not(strstr(result.err, "--cacert"));
	run_release(&result);
	site_stop(&site);
}
