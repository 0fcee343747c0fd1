/* --changes over nights in which pages of a site are new, gone, changed and unchanged: they are the
 * difference of what is known after two nights, also where a run was killed and has gone on. AREQ_NIGHTS_SEED
 * is the first seed, 1 by default. */
#include "support/nights.h"
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

enum { PAGES = 60, NIGHTS = 10 };

/* The sanitizers take much time for each run, and one seed is enough for what they find. */
#ifdef __SANITIZE_ADDRESS__
enum { SEEDS = 1 };
#else
enum { SEEDS = 3 };
#endif

struct nights_case {
	struct site site;
	struct scratch scratch;
	struct redis_server redis;
	struct nights_spec spec;
	bool is_crawl, is_shared;
	char state[300];
	const char *start; /* the list, or the URL where the crawl begins */
	unsigned night;
	struct nights_links before[PAGES], after[PAGES]; /* what is known of each page */
	bool had_answer[PAGES];
	char label[64];
};

static unsigned first_seed(void)
{
	const char *text = getenv("AREQ_NIGHTS_SEED");
	return text && *text ? (unsigned)strtoul(text, NULL, 10) : 1;
}

static void set_up(struct nights_case *self, unsigned seed, bool is_crawl, bool is_shared)
{
	char request[128];
	struct buf list;
	*self = (struct nights_case){
	    .spec = {.seed = seed, .pages = PAGES}, .is_crawl = is_crawl, .is_shared = is_shared};
	if (is_shared)
		redis_server_start(&self->redis, NULL);
	site_start(&self->site);
	scratch_init(&self->scratch);
	int len =
	    snprintf(request, sizeof request, "GET /_/nights?seed=%u&pages=%d HTTP/1.0\r\n\r\n", seed, PAGES);
	free(site_exchange(&self->site, request, (size_t)len, 5, NULL));
	buf_init(&list, SIZE_MAX / 2);
	for (unsigned i = 0; i < PAGES; i++) {
		buf_append_text(&list, "http://");
		buf_append_text(&list, self->site.host);
		buf_append_text(&list, "/_/nights/p");
		buf_append_number(&list, i);
		buf_append_byte(&list, '\n');
	}
	self->start = is_crawl ? site_url(&self->site, "/_/nights/p0")
	                       : scratch_write(&self->scratch, "urls.txt", list.data);
	buf_release(&list);
}

static void tear_down(struct nights_case *self)
{
	scratch_release(&self->scratch);
	site_stop(&self->site);
	if (self->is_shared)
		redis_server_end(&self->redis);
}

/* Where a state of that name is: a file, or in Redis. Borrowed until the next call. */
static const char *state_of(struct nights_case *self, const char *name)
{
	if (self->is_shared)
		snprintf(
		    self->state, sizeof self->state, "redis+unix://%s/socket#%s", self->redis.folder, name);
	else
		snprintf(self->state, sizeof self->state, "%s", scratch_path(&self->scratch, name));
	return self->state;
}

/* Computes what is known after the night. */
static void begin_night(struct nights_case *self, unsigned night)
{
	static const char next[] = "GET /_/nights/next HTTP/1.0\r\n\r\n";
	if (night > 0)
		free(site_exchange(&self->site, next, sizeof next - 1, 5, NULL));
	memcpy(self->before, self->after, sizeof self->before);
	nights_known(&self->spec, self->is_crawl, night, self->after);
	self->night = night;
	snprintf(self->label, sizeof self->label, "%s, seed %u, night %u", self->is_crawl ? "crawl" : "list",
	    self->spec.seed, night);
}

static bool has_link(const struct nights_links *links, unsigned target)
{
	for (unsigned i = 0; i < links->count; i++)
		if (links->target[i] == target)
			return true;
	return false;
}

/* Appends a row for each link that only the first of the two has. */
static unsigned add_rows(const struct nights_case *self, struct rows *rows, unsigned page,
    const struct nights_links *of, const struct nights_links *others, const char *change)
{
	unsigned count = 0;
	const char *host = self->site.host;
	for (unsigned i = 0; i < of->count; i++) {
		if (has_link(others, of->target[i]))
			continue;
		count++;
		rows_add(rows, "%shttp://%s/_/nights/p%u\thttp://%s/_/nights/p%u", change, host, page, host,
		    of->target[i]);
	}
	return count;
}

