#include "in/frontier.h"

#include "base/clock.h"
#include "base/options.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct fetch {
	struct job job; /* first, so that a job is a fetch */
	const char *name;
};

static void parse(struct url *url, const char *text)
{
	url_init(url);
	cr_assert(url_parse(url, text, strlen(text), NULL, NULL), "%s", text);
}

/* Each test is a process of its own. */
static uint64_t numbers;

static void add(struct frontier *frontier, struct fetch *fetch, const char *text)
{
	struct url url;
	parse(&url, text);
	*fetch = (struct fetch){.job.number = numbers++, .name = text};
	frontier_add(frontier, &fetch->job, &url);
	url_release(&url);
}

/* The name of what starts next, or "" for nothing. */
static const char *next(struct frontier *frontier, int64_t now, struct fetch **fetch)
{
	struct fetch *found = (struct fetch *)frontier_next(frontier, now, UINT64_MAX);
	if (fetch)
		*fetch = found;
	return found ? found->name : "";
}

static void finish_all(struct frontier *frontier, struct fetch **out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		frontier_finish(frontier, &out[i]->job);
}

Test(frontier, keeps_the_order_and_each_hosts_limit)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 2, .delay_ms = 0, .host_errors = 10});
	struct fetch fetches[5], *out[5];
	add(frontier, &fetches[0], "http://a/1");
	add(frontier, &fetches[1], "http://a/2");
	add(frontier, &fetches[2], "http://a/3");
	add(frontier, &fetches[3], "http://b/1");
	add(frontier, &fetches[4], "http://a:81/1");
	cr_expect_eq(frontier_waiting(frontier), 5);
	cr_expect_str_eq(next(frontier, 0, &out[0]), "http://a/1");
	cr_expect_str_eq(next(frontier, 0, &out[1]), "http://a/2");
	cr_expect_str_eq(next(frontier, 0, &out[2]), "http://b/1", "a has two; b goes on");
	cr_expect_str_eq(next(frontier, 0, &out[3]), "http://a:81/1", "another port is another server");
	cr_expect_str_eq(next(frontier, 0, NULL), "");
	cr_expect_eq(frontier_next_due(frontier), CLOCK_NEVER);
	frontier_finish(frontier, &out[0]->job);
	cr_expect_str_eq(next(frontier, 0, &out[0]), "http://a/3");
	cr_expect_eq(frontier_waiting(frontier), 0);
	finish_all(frontier, out, 4);
	frontier_free(frontier);
}

Test(frontier, keeps_the_delay_between_starts_to_one_host)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 0, .delay_ms = 100, .host_errors = 10});
	struct fetch fetches[3], *out[3];
	add(frontier, &fetches[0], "http://a/1");
	add(frontier, &fetches[1], "http://a/2");
	add(frontier, &fetches[2], "http://b/1");
	cr_expect_str_eq(next(frontier, 1000, &out[0]), "http://a/1");
	cr_expect_str_eq(next(frontier, 1000, &out[1]), "http://b/1");
	cr_expect_str_eq(next(frontier, 1099, NULL), "");
	cr_expect_eq(frontier_next_due(frontier), 1100);
	frontier_finish(frontier, &out[0]->job);
	cr_expect_str_eq(next(frontier, 1099, NULL), "", "an ended one does not shorten the delay");
	cr_expect_str_eq(next(frontier, 1100, &out[0]), "http://a/2");
	finish_all(frontier, out, 2);
	frontier_free(frontier);
}

/* What has asked for nothing makes nobody wait, but ends no pause that the host has asked for. */
Test(frontier, does_not_wait_after_a_job_that_was_cancelled)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 0, .delay_ms = 100, .host_errors = 10});
	struct fetch fetches[4], *out;
	for (size_t i = 0; i < 4; i++)
		add(frontier, &fetches[i],
		    i == 0   ? "http://a/0"
		    : i == 1 ? "http://a/1"
		    : i == 2 ? "http://a/2"
		             : "http://a/3");
	cr_expect_str_eq(next(frontier, 1000, &out), "http://a/0");
	frontier_cancel(frontier, &out->job);
	cr_expect_str_eq(next(frontier, 1000, &out), "http://a/1");
	frontier_finish(frontier, &out->job);
	cr_expect_str_eq(next(frontier, 1099, NULL), "");
	cr_expect_str_eq(next(frontier, 1100, &out), "http://a/2");
	frontier_pause_host(frontier, &out->job, 1100, 1500);
	frontier_cancel(frontier, &out->job);
	cr_expect_str_eq(next(frontier, 1499, NULL), "");
	cr_expect_str_eq(next(frontier, 1500, &out), "http://a/3");
	frontier_finish(frontier, &out->job);
	frontier_free(frontier);
}

