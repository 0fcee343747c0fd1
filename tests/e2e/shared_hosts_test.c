/* --state redis://…: which process has which host. */
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
#include <unistd.h>

enum { HELD = 2, PAGES = 3 };
static const char *const hosts[] = {"127.0.0.1", "127.0.0.2"};

/* Lists pages of one of the hosts; those of the first one are held until all pages were asked for. */
static void list_pages(struct run_child *child, const struct site *site, int host, int pages)
{
	char line[200];
	for (int i = 0; i < pages; i++) {
		snprintf(line, sizeof line, "http://%s:%u/_/page?size=%d&group=g%s\n", hosts[host],
		    site->port, i, host == 0 ? "&hold=0,5,g" : "");
		run_feed(child, line);
	}
}

/* All transfers of the first process are held when it gets another host. Then a second process comes. */
static void expect_handover(const char *option, size_t requests_before)
{
	struct redis_server redis;
	struct site site;
	struct run_child first;
	struct run_result result;
	struct site_stats stats;
	size_t asked = 0;
	redis_server_start(&redis, NULL);
	site_start_with(&site, "--bind", hosts[0], "--bind", hosts[1]);
	const char *const args[] = {
	    "-q", "-j", "2", "-A", "first", option, "-o", "/dev/null", "--state", redis.url, NULL};
	run_start(&first, &(struct run_options){.input_pipe = true}, run_areq_name(), args);
	list_pages(&first, &site, 0, HELD);
	site_wait_requests(&site, requests_before, 20);
	list_pages(&first, &site, 1, PAGES);
	run_close_input(&first);
	/* It has the second host by then, else this would prove less. */
	nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
	run_areq(&result, "-q", "-A", "second", option, "-o", "/dev/null", "--state", redis.url, "/dev/null");
	run_expect_exit(&result, 0);
	run_release(&result);
	run_finish(&first, &result);
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stats(&site, &stats);
	for (size_t i = 0; i < stats.count; i++) {
		const struct site_request *request = &stats.requests[i];
		const char *agent = site_request_header(request, "User-Agent");
		bool is_first_host = strncmp(request->host, hosts[0], strlen(hosts[0])) == 0;
		bool is_page = strstr(request->target, "/_/page") != NULL;
		cr_expect_str_eq(agent, is_first_host ? "first" : "second", "%s: %s%s", option, request->host,
		    request->target);
		asked += is_page;
	}
	cr_expect_eq(asked, HELD + PAGES, "%s: %zu pages", option, asked);
	site_stats_release(&stats);
	site_stop(&site);
	redis_server_end(&redis);
}

Test(shared_hosts, what_is_too_much_for_one_process_goes_to_an_idle_one)
{
	expect_handover("--robots=never", HELD);
}

/* The pages then wait for the robots.txt of their host, which was not asked for. */
Test(shared_hosts, go_to_an_idle_process_before_their_robots_are_known)
{
	expect_handover("--robots=always", 1 + HELD);
}

/* Hosts that wait for their delay take no place from others: each is asked once before any is asked again. */
Test(shared_hosts, that_wait_for_a_delay_hold_up_no_others)
{
	enum { HOSTS = 4 };
	struct redis_server redis;
	struct site site;
	struct scratch scratch;
	struct run_result result;
	struct site_stats stats;
	char list[4000];
	size_t used = 0;
	redis_server_start(&redis, NULL);
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2", "--bind", "127.0.0.3", "--bind",
	    "127.0.0.4");
	scratch_init(&scratch);
	for (int i = 0; i < HOSTS * PAGES; i++)
		used += (size_t)snprintf(list + used, sizeof list - used,
		    "http://127.0.0.%d:%u/_/page?size=%d\n", 1 + i / PAGES, site.port, i);
	run_areq(&result, "-q", "-j", "1", "--delay", "1s", "-o", "/dev/null", "--state", redis.url,
	    scratch_write(&scratch, "list", list));
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, HOSTS * PAGES);
	for (size_t i = 0; i < HOSTS; i++)
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(
			    stats.requests[i].host, stats.requests[j].host, "%zu and %zu", j, i);
	site_stats_release(&stats);
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

/* A process without a list that comes first waits for one, before the first run of the crawl and the next. */
Test(shared_hosts, are_waited_for_by_a_process_without_a_list)
{
	struct redis_server redis;
	struct site site;
	redis_server_start(&redis, NULL);
	site_start(&site);
	struct run_result result;
	run_areq(&result, "-o", "/dev/null", "--state", redis.url, "--deadline", "1s", "/dev/null");
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "still waited for at the deadline"), "%s", result.err);
	run_release(&result);
	for (int i = 0; i < 2; i++) {
		struct run_child waiting;
		run_start_areq(&waiting, NULL, "-o", "/dev/null", "--state", redis.url, "/dev/null");
		run_wait_error(&waiting, "waiting for a process that brings a list", 10);
		run_areq(&result, "-q", "-o", "/dev/null", "--state", redis.url,
		    site_page(&site, "delay", "1500"));
		run_expect_exit(&result, 0);
		run_release(&result);
		run_finish(&waiting, &result);
		run_expect_exit(&result, 0);
		run_release(&result);
		run_areq(&result, "-n", "--state", redis.url);
		const char *first = strstr(result.out, ", gone\n");
		cr_expect(first && strstr(first + 1, ", gone\n"), "one process: %s", result.out);
		run_release(&result);
	}
	site_stop(&site);
	redis_server_end(&redis);
}

/* Processor time of a process that runs, in seconds. */
static double cpu_seconds(pid_t pid)
{
	char path[64], line[1000] = "";
	unsigned long user = 0, system = 0;
	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	FILE *file = fopen(path, "r");
	cr_assert(file && fgets(line, sizeof line, file), "%s", path);
	fclose(file);
	const char *behind_name = strrchr(line, ')');
	cr_assert(behind_name && sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
	                             &user, &system) == 2);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

Test(shared_hosts, are_waited_for_asleep_while_nobody_reads_the_rows)
{
	enum { HOSTS = 50, PAGES_EACH = 20, LINKS = 3000, LINE = 80, SECONDS = 2 };
	struct redis_server redis;
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	char *list = malloc(HOSTS * PAGES_EACH * LINE), resolve[64];
	size_t used = 0;
	redis_server_start(&redis, NULL);
	site_start(&site);
	scratch_init(&scratch);
	snprintf(resolve, sizeof resolve, "*:%u:127.0.0.1", site.port);
	for (int page = 0; page < PAGES_EACH; page++)
		for (int host = 0; host < HOSTS; host++)
			used += (size_t)snprintf(list + used, LINE,
			    "http://h%d.test:%u/_/page?links=%d&prefix=%d-\n", host, site.port, LINKS, page);
	run_start_areq(&child, NULL, "-q", "--resolve", resolve, "--state", redis.url,
	    scratch_write(&scratch, "list", list));
	nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
	double before = cpu_seconds(child.pid);
	nanosleep(&(struct timespec){.tv_sec = SECONDS}, NULL);
	double used_seconds = cpu_seconds(child.pid) - before;
	cr_expect_lt(used_seconds, SECONDS / 4.0, "%.2f s in %d s", used_seconds, SECONDS);
	run_kill(&child, SIGTERM);
	run_finish(&child, &result);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
	free(list);
}
