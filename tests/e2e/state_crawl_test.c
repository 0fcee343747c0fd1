/* --state: crawls of generated sites that are ended by kill -9 at random moments, again and again, and then
 * give the graph's truth. AREQ_CRAWL_SEED is the first seed, 1 by default. */
#include "support/crawl.h"
#include "support/state_file.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CRAWLS = 3, KILLS_MAX = 4, PAGES = 120 };

/* Seconds in which such a crawl ends on an idle machine. */
static const double USUAL_SECONDS = 0.6;

static unsigned random_state;

static double random_share(void)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8 & 0xffff) / 65536.0;
}

/* A redirect to a page that another one has reached asks for that page's URL again. */
static bool is_led_to(const struct crawl *crawl, const char *url)
{
	for (size_t i = 0; i < crawl->graph.page_count; i++) {
		const struct graph_page *page = &crawl->graph.pages[i];
		if (page->kind == GRAPH_REDIRECT && strcmp(crawl->graph.pages[page->target].url, url) == 0)
			return true;
	}
	return false;
}

static void forget_targets(const struct crawl *crawl, struct resumed *resumed)
{
	for (size_t i = 0; i < resumed->done.count; i++) {
		if (!is_led_to(crawl, resumed->done.row[i]))
			continue;
		free(resumed->done.row[i]);
		resumed->done.row[i] = resumed->done.row[--resumed->done.count];
		resumed->asked[i] = resumed->asked[resumed->done.count];
		i--;
	}
}

static void run_with_kills(struct crawl *self, const char *const *args, struct run_result *result)
{
	const char *state = scratch_path(&self->scratch, "state");
	struct resumed resumed;
	unsigned kills = 1 + (unsigned)(random_share() * KILLS_MAX);
	resumed_init(&resumed);
	for (unsigned i = 0; i < kills; i++) {
		struct run_child child;
		run_start(&child, NULL, run_areq_name(), args);
		if (!run_wait(&child, 0.2 + random_share() * USUAL_SECONDS))
			run_kill(&child, SIGKILL);
		run_finish(&child, result);
		bool has_ended = result->exit_status == 0;
		cr_assert(has_ended || result->signal == SIGKILL, "%s: %s", self->label, result->err);
		state_file_wait_unused(state);
		resumed_record(&resumed, &self->site, state);
		if (has_ended)
			break;
		/* It was killed when all was done, so that the next process begins the next run. */
		if (state_file_number(state, "SELECT max(ended IS NOT NULL) FROM runs")) {
			resumed_release(&resumed);
			resumed_init(&resumed);
		}
		run_release(result);
		*result = (struct run_result){.exit_status = -1};
	}
	if (result->exit_status != 0)
		run_program(result, &(struct run_options){.limit = 60}, run_areq_name(), args);
	forget_targets(self, &resumed);
	resumed_expect(&resumed, &self->site, state, self->label);
	resumed_release(&resumed);
}

static void crawl_with_kills(
    const struct truth_options *options, const struct graph_spec *base, const char *option)
{
	struct graph_spec spec = *base;
	struct crawl crawl;
	const char *first = getenv("AREQ_CRAWL_SEED");
	spec.seed = first && *first ? (unsigned)strtoul(first, NULL, 10) : 1;
	crawl_start(&crawl, &spec);
	crawl.run = run_with_kills;
	for (unsigned last = spec.seed + CRAWLS; spec.seed < last; spec.seed++) {
		struct rows is;
		random_state = spec.seed;
		crawl_serve(&crawl, &spec);
		crawl_run(&crawl, options, "--state", scratch_path(&crawl.scratch, "state"), "--delay",
		    "0.01", option);
		crawl_links(&crawl, &is);
		char *difference = rows_set_difference(&is, &crawl.truth.links);
		cr_expect(!difference, "%s: rows: %s", crawl.label, difference ? difference : "");
		free(difference);
		rows_release(&is);
		crawl_lines(&crawl, &is);
		difference = rows_set_difference(&is, &crawl.truth.lines);
		cr_expect(!difference, "%s: report: %s", crawl.label, difference ? difference : "");
		free(difference);
		rows_release(&is);
		remove(scratch_path(&crawl.scratch, "state"));
	}
	crawl_stop(&crawl);
}

Test(state_crawl, goes_on_after_kills)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = PAGES;
	spec.redirects = 25;
	crawl_with_kills(&(struct truth_options){.depth = TRUTH_ALL}, &spec, NULL);
}

Test(state_crawl, goes_on_after_kills_with_flaky_pages_and_atomic)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = PAGES;
	spec.flaky = 10;
	crawl_with_kills(&(struct truth_options){.depth = TRUTH_ALL, .scope = TRUTH_SITE, .retries = 1},
	    &spec, "--atomic");
}

Test(state_crawl, goes_on_after_kills_with_sitemaps)
{
	struct graph_spec spec;
	graph_spec_init(&spec);
	spec.pages = PAGES;
	crawl_with_kills(
	    &(struct truth_options){.depth = TRUTH_ALL, .sitemaps = true, .retries = 1}, &spec, NULL);
}
