#include "run/ledger_internal.h"

#include "base/clock.h"
#include "base/url/url.h"

#include <assert.h>
#include <stdio.h>

/* So far ahead of the fetching is the list read: far enough that there are URLs of many hosts, and no
 * further, so that a list of millions does not sit in memory. */
enum { READ_AHEAD = 8192 };

/* A URL of the list that is not fetched; the store knows nothing of it. */
static void end_entry(struct ledger *self, const char *url, struct outcome outcome)
{
	buf_clear(&self->shown);
	url_append_redacted(&self->shown, url);
	outcome.number = ++self->numbers;
	outcome.source_url = outcome.final_url = self->shown.data;
	outcome.phases = (struct phases){-1, -1, -1, -1, -1, -1};
	outcome.listed_us = clock_now_us();
	ledger_end_entry(self, &outcome);
}

static void fail_entry(struct ledger *self, const struct input_entry *entry)
{
	char place[REASON_MAX];
	snprintf(place, sizeof place, "%s:%zu", entry->source, entry->line);
	self->totals.urls++;
	end_entry(self, entry->text,
	    (struct outcome){.kind = OUTCOME_FAILED,
	        .stage = STAGE_INPUT,
	        .cause = entry->cause,
	        .place = place,
	        .reason = entry->problem});
}

/* What would be fetched, but for --dry-run. */
static void skip_entry(struct ledger *self, const struct input_entry *entry)
{
	end_entry(self, url_href(entry->url).data,
	    (struct outcome){.kind = OUTCOME_SKIPPED,
	        .stage = STAGE_POLICY,
	        .cause = CAUSE_DRY_RUN,
	        .reason = "not fetched (--dry-run)"});
}

static void add_task(struct ledger *self, const struct store_url *url, struct store_claim *claim)
{
	struct task *task = task_new(url, claim);
	frontier_add(self->frontier, &task->job, url->url);
}

void ledger_begin_task(struct ledger *self, struct task *task)
{
	if (task->begun)
		return;
	task->begun = true;
	self->store.begin(self->store.self, task->claim);
}

void ledger_settle_task(struct ledger *self, struct task *task)
{
	ledger_begin_task(self, task);
	self->store.settle(self->store.self, task->claim);
}

static void offer_entry(struct ledger *self, const struct input_entry *entry)
{
	struct store_claim *claim;
	const struct store_url url = {
	    .url = entry->url, .text = entry->text, .number = self->numbers + 1, .listed_us = clock_now_us()};
	enum store_offer answer = self->store.offer(self->store.self, &url, &claim);
	if (answer == STORE_KNOWN) {
		self->totals.repeated++;
		return;
	}
	self->totals.urls++;
	if (self->options->dry_run) {
		/* Nothing is pending, since each is settled at once. */
		assert(answer == STORE_CLAIMED);
		self->store.begin(self->store.self, claim);
		self->store.settle(self->store.self, claim);
		skip_entry(self, entry);
		return;
	}
	self->numbers++;
	if (answer == STORE_CLAIMED)
		add_task(self, &url, claim);
}

void ledger_lose_pending(struct ledger *self, uint64_t count)
{
	self->totals.urls -= count;
	self->lost += count;
}

/* What waits in the store comes before what was not read yet. False where that can be no more now. */
static bool claim_pending(struct ledger *self)
{
	struct store_url url;
	struct store_claim *claim;
	uint64_t lost;
	switch (self->store.claim(self->store.self, ledger_limit(self), &url, &claim, &lost)) {
	case STORE_URL:
		add_task(self, &url, claim);
		return true;
	case STORE_LOST:
		ledger_lose_pending(self, lost);
		ledger_note_status(self, STATUS_INPUT);
		return true;
	case STORE_LATER:
	case STORE_DONE:
		break;
	}
	return false;
}

static bool has_room(const struct ledger *self)
{
	return frontier_waiting(self->frontier) < READ_AHEAD;
}

/* The list is not read on while the store has no room, nor while only what comes before all of it may start.
 */
static bool may_read(const struct ledger *self)
{
	return !self->input_ended && has_room(self) && !self->store.is_full(self->store.self) &&
	       ledger_limit(self) == UINT64_MAX;
}

static bool has_time(const struct ledger *self)
{
	return clock_now_us() < self->list_until_us;
}

bool ledger_wants_time(const struct ledger *self)
{
	return has_room(self) && !has_time(self);
}

bool ledger_read_list(struct ledger *self)
{
	/* Under a limit the frontier may be full of what must not start. */
	bool is_limited = ledger_limit(self) != UINT64_MAX;
	while ((has_room(self) || is_limited) && has_time(self) && claim_pending(self))
		continue;
	while (may_read(self) && has_time(self)) {
		struct input_entry entry;
		switch (input_next(self->input, &entry)) {
		case INPUT_ENTRY:
			if (entry.problem)
				fail_entry(self, &entry);
			else
				offer_entry(self, &entry);
			break;
		case INPUT_WAIT:
			return true;
		case INPUT_LATER:
			break;
		case INPUT_ERROR:
			ledger_note_status(self, STATUS_INPUT);
			self->input_ended = true;
			break;
		case INPUT_END:
			self->input_ended = true;
			break;
		}
	}
	return false;
}
