#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "run/answer_result.h"
#include "run/stored_page.h"

#include <stdlib.h>
#include <string.h>

/* Offering. */

struct slice ledger_identity(struct ledger *self, const struct url *url)
{
	if (!url_has_credentials(url))
		return url_without_fragment(url);
	buf_clear(&self->identity);
	url_append_without_credentials(url, &self->identity);
	self->identity.len -= url_href(url).len - url_without_fragment(url).len;
	return (struct slice){self->identity.data, self->identity.len};
}

/* What a URL is looked up by: two are the same where they are for the store. */
static struct slice key_of(struct ledger *self, const struct url *url)
{
	return self->crawls ? ledger_identity(self, url) : url_without_fragment(url);
}

bool ledger_is_done_before(struct ledger *self, const struct url *url)
{
	uint64_t id;
	return self->state && !self->link_check &&
	       run_state_find(self->state, key_of(self, url), &id) == RUN_STATE_DONE;
}

enum store_offer ledger_offer(struct ledger *self, struct store_url *url, struct store_claim **claim)
{
	if (!self->state || url->purpose != STORE_PAGE)
		return self->store.offer(self->store.self, url, claim);
	enum run_state_known known = run_state_find(self->state, key_of(self, url->url), &url->id);
	if (known == RUN_STATE_DONE && !self->link_check)
		return STORE_KNOWN;
	if (known == RUN_STATE_NEW)
		url->id = run_state_next_id(self->state);
	enum store_offer answer = self->store.offer(self->store.self, url, claim);
	if (answer != STORE_KNOWN && known != RUN_STATE_DONE)
		run_state_add(self->state, url, ledger_identity(self, url->url), known);
	return answer;
}

bool ledger_is_entry_done(struct ledger *self, const char *text, uint64_t *id)
{
	*id = 0;
	if (!self->state)
		return false;
	enum run_state_known known = run_state_find_entry(self->state, slice_of(text), id);
	if (known == RUN_STATE_NEW)
		*id = run_state_next_id(self->state);
	if (known != RUN_STATE_DONE)
		run_state_add_entry(self->state, *id, text, known);
	return known == RUN_STATE_DONE && !self->link_check;
}

void ledger_settle_entry(struct ledger *self, uint64_t id, enum cause cause)
{
	bool is_reported = self->status == STATUS_OK || self->status == STATUS_INPUT;
	if (!id || self->closing || self->has_interrupted || !is_reported)
		return;
	run_state_set_rows(self->state, self->rows_end);
	run_state_settle(
	    self->state, &(struct state_result){.page = id, .outcome = OUTCOME_FAILED, .cause = cause});
}

/* Going on with a run that was interrupted. */

static bool parse_found(struct ledger *self, const char *text, size_t len)
{
	return url_parse(&self->found_url, text, len, NULL, NULL) && url_is_http(&self->found_url);
}

/* Appends the URLs that redirects have led to, each with a newline. */
static void append_redirects(struct buf *to, const char *hops, const char *final_url)
{
	const char *const texts[] = {hops, final_url};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!texts[i])
			continue;
		buf_append_text(to, texts[i]);
		buf_append_byte(to, '\n');
	}
}

/* Marks such URLs, so that no page needs to lead there any more. */
static void mark_redirects(struct ledger *self, struct slice urls)
{
	while (self->crawls && urls.len > 0) {
		size_t len = (size_t)((char *)memchr(urls.data, '\n', urls.len) - urls.data);
		if (parse_found(self, urls.data, len))
			self->store.mark(self->store.self, &self->found_url, STORE_PAGE);
		urls.data += len + 1;
		urls.len -= len + 1;
	}
}