Test(frontier, remembers_the_delay_of_a_host_with_nothing_to_do)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 0, .delay_ms = 100, .host_errors = 10});
	struct fetch fetches[2], *out;
	add(frontier, &fetches[0], "http://a/1");
	next(frontier, 1000, &out);
	frontier_finish(frontier, &out->job);
	add(frontier, &fetches[1], "http://a/2");
	cr_expect_str_eq(next(frontier, 1050, NULL), "");
	cr_expect_str_eq(next(frontier, 1100, &out), "http://a/2");
	frontier_finish(frontier, &out->job);
	next(frontier, 5000, NULL);
	frontier_free(frontier);
}

Test(frontier, knows_how_long_the_run_waited_for_the_delay)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 0, .delay_ms = 100, .host_errors = 10});
	struct fetch fetches[6], *out[6];
	int64_t at;
	add(frontier, &fetches[0], "http://a/1");
	add(frontier, &fetches[1], "http://a/2");
	add(frontier, &fetches[2], "http://a/3");
	cr_expect_str_eq(next(frontier, 1000, &out[0]), "http://a/1");
	cr_expect_eq(frontier_delay_wait_ms(frontier), 0);
	frontier_finish(frontier, &out[0]->job);
	cr_expect_null(frontier_awaited_host(frontier, &at), "the delay is no reason to name a host");
	cr_expect_str_eq(next(frontier, 1130, &out[1]), "http://a/2");
	cr_expect_eq(frontier_delay_wait_ms(frontier), 100, "what is late for another reason does not count");
	add(frontier, &fetches[3], "http://b/1");
	cr_expect_str_eq(next(frontier, 1190, &out[2]), "http://b/1");
	cr_expect_str_eq(next(frontier, 1230, &out[3]), "http://a/3");
	cr_expect_eq(frontier_delay_wait_ms(frontier), 140, "from the start of the other host on");
	/* Nothing is listed while the delay lasts. */
	cr_expect_str_eq(next(frontier, 1330, NULL), "");
	add(frontier, &fetches[4], "http://a/4");
	cr_expect_str_eq(next(frontier, 2000, &out[4]), "http://a/4");
	cr_expect_eq(frontier_delay_wait_ms(frontier), 140);
	/* The host asks for a longer pause than the delay. */
	add(frontier, &fetches[5], "http://a/5");
	frontier_pause_host(frontier, &out[4]->job, 2000, 3000);
	finish_all(frontier, out + 1, 4);
	cr_expect_str_eq(frontier_awaited_host(frontier, &at), "a:80");
	cr_expect_eq(at, 3000);
	cr_expect_str_eq(next(frontier, 3000, &out[5]), "http://a/5");
	cr_expect_eq(frontier_delay_wait_ms(frontier), 140);
	frontier_finish(frontier, &out[5]->job);
	frontier_free(frontier);
}

Test(frontier, brings_retries_back_when_they_are_due)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 1, .delay_ms = 0, .host_errors = 10});
	struct fetch fetches[2], *out;
	add(frontier, &fetches[0], "http://a/1");
	add(frontier, &fetches[1], "http://a/2");
	next(frontier, 0, &out);
	frontier_retry(frontier, &out->job, 500);
	cr_expect_eq(frontier_waiting(frontier), 2);
	cr_expect_str_eq(next(frontier, 10, &out), "http://a/2", "the host is free meanwhile");
	cr_expect_eq(frontier_next_due(frontier), 500);
	cr_expect_str_eq(next(frontier, 500, NULL), "", "the limit of one holds for a retry too");
	frontier_finish(frontier, &out->job);
	cr_expect_str_eq(next(frontier, 501, &out), "http://a/1");
	frontier_finish(frontier, &out->job);
	frontier_free(frontier);
}

