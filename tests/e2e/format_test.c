/* Rows for other programs: formats, read back by parsers that are not areq's; order; filters. */
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CSV by the grammar of RFC 4180, section 2, and nothing else: the parsed fields as tab-separated lines (no
 * field here has a tab). Fails the test at the first byte that the grammar does not have. */

static const char *parse_quoted(const char *at, const char *end, char *field)
{
	size_t len = 0;
	for (at++; at < end; at++) {
		if (*at != '"') {
			field[len++] = *at;
		} else if (at + 1 < end && at[1] == '"') {
			field[len++] = *at++;
		} else {
			field[len] = '\0';
			return at + 1;
		}
	}
	cr_assert_fail("a quoted field does not end");
	return NULL;
}

static const char *parse_bare(const char *at, const char *end, char *field)
{
	size_t len = 0;
	for (; at < end && *at != ',' && *at != '\r'; at++) {
		cr_assert(*at != '"' && *at != '\n', "byte %02x in a field without quotes", (unsigned)*at);
		field[len++] = *at;
	}
	field[len] = '\0';
	return at;
}

static void parse_csv(const char *text, size_t len, struct rows *rows)
{
	static char fields[2][10000];
	const char *at = text, *end = text + len;
	rows_init(rows);
	while (at < end) {
		for (int i = 0; i < 2; i++) {
			at = *at == '"' ? parse_quoted(at, end, fields[i]) : parse_bare(at, end, fields[i]);
			cr_assert(at < end, "the last line has no end");
			cr_assert(i == 1 || *at == ',', "a record of one field");
			at += i == 0;
		}
		cr_assert(
		    end - at >= 2 && memcmp(at, "\r\n", 2) == 0, "a record ends with %02x", (unsigned)*at);
		at += 2;
		rows_add(rows, "%s\t%s", fields[0], fields[1]);
	}
}

Test(format, csv_says_the_same_as_tsv)
{
	struct site site;
	struct run_result tsv, csv;
	struct rows expected, parsed;
	char list[3000];
	site_start(&site);
	snprintf(list, sizeof list, "%s&group=\"a,b\"\n%s&group=,\n%s&group=%%22\n",
	    site_page(&site, "links", "3"), site_page(&site, "body", "<a href='x,y'><a href='mailto:a,\"b'>"),
	    site_page(&site, "links", "1"));
	run_areq_with(&tsv, (&(struct run_options){.input = list}), "--ordered");
	run_assert_exit(&tsv, 0);
	run_areq_with(&csv, (&(struct run_options){.input = list}), "--ordered", "--format", "csv");
	run_assert_exit(&csv, 0);
	rows_init(&expected);
	rows_parse(&expected, tsv.out, tsv.out_len);
	cr_expect_eq(expected.count, 7);
	parse_csv(csv.out, csv.out_len, &parsed);
	rows_expect(rows_list_difference(&parsed, &expected));
	cr_expect(strstr(csv.out, "\"\"a,b\"\"\","), "%s", csv.out);
	run_release(&csv);
	run_areq(&csv, "--format", "csv", "--no-header", site_page(&site, "links", "1"));
	cr_expect_eq(strncmp(csv.out, "http://", 7), 0, "%s", csv.out);
	rows_release(&expected);
	rows_release(&parsed);
	run_release(&tsv);
	run_release(&csv);
	site_stop(&site);
}

/* The nth line of JSON lines; the caller drops it. */
static json_t *json_line(const struct run_result *result, size_t n)
{
	const char *line = result->out;
	json_error_t error;
	for (; n > 0; n--) {
		line = strchr(line, '\n');
		cr_assert(line++);
	}
	const char *end = strchr(line, '\n');
	cr_assert(end, "there is no such line in %s", result->out);
	json_t *object = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, &error);
	cr_assert(json_is_object(object), "%s: %.*s", error.text, (int)(end - line), line);
	return object;
}

static void expect_text(const json_t *object, const char *key, const char *expected)
{
	const char *text = json_string_value(json_object_get(object, key));
	cr_expect(text && strcmp(text, expected) == 0, "%s is \"%s\", not \"%s\"", key,
	    text ? text : "(none)", expected);
}

