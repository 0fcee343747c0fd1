/* --check: which links have rows, what is in them, and the exit status. */
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A page with these links, each an URL or the rest of one. */
#define page_of(site, ...) page_of_argv(site, (const char *const[]){__VA_ARGS__, NULL})

static const char *page_of_argv(struct site *site, const char *const *urls)
{
	struct buf body;
	buf_init(&body, 1 << 20);
	buf_append_text(&body, "<!doctype html>\n");
	for (; *urls; urls++) {
		buf_append_text(&body, "<p><a href=\"");
		for (const char *at = *urls; *at; at++) {
			if (*at == '&')
				buf_append_text(&body, "&amp;");
			else
				buf_append_byte(&body, *at);
		}
		buf_append_text(&body, "\">x</a>\n");
	}
	const char *url = site_page(site, "body", body.data);
	buf_release(&body);
	return url;
}

/* The rows are these problems, in any order: "URL\tPROBLEM" each. */
#define expect_problems(result, ...) expect_problems_argv(result, (const char *const[]){__VA_ARGS__, NULL})

static void expect_problems_argv(const struct run_result *result, const char *const *expected)
{
	struct rows rows, is, should;
	rows_init(&rows);
	rows_init(&is);
	rows_init(&should);
	rows_parse(&rows, result->out, result->out_len);
	for (size_t i = 0; i < rows.count; i++) {
		const char *tab = strchr(rows.row[i], '\t');
		rows_add(&is, "%s", tab ? tab + 1 : rows.row[i]);
	}
	while (*expected)
		rows_add(&should, "%s", *expected++);
	rows_expect(rows_set_difference(&is, &should));
	rows_release(&rows);
	rows_release(&is);
	rows_release(&should);
}

static void expect_one(const struct run_result *result, const char *url, const char *problem)
{
	char row[2000];
	snprintf(row, sizeof row, "%s\t%s", url, problem);
	expect_problems(result, row);
}

#define QUIET "-q", "--no-header"

Test(check_cases, rows_of_dead_links_have_the_problem)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *dead = site_page(&site, "status", "404"), *alive = site_page(&site, "status", "200");
	const char *page = page_of(&site, dead, alive);
	char expected[2000];
	snprintf(expected, sizeof expected, "source_url\tparsed_url\tproblem\n%s\t%s\t404\n", page, dead);
	run_areq(&result, "-q", "--check", page);
	run_expect_exit(&result, 1);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	run_areq(&result, "-q", "--check", page_of(&site, alive));
	run_expect_exit(&result, 0);
	cr_expect_str_eq(result.out, "source_url\tparsed_url\tproblem\n");
	run_release(&result);
	site_stop(&site);
}

/* A dead link is written while another page, and another target, give no answer. */
Test(check_cases, rows_come_as_soon_as_they_are_known)
{
	struct site site;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	const char *silent = site_page(&site, "hang", "accept"), *dead = site_page(&site, "status", "410");
	const char *slow_page = site_page(&site, "body", "<a href=x>", "hang", "body");
	run_start_areq(
	    &child, NULL, QUIET, "-t", "60", "-r", "0", "--check", page_of(&site, silent, dead), slow_page);
	run_wait_output(&child, "\t410\n", 10);
	run_kill(&child, SIGKILL);
	run_finish(&child, &result);
	run_release(&result);
	site_stop(&site);
}

