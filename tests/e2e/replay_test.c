/* --replay: the rows of the last run, from its state alone. */
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
#include <sys/stat.h>

struct replay_case {
	struct site site;
	struct scratch scratch;
	struct redis_server redis;
	const char *state;
};

/* The state is in Redis, which keeps links only for changes. */
static bool is_shared;

#define STATE_OF_RUN(self)                                                                                   \
	"--state", (self).state, is_shared ? "--changes-to" : "-q", is_shared ? "/dev/null" : "-q"

/* A test with a state in a file, and with one in Redis. */
#define TEST_OF_BOTH(name)                                                                                   \
	static void name(void);                                                                              \
	Test(replay, name)                                                                                   \
	{                                                                                                    \
		name();                                                                                      \
	}                                                                                                    \
	Test(replay_from_redis, name)                                                                        \
	{                                                                                                    \
		is_shared = true;                                                                            \
		name();                                                                                      \
	}                                                                                                    \
	static void name(void)

static void set_up(struct replay_case *self)
{
	site_start(&self->site);
	scratch_init(&self->scratch);
	if (is_shared)
		redis_server_start(&self->redis, NULL);
	self->state = is_shared ? self->redis.url : scratch_path(&self->scratch, "crawl.db");
}

static void tear_down(struct replay_case *self)
{
	scratch_release(&self->scratch);
	site_stop(&self->site);
	if (is_shared)
		redis_server_end(&self->redis);
}

static void expect_same_rows(const struct run_result *actual, const struct run_result *expected)
{
	struct rows are, should_be;
	rows_init(&are);
	rows_init(&should_be);
	rows_parse(&are, actual->out, actual->out_len);
	rows_parse(&should_be, expected->out, expected->out_len);
	rows_expect(rows_set_difference(&are, &should_be));
	rows_release(&are);
	rows_release(&should_be);
}

static const char body[] = "<a href=a>1</a><a href=a#x>2</a><a href='a#y' rel=nofollow>3</a>"
                           "<a href=mailto:b>4</a><a href=//127.0.0.2/c>5</a><img src=d>"
                           "<a href=\"e,&quot;f\">6</a>";

/* Redirects, failures and user names are in it, so that the URLs of a page differ. */
static void write_list(struct replay_case *self, struct buf *list)
{
	char login[300];
	const char *page = site_page(&self->site, "body", body);
	const char *fragment = site_page(&self->site, "body", "<a href=g>g</a>", "n", "1");
	snprintf(login, sizeof login, "http://me:secret@%s", page + strlen("http://"));
	buf_append_text(list, page);
	buf_append_text(list, "\n");
	buf_append_text(list, fragment);
	buf_append_text(list, "#part\n");
	buf_append_text(list, site_page(&self->site, "status", "404", "body", body));
	buf_append_text(list, "\n");
	buf_append_text(list, site_page(&self->site, "status", "302", "location", "/_/page?links=2&n=7"));
	buf_append_text(list, "\n");
	buf_append_text(list, login);
	buf_append_text(list, "&n=2\nHTTP://");
	buf_append_text(list, page + strlen("http://"));
	buf_append_text(list, "&n=3\n");
}

TEST_OF_BOTH(gives_the_rows_of_the_run_in_each_format)
{
	static const char *const formats[] = {"tsv", "csv", "jsonl", "urls"};
	struct replay_case self;
	struct run_result run, replay;
	struct buf list;
	set_up(&self);
	buf_init(&list, SIZE_MAX / 2);
	write_list(&self, &list);
	/* The last one has no changes. */
	size_t count = sizeof formats / sizeof *formats - is_shared;
	for (size_t i = 0; i < count; i++) {
		run_areq_with(&run, (&(struct run_options){.input = list.data}), "-q", STATE_OF_RUN(self),
		    "--restart", "--format", formats[i]);
		run_expect_exit(&run, 1);
		run_areq_with(&replay, (&(struct run_options){.input_closed = true}), "--state", self.state,
		    "--replay", "--format", formats[i]);
		run_expect_exit(&replay, 0);
		cr_expect_str_eq(replay.err, "");
		cr_expect_gt(run.out_len, 100);
		expect_same_rows(&replay, &run);
		run_release(&run);
		run_release(&replay);
	}
	buf_release(&list);
	tear_down(&self);
}

/* Depth and via are those of the run, also where redirects and sitemaps led to a page. */
TEST_OF_BOTH(gives_the_rows_of_a_crawl)
{
	struct replay_case self;
	struct run_result run, replay;
	set_up(&self);
	free(site_exchange(&self.site, "GET /_/nights?seed=7&pages=50 HTTP/1.0\r\n\r\n", 42, 5, NULL));
	const char *start = site_url(&self.site, "/_/nights/p0");
	run_areq(&run, "-q", STATE_OF_RUN(self), "--depth", "all", "--sitemaps", "--format", "jsonl", start);
	run_areq(&replay, "--state", self.state, "--replay", "--format", "jsonl");
	run_expect_exit(&replay, 0);
	cr_expect(strstr(run.out, "\"depth\":3"), "%s", run.out);
	expect_same_rows(&replay, &run);
	run_release(&run);
	run_release(&replay);
	/* Only what the run has kept is known: another format shows no more of a link. */
	run_areq(&run, "-q", STATE_OF_RUN(self), "--restart", "--depth", "all", start);
	run_areq(&replay, "--state", self.state, "--replay", "--format", "jsonl");
	cr_expect(
	    strstr(replay.out, "\"raw\":null,\"tag\":null,\"attr\":null,\"rel\":null,\"position\":null"));
	run_release(&replay);
	run_areq(&replay, "--state", self.state, "--replay");
	expect_same_rows(&replay, &run);
	run_release(&run);
	run_release(&replay);
	tear_down(&self);
}

