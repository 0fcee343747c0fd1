/* --state redis://…: processes that share a crawl, on generated sites, with a real Redis. AREQ_CRAWL_SEED is
 * the first seed, 1 by default. */
#include "base/buf.h"
#include "support/crawl.h"
#include "unit/store/redis_server.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES_MAX = 8, ARGUMENTS_MAX = 80 };

struct process {
	struct run_child child;
	const char *args[ARGUMENTS_MAX];
	bool is_running;
};

/* What happens to the processes of a crawl while they run. */
static struct plan {
	size_t processes;
	unsigned kills;          /* one after the other, each is started again */
	unsigned redis_restarts; /* with its data */
	const char *more[8];     /* options, which end with NULL */
} plan;

static struct redis_server redis;
static struct process processes[PROCESSES_MAX];
static unsigned random_state;

static double random_share(void)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8 & 0xffff) / 65536.0;
}

static void sleep_s(double seconds)
{
	nanosleep(
	    &(struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}, NULL);
}

/* The name of a file of one process. */
static const char *file_of(struct crawl *crawl, const char *name, size_t which)
{
	char text[40];
	snprintf(text, sizeof text, "%s.%zu", name, which);
	return scratch_path(&crawl->scratch, text);
}

/* Each has outputs of its own, and only the first one has the list. */
static void make_arguments(struct crawl *crawl, const char *const *args, size_t which)
{
	const char **to = processes[which].args;
	size_t count = 0, all = 0;
	while (args[all])
		all++;
	for (size_t i = 0; i < all; i++) {
		bool is_rows = i > 0 && strcmp(args[i - 1], "-o") == 0;
		bool is_report = i > 0 && strcmp(args[i - 1], "--report") == 0;
		to[count++] = is_rows                      ? file_of(crawl, "rows", which)
		              : is_report                  ? file_of(crawl, "report", which)
		              : i == all - 1 && which != 0 ? "/dev/null"
		                                           : args[i];
	}
	to[count++] = "--state";
	to[count++] = redis.url;
	for (const char *const *more = plan.more; *more; more++)
		to[count++] = *more;
	cr_assert(count < ARGUMENTS_MAX);
	to[count] = NULL;
}

static void start_process(size_t which)
{
	struct process *process = &processes[which];
	run_start(&process->child, &(struct run_options){.limit = 120}, run_areq_name(), process->args);
	process->is_running = true;
}

static void finish_process(struct crawl *crawl, size_t which, int signal)
{
	struct run_result result;
	run_finish(&processes[which].child, &result);
	processes[which].is_running = false;
	cr_expect(result.exit_status == 0 || (signal && result.signal == signal),
	    "%s: process %zu: exit status %d, signal %d: %s", crawl->label, which, result.exit_status,
	    result.signal, result.err);
	run_release(&result);
}

static void join_files(struct crawl *crawl, const char *name)
{
	scratch_write(&crawl->scratch, name, "");
	for (size_t i = 0; i < plan.processes; i++) {
		char part[40];
		snprintf(part, sizeof part, "%s.%zu", name, i);
		char *text =
		    scratch_exists(&crawl->scratch, part) ? scratch_read(&crawl->scratch, part, NULL) : NULL;
		if (text)
			scratch_append(&crawl->scratch, name, text);
		free(text);
	}
}

static void disturb(struct crawl *crawl)
{
	unsigned kills = plan.kills, restarts = plan.redis_restarts;
	while (kills + restarts > 0) {
		sleep_s(0.2 + 0.4 * random_share());
		if (restarts > 0 && (kills == 0 || random_share() < 0.3)) {
			restarts--;
			redis_server_kill(&redis);
			sleep_s(0.5);
			redis_server_restart(&redis, false);
			continue;
		}
		kills--;
		size_t which = (size_t)(random_share() * (double)plan.processes);
		run_kill(&processes[which].child, SIGKILL);
		finish_process(crawl, which, SIGKILL);
		start_process(which);
	}
}

static void run_shared(struct crawl *crawl, const char *const *args, struct run_result *result)
{
	for (size_t i = 0; i < plan.processes; i++) {
		make_arguments(crawl, args, i);
		unlink(file_of(crawl, "rows", i));
		unlink(file_of(crawl, "report", i));
		start_process(i);
	}
	disturb(crawl);
	for (size_t i = 0; i < plan.processes; i++)
		finish_process(crawl, i, 0);
	join_files(crawl, "rows");
	join_files(crawl, "report");
	*result = (struct run_result){.exit_status = 0};
}

/* A process that has lost its lease while Redis was away may have written what it could not settle. */
static void drop_repeated(struct rows *rows)
{
	struct rows once;
	rows_init(&once);
	for (size_t i = 0; i < rows->count; i++)
		if (!rows_has(&once, rows->row[i]))
			rows_add(&once, "%s", rows->row[i]);
	rows_release(rows);
	*rows = once;
}

