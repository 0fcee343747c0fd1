#include "ledger.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/log.h"
#include "base/random.h"
#include "base/stop.h"
#include "base/url.h"
#include "in/frontier.h"
#include "link/page.h"
#include "task.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So far ahead of the fetching is the list read: far enough that one host's long queue hides no others, and
 * no further, so that a list of millions does not sit in memory. */
enum { READ_AHEAD = 8192 };

enum { REASON_MAX = 1024 };

/* While a reader is so far behind, nothing new is started: a page in flight adds what it has. */
enum { BACKLOG_MAX = 1 << 20 };

enum { STANDING_EVERY_MS = 100 };

struct ledger {
	const struct options *options;
	struct input *input;
	struct observers *observers;
	enum status status;
	bool input_ended;
	struct frontier *frontier;
	struct page_tools tools;
	struct page **idle_pages; /* a stack */
	size_t idle_page_count;
	struct url url;   /* for redirects */
	struct buf shown; /* a URL as a person may see it */
	uint64_t dice;
	struct totals totals;
	size_t backlog;       /* bytes that the outputs' readers have not taken yet */
	uint64_t received;    /* bytes of bodies */
	int64_t standing_due; /* the next moment to tell how the run stands */
};

/* The first failure counts. */
static void note_status(struct ledger *self, enum status status)
{
	self->status = status_first(self->status, status);
}

static void tell_outcome(struct ledger *self, const struct outcome *outcome)
{
	self->totals.outcomes[outcome->kind]++;
	self->totals.local += outcome->kind == OUTCOME_FAILED && outcome->stage == STAGE_LOCAL;
	self->totals.links += outcome->links;
	self->totals.bytes += outcome->bytes;
	note_status(self, observers_outcome(self->observers, outcome));
}

/* A page whose links are given out. */
struct emission {
	struct ledger *ledger;
	const struct outcome *page;
};

static void on_link(void *ctx, const struct link *link)
{
	const struct emission *self = ctx;
	struct ledger *ledger = self->ledger;
	if (ledger->status == STATUS_OK)
		note_status(ledger, observers_link(ledger->observers, self->page, link));
}

/* From the list to tasks. */

static void fail_entry(struct ledger *self, const struct input_entry *entry)
{
	char place[REASON_MAX];
	buf_clear(&self->shown);
	url_append_redacted(&self->shown, entry->text);
	snprintf(place, sizeof place, "%s:%zu", entry->source, entry->line);
	self->totals.urls++;
	tell_outcome(self, &(struct outcome){
	                       .number = self->totals.urls,
	                       .kind = OUTCOME_FAILED,
	                       .stage = STAGE_INPUT,
	                       .source_url = self->shown.data,
	                       .final_url = self->shown.data,
	                       .place = place,
	                       .reason = entry->problem,
	                       .phases = {-1, -1, -1, -1, -1, -1},
	                       .listed_us = clock_now_us(),
	                   });
}

/* What would be fetched, but for --dry-run. */
static void skip_entry(struct ledger *self, const struct input_entry *entry)
{
	buf_clear(&self->shown);
	url_append_bare(entry->url, &self->shown);
	tell_outcome(self, &(struct outcome){
	                       .number = self->totals.urls,
	                       .kind = OUTCOME_SKIPPED,
	                       .stage = STAGE_POLICY,
	                       .source_url = self->shown.data,
	                       .final_url = self->shown.data,
	                       .reason = "not fetched (--dry-run)",
	                       .phases = {-1, -1, -1, -1, -1, -1},
	                       .listed_us = clock_now_us(),
	                   });
}

static void admit_entry(struct ledger *self, const struct input_entry *entry)
{
	if (entry->problem) {
		fail_entry(self, entry);
		return;
	}
	if (!frontier_is_new(self->frontier, entry->url)) {
		self->totals.repeated++;
		return;
	}
	self->totals.urls++;
	if (self->options->dry_run) {
		skip_entry(self, entry);
		return;
	}
	struct task *task = task_new(self->totals.urls, entry->text, entry->url);
	frontier_add(self->frontier, &task->job, entry->url);
}

static bool wants_more(const struct ledger *self)
{
	return !self->input_ended && frontier_waiting(self->frontier) < READ_AHEAD;
}

/* Reads on while there is room and something to read, but not so long that signals and readers would wait.
 * True where the list makes us wait. */
static bool read_list(struct ledger *self)
{
	for (size_t n = 0; wants_more(self) && n < READ_AHEAD; n++) {
		struct input_entry entry;
		switch (input_next(self->input, &entry)) {
		case INPUT_ENTRY:
			admit_entry(self, &entry);
			break;
		case INPUT_WAIT:
			return true;
		case INPUT_ERROR:
			note_status(self, STATUS_INPUT);
			self->input_ended = true;
			break;
		case INPUT_END:
			self->input_ended = true;
			break;
		}
	}
	return false;
}

/* Pages in use come from a stack and go back to it. */

static struct page *take_page(struct ledger *self)
{
	return self->idle_page_count ? self->idle_pages[--self->idle_page_count] : page_new(&self->tools);
}