Test(check_cases, a_link_has_a_row_for_each_page_but_one_of_each)
{
	struct site site;
	struct run_result result;
	struct site_stats stats;
	site_start(&site);
	const char *dead = site_page(&site, "status", "404");
	char other[600], fragment[600], user[600];
	snprintf(other, sizeof other, "/x/..%s", site_target(dead));
	snprintf(fragment, sizeof fragment, "%s#a", dead);
	snprintf(user, sizeof user, "http://me:secret@%s", dead + strlen("http://"));
	const char *one = page_of(&site, dead, other, dead, fragment, fragment), *two = page_of(&site, dead);
	run_areq(&result, QUIET, "--check", one, two);
	run_expect_exit(&result, 1);
	char expected[6000];
	snprintf(expected, sizeof expected, "%s\t%s\t404\n%s\t%s#a\t404\n%s\t%s\t404\n", one, dead, one, dead,
	    two, dead);
	rows_expect_set(result.out, result.out_len, expected);
	run_release(&result);
	site_stats(&site, &stats);
	struct site_counter counter = site_stats_counter(&stats, SITE_BY_TARGET, site_target(dead));
	cr_expect(counter.heads == 1 && counter.requests == 2, "%zu HEAD, %zu in all", counter.heads,
	    counter.requests);
	site_stats_release(&stats);
	/* A user name and password make no other target, and are not sent. */
	site_reset_stats(&site);
	run_areq(&result, QUIET, "--check", page_of(&site, dead, user));
	run_release(&result);
	site_stats(&site, &stats);
	cr_expect_eq(site_stats_asked(&stats, dead), 2);
	for (size_t i = 0; i < stats.count; i++)
		cr_expect(!site_request_header(&stats.requests[i], "Authorization"));
	site_stats_release(&stats);
	site_stop(&site);
}

Test(check_cases, urls_are_the_dead_ones_once)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *dead = site_page(&site, "status", "404"), *gone = site_page(&site, "status", "410");
	char expected[2000];
	snprintf(expected, sizeof expected, "%s\n%s\n", dead, gone);
	run_areq(&result, QUIET, "--check", "--format", "urls", page_of(&site, dead, gone, "/_/page"),
	    page_of(&site, dead), page_of(&site, gone, dead));
	run_expect_exit(&result, 1);
	rows_expect_set(result.out, result.out_len, expected);
	run_release(&result);
	site_stop(&site);
}

static void expect_member(const json_t *line, const char *key, const char *wanted)
{
	char *is = json_dumps(json_object_get(line, key), JSON_ENCODE_ANY);
	cr_expect(is && strcmp(is, wanted) == 0, "%s is %s, not %s", key, is ? is : "not there", wanted);
	free(is);
}

static json_t *json_row(const struct run_result *result)
{
	json_error_t error;
	json_t *line = json_loads(result->out, JSON_DISABLE_EOF_CHECK, &error);
	cr_assert(line, "%s: %s", error.text, result->out);
	return line;
}

Test(check_cases, jsonl_says_what_became_of_the_target)
{
	struct site site;
	struct run_result result;
	char quoted[600];
	site_start(&site);
	const char *gone = site_page(&site, "status", "410");
	const char *moved = site_page(&site, "status", "302", "location", gone);
	run_areq(&result, "-q", "--check", "--format", "jsonl", page_of(&site, moved));
	run_expect_exit(&result, 1);
	json_t *line = json_row(&result);
	cr_expect_str_eq(json_string_value(json_object_get(line, "parsed_url")), moved);
	snprintf(quoted, sizeof quoted, "\"%s\"", gone);
	expect_member(line, "final_url", quoted);
	expect_member(line, "problem", "\"410\"");
	expect_member(line, "outcome", "\"failed\"");
	expect_member(line, "cause", "\"http-status\"");
	expect_member(line, "http_status", "410");
	json_decref(line);
	run_release(&result);
	run_areq(&result, "-q", "--check=all", "--format", "jsonl", page_of(&site, "/_/page"));
	line = json_row(&result);
	expect_member(line, "problem", "\"\"");
	expect_member(line, "outcome", "\"ok\"");
	expect_member(line, "cause", "null");
	expect_member(line, "http_status", "200");
	json_decref(line);
	run_release(&result);
	site_stop(&site);
}

/* The picture is skipped as a page, whether that happens before its link is found or after it. */
Test(check_cases, a_target_that_exists_but_is_no_page_is_alive)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *picture = site_page(&site, "type", "image/png");
	const char *page = page_of(&site, picture);
	for (int order = 0; order < 2; order++) {
		run_areq(&result, "-q", "-j", "1", "--check=all", "--format", "jsonl", order ? page : picture,
		    order ? picture : page);
		run_expect_exit(&result, 0);
		json_t *line = json_row(&result);
		expect_member(line, "problem", "\"\"");
		expect_member(line, "outcome", "\"ok\"");
		expect_member(line, "cause", "null");
		json_decref(line);
		run_release(&result);
	}
	site_stop(&site);
}