/* With a filter, the rows are those that a run with this filter has. */
TEST_OF_BOTH(applies_filters_as_the_run_does)
{
	static const char *const filters[][4] = {{"--include", "c$|mailto"}, {"--exclude", "#"},
	    {"--same-host"}, {"--external"}, {"--schemes", "mailto"}, {"--strip-fragment"},
	    {"--strip-fragment", "--exclude", "x$"}, {"--no-header"}, {"--format", "urls", "--null"},
	    {"--unique", "--no-header"}};
	struct replay_case self;
	struct run_result run, replay;
	set_up(&self);
	const char *page = site_page(&self.site, "body", body);
	run_areq(&run, "-q", STATE_OF_RUN(self), page);
	run_release(&run);
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		const char *const *filter = filters[i];
		run_areq(&run, "-q", page, filter[0], filter[1], filter[2], filter[3]);
		run_areq(
		    &replay, "--state", self.state, "--replay", filter[0], filter[1], filter[2], filter[3]);
		run_expect_exit(&run, 0);
		run_expect_exit(&replay, 0);
		cr_expect_str_eq(replay.out, run.out, "%s:\n%s", filter[0], replay.out);
		run_release(&run);
		run_release(&replay);
	}
	tear_down(&self);
}

/* A page that failed in the last run has no rows, though its last good answer is known. */
TEST_OF_BOTH(has_the_pages_that_are_ok_in_the_last_run)
{
	struct replay_case self;
	struct run_result run, replay;
	set_up(&self);
	const char *good = site_page(&self.site, "links", "2", "etag", "\"a\"");
	const char *page = site_page(&self.site, "links", "3", "fail", "1", "fail_status", "501");
	run_areq(&run, "-q", STATE_OF_RUN(self), good, page);
	run_expect_exit(&run, 1);
	run_areq(&replay, "--state", self.state, "--replay");
	expect_same_rows(&replay, &run);
	run_release(&run);
	run_release(&replay);
	/* Now it is ok, and the other one is unchanged. */
	run_areq(&run, "-q", STATE_OF_RUN(self), good, page);
	run_expect_exit(&run, 0);
	run_areq(&replay, "--state", self.state, "--replay");
	expect_same_rows(&replay, &run);
	run_release(&run);
	run_release(&replay);
	/* What is not on the list any more was not in the last run. */
	run_areq(&run, "-q", STATE_OF_RUN(self), page);
	run_areq(&replay, "--state", self.state, "--replay");
	expect_same_rows(&replay, &run);
	run_release(&run);
	run_release(&replay);
	tear_down(&self);
}

Test(replay, reads_while_a_run_writes_and_says_that_it_has_not_ended)
{
	struct replay_case self;
	struct run_child child;
	struct run_result run, replay;
	set_up(&self);
	const char *good = site_page(&self.site, "links", "2");
	const char *slow = site_page(&self.site, "links", "2", "delay", "forever");
	run_start_areq(&child, (&(struct run_options){.limit = 30}), "-q", "--state", self.state, "-o",
	    scratch_path(&self.scratch, "rows.tsv"), good, slow);
	site_wait_in_flight(&self.site, 1, 10);
	run_wait(&child, 1);
	run_areq(&replay, "--state", self.state, "--replay", "--no-header");
	run_expect_exit(&replay, 0);
	cr_expect(strstr(replay.err, "has not ended: 1 of 2 URLs are done"), "%s", replay.err);
	cr_expect(strstr(replay.out, good) && !strstr(replay.out, slow), "%s", replay.out);
	run_release(&replay);
	run_kill(&child, SIGKILL);
	run_finish(&child, &run);
	run_release(&run);
	tear_down(&self);
}

Test(replay, changes_nothing_and_needs_no_permission_to_write)
{
	struct replay_case self;
	struct run_result run, replay;
	size_t before_len, after_len;
	set_up(&self);
	run_areq(&run, "-q", "--state", self.state, site_page(&self.site, "links", "3"));
	char *before = scratch_read(&self.scratch, "crawl.db", &before_len);
	chmod(self.state, 0400);
	chmod(self.scratch.folder, 0500);
	run_areq(&replay, "--state", self.state, "--replay");
	run_expect_exit(&replay, 0);
	cr_expect_str_eq(replay.out, run.out);
	chmod(self.scratch.folder, 0700);
	char *after = scratch_read(&self.scratch, "crawl.db", &after_len);
	cr_expect(before_len == after_len && memcmp(before, after, before_len) == 0, "the state has changed");
	cr_expect_not(scratch_exists(&self.scratch, "crawl.db-lock"));
	free(before);
	free(after);
	run_release(&run);
	run_release(&replay);
	tear_down(&self);
}