static void give_page_back(struct ledger *self, struct task *task)
{
	struct page *page = task->tries ? task->tries->page : NULL;
	if (!page)
		return;
	task->tries->page = NULL;
	page_drop(page);
	/* The memory of one large page is not kept for the rest of the run. */
	if (page_is_large(page))
		page_free(page);
	else
		self->idle_pages[self->idle_page_count++] = page;
}

/* How a task ends. */

static void free_task(struct ledger *self, struct task *task)
{
	give_page_back(self, task);
	task_free(task);
}

/* The one place where a task gets its outcome. It was out: its host is told. */
static void settle_task(struct ledger *self, struct task *task, struct outcome *outcome)
{
	tell_outcome(self, outcome);
	frontier_finish(self->frontier, &task->job);
	free_task(self, task);
}

static void end_task(struct ledger *self, struct task *task, enum outcome_kind kind, enum outcome_stage stage,
    const char *reason)
{
	struct outcome outcome = task_outcome(task);
	outcome.kind = kind;
	outcome.stage = stage;
	outcome.reason = reason;
	settle_task(self, task, &outcome);
}

static void complete_task(struct ledger *self, struct task *task)
{
	struct page_counts counts = {0};
	struct outcome outcome = task_outcome(task);
	outcome.kind = OUTCOME_OK;
	outcome.stage = STAGE_RECEIVE;
	struct emission emission = {self, &outcome};
	switch (page_finish(task->tries->page, task->url, on_link, &emission, &counts)) {
	case PAGE_TOO_COSTLY:
		end_task(self, task, OUTCOME_FAILED, STAGE_DECODE,
		    "what the pattern, the XPath or a filter asks for takes too long on this page");
		return;
	case PAGE_LOST:
		note_status(self, STATUS_OUTPUT);
		end_task(self, task, OUTCOME_FAILED, STAGE_LOCAL,
		    "the temporary file with the links of large pages cannot be read");
		return;
	case PAGE_GIVEN:
		break;
	}
	outcome.charset = page_charset(task->tries->page);
	outcome.links = counts.links;
	outcome.unresolved = counts.unresolved;
	settle_task(self, task, &outcome);
}

static void skip_task(struct ledger *self, struct task *task)
{
	char reason[REASON_MAX];
	task_describe_cut(task, self->options, reason, sizeof reason);
	end_task(self, task, OUTCOME_SKIPPED, STAGE_POLICY, reason);
}

/* The same address once more, or the end. */

static void give_up(struct ledger *self, struct task *task)
{
	char reason[REASON_MAX];
	snprintf(reason, sizeof reason,
	    "host given up after %" PRId64 " connection errors in a row (--host-errors)",
	    self->options->host_errors);
	end_task(self, task, OUTCOME_FAILED, STAGE_CONNECT, reason);
}

static void retry_or_fail(struct ledger *self, struct task *task, enum outcome_stage stage, bool transient,
    int64_t retry_after_ms, const char *reason)
{
	int64_t now = clock_now_ms();
	bool asked = transient && retry_after_ms >= 0;
	if (asked && retry_after_ms > self->options->max_retry_after_ms) {
		char longer[REASON_MAX];
		snprintf(longer, sizeof longer,
		    "%s, and wants to be left alone for %" PRId64 " s (--max-retry-after)", reason,
		    retry_after_ms / 1000);
		end_task(self, task, OUTCOME_FAILED, stage, longer);
		return;
	}
	if (asked)
		frontier_hold_host(self->frontier, &task->job, now + retry_after_ms);
	bool hopeless = !transient || frontier_host_given_up(&task->job);
	if (hopeless || task->tries->attempts > self->options->retries) {
		end_task(self, task, OUTCOME_FAILED, stage, reason);
		return;
	}
	int64_t wait = task_backoff_ms(task, &self->dice);
	if (asked && retry_after_ms > wait)
		wait = retry_after_ms;
	log_event("again in %.1f s %s: %s", (double)wait / 1000, task->url, reason);
	give_page_back(self, task);
	frontier_retry(self->frontier, &task->job, now + wait);
}

/* No answer was lost, no request was made: not an attempt. */
static void try_fresh(struct ledger *self, struct task *task, const struct fetch_result *result)
{
	task->tries->fresh = true;
	task->tries->goes_on = true;
	task->tries->spent_ms += (int64_t)result->phases.total;
	give_page_back(self, task);
	frontier_retry(self->frontier, &task->job, clock_now_ms());
}

static void fail_status(struct ledger *self, struct task *task, const struct fetch_result *result)
{
	char reason[REASON_MAX];
	const char *text = http_status_text(result->http_status);
	snprintf(reason, sizeof reason, "got %ld%s%s", result->http_status, *text ? " " : "", text);
	retry_or_fail(self, task, STAGE_RECEIVE, http_is_transient(result->http_status),
	    result->retry_after_ms, reason);
}

/* Another address. */

