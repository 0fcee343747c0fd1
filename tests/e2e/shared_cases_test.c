/* --state redis://…: single processes of a crawl that is shared, with a real Redis. */
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"
#include "unit/store/redis_server.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct redis_server redis;

static void sleep_s(double seconds)
{
	nanosleep(
	    &(struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}, NULL);
}

/* What is wrong is said before anything is done. */
Test(shared_cases, is_refused_by_name)
{
	static const struct {
		const char *state, *option, *value, *says;
		int exit_status;
	} cases[] = {
	    {"redis://127.0.0.1:1/x", "--rate", "9", "127.0.0.1:1", 3},
	    {"redis://127.0.0.1:1/", "--rate", "9", "--state: ", 2},
	    {"rediss://127.0.0.1/x", "--rate", "9", "TLS", 2},
	    {"redis://127.0.0.1:1/x", "--check", "--rate=9", "--check", 2},
	    {"redis://127.0.0.1:1/x", "--max-age", "1h", "--max-age", 2},
	    {"redis://127.0.0.1:1/x", "--lease", "1ms", "--lease", 2},
	    {"", "--lease", "1s", "--lease", 2},
	    {"/nonexistent/state", "--lease", "1s", "--lease", 2},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run_result result;
		if (!*cases[i].state)
			run_areq(&result, "-o", "/dev/null", cases[i].option, cases[i].value,
			    "http://127.0.0.1:1/");
		else
			run_areq(&result, "-o", "/dev/null", "--state", cases[i].state, cases[i].option,
			    cases[i].value, "http://127.0.0.1:1/");
		cr_expect_eq(result.exit_status, cases[i].exit_status, "case %zu: %d: %s", i,
		    result.exit_status, result.err);
		cr_expect(strstr(result.err, cases[i].says), "case %zu: %s", i, result.err);
		run_release(&result);
	}
}

/* Processes with other options, a look at the crawl, its end, its next run, and a new beginning. */
Test(shared_cases, crawl_has_one_set_of_options_and_ends)
{
	struct site site;
	struct run_result result;
	redis_server_start(&redis, NULL);
	site_start(&site);
	const char *page = site_page(&site, "links", "3");
	run_areq(&result, "-n", "--state", redis.url);
	run_expect_exit(&result, 0);
	cr_expect_str_eq(result.out, "test: there is no such crawl\n");
	run_release(&result);
	run_areq(&result, "-q", "-o", "/dev/null", "--state", redis.url, page);
	run_expect_exit(&result, 0);
	run_release(&result);
	run_areq(&result, "-n", "--state", redis.url);
	cr_expect(strstr(result.out, "test: run 1: 1 URL done (1 ok, 0 failed, 0 skipped), 0 left, ended\n"),
	    "%s", result.out);
	run_release(&result);
	/* The crawl has ended, and this process brings nothing. */
	run_areq(&result, "-o", "/dev/null", "--state", redis.url, "--lease", "1s", "/dev/null");
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.err, "no process has brought a list"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "-q", "-o", "/dev/null", "--state", redis.url, "--lease", "1s", "--external",
	    "/dev/null");
	cr_expect(result.exit_status == 2 && strstr(result.err, "external"), "%d: %s", result.exit_status,
	    result.err);
	run_release(&result);
	run_areq(&result, "-q", "-o", "/dev/null", "--state", redis.url, page);
	run_expect_exit(&result, 0);
	run_release(&result);
	run_areq(&result, "-n", "--state", redis.url);
	cr_expect(strstr(result.out, "test: run 2: 1 URL done"), "%s", result.out);
	run_release(&result);
	run_areq(&result, "-q", "-o", "/dev/null", "--state", redis.url, "--external", "--restart", page);
	run_expect_exit(&result, 0);
	run_release(&result);
	run_areq(&result, "-n", "--state", redis.url);
	cr_expect(strstr(result.out, "test: run 1: 1 URL done"), "%s", result.out);
	run_release(&result);
	site_stop(&site);
	redis_server_end(&redis);
}

/* What a process that was killed has written and not settled is cut off when it comes again; rows that it had
 * settled stay. If something else is there now, that is left alone. */
