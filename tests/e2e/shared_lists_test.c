/* --state redis://…: a list whose process is gone before it has read all of it. */
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

enum { PAGES = 10, READ = 5 };

struct lists {
	struct redis_server redis;
	struct site site;
	struct scratch scratch;
	char list[4000];
	size_t read; /* bytes of its first READ lines */
};

static void lists_start(struct lists *self)
{
	size_t used = 0;
	redis_server_start(&self->redis, NULL);
	site_start(&self->site);
	scratch_init(&self->scratch);
	for (int i = 0; i < PAGES; i++) {
		char prefix[16];
		snprintf(prefix, sizeof prefix, "%d-", i);
		if (i == READ)
			self->read = used;
		used += (size_t)snprintf(self->list + used, sizeof self->list - used, "%s\n",
		    site_page(&self->site, "links", "2", "prefix", prefix));
	}
}

static void lists_stop(struct lists *self)
{
	scratch_release(&self->scratch);
	site_stop(&self->site);
	redis_server_end(&self->redis);
}

#define ARGUMENTS(self, list) "-q", "-o", "/dev/null", "--lease", "1s", "--state", (self)->redis.url, list

static void wait_done(struct lists *self, const char *wanted)
{
	for (int i = 0;; i++) {
		struct run_result result;
		run_areq(&result, "-n", "--state", self->redis.url);
		bool is_done = strstr(result.out, wanted);
		cr_assert(is_done || i < 200, "%s", result.out);
		run_release(&result);
		if (is_done)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	}
}

/* Starts a process with a list that has no end yet, and one without a list, and kills the first one when it
 * has read a part. */
static void kill_reader(struct lists *self, struct run_child *other, int signal)
{
	struct run_child reader;
	struct run_result result;
	run_start_areq(&reader, (&(struct run_options){.input_pipe = true}), ARGUMENTS(self, "-"));
	char *part = strndup(self->list, self->read);
	run_feed(&reader, part);
	free(part);
	wait_done(self, "5 URLs done");
	run_start_areq(other, NULL, ARGUMENTS(self, "/dev/null"));
	run_kill(&reader, signal);
	run_finish(&reader, &result);
	run_release(&result);
}

static void expect_end(struct lists *self, struct run_child *child, int exit_status)
{
	struct run_result result;
	run_finish(child, &result);
	run_expect_exit(&result, exit_status);
	cr_expect_eq(exit_status == 0, !strstr(result.err, "has ended without all of"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "-n", "--state", self->redis.url);
	cr_expect_eq(exit_status == 0, !strstr(result.out, "not read to the end"), "%s", result.out);
	run_release(&result);
}

static void start_again(struct lists *self, struct run_child *child)
{
	run_start_areq(child, (&(struct run_options){.input = self->list}), ARGUMENTS(self, "-"));
}

/* All pages were asked for in one run, each once. */
static void expect_all_once(struct lists *self)
{
	struct site_stats stats;
	struct run_result result;
	run_areq(&result, "-n", "--state", self->redis.url);
	cr_expect(strstr(result.out, "run 1: 10 URLs done (10 ok, 0 failed, 0 skipped), 0 left, ended\n"),
	    "%s", result.out);
	run_release(&result);
	site_stats(&self->site, &stats);
	cr_expect_eq(stats.count, PAGES, "%zu requests", stats.count);
	site_stats_release(&stats);
}

Test(shared_lists, that_was_not_read_is_missed)
{
	static const int signals[] = {SIGKILL, SIGTERM};
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct lists self;
		struct run_child other;
		lists_start(&self);
		kill_reader(&self, &other, signals[i]);
		expect_end(&self, &other, 1);
		start_again(&self, &other);
		expect_end(&self, &other, 0);
		expect_all_once(&self);
		lists_stop(&self);
	}
}

Test(shared_lists, that_is_brought_again_in_time_is_complete)
{
	struct lists self;
	struct run_child other, again;
	lists_start(&self);
	kill_reader(&self, &other, SIGKILL);
	start_again(&self, &again);
	expect_end(&self, &again, 0);
	expect_end(&self, &other, 0);
	expect_all_once(&self);
	lists_stop(&self);
}

/* The end of another list changes nothing, and neither do the options. */
Test(shared_lists, that_was_not_read_is_missed_whatever_others_bring)
{
	struct lists self;
	struct run_child other;
	struct run_result result;
	lists_start(&self);
	kill_reader(&self, &other, SIGKILL);
	expect_end(&self, &other, 1);
	run_areq(&result, ARGUMENTS(&self, scratch_write(&self.scratch, "other", self.list)), "--external");
	run_expect_exit(&result, 2);
	run_release(&result);
	run_start_areq(&other, NULL, ARGUMENTS(&self, scratch_path(&self.scratch, "other")));
	expect_end(&self, &other, 1);
	start_again(&self, &other);
	expect_end(&self, &other, 0);
	expect_all_once(&self);
	lists_stop(&self);
}

/* Its name comes from another machine. */
Test(shared_lists, name_does_not_control_the_terminal)
{
	struct lists self;
	struct run_result result;
	lists_start(&self);
	run_areq(&result, ARGUMENTS(&self, scratch_write(&self.scratch, "list", self.list)));
	run_expect_exit(&result, 0);
	run_release(&result);
	redis_server_run(
	    &self.redis, "eval \"redis.call('hset', 'areq:{test}:1:unread', '\\27[31mred', 'x')\" 0");
	run_areq(&result, "-n", "--state", self.redis.url);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.out, "\\x1B[31mred") || strstr(result.out, "\\x1b[31mred"), "%s", result.out);
	cr_expect_not(strchr(result.out, '\x1b'));
	run_release(&result);
	lists_stop(&self);
}