/* Lets the store know where a page is that is done. Adds where it has led to redirects. */
static void resume_done(
    struct ledger *self, const struct state_page *page, bool is_found, struct buf *redirects)
{
	if (!self->crawls)
		return;
	if (parse_found(self, page->url, strlen(page->url)))
		self->store.mark(self->store.self, &self->found_url, STORE_PAGE);
	append_redirects(redirects, page->hops, page->final_url);
	if (self->scope && !is_found && page->outcome == OUTCOME_OK && page->final_url &&
	    parse_found(self, page->final_url, strlen(page->final_url)))
		scope_add(self->scope, &self->found_url);
}

/* A page of the list belongs to the scope, and the user's secrets go to its origin, before one that was found
 * is asked for. */
static void resume_listed(struct ledger *self, const struct state_page *page)
{
	const char *text = page->listed ? page->listed : page->url;
	if ((self->crawls || self->asks_robots) && parse_found(self, text, strlen(text)))
		ledger_begin_listed(self, &self->found_url);
}

/* Offers a page that was found and is not done. */
static void resume_pending(struct ledger *self, const struct state_page *page)
{
	static const char robots[] = "/robots.txt";
	struct state_page source;
	struct store_claim *claim;
	struct url via;
	const char *text = page->listed ? page->listed : page->url;
	if (!url_parse(&self->found_url, text, strlen(text), NULL, NULL))
		return;
	url_init(&via);
	if (page->via && run_state_find_page(self->state, page->via, &source))
		url_parse(&via, source.url, strlen(source.url), NULL, NULL);
	else
		url_parse(&via, robots, sizeof robots - 1, &self->found_url, NULL);
	const struct store_url url = {.url = &self->found_url,
	    .text = text,
	    .number = store_number(page->depth, ++self->last_number),
	    .listed_us = clock_now_us(),
	    .depth = page->depth,
	    .sitemap_level = page->sitemap,
	    .is_guess = page->is_guess,
	    .id = page->id,
	    .via = url_href(&via).data};
	enum store_offer answer = self->store.offer(self->store.self, &url, &claim);
	if (answer != STORE_KNOWN) {
		self->totals.urls++;
		self->totals.found++;
	}
	if (answer == STORE_CLAIMED)
		ledger_add_task(self, &url, claim);
	url_release(&via);
}

/* Pages that are pending were found at smaller depths, too. */
static void resume_depths(struct ledger *self)
{
	struct state_depth depth;
	while (run_state_next_depth(self->state, &depth))
		if (parse_found(self, depth.url, strlen(depth.url)))
			self->store.knows(self->store.self, &self->found_url, STORE_PAGE, depth.depth, NULL);
}

static void resume_totals(struct ledger *self, const struct run_state_done *done)
{
	self->totals.urls = done->settled;
	self->totals.found = done->found;
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		self->totals.outcomes[kind] = done->outcomes[kind];
	self->totals.listed_failed = done->listed_failed;
	self->totals.links = done->links;
	self->depth_reached = done->depth;
	self->asked = done->asked;
	if (self->options->max_pages && self->asked > (uint64_t)self->options->max_pages)
		self->asked = (uint64_t)self->options->max_pages;
	for (int change = 0; change < STATE_CHANGES; change++)
		ledger_add_change(self, (enum state_change)change, done->changes[change]);
}

static void on_elsewhere(void *ctx, struct slice url)
{
	struct ledger *self = ctx;
	self->totals.elsewhere.found += seen_add(&self->elsewhere, url.data, url.len);
}

void ledger_resume(struct ledger *self, struct run_state *state)
{
	struct state_page page;
	self->state = state;
	if (state)
		memory_store_use_known(&self->store, run_state_known_urls(state));
	if (state && self->link_check)
		ledger_resume_targets(self);
	if (!state || !run_state_resumes(state))
		return;
	resume_totals(self, run_state_done(state));
	ledger_record_status(self, run_state_read_elsewhere(state, on_elsewhere, self));
	/* What is pending of a list comes from the list. */
	if (!self->crawls && !run_state_done(state)->has_found)
		return;
	uint64_t run = run_state_number(state);
	struct buf redirects;
	buf_init(&redirects, SIZE_MAX / 2);
	for (int pass = 0; pass < 2; pass++) {
		while (run_state_next_page(state, &page)) {
			bool is_found = page.via || page.sitemap;
			if (page.run != run)
				continue;
			if (pass == 0 && !is_found)
				resume_listed(self, &page);
			if (pass == 0 && page.is_settled)
				resume_done(self, &page, is_found, &redirects);
			if (pass == 1 && !page.is_settled && is_found)
				resume_pending(self, &page);
		}
	}
	resume_depths(self);
	/* A page that was found and is pending was not marked when it was offered first. */
	mark_redirects(self, (struct slice){redirects.data, redirects.len});
	buf_release(&redirects);
}

