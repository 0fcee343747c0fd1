#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "link/helper.h"
#include "output/number_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The most complete pages whose links are not emitted yet, or --jobs if that is less. At this number, nothing
 * new is started. */
enum { PAGES_WAITING_MAX = 16 };

/* The most outcomes that wait for their rows to be written. With --ordered, many can wait for one slow URL
 * that comes before them. At this number, only URLs below ledger_start_limit are started. */
enum { UNREPORTED_MAX = 16 * 1024 };

/* No link is emitted after a failure of the run. */
static bool is_going_on(const struct ledger *self)
{
	return self->status == STATUS_OK || self->status == STATUS_INPUT;
}

/* Before the first URL is reported that was interrupted, all is that has its rows. A run that goes on cuts
 * off what comes later. */
static void begin_interruption(struct ledger *self)
{
	struct wait wait = {.wake_ms = CLOCK_NEVER};
	size_t backlog = 0;
	ledger_record_status(self, observers_flush(self->observers, &wait, &backlog));
	ledger_report_written(self);
	self->has_interrupted = true;
}

/* task is NULL for an entry of the list that is not fetched. */
static void report_outcome(struct ledger *self, struct task *task, const struct outcome *outcome)
{
	if (task && task->is_gone) {
		ledger_settle_claim(self, task, outcome);
		return;
	}
	if (outcome->kind == OUTCOME_INTERRUPTED && !self->has_interrupted)
		begin_interruption(self);
	assert((outcome->kind == OUTCOME_OK) == (outcome->cause == CAUSE_NONE));
	self->totals.outcomes[outcome->kind]++;
	self->totals.listed_failed +=
	    !outcome->via && (outcome->kind == OUTCOME_FAILED || outcome->kind == OUTCOME_INTERRUPTED);
	self->totals.local += outcome->kind == OUTCOME_FAILED && outcome->stage == STAGE_LOCAL;
	self->totals.links += outcome->links;
	self->totals.bytes += outcome->bytes;
	ledger_record_status(self, observers_outcome(self->observers, outcome));
	if (task && is_going_on(self))
		ledger_settle_state(self, task, outcome);
	if (task && self->shared)
		ledger_settle_claim(self, task, outcome);
}

/* Changes the outcome of a page whose links were emitted to say that its rows are lost, because an output has
 * failed. */
static void set_rows_lost(const struct ledger *self, struct outcome *outcome)
{
	bool reader_gone = self->status == STATUS_PIPE_CLOSED;
	outcome->kind = reader_gone ? OUTCOME_INTERRUPTED : OUTCOME_FAILED;
	outcome->stage = STAGE_LOCAL;
	outcome->cause = reader_gone ? CAUSE_READER_GONE : CAUSE_ROWS_NOT_WRITTEN;
	outcome->links = 0;
	outcome->reason = reader_gone ? "nobody reads the rows any more"
	                              : "local work failed: its rows could not be written";
}

/* A page that is gone has changes in the outputs, too. */
static bool has_rows(const struct task *task, const struct outcome *outcome)
{
	bool has_changes = task->tries && task->tries->changes && outcome->kind != OUTCOME_INTERRUPTED;
	return outcome->kind == OUTCOME_OK || has_changes;
}

/* Tells the observers that no more links of the page follow. True if the outcome is final and can be reported
 * now. False if it must wait until observers_written has reached *ticket. */
static bool finish_rows(
    struct ledger *self, const struct task *task, struct outcome *outcome, uint64_t *ticket)
{
	enum status status = observers_page_end(self->observers, outcome, ticket);
	ledger_record_status(self, status);
	if (!has_rows(task, outcome))
		return true;
	if (status != STATUS_OK)
		set_rows_lost(self, outcome);
	return status != STATUS_OK || *ticket <= observers_written(self->observers);
}

void ledger_report_without_rows(struct ledger *self, struct task *task, const struct outcome *outcome)
{
	uint64_t ticket;
	ledger_record_status(self, observers_page_end(self->observers, outcome, &ticket));
	report_outcome(self, task, outcome);
}

void ledger_give_page_back(struct ledger *self, struct task *task)
{
	struct page *page = task->tries ? task->tries->page : NULL;
	if (!page)
		return;
	/* The task of a sitemap may be in the list of those of which links have arrived. */
	task_list_remove(task);
	task->tries->page = NULL;
	page_pool_return(&self->page_pool, page);
}