Test(frontier, holds_a_whole_host_back_and_no_other)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 6, .delay_ms = 0, .host_errors = 10});
	struct fetch fetches[3], *out[2];
	add(frontier, &fetches[0], "http://a/1");
	add(frontier, &fetches[1], "http://a/2");
	add(frontier, &fetches[2], "http://b/1");
	next(frontier, 0, &out[0]);
	frontier_pause_host(frontier, &out[0]->job, 0, 3000);
	frontier_retry(frontier, &out[0]->job, 3000);
	cr_expect_str_eq(next(frontier, 0, &out[1]), "http://b/1");
	cr_expect_str_eq(next(frontier, 2999, NULL), "");
	cr_expect_eq(frontier_next_due(frontier), 3000);
	cr_expect_str_eq(next(frontier, 3000, &out[0]), "http://a/1");
	frontier_finish(frontier, &out[0]->job);
	cr_expect_str_eq(next(frontier, 3000, &out[0]), "http://a/2");
	finish_all(frontier, out, 2);
	frontier_free(frontier);
}

Test(frontier, counts_a_redirect_for_the_host_it_leads_to)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 1, .delay_ms = 0, .host_errors = 10});
	struct fetch fetches[3], *out[2];
	struct url target;
	add(frontier, &fetches[0], "http://a/1");
	add(frontier, &fetches[1], "http://b/1");
	add(frontier, &fetches[2], "http://b/2");
	next(frontier, 0, &out[0]);
	next(frontier, 0, &out[1]);
	parse(&target, "http://b/from-a");
	frontier_redirect(frontier, &out[0]->job, &target);
	url_release(&target);
	cr_expect_str_eq(next(frontier, 0, NULL), "", "b is busy");
	frontier_finish(frontier, &out[1]->job);
	cr_expect_str_eq(next(frontier, 0, &out[0]), "http://a/1", "ahead of the list");
	frontier_finish(frontier, &out[0]->job);
	cr_expect_str_eq(next(frontier, 0, &out[0]), "http://b/2");
	frontier_finish(frontier, &out[0]->job);
	frontier_free(frontier);
}

Test(frontier, gives_up_everything_that_waits)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 1, .delay_ms = 1000, .host_errors = 10});
	struct fetch fetches[40], *out;
	char names[40][32];
	for (int i = 0; i < 40; i++) {
		snprintf(names[i], sizeof names[i], "http://host%d/%d", i % 4, i);
		add(frontier, &fetches[i], names[i]);
	}
	next(frontier, 5, &out);
	frontier_retry(frontier, &out->job, 700);
	next(frontier, 5, &out);
	frontier_finish(frontier, &out->job);
	int count = 0;
	while (frontier_abandon(frontier))
		count++;
	cr_expect_eq(count, 39);
	cr_expect_eq(frontier_waiting(frontier), 0);
	frontier_free(frontier);
}

Test(frontier, forgets_hosts_that_it_is_done_with)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 6, .delay_ms = 10, .host_errors = 10});
	struct fetch fetch, *out;
	char name[32];
	/* frontier_free asserts that no host is left but those that are held. */
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "http://host%d/", i);
		add(frontier, &fetch, name);
		cr_assert_str_eq(next(frontier, i, &out), name);
		frontier_finish(frontier, &out->job);
	}
	cr_expect_eq(frontier_next_due(frontier), 1000, "only the last ten are held");
	frontier_free(frontier);
}

Test(frontier, halves_a_busy_hosts_allowance_and_lets_it_grow_back)
{
	enum { JOBS = 30 };
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 8, .delay_ms = 0, .host_errors = 0});
	struct fetch fetches[JOBS], *out[JOBS];
	char names[JOBS][32];
	for (int i = 0; i < JOBS; i++) {
		snprintf(names[i], sizeof names[i], "http://a/%d", i);
		add(frontier, &fetches[i], names[i]);
	}
	size_t count = 0;
	while ((out[count] = (struct fetch *)frontier_next(frontier, 0, UINT64_MAX)))
		count++;
	cr_assert_eq(count, 8);
	/* Two of the eight were told to be patient: four, then two at once. */
	for (int i = 0; i < 2; i++) {
		frontier_record_event(frontier, &out[i]->job, HOST_BUSY, 0);
		frontier_finish(frontier, &out[i]->job);
	}
	cr_expect_str_eq(next(frontier, 0, NULL), "");
	for (size_t i = 2; i < count; i++)
		frontier_finish(frontier, &out[i]->job);
	size_t allowed = 0;
	while ((out[allowed] = (struct fetch *)frontier_next(frontier, 0, UINT64_MAX)))
		allowed++;
	cr_expect_eq(allowed, 2, "%zu", allowed);
	frontier_record_event(frontier, &out[0]->job, HOST_ANSWERED, 0);
	frontier_finish(frontier, &out[0]->job);
	cr_expect_str_neq(next(frontier, 0, &out[0]), "", "in its place");
	cr_expect_str_neq(next(frontier, 0, &out[2]), "", "one more after a good answer");
	cr_expect_str_eq(next(frontier, 0, NULL), "");
	finish_all(frontier, out, allowed + 1);
	while (frontier_abandon(frontier))
		;
	frontier_free(frontier);
}