static void follow(struct ledger *self, struct task *task, struct fetch_result *result)
{
	char reason[REASON_MAX];
	bool leaves;
	const char *problem = task_read_location(task, &self->url, &leaves);
	bool too_many = task->tries->redirects >= self->options->max_redirs;
	if (problem) {
		buf_clear(&self->shown);
		url_append_redacted(&self->shown, task->tries->location);
		snprintf(reason, sizeof reason, "got %ld with a redirect to \"%.200s\", %s",
		    result->http_status, self->shown.data, problem);
	} else if (too_many) {
		snprintf(reason, sizeof reason, "more than %" PRId64 " redirects (--max-redirs)",
		    self->options->max_redirs);
	}
	if (problem || too_many) {
		end_task(self, task, OUTCOME_FAILED, STAGE_POLICY, reason);
		return;
	}
	task_redirect(task, &self->url, leaves);
	task->tries->spent_ms += (int64_t)result->phases.total;
	fetch_cookies_free(task->tries->cookies);
	task->tries->cookies = result->cookies;
	result->cookies = NULL;
	frontier_redirect(self->frontier, &task->job, &self->url);
}

/* What the loop asks and tells. */

/* The next task whose host was not given up. */
static struct task *next_task(struct ledger *self)
{
	struct task *task;
	while ((task = (struct task *)frontier_next(self->frontier, clock_now_ms())) &&
	       frontier_host_given_up(&task->job))
		give_up(self, task);
	return task;
}

static void tell_standing(struct ledger *self, struct wait *wait)
{
	int64_t now = clock_now_ms(), moment = now;
	if (now >= self->standing_due) {
		self->standing_due = now + STANDING_EVERY_MS;
		const char *awaited = frontier_awaited(self->frontier, &moment);
		observers_standing(
		    self->observers, &(struct standing){
		                         .so_far = &self->totals,
		                         .in_flight = frontier_out(self->frontier),
		                         .waiting = frontier_waiting(self->frontier),
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
	self->backlog = 0;
	note_status(self, observers_flush(self->observers, wait, &self->backlog));
}

static enum crawl_next next(void *ctx, struct fetch_request *request, struct wait *wait)
{
	struct ledger *self = ctx;
	if (self->backlog > BACKLOG_MAX)
		return CRAWL_NOTHING;
	bool waits_for_list = read_list(self);
	struct task *task = next_task(self);
	if (!task) {
		wait_until(wait, frontier_next_due(self->frontier));
		if (waits_for_list)
			wait_for(wait, input_descriptor(self->input), false);
		else if (wants_more(self))
			wait_until(wait, clock_now_ms());
		bool finished = self->input_ended && frontier_waiting(self->frontier) == 0;
		return finished ? CRAWL_FINISHED : CRAWL_NOTHING;
	}
	*request = task_request(task, self->options);
	return CRAWL_START;
}

static enum fetch_want on_head(void *ctx, void *job, const struct fetch_head *head)
{
	struct ledger *self = ctx;
	struct task *task = job;
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
	task->tries->page = take_page(self);
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
	struct ledger *self = ctx;
	struct task *task = job;
	task_note(task, result);
	if (!result->interrupted && result->stage != STAGE_LOCAL)
		frontier_note(self->frontier, &task->job, task_news(result));
	if (result->complete || result->stopped)
		log_event("got %ld %s", result->http_status, task->url);
	if (result->interrupted)
		end_task(self, task, OUTCOME_INTERRUPTED, STAGE_LOCAL, "the run was stopped");
	else if (result->stopped)
		skip_task(self, task);
	else if (result->stale && !task->tries->fresh)
		try_fresh(self, task, result);
	else if (!result->complete)
		retry_or_fail(self, task, result->stage, result->transient, -1, result->reason);
	else if (task->tries->location)
		follow(self, task, result);
	else if (result->http_status >= 400)
		fail_status(self, task, result);
	else
		complete_task(self, task);
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
	self->idle_pages = alloc_array((size_t)options->jobs, sizeof(struct page *));
	self->frontier = frontier_new(options->per_host, options->delay_ms, options->host_errors);
	url_init(&self->url);
	buf_init(&self->shown, SIZE_MAX / 2);
	return self;
}

void ledger_free(struct ledger *self)
{
	if (!self)
		return;
	while (self->idle_page_count)
		page_free(self->idle_pages[--self->idle_page_count]);
	free(self->idle_pages);
	page_shared_free(self->tools.shared);
	extract_patterns_free(self->tools.patterns);
	pattern_free(self->tools.pattern);
	filter_free(self->tools.filter);
	xpath_free(self->tools.xpath);
	frontier_free(self->frontier);
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
	    .stop_at = self->options->deadline_ms ? clock_now_ms() + self->options->deadline_ms : CLOCK_NEVER,
	};
}

enum status ledger_close(struct ledger *self, struct totals *totals)
{
	for (struct task *task; (task = (struct task *)frontier_abandon(self->frontier));) {
		struct outcome outcome = task_outcome(task);
		outcome.kind = OUTCOME_INTERRUPTED;
		outcome.stage = STAGE_LOCAL;
		outcome.reason = "the run was stopped";
		tell_outcome(self, &outcome);
		free_task(self, task);
	}
	uint64_t sum = 0;
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		sum += self->totals.outcomes[kind];
	assert(sum == self->totals.urls);
	(void)sum;
	*totals = self->totals;
	return self->status;
}
