#include "run/ledger_internal.h"

#include "base/clock.h"
#include "link/helper.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* So many complete pages, and no more than there may be transfers, wait until nothing new is started. */
enum { PAGES_WAITING_MAX = 16 };

/* … and so many URLs whose rows are not safe yet, mostly since with --ordered a slow one comes before them.
 */
enum { UNTOLD_MAX = 16 * 1024 };

static void tell(struct ledger *self, const struct outcome *outcome)
{
	assert((outcome->kind == OUTCOME_OK) == (outcome->cause == CAUSE_NONE));
	self->totals.outcomes[outcome->kind]++;
	self->totals.local += outcome->kind == OUTCOME_FAILED && outcome->stage == STAGE_LOCAL;
	self->totals.links += outcome->links;
	self->totals.bytes += outcome->bytes;
	ledger_note_status(self, observers_outcome(self->observers, outcome));
}

/* Why the rows of a page that was given out are lost, once its output has failed. */
static void lose_rows(const struct ledger *self, struct outcome *outcome)
{
	bool unread = self->status == STATUS_PIPE_CLOSED;
	outcome->kind = unread ? OUTCOME_INTERRUPTED : OUTCOME_FAILED;
	outcome->stage = STAGE_LOCAL;
	outcome->cause = unread ? CAUSE_READER_GONE : CAUSE_ROWS_NOT_WRITTEN;
	outcome->links = 0;
	outcome->reason =
	    unread ? "nobody reads the rows any more" : "local work failed: its rows could not be written";
}

/* Whether its rows were taken is known only later. */
static bool end_rows(struct ledger *self, struct outcome *outcome, uint64_t *ticket)
{
	enum status status = observers_page_end(self->observers, outcome, ticket);
	ledger_note_status(self, status);
	if (outcome->kind != OUTCOME_OK)
		return true;
	if (status != STATUS_OK)
		lose_rows(self, outcome);
	return status != STATUS_OK || *ticket <= observers_taken(self->observers);
}

void ledger_end_entry(struct ledger *self, const struct outcome *outcome)
{
	uint64_t ticket;
	ledger_note_status(self, observers_page_end(self->observers, outcome, &ticket));
	tell(self, outcome);
}

void ledger_give_page_back(struct ledger *self, struct task *task)
{
	struct page *page = task->tries ? task->tries->page : NULL;
	if (!page)
		return;
	task->tries->page = NULL;
	page_pool_give_back(&self->pages, page);
}

void ledger_end_task(struct ledger *self, struct task *task, struct outcome *outcome)
{
	uint64_t ticket;
	bool is_safe = end_rows(self, outcome, &ticket);
	if (is_safe)
		tell(self, outcome);
	frontier_finish(self->frontier, &task->job);
	ledger_settle_task(self, task);
	ledger_give_page_back(self, task);
	if (is_safe) {
		task_free(task);
		return;
	}
	task->tries->outcome = *outcome;
	heap_put(&self->untold, &task->tries->told, ticket, task);
}

static void tell_first_untold(struct ledger *self)
{
	struct heap_node *node = heap_first(&self->untold);
	struct task *task = node->thing;
	heap_remove(node);
	tell(self, &task->tries->outcome);
	task_free(task);
}

void ledger_tell_taken(struct ledger *self)
{
	uint64_t taken = observers_taken(self->observers);
	for (const struct heap_node *node; (node = heap_first(&self->untold)) && node->key <= taken;)
		tell_first_untold(self);
}

enum status ledger_tell_rest(struct ledger *self, enum status status, struct totals *totals)
{
	ledger_note_status(self, status);
	ledger_tell_taken(self);
	for (const struct heap_node *node; (node = heap_first(&self->untold));) {
		struct task *task = node->thing;
		lose_rows(self, &task->tries->outcome);
		tell_first_untold(self);
	}
	uint64_t sum = 0;
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		sum += self->totals.outcomes[kind];
	assert(sum == self->totals.urls);
	(void)sum;
	*totals = self->totals;
	return self->status;
}

static const char *what_is_asked(const struct ledger *self)
{
	bool by_user = self->tools.pattern || self->tools.xpath || self->tools.filter;
	return by_user ? "what the pattern, the XPath or a filter asks for" : "reading XML";
}

