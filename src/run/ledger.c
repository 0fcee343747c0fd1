#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/ascii.h"
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

/* Bytes that the readers of the outputs have not taken. While there are more, nothing new is started; only
 * pages that are in flight can add to them. */
enum { BACKLOG_MAX = 1 << 20 };

/* The time between two reports of the progress. */
enum { PROGRESS_EVERY_MS = 100 };

/* The longest time that one turn of the event loop emits links, and reads the list. */
enum { LINKS_US_EACH_TURN = 25000, LIST_US_EACH_TURN = 10000 };

void ledger_record_status(struct ledger *self, enum status status)
{
	self->status = status_first(self->status, status);
}

bool ledger_has_backlog(const struct ledger *self)
{
	return self->backlog > BACKLOG_MAX;
}

/* The handlers of the event loop. */

/* While the task waited, a shorter way to its URL may have been found. */
static void lower_depth(struct ledger *self, struct task *task)
{
	if (task->depth > 0 && url_parse(&self->url, task->url, strlen(task->url), NULL, NULL))
		task->depth = self->store.lowest_depth(self->store.self, &self->url, task->depth);
}

/* True if --max-pages allows to ask for the task's URL, which is counted then. A robots.txt may be asked for
 * as long as tasks wait for it. */
static bool may_ask(struct ledger *self, struct task *task)
{
	if (task->robots_of)
		return !ledger_is_exhausted(self) || task->robots_of->first_parked;
	if (task->tries)
		return true;
	if (ledger_is_exhausted(self))
		return false;
	self->asked++;
	if (self->follows && task->purpose == STORE_PAGE)
		lower_depth(self, task);
	if (task->depth > self->depth_reached)
		self->depth_reached = task->depth;
	if (ledger_is_exhausted(self))
		ledger_leave_out_parked(self);
	return true;
}

bool ledger_is_exhausted(const struct ledger *self)
{
	return self->options->max_pages && self->asked == (uint64_t)self->options->max_pages;
}

void ledger_leave_out(struct ledger *self, struct task *task)
{
	uint64_t ticket;
	struct outcome outcome = task_outcome(task);
	/* The URL has no outcome, but with --ordered the rows of later URLs wait for its end. */
	outcome.kind = OUTCOME_SKIPPED;
	outcome.stage = STAGE_INPUT;
	ledger_record_status(self, observers_page_end(self->observers, &outcome, &ticket));
	self->totals.urls--;
	self->totals.found -= task->via != NULL;
	/* A shared URL goes to another process. */
	self->totals.left[LEFT_MAX_PAGES] += !self->shared;
	ledger_release_claim(self, task);
	task_free(task);
}

/* The next task to start. Tasks whose host was given up fail here. NULL if none may start now;
 * *waits_for_list then tells whether the list has nothing to read at the moment. The frontier is filled
 * before each task, because the one before has made room for another one of its host, and that may be all
 * that is left. */
static struct task *next_task(struct ledger *self, bool *waits_for_list)
{
	for (;;) {
		*waits_for_list = ledger_fill_frontier(self);
		struct task *task =
		    task_of(frontier_next(self->frontier, clock_now_ms(), ledger_start_limit(self)));
		if (!task)
			return NULL;
		if (!task->robots_of)
			ledger_begin_claim(self, task);
		if (frontier_host_state(&task->job) != HOST_KEPT) {
			ledger_fail_given_up(self, task);
			continue;
		}
		if (ledger_is_void(self, task)) {
			frontier_cancel(self->frontier, &task->job);
			ledger_drop_void(self, task);
			continue;
		}
		if (ledger_is_superseded(self, task)) {
			frontier_cancel(self->frontier, &task->job);
			ledger_drop_superseded(self, task);
			continue;
		}
		if (may_ask(self, task))
			return task;
		frontier_cancel(self->frontier, &task->job);
		if (task->robots_of)
			ledger_drop_robots(task);
		else
			ledger_leave_out(self, task);
	}
}

static uint64_t count_waiting(const struct ledger *self)
{
	return frontier_waiting(self->frontier) + self->parked_count + self->redirect_count +
	       self->awaited_count + self->store.count(self->store.self);
}

static void report_progress(struct ledger *self, struct wait *wait)
{
	int64_t now = clock_now_ms(), awaited_at = now;
	if (now >= self->progress_due) {
		self->progress_due = now + PROGRESS_EVERY_MS;
		const char *awaited = frontier_awaited_host(self->frontier, &awaited_at);
		/* The user sees a page as done once its rows were emitted, even if they are not written
		 * yet. */
		struct totals so_far = self->totals;
		so_far.outcomes[OUTCOME_OK] += self->unreported.count;
		observers_progress(
		    self->observers, &(struct run_progress){
		                         .so_far = &so_far,
		                         .in_flight = frontier_in_flight(self->frontier),
		                         .waiting = count_waiting(self),
		                         .unread = self->input_ended ? 0 : input_left(self->input),
		                         .received = self->received,
		                         .is_crawl = self->crawls,
		                         .depth = self->depth_reached,
		                         .awaited = awaited,
		                         .awaited_ms = now - awaited_at,
		                     });
	}
	wait_until(wait, self->progress_due);
}