Test(format, jsonl_tells_where_each_link_was)
{
	static const char body[] =
	    "<p>\n<A rel=\"me\" href='../x?a&amp;b=%41'>1</A> <link href=//other.example>";
	struct site site;
	struct run_result result;
	char parsed[200], final[2000];
	site_start(&site);
	const char *target = site_page_at(&site, "/_/page", "body", body);
	const char *url = site_page_at(&site, "/_/chain", "n", "2", "to", target);
	run_areq(&result, "--format", "jsonl", url);
	run_assert_exit(&result, 0);
	snprintf(final, sizeof final, "%s", target);
	snprintf(parsed, sizeof parsed, "http://%s/x?a&b=%%41", site.host);
	json_t *first = json_line(&result, 0), *second = json_line(&result, 1);
	expect_text(first, "source_url", url);
	expect_text(first, "final_url", final);
	expect_text(first, "parsed_url", parsed);
	expect_text(first, "raw", "../x?a&amp;b=%41");
	expect_text(first, "tag", "a");
	expect_text(first, "attr", "href");
	expect_text(first, "rel", "me");
	cr_expect_eq(json_integer_value(json_object_get(first, "position")), strstr(body, "<A") - body);
	cr_expect_eq(json_integer_value(json_object_get(first, "http_status")), 200);
	expect_text(second, "parsed_url", "http://other.example/");
	expect_text(second, "tag", "link");
	expect_text(second, "attr", "href");
	cr_expect(json_is_null(json_object_get(second, "rel")));
	cr_expect_eq(json_integer_value(json_object_get(second, "position")), strstr(body, "<link") - body);
	json_decref(first);
	json_decref(second);
	run_release(&result);
	site_stop(&site);
}

Test(format, of_objects_and_urls_has_no_header_in_a_file_either)
{
	static const char *const formats[] = {"jsonl", "urls"};
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "2");
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		const char *file = scratch_path(&scratch, formats[i]);
		struct rows rows;
		size_t len;
		for (int runs = 0; runs < 2; runs++) {
			run_areq(&result, "--format", formats[i], "-a", "-o", file, url);
			run_assert_exit(&result, 0);
			run_release(&result);
		}
		char *text = scratch_read(&scratch, formats[i], &len);
		rows_init(&rows);
		rows_parse(&rows, text, len);
		cr_expect_eq(rows.count, 4, "%s:\n%s", formats[i], text);
		for (size_t k = 0; k < rows.count; k++)
			cr_expect(strstr(rows.row[k], "/_/link"), "%s", rows.row[k]);
		cr_expect_str_eq(rows.row[0], rows.row[2], "what the file had does not count");
		rows_release(&rows);
		free(text);
	}
	scratch_release(&scratch);
	site_stop(&site);
}

Test(format, urls_come_once_over_the_whole_run)
{
	struct site site;
	struct run_result result;
	char list[2000], expected[500];
	site_start(&site);
	snprintf(list, sizeof list, "%s\n%s\n%s\n", site_page(&site, "links", "2", "group", "a"),
	    site_page(&site, "links", "3", "group", "b"), site_page(&site, "links", "1", "group", "c"));
	snprintf(expected, sizeof expected, "http://%s/_/link1\nhttp://%s/_/link2\nhttp://%s/_/link3\n",
	    site.host, site.host, site.host);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--format", "urls");
	run_assert_exit(&result, 0);
	rows_expect_set(result.out, result.out_len, expected);
	run_release(&result);

	run_areq_with(&result, (&(struct run_options){.input = list}), "--format", "urls", "-0", "--ordered");
	run_assert_exit(&result, 0);
	cr_expect_eq(result.out_len, strlen(expected));
	for (char *c = expected; *c; c++)
		*c = (char)(*c == '\n' ? '\0' : *c);
	cr_expect(memcmp(result.out, expected, result.out_len) == 0);
	run_release(&result);
	site_stop(&site);
}