/* Tries that bring nothing take a second each, by the clock; an answer pays ten of them back. */
Test(frontier, gives_a_host_up_that_wastes_time)
{
	enum { JOBS = 60 };
	static const struct {
		enum host_event news;
		int64_t asked_ms; /* more, to be left alone */
		int answered_every;
		int ends_after; /* so many tries; 0: not at all */
	} cases[] = {
	    {.news = HOST_BUSY, .asked_ms = 0, .answered_every = 0, .ends_after = 20},
	    {.news = HOST_BROKE_OFF, .asked_ms = 0, .answered_every = 0, .ends_after = 20},
	    {.news = HOST_UNREACHABLE, .asked_ms = 0, .answered_every = 0, .ends_after = 20},
	    {.news = HOST_ANSWERED, .asked_ms = 0, .answered_every = 0, .ends_after = 0},
	    {.news = HOST_BUSY, .asked_ms = 4000, .answered_every = 0, .ends_after = 4},
	    {.news = HOST_BUSY, .asked_ms = 0, .answered_every = 5, .ends_after = 0},
	    {.news = HOST_BUSY,
	        .asked_ms = 0,
	        .answered_every = 20,
	        .ends_after = 20 + 11}, /* 19 s; then 9 of them, and 11 more */
	    {.news = HOST_BUSY,
	        .asked_ms = 0,
	        .answered_every = 15,
	        .ends_after = 15 + 15 + 12}, /* 14 s; 4 and 14; 8 and 12 */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct frontier *frontier =
		    frontier_new(&(struct manners){.per_host = 1, .patience_ms = 20 * 1000});
		struct fetch fetches[JOBS], *out;
		char names[JOBS][32];
		int tries = 0;
		int64_t now = 0;
		for (int k = 0; k < JOBS; k++) {
			snprintf(names[k], sizeof names[k], "http://a/%d", k);
			add(frontier, &fetches[k], names[k]);
		}
		while ((out = (struct fetch *)frontier_next(frontier, now, UINT64_MAX))) {
			bool ended = frontier_host_state(&out->job) != HOST_KEPT;
			if (ended)
				cr_expect_eq(frontier_host_state(&out->job), HOST_GIVEN_UP_TIME);
			tries += !ended;
			now += 1000;
			bool answers = cases[i].answered_every && tries % cases[i].answered_every == 0;
			if (!ended)
				frontier_record_event(
				    frontier, &out->job, answers ? HOST_ANSWERED : cases[i].news, now);
			/* Twice the same: it is one pause. */
			for (int k = 0; k < 2 && cases[i].asked_ms && !ended; k++)
				frontier_pause_host(frontier, &out->job, now, now + cases[i].asked_ms);
			frontier_finish(frontier, &out->job);
			now += cases[i].asked_ms;
		}
		cr_expect_eq(
		    tries, cases[i].ends_after ? cases[i].ends_after : JOBS, "case %zu: %d tries", i, tries);
		frontier_free(frontier);
	}
}