/* What this process may not ask for any more, because of --max-pages, others may. If nothing is left for
 * them, the end comes soon. */
static bool has_ended_for_all(const struct ledger *self)
{
	return !self->shared || shared_crawl_has_ended(self->shared) ||
	       (ledger_is_exhausted(self) && shared_crawl_is_left_to_others(self->shared));
}

bool ledger_may_take(const struct ledger *self)
{
	bool is_behind = ledger_has_backlog(self) || (self->state && run_state_is_full(self->state));
	return !is_behind && ledger_may_go_on(self) && ledger_has_page_room(self);
}

/* Waits until the list can be read, or goes on without a wait if there is more to do now. */
static void wait_for_more(struct ledger *self, struct wait *wait, bool waits_for_list)
{
	if (waits_for_list)
		wait_for(wait, input_descriptor(self->input), POLLIN);
	else if (ledger_needs_more_time(self) || ledger_has_checked(self))
		wait_until(wait, clock_now_ms());
}

static void on_turn(void *ctx, struct wait *wait)
{
	struct ledger *self = ctx;
	if (self->observers->want_progress)
		report_progress(self, wait);
	self->links_deadline_us = clock_now_us() + LINKS_US_EACH_TURN;
	page_shared_perform(self->tools.shared, self->links_deadline_us, wait);
	ledger_emit_links(self, wait);
	if (!ledger_has_backlog(self) && ledger_emit_checked(self, self->links_deadline_us))
		wait_until(wait, clock_now_ms());
	self->backlog = 0;
	ledger_record_status(self, observers_flush(self->observers, wait, &self->backlog));
	ledger_report_written(self);
	if (self->state)
		ledger_record_status(self, run_state_turn(self->state, wait));
	if (self->shared)
		ledger_share_turn(self, wait);
	screen_flush(wait);
	/* The list is read by on_next, which is called between this and the next turn, if there is a transfer
	 * to spare. What is for other processes does not wait for one. */
	self->list_deadline_us = clock_now_us() + LIST_US_EACH_TURN;
	if (self->shared && ledger_may_take(self))
		wait_for_more(self, wait, ledger_fill_frontier(self));
}

static enum crawl_next on_next(void *ctx, struct fetch_request *request, struct wait *wait)
{
	struct ledger *self = ctx;
	if (!ledger_may_take(self))
		return CRAWL_NOTHING;
	bool waits_for_list;
	struct task *task = next_task(self, &waits_for_list);
	if (!task) {
		wait_until(wait, frontier_next_due(self->frontier));
		wait_for_more(self, wait, waits_for_list);
		bool finished = self->input_ended && count_waiting(self) == 0 && !self->released &&
		                self->ready.count + self->awaiting_helper.count == 0 &&
		                !ledger_has_checked(self) && has_ended_for_all(self);
		return finished ? CRAWL_FINISHED : CRAWL_NOTHING;
	}
	if (!task->tries)
		ledger_ask_conditionally(self, task);
	*request = task_request(task, self->options);
	ledger_prepare_request(self, task, request);
	ledger_share_delay(self, task);
	return CRAWL_START;
}

static enum fetch_want on_head(void *ctx, void *job, const struct fetch_head *head)
{
	struct ledger *self = ctx;
	struct task *task = job;
	ledger_discard_response(self, task);
	task->tries->has_head = true;
	if (http_is_redirect(head->http_status) && head->location.len > 0) {
		task_set_location(task, head->location);
		return FETCH_DRAIN;
	}
	if (head->http_status == HTTP_NOT_MODIFIED || head->http_status >= 400)
		return FETCH_DRAIN;
	if (task->robots_of)
		return ledger_begin_robots(self, task, head->content_type);
	if (task->purpose == STORE_LOOK)
		return FETCH_DRAIN;
	ledger_read_robots_tags(self, task, head);
	if (task_stop_by_type(task, self->options, mediatype_of(head->content_type)))
		return FETCH_STOP;
	task->tries->page = page_pool_get(&self->page_pool);
	page_begin(task->tries->page, head->content_type);
	if (task->sitemap_level)
		ledger_begin_sitemap(self, task);
	return FETCH_BODY;
}