static void expect_rows(const struct nights_case *self, const char *text, const struct rows *expected)
{
	struct rows rows;
	rows_init(&rows);
	rows_parse(&rows, text, strlen(text));
	char *difference = rows_set_difference(&rows, expected);
	cr_expect(!difference, "%s: %s", self->label, difference);
	free(difference);
	rows_release(&rows);
}

static void expect_changes(const struct nights_case *self, const char *text)
{
	struct rows rows;
	rows_init(&rows);
	rows_add(&rows, "change\tsource_url\tparsed_url");
	for (unsigned page = 0; page < PAGES; page++) {
		add_rows(self, &rows, page, &self->before[page], &self->after[page], "-\t");
		add_rows(self, &rows, page, &self->after[page], &self->before[page], "+\t");
	}
	expect_rows(self, text, &rows);
	rows_release(&rows);
}

/* The rows of the pages that are ok in this night. */
static void expect_all_rows(const struct nights_case *self, const char *text)
{
	static const struct nights_links none = {0};
	bool reached[PAGES];
	struct nights_page page;
	struct rows rows;
	rows_init(&rows);
	rows_add(&rows, "source_url\tparsed_url");
	nights_reach(&self->spec, self->night, reached);
	for (unsigned number = 0; number < PAGES; number++) {
		nights_page(&self->spec, number, self->night, &page);
		if (page.answer == NIGHTS_PAGE && (!self->is_crawl || reached[number]))
			add_rows(self, &rows, number, &page.links, &none, "");
	}
	expect_rows(self, text, &rows);
	rows_release(&rows);
}

/* How many pages are new, gone, changed and unchanged. */
static void expect_counts(struct nights_case *self, const char *summary)
{
	unsigned added = 0, gone = 0, changed = 0, unchanged = 0;
	bool reached[PAGES];
	struct nights_page page;
	struct rows rows;
	char expected[160];
	rows_init(&rows);
	nights_reach(&self->spec, self->night, reached);
	for (unsigned number = 0; number < PAGES; number++) {
		nights_page(&self->spec, number, self->night, &page);
		bool is_gone = page.answer == NIGHTS_MISSING || page.answer == NIGHTS_GONE;
		bool is_page = page.answer == NIGHTS_PAGE, had_answer = self->had_answer[number];
		if (self->is_crawl && !reached[number])
			continue;
		unsigned links =
		    add_rows(self, &rows, number, &self->before[number], &self->after[number], "") +
		    add_rows(self, &rows, number, &self->after[number], &self->before[number], "");
		added += is_page && !had_answer;
		gone += is_gone && had_answer;
		changed += is_page && had_answer && links > 0;
		unchanged += is_page && had_answer && links == 0;
		self->had_answer[number] = is_page || (had_answer && !is_gone);
	}
	snprintf(expected, sizeof expected,
	    "\"changes\":{\"new\":%u,\"gone\":%u,\"changed\":%u,\"unchanged\":%u}", added, gone, changed,
	    unchanged);
	cr_expect(strstr(summary, expected), "%s: not %s: %s", self->label, expected, summary);
	rows_release(&rows);
}

/* Two states, one with --changes and one with all rows beside them. */
static void run_night(struct nights_case *self)
{
	struct run_result result;
	const char *depth = self->is_crawl ? "all" : "0";
	run_areq(&result, "-q", "-r", "0", "--robots", "never", "--depth", depth, "--state",
	    state_of(self, "one.db"), "--changes", "--summary-json",
	    scratch_path(&self->scratch, "summary.json"), self->start);
	expect_changes(self, result.out);
	run_release(&result);
	char *summary = scratch_read(&self->scratch, "summary.json", NULL);
	expect_counts(self, summary);
	free(summary);
	run_areq(&result, "-q", "-r", "0", "--robots", "never", "--depth", depth, "--state",
	    state_of(self, "two.db"), "--changes-to", scratch_path(&self->scratch, "changes.tsv"),
	    self->start);
	expect_all_rows(self, result.out);
	run_release(&result);
	char *changes = scratch_read(&self->scratch, "changes.tsv", NULL);
	expect_changes(self, changes);
	free(changes);
	run_areq(&result, "--state", state_of(self, "one.db"), "--replay");
	run_expect_exit(&result, 0);
	expect_all_rows(self, result.out);
	run_release(&result);
}