Test(frontier, gives_a_host_up_and_no_other)
{
	enum { JOBS = 20 };
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 1, .delay_ms = 1000, .host_errors = 3});
	struct fetch fetches[JOBS + 1], *out;
	char names[JOBS][32];
	for (int i = 0; i < JOBS; i++) {
		snprintf(names[i], sizeof names[i], "http://a/%d", i);
		add(frontier, &fetches[i], names[i]);
	}
	add(frontier, &fetches[JOBS], "http://b/");
	int64_t now = 0;
	for (int i = 0; i < 3; i++, now += 1000) {
		cr_assert_str_eq(next(frontier, now, &out), names[i]);
		cr_expect_not(frontier_host_state(&out->job) == HOST_GIVEN_UP_ERRORS);
		if (i == 0) {
			frontier_record_event(frontier, &out->job, HOST_UNREACHABLE, 0);
			frontier_record_event(frontier, &out->job, HOST_UNREACHABLE, 0);
			frontier_record_event(frontier, &out->job, HOST_ANSWERED, 0);
		}
		frontier_record_event(frontier, &out->job, HOST_UNREACHABLE, 0);
		frontier_finish(frontier, &out->job);
	}
	int given_up = 0;
	while ((out = (struct fetch *)frontier_next(frontier, now, UINT64_MAX))) {
		given_up += frontier_host_state(&out->job) == HOST_GIVEN_UP_ERRORS;
		frontier_finish(frontier, &out->job);
	}
	cr_expect_eq(given_up, JOBS - 3, "%d at once, without limit or delay", given_up);
	cr_expect_eq(frontier_waiting(frontier), 0);
	frontier_free(frontier);
}

/* With --ordered, only small numbers may start while many pages wait for one of them: it must not stand
 * behind a larger number, whatever brought that to its host. */
Test(frontier, hides_no_small_number_behind_a_redirect_or_a_retry)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 1, .delay_ms = 0, .host_errors = 10});
	struct fetch first, second, third, *busy, *moved, *found;
	struct url url;
	add(frontier, &first, "http://a/1");
	add(frontier, &second, "http://a/2");
	add(frontier, &third, "http://b/3");
	next(frontier, 0, &busy);
	cr_expect_str_eq(next(frontier, 0, &moved), "http://b/3");
	parse(&url, "http://a/moved");
	frontier_redirect(frontier, &moved->job, &url);
	url_release(&url);
	frontier_finish(frontier, &busy->job);
	found = (struct fetch *)frontier_next(frontier, 0, 2);
	cr_assert_eq(found, &second);
	frontier_retry(frontier, &found->job, 5);
	found = (struct fetch *)frontier_next(frontier, 5, 2);
	cr_assert_eq(found, &second, "its retry comes before what waits already");
	frontier_finish(frontier, &found->job);
	cr_expect_str_eq(next(frontier, 5, &found), "http://b/3");
	frontier_finish(frontier, &found->job);
	frontier_free(frontier);
}

Test(frontier, starts_none_that_is_not_below_a_limit)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 1, .delay_ms = 0, .host_errors = 10});
	struct fetch fetches[3];
	struct job *out;
	add(frontier, &fetches[0], "http://a/0");
	add(frontier, &fetches[1], "http://b/1");
	add(frontier, &fetches[2], "http://a/2");
	cr_expect_null(frontier_next(frontier, 0, 0));
	out = frontier_next(frontier, 0, 1);
	cr_assert_eq(out, &fetches[0].job);
	cr_expect_null(frontier_next(frontier, 0, 1), "the next one is number 1");
	frontier_finish(frontier, out);
	cr_expect_null(frontier_next(frontier, 0, 1));
	out = frontier_next(frontier, 0, 2);
	cr_assert_eq(out, &fetches[1].job);
	frontier_finish(frontier, out);
	out = frontier_next(frontier, 0, UINT64_MAX);
	cr_assert_eq(out, &fetches[2].job);
	frontier_finish(frontier, out);
	frontier_free(frontier);
}

Test(frontier, keeps_the_rate_over_all_hosts_with_retries_and_redirects)
{
	struct frontier *frontier = frontier_new(&(struct manners){.rate = 1 * RATE_PER_SECOND});
	struct fetch fetches[3], *out;
	struct url target;
	int64_t at;
	add(frontier, &fetches[0], "http://a/");
	add(frontier, &fetches[1], "http://b/");
	add(frontier, &fetches[2], "http://c/");
	cr_expect_str_eq(next(frontier, 5000, &out), "http://a/");
	cr_expect_str_eq(next(frontier, 5000, NULL), "", "another host has no rate of its own");
	cr_expect_eq(frontier_next_due(frontier), 6001);
	frontier_retry(frontier, &out->job, 5000);
	cr_expect_str_eq(next(frontier, 6000, NULL), "");
	cr_expect_eq(frontier_next_due(frontier), 6001);
	cr_expect_null(frontier_awaited_host(frontier, &at), "the rate is no reason to name a host");
	cr_expect_str_eq(next(frontier, 6001, &out), "http://a/", "a retry that is due at once counts too");
	parse(&target, "http://d/");
	frontier_redirect(frontier, &out->job, &target);
	url_release(&target);
	cr_expect_str_eq(next(frontier, 6001, NULL), "");
	cr_expect_str_eq(next(frontier, 7002, &out), "http://a/", "at its target");
	frontier_finish(frontier, &out->job);
	cr_expect_str_eq(next(frontier, 7500, NULL), "");
	cr_expect_str_eq(next(frontier, 8003, &out), "http://b/");
	cr_expect_eq(frontier_rate_wait_ms(frontier), 1001 + 1001 + 503);
	cr_expect_eq(frontier_delay_wait_ms(frontier), 0);
	frontier_finish(frontier, &out->job);
	/* The end of a run waits for nothing. */
	cr_expect_eq(frontier_abandon(frontier), &fetches[2].job);
	frontier_free(frontier);
}

