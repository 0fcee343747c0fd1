#include "run/ledger_internal.h"

#include "base/clock.h"
#include "base/url/url.h"
#include "in/shard.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Reports the outcome of an entry that is not fetched and has no claim in the store. outcome has the kind,
 * stage, cause and reason. */
static void report_entry(struct ledger *self, const char *url, struct outcome outcome)
{
	buf_clear(&self->redacted);
	url_append_redacted(&self->redacted, url);
	outcome.number = ++self->last_number;
	outcome.source_url = outcome.final_url = self->redacted.data;
	outcome.phases = (struct phases){-1, -1, -1, -1, -1, -1};
	outcome.listed_us = clock_now_us();
	ledger_report_without_rows(self, NULL, &outcome);
}

static void fail_entry(struct ledger *self, const struct input_entry *entry)
{
	char place[REASON_MAX];
	uint64_t id;
	buf_clear(&self->redacted);
	url_append_redacted(&self->redacted, entry->text);
	if (ledger_is_entry_done(self, self->redacted.data, &id))
		return;
	snprintf(place, sizeof place, "%s:%zu", entry->source, entry->line);
	self->totals.urls++;
	report_entry(self, entry->text,
	    (struct outcome){.kind = OUTCOME_FAILED,
	        .stage = STAGE_INPUT,
	        .cause = entry->cause,
	        .place = place,
	        .reason = entry->problem});
	ledger_settle_entry(self, id, entry->cause);
}

/* Reports an entry that would be fetched without --dry-run. */
static void skip_entry(struct ledger *self, const struct input_entry *entry)
{
	report_entry(self, url_href(entry->url).data,
	    (struct outcome){.kind = OUTCOME_SKIPPED,
	        .stage = STAGE_POLICY,
	        .cause = CAUSE_DRY_RUN,
	        .reason = "not fetched (--dry-run)"});
}

/* Another process has followed redirects of the URL up to this host. */
static void begin_redirected(struct ledger *self, struct task *task, const char *target, uint32_t hops)
{
	ledger_ask_conditionally(self, task);
	task_begin_without_request(task);
	url_parse(&self->url, target, strlen(target), NULL, NULL);
	task_redirect(task, &self->url, true);
	task->tries->redirects = hops;
	task->tries->continues_attempt = false;
	ledger_admit(self, task, &self->url);
}

void ledger_begin_task(
    struct ledger *self, struct task *task, const struct url *url, const char *target, uint32_t hops)
{
	if (target) {
		begin_redirected(self, task, target, hops);
		return;
	}
	if (ledger_use_target(self, task, url) || ledger_use_fresh_answer(self, task))
		return;
	if (task->via)
		ledger_set_secrets(task, origins_get(&self->origins, url));
	ledger_admit(self, task, url);
}

void ledger_add_task(struct ledger *self, const struct store_url *url, struct store_claim *claim)
{
	struct task *task = task_new(url, claim);
	if (self->shared && ledger_keeps_answers(self))
		ledger_await_answer(self, task, url->target, url->hops);
	else
		ledger_begin_task(self, task, url->url, url->target, url->hops);
}

void ledger_begin_claim(struct ledger *self, struct task *task)
{
	if (task->is_claim_begun)
		return;
	task->is_claim_begun = true;
	self->store.begin(self->store.self, task->claim);
}

void ledger_release_claim(struct ledger *self, struct task *task)
{
	if (!task->claim)
		return;
	ledger_begin_claim(self, task);
	self->store.settle(self->store.self, task->claim);
	task->claim = NULL;
}