static bool on_body(void *ctx, void *job, const char *bytes, size_t len, bool is_gzip_file)
{
	struct ledger *self = ctx;
	struct task *task = job;
	self->received += len;
	if (task->robots_of)
		return ledger_feed_robots(self, task, bytes, len);
	if (is_gzip_file)
		page_set_gzip_file(task->tries->page);
	if (page_feed(task->tries->page, bytes, len))
		return !task_stop_by_type(task, self->options, page_type(task->tries->page));
	task->tries->stop_reason = STOP_TOO_LARGE;
	return false;
}

static void on_done(void *ctx, void *job, struct fetch_result *result)
{
	ledger_handle_result(ctx, job, result);
}

static bool is_stopping(void *ctx)
{
	const struct ledger *self = ctx;
	return stop_signal() != 0 || !ledger_is_going_on(self);
}

/* Construction, and the end of the run. */

/* The name of this program in robots.txt: that of --robots-agent, or the first word of -A without its
 * version, or that of areq, which does not stand first in the default of -A. */
static char *copy_robots_token(const struct options *options)
{
	static const char own[] = "areq";
	const char *agent = options->robots_agent ? options->robots_agent : options->user_agent;
	size_t len = 0;
	while (ascii_is_letter(agent[len]) || agent[len] == '-' || agent[len] == '_')
		len++;
	bool is_own = len == 0 || strncmp(agent, "Mozilla/", strlen("Mozilla/")) == 0;
	return is_own ? alloc_copy(own, strlen(own)) : alloc_copy(agent, len);
}

static void on_checked(void *ctx, const struct outcome *page, const struct link *link)
{
	struct ledger *self = ctx;
	if (ledger_is_going_on(self))
		ledger_record_status(self, observers_checked(self->observers, page, link));
}

struct ledger *ledger_new(const struct options *options, struct input *input, struct observers *observers)
{
	struct ledger *self = alloc_new(sizeof *self);
	self->options = options;
	self->input = input;
	self->observers = observers;
	self->tools.options = options;
	self->tools.shared = page_shared_new(PAGES_MEMORY);
	self->random_state = random_bits() | 1;
	page_pool_init(&self->page_pool, &self->tools, (size_t)options->jobs);
	self->frontier = frontier_new(&(struct manners){.per_host = options->per_host,
	    .delay_ms = options->delay_ms,
	    .rate = options->rate,
	    .host_errors = options->host_errors,
	    .patience_ms = options->host_patience_ms});
	self->crawls = options_find_urls(options);
	self->follows = options_are_of_crawl(options);
	self->obeys_robots =
	    options->robots == WHEN_ALWAYS || (options->robots == WHEN_AUTO && self->follows);
	self->asks_robots = (self->obeys_robots || options->sitemaps) && !options->dry_run;
	/* A run without requests asks for no robots.txt. */
	self->obeys_robots &= !options->dry_run;
	self->robots_token = copy_robots_token(options);
	self->tools.crawls = self->follows;
	self->tools.checks = options->check && !options->dry_run;
	self->tools.wants_anchors = options->fragments && !options->dry_run;
	self->tools.obeys_nofollow = self->obeys_robots;
	self->tools.robots_name = self->robots_token;
	self->store = memory_store(MEMORY_PENDING_BYTES, self->crawls);
	if (options->check && !options->dry_run)
		self->link_check =
		    link_check_new(options->check | CHECK_DEAD, options->fragments, on_checked, self);
	seen_init(&self->elsewhere);
	url_init(&self->url);
	url_init(&self->url_of_robots);
	url_init(&self->awaited_url);
	link_packer_init(&self->packer);
	url_init(&self->found_url);
	url_init(&self->replayed_url);
	buf_init(&self->identity, SIZE_MAX / 2);
	buf_init(&self->found_text, SIZE_MAX / 2);
	buf_init(&self->redacted, SIZE_MAX / 2);
	return self;
}

void ledger_free(struct ledger *self)
{
	if (!self)
		return;
	page_pool_release(&self->page_pool);
	page_shared_free(self->tools.shared);
	extract_patterns_free(self->tools.patterns);
	pattern_free(self->tools.pattern);
	pattern_filter_free(self->tools.filter);
	xpath_free(self->tools.xpath);
	frontier_free(self->frontier);
	self->store.free(self->store.self);
	heap_release(&self->unreported);
	origins_release(&self->origins);
	top_paths_release(&self->top_paths);
	scope_free(self->scope);
	seen_release(&self->elsewhere);
	link_check_free(self->link_check);
	free(self->robots_token);
	url_release(&self->url);
	url_release(&self->url_of_robots);
	url_release(&self->awaited_url);
	link_packer_release(&self->packer);
	url_release(&self->found_url);
	url_release(&self->replayed_url);
	buf_release(&self->identity);
	buf_release(&self->found_text);
	buf_release(&self->redacted);
	free(self);
}

