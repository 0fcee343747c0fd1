/* --check of generated sites: the rows are the site's truth, and each URL is asked for as few times as the
 * manual says, as the server saw it. AREQ_CHECK_SEED is the first seed, 1 by default. A message begins with
 * the options and the seed of the run. */
#include "support/check_run.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static unsigned first_seed(void)
{
	const char *text = getenv("AREQ_CHECK_SEED");
	return text && *text ? (unsigned)strtoul(text, NULL, 10) : 1;
}

static void expect_truth(struct check_run *run, const struct check_options *options, const char *jobs)
{
	struct check_options with_retries = *options;
	/* As many as the answers need that fail at first. */
	with_retries.retries = 2;
	check_run_expect(run, &with_retries, jobs);
}

/* Each of these rows on a site of its own, with the list alone and with a crawl, of servers that take HEADs
 * and that do not, one transfer alone and many at once. Any two of these choices meet in a run; whether all
 * three do, depends on the seed. */
static void expect_list_and_crawl(unsigned show, bool fragments, bool all_attrs)
{
	struct check_run run;
	check_run_start(&run);
	for (unsigned i = 0; i < 4; i++) {
		bool crawls = i & 1, takes_heads = i & 2;
		unsigned seed = first_seed() + 16 * crawls + 4 * show + 2 * fragments + all_attrs;
		bool is_alone = (seed + crawls + takes_heads) % 2 == 0;
		check_run_serve(&run, &(struct check_spec){.seed = seed, .takes_heads = takes_heads});
		expect_truth(&run,
		    &(struct check_options){
		        .show = show, .crawls = crawls, .fragments = fragments, .all_attrs = all_attrs},
		    is_alone ? "1" : "200");
	}
	check_run_stop(&run);
}

Test(check, of_dead_links_is_the_sites_truth)
{
	expect_list_and_crawl(0, false, false);
}

Test(check, of_blocked_links_is_the_sites_truth)
{
	expect_list_and_crawl(CHECK_SHOW_BLOCKED, false, false);
}

Test(check, of_moved_links_is_the_sites_truth)
{
	expect_list_and_crawl(CHECK_SHOW_MOVED, false, false);
}

Test(check, of_blocked_and_moved_links_is_the_sites_truth)
{
	expect_list_and_crawl(CHECK_SHOW_BLOCKED | CHECK_SHOW_MOVED, false, false);
}

Test(check, of_all_links_is_the_sites_truth)
{
	expect_list_and_crawl(CHECK_SHOW_ALL, false, false);
}

Test(check, of_fragments_is_the_sites_truth)
{
	expect_list_and_crawl(0, true, false);
	expect_list_and_crawl(CHECK_SHOW_ALL, true, false);
}

Test(check, of_all_attributes_is_the_sites_truth)
{
	expect_list_and_crawl(0, false, true);
	expect_list_and_crawl(CHECK_SHOW_ALL, false, true);
}

Test(check, of_fragments_and_all_attributes_is_the_sites_truth)
{
	expect_list_and_crawl(CHECK_SHOW_BLOCKED | CHECK_SHOW_MOVED, true, true);
}

/* HEADs that hang, answers that never come, and Retry-After. */
static void expect_slow(bool crawls, const char *jobs)
{
	struct check_run run;
	check_run_start(&run);
	check_run_serve(&run, &(struct check_spec){.seed = first_seed() + crawls, .slow = true});
	expect_truth(&run, &(struct check_options){.show = CHECK_SHOW_BLOCKED, .crawls = crawls}, jobs);
	check_run_stop(&run);
}

Test(check, of_slow_answers_one_after_the_other_is_the_sites_truth)
{
	expect_slow(false, "1");
}

Test(check, of_slow_answers_at_once_is_the_sites_truth)
{
	expect_slow(true, "200");
}

/* The exit status is 0, although links are blocked and moved. */
Test(check, of_a_healthy_site_is_a_good_run)
{
	struct check_run run;
	check_run_start(&run);
	for (unsigned i = 0; i < 2; i++) {
		check_run_serve(&run, &(struct check_spec){.seed = first_seed() + i, .healthy = true});
		expect_truth(&run,
		    &(struct check_options){
		        .show = CHECK_SHOW_BLOCKED | CHECK_SHOW_MOVED, .crawls = i == 1, .all_attrs = true},
		    i == 1 ? "200" : "1");
	}
	check_run_stop(&run);
}
