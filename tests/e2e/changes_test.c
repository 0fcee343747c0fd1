/* --changes and --changes-to: the links that are new or gone since the last run that ended. */
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

/* A folder that is served as a site. */
struct changes_case {
	struct scratch scratch, root;
	struct site site;
	struct redis_server redis;
	const char *state, *file;
	const char *a, *b;
};

/* The state is in Redis. */
static bool is_shared;

static void set_up(struct changes_case *self)
{
	scratch_init(&self->scratch);
	scratch_init(&self->root);
	scratch_write(&self->root, "a.html", "<a href=1>1</a><a href=2>2</a>");
	scratch_write(&self->root, "b.html", "<a href=1>1</a><a href=3>3</a>");
	site_start_with(&self->site, "--root", self->root.folder);
	if (is_shared)
		redis_server_start(&self->redis, NULL);
	self->state = is_shared ? self->redis.url : scratch_path(&self->scratch, "crawl.db");
	self->file = scratch_path(&self->scratch, "changes.tsv");
	self->a = site_url(&self->site, "/a.html");
	self->b = site_url(&self->site, "/b.html");
}

static void tear_down(struct changes_case *self)
{
	site_stop(&self->site);
	if (is_shared)
		redis_server_end(&self->redis);
	scratch_release(&self->root);
	scratch_release(&self->scratch);
}

/* The rows as they would be if the host had no name. */
static void remove_host(const struct changes_case *self, char *text)
{
	char host[128];
	size_t len = (size_t)snprintf(host, sizeof host, "http://%s", self->site.host);
	for (char *at; (at = strstr(text, host));)
		memmove(at, at + len, strlen(at + len) + 1);
}

static void expect_rows(const struct changes_case *self, char *out, const char *expected)
{
	remove_host(self, out);
	rows_expect_set(out, strlen(out), expected);
}

/* The number of pages that are new, gone, changed and unchanged. */
struct counts {
	unsigned added, gone, changed, unchanged;
};

static void expect_counts(struct changes_case *self, struct counts counts)
{
	char expected[160];
	char *summary = scratch_read(&self->scratch, "summary.json", NULL);
	snprintf(expected, sizeof expected,
	    "\"changes\":{\"new\":%u,\"gone\":%u,\"changed\":%u,\"unchanged\":%u}", counts.added, counts.gone,
	    counts.changed, counts.unchanged);
	cr_expect(strstr(summary, expected), "not %s: %s", expected, summary);
	free(summary);
}

#define COUNTS(...) ((struct counts){__VA_ARGS__})

/* Runs areq over a list, and expects these rows and counts. */
#define expect_changes(self, wanted_status, counts, expected, ...)                                           \
	expect_changes_argv(self, wanted_status, counts, expected, (const char *const[]){__VA_ARGS__, NULL})

static void expect_changes_argv(struct changes_case *self, int exit_status, struct counts counts,
    const char *expected, const char *const *urls)
{
	struct run_result result;
	const char *args[16] = {"-q", "--state", self->state, "--changes", "--no-header", "-r", "0",
	    "--summary-json", scratch_path(&self->scratch, "summary.json")};
	for (size_t i = 0; urls[i]; i++)
		args[9 + i] = urls[i];
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, exit_status);
	expect_rows(self, result.out, expected);
	expect_counts(self, counts);
	run_release(&result);
}

/* A test with a state in a file, and with one in Redis. */
#define TEST_OF_BOTH(name)                                                                                   \
	static void name(void);                                                                              \
	Test(changes, name)                                                                                  \
	{                                                                                                    \
		name();                                                                                      \
	}                                                                                                    \
	Test(changes_in_redis, name)                                                                         \
	{                                                                                                    \
		is_shared = true;                                                                            \
		name();                                                                                      \
	}                                                                                                    \
	static void name(void)

#define ALL_OF_A "+\t/a.html\t/1\n+\t/a.html\t/2\n"
#define ALL_OF_B "+\t/b.html\t/1\n+\t/b.html\t/3\n"

