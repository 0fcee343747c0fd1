/* A crawl that other processes work on, too. */

#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* So many URLs, as a part of the transfers, are ready to be begun besides those in flight. */
enum { AHEAD_PART = 2 };

/* Nothing is claimed while the answers of earlier runs that wait for their pages have more bytes. */
enum { ANSWERS_HELD_MAX = 32 << 20 };

/* To spare a host, all hosts are looked at. */
enum { SPARED_EACH_TURN = 16 };

/* A task that was redirected, while Redis is asked whether the target is known. */
struct redirect {
	struct ledger *ledger; /* NULL once the run has ended */
	struct task *task;
	char *target;
	bool leaves;    /* the origin */
	bool is_passed; /* to whoever has the host of the target */
	struct redirect *previous, *next;
};

/* Another process may have listed it. */
static void on_start(void *ctx, struct slice url)
{
	struct ledger *self = ctx;
	if ((self->crawls || self->asks_robots) && url_parse(&self->url, url.data, url.len, NULL, NULL))
		ledger_begin_listed(self, &self->url);
}

void ledger_share(struct ledger *self, struct shared_crawl *shared)
{
	self->shared = shared;
	self->store.free(self->store.self);
	self->store = shared_crawl_store(shared, self->crawls);
	shared_crawl_watch_starts(shared, on_start, self);
}

bool ledger_may_go_on(const struct ledger *self)
{
	return !self->shared || shared_crawl_may_go_on(self->shared);
}

/* Transfers that are busy or could be at once, and robots.txt files that are looked up. What waits for a
 * delay keeps no transfer busy. */
static size_t count_busy(const struct ledger *self)
{
	return frontier_in_flight(self->frontier) + frontier_stock(self->frontier).ready +
	       self->robots_looked_up + self->awaited_count;
}

/* A process takes hosts for the transfers that are idle, and, if nobody else is short of them, a few ahead.
 */
static struct redis_crawl_room find_room(const struct ledger *self)
{
	size_t jobs = (size_t)self->options->jobs, busy = count_busy(self);
	size_t waiting = frontier_waiting(self->frontier) + self->parked_count + self->awaited_count;
	bool may_ask = !ledger_is_exhausted(self) || shared_crawl_has_only_gone(self->shared);
	if (!ledger_may_take(self) || !may_ask || waiting >= LEDGER_READ_AHEAD ||
	    self->answers_held > ANSWERS_HELD_MAX)
		return (struct redis_crawl_room){0};
	size_t idle = busy < jobs ? jobs - busy : 0;
	size_t stock = busy - frontier_in_flight(self->frontier) + frontier_stock(self->frontier).behind;
	size_t wanted = shared_crawl_idle_elsewhere(self->shared) > 0 ? 0 : jobs / AHEAD_PART;
	size_t ahead = stock < wanted ? wanted - stock : 0;
	return (struct redis_crawl_room){
	    .urls = LEDGER_READ_AHEAD - waiting, .hosts = idle > ahead ? idle : ahead, .idle = idle};
}

static void give_task_back(struct ledger *self, struct task *task)
{
	if (task->claim)
		shared_crawl_yield_host(self->shared, task->claim);
	ledger_drop_void(self, task);
}

static void on_spare(void *ctx, struct job *job)
{
	struct ledger *self = ctx;
	struct task *task = task_of(job), *parked;
	if (!task->robots_of) {
		give_task_back(self, task);
		return;
	}
	while ((parked = origin_unpark(task->robots_of))) {
		self->parked_count--;
		give_task_back(self, parked);
	}
	ledger_drop_robots(task);
}

/* Hosts that are more than the transfers of this process need are for one whose transfers are idle. Goes on
 * in the next turn if there are many. */
static void spare_hosts(struct ledger *self, struct wait *wait)
{
	for (int i = 0;
	     shared_crawl_idle_elsewhere(self->shared) > 0 && count_busy(self) > (size_t)self->options->jobs;
	     i++) {
		if (i == SPARED_EACH_TURN) {
			wait_until(wait, clock_now_ms());
			return;
		}
		if (frontier_spare_host(self->frontier, on_spare, self) == 0)
			return;
	}
}

void ledger_share_turn(struct ledger *self, struct wait *wait)
{
	if (self->input_ended)
		shared_crawl_end_list(self->shared, self->status != STATUS_INPUT);
	if (shared_crawl_may_go_on(self->shared))
		spare_hosts(self, wait);
	const struct redis_crawl_room room = find_room(self);
	ledger_record_status(self, shared_crawl_turn(self->shared, &room, wait));
	/* A page whose links come from an earlier run is ready as soon as it is claimed. */
	if (self->ready.first && !ledger_has_backlog(self) && ledger_may_go_on(self))
		wait_until(wait, clock_now_ms());
}

void ledger_count_claimed(struct ledger *self, const struct store_url *url)
{
	self->last_number++;
	if (url->is_gone)
		return;
	self->totals.urls++;
	self->totals.found += url->via != NULL;
}

void ledger_settle_claim(struct ledger *self, struct task *task, const struct outcome *outcome)
{
	if (!task->claim)
		return;
	bool is_done = outcome->kind != OUTCOME_INTERRUPTED && outcome->stage != STAGE_LOCAL;
	if (!is_done) {
		ledger_release_claim(self, task);
		return;
	}
	ledger_begin_claim(self, task);
	ledger_settle_shared(self, task, outcome);
	task->claim = NULL;
}