static void expect_refused(int exit_status, const char *words, const char *const *args)
{
	struct run_result result;
	run_program(&result, NULL, run_areq_name(), args);
	run_expect_exit(&result, exit_status);
	cr_expect(strstr(result.err, words), "\"%s\" is not in: %s", words, result.err);
	cr_expect_str_eq(result.out, "");
	run_release(&result);
}

Test(replay, refuses_what_makes_no_sense)
{
	struct replay_case self;
	struct run_result run;
	set_up(&self);
	run_areq(&run, "-q", "--state", self.state, site_page(&self.site, "links", "1"));
	run_release(&run);
	const char *missing = scratch_path(&self.scratch, "missing.db");
	const char *empty = scratch_write(&self.scratch, "empty.db", "");
	const char *other = scratch_write(&self.scratch, "urls.txt", "http://127.0.0.1/\n");
	expect_refused(2, "--replay needs --state FILE", (const char *const[]){"--replay", NULL});
	expect_refused(2, "--replay and --depth exclude each other",
	    (const char *const[]){"--state", self.state, "--replay", "--depth", "1", NULL});
	expect_refused(2, "--replay and --report exclude each other",
	    (const char *const[]){"--state", self.state, "--replay", "--report", "x", NULL});
	expect_refused(2, "--replay takes no list, and so no http://127.0.0.1/",
	    (const char *const[]){"--state", self.state, "--replay", "http://127.0.0.1/", NULL});
	expect_refused(2, "is what --state reads",
	    (const char *const[]){"--state", self.state, "--replay", "-o", self.state, NULL});
	expect_refused(2, "is no state file", (const char *const[]){"--state", other, "--replay", NULL});
	expect_refused(3, "cannot be opened", (const char *const[]){"--state", missing, "--replay", NULL});
	expect_refused(3, "knows no run yet", (const char *const[]){"--state", empty, "--replay", NULL});
	cr_expect_not(scratch_exists(&self.scratch, "missing.db"));
	/* The state was left as it is. */
	run_areq(&run, "--state", self.state, "--replay", "-o", scratch_path(&self.scratch, "rows.tsv"),
	    "--atomic");
	run_expect_exit(&run, 0);
	cr_expect(scratch_exists(&self.scratch, "rows.tsv"));
	run_release(&run);
	tear_down(&self);
}

/* A state that cannot be read to its end leaves the file of -o with --atomic as it was. */
Test(replay, ends_with_an_error_where_the_state_is_damaged)
{
	struct replay_case self;
	struct run_result run;
	size_t len;
	set_up(&self);
	run_areq(&run, "-q", "--state", self.state, site_page(&self.site, "links", "9"));
	run_release(&run);
	char *bytes = scratch_read(&self.scratch, "crawl.db", &len);
	char *url = bytes;
	while (url < bytes + len && memcmp(url, "/_/page", 7) != 0)
		url++;
	cr_assert_lt(url, bytes + len);
	url[3] = 'P';
	scratch_write_bytes(&self.scratch, "crawl.db", bytes, len);
	const char *rows = scratch_write(&self.scratch, "rows.tsv", "old\n");
	run_areq(&run, "--state", self.state, "--replay", "-o", rows, "--atomic");
	run_expect_exit(&run, 3);
	cr_expect(strstr(run.err, "damaged"), "%s", run.err);
	scratch_expect(&self.scratch, "rows.tsv", "old\n");
	free(bytes);
	run_release(&run);
	tear_down(&self);
}

/* Without --changes, Redis has nothing to replay; and what is damaged is left out and said. */
Test(replay_from_redis, ends_with_an_error_where_there_are_no_links)
{
	struct replay_case self;
	struct run_result run;
	is_shared = true;
	set_up(&self);
	const char *page = site_page(&self.site, "links", "2");
	expect_refused(3, "knows no run yet", (const char *const[]){"--state", self.state, "--replay", NULL});
	run_areq(&run, "-q", "--state", self.state, page);
	run_release(&run);
	expect_refused(
	    3, "has kept no links", (const char *const[]){"--state", self.state, "--replay", NULL});
	run_areq(&run, "-q", STATE_OF_RUN(self), page, site_page(&self.site, "links", "1"));
	run_release(&run);
	redis_server_run(
	    &self.redis, "eval \"redis.call('lset', redis.call('keys', '*links:*')[1], 0, 'xxx')\" 0");
	run_areq(&run, "--state", self.state, "--replay", "--no-header");
	run_expect_exit(&run, 3);
	cr_expect(strstr(run.err, "1 page is damaged"), "%s", run.err);
	cr_expect_gt(run.out_len, 50, "the other page has its rows");
	run_release(&run);
	tear_down(&self);
}