static void expect_truth(struct crawl *crawl, bool has_lines)
{
	struct rows is;
	crawl_links(crawl, &is);
	char *difference = rows_set_difference(&is, &crawl->truth.links);
	cr_expect(!difference, "%s: rows: %s", crawl->label, difference ? difference : "");
	free(difference);
	rows_release(&is);
	if (!has_lines)
		return;
	crawl_lines(crawl, &is);
	if (plan.redis_restarts > 0)
		drop_repeated(&is);
	difference = rows_set_difference(&is, &crawl->truth.lines);
	cr_expect(!difference, "%s: report: %s", crawl->label, difference ? difference : "");
	free(difference);
	rows_release(&is);
}

/* Two requests to a host arrive at least half of so many seconds apart (a busy machine may be late),
 * whichever processes sent them; but for the target of a robots.txt that is redirected, which is asked for on
 * any host. */
static void expect_delay(struct crawl *crawl, double seconds)
{
	const struct site_stats *stats = &crawl->stats;
	for (size_t i = 0; i < stats->count; i++) {
		if (strstr(stats->requests[i].target, "/robots/"))
			continue;
		for (size_t j = i; j-- > 0;) {
			if (strcmp(stats->requests[i].host, stats->requests[j].host) != 0 ||
			    strstr(stats->requests[j].target, "/robots/"))
				continue;
			double between = stats->requests[i].start - stats->requests[j].start;
			cr_expect_geq(between, 0.5 * seconds, "%s: %g s between %s and %s", crawl->label,
			    between, stats->requests[j].target, stats->requests[i].target);
			break;
		}
	}
}

static void share(const struct plan *with, struct graph_spec *spec, const struct truth_options *options,
    bool has_lines, double delay)
{
	struct crawl crawl;
	const char *first = getenv("AREQ_CRAWL_SEED");
	plan = *with;
	spec->seed = first && *first ? (unsigned)strtoul(first, NULL, 10) : 1;
	random_state = spec->seed;
	redis_server_start(&redis, plan.redis_restarts ? "appendonly yes\nappendfsync always\n" : NULL);
	crawl_start(&crawl, spec);
	crawl.run = run_shared;
	crawl_run(&crawl, options, NULL);
	expect_truth(&crawl, has_lines);
	if (delay > 0)
		expect_delay(&crawl, delay);
	crawl_stop(&crawl);
	redis_server_end(&redis);
}

Test(shared, crawl_of_two_processes_is_the_graphs_truth)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 200;
	share(&(struct plan){.processes = 2}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true, 0);
}

Test(shared, crawl_with_redirects_is_the_graphs_truth)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 200;
	spec.redirects = 40;
	share(&(struct plan){.processes = 3}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, false, 0);
}

/* The second process has no list, but knows what belongs to the scope. */
Test(shared, scope_is_that_of_all_lists)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 200;
	share(&(struct plan){.processes = 2}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2}, true, 0);
}

/* Of a host that is asked by one process after the other, too. */
Test(shared, delay_is_that_of_all_processes)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 40;
	share(&(struct plan){.processes = 4, .kills = 3, .more = {"--delay", "0.3", "--lease", "1s"}}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true, 0.3);
}

Test(shared, crawl_survives_the_death_of_processes)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 250;
	share(&(struct plan){.processes = 8, .kills = 8, .more = {"--delay", "0.02", "--lease", "1s"}}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true, 0);
}

Test(shared, crawl_survives_the_death_of_redis)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 250;
	share(&(struct plan){.processes = 4,
	          .kills = 3,
	          .redis_restarts = 2,
	          .more = {"--delay", "0.02", "--lease", "2s"}},
	    &spec, &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true, 0);
}

/* What is wrong is said before anything is done. */
Test(shared, is_refused_by_name)
{
	static const struct {
		const char *state, *option, *value, *says;
		int exit_status;
	} cases[] = {
	    {"redis://127.0.0.1:1/x", "--rate", "9", "127.0.0.1:1", 3},
	    {"redis://127.0.0.1:1/", "--rate", "9", "--state: ", 2},
	    {"rediss://127.0.0.1/x", "--rate", "9", "TLS", 2},
	    {"redis://127.0.0.1:1/x", "--check", "--rate=9", "--check", 2},
	    {"redis://127.0.0.1:1/x", "--changes", "--rate=9", "--changes", 2},
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
Test(shared, crawl_has_one_set_of_options_and_ends)
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
	run_areq(&result, "-q", "-o", "/dev/null", "--state", redis.url, "/dev/null");
	run_expect_exit(&result, 0);
	run_release(&result);
	run_areq(&result, "-q", "-o", "/dev/null", "--state", redis.url, "--external", "/dev/null");
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
 * settled stay. */
Test(shared, output_is_cut_back_when_its_process_comes_again)
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
		char prefix[10];
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
		char prefix[10];
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
Test(shared, max_pages_is_the_limit_of_each_process)
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
Test(shared, process_that_is_stopped_leaves_at_once)
{
	static const char *const stops[][2] = {{"--deadline", "0.5s"}, {"--rate", "1000"}};
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
		    "--delay", "0.05", "--lease", "1h", stops[i][0], stops[i][1], list, NULL};
		site_reset_stats(&site);
		run_start(&child, NULL, run_areq_name(), args);
		site_wait_requests(&site, 5, 20);
		if (i == 1)
			run_kill(&child, SIGINT);
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
Test(shared, robots_are_kept_for_all_processes)
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