enum status ledger_compile(struct ledger *self)
{
	const char *pattern = self->options->pattern;
	const char *xpath = self->options->xpath;
	bool filters = self->options->includes.count + self->options->excludes.count > 0;
	if (pattern && !(self->tools.pattern = pattern_new("-e", pattern)))
		return STATUS_USAGE;
	if (filters && !(self->tools.filter = pattern_filter_new(
	                     "--include", &self->options->includes, "--exclude", &self->options->excludes)))
		return STATUS_USAGE;
	if (xpath && !(self->tools.xpath = xpath_new(xpath)))
		return STATUS_USAGE;
	self->tools.patterns = extract_patterns_new(
	    options_attributes(self->options) | (self->tools.wants_anchors ? ATTRIBUTES_OF_ANCHORS : 0));
	self->tools.wants_lines = options_want_lines(self->options);
	return self->follows ? scope_new(&self->scope, self->options) : STATUS_OK;
}

struct crawl_handlers ledger_handlers(struct ledger *self)
{
	self->progress_due = clock_now_ms() + PROGRESS_EVERY_MS;
	return (struct crawl_handlers){
	    .fetch = {.ctx = self,
	        .wants_robots_tags = self->follows && self->obeys_robots,
	        .wants_validators = ledger_keeps_answers(self),
	        .head = on_head,
	        .body = on_body},
	    .turn = on_turn,
	    .next = on_next,
	    .done = on_done,
	    .stopping = is_stopping,
	    .stop_at = stop_deadline(),
	};
}

/* How long the rest of the list is read after a run was stopped, so that every URL is counted. A file at a
 * deadline gets more time, because nobody waits at the terminal. A pipe gets less, because it may never end,
 * and so does any list after a signal. */
enum { READ_REST_FILE_MS = 3000, READ_REST_MS = 1000 };

void ledger_end_waiting(struct ledger *self, struct task *task, const struct outcome *outcome)
{
	ledger_settle_links(self, task, outcome);
	ledger_report_without_rows(self, task, outcome);
	ledger_release_claim(self, task);
	task_free(task);
}

void ledger_interrupt_waiting(struct ledger *self, struct task *task)
{
	struct outcome outcome = task_interruption(task);
	ledger_end_waiting(self, task, &outcome);
}

static void interrupt_waiting(struct ledger *self)
{
	for (struct task *task; (task = task_of(frontier_abandon(self->frontier)));) {
		if (task->robots_of)
			ledger_drop_robots(task);
		else
			ledger_interrupt_waiting(self, task);
	}
	ledger_interrupt_parked(self);
	ledger_drop_redirects(self);
	ledger_drop_awaited(self);
}

/* False if all was read, if the reader of an output is gone and wants no more, or if one is far behind. */
static bool may_read_rest(struct ledger *self)
{
	struct wait wait = {.wake_ms = CLOCK_NEVER};
	bool is_read = self->shared || (self->input_ended && self->store.count(self->store.self) == 0);
	if (is_read || self->status == STATUS_PIPE_CLOSED)
		return false;
	self->backlog = 0;
	ledger_record_status(self, observers_flush(self->observers, &wait, &self->backlog));
	return !ledger_has_backlog(self);
}

static void read_rest_of_list(struct ledger *self)
{
	bool is_file = input_left(self->input) >= 0;
	int64_t began = clock_now_ms();
	while (may_read_rest(self)) {
		int64_t left =
		    began + (is_file && !stop_signal() ? READ_REST_FILE_MS : READ_REST_MS) - clock_now_ms();
		if (left <= 0)
			return;
		self->list_deadline_us = clock_now_us() + LIST_US_EACH_TURN;
		bool waits = ledger_fill_frontier(self);
		interrupt_waiting(self);
		struct pollfd list = {.fd = input_descriptor(self->input), .events = POLLIN};
		if (waits && poll(&list, 1, (int)left) == 0)
			return;
	}
}

enum status ledger_close(struct ledger *self, enum status status)
{
	ledger_record_status(self, status);
	ledger_report_written(self);
	self->closing = true;
	self->totals.delay_wait_ms = frontier_delay_wait_ms(self->frontier);
	self->totals.rate_wait_ms = frontier_rate_wait_ms(self->frontier);
	ledger_interrupt_pages(self);
	interrupt_waiting(self);
	/* A reader that has not kept up gets no more rows. These links count as not checked. */
	ledger_emit_checked(self, ledger_has_backlog(self) ? 0 : CLOCK_NEVER);
	self->store.lift_limit(self->store.self);
	read_rest_of_list(self);
	ledger_count_lost(self, self->store.count(self->store.self));
	int64_t left = self->input_ended ? 0 : input_left(self->input);
	self->totals.unread = !self->input_ended || self->lost > 0;
	self->totals.unread_lines = left < 0 ? left : left + (int64_t)self->lost;
	ledger_emit_unlisted(self);
	return self->status;
}