/* Lines and columns are counted from 1, the columns in bytes of the page, up to the '<' of the tag. */
Test(check_cases, jsonl_and_csv_say_where_the_tag_is)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *page = site_page(&site, "type", "text/html;charset=utf-8", "body",
	    "<!doctype html>\r\n<p>\xc3\xa9\n  <p>\xc3\xa9 <a\n  href='/_/page?status=404'>x</a>\n");
	run_areq(&result, "-q", "--check", "--format", "jsonl", page);
	json_t *line = json_row(&result);
	expect_member(line, "attr", "\"href\"");
	expect_member(line, "line", "3");
	expect_member(line, "column", "9");
	json_decref(line);
	run_release(&result);
	run_areq(&result, "-q", "--check", "--format", "csv", page);
	static const char *const columns[] = {"source_url", "parsed_url", "problem", "outcome", "cause",
	    "http_status", "final_url", "attr", "position", "line", "column"};
	char *end = strpbrk(result.out, "\r\n");
	cr_assert(end, "%s", result.out);
	*end = '\0';
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		const char *at = strstr(result.out, columns[i]);
		cr_expect(at && strchr(",", at[strlen(columns[i])]), "%s in %s", columns[i], result.out);
	}
	run_release(&result);
	site_stop(&site);
}

Test(check_cases, all_has_a_row_for_every_link)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *dead = site_page(&site, "status", "404"), *alive = site_page(&site, "links", "0"),
	           *blocked = site_page(&site, "status", "403");
	const char *page = page_of(&site, dead, alive, blocked);
	char expected[4000];
	snprintf(expected, sizeof expected, "%s\t%s\t404\n%s\t%s\t\n%s\t%s\tblocked\n", page, dead, page,
	    alive, page, blocked);
	run_areq(&result, QUIET, "--check=all", page);
	run_expect_exit(&result, 1);
	rows_expect_set(result.out, result.out_len, expected);
	run_release(&result);
	site_stop(&site);
}

Test(check_cases, blocked_links_are_not_dead)
{
	static const char *const statuses[] = {"401", "403", "407", "429", "451", "999"};
	struct site site;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		const char *blocked = site_page(&site, "status", statuses[i]),
		           *page = page_of(&site, blocked);
		run_areq(&result, QUIET, "-r", "0", "--check", page);
		run_expect_exit(&result, 0);
		cr_expect_str_eq(result.out, "", "%s", statuses[i]);
		run_release(&result);
		run_areq(&result, QUIET, "-r", "0", "--check=blocked", page);
		run_expect_exit(&result, 0);
		expect_one(&result, blocked, "blocked");
		run_release(&result);
	}
	site_stop(&site);
}

/* The body is not what a link is dead or alive by. */
Test(check_cases, pages_that_cannot_be_read_are_not_dead)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *start = page_of(&site, site_page(&site, "size", "3000", "short", "9"),
	    site_page(&site, "encoding_name", "gzip"), site_page(&site, "type", "image/png"),
	    site_page(&site, "size", "30000", "cut", "9"));
	run_areq(&result, QUIET, "-r", "0", "--check", "--depth", "1", start);
	run_expect_exit(&result, 0);
	cr_expect_str_eq(result.out, "");
	run_release(&result);
	site_stop(&site);
}

Test(check_cases, fail_on_counts_dead_links_among_all)
{
	static const struct {
		const char *fail_on;
		int exit_status;
	} cases[] = {{"never", 0}, {"any", 1}, {"50%", 0}, {"26%", 0}, {"25%", 1}};
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *page = page_of(
	               &site, "/_/page?status=404", "/_/page?links=1", "/_/page?links=2", "/_/page?links=3"),
	           *half = page_of(&site, "/_/page?status=404", "/_/page?links=1");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run_areq(&result, QUIET, "--check", "--fail-on", cases[i].fail_on, page);
		cr_expect_eq(
		    result.exit_status, cases[i].exit_status, "%s: %d", cases[i].fail_on, result.exit_status);
		run_release(&result);
	}
	run_areq(&result, QUIET, "--check", "--fail-on", "50%", half);
	run_expect_exit(&result, 1);
	run_release(&result);
	site_stop(&site);
}