/* What became of a page that did not give its links, or not all. */
static void fail_page(
    struct ledger *self, enum page_state state, struct outcome *outcome, char *reason, size_t size)
{
	outcome->kind = OUTCOME_FAILED;
	outcome->stage = STAGE_DECODE;
	outcome->cause = CAUSE_PAGE_COSTLY;
	outcome->reason = reason;
	switch (state) {
	case PAGE_TOO_COSTLY:
		snprintf(reason, size, "%s takes too long on this page", what_is_asked(self));
		break;
	case PAGE_TOO_HUNGRY:
		snprintf(reason, size, "%s takes more than %d MiB on this page", what_is_asked(self),
		    HELPER_MEMORY >> 20);
		break;
	case PAGE_ENTITIES:
		outcome->cause = CAUSE_PAGE_ENTITIES;
		snprintf(reason, size, "the XML entities of this page come to far more than the page");
		break;
	case PAGE_BROKEN:
		outcome->cause = CAUSE_PAGE_CRASH;
		snprintf(reason, size, "the library that reads XML and patterns crashed on this page");
		break;
	case PAGE_TOO_MUCH:
		outcome->kind = OUTCOME_SKIPPED;
		outcome->stage = STAGE_POLICY;
		outcome->cause = CAUSE_TOO_MUCH_OUTPUT;
		snprintf(reason, size, "its links come to more than %" PRId64 " bytes (--max-output)",
		    self->options->max_output);
		break;
	case PAGE_UNSERVED:
		outcome->stage = STAGE_LOCAL;
		outcome->cause = CAUSE_LOCAL;
		snprintf(
		    reason, size, "local work failed: no process for XML and patterns, or no libxml2 for it");
		break;
	case PAGE_LOST:
		ledger_note_status(self, STATUS_OUTPUT);
		outcome->stage = STAGE_LOCAL;
		outcome->cause = CAUSE_LOCAL;
		snprintf(reason, size, "the temporary file for what large pages hold cannot be read");
		break;
	case PAGE_GIVEN:
	case PAGE_LATER:
	case PAGE_WAITS:
		assert(false);
	}
}

static void end_page(struct ledger *self, struct task *task, enum page_state state)
{
	char reason[REASON_MAX];
	const struct page *page = task->tries->page;
	struct outcome outcome = task_outcome(task);
	outcome.kind = OUTCOME_OK;
	outcome.stage = STAGE_RECEIVE;
	outcome.links = page_counts(page).links;
	outcome.unresolved = page_counts(page).unresolved;
	if (state != PAGE_GIVEN)
		fail_page(self, state, &outcome, reason, sizeof reason);
	ledger_end_task(self, task, &outcome);
}

static void on_link(void *ctx, const struct link *link)
{
	struct task *task = ctx;
	struct ledger *self = task->tries->ledger;
	if (self->status == STATUS_OK || self->status == STATUS_INPUT)
		ledger_note_status(self, observers_link(self->observers, &task->tries->outcome, link));
}

/* Gives out the links of the first page. */
static void give_first(struct ledger *self)
{
	struct task *task = self->ready.first;
	enum page_state state = page_give(task->tries->page, self->work_until_us, on_link, task);
	if (state == PAGE_LATER)
		return;
	task_list_remove(task);
	if (state == PAGE_WAITS)
		task_list_add(&self->waiting, task);
	else
		end_page(self, task, state);
}

void ledger_give_pages(struct ledger *self, struct wait *wait)
{
	while (self->ready.first && !ledger_is_behind(self) && clock_now_us() < self->work_until_us)
		give_first(self);
	if (wait && self->ready.first && !ledger_is_behind(self))
		wait_until(wait, clock_now_ms());
}

bool ledger_has_room(const struct ledger *self)
{
	size_t most =
	    (size_t)self->options->jobs < PAGES_WAITING_MAX ? (size_t)self->options->jobs : PAGES_WAITING_MAX;
	return self->ready.count + self->waiting.count < most;
}

uint64_t ledger_limit(const struct ledger *self)
{
	if (self->untold.count < UNTOLD_MAX || self->closing)
		return UINT64_MAX;
	/* With --ordered what comes before must go on, or it would be waited for for ever. */
	return self->options->ordered ? heap_first(&self->untold)->key : 0;
}

static void on_ready(void *ctx)
{
	struct task *task = ctx;
	task_list_remove(task);
	task_list_add(&task->tries->ledger->ready, task);
}

void ledger_complete_task(struct ledger *self, struct task *task)
{
	struct tries *tries = task->tries;
	tries->ledger = self;
	tries->outcome = task_outcome(task);
	tries->outcome.kind = OUTCOME_OK;
	tries->outcome.stage = STAGE_RECEIVE;
	task_list_add(&self->waiting, task);
	page_end(tries->page, &(struct page_source){.url = task->url,
	                          .row_bytes = task_row_bytes(task, self->options),
	                          .ready = on_ready,
	                          .ctx = task});
	ledger_give_pages(self, NULL);
}

void ledger_abandon_pages(struct ledger *self)
{
	struct task_list *const lists[] = {&self->ready, &self->waiting};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		for (struct task *task; (task = lists[i]->first);) {
			struct outcome outcome = task_outcome(task);
			outcome.kind = OUTCOME_INTERRUPTED;
			outcome.stage = STAGE_LOCAL;
			outcome.cause = CAUSE_STOPPED;
			outcome.reason = "the run was stopped";
			task_list_remove(task);
			ledger_end_task(self, task, &outcome);
		}
	}
}