/* All rows up to the ticket of a page whose outcome is reported belong to pages with an outcome. So do the
 * changes. */
static void record_ends(struct ledger *self, const struct task *task, uint64_t ticket)
{
	if (ticket > self->rows_end)
		self->rows_end = ticket;
	if (task->tries->changes_end > self->changes_end)
		self->changes_end = task->tries->changes_end;
}

void ledger_keep_outcome(struct ledger *self, struct task *task, const struct outcome *outcome)
{
	struct tries *tries = task->tries;
	ledger_give_page_back(self, task);
	tries->ledger = self;
	tries->outcome = *outcome;
	tries->outcome.reason = tries->kept_reason = alloc_copy(outcome->reason, strlen(outcome->reason));
	task_list_add(&self->ready, task);
}

/* Returns true if the outcome of a task without rows waits, because what is reported now could not be
 * settled. */
static bool wait_with_outcome(struct ledger *self, struct task *task, const struct outcome *outcome)
{
	bool may_wait = !self->closing && task->tries && !task->tries->is_emitted;
	if (!may_wait || outcome->kind == OUTCOME_OK || ledger_may_go_on(self))
		return false;
	ledger_keep_outcome(self, task, outcome);
	return true;
}

void ledger_finish_task(struct ledger *self, struct task *task, struct outcome *outcome)
{
	uint64_t ticket;
	if (ledger_begin_gone(self, task, outcome) || wait_with_outcome(self, task, outcome))
		return;
	ledger_settle_links(self, task, outcome);
	bool is_final = finish_rows(self, task, outcome, &ticket);
	if (task->tries && ledger_keeps_answers(self))
		task->tries->changes_end =
		    self->state ? run_state_changes_written(self->state)
		                : shared_outputs_changes_written(shared_crawl_outputs(self->shared));
	if (is_final && has_rows(task, outcome))
		record_ends(self, task, ticket);
	if (is_final)
		report_outcome(self, task, outcome);
	if (!task->is_fresh)
		frontier_finish(self->frontier, &task->job);
	if (!self->shared)
		ledger_release_claim(self, task);
	ledger_give_page_back(self, task);
	if (is_final) {
		task_free(task);
		return;
	}
	task->tries->outcome = *outcome;
	heap_add(&self->unreported, &task->tries->unreported_node, ticket, task);
}

static void report_first_unreported(struct ledger *self)
{
	struct heap_node *node = heap_first(&self->unreported);
	struct task *task = node->item;
	record_ends(self, task, node->key);
	heap_remove(node);
	report_outcome(self, task, &task->tries->outcome);
	task_free(task);
}

void ledger_report_written(struct ledger *self)
{
	uint64_t taken = observers_written(self->observers);
	for (const struct heap_node *node; (node = heap_first(&self->unreported)) && node->key <= taken;)
		report_first_unreported(self);
}

enum status ledger_report_rest(struct ledger *self, enum status status, struct totals *totals)
{
	ledger_record_status(self, status);
	ledger_report_written(self);
	for (const struct heap_node *node; (node = heap_first(&self->unreported));) {
		struct task *task = node->item;
		set_rows_lost(self, &task->tries->outcome);
		report_first_unreported(self);
	}
	uint64_t sum = 0;
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		sum += self->totals.outcomes[kind];
	assert(sum == self->totals.urls);
	(void)sum;
	self->totals.top_path = top_paths_first(&self->top_paths);
	*totals = self->totals;
	return self->status;
}

static const char *describe_costly_work(const struct ledger *self)
{
	bool by_user = self->tools.pattern || self->tools.xpath || self->tools.filter;
	return by_user ? "what the pattern, the XPath or a filter asks for" : "reading XML";
}

/* Sets the outcome of a page of which not all links were emitted. Its reason is written to
 * reason[0..size). */