TEST_OF_BOTH(are_the_links_that_are_new_and_gone)
{
	struct changes_case self;
	set_up(&self);
	expect_changes(&self, 0, COUNTS(2, 0, 0, 0), ALL_OF_A ALL_OF_B, self.a, self.b);
	expect_changes(&self, 0, COUNTS(0, 0, 0, 2), "", self.a, self.b);
	scratch_write(&self.root, "a.html", "<a href=2#x>2</a><a href=4>4</a><a href=1>1</a>");
	scratch_write(&self.root, "b.html", "<a href=3>3</a><a href=3>again</a> <a href=1 rel=x>1</a>");
	expect_changes(&self, 0, COUNTS(0, 0, 1, 1), "-\t/a.html\t/2\n+\t/a.html\t/2#x\n+\t/a.html\t/4\n",
	    self.a, self.b);
	scratch_write(&self.root, "a.html", "nothing");
	expect_changes(&self, 0, COUNTS(0, 0, 1, 1), "-\t/a.html\t/2#x\n-\t/a.html\t/4\n-\t/a.html\t/1\n",
	    self.a, self.b);
	scratch_write(&self.root, "a.html", "<a href=5>5</a>");
	expect_changes(&self, 0, COUNTS(0, 0, 1, 1), "+\t/a.html\t/5\n", self.a, self.b);
	tear_down(&self);
}

/* Neither a failure nor a page that is none any more says anything about the links; 404 and 410 do. */
TEST_OF_BOTH(of_pages_that_failed_are_not_known)
{
	static const char *const answers[] = {"status=500", "status=403", "status=401", "status=304",
	    "reset=1", "type=image/png", "status=302&location=http://127.0.0.1:1/", "cut=10&length=100"};
	struct changes_case self;
	set_up(&self);
	expect_changes(&self, 0, COUNTS(2, 0, 0, 0), ALL_OF_A ALL_OF_B, self.a, self.b);
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		char line[128];
		snprintf(line, sizeof line, "/a.html %s\n", answers[i]);
		scratch_write(&self.root, "_site", line);
		int wanted = strncmp(answers[i], "type", 4) == 0 ? 0 : 1;
		expect_changes(&self, wanted, COUNTS(0, 0, 0, 1), "", self.a, self.b);
	}
	/* Its links are compared with those that it had when it was ok. */
	scratch_write(&self.root, "_site", "");
	scratch_write(&self.root, "a.html", "<a href=2>2</a><a href=6>6</a>");
	expect_changes(&self, 0, COUNTS(0, 0, 1, 1), "-\t/a.html\t/1\n+\t/a.html\t/6\n", self.a, self.b);
	tear_down(&self);
}

TEST_OF_BOTH(of_pages_that_are_gone_and_come_back)
{
	struct changes_case self;
	set_up(&self);
	expect_changes(&self, 0, COUNTS(2, 0, 0, 0), ALL_OF_A ALL_OF_B, self.a, self.b);
	scratch_write(&self.root, "_site", "/a.html status=404\n/b.html status=410\n");
	expect_changes(&self, 1, COUNTS(0, 2, 0, 0),
	    "-\t/a.html\t/1\n-\t/a.html\t/2\n-\t/b.html\t/1\n-\t/b.html\t/3\n", self.a, self.b);
	expect_changes(&self, 1, COUNTS(0, 0, 0, 0), "", self.a, self.b);
	scratch_write(&self.root, "_site", "");
	expect_changes(&self, 0, COUNTS(2, 0, 0, 0), ALL_OF_A ALL_OF_B, self.a, self.b);
	tear_down(&self);
}