static void offer_entry(struct ledger *self, const struct input_entry *entry)
{
	struct store_claim *claim;
	if (self->crawls || self->asks_robots)
		ledger_begin_listed(self, entry->url);
	if (self->shared && self->crawls)
		shared_crawl_add_start(self->shared, entry->url);
	if (ledger_is_done_before(self, entry->url))
		return;
	struct store_url url = {.url = entry->url,
	    .text = entry->text,
	    .number = self->last_number + 1,
	    .listed_us = clock_now_us()};
	enum store_offer answer = ledger_offer(self, &url, &claim);
	if (answer == STORE_KNOWN) {
		self->totals.repeated++;
		return;
	}
	/* It counts for the process that claims it. */
	if (answer == STORE_SENT)
		return;
	self->totals.urls++;
	if (self->options->dry_run) {
		/* Nothing is pending, because each claim is settled at once. */
		assert(answer == STORE_CLAIMED);
		self->store.begin(self->store.self, claim);
		self->store.settle(self->store.self, claim);
		skip_entry(self, entry);
		return;
	}
	self->last_number++;
	if (answer == STORE_CLAIMED)
		ledger_add_task(self, &url, claim);
	else
		self->pending_listed++;
}

/* Passes over an entry of another shard. Its URL belongs to the scope nevertheless, so that the shards of a
 * crawl have the same one. */
static void pass_over_entry(struct ledger *self, const struct input_entry *entry)
{
	self->totals.elsewhere.listed++;
	if (self->scope && !entry->problem)
		scope_add(self->scope, entry->url);
}

static void take_entry(struct ledger *self, const struct input_entry *entry)
{
	if (!shard_has(&self->options->shard, entry->problem ? NULL : entry->url))
		pass_over_entry(self, entry);
	else if (entry->problem)
		fail_entry(self, entry);
	else
		offer_entry(self, entry);
}

void ledger_count_lost(struct ledger *self, uint64_t count)
{
	/* The store does not tell which URLs they are. Those of the list are the first in it. */
	uint64_t listed = count < self->pending_listed ? count : self->pending_listed;
	self->pending_listed -= listed;
	self->lost += listed;
	self->totals.urls -= count;
	self->totals.found -= count - listed;
	self->totals.left[LEFT_WAITING] += count - listed;
}

/* Makes a task of a pending URL of the store. False if no URL can be claimed now. */
static bool claim_pending(struct ledger *self)
{
	struct store_url url;
	struct store_claim *claim;
	uint64_t lost;
	switch (self->store.claim(self->store.self, ledger_start_limit(self), &url, &claim, &lost)) {
	case STORE_URL:
		if (self->shared)
			ledger_count_claimed(self, &url);
		else
			self->pending_listed -= !url.via;
		ledger_add_task(self, &url, claim);
		return true;
	case STORE_LOST:
		ledger_count_lost(self, lost);
		ledger_record_status(self, STATUS_INPUT);
		return true;
	case STORE_LATER:
	case STORE_DONE:
		break;
	}
	return false;
}

static bool has_room(const struct ledger *self)
{
	return frontier_waiting(self->frontier) + self->parked_count < LEDGER_READ_AHEAD;
}

/* The list is not read while the store has no room, nor while a start limit holds, because all URLs that are
 * not read yet have larger numbers. */
static bool may_read(const struct ledger *self)
{
	return !self->input_ended && has_room(self) && !self->store.is_full(self->store.self) &&
	       ledger_start_limit(self) == UINT64_MAX;
}

static bool has_time(const struct ledger *self)
{
	return clock_now_us() < self->list_deadline_us;
}

bool ledger_needs_more_time(const struct ledger *self)
{
	return (has_room(self) && !has_time(self)) || self->released;
}

bool ledger_fill_frontier(struct ledger *self)
{
	ledger_admit_released(self, self->list_deadline_us);
	/* While a start limit holds, the frontier may be full of tasks that must not start. Pending URLs
	 * below the limit are claimed even then. */
	bool is_limited = ledger_start_limit(self) != UINT64_MAX;
	while ((has_room(self) || is_limited) && has_time(self) && claim_pending(self))
		continue;
	while (may_read(self) && has_time(self)) {
		struct input_entry entry;
		switch (input_next(self->input, &entry)) {
		case INPUT_ENTRY:
			take_entry(self, &entry);
			break;
		case INPUT_WAIT:
			return true;
		case INPUT_LATER:
			break;
		case INPUT_ERROR:
			ledger_record_status(self, STATUS_INPUT);
			self->input_ended = true;
			break;
		case INPUT_END:
			self->input_ended = true;
			break;
		}
	}
	return false;
}