/* A listed URL that fails is no link, and fails the run as without --check. */
Test(check_cases, a_listed_url_that_fails_has_no_row)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	run_areq(
	    &result, QUIET, "--check", site_page(&site, "status", "404"), site_page(&site, "links", "0"));
	run_expect_exit(&result, 1);
	cr_expect_str_eq(result.out, "");
	run_release(&result);
	site_stop(&site);
}

Test(check_cases, moved_links_have_the_new_address)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *end = site_page(&site, "links", "0");
	const char *temporary = site_page(&site, "status", "302", "location", end);
	const char *half = site_page(&site, "status", "301", "location", temporary);
	const char *twice = site_page(&site, "status", "308", "location", half);
	const char *late =
	    site_page(&site, "status", "307", "location", site_page(&site, "status", "301", "location", end));
	const char *to_dead =
	    site_page(&site, "status", "301", "location", site_page(&site, "status", "404"));
	char rows[3][4000];
	snprintf(rows[0], sizeof rows[0], "%s\t%s", half, temporary);
	snprintf(rows[1], sizeof rows[1], "%s\t%s", twice, temporary);
	snprintf(rows[2], sizeof rows[2], "%s\t404", to_dead);
	run_areq(&result, QUIET, "--check=moved", page_of(&site, end, temporary, half, twice, late, to_dead));
	run_expect_exit(&result, 1);
	expect_problems(&result, rows[0], rows[1], rows[2]);
	run_release(&result);
	site_stop(&site);
}

Test(check_cases, fragments_are_those_of_the_page_behind_redirects)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *end = site_page(&site, "body", "<!doctype html>\n<p id=here>x");
	const char *redirect = site_page(&site, "status", "302", "location", end);
	char here[900], missing[900], directive[900];
	snprintf(here, sizeof here, "%s#here", redirect);
	snprintf(missing, sizeof missing, "%s#missing", redirect);
	snprintf(directive, sizeof directive, "%s#here:~:text=x", end);
	run_areq(&result, QUIET, "--check", "--fragments", page_of(&site, here, missing, directive, end));
	run_expect_exit(&result, 1);
	expect_one(&result, missing, "fragment");
	run_release(&result);
	run_areq(&result, QUIET, "--check", page_of(&site, here, missing, directive, end));
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stop(&site);
}

Test(check_cases, links_that_are_no_url_are_dead)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *page = page_of(&site, "http://", "http://[::1", " https://a b/ ",
	    "http://localhost:99999/", "http://", "x:\ty", "mailto:a@b");
	run_areq(&result, QUIET, "--check", page);
	run_expect_exit(&result, 1);
	expect_problems(&result, "http://\tnot-a-url", "http://[::1\tnot-a-url", "https://a b/\tnot-a-url",
	    "http://localhost:99999/\tnot-a-url");
	run_release(&result);
	/* They have no host and no scheme, so that filters of these leave them out. */
	run_areq(&result, QUIET, "--check", "--same-host", page);
	run_expect_exit(&result, 0);
	cr_expect_str_eq(result.out, "");
	run_release(&result);
	site_stop(&site);
}

Test(check_cases, links_that_only_name_a_server_are_not_checked)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *page = site_page(&site, "body",
	    "<link rel=preconnect href=http://127.0.0.1:1/a><link rel=' DNS-Prefetch preconnect' "
	    "href=//127.0.0.1:1/b><link rel='preconnect icon' href=http://127.0.0.1:1/c>"
	    "<a rel=preconnect href=http://127.0.0.1:1/d>d</a>");
	run_areq(&result, QUIET, "-r", "0", "--check", page);
	run_expect_exit(&result, 1);
	expect_problems(
	    &result, "http://127.0.0.1:1/c\tconnection-refused", "http://127.0.0.1:1/d\tconnection-refused");
	run_release(&result);
	site_stop(&site);
}