TEST_OF_BOTH(of_lines_that_have_left_the_list)
{
	struct changes_case self;
	set_up(&self);
	const char *twin = site_url(&self.site, "/a.html?twin");
	expect_changes(&self, 0, COUNTS(2, 0, 0, 0), ALL_OF_A ALL_OF_B, self.a, self.b);
	expect_changes(&self, 0, COUNTS(1, 1, 0, 1),
	    "-\t/a.html\t/1\n-\t/a.html\t/2\n+\t/a.html?twin\t/1\n+\t/a.html?twin\t/2\n", self.b, twin);
	expect_changes(&self, 0, COUNTS(1, 1, 0, 1), ALL_OF_A "-\t/a.html?twin\t/1\n-\t/a.html?twin\t/2\n",
	    self.b, self.a);
	/* The line of a page that had no answer had no links. */
	scratch_write(&self.root, "_site", "/a.html status=404\n");
	expect_changes(&self, 1, COUNTS(0, 1, 0, 1), "-\t/a.html\t/1\n-\t/a.html\t/2\n", self.b, self.a);
	expect_changes(&self, 0, COUNTS(0, 0, 0, 1), "", self.b);
	tear_down(&self);
}

/* An empty list is mostly a mistake. */
Test(changes, of_a_list_that_is_empty)
{
	struct changes_case self;
	struct run_result result;
	set_up(&self);
	expect_changes(&self, 0, COUNTS(1, 0, 0, 0), ALL_OF_A, self.a);
	const char *empty = scratch_write(&self.scratch, "empty.txt", "");
	expect_changes(&self, 2, COUNTS(0, 0, 0, 0), "", empty);
	expect_changes(&self, 0, COUNTS(0, 0, 0, 1), "", self.a);
	run_areq(&result, "--state", self.state, "--changes", "--no-header", "--allow-empty", empty);
	run_expect_exit(&result, 0);
	expect_rows(&self, result.out, "-\t/a.html\t/1\n-\t/a.html\t/2\n");
	run_release(&result);
	tear_down(&self);
}

/* What a crawl does not reach any more says nothing, unlike a line of the list. */
TEST_OF_BOTH(of_pages_that_a_crawl_does_not_reach)
{
	struct changes_case self;
	struct run_result result;
	set_up(&self);
	scratch_write(&self.root, "a.html", "<a href=b.html>b</a>");
	const char *expected[] = {("+\t/a.html\t/b.html\n" ALL_OF_B), "-\t/a.html\t/b.html\n", "",
	    "+\t/a.html\t/b.html\n-\t/b.html\t/1\n"};
	const char *pages[] = {"<a href=b.html>b</a>", "", "", "<a href=b.html>b</a>"};
	for (size_t i = 0; i < 4; i++) {
		scratch_write(&self.root, "a.html", pages[i]);
		if (i == 3)
			scratch_write(&self.root, "b.html", "<a href=3>3</a>");
		run_areq(&result, "-q", "--state", self.state, "--changes", "--no-header", "--depth", "1",
		    "--robots", "never", "--include", "b.html|[13]$", self.a);
		expect_rows(&self, result.out, expected[i]);
		run_release(&result);
	}
	tear_down(&self);
}

TEST_OF_BOTH(has_none_of_pages_that_are_not_asked_for)
{
	struct changes_case self;
	struct run_result result;
	set_up(&self);
	expect_changes(&self, 0, COUNTS(1, 0, 0, 0), ALL_OF_A, self.a);
	scratch_write(&self.root, "a.html", "<a href=9>9</a>");
	run_areq(&result, "-v", "--state", self.state, "--changes", "--max-age", "1h", "--no-header", self.a);
	cr_expect(strstr(result.err, "0 new, 0 gone, 0 changed, 1 unchanged"), "%s", result.err);
	cr_expect_str_eq(result.out, "");
	run_release(&result);
	tear_down(&self);
}