static void set_page_failure(
    struct ledger *self, enum page_state state, struct outcome *outcome, char *reason, size_t size)
{
	outcome->kind = OUTCOME_FAILED;
	outcome->stage = STAGE_DECODE;
	outcome->cause = CAUSE_PAGE_COSTLY;
	outcome->reason = reason;
	switch (state) {
	case PAGE_TOO_COSTLY:
		snprintf(reason, size, "%s takes too long on this page", describe_costly_work(self));
		break;
	case PAGE_OUT_OF_MEMORY:
		snprintf(reason, size, "%s takes more than %d MiB on this page", describe_costly_work(self),
		    HELPER_MEMORY >> 20);
		break;
	case PAGE_LIBRARY_LIMIT:
		snprintf(
		    reason, size, "this page is nested deeper, or its text is longer, than libxml2 reads");
		break;
	case PAGE_TOO_MANY_ENTITIES:
		outcome->cause = CAUSE_PAGE_ENTITIES;
		snprintf(reason, size, "the XML entities of this page come to far more than the page");
		break;
	case PAGE_LIBRARY_CRASHED:
		outcome->cause = CAUSE_PAGE_CRASH;
		snprintf(reason, size, "the library that reads XML and patterns crashed on this page");
		break;
	case PAGE_OUTPUT_TOO_LARGE:
		outcome->kind = OUTCOME_SKIPPED;
		outcome->stage = STAGE_POLICY;
		outcome->cause = CAUSE_TOO_MUCH_OUTPUT;
		snprintf(reason, size, "its links come to more than %" PRId64 " byte%s (--max-output)",
		    self->options->max_output, number_text_plural((uint64_t)self->options->max_output));
		break;
	case PAGE_NO_HELPER:
		outcome->stage = STAGE_LOCAL;
		outcome->cause = CAUSE_LOCAL;
		snprintf(
		    reason, size, "local work failed: no process for XML and patterns, or no libxml2 for it");
		break;
	case PAGE_UNREADABLE:
		ledger_record_status(self, STATUS_OUTPUT);
		outcome->stage = STAGE_LOCAL;
		outcome->cause = CAUSE_LOCAL;
		snprintf(reason, size, "the temporary file for what large pages hold cannot be read");
		break;
	case PAGE_DONE:
	case PAGE_HAS_MORE:
	case PAGE_WAITING:
		assert(false);
	}
}

static void finish_page(struct ledger *self, struct task *task, enum page_state state)
{
	char reason[REASON_MAX];
	const struct page *page = task->tries->page;
	if (task->tries->kept_reason) {
		struct outcome kept = task->tries->outcome;
		ledger_finish_task(self, task, &kept);
		return;
	}
	struct outcome outcome = task_outcome(task);
	outcome.kind = OUTCOME_OK;
	outcome.stage = STAGE_RECEIVE;
	if (task->tries->replay) {
		outcome.is_unchanged = true;
		outcome.links = task->tries->replayed;
		ledger_finish_task(self, task, &outcome);
		return;
	}
	outcome.links = task->purpose == STORE_PAGE ? page_counts(page).links : 0;
	outcome.unresolved = page_counts(page).unresolved;
	if (state != PAGE_DONE)
		set_page_failure(self, state, &outcome, reason, sizeof reason);
	ledger_finish_task(self, task, &outcome);
}

static void on_link(void *ctx, const struct link *link)
{
	struct task *task = ctx;
	struct ledger *self = task->tries->ledger;
	if (!ledger_is_going_on(self) || task->purpose != STORE_PAGE)
		return;
	ledger_record_link(self, task, link);
	if (!link->parsed && !task->tries->replay) {
		link_check_add_invalid(self->link_check, &task->tries->outcome, link);
		return;
	}
	if (!self->follows || link->is_row)
		ledger_record_status(self, observers_link(self->observers, &task->tries->outcome, link));
	if (self->follows)
		ledger_follow(self, task, link);
	if (self->link_check && link->is_row)
		ledger_check_link(self, task, link);
}

static void on_arrived_link(void *ctx, const struct link *link)
{
	struct task *task = ctx;
	if (ledger_is_going_on(task->tries->ledger))
		ledger_follow_arrived(task->tries->ledger, task, link);
}

static enum page_state emit_links_of(struct ledger *self, struct task *task)
{
	if (task->tries->is_packing)
		return ledger_pack_links(self, task) ? PAGE_DONE : PAGE_HAS_MORE;
	if (task->tries->changes)
		return ledger_emit_changes(self, task) ? PAGE_DONE : PAGE_HAS_MORE;
	if (task->tries->kept_reason)
		return PAGE_DONE;
	if (!task->tries->replay)
		return page_emit_links(task->tries->page, self->links_deadline_us, on_link, task);
	return ledger_emit_replayed(self, task, self->links_deadline_us, on_link) ? PAGE_DONE : PAGE_HAS_MORE;
}

