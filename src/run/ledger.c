#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/random.h"
#include "base/screen.h"
#include "base/stop.h"
#include "base/url/url.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* While a reader is so far behind, nothing new is started: a page in flight adds what it has. */
enum { BACKLOG_MAX = 1 << 20 };

enum { STANDING_EVERY_MS = 100 };

/* So long does a turn of the loop give out links. */
enum { TURN_WORK_US = 25000 };

/* … and reads the list. */
enum { TURN_LIST_US = 10000 };

void ledger_note_status(struct ledger *self, enum status status)
{
	self->status = status_first(self->status, status);
}

bool ledger_is_behind(const struct ledger *self)
{
	return self->backlog > BACKLOG_MAX;
}

/* What the loop asks and tells. */

/* The next task whose host was not given up; *waits_for_list: where there is none, since the list makes us
 * wait. Each that begins makes room for another one of its host, which may be all that is left. */
static struct task *next_task(struct ledger *self, bool *waits_for_list)
{
	for (;;) {
		*waits_for_list = ledger_read_list(self);
		struct task *task =
		    task_of(frontier_next(self->frontier, clock_now_ms(), ledger_limit(self)));
		if (!task)
			return NULL;
		ledger_begin_task(self, task);
		if (frontier_host_end(&task->job) == HOST_KEPT)
			return task;
		ledger_give_up(self, task);
	}
}

static uint64_t count_waiting(const struct ledger *self)
{
	return frontier_waiting(self->frontier) + self->store.count(self->store.self);
}

static void tell_standing(struct ledger *self, struct wait *wait)
{
	int64_t now = clock_now_ms(), moment = now;
	if (now >= self->standing_due) {
		self->standing_due = now + STANDING_EVERY_MS;
		const char *awaited = frontier_awaited(self->frontier, &moment);
		/* For a person a page is done when its rows are on their way. */
		struct totals so_far = self->totals;
		so_far.outcomes[OUTCOME_OK] += self->untold.count;
		observers_standing(
		    self->observers, &(struct standing){
		                         .so_far = &so_far,
		                         .in_flight = frontier_out(self->frontier),
		                         .waiting = count_waiting(self),
		                         .unread = self->input_ended ? 0 : input_left(self->input),
		                         .received = self->received,
		                         .awaited = awaited,
		                         .awaited_ms = now - moment,
		                     });
	}
	wait_until(wait, self->standing_due);
}

static void turn(void *ctx, struct wait *wait)
{
	struct ledger *self = ctx;
	if (self->observers->want_standing)
		tell_standing(self, wait);
	self->work_until_us = clock_now_us() + TURN_WORK_US;
	page_shared_perform(self->tools.shared, self->work_until_us, wait);
	ledger_give_pages(self, wait);
	self->backlog = 0;
	ledger_note_status(self, observers_flush(self->observers, wait, &self->backlog));
	ledger_tell_taken(self);
	screen_hand_on(wait);
	/* The list is read between this and the next turn. */
	self->list_until_us = clock_now_us() + TURN_LIST_US;
}

static enum crawl_next next(void *ctx, struct fetch_request *request, struct wait *wait)
{
	struct ledger *self = ctx;
	if (ledger_is_behind(self) || !ledger_has_room(self))
		return CRAWL_NOTHING;
	bool waits_for_list;
	struct task *task = next_task(self, &waits_for_list);
	if (!task) {
		wait_until(wait, frontier_next_due(self->frontier));
		if (waits_for_list)
			wait_for(wait, input_descriptor(self->input), POLLIN);
		else if (ledger_wants_time(self))
			wait_until(wait, clock_now_ms());
		bool finished = self->input_ended && count_waiting(self) == 0 &&
		                self->ready.count + self->waiting.count == 0;
		return finished ? CRAWL_FINISHED : CRAWL_NOTHING;
	}
	*request = task_request(task, self->options);
	return CRAWL_START;
}

static enum fetch_want on_head(void *ctx, void *job, const struct fetch_head *head)
{
	struct ledger *self = ctx;
	struct task *task = job;
	ledger_forget_answer(self, task);
	if (http_is_redirect(head->http_status) && head->location) {
		task->tries->location = alloc_copy(head->location, strlen(head->location));
		return FETCH_DRAIN;
	}
	if (head->http_status >= 400)
		return FETCH_DRAIN;
	if (mediatype_of(head->content_type) == MEDIATYPE_BINARY) {
		task->tries->cut = CUT_NOT_TEXT;
		return FETCH_STOP;
	}
	task->tries->page = page_pool_take(&self->pages);
	page_begin(task->tries->page, head->content_type);
	return FETCH_BODY;
}

static bool on_body(void *ctx, void *job, const char *bytes, size_t len)
{
	struct ledger *self = ctx;
	struct task *task = job;
	self->received += len;
	if (page_feed(task->tries->page, bytes, len))
		return true;
	task->tries->cut = CUT_TOO_LARGE;
	return false;
}

static void on_done(void *ctx, void *job, struct fetch_result *result)
{
	ledger_judge(ctx, job, result);
}