Test(changes, in_each_format)
{
	struct changes_case self;
	struct run_result result;
	set_up(&self);
	scratch_write(&self.root, "a.html", "<a href='1'>1</a><a rel=x href='a,b'>2</a>");
	run_areq(&result, "-q", "--state", self.state, "--changes", self.a);
	expect_rows(&self, result.out, "change\tsource_url\tparsed_url\n+\t/a.html\t/1\n+\t/a.html\t/a,b\n");
	run_release(&result);
	run_areq(&result, "-q", "--state", self.state, "--restart", "--changes", "--format", "csv", self.a);
	expect_rows(
	    &self, result.out, "change,source_url,parsed_url\r\n+,/a.html,/1\r\n+,/a.html,\"/a,b\"\r\n");
	run_release(&result);
	/* The state has no more of the links than that run needed, so that they are received again. */
	scratch_write(&self.root, "a.html", "<p><a rel=x href='c'>2</a>");
	run_areq(&result, "-q", "--state", self.state, "--changes", "--format", "jsonl", self.a);
	expect_rows(&self, result.out,
	    "{\"change\":\"-\",\"source_url\":\"/a.html\",\"final_url\":\"/a.html\",\"parsed_url\":\"/1\","
	    "\"raw\":null,\"tag\":null,\"attr\":null,\"rel\":null,\"position\":null,\"http_status\":200}\n"
	    "{\"change\":\"-\",\"source_url\":\"/a.html\",\"final_url\":\"/a.html\",\"parsed_url\":\"/a,b\","
	    "\"raw\":null,\"tag\":null,\"attr\":null,\"rel\":null,\"position\":null,\"http_status\":200}\n"
	    "{\"change\":\"+\",\"source_url\":\"/a.html\",\"final_url\":\"/a.html\",\"parsed_url\":\"/c\","
	    "\"raw\":\"c\",\"tag\":\"a\",\"attr\":\"href\",\"rel\":\"x\",\"position\":3,\"http_status\":200}"
	    "\n");
	run_release(&result);
	run_areq(&result, "-q", "--state", self.state, "--changes", "--format", "jsonl", "--depth", "0",
	    "--allow-empty", scratch_write(&self.scratch, "empty.txt", ""));
	expect_rows(&self, result.out,
	    "{\"change\":\"-\",\"source_url\":\"/a.html\",\"final_url\":\"/a.html\",\"parsed_url\":\"/c\","
	    "\"raw\":\"c\",\"tag\":\"a\",\"attr\":\"href\",\"rel\":\"x\",\"position\":3,\"http_status\":200}"
	    "\n");
	run_release(&result);
	tear_down(&self);
}

/* Both in one run; the pages that are unchanged have their rows in one file, and nothing in the other. */
Test(changes, beside_all_rows)
{
	struct changes_case self;
	struct run_result result;
	set_up(&self);
	run_areq(&result, "--state", self.state, "--changes-to", self.file, self.a, self.b);
	expect_rows(&self, result.out,
	    "source_url\tparsed_url\n/a.html\t/1\n/a.html\t/2\n/b.html\t/1\n/b.html\t/3\n");
	run_release(&result);
	char *changes = scratch_read(&self.scratch, "changes.tsv", NULL);
	expect_rows(&self, changes, "change\tsource_url\tparsed_url\n" ALL_OF_A ALL_OF_B);
	free(changes);
	scratch_write(&self.root, "a.html", "<a href=2>2</a>");
	run_areq(&result, "-v", "--state", self.state, "--changes-to", self.file, "--unique", self.a, self.b);
	cr_expect(strstr(result.err, "0 new, 0 gone, 1 changed, 1 unchanged"), "%s", result.err);
	cr_expect(strstr(result.out, "/2\n") && strstr(result.out, "/3\n"), "%s", result.out);
	run_release(&result);
	changes = scratch_read(&self.scratch, "changes.tsv", NULL);
	expect_rows(&self, changes, "change\tsource_url\tparsed_url\n-\t/a.html\t/1\n");
	free(changes);
	/* Beside the dead links. */
	scratch_write(&self.root, "a.html", "<a href=b.html>b</a><a href=2>2</a><a href=7>7</a>");
	run_areq(&result, "-q", "--state", self.state, "--changes-to", self.file, "--check", self.a);
	run_expect_exit(&result, 1);
	expect_rows(
	    &self, result.out, "source_url\tparsed_url\tproblem\n/a.html\t/2\t404\n/a.html\t/7\t404\n");
	run_release(&result);
	changes = scratch_read(&self.scratch, "changes.tsv", NULL);
	expect_rows(&self, changes,
	    "change\tsource_url\tparsed_url\n+\t/a.html\t/b.html\n+\t/a.html\t/7\n-\t/b.html\t/1\n-\t/"
	    "b.html\t/3\n");
	free(changes);
	tear_down(&self);
}