Test(format, with_nulls_knows_a_torn_end)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char expected[300];
	size_t len;
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1");
	const char *file = scratch_write_bytes(&scratch, "whole", "http://a/\nb\0", 12);
	run_areq(&result, "--format", "urls", "-0", "-a", "-o", file, url);
	run_expect_exit(&result, 0);
	run_release(&result);
	char *text = scratch_read(&scratch, "whole", &len);
	size_t expected_len =
	    (size_t)snprintf(expected, sizeof expected, "http://a/\nb%chttp://%s/_/link1%c", 0, site.host, 0);
	cr_expect(len == expected_len && memcmp(text, expected, len) == 0);
	free(text);
	file = scratch_write_bytes(&scratch, "torn", "http://a/\0http://b/\n", 20);
	run_areq(&result, "--format", "urls", "-0", "-a", "-o", file, url);
	run_expect_exit(&result, 3);
	run_release(&result);
	run_areq(&result, "--format", "urls", "-0", "-a", "--repair", "-o", file, url);
	run_expect_exit(&result, 0);
	run_release(&result);
	text = scratch_read(&scratch, "torn", &len);
	expected_len =
	    (size_t)snprintf(expected, sizeof expected, "http://a/%chttp://%s/_/link1%c", 0, site.host, 0);
	cr_expect(len == expected_len && memcmp(text, expected, len) == 0, "what was whole has stayed");
	free(text);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(format, is_refused_where_it_makes_no_sense)
{
	static const char *const cases[][6] = {
	    {"--format", "xml", NULL},
	    {"--format", "TSV", NULL},
	    {"--format", "", NULL},
	    {"-0", NULL},
	    {"-0", "--format", "jsonl", NULL},
	    {"--same-host", "--external", NULL},
	    {"--include", "(", NULL},
	    {"--exclude", "a", "--exclude", "[", NULL},
	};
	struct scratch scratch;
	struct run_result result;
	scratch_init(&scratch);
	const char *file = scratch_write(&scratch, "found", "precious\n");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const *words = cases[i];
		const char *args[10] = {"http://127.0.0.1:1/", "-o", file};
		for (size_t k = 0; words[k]; k++)
			args[3 + k] = words[k];
		run_program(&result, NULL, run_areq_name(), args);
		cr_expect_eq(result.exit_status, 2, "case %zu", i);
		cr_expect(strstr(result.err, words[0]), "case %zu names the option: %s", i, result.err);
		run_release(&result);
	}
	char *text = scratch_read(&scratch, "found", NULL);
	cr_expect_str_eq(text, "precious\n");
	free(text);
	scratch_release(&scratch);
}

/* A list of count pages with so many links each, in which the first takes that long. Their rows go to rows,
 * unless it is NULL. The caller frees the list. */
static char *slow_first(struct site *site, size_t count, size_t links, const char *delay, struct rows *rows)
{
	struct buf list;
	char group[32], links_text[32];
	buf_init(&list, SIZE_MAX / 2);
	if (rows)
		rows_init(rows);
	snprintf(links_text, sizeof links_text, "%zu", links);
	for (size_t i = 0; i < count; i++) {
		snprintf(group, sizeof group, "%zu", i);
		const char *url = site_page(
		    site, "links", links_text, "group", group, i == 0 ? "delay" : NULL, delay, NULL);
		buf_append_text(&list, url);
		buf_append_byte(&list, '\n');
		for (size_t k = 1; rows && k <= links; k++)
			rows_add(rows, "%s\thttp://%s/_/link%zu", url, site->host, k);
	}
	return list.data;
}

Test(ordered, rows_are_in_the_order_of_the_list_and_nothing_waits_for_the_slow_one)
{
	enum { COUNT = 60 };
	struct site site;
	struct run_result result;
	struct rows expected, actual;
	struct site_stats stats;
	site_start(&site);
	char *list = slow_first(&site, COUNT, 3, "1500", &expected);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--ordered", "--no-header", "-j", "4");
	run_assert_exit(&result, 0);
	rows_init(&actual);
	rows_parse(&actual, result.out, result.out_len);
	rows_expect(rows_list_difference(&actual, &expected));
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, COUNT);
	list[strcspn(list, "\n")] = '\0';
	const struct site_request *slow = site_stats_find(&stats, list, 0);
	cr_assert(slow);
	for (size_t i = 0; i < stats.count; i++)
		cr_expect(stats.requests + i == slow || stats.requests[i].end < slow->end, "request %zu", i);
	site_stats_release(&stats);
	run_release(&result);
	rows_release(&actual);
	rows_release(&expected);
	free(list);
	site_stop(&site);
}

