/* --state redis://…: a host that changes its process keeps its delay. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"
#include "unit/store/redis_server.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <time.h>

/* The first process is stopped when it has asked for the robots.txt, and the second one asks for the page. */
static void expect_delay_after_robots(const char *robots, const char *delay)
{
	static const double delay_s = 3;
	struct redis_server redis;
	struct site site;
	struct scratch scratch;
	struct run_child child[2];
	struct run_result result;
	struct site_stats stats;
	redis_server_start(&redis, NULL);
	scratch_init(&scratch);
	scratch_write(&scratch, "robots.txt", robots);
	scratch_write(&scratch, "index.html", "");
	site_start_with(&site, "--root", scratch.folder);
	for (size_t i = 0; i < 2; i++) {
		const char *const args[] = {"-q", "--robots", "always", "--delay", delay, "--lease", "1s",
		    "-o", "/dev/null", "--state", redis.url,
		    i == 0 ? site_url(&site, "/index.html") : "/dev/null", NULL};
		run_start(&child[i], NULL, run_areq_name(), args);
		site_wait_requests(&site, 1, 20);
	}
	nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	run_kill(&child[0], SIGTERM);
	for (size_t i = 0; i < 2; i++) {
		run_finish(&child[i], &result);
		run_release(&result);
	}
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, 2);
	double between = stats.requests[1].start - stats.requests[0].start;
	cr_expect_geq(between, 0.9 * delay_s, "%g s", between);
	site_stats_release(&stats);
	scratch_release(&scratch);
	site_stop(&site);
	redis_server_end(&redis);
}

Test(shared_delay, after_a_robots_txt_outlives_a_process)
{
	expect_delay_after_robots("", "3s");
}

Test(shared_delay, that_a_robots_txt_asks_for_outlives_a_process)
{
	expect_delay_after_robots("User-agent: *\nCrawl-delay: 3\n", "0");
}