/* Rows that a filter leaves out now are gone, too. --restart forgets what was. */
TEST_OF_BOTH(with_other_options)
{
	struct changes_case self;
	struct run_result result;
	set_up(&self);
	expect_changes(&self, 0, COUNTS(1, 0, 0, 0), ALL_OF_A, self.a);
	run_areq(&result, "-q", "--state", self.state, "--changes", "--no-header", "--exclude", "1$", self.a);
	expect_rows(&self, result.out, "-\t/a.html\t/1\n");
	run_release(&result);
	run_areq(&result, "-q", "--state", self.state, "--changes", "--no-header", "--restart", self.a);
	expect_rows(&self, result.out, ALL_OF_A);
	run_release(&result);
	tear_down(&self);
}

/* That a run had other outputs is no reason to receive its pages again. */
Test(changes, are_asked_for_conditionally_whatever_the_run_before_wrote)
{
	struct changes_case self;
	struct run_result result;
	struct site_stats stats;
	set_up(&self);
	const char *page = site_page(&self.site, "links", "2", "etag", "\"a\"");
	run_areq(&result, "-q", "--state", self.state, "--format", "urls", page);
	run_release(&result);
	run_areq(&result, "-q", "--state", self.state, "--changes", page);
	run_release(&result);
	run_areq(&result, "-q", "--state", self.state, "--changes-to", self.file, "--format", "csv", page);
	run_release(&result);
	run_areq(&result, "-q", "--state", self.state, "--format", "jsonl", page);
	run_release(&result);
	site_stats(&self.site, &stats);
	cr_assert_eq(site_stats_asked(&stats, page), 4);
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(
		    site_stats_find(&stats, page, i)->status, i == 1 || i == 2 ? 304 : 200, "%zu", i);
	site_stats_release(&stats);
	tear_down(&self);
}

Test(changes, are_counted_in_the_summary_in_json)
{
	struct changes_case self;
	struct run_result result;
	set_up(&self);
	run_areq(
	    &result, "-q", "--state", self.state, "-o", "/dev/null", "--summary-json", "-", self.a, self.b);
	cr_expect(strstr(result.out, "\"changes\":{\"new\":2,\"gone\":0,\"changed\":0,\"unchanged\":0}"),
	    "%s", result.out);
	run_release(&result);
	tear_down(&self);
}

/* Only a run that came to its end knows which lines have left the list, and it tells it once. */
Test(changes, of_lines_that_have_left_the_list_of_a_run_that_was_killed)
{
	struct changes_case self;
	struct run_child child;
	struct run_result result;
	set_up(&self);
	expect_changes(&self, 0, COUNTS(2, 0, 0, 0), ALL_OF_A ALL_OF_B, self.a, self.b);
	scratch_write(&self.root, "b.html", "<a href=1>1</a>");
	const char *slow = site_page(&self.site, "delay", "forever");
	run_start_areq(&child, (&(struct run_options){.limit = 30}), "--state", self.state, "--changes",
	    "--no-header", "-o", self.file, self.b, slow);
	site_wait_in_flight(&self.site, 1, 10);
	run_wait(&child, 1);
	run_kill(&child, SIGKILL);
	run_finish(&child, &result);
	run_release(&result);
	char *changes = scratch_read(&self.scratch, "changes.tsv", NULL);
	expect_rows(&self, changes, "-\t/b.html\t/3\n");
	free(changes);
	run_areq(&result, "--state", self.state, "--changes", "--no-header", "-o", self.file,
	    "--summary-json", scratch_path(&self.scratch, "summary.json"), self.b);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.err, "going on"), "%s", result.err);
	run_release(&result);
	changes = scratch_read(&self.scratch, "changes.tsv", NULL);
	expect_rows(&self, changes, "-\t/b.html\t/3\n-\t/a.html\t/1\n-\t/a.html\t/2\n");
	free(changes);
	expect_counts(&self, COUNTS(0, 1, 1, 0));
	tear_down(&self);
}

