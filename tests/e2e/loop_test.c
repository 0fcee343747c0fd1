/* The loop and its manners, as the server sees them. */
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <stdio.h>

/* A list of count pages, each of which takes so many milliseconds. The caller frees it. */
static char *slow_list(struct site *site, int count, const char *delay)
{
	char *list = calloc((size_t)count, 200);
	char number[16];
	for (int i = 0; i < count; i++) {
		snprintf(number, sizeof number, "%d", i);
		strcat(list, site_page(site, "delay", delay, "group", number));
		strcat(list, "\n");
	}
	return list;
}

static double run_list(
    struct site *site, const char *list, const char *option, const char *value, struct site_stats *stats)
{
	struct run_result result;
	site_reset_stats(site);
	run_areq_with(
	    &result, (&(struct run_options){.input = list, .limit = 60}), "--no-header", option, value);
	run_assert_exit(&result, 0);
	site_stats(site, stats);
	double seconds = result.seconds;
	run_release(&result);
	return seconds;
}

Test(loop, overlaps_transfers_and_one_job_does_not)
{
	struct site site;
	struct site_stats stats;
	site_start(&site);
	char *list = slow_list(&site, 3, "1000");
	double together = run_list(&site, list, "-j", "3", &stats);
	cr_expect_eq(stats.all.max_in_flight, 3);
	site_stats_release(&stats);
	double alone = run_list(&site, list, "-j", "1", &stats);
	cr_expect_eq(stats.all.max_in_flight, 1);
	site_stats_release(&stats);
	cr_expect(alone >= 3.0, "with -j 1 three seconds of waiting took %.2f s", alone);
	cr_expect(
	    together >= 1.0 && alone / together > 2.0, "%.2f s together, %.2f s one by one", together, alone);
	free(list);
	site_stop(&site);
}

Test(loop, keeps_the_limit_of_jobs)
{
	struct site site;
	struct site_stats stats;
	site_start(&site);
	char *list = slow_list(&site, 30, "100");
	const char *const args[] = {"-j", "7", "--per-host", "0", NULL};
	struct run_result result;
	run_program(&result, &(struct run_options){.input = list}, run_areq_name(), args);
	run_assert_exit(&result, 0);
	site_stats(&site, &stats);
	cr_expect_eq(stats.all.requests, 30);
	cr_expect_eq(stats.all.max_in_flight, 7);
	cr_expect_leq(stats.connections, 7 + 1, "connections are reused; there were %zu, with our own",
	    stats.connections);
	site_stats_release(&stats);
	run_release(&result);
	free(list);
	site_stop(&site);
}

/* Beyond 128 connections the loop looks at them at times only. */
Test(loop, lets_hundreds_wait_at_once)
{
	enum { PAGES = 800 };
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	char *list = slow_list(&site, PAGES, "3000");
	const char *const args[] = {"-j", "800", "--per-host", "0", NULL};
	run_program(&result, &(struct run_options){.input = list}, run_areq_name(), args);
	run_assert_exit(&result, 0);
	site_stats(&site, &stats);
	cr_expect_eq(stats.all.requests, PAGES);
	cr_expect_eq(stats.all.max_in_flight, PAGES);
	site_stats_release(&stats);
	run_release(&result);
	free(list);
	site_stop(&site);
}

Test(loop, keeps_the_limit_for_each_host)
{
	struct site site;
	struct site_stats stats;
	site_start(&site);
	char *list = slow_list(&site, 24, "100");
	run_list(&site, list, "--per-host", "3", &stats);
	cr_expect_eq(stats.all.max_in_flight, 3);
	site_stats_release(&stats);
	run_list(&site, list, "-j", "64", &stats);
	cr_expect_eq(
	    stats.all.max_in_flight, 6, "six is the default; there were %zu", stats.all.max_in_flight);
	site_stats_release(&stats);
	run_list(&site, list, "--per-host", "0", &stats);
	cr_expect_eq(stats.all.max_in_flight, 24);
	site_stats_release(&stats);
	free(list);
	site_stop(&site);
}

