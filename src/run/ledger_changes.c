#include "run/ledger_internal.h"

#include "base/clock.h"
#include "base/stop.h"
#include "base/url/url.h"
#include "in/shard.h"
#include "run/answer_result.h"
#include "run/stored_page.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

static bool wants_changes(const struct ledger *self)
{
	return ledger_keeps_answers(self) && (self->options->changes || self->options->changes_to);
}

/* Counting. */

void ledger_add_change(struct ledger *self, enum state_change change, uint64_t pages)
{
	struct change_totals *totals = &self->totals.changes;
	totals->added += change == STATE_CHANGE_NEW ? pages : 0;
	totals->gone += change == STATE_CHANGE_GONE ? pages : 0;
	totals->changed += change == STATE_CHANGE_CHANGED ? pages : 0;
	totals->unchanged += change == STATE_CHANGE_UNCHANGED ? pages : 0;
}

/* STATUS_OK unless the state file cannot be read. */
static enum status reading_status(const struct ledger *self)
{
	return self->state ? run_state_status(self->state) : STATUS_OK;
}

void ledger_count_change(struct ledger *self, const struct task *task, const struct state_result *result)
{
	struct state_page before = {0};
	/* For the others, it does not matter what was before. */
	if (result->answer == STATE_ANSWER_NEW || result->answer == STATE_ANSWER_GONE)
		ledger_find_before(self, task, &before);
	ledger_record_status(self, reading_status(self));
	ledger_add_change(self, state_change_of(&before, result), 1);
}

/* The changes of a page. */

/* Compares the page with what an earlier run has found, unless there are no links, or they are as the page
 * has them now. after is NULL for a page that is gone. */
static bool begin(struct ledger *self, struct task *task, const struct link_records *after)
{
	struct state_page page;
	bool has_links = ledger_find_before(self, task, &page) && page.fetched > 0;
	/* After a failure, the page must not get an outcome with other changes than it has. */
	ledger_record_status(self, reading_status(self));
	bool is_same = has_links && after && page.links_hash == after->hash;
	if (is_same || (!has_links && !after) || reading_status(self) != STATUS_OK)
		return false;
	task->tries->changes = page_changes_new();
	task->tries->changes->opens_before = has_links;
	page_changes_set_after(task->tries->changes, after);
	return true;
}

bool ledger_begin_changes(struct ledger *self, struct task *task)
{
	static const struct link_records none = {.count = 0};
	const struct tries *tries = task->tries;
	if (!wants_changes(self) || tries->replay || tries->changes || task->purpose != STORE_PAGE)
		return false;
	return begin(self, task, tries->records ? tries->records : &none);
}

bool ledger_begin_gone(struct ledger *self, struct task *task, const struct outcome *outcome)
{
	if (!wants_changes(self) || task->purpose != STORE_PAGE || !task->state_id || !task->tries ||
	    task->tries->changes || answer_result_of(task, outcome) != STATE_ANSWER_GONE ||
	    !begin(self, task, NULL))
		return false;
	ledger_keep_outcome(self, task, outcome);
	ledger_emit_links(self, NULL);
	return true;
}

/* Passes a change on to the observers, as one of that page. */
static void emit_change(
    struct ledger *self, const struct outcome *page, const struct link_record *record, char change)
{
	struct link link = stored_page_link(record, NULL);
	link.change = change;
	ledger_record_status(self, observers_changed(self->observers, page, &link));
}

static void on_change(void *ctx, const struct link_record *record, char change)
{
	struct task *task = ctx;
	struct ledger *self = task->tries->ledger;
	if (self->status == STATUS_OK || self->status == STATUS_INPUT)
		emit_change(self, &task->tries->outcome, record, change);
}

bool ledger_emit_changes(struct ledger *self, struct task *task)
{
	struct page_changes *changes = task->tries->changes;
	struct state_page page;
	if (changes->opens_before) {
		changes->opens_before = false;
		if (ledger_find_before(self, task, &page))
			ledger_open_links(self, task, &page, &changes->before);
		ledger_record_status(self, reading_status(self));
	}
	return page_changes_emit(changes, self->links_deadline_us, on_change, task);
}

/* Pages that are not on the list any more. */

/* True if the run has come to its end, so that a URL that was not listed has left the list. An empty list is
 * mostly the mistake of whatever made it. */
static bool is_complete(const struct ledger *self)
{
	const struct totals *totals = &self->totals;
	bool is_empty = totals->urls + totals->elsewhere.listed == 0;
	return self->status == STATUS_OK && !stop_signal() && !totals->unread &&
	       totals->outcomes[OUTCOME_INTERRUPTED] == 0 && totals->local == 0 &&
	       (!is_empty || self->options->allow_empty);
}

/* Waits until the reader of the changes has taken most of them. */
static void wait_for_reader(struct ledger *self)
{
	do {
		struct wait wait = {.wake_ms = CLOCK_NEVER};
		self->backlog = 0;
		ledger_record_status(self, observers_flush(self->observers, &wait, &self->backlog));
		if (ledger_has_backlog(self) && wait.count > 0)
			stop_wait_for(wait.list[0].descriptor, wait.list[0].events);
	} while (ledger_has_backlog(self) && self->status == STATUS_OK && !stop_is_due());
}

static void emit_unlisted(struct ledger *self, struct stored_page *stored, const struct state_page *page)
{
	struct link_reader links;
	struct link_record record;
	link_reader_init(&links);
	bool is_known = run_state_find_links(self->state, page, &links) &&
	                run_state_read_stored(self->state, page, stored);
	ledger_record_status(self, run_state_status(self->state));
	struct outcome outcome = is_known ? stored_page_outcome(stored) : (struct outcome){0};
	outcome.kind = OUTCOME_OK;
	outcome.number = 0;
	while (is_known && self->status == STATUS_OK && link_reader_next(&links, &record)) {
		if (record.is_row)
			emit_change(self, &outcome, &record, '-');
	}
	link_reader_release(&links);
	wait_for_reader(self);
}

/* A page of another shard is not this run's to miss. */
static bool is_elsewhere(struct ledger *self, const struct state_page *page)
{
	if (!self->options->shard.count)
		return false;
	bool is_url = url_parse(&self->found_url, page->url, strlen(page->url), NULL, NULL);
	return !shard_has(&self->options->shard, is_url ? &self->found_url : NULL);
}

void ledger_emit_unlisted(struct ledger *self)
{
	struct state_page page;
	struct stored_page stored;
	size_t at = 0;
	if (!self->state || !is_complete(self))
		return;
	stored_page_init(&stored);
	while (self->status == STATUS_OK && run_state_next_unlisted(self->state, &at, &page)) {
		if (stop_is_due())
			ledger_record_status(self, STATUS_CUT_SHORT);
		if (is_elsewhere(self, &page)) {
			run_state_keep_unlisted(self->state, at - 1);
			continue;
		}
		if (page.fetched <= 0)
			continue;
		ledger_add_change(self, STATE_CHANGE_GONE, 1);
		if (wants_changes(self))
			emit_unlisted(self, &stored, &page);
	}
	stored_page_release(&stored);
}