/* Whoever goes on must get the same changes. */
Test(changes, of_a_run_that_goes_on_are_those_that_it_began_with)
{
	struct changes_case self;
	struct run_child child;
	struct run_result result;
	set_up(&self);
	run_start_areq(&child, (&(struct run_options){.limit = 30}), "--state", self.state, "--changes-to",
	    self.file, "-o", "/dev/null", self.a, site_page(&self.site, "delay", "forever"));
	site_wait_in_flight(&self.site, 1, 10);
	run_wait(&child, 1);
	run_kill(&child, SIGKILL);
	run_finish(&child, &result);
	run_release(&result);
	run_areq(&result, "--state", self.state, "--changes", self.a);
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.err, "is not named by --changes-to any more"), "%s", result.err);
	run_release(&result);
	tear_down(&self);
}

/* Without the links that were, it is not known what has changed. */
Test(changes, of_a_state_that_is_damaged_end_the_run)
{
	static const char magic[] = "\x28\xb5\x2f\xfd"; /* RFC 8878, section 3.1.1 */
	struct changes_case self;
	struct run_result result;
	size_t len;
	set_up(&self);
	expect_changes(&self, 0, COUNTS(1, 0, 0, 0), ALL_OF_A, self.a);
	char *bytes = scratch_read(&self.scratch, "crawl.db", &len), *links = bytes;
	while (links + 30 < bytes + len && memcmp(links, magic, sizeof magic - 1) != 0)
		links++;
	cr_assert_lt(links + 30, bytes + len, "the state has no links");
	links[20] ^= 1;
	scratch_write_bytes(&self.scratch, "crawl.db", bytes, len);
	for (int i = 0; i < 2; i++) {
		scratch_write(&self.root, "a.html", "<a href=7>7</a>");
		scratch_write(&self.root, "_site", i == 0 ? "" : "/a.html status=404\n");
		run_areq(&result, "--state", self.state, "--changes", "--no-header", self.a);
		run_expect_exit(&result, 3);
		cr_expect(strstr(result.err, "damaged"), "%s", result.err);
		cr_expect_str_eq(result.out, "");
		run_release(&result);
	}
	free(bytes);
	tear_down(&self);
}

static void expect_refused(const struct changes_case *self, const char *words, const char *const *more)
{
	struct run_result result;
	const char *args[8] = {"--state", self->state, self->a};
	for (size_t i = 0; more[i]; i++)
		args[3 + i] = more[i];
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, words), "%s: %s", words, result.err);
	run_release(&result);
}

Test(changes, refuses_what_makes_no_sense)
{
	struct changes_case self;
	struct run_result result;
	set_up(&self);
	run_areq(&result, "--changes", self.a);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "--changes needs --state FILE"), "%s", result.err);
	run_release(&result);
	expect_refused(&self, "--changes and --check exclude each other",
	    (const char *const[]){"--changes", "--check", NULL});
	expect_refused(&self, "--changes and --unique exclude each other",
	    (const char *const[]){"--changes", "--unique", NULL});
	expect_refused(&self, "--changes and --atomic exclude each other",
	    (const char *const[]){"--changes", "--atomic", "-o", self.file, NULL});
	expect_refused(&self, "--changes and --changes-to exclude each other",
	    (const char *const[]){"--changes", "--changes-to", "x", NULL});
	expect_refused(&self, "--changes and --format urls exclude each other",
	    (const char *const[]){"--changes", "--format", "urls", NULL});
	expect_refused(&self, "--changes-to and --format urls exclude each other",
	    (const char *const[]){"--changes-to", "x", "--format", "urls", NULL});
	expect_refused(&self, "the rows and the changes cannot go to the same file",
	    (const char *const[]){"-o", self.file, "--changes-to", self.file, NULL});
	tear_down(&self);
}