Test(ordered, failed_skipped_and_repeated_urls_have_no_rows_and_hold_up_nothing)
{
	struct site site;
	struct run_result result;
	char list[4000], expected[4000];
	site_start(&site);
	const char *slow = site_page(&site, "links", "1", "delay", "500");
	const char *missing = site_page(&site, "status", "404", "delay", "300");
	const char *picture = site_page(&site, "type", "image/png");
	const char *empty = site_page(&site, "links", "0");
	const char *quick = site_page(&site, "links", "1");
	const char *again = site_page(&site, "links", "1", "fail", "1");
	snprintf(list, sizeof list, "%s\nmailto:x\n%s\n%s\n%s\n%s\n%s\n%s\n", missing, slow, picture, empty,
	    again, slow, quick);
	snprintf(expected, sizeof expected,
	    "source_url\tparsed_url\n%s\thttp://%s/_/link1\n%s\thttp://%s/_/link1\n"
	    "%s\thttp://%s/_/link1\n",
	    slow, site.host, again, site.host, quick, site.host);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--ordered");
	run_assert_exit(&result, 1);
	rows_expect_list(result.out, result.out_len, expected);
	run_release(&result);
	site_stop(&site);
}

/* The links of all of them are the same; the first in the list takes the longest. */
Test(ordered, unique_gives_each_link_to_the_first_page_of_the_list)
{
	struct site site;
	struct run_result result;
	struct rows rows;
	char more[200];
	site_start(&site);
	char *list = slow_first(&site, 6, 3, "800", &rows);
	struct buf longer;
	buf_init(&longer, SIZE_MAX / 2);
	buf_append_text(&longer, list);
	const char *last = site_page(&site, "links", "4");
	buf_append_text(&longer, last);
	run_areq_with(
	    &result, (&(struct run_options){.input = longer.data}), "--ordered", "--unique", "--no-header");
	run_assert_exit(&result, 0);
	struct rows actual, expected;
	rows_init(&actual);
	rows_init(&expected);
	rows_parse(&actual, result.out, result.out_len);
	for (size_t i = 0; i < 3; i++)
		rows_add(&expected, "%s", rows.row[i]);
	snprintf(more, sizeof more, "http://%s/_/link4", site.host);
	rows_add(&expected, "%s\t%s", last, more);
	rows_expect(rows_list_difference(&actual, &expected));
	run_release(&result);
	rows_release(&actual);
	rows_release(&expected);
	rows_release(&rows);
	buf_release(&longer);
	free(list);
	site_stop(&site);
}

/* Each has some 850 kB of rows. */
enum { SPILLED_PAGES = 80, SPILLED_LINKS = 10000 };

/* A test that held all these rows would lend its size to the program (see max_rss_kib), so they go to a file
 * and are looked at one by one: all of a page together, and with pages in their order. */
static void expect_spilled(const char *name, const struct rows *pages)
{
	FILE *file = fopen(name, "r");
	char row[1000], expected[1000];
	size_t count = 0;
	cr_assert(file);
	for (; fgets(row, sizeof row, file); count++) {
		size_t url_len = strcspn(row, "\t");
		if (pages)
			cr_assert(strncmp(row, pages->row[count / SPILLED_LINKS], url_len) == 0, "%s", row);
		snprintf(expected, sizeof expected, "/_/link%zu\n", count % SPILLED_LINKS + 1);
		cr_assert(strstr(row + url_len, expected), "row %zu is %s", count, row);
	}
	cr_expect_eq(count, SPILLED_PAGES * SPILLED_LINKS);
	fclose(file);
}

static long spilled_rss(const char *list, const char *option, struct scratch *scratch)
{
	struct run_result result;
	struct rows pages;
	char tmpdir[300];
	const char *file = scratch_path(scratch, option);
	snprintf(tmpdir, sizeof tmpdir, "TMPDIR=%s", scratch->folder);
	run_areq_with(&result,
	    (&(struct run_options){.input = list, .env = (const char *const[]){tmpdir, NULL}}), "--no-header",
	    "-j", "2", option, "-o", file);
	run_assert_exit(&result, 0);
	rows_init(&pages);
	rows_parse(&pages, list, strlen(list));
	expect_spilled(file, strcmp(option, "--ordered") == 0 ? &pages : NULL);
	rows_release(&pages);
	long rss = result.max_rss_kib;
	run_release(&result);
	return rss;
}