/* Whatever holds a job back, the next time is never one that has passed: the loop would spin. */
Test(frontier, never_waits_for_a_time_of_the_rate_that_has_passed)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 1, .rate = 1 * RATE_PER_SECOND});
	struct fetch fetches[3], *out[3];
	int64_t at;
	cr_expect_eq(frontier_next_due(frontier), CLOCK_NEVER, "nothing waits");
	add(frontier, &fetches[0], "http://a/0");
	add(frontier, &fetches[1], "http://a/1");
	add(frontier, &fetches[2], "http://b/2");
	next(frontier, 1000, &out[0]);
	/* A limit of the numbers that may start. */
	cr_expect_null(frontier_next(frontier, 1000, 2));
	cr_expect_eq(frontier_next_due(frontier), 2001);
	cr_expect_null(frontier_next(frontier, 2001, 2));
	cr_expect_eq(frontier_next_due(frontier), CLOCK_NEVER);
	/* Only the limit of its host holds the rest back. */
	next(frontier, 2001, &out[2]);
	cr_expect_str_eq(next(frontier, 2001, NULL), "");
	cr_expect_eq(frontier_next_due(frontier), CLOCK_NEVER);
	/* A pause that ends later, and a retry that is due earlier. */
	frontier_pause_host(frontier, &out[0]->job, 2001, 9000);
	frontier_finish(frontier, &out[0]->job);
	frontier_retry(frontier, &out[2]->job, 2500);
	cr_expect_eq(frontier_next_due(frontier), 2500);
	cr_expect_str_eq(next(frontier, 2500, NULL), "");
	cr_expect_eq(frontier_next_due(frontier), 3002);
	cr_expect_str_eq(next(frontier, 3002, &out[2]), "http://b/2");
	cr_expect_eq(frontier_next_due(frontier), 9000);
	frontier_finish(frontier, &out[2]->job);
	cr_expect_str_eq(frontier_awaited_host(frontier, &at), "a:80");
	cr_expect_str_eq(next(frontier, 9000, &out[1]), "http://a/1");
	frontier_finish(frontier, &out[1]->job);
	frontier_free(frontier);
}

Test(frontier, lets_jobs_of_a_host_that_was_given_up_fail_at_any_rate)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.host_errors = 1, .rate = 1 * RATE_PER_SECOND});
	struct fetch fetches[4], *out;
	add(frontier, &fetches[0], "http://a/0");
	add(frontier, &fetches[1], "http://a/1");
	add(frontier, &fetches[2], "http://a/2");
	add(frontier, &fetches[3], "http://b/3");
	next(frontier, 1000, &out);
	frontier_record_event(frontier, &out->job, HOST_UNREACHABLE, 1000);
	frontier_finish(frontier, &out->job);
	for (int i = 1; i <= 2; i++) {
		cr_assert_str_eq(next(frontier, 1000, &out), fetches[i].name);
		cr_expect_eq(frontier_host_state(&out->job), HOST_GIVEN_UP_ERRORS);
		frontier_finish(frontier, &out->job);
	}
	cr_expect_str_eq(next(frontier, 1000, NULL), "");
	cr_expect_str_eq(next(frontier, 2001, &out), "http://b/3", "they were no requests");
	frontier_finish(frontier, &out->job);
	frontier_free(frontier);
}