Test(shared_cases, output_is_cut_back_when_its_process_comes_again)
{
	struct site site;
	struct scratch scratch;
	struct rows rows;
	struct run_child child;
	struct run_result result;
	char list[3000];
	redis_server_start(&redis, NULL);
	site_start(&site);
	scratch_init(&scratch);
	size_t used = 0;
	for (int i = 0; i < 20; i++) {
		char prefix[16];
		snprintf(prefix, sizeof prefix, "%d-", i);
		used += (size_t)snprintf(list + used, sizeof list - used, "%s\n",
		    site_page(&site, "links", "5", "prefix", prefix));
	}
	const char *names[] = {scratch_write(&scratch, "list", list), scratch_path(&scratch, "rows")};
	const char *const args[] = {"-q", "--no-header", "--state", redis.url, "--lease", "1s", "--delay",
	    "0.1", "-o", names[1], names[0], NULL};
	run_start(&child, NULL, run_areq_name(), args);
	site_wait_requests(&site, 10, 20);
	run_kill(&child, SIGKILL);
	run_finish(&child, &result);
	run_release(&result);
	size_t len;
	char *written = scratch_read(&scratch, "rows", &len), *foreign = malloc(len + 1);
	memset(foreign, '\n', len);
	foreign[len] = '\0';
	scratch_write(&scratch, "rows", foreign);
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.err, "other content"), "%s", result.err);
	run_release(&result);
	scratch_expect(&scratch, "rows", foreign);
	scratch_write(&scratch, "rows", written);
	free(foreign);
	free(written);
	scratch_append(&scratch, "rows", "what was not settled");
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, 0);
	run_release(&result);
	char *text = scratch_read(&scratch, "rows", NULL);
	rows_init(&rows);
	rows_parse(&rows, text, strlen(text));
	cr_expect_eq(rows.count, 20 * 5, "%zu rows", rows.count);
	free(text);
	rows_release(&rows);
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

/* A list of pages on one host, in a file. */
static const char *write_list(struct site *site, struct scratch *scratch, int pages)
{
	char list[8000];
	size_t used = 0;
	for (int i = 0; i < pages; i++) {
		char prefix[16];
		snprintf(prefix, sizeof prefix, "%d-", i);
		used += (size_t)snprintf(
		    list + used, sizeof list - used, "%s\n", site_page(site, "links", "2", "prefix", prefix));
	}
	return scratch_write(scratch, "list", list);
}

static void expect_status(const char *wanted)
{
	struct run_result result;
	run_areq(&result, "-n", "--state", redis.url);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.out, wanted), "%s", result.out);
	run_release(&result);
}

/* A process that has asked for as many URLs as it may leaves the others to other processes. */
Test(shared_cases, max_pages_is_the_limit_of_each_process)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	redis_server_start(&redis, NULL);
	site_start(&site);
	scratch_init(&scratch);
	const char *list = write_list(&site, &scratch, 30);
	run_areq(&result, "-q", "-o", "/dev/null", "--state", redis.url, "--max-pages", "5", list);
	run_expect_exit(&result, 0);
	run_release(&result);
	expect_status("5 URLs done (5 ok, 0 failed, 0 skipped), 25 left");
	run_areq(&result, "-q", "-o", "/dev/null", "--state", redis.url, "/dev/null");
	run_expect_exit(&result, 0);
	run_release(&result);
	expect_status("30 URLs done (30 ok, 0 failed, 0 skipped), 0 left, ended");
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

/* It gives back what it has, so that nobody waits for the end of its lease. */
Test(shared_cases, process_that_is_stopped_leaves_at_once)
{
	static const char *const stops[][2] = {{"--deadline", "2s"}, {"--rate", "1000"}};
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	redis_server_start(&redis, NULL);
	site_start(&site);
	scratch_init(&scratch);
	const char *list = write_list(&site, &scratch, 30);
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		const char *const args[] = {"-q", "-o", "/dev/null", "--restart", "--state", redis.url,
		    "--delay", "0.2", "--lease", "1h", stops[i][0], stops[i][1], list, NULL};
		site_reset_stats(&site);
		run_start(&child, NULL, run_areq_name(), args);
		if (i == 1) {
			site_wait_requests(&site, 5, 20);
			run_kill(&child, SIGINT);
		}
		run_finish(&child, &result);
		cr_expect(result.exit_status == 1 || result.signal == SIGINT, "%d %d: %s", result.exit_status,
		    result.signal, result.err);
		run_release(&result);
		expect_status(", gone\n");
		run_areq(
		    &result, "-q", "-o", "/dev/null", "--state", redis.url, "--lease", "1h", "/dev/null");
		run_expect_exit(&result, 0);
		run_release(&result);
		expect_status(" 0 left, ended");
	}
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

/* A robots.txt is asked for once, whichever processes and runs need it. */
Test(shared_cases, robots_are_kept_for_all_processes)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	struct site_stats stats;
	redis_server_start(&redis, NULL);
	scratch_init(&scratch);
	site_start_with(&site, "--root", scratch.folder);
	scratch_write(&scratch, "robots.txt", "User-agent: *\nDisallow: /secret\n");
	scratch_write(&scratch, "index.html", "<a href=secret.html><a href=open.html>");
	scratch_write(&scratch, "secret.html", "");
	scratch_write(&scratch, "open.html", "");
	for (int run = 0; run < 3; run++) {
		run_areq(&result, "-q", "-o", "/dev/null", "--depth", "all", "--state", redis.url,
		    site_url(&site, "/index.html"));
		run_expect_exit(&result, 0);
		run_release(&result);
	}
	site_stats(&site, &stats);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_PATH, "/robots.txt").requests, 1);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_PATH, "/open.html").requests, 3);
	cr_expect_eq(site_stats_counter(&stats, SITE_BY_PATH, "/secret.html").requests, 0);
	site_stats_release(&stats);
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