/* Answers of earlier runs. */

static struct slice text_slice(const char *text)
{
	return text ? slice_of(text) : (struct slice){0};
}

void ledger_ask_conditionally(struct ledger *self, struct task *task)
{
	struct state_page page;
	if (!ledger_find_answer(self, task, &page))
		return;
	const struct validators values = {.etag = text_slice(page.etag),
	    .last_modified = text_slice(page.last_modified),
	    .date = text_slice(page.date)};
	task_set_preconditions(task, page.answer_url ? page.answer_url : task->url,
	    validators_choose(values, (int64_t)page.fetched));
}

/* Lets a task without a request be where the redirects of an earlier run have led. */
static void set_answer_url(struct ledger *self, struct task *task, const struct state_page *page)
{
	struct buf redirects;
	buf_init(&redirects, SIZE_MAX / 2);
	bool has_hops = page->final_url && strcmp(page->final_url, page->answer_url) == 0;
	append_redirects(&redirects, has_hops ? page->hops : NULL, page->answer_url);
	mark_redirects(self, (struct slice){redirects.data, redirects.len});
	buf_release(&redirects);
	task_set_final_url(task, page->answer_url);
}

bool ledger_begin_replay(struct ledger *self, struct task *task)
{
	struct state_page page;
	if (!ledger_find_answer(self, task, &page))
		return false;
	if (page.answer_url && task->is_fresh && !task->is_done_before)
		set_answer_url(self, task, &page);
	ledger_extend_scope(self, task);
	struct tries *tries = task->tries;
	tries->replay = alloc_new(sizeof *tries->replay);
	link_reader_init(tries->replay);
	tries->ledger = self;
	tries->outcome = task_outcome(task);
	tries->outcome.kind = OUTCOME_OK;
	tries->outcome.stage = STAGE_RECEIVE;
	tries->outcome.is_unchanged = true;
	task_list_add(&self->ready, task);
	return true;
}

bool ledger_open_replay(struct ledger *self, struct task *task)
{
	struct tries *tries = task->tries;
	struct state_page page;
	if (tries->is_replay_open)
		return true;
	tries->is_replay_open =
	    ledger_find_answer(self, task, &page) && ledger_open_links(self, task, &page, tries->replay);
	return tries->is_replay_open;
}

void ledger_drop_replay(struct ledger *self, struct task *task)
{
	link_reader_release(task->tries->replay);
	free(task->tries->replay);
	task->tries->replay = NULL;
	task->tries->outcome.is_unchanged = false;
	task_drop_preconditions(task);
	if (!task->is_fresh) {
		ledger_retry_at_once(self, task, 0);
		return;
	}
	task->is_fresh = task->is_done_before = false;
	url_parse(&self->found_url, task->url, strlen(task->url), NULL, NULL);
	ledger_admit(self, task, &self->found_url);
}

bool ledger_finish_unchanged(struct ledger *self, struct task *task)
{
	if (!task->tries->is_conditional)
		return false;
	if (!task_is_unchanged(task) || !ledger_begin_replay(self, task)) {
		task_drop_preconditions(task);
		ledger_retry_at_once(self, task, 0);
	}
	return true;
}