Test(ordered, holds_much_in_a_file_and_little_in_memory)
{
	struct site site;
	struct scratch scratch;
	site_start(&site);
	scratch_init(&scratch);
	char *list = slow_first(&site, SPILLED_PAGES, SPILLED_LINKS, "2000", NULL);
	long as_they_come = spilled_rss(list, "-q", &scratch);
	long ordered = spilled_rss(list, "--ordered", &scratch);
	cr_expect_lt(ordered, as_they_come + 24 * 1024, "%ld KiB, not %ld", ordered, as_they_come);
	free(list);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(ordered, says_where_its_temporary_file_should_go)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	char *list = slow_first(&site, SPILLED_PAGES, SPILLED_LINKS, "5000", NULL);
	run_areq_with(&result,
	    (&(struct run_options){
	        .input = list, .env = (const char *const[]){"TMPDIR=/nonexistent/folder", NULL}}),
	    "--ordered");
	run_expect_exit(&result, 3);
	cr_expect(
	    strstr(result.err, "/nonexistent/folder/") && strstr(result.err, "TMPDIR"), "%s", result.err);
	run_release(&result);
	free(list);
	site_stop(&site);
}

Test(ordered, gives_out_what_is_complete_when_it_is_stopped)
{
	enum { COUNT = 20 };
	struct site site;
	struct run_child child;
	struct run_result result;
	struct rows rows, expected, actual;
	site_start(&site);
	char *list = slow_first(&site, COUNT, 2, "30000", &rows);
	struct run_options options = {.input = list};
	run_start_areq(&child, &options, "--ordered", "--no-header", "-v");
	run_wait_error(&child, "group=19", 10);
	for (int i = 1; i < COUNT; i++) {
		char found[200];
		snprintf(
		    found, sizeof found, "INFO got 200 http://%s/_/page?links=2&group=%d\n", site.host, i);
		run_wait_error(&child, found, 10);
	}
	run_kill(&child, SIGINT);
	run_finish(&child, &result);
	cr_expect_eq(result.signal, SIGINT);
	rows_init(&actual);
	rows_init(&expected);
	rows_parse(&actual, result.out, result.out_len);
	for (size_t i = 2; i < rows.count; i++)
		rows_add(&expected, "%s", rows.row[i]);
	rows_expect(rows_list_difference(&actual, &expected));
	run_release(&result);
	rows_release(&rows);
	rows_release(&expected);
	rows_release(&actual);
	free(list);
	site_stop(&site);
}

/* The counts of the report are of what was let through. */
static void expect_filtered(struct site *site, const char *const *words, const char *expected)
{
	static const char body[] = "<a href=1.html><a href=2.html#a><a href=2.html#b><a href=/3.png>"
	                           "<a href=http://other.example/4.html><a href=mailto:5.html>";
	struct scratch scratch;
	struct run_result result;
	json_error_t error;
	scratch_init(&scratch);
	const char *args[12] = {
	    "--no-header", site_page(site, "body", body), "--report", scratch_path(&scratch, "report")};
	for (size_t i = 0; words[i]; i++)
		args[4 + i] = words[i];
	run_program(&result, NULL, run_areq_name(), args);
	run_assert_exit(&result, 0);
	struct rows rows;
	rows_init(&rows);
	rows_parse(&rows, result.out, result.out_len);
	struct rows links = rows_column(&rows, 1);
	struct buf short_links;
	buf_init(&short_links, SIZE_MAX / 2);
	for (size_t i = 0; i < links.count; i++) {
		const char *last = strrchr(links.row[i], '/');
		buf_append_text(&short_links, last ? last + 1 : links.row[i]);
		buf_append_byte(&short_links, ' ');
	}
	cr_expect_str_eq(
	    short_links.data ? short_links.data : "", expected, "%s %s", words[0], words[1] ? words[1] : "");
	char *text = scratch_read(&scratch, "report", NULL);
	json_t *report = json_loads(text, 0, &error);
	cr_expect_eq((size_t)json_integer_value(json_object_get(report, "links")), links.count, "%s", text);
	json_decref(report);
	free(text);
	buf_release(&short_links);
	rows_release(&links);
	rows_release(&rows);
	run_release(&result);
	scratch_release(&scratch);
}