/* Starts a process that has the list and one that has none. */
static void start_two(struct run_child *child, struct scratch *scratch, const char *list, const char *delay)
{
	const char *const lists[] = {list, "/dev/null"};
	for (size_t i = 0; i < 2; i++) {
		const char *const args[] = {"-q", "--no-header", "-r", "0", "--fail-on", "never", "--state",
		    redis.url, "--lease", "1s", "--delay", delay, "-o",
		    scratch_path(scratch, i ? "rows1" : "rows0"), "--report",
		    scratch_path(scratch, i ? "report1" : "report0"), lists[i], NULL};
		run_start(&child[i], NULL, run_areq_name(), args);
		sleep_s(0.3);
	}
}

static size_t count_rows(struct scratch *scratch, const char *name)
{
	struct rows rows;
	size_t len;
	char *text = scratch_read(scratch, name, &len);
	rows_init(&rows);
	rows_parse(&rows, text, len);
	size_t count = rows.count;
	rows_release(&rows);
	free(text);
	return count;
}

/* Whoever takes over a host asks it no earlier than the process might have that has died. */
Test(shared_cases, delay_outlives_a_process)
{
	static const double delay_s = 5;
	struct site site;
	struct scratch scratch;
	struct run_child child[2];
	struct run_result result;
	struct site_stats stats;
	redis_server_start(&redis, NULL);
	site_start(&site);
	scratch_init(&scratch);
	start_two(child, &scratch, write_list(&site, &scratch, 2), "5s");
	site_wait_requests(&site, 1, 20);
	sleep_s(0.7);
	run_kill(&child[0], SIGKILL);
	for (size_t i = 0; i < 2; i++) {
		run_finish(&child[i], &result);
		run_release(&result);
	}
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, 2);
	cr_expect_geq(stats.requests[1].start - stats.requests[0].start, 0.8 * delay_s);
	site_stats_release(&stats);
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

/* A process that was stopped for longer than its lease comes back when another one has its URLs, and drops
 * what it has. The pages are held until they are asked for twice. */