bool ledger_use_fresh_answer(struct ledger *self, struct task *task)
{
	struct state_page page;
	double max_age = (double)self->options->max_age_ms / 1000;
	double now = clock_unix_s();
	if (max_age <= 0 || !ledger_find_answer(self, task, &page) || now < page.fetched)
		return false;
	/* Whether a link should lead elsewhere is only known of redirects that were seen. */
	if (now - page.fetched >= max_age || (self->link_check && page.answer_url))
		return false;
	task_begin_without_request(task);
	task->is_fresh = true;
	task->is_fresh = ledger_begin_replay(self, task);
	if (task->is_fresh)
		ledger_note_page(self, task);
	return task->is_fresh;
}

bool ledger_emit_replayed(struct ledger *self, struct task *task, int64_t until_us, page_link_fn on_link)
{
	enum { LINKS_PER_CLOCK_READ = 64 };
	struct link_record record;
	/* Half of the time that it takes to write the rows again would go into parsing. */
	bool needs_url = self->follows || self->link_check;
	for (unsigned i = 1; link_reader_next(task->tries->replay, &record); i++) {
		bool is_url =
		    !needs_url || url_parse(&self->replayed_url, record.url.data, record.url.len, NULL, NULL);
		struct link link =
		    stored_page_link(&record, needs_url && is_url ? &self->replayed_url : NULL);
		if (!is_url) {
			link.is_row = true;
			if (self->link_check)
				link_check_add_invalid(self->link_check, &task->tries->outcome, &link);
			continue;
		}
		task->tries->replayed += record.is_row;
		on_link(task, &link);
		if (i % LINKS_PER_CLOCK_READ == 0 && clock_now_us() >= until_us)
			return false;
	}
	return true;
}

/* What this run adds. */

void ledger_record_link(struct ledger *self, struct task *task, const struct link *link)
{
	struct tries *tries = task->tries;
	if (!ledger_keeps_answers(self) || tries->replay)
		return;
	if (!tries->records) {
		tries->records = alloc_new(sizeof *tries->records);
		link_records_init(tries->records);
	}
	/* What forbids to follow all links of the page is not received again with a 304. */
	bool is_nofollow = link->kind == LINK_PAGE && task->forbids_links;
	enum link_kind kind = is_nofollow ? LINK_NOFOLLOW : link->kind;
	link_records_add(tries->records, &(struct link_record){.url = link->url,
	                                     .kind = kind,
	                                     /* What is no URL is a row of --check only. */
	                                     .is_row = link->is_row && link->parsed,
	                                     .raw = link->raw,
	                                     .tag = link->tag,
	                                     .rel = link->rel,
	                                     .attr = link->attr,
	                                     .position = link->position,
	                                     .line = (uint32_t)link->line,
	                                     .column = (uint32_t)link->column});
}

/* The page got its outcome before the run was interrupted. */
static void count_kept_change(struct ledger *self, const struct task *task)
{
	struct state_page page;
	if (run_state_find_page(self->state, task->state_id, &page))
		ledger_add_change(self, page.change, 1);
}

void ledger_settle_state(struct ledger *self, const struct task *task, const struct outcome *outcome)
{
	/* What was interrupted, or has failed through this machine, is asked for again. So is what ends after
	 * the first URL was interrupted: a run that goes on cuts the line of that from the report. */
	if (!self->state || self->closing || self->has_interrupted || outcome->stage == STAGE_LOCAL)
		return;
	if (self->link_check && !task->is_done_before)
		ledger_keep_target(self, task, outcome);
	if (!task->state_id || task->purpose != STORE_PAGE)
		return;
	if (task->is_done_before) {
		count_kept_change(self, task);
		return;
	}
	struct answer_result result;
	answer_result_init(&result, task, outcome);
	ledger_count_change(self, task, &result.result);
	if (run_state_status(self->state) == STATUS_OK) {
		run_state_set_rows(self->state, self->rows_end);
		run_state_set_changes(self->state, self->changes_end);
		run_state_settle(self->state, &result.result);
	}
	answer_result_release(&result);
}