static void check_nights(bool is_crawl, bool is_shared)
{
	struct nights_case self;
	for (unsigned seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		set_up(&self, seed, is_crawl, is_shared);
		for (unsigned night = 0; night < NIGHTS; night++) {
			begin_night(&self, night);
			run_night(&self);
		}
		tear_down(&self);
	}
}

Test(changes_nights, of_a_list_are_exactly_right)
{
	check_nights(false, false);
}

Test(changes_nights, of_a_crawl_are_exactly_right)
{
	check_nights(true, false);
}

Test(changes_nights, of_a_list_in_redis_are_exactly_right)
{
	check_nights(false, true);
}

Test(changes_nights, of_a_crawl_in_redis_are_exactly_right)
{
	check_nights(true, true);
}

/* The number of pages that a run asks for. */
static unsigned count_pages(const struct nights_case *self)
{
	bool reached[PAGES];
	unsigned count = 0;
	nights_reach(&self->spec, self->night, reached);
	for (unsigned number = 0; number < PAGES; number++)
		count += !self->is_crawl || reached[number];
	return count;
}

/* Runs the night with kill -9 again and again, and then to its end. Each kill comes while many pages are
 * left: a run that is killed when it has ended would not go on. */
static void run_killed(struct nights_case *self, const char *const *args)
{
	enum { KILLS = 4 };
	struct run_child child;
	struct run_result result;
	struct site_stats stats;
	unsigned pages = count_pages(self);
	/* The server must not forget what it was asked for: its ETags follow from that. */
	site_stats(&self->site, &stats);
	for (unsigned i = 1; i <= KILLS; i++) {
		run_start(&child, &(struct run_options){.limit = 60}, run_areq_name(), args);
		site_wait_requests(&self->site, stats.all.requests + pages * i / (KILLS + 2) + 1, 30);
		run_kill(&child, SIGKILL);
		run_finish(&child, &result);
		cr_assert_eq(result.signal, SIGKILL, "%s: %s", self->label, result.err);
		run_release(&result);
	}
	site_stats_release(&stats);
	run_program(&result, NULL, run_areq_name(), args);
	cr_expect(result.exit_status == 0 || result.exit_status == 1, "%s: %s", self->label, result.err);
	run_release(&result);
}

static void check_killed_nights(bool is_crawl, bool has_all_rows, bool is_shared)
{
	enum { KILLED_NIGHTS = 3 };
	struct nights_case self;
	set_up(&self, first_seed() + 10, is_crawl, is_shared);
	const char *rows = scratch_path(&self.scratch, "rows.tsv");
	const char *changes = scratch_path(&self.scratch, "changes.tsv");
	const char *const all[] = {"-q", "-r", "0", "--robots", "never", "--depth", is_crawl ? "all" : "0",
	    "--per-host", "2", "--delay", "20ms", "--state", state_of(&self, "crawl.db"), self.start, "-o",
	    has_all_rows ? rows : changes, has_all_rows ? "--changes-to" : "--changes",
	    has_all_rows ? changes : NULL, NULL};
	for (unsigned night = 0; night < KILLED_NIGHTS; night++) {
		begin_night(&self, night);
		run_killed(&self, all);
		char *text = scratch_read(&self.scratch, "changes.tsv", NULL);
		expect_changes(&self, text);
		free(text);
		text = has_all_rows ? scratch_read(&self.scratch, "rows.tsv", NULL) : NULL;
		if (text)
			expect_all_rows(&self, text);
		free(text);
	}
	tear_down(&self);
}

Test(changes_nights, come_once_though_runs_are_killed)
{
	check_killed_nights(false, false, false);
	check_killed_nights(true, false, false);
}

Test(changes_nights, come_once_beside_all_rows_though_runs_are_killed)
{
	check_killed_nights(false, true, false);
	check_killed_nights(true, true, false);
}