bool ledger_is_void(const struct ledger *self, const struct task *task)
{
	return self->shared && task->claim && shared_crawl_is_void(task->claim);
}

void ledger_drop_void(struct ledger *self, struct task *task)
{
	if (!task->is_gone) {
		self->totals.urls--;
		self->totals.found -= task->via != NULL;
	}
	ledger_release_claim(self, task);
	task_free(task);
}

void ledger_share_delay(struct ledger *self, const struct task *task)
{
	int64_t ms = frontier_host_due(&task->job) - clock_now_ms();
	if (self->shared && ms > 0 && url_parse(&self->found_url, task->url, strlen(task->url), NULL, NULL))
		shared_crawl_delay_host(self->shared, &self->found_url, ms);
}

/* Redirects. */

static void remove_redirect(struct ledger *self, struct redirect *redirect)
{
	*(redirect->previous ? &redirect->previous->next : &self->redirects) = redirect->next;
	if (redirect->next)
		redirect->next->previous = redirect->previous;
	self->redirect_count--;
	redirect->ledger = NULL;
}

static void free_redirect(struct redirect *redirect)
{
	free(redirect->target);
	free(redirect);
}

/* The target is asked for anyway. */
static void skip_redirected(struct ledger *self, struct task *task)
{
	static const struct failure_reason known = {
	    STAGE_POLICY, CAUSE_KNOWN, "redirected to a URL that is asked for anyway"};
	struct outcome outcome = task_failure(task, OUTCOME_SKIPPED, known);
	ledger_end_waiting(self, task, &outcome);
}

/* A URL of the list is, and so is a redirect back, which must have set cookies. */
static bool is_followed_anyway(
    const struct ledger *self, const struct task *task, enum redis_crawl_answer answer)
{
	return answer == REDIS_CRAWL_KNOWN && (!task->via || task_has_visited(task, &self->url));
}

static void on_answer(void *ctx, enum redis_crawl_answer answer)
{
	struct redirect *redirect = ctx;
	struct ledger *self = redirect->ledger;
	struct task *task = redirect->task;
	if (!self) {
		free_redirect(redirect);
		return;
	}
	remove_redirect(self, redirect);
	url_parse(&self->url, redirect->target, strlen(redirect->target), NULL, NULL);
	if (answer == REDIS_CRAWL_NEW && redirect->is_passed) {
		/* The claim has ended. */
		task->claim = NULL;
		ledger_drop_void(self, task);
	} else if (answer == REDIS_CRAWL_NEW || is_followed_anyway(self, task, answer)) {
		task_redirect(task, &self->url, redirect->leaves);
		ledger_admit(self, task, &self->url);
	} else if (answer == REDIS_CRAWL_KNOWN) {
		skip_redirected(self, task);
	} else {
		ledger_drop_void(self, task);
	}
	free_redirect(redirect);
}

static struct redirect *add_redirect(struct ledger *self, struct task *task, bool leaves)
{
	struct redirect *redirect = alloc_new(sizeof *redirect);
	struct slice target = url_href(&self->url);
	redirect->ledger = self;
	redirect->task = task;
	redirect->target = alloc_copy(target.data, target.len);
	redirect->leaves = leaves;
	redirect->next = self->redirects;
	if (self->redirects)
		self->redirects->previous = redirect;
	self->redirects = redirect;
	self->redirect_count++;
	return redirect;
}

static bool is_same_server(struct ledger *self, const struct task *task)
{
	struct buf from, to;
	buf_init(&from, SIZE_MAX / 2);
	buf_init(&to, SIZE_MAX / 2);
	url_append_server(&self->url, &to);
	if (url_parse(&self->found_url, task->url, strlen(task->url), NULL, NULL))
		url_append_server(&self->found_url, &from);
	bool is_same = slice_equal((struct slice){from.data, from.len}, (struct slice){to.data, to.len});
	buf_release(&from);
	buf_release(&to);
	return is_same;
}

void ledger_share_redirect(struct ledger *self, struct task *task, bool leaves)
{
	struct redirect *redirect = add_redirect(self, task, leaves);
	redirect->is_passed = !is_same_server(self, task);
	ledger_give_page_back(self, task);
	frontier_finish(self->frontier, &task->job);
	url_parse(&self->found_url, task->listed, strlen(task->listed), NULL, NULL);
	if (!redirect->is_passed) {
		redis_store_ask_mark(
		    &self->store, &self->url, &self->found_url, task->purpose, on_answer, redirect);
		return;
	}
	const struct store_url url = {.url = &self->found_url,
	    .text = task->listed,
	    .depth = task->depth,
	    .purpose = task->purpose,
	    .sitemap_level = task->sitemap_level,
	    .is_guess = task->is_guess,
	    .via = task->via,
	    .target = redirect->target,
	    .hops = task->tries->redirects + 1};
	redis_store_forward(&self->store, task->claim, &url, &self->url, !task->via, on_answer, redirect);
}

void ledger_drop_redirects(struct ledger *self)
{
	for (struct redirect *redirect; (redirect = self->redirects);) {
		struct task *task = redirect->task;
		/* The answer may still come, and the claim is not to be used before. */
		remove_redirect(self, redirect);
		task->claim = NULL;
		ledger_drop_void(self, task);
	}
}