static bool stopping(void *ctx)
{
	const struct ledger *self = ctx;
	return stop_signal() != 0 || (self->status != STATUS_OK && self->status != STATUS_INPUT);
}

/* Before and after. */

struct ledger *ledger_new(const struct options *options, struct input *input, struct observers *observers)
{
	struct ledger *self = alloc_new(sizeof *self);
	self->options = options;
	self->input = input;
	self->observers = observers;
	self->tools.options = options;
	self->tools.shared = page_shared_new(PAGES_MEMORY);
	self->dice = random_bits() | 1;
	page_pool_init(&self->pages, &self->tools, (size_t)options->jobs);
	self->frontier = frontier_new(&(struct manners){.per_host = options->per_host,
	    .delay_ms = options->delay_ms,
	    .host_errors = options->host_errors,
	    .patience_ms = options->host_patience_ms});
	self->store = memory_store(MEMORY_PENDING_BYTES);
	url_init(&self->url);
	buf_init(&self->shown, SIZE_MAX / 2);
	return self;
}

void ledger_free(struct ledger *self)
{
	if (!self)
		return;
	page_pool_release(&self->pages);
	page_shared_free(self->tools.shared);
	extract_patterns_free(self->tools.patterns);
	pattern_free(self->tools.pattern);
	filter_free(self->tools.filter);
	xpath_free(self->tools.xpath);
	frontier_free(self->frontier);
	self->store.free(self->store.self);
	heap_release(&self->untold);
	url_release(&self->url);
	buf_release(&self->shown);
	free(self);
}

enum status ledger_compile(struct ledger *self)
{
	const char *pattern = self->options->pattern;
	const char *xpath = self->options->xpath;
	bool filters = self->options->includes.count + self->options->excludes.count > 0;
	if (pattern && !(self->tools.pattern = pattern_new("-e", pattern)))
		return STATUS_USAGE;
	if (filters && !(self->tools.filter = filter_new(self->options)))
		return STATUS_USAGE;
	if (xpath && !(self->tools.xpath = xpath_new(xpath)))
		return STATUS_USAGE;
	self->tools.patterns = extract_patterns_new();
	return STATUS_OK;
}

struct crawl_handlers ledger_handlers(struct ledger *self)
{
	self->standing_due = clock_now_ms() + STANDING_EVERY_MS;
	return (struct crawl_handlers){
	    .fetch = {.ctx = self, .head = on_head, .body = on_body},
	    .turn = turn,
	    .next = next,
	    .done = on_done,
	    .stopping = stopping,
	    .stop_at = stop_moment(),
	};
}

/* The list is read on after a run was stopped, so that all of it is accounted for, but not for long: a large
 * file at a deadline, for which nobody waits, longer than a pipe, which may have no end, and than anything
 * once a signal came. */
enum { READ_ON_FILE_MS = 3000, READ_ON_MS = 1000 };

static void interrupt_waiting(struct ledger *self)
{
	for (struct task *task; (task = task_of(frontier_abandon(self->frontier)));) {
		struct outcome outcome = task_outcome(task);
		outcome.kind = OUTCOME_INTERRUPTED;
		outcome.stage = STAGE_LOCAL;
		outcome.cause = CAUSE_STOPPED;
		outcome.reason = "the run was stopped";
		ledger_end_entry(self, &outcome);
		ledger_settle_task(self, task);
		task_free(task);
	}
}

/* False where the run's reader has gone, who has seen enough, or another one is far behind. */
static bool may_read_on(struct ledger *self)
{
	struct wait wait = {.wake = CLOCK_NEVER};
	bool is_read = self->input_ended && self->store.count(self->store.self) == 0;
	if (is_read || self->status == STATUS_PIPE_CLOSED)
		return false;
	self->backlog = 0;
	ledger_note_status(self, observers_flush(self->observers, &wait, &self->backlog));
	return !ledger_is_behind(self);
}

static void read_on(struct ledger *self)
{
	bool is_file = input_left(self->input) >= 0;
	int64_t began = clock_now_ms();
	while (may_read_on(self)) {
		int64_t left =
		    began + (is_file && !stop_signal() ? READ_ON_FILE_MS : READ_ON_MS) - clock_now_ms();
		if (left <= 0)
			return;
		self->list_until_us = clock_now_us() + TURN_LIST_US;
		bool waits = ledger_read_list(self);
		interrupt_waiting(self);
		struct pollfd more = {.fd = input_descriptor(self->input), .events = POLLIN};
		if (waits && poll(&more, 1, (int)left) == 0)
			return;
	}
}

enum status ledger_close(struct ledger *self, enum status status)
{
	ledger_note_status(self, status);
	ledger_abandon_pages(self);
	interrupt_waiting(self);
	self->store.lift_limit(self->store.self);
	self->closing = true;
	read_on(self);
	ledger_lose_pending(self, self->store.count(self->store.self));
	int64_t left = self->input_ended ? 0 : input_left(self->input);
	self->totals.unread = !self->input_ended || self->lost > 0;
	self->totals.unread_about = left < 0 ? left : left + (int64_t)self->lost;
	return self->status;
}