/* Emits links of the first page that is ready. */
static void emit_first_page(struct ledger *self)
{
	struct task *task = self->ready.first;
	if (ledger_is_void(self, task) && !task->tries->is_emitted) {
		task_list_remove(task);
		ledger_give_page_back(self, task);
		if (!task->is_fresh)
			frontier_finish(self->frontier, &task->job);
		ledger_drop_void(self, task);
		return;
	}
	/* Opening the links may take a while, so that each page has its own turn. */
	if (task->tries->replay && !ledger_open_replay(self, task)) {
		task_list_remove(task);
		ledger_drop_replay(self, task);
		return;
	}
	task->tries->is_emitted = true;
	enum page_state state = emit_links_of(self, task);
	bool has_more =
	    state == PAGE_HAS_MORE ||
	    (state == PAGE_DONE && (ledger_begin_changes(self, task) || ledger_begin_packing(self, task)));
	if (has_more)
		return;
	task_list_remove(task);
	if (state == PAGE_WAITING)
		task_list_add(&self->awaiting_helper, task);
	else
		finish_page(self, task, state);
}

/* Follows links of the first sitemap of which some have arrived. */
static void follow_first_arrived(struct ledger *self)
{
	struct task *task = self->arrived.first;
	if (!page_emit_arrived(task->tries->page, self->links_deadline_us, on_arrived_link, task))
		task_list_remove(task);
}

void ledger_emit_links(struct ledger *self, struct wait *wait)
{
	if (!ledger_may_go_on(self))
		return;
	while (self->ready.first && !ledger_has_backlog(self) && clock_now_us() < self->links_deadline_us)
		emit_first_page(self);
	while (self->arrived.first && clock_now_us() < self->links_deadline_us)
		follow_first_arrived(self);
	bool has_more = self->arrived.first || (self->ready.first && !ledger_has_backlog(self));
	if (wait && has_more)
		wait_until(wait, clock_now_ms());
}

bool ledger_has_page_room(const struct ledger *self)
{
	size_t max_pages =
	    (size_t)self->options->jobs < PAGES_WAITING_MAX ? (size_t)self->options->jobs : PAGES_WAITING_MAX;
	return self->ready.count + self->awaiting_helper.count < max_pages;
}

uint64_t ledger_start_limit(const struct ledger *self)
{
	if (self->unreported.count < UNREPORTED_MAX || self->closing)
		return UINT64_MAX;
	/* With --ordered, the waiting rows are written only after those of all URLs before them, so these
	 * must still start. */
	return self->options->ordered ? heap_first(&self->unreported)->key : 0;
}

static void on_sitemap_arrived(void *ctx)
{
	struct task *task = ctx;
	ledger_begin_arrived_links(task->tries->ledger, task);
	if (!task->tries->list)
		task_list_add(&task->tries->ledger->arrived, task);
}

void ledger_begin_sitemap(struct ledger *self, struct task *task)
{
	task->tries->ledger = self;
	task->tries->slow_us = 0;
	page_set_sitemap(task->tries->page, &(struct page_source){.url = task->url,
	                                        .row_bytes = task_row_bytes(task, self->options),
	                                        .ready = on_sitemap_arrived,
	                                        .ctx = task});
}

static void on_page_ready(void *ctx)
{
	struct task *task = ctx;
	if (task->tries->ledger->follows)
		ledger_begin_links(task->tries->ledger, task);
	task_list_remove(task);
	task_list_add(&task->tries->ledger->ready, task);
}

static void on_anchor(void *ctx, struct slice anchor)
{
	ledger_add_anchor(ctx, anchor);
}

void ledger_complete_page(struct ledger *self, struct task *task)
{
	struct tries *tries = task->tries;
	tries->ledger = self;
	tries->outcome = task_outcome(task);
	tries->outcome.kind = OUTCOME_OK;
	tries->outcome.stage = STAGE_RECEIVE;
	task_list_remove(task);
	task_list_add(&self->awaiting_helper, task);
	page_end(tries->page, &(struct page_source){.url = task->url,
	                          .row_bytes = task_row_bytes(task, self->options),
	                          .ready = on_page_ready,
	                          .on_anchor = on_anchor,
	                          .ctx = task});
	ledger_emit_links(self, NULL);
}

void ledger_interrupt_pages(struct ledger *self)
{
	struct task_list *const lists[] = {&self->ready, &self->awaiting_helper};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		for (struct task *task; (task = lists[i]->first);) {
			struct outcome outcome = task_interruption(task);
			task_list_remove(task);
			ledger_finish_task(self, task, &outcome);
		}
	}
}