Test(filters, let_through_what_was_asked_for)
{
	static const struct {
		const char *words[8], *expected;
	} cases[] = {
	    {{"-q"}, "1.html 2.html#a 2.html#b 3.png 4.html mailto:5.html "},
	    {{"--include", "html$"}, "1.html 4.html mailto:5.html "},
	    {{"--include", "png$", "--include=^mailto"}, "3.png mailto:5.html "},
	    {{"--exclude", "[0-3]\\."}, "4.html mailto:5.html "},
	    {{"--include", "html", "--exclude", "#", "--exclude", "^m"}, "1.html 4.html "},
	    {{"--same-host"}, "1.html 2.html#a 2.html#b 3.png "},
	    {{"--external"}, "4.html "},
	    {{"--strip-fragment"}, "1.html 2.html 3.png 4.html mailto:5.html "},
	    {{"--strip-fragment", "--same-host", "--include", "html$"}, "1.html 2.html "},
	    {{"--external", "--exclude", "example"}, ""},
	};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_filtered(&site, cases[i].words, cases[i].expected);
	site_stop(&site);
}

/* What counts is where the redirects have led. */
Test(filters, know_the_host_by_the_final_url)
{
	struct site site;
	struct run_result result;
	char body[300], expected[300];
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
	snprintf(body, sizeof body, "<a href=http://127.0.0.1:%u/1><a href=http://127.0.0.2:%u/2>", site.port,
	    site.port);
	char target[2000];
	const char *page = site_page(&site, "body", body);
	snprintf(target, sizeof target, "http://127.0.0.2:%u%s", site.port, site_target(page));
	const char *url = site_page_at(&site, "/_/chain", "n", "1", "to", target);
	snprintf(expected, sizeof expected, "http://127.0.0.2:%u/2\n", site.port);
	run_areq(&result, "--same-host", "--format", "urls", url);
	run_assert_exit(&result, 0);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	snprintf(expected, sizeof expected, "http://127.0.0.1:%u/1\n", site.port);
	run_areq(&result, "--external", "--format", "urls", url);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	site_stop(&site);
}

Test(filters, that_take_too_long_fail_the_page_and_nothing_else)
{
	struct site site;
	struct run_result result;
	char list[2000], expected[500];
	site_start(&site);
	const char *bad =
	    site_page(&site, "body", "<a href=b><a href=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab>");
	const char *good = site_page(&site, "links", "1");
	snprintf(list, sizeof list, "%s\n%s\n", bad, good);
	snprintf(expected, sizeof expected, "%s\thttp://%s/_/link1\n", good, site.host);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--no-header", "--exclude", "a+$");
	run_assert_exit(&result, 0);
	run_release(&result);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--no-header", "--exclude", "(a+)+$");
	run_assert_exit(&result, 1);
	cr_expect_str_eq(result.out, expected);
	cr_expect(strstr(result.err, "takes too long on this page"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(unique, gives_each_url_one_row_over_the_whole_run)
{
	struct site site;
	struct run_result result;
	struct rows rows, list_rows;
	site_start(&site);
	char *list = slow_first(&site, 30, 5, "0", &list_rows);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--unique", "--no-header");
	run_assert_exit(&result, 0);
	rows_init(&rows);
	rows_parse(&rows, result.out, result.out_len);
	cr_expect_eq(rows.count, 5, "%s", result.out);
	for (size_t i = 0; i < rows.count; i++) {
		cr_expect(rows_has(&list_rows, rows.row[i]));
		for (size_t k = 0; k < i; k++)
			cr_expect_str_neq(strchr(rows.row[i], '\t'), strchr(rows.row[k], '\t'));
	}
	rows_release(&rows);
	rows_release(&list_rows);
	run_release(&result);
	free(list);
	site_stop(&site);
}
