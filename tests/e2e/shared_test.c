/* --state redis://…: processes that share a crawl, on generated sites, with a real Redis. AREQ_CRAWL_SEED is
 * the first seed, 1 by default. */
#include "base/buf.h"
#include "support/crawl.h"
#include "unit/store/redis_server.h"
#include "unit/store/slow_link.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES_MAX = 8, ARGUMENTS_MAX = 80 };

/* None of these crawls takes so many seconds, unless all processes wait for each other. */
enum { STALLED_S = 50, STALLED_LARGE_S = 600 };

/* A busy machine lets the server and a process be late by as much as a shorter delay. */
static const double DELAY_MEASURED_S = 0.2;

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
	int slow_ms;             /* Redis is so far away */
	double pause; /* the shortest one before each of them, in seconds; the longest is thrice that */
	const char *per_host, *delay, *lease; /* what is given to the options; NULL: nothing */
} plan;

static struct redis_server redis;
static struct slow_link slow_link;
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
	to[count++] = plan.slow_ms ? slow_link.url : redis.url;
	const char *const more[][2] = {
	    {"--per-host", plan.per_host}, {"--delay", plan.delay}, {"--lease", plan.lease}};
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		if (!more[i][1])
			continue;
		to[count++] = more[i][0];
		to[count++] = more[i][1];
	}
	cr_assert(count < ARGUMENTS_MAX);
	to[count] = NULL;
}

static void start_process(size_t which)
{
	struct process *process = &processes[which];
	run_start(&process->child,
	    &(struct run_options){.limit = plan.pause < 1 ? STALLED_S : STALLED_LARGE_S}, run_areq_name(),
	    process->args);
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

/* The crawl has to last longer than this, because a process with the list that starts after its end begins
 * another run. */
static void disturb(struct crawl *crawl)
{
	unsigned kills = plan.kills, restarts = plan.redis_restarts;
	while (kills + restarts > 0) {
		sleep_s(plan.pause * (1 + 2 * random_share()));
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

/* A process that has lost its lease may have written what it could not settle: a few lines at most. */
static void drop_repeated(struct rows *rows, size_t most)
{
	struct rows once;
	rows_init(&once);
	for (size_t i = 0; i < rows->count; i++)
		if (!rows_has(&once, rows->row[i]))
			rows_add(&once, "%s", rows->row[i]);
	cr_expect_leq(rows->count - once.count, most, "%zu lines are repeated", rows->count - once.count);
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
		drop_repeated(&is, is.count / 20);
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

/* No host was asked for more at once than one process may, however many had it one after the other. */
static void expect_per_host(struct crawl *crawl, size_t most)
{
	for (size_t i = 0; i < crawl->stats.count; i++) {
		const char *host = crawl->stats.requests[i].host;
		struct site_counter counter = site_stats_counter(&crawl->stats, SITE_BY_HOST, host);
		cr_assert_leq(counter.max_in_flight, most, "%s: %s: %zu at once", crawl->label, host,
		    counter.max_in_flight);
	}
}

static void share(
    const struct plan *with, struct graph_spec *spec, const struct truth_options *options, bool has_lines)
{
	struct crawl crawl;
	const char *first = getenv("AREQ_CRAWL_SEED");
	plan = *with;
	spec->seed = first && *first ? (unsigned)strtoul(first, NULL, 10) : 1;
	random_state = spec->seed;
	redis_server_start(&redis, plan.redis_restarts ? "appendonly yes\nappendfsync always\n" : NULL);
	if (plan.slow_ms)
		slow_link_start(&slow_link, &redis, plan.slow_ms);
	crawl_start(&crawl, spec);
	crawl.run = run_shared;
	crawl_run(&crawl, options, NULL);
	expect_truth(&crawl, has_lines);
	double delay = plan.delay ? strtod(plan.delay, NULL) : 0;
	if (delay >= DELAY_MEASURED_S)
		expect_delay(&crawl, delay);
	if (plan.per_host)
		expect_per_host(&crawl, strtoul(plan.per_host, NULL, 10));
	crawl_stop(&crawl);
	if (plan.slow_ms)
		slow_link_stop(&slow_link);
	redis_server_end(&redis);
}

Test(shared, crawl_of_two_processes_is_the_graphs_truth)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 200;
	share(&(struct plan){.processes = 2}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true);
}

/* An answer takes 100 ms, and a claim as long as that. */
Test(shared, crawl_with_redis_far_away_is_the_graphs_truth)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 250;
	spec.hosts = 8;
	share(&(struct plan){.processes = 3, .slow_ms = 50}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true);
}

/* Also where a redirect leads to the host of another process, which is asked by that one. */
Test(shared, crawl_with_redirects_is_the_graphs_truth)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 70;
	spec.redirects = 40;
	share(&(struct plan){.processes = 3, .delay = "0.2"}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, false);
}

/* The second process has no list, but knows what belongs to the scope. */
Test(shared, scope_is_that_of_all_lists)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 200;
	share(&(struct plan){.processes = 2}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2}, true);
}

/* Of a host that is asked by one process after the other, too. */
Test(shared, delay_is_that_of_all_processes)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 40;
	share(
	    &(struct plan){
	        .processes = 4, .kills = 3, .pause = 0.2, .per_host = "1", .delay = "0.3", .lease = "1s"},
	    &spec, &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true);
}

Test(shared, crawl_survives_the_death_of_processes)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 250;
	share(&(struct plan){.processes = 8, .kills = 8, .pause = 0.2, .delay = "0.1", .lease = "1s"}, &spec,
	    &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true);
}

Test(shared, crawl_survives_the_death_of_redis)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = 250;
	share(
	    &(struct plan){
	        .processes = 4, .kills = 3, .redis_restarts = 2, .pause = 0.2, .delay = "0.1", .lease = "2s"},
	    &spec, &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true);
}

/* AREQ_SHARED_PAGES is the number of pages, 100 for each host. */
Test(shared, crawl_of_many_hosts_survives_all_deaths)
{
	const char *pages = getenv("AREQ_SHARED_PAGES");
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = pages && *pages ? (unsigned)strtoul(pages, NULL, 10) : 800;
	spec.hosts = spec.pages / 100;
	spec.spread = 1;
	bool is_large = spec.hosts > 20;
	share(&(struct plan){.processes = 8,
	          .kills = is_large ? 12 : 3,
	          .redis_restarts = is_large ? 2 : 1,
	          .pause = is_large ? 1 : 0.3,
	          .per_host = "1",
	          .delay = is_large ? "0.3" : "0.05",
	          .lease = is_large ? "5s" : "2s"},
	    &spec, &(struct truth_options){.depth = TRUTH_ALL, .retries = 2, .scope = TRUTH_ANY}, true);
}