static void expect_stock(const struct frontier *frontier, size_t ready, size_t behind)
{
	struct frontier_stock stock = frontier_stock(frontier);
	cr_expect(stock.ready == ready && stock.behind == behind, "%zu ready, %zu behind", stock.ready,
	    stock.behind);
}

/* What waits for a delay or a retry is in no stock. */
Test(frontier, counts_what_could_start)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 2, .delay_ms = 0, .host_errors = 10});
	struct fetch fetches[6], *out[2];
	for (size_t i = 0; i < 5; i++)
		add(frontier, &fetches[i], "http://a/");
	expect_stock(frontier, 2, 3);
	add(frontier, &fetches[5], "http://b/");
	expect_stock(frontier, 3, 3);
	next(frontier, 10, &out[0]);
	next(frontier, 10, &out[1]);
	expect_stock(frontier, 1, 3);
	frontier_record_event(frontier, &out[0]->job, HOST_BUSY, 10);
	frontier_pause_host(frontier, &out[0]->job, 10, 20);
	expect_stock(frontier, 1, 0);
	frontier_finish(frontier, &out[0]->job);
	frontier_finish(frontier, &out[1]->job);
	expect_stock(frontier, 1, 0);
	next(frontier, 20, &out[0]);
	expect_stock(frontier, 1, 2);
	frontier_retry(frontier, &out[0]->job, 30);
	expect_stock(frontier, 2, 1);
	while (frontier_abandon(frontier))
		;
	expect_stock(frontier, 0, 0);
	frontier_free(frontier);
}

struct spared {
	const char *names[8];
	size_t count;
};

static void take_spared(void *ctx, struct job *job)
{
	struct spared *self = ctx;
	self->names[self->count++] = ((struct fetch *)job)->name;
}

static void expect_spared(struct frontier *frontier, size_t ready, const char *names)
{
	struct spared spared = {0};
	char all[100] = "";
	cr_expect_eq(frontier_spare_host(frontier, take_spared, &spared), ready);
	for (size_t i = 0; i < spared.count; i++)
		strcat(strcat(all, spared.names[i]), " ");
	cr_expect_str_eq(all, names);
}

/* A host of which nothing is in flight comes first, and of those the last. */
Test(frontier, spares_the_host_that_is_needed_least)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 2, .delay_ms = 0, .host_errors = 10});
	struct fetch fetches[9], *out[3];
	add(frontier, &fetches[0], "http://a/1");
	add(frontier, &fetches[1], "http://b/1");
	add(frontier, &fetches[2], "http://b/2");
	for (size_t i = 0; i < 3; i++)
		next(frontier, 0, &out[i]);
	expect_spared(frontier, 0, "");
	add(frontier, &fetches[3], "http://a/2");
	add(frontier, &fetches[4], "http://b/3");
	add(frontier, &fetches[5], "http://c/1");
	add(frontier, &fetches[6], "http://d/1");
	add(frontier, &fetches[7], "http://d/2");
	add(frontier, &fetches[8], "http://d/3");
	expect_spared(frontier, 2, "http://d/1 http://d/2 http://d/3 ");
	expect_spared(frontier, 1, "http://c/1 ");
	expect_spared(frontier, 1, "http://a/2 ");
	expect_spared(frontier, 0, "");
	cr_expect_eq(frontier_waiting(frontier), 1);
	finish_all(frontier, out, 3);
	while (frontier_abandon(frontier))
		;
	frontier_free(frontier);
}

/* Nobody else could go on with them before that has ended. */
Test(frontier, spares_no_host_that_has_all_that_is_in_flight_or_waits_for_a_retry)
{
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 2, .delay_ms = 0, .host_errors = 10});
	struct fetch fetches[3], *out[2];
	add(frontier, &fetches[0], "http://a/1");
	next(frontier, 0, &out[0]);
	add(frontier, &fetches[1], "http://a/2");
	expect_spared(frontier, 0, "");
	next(frontier, 0, &out[1]);
	frontier_finish(frontier, &out[1]->job);
	add(frontier, &fetches[1], "http://b/1");
	next(frontier, 0, &out[1]);
	add(frontier, &fetches[2], "http://a/3");
	frontier_retry(frontier, &out[0]->job, 1000);
	expect_spared(frontier, 0, "");
	frontier_finish(frontier, &out[1]->job);
	while (frontier_abandon(frontier))
		;
	frontier_free(frontier);
}