Test(shared_cases, process_that_comes_back_too_late_writes_nothing)
{
	enum { PAGES = 4 };
	struct site site;
	struct scratch scratch;
	struct run_child child[2];
	struct run_result result;
	char list[2000];
	size_t used = 0;
	redis_server_start(&redis, NULL);
	site_start(&site);
	scratch_init(&scratch);
	for (int i = 0; i < PAGES; i++) {
		char group[10], hold[20];
		snprintf(group, sizeof group, "g%d", i);
		snprintf(hold, sizeof hold, "0,2,%s", group);
		used += (size_t)snprintf(list + used, sizeof list - used, "%s\n",
		    site_page(&site, "links", "3", "prefix", group, "hold", hold, "group", group, "status",
		        i == 0 ? "404" : "200"));
	}
	start_two(child, &scratch, scratch_write(&scratch, "list", list), "0");
	site_wait_requests(&site, PAGES, 20);
	run_kill(&child[0], SIGSTOP);
	site_wait_requests(&site, 2 * PAGES, 20);
	sleep_s(0.5);
	run_kill(&child[0], SIGCONT);
	for (size_t i = 0; i < 2; i++) {
		run_finish(&child[i], &result);
		run_expect_exit(&result, 0);
		run_release(&result);
	}
	cr_expect_eq(count_rows(&scratch, "rows0") + count_rows(&scratch, "report0"), 0);
	cr_expect_eq(count_rows(&scratch, "rows1"), 3 * (PAGES - 1));
	cr_expect_eq(count_rows(&scratch, "report1"), PAGES);
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

/* What is written could not be settled while Redis is away, and another process could have the URLs then:
 * rows, and lines of the report, also of what fails. The pages are held until one more is asked for, which
 * the test does itself. */
Test(shared_cases, process_writes_nothing_while_redis_is_away)
{
	enum { PAGES = 4, LINKS = 5 };
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	char list[2000];
	size_t used = 0;
	redis_server_start(&redis, "appendonly yes\nappendfsync always\n");
	site_start(&site);
	scratch_init(&scratch);
	for (int i = 0; i < PAGES; i++) {
		char prefix[10];
		snprintf(prefix, sizeof prefix, "g%d", i);
		used += (size_t)snprintf(list + used, sizeof list - used, "%s\n",
		    site_page(&site, "links", "5", "prefix", prefix, "hold", "0,5,g", "group", "g", "status",
		        i == 0 ? "404" : "200"));
	}
	run_start_areq(&child, NULL, "--no-header", "--fail-on", "never", "-o",
	    scratch_path(&scratch, "rows"), "--report", scratch_path(&scratch, "report"), "--state",
	    redis.url, scratch_write(&scratch, "list", list));
	site_wait_requests(&site, PAGES, 20);
	redis_server_kill(&redis);
	run_wait_error(&child, "areq goes on when Redis is back", 20);
	const char *const last[] = {"-sS", "-o", "/dev/null", site_page(&site, "group", "g"), NULL};
	run_program(&result, NULL, "curl", last);
	run_expect_exit(&result, 0);
	run_release(&result);
	sleep_s(1);
	cr_expect_eq(count_rows(&scratch, "rows"), 0);
	cr_expect_eq(count_rows(&scratch, "report"), 0);
	redis_server_restart(&redis, false);
	run_finish(&child, &result);
	run_expect_exit(&result, 0);
	run_release(&result);
	cr_expect_eq(count_rows(&scratch, "rows"), (PAGES - 1) * LINKS);
	cr_expect_eq(count_rows(&scratch, "report"), PAGES);
	expect_status("4 URLs done (3 ok, 1 failed, 0 skipped), 0 left, ended");
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

/* A redirect leads to the host of another process, which alone may ask it. That process is busy with its
 * first page until the redirect is asked for, so that it does not take the other host, too. */
Test(shared_cases, redirect_goes_to_the_process_that_has_the_host)
{
	struct site site;
	struct scratch scratch;
	struct run_child owner;
	struct run_result result;
	struct site_stats stats;
	char host[64], list[2000], target[200], listed[400];
	size_t used = 0;
	redis_server_start(&redis, NULL);
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
	scratch_init(&scratch);
	snprintf(host, sizeof host, "http://127.0.0.2:%u", site.port);
	for (int i = 0; i < 6; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s/_/page?size=%d%s\n", host, i,
		    i == 0 ? "&hold=0,2,asked&group=asked" : "");
	const char *const args[] = {"-q", "-j", "1", "-o", "/dev/null", "-A", "owner", "--delay", "0.3",
	    "--state", redis.url, scratch_write(&scratch, "list", list), NULL};
	run_start(&owner, NULL, run_areq_name(), args);
	site_wait_requests(&site, 1, 20);
	snprintf(target, sizeof target, "%s/_/page?links=1&prefix=redirected", host);
	snprintf(listed, sizeof listed, "%s",
	    site_page(&site, "status", "301", "location", target, "group", "asked"));
	run_areq(&result, "-q", "-o", scratch_path(&scratch, "rows"), "-A", "other", "--delay", "0.3",
	    "--state", redis.url, listed);
	run_expect_exit(&result, 0);
	run_release(&result);
	run_finish(&owner, &result);
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, 8);
	size_t asked = 0;
	for (size_t i = 0; i < stats.count; i++) {
		const struct site_request *request = &stats.requests[i];
		const char *agent = site_request_header(request, "User-Agent");
		bool is_first_host = strncmp(request->host, "127.0.0.1", strlen("127.0.0.1")) == 0;
		asked += !is_first_host && strstr(request->target, "redirected");
		cr_expect_str_eq(
		    agent, is_first_host ? "other" : "owner", "%s%s", request->host, request->target);
	}
	cr_expect_eq(asked, 1);
	site_stats_release(&stats);
	expect_status("7 URLs done (7 ok, 0 failed, 0 skipped), 0 left, ended");
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

/* The crawl is gone while all are connected: nobody takes that for its end. */
Test(shared_cases, crawl_that_redis_has_lost_is_no_end)
{
	enum { PAGES = 40 };
	struct site site;
	struct scratch scratch;
	struct run_child child[2];
	struct run_result result;
	char list[PAGES * 100];
	size_t used = 0;
	redis_server_start(&redis, NULL);
	site_start(&site);
	scratch_init(&scratch);
	for (int i = 0; i < PAGES; i++)
		used += (size_t)snprintf(
		    list + used, sizeof list - used, "http://127.0.0.1:%u/_/page?size=%d\n", site.port, i);
	start_two(child, &scratch, scratch_write(&scratch, "list", list), "0.2");
	site_wait_requests(&site, 4, 20);
	redis_server_run(&redis, "FLUSHALL");
	for (size_t i = 0; i < 2; i++) {
		run_finish(&child[i], &result);
		run_expect_exit(&result, 3);
		cr_expect(strstr(result.err, "Redis has lost the data of this crawl"), "%s", result.err);
		run_release(&result);
	}
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}