Test(loop, keeps_the_limit_for_a_host_that_redirects_lead_to)
{
	struct site from, to;
	struct site_stats stats;
	char list[30 * 400] = "";
	site_start(&from);
	site_start(&to);
	for (int i = 0; i < 12; i++) {
		char number[16];
		snprintf(number, sizeof number, "%d", i);
		const char *target = site_page(&to, "delay", "100", "group", number);
		strcat(list, site_page(&from, "status", "302", "location", target));
		strcat(list, "\n");
	}
	struct run_result result;
	run_areq_with(&result, (&(struct run_options){.input = list}), "--per-host", "2");
	run_assert_exit(&result, 0);
	site_stats(&to, &stats);
	cr_expect_eq(stats.all.requests, 12);
	cr_expect_eq(stats.all.max_in_flight, 2);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&from);
	site_stop(&to);
}

Test(loop, waits_between_starts_to_one_host_and_only_to_that)
{
	struct site slow, other;
	struct site_stats stats;
	char list[4000] = "";
	site_start(&slow);
	site_start(&other);
	for (int i = 0; i < 4; i++) {
		char number[16];
		snprintf(number, sizeof number, "%d", i);
		strcat(strcat(list, site_page(&slow, "group", number)), "\n");
		strcat(strcat(list, site_page(&other, "group", number)), "\n");
	}
	struct run_result result;
	run_areq_with(&result, (&(struct run_options){.input = list}), "--delay", "200ms");
	run_assert_exit(&result, 0);
	site_stats(&slow, &stats);
	cr_assert_eq(stats.count, 4);
	for (size_t i = 1; i < stats.count; i++) {
		double gap = stats.requests[i].start - stats.requests[i - 1].start;
		cr_expect(gap >= 0.15, "%.3f s between two starts", gap);
	}
	double span = stats.requests[3].start - stats.requests[0].start;
	cr_expect(span < 1.1, "0.6 s, and 1.2 s if the other host's starts counted; it took %.2f s", span);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&slow);
	site_stop(&other);
}

Test(loop, starts_with_the_first_line_of_a_slow_list)
{
	struct site site;
	struct run_child child;
	struct run_result result;
	site_start(&site);
	const char *first = site_page(&site, "links", "2", "prefix", "first");
	const char *second = site_page(&site, "links", "1", "prefix", "second");
	run_start_areq(&child, (&(struct run_options){.input_pipe = true}), "-v");
	run_feed(&child, first);
	run_feed(&child, "\n");
	run_wait_output(&child, "first2\n", 5);
	cr_expect_not(run_wait(&child, 0.2), "it ended before its list did");
	run_feed(&child, second);
	run_close_input(&child);
	run_finish(&child, &result);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.out, "second1\n"), "the last line needs no newline");
	run_release(&result);
	site_stop(&site);
}

