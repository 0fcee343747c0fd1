/* The limit of the rate of a run, by the times at which the server got the requests. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"
#include "support/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* A request may take so much longer to the server than another one. */
static const double JITTER = 0.1;

/* Fails the test if a second has more than per_second requests. */
static void check_rate(const struct site_stats *stats, size_t per_second)
{
	for (size_t i = per_second; i < stats->count; i++) {
		double time = stats->requests[i].start - stats->requests[i - per_second].start;
		cr_expect_geq(time, 1 - JITTER, "%zu requests in %.3f s", per_second + 1, time);
	}
}

/* Runs areq with a list at that rate, with an option that may be NULL, and asks the server. */
static void run_list(struct site *site, const char *list, const char *rate, const char *option,
    struct run_result *result, struct site_stats *stats)
{
	site_reset_stats(site);
	run_areq_with(result, (&(struct run_options){.input = list, .limit = 60}), "--no-header", "--rate",
	    rate, option);
	site_stats(site, stats);
}

Test(rate, holds_over_all_hosts)
{
	enum { URLS = 36, RATE = 12 };
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char list[URLS * 64] = "", *end = list;
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2", "--bind", "127.0.0.3");
	for (int i = 0; i < URLS; i++)
		end += sprintf(end, "http://127.0.0.%d:%u/_/page?group=%d\n", 1 + i % 3, site.port, i);
	run_list(&site, list, "12/s", NULL, &result, &stats);
	run_assert_exit(&result, 0);
	cr_expect_eq(stats.count, URLS);
	check_rate(&stats, RATE);
	/* They are even: none comes together with the next one. */
	for (size_t i = 1; i < stats.count; i++) {
		double gap = stats.requests[i].start - stats.requests[i - 1].start;
		cr_expect_geq(gap, 0.01, "%.3f s between two starts", gap);
	}
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

Test(rate, counts_retries_and_redirects)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char list[2048] = "";
	site_start(&site);
	for (int i = 0; i < 4; i++) {
		char group[16];
		snprintf(group, sizeof group, "%d", i);
		strcat(strcat(list, site_page(&site, "fail", "1", "group", group)), "\n");
		sprintf(list + strlen(list), "http://%s/_/chain?n=2&to=%%2F_%%2Fpage%%3Fgroup%%3D%d\n",
		    site.host, i);
	}
	run_list(&site, list, "6", NULL, &result, &stats);
	run_assert_exit(&result, 0);
	cr_expect_geq(stats.count, 4 * 2 + 2, "%zu requests", stats.count);
	check_rate(&stats, 6);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

/* libcurl repeats a request by itself if its connection, which was used before, ends without an answer. */
Test(rate, counts_requests_that_are_repeated_at_once)
{
	enum { URLS = 6 };
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char list[URLS * 80] = "", *end = list;
	site_start(&site);
	for (int i = 0; i < URLS; i++)
		end += sprintf(end, "http://%s/_/page?stale=1&group=%d\n", site.host, i);
	run_list(&site, list, "4", "-j1", &result, &stats);
	run_assert_exit(&result, 0);
	cr_expect_geq(stats.count, URLS + 3, "%zu requests", stats.count);
	/* What cannot wait may be more than the rate for a moment, but not in the long run. */
	double time = stats.requests[stats.count - 1].start - stats.requests[0].start;
	double least = ((double)stats.count - 3) / 4;
	cr_expect_geq(time, least - JITTER, "%zu requests in %.3f s", stats.count, time);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

Test(rate, of_thousands_holds)
{
	enum { URLS = 3000, RATE = 1000 };
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char *list = malloc(URLS * 64), *end = list;
	site_start(&site);
	for (int i = 0; i < URLS; i++)
		end += sprintf(end, "http://%s/_/page?group=%d\n", site.host, i);
	run_list(&site, list, "1000", NULL, &result, &stats);
	run_assert_exit(&result, 0);
	cr_expect_eq(stats.count, URLS);
	check_rate(&stats, RATE);
	site_stats_release(&stats);
	run_release(&result);
	/* A limit that nothing reaches. */
	run_list(&site, list, "1000000000", NULL, &result, &stats);
	run_assert_exit(&result, 0);
	cr_expect_eq(stats.count, URLS);
	site_stats_release(&stats);
	run_release(&result);
	free(list);
	site_stop(&site);
}

static double child_cpu_seconds(void)
{
	struct rusage usage;
	cr_assert_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* The waiting ends with the deadline, burns no processor, and is nobody's time-out. */
Test(rate, waits_asleep_and_ends_at_the_deadline)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char list[1024];
	site_start(&site);
	snprintf(list, sizeof list, "%s\n%s\n%s\n", site_page(&site, "group", "a"),
	    site_page(&site, "group", "b"), site_page(&site, "group", "c"));
	double before = child_cpu_seconds();
	run_list(&site, list, "1/m", "--deadline=2s", &result, &stats);
	run_assert_exit(&result, 1);
	double cpu = child_cpu_seconds() - before;
	cr_expect_lt(cpu, 0.6, "%.2f s of processor time in two seconds of waiting", cpu);
	cr_expect_eq(stats.count, 1);
	cr_expect(strstr(result.err, "3 URLs: 1 ok, 2 interrupted"), "%s", result.err);
	cr_expect_lt(result.seconds, 30, "it waited for the rate");
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

Test(rate, ends_with_a_signal)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	run_areq_with(&result,
	    (&(struct run_options){.signal = {.number = SIGTERM, .on_output = "/_/link1\n"}, .limit = 30}),
	    "--rate", "1/m", site_page(&site, "links", "1"), site_page(&site, "links", "2"));
	cr_expect_eq(result.signal, SIGTERM);
	cr_expect(strstr(result.err, "stopped by SIGTERM; 2 URLs: 1 ok, 1 interrupted"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

/* Each URL waits for longer than an attempt may take, and than a host may waste. */
Test(rate, is_charged_to_no_time_out)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *to = site_page(&site, "links", "1");
	run_areq(&result, "--rate", "2", "-t", "300ms", "--host-patience", "300ms", "--connect-timeout",
	    "200ms", site_page(&site, "status", "302", "location", to), site_page(&site, "links", "2"),
	    site_page(&site, "status", "404"));
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "3 URLs: 2 ok, 1 failed; 3 links in "), "%s", result.err);
	cr_expect(strstr(result.err, "got 404"), "%s", result.err);
	cr_expect(strstr(result.err, " s for --rate)\n"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(rate, of_the_configuration_yields_to_that_of_the_command_line)
{
	struct site site;
	struct run_result result;
	struct scratch scratch;
	site_start(&site);
	scratch_init(&scratch);
	const char *config = scratch_write(&scratch, "config", "rate = 0.5/s\n");
	const char *first = site_page(&site, "links", "1"), *second = site_page(&site, "links", "2");
	run_areq(&result, "--config", config, first, second);
	run_expect_exit(&result, 0);
	cr_expect_geq(result.seconds, 2 - JITTER);
	run_release(&result);
	run_areq(&result, "--config", config, "-n", "--rate", "1000000", first, second);
	cr_expect(strstr(result.err, ", 1000000 requests a second in all\n"), "%s", result.err);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

/* Between two starts nothing is in flight, and yet the run goes on: no host is waited for. */
Test(rate, is_part_of_the_speed_that_the_progress_shows)
{
	struct site site;
	struct scratch scratch;
	struct terminal terminal;
	const char *args[16] = {"--rate=5"};
	char group[16];
	site_start(&site);
	scratch_init(&scratch);
	args[1] = "-o";
	args[2] = scratch_path(&scratch, "found");
	for (int i = 0; i < 10; i++) {
		snprintf(group, sizeof group, "%d", i);
		args[3 + i] = site_page(&site, "links", "1", "group", group);
	}
	terminal_start(&terminal, &(struct terminal_options){.columns = 100}, args);
	terminal_wait(&terminal, " to go", 3);
	terminal_finish(&terminal);
	cr_expect_eq(terminal_count(&terminal, "waiting for"), 0);
	cr_expect(strstr(terminal_row(&terminal, 0), " s for --rate)"), "%s", terminal_row(&terminal, 0));
	terminal_release(&terminal);
	scratch_release(&scratch);
	site_stop(&site);
}