Test(loop, waits_for_a_slow_list_without_burning_the_processor)
{
	struct run_child child;
	struct run_result result;
	run_start_areq(&child, (&(struct run_options){.input_pipe = true}), "-q", "--allow-empty");
	cr_expect_not(run_wait(&child, 1.0));
	char name[64], line[512] = "";
	snprintf(name, sizeof name, "/proc/%d/stat", (int)child.pid);
	FILE *file = fopen(name, "r");
	cr_assert(file && fgets(line, sizeof line, file));
	fclose(file);
	unsigned long user = 0, system = 0;
	sscanf(strrchr(line, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	/* A loop that does not sleep takes all of the second: 100 ticks. */
	cr_expect(user + system < 30, "%lu ticks of processor time in a second of waiting", user + system);
	run_close_input(&child);
	run_finish(&child, &result);
	run_expect_exit(&result, 0);
	run_release(&result);
}

Test(loop, fetches_each_url_once_however_often_it_is_listed)
{
	struct site site;
	struct site_stats stats;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1");
	char list[2000];
	snprintf(list, sizeof list, "%s\n%s\n%s#fragment\n", url, url, url);
	const char *file = scratch_write(&scratch, "list", list);
	run_areq(&result, url, file, file, "--no-header");
	run_assert_exit(&result, 0);
	site_stats(&site, &stats);
	cr_expect_eq(stats.all.requests, 1);
	struct rows rows;
	rows_init(&rows);
	rows_parse(&rows, result.out, result.out_len);
	cr_expect_eq(rows.count, 1);
	rows_release(&rows);
	site_stats_release(&stats);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

/* The list below has 21 MB. What the sanitizers keep back of freed memory counts, too. */
#ifdef __SANITIZE_ADDRESS__
enum { LIST_MORE_KIB = 16 * 1024, ENDLESS_LIST_KIB = 400 * 1024 };
#else
enum { LIST_MORE_KIB = 8 * 1024, ENDLESS_LIST_KIB = 80 * 1024 };
#endif

Test(loop, holds_only_what_it_needs_of_a_long_list)
{
	struct run_result small, large;
	struct scratch scratch;
	scratch_init(&scratch);
	const char *name = scratch_path(&scratch, "list");
	FILE *file = fopen(name, "w");
	cr_assert(file);
	for (int i = 0; i < 300000; i++)
		fprintf(file, "ftp://host.example/a/path/of/some/length/that/would/add/up/%d\n", i);
	fclose(file);
	/* Lines that are no URL need no server: what is measured is the list alone. */
	run_areq_with(&small, (&(struct run_options){.input = "ftp://x/\n"}), "-q");
	run_areq_with(&large, (&(struct run_options){.limit = 60}), "-q", name);
	run_expect_exit(&small, 1);
	run_expect_exit(&large, 1);
	cr_expect(large.max_rss_kib < small.max_rss_kib + LIST_MORE_KIB,
	    "%ld KiB for one line, %ld KiB for 300,000", small.max_rss_kib, large.max_rss_kib);
	run_release(&small);
	run_release(&large);
	scratch_release(&scratch);
}

/* What is read ahead is bounded in memory, not by the lines of one host. */
Test(loop, lets_no_hosts_lines_hide_those_behind_them)
{
	enum { HOSTS = 30, LINES = 400 };
	struct site site;
	struct site_stats stats;
	struct scratch scratch;
	struct run_result result;
	size_t before = 0;
	char last[64];
	site_start(&site);
	scratch_init(&scratch);
	const char *list = scratch_path(&scratch, "list");
	FILE *file = fopen(list, "w");
	cr_assert(file);
	for (int host = 0; host < HOSTS; host++) {
		for (int i = 0; i < LINES; i++)
			fprintf(file, "http://h%d.localhost:%u/_/page?body=x&group=%d\n", host, site.port, i);
	}
	cr_assert_eq(fclose(file), 0);
	run_areq_with(&result, (&(struct run_options){.limit = 60}), "-q", "--no-header", "--per-host", "1",
	    "--delay", "4ms", list);
	run_assert_exit(&result, 0);
	site_stats(&site, &stats);
	cr_expect_eq(stats.all.requests, HOSTS * LINES);
	snprintf(last, sizeof last, "h%d.localhost:%u", HOSTS - 1, site.port);
	while (before < stats.count && strcmp(stats.requests[before].host, last) != 0)
		before++;
	/* They take turns, so it is some 30; all of the others' lines are 11,600. */
	cr_expect_lt(before, 2000, "the last host was asked behind %zu other requests", before);
	site_stats_release(&stats);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(loop, lets_no_silent_host_hide_those_behind_it)
{
	enum { LINES = 9000 };
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *list = scratch_path(&scratch, "list"), *report = scratch_path(&scratch, "report");
	FILE *file = fopen(list, "w");
	cr_assert(file);
	for (int i = 0; i < LINES; i++)
		fprintf(file, "http://%s/_/page?hang=accept&group=%d\n", site.host, i);
	fprintf(file, "http://healthy.localhost:%u/_/page?links=1\n", site.port);
	cr_assert_eq(fclose(file), 0);
	run_areq_with(&result, (&(struct run_options){.limit = 60}), "--no-header", "--deadline", "2s",
	    "--report", report, list);
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.out, "http://healthy.localhost:") == result.out, "%s", result.out);
	cr_expect(strstr(result.err, "9001 URLs: 1 ok, 9000 interrupted"), "%s", result.err);
	run_release(&result);
	/* Each has its line, those that waited in the store as those that had a try. */
	run_program(&result, NULL, "sort", (const char *const[]){"-u", report, NULL});
	size_t lines = 0;
	for (const char *at = result.out; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect_eq(lines, LINES + 1);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

/* Those of a given up host are claimed and failed without one of them being asked for. */
Test(loop, ends_with_each_url_of_a_long_queue_whose_host_is_given_up)
{
	enum { LINES = 20000 };
	struct run_result result;
	struct scratch scratch;
	scratch_init(&scratch);
	const char *list = scratch_path(&scratch, "list");
	FILE *file = fopen(list, "w");
	cr_assert(file);
	for (int i = 0; i < LINES; i++)
		fprintf(file, "http://127.0.0.1:1/%d\n", i);
	cr_assert_eq(fclose(file), 0);
	run_areq_with(&result, (&(struct run_options){.limit = 60}), "-r", "0", "--host-errors", "3", list);
	run_assert_exit(&result, 1);
	cr_expect(strstr(result.err, "20000 URLs: 0 ok, 20000 failed"), "%s", result.err);
	run_release(&result);
	scratch_release(&scratch);
}

/* A list without an end of one host's URLs, and no room for those that wait but the memory. */
Test(loop, reads_no_more_than_it_has_room_for)
{
	struct site site;
	struct run_result result;
	char text[1000];
	site_start(&site);
	snprintf(text, sizeof text,
	    "TMPDIR=/nonexistent; export TMPDIR; seq 100000000 | "
	    "sed 's,^,http://%s/_/page?hang=accept\\&group=,' | %s -o /dev/null --deadline 4s",
	    site.host, run_areq_name());
	run_program(
	    &result, &(struct run_options){.limit = 60}, "/bin/sh", (const char *const[]){"-c", text, NULL});
	run_expect_exit(&result, 1);
	cr_expect(
	    strstr(result.err, "/nonexistent/: the temporary file for the URLs that wait cannot be made"),
	    "%s", result.err);
	cr_expect_lt(result.max_rss_kib, ENDLESS_LIST_KIB, "%ld KiB", result.max_rss_kib);
	run_release(&result);
	site_stop(&site);
}

/* With --ordered the outcomes of 16,384 pages at most wait for an earlier one. What is earlier must go on
 * then, or it would be waited for for ever. Too much for the sanitizers. */
#ifndef __SANITIZE_ADDRESS__
Test(loop, goes_on_with_what_comes_first_while_very_many_wait_for_it)
{
	enum { SLOW = 40, FAST = 18000 };
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *list = scratch_path(&scratch, "list"), *rows = scratch_path(&scratch, "rows");
	FILE *file = fopen(list, "w");
	cr_assert(file);
	for (int i = 0; i < SLOW; i++)
		fprintf(file, "http://%s/_/page?delay=2000&links=1&group=%d\n", site.host, i);
	for (int i = 0; i < FAST; i++)
		fprintf(file, "http://localhost:%u/_/page?body=x&group=%d\n", site.port, i);
	cr_assert_eq(fclose(file), 0);
	run_areq_with(&result, (&(struct run_options){.limit = 120}), "-q", "--ordered", "--per-host", "4",
	    "-o", rows, list);
	run_expect_exit(&result, 0);
	run_release(&result);
	char *text = scratch_read(&scratch, "rows", NULL);
	size_t lines = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect_eq(lines, 1 + SLOW, "%zu lines", lines);
	free(text);
	scratch_release(&scratch);
	site_stop(&site);
}
#endif
