#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "run/stored_page.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Offering. */

/* What the state file calls a URL: without fragment, user name and password. Borrowed until the next call. */
static struct slice identity_of(struct ledger *self, const struct url *url)
{
	buf_clear(&self->identity);
	url_append_without_credentials(url, &self->identity);
	self->identity.len -= url_href(url).len - url_without_fragment(url).len;
	return (struct slice){self->identity.data, self->identity.len};
}

bool ledger_is_done_before(struct ledger *self, const struct url *url)
{
	uint64_t id;
	return self->state && run_state_find(self->state, identity_of(self, url), &id) == RUN_STATE_DONE;
}

enum store_offer ledger_offer(struct ledger *self, struct store_url *url, struct store_claim **claim)
{
	if (!self->state || url->purpose != STORE_PAGE)
		return self->store.offer(self->store.self, url, claim);
	struct slice identity = identity_of(self, url->url);
	enum run_state_known known = run_state_find(self->state, identity, &url->id);
	if (known == RUN_STATE_DONE)
		return STORE_KNOWN;
	if (known == RUN_STATE_NEW)
		url->id = run_state_next_id(self->state);
	enum store_offer answer = self->store.offer(self->store.self, url, claim);
	if (answer != STORE_KNOWN)
		run_state_add(self->state, url, identity, known);
	return answer;
}

/* Going on with a run that was interrupted. */

/* Lets the store and the scope know a page that is done, and where it has led. */
static void resume_done(struct ledger *self, const struct state_page *page, bool is_found)
{
	struct url *url = &self->found_url;
	if (url_parse(url, page->url, strlen(page->url), NULL, NULL))
		self->store.mark(self->store.self, url, STORE_PAGE);
	if (!page->final_url || !url_parse(url, page->final_url, strlen(page->final_url), NULL, NULL))
		return;
	self->store.mark(self->store.self, url, STORE_PAGE);
	if (self->scope && !is_found && page->outcome == OUTCOME_OK)
		scope_add(self->scope, url);
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

static void resume_totals(struct ledger *self, const struct run_state_done *done)
{
	self->totals.urls = done->settled;
	self->totals.found = done->found;
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		self->totals.outcomes[kind] = done->outcomes[kind];
	self->totals.listed_failed = done->listed_failed;
	self->totals.links = done->links;
	for (int change = 0; change < STATE_CHANGES; change++)
		ledger_add_change(self, (enum state_change)change, done->changes[change]);
}

void ledger_resume(struct ledger *self, struct run_state *state)
{
	struct state_page page;
	self->state = state;
	if (!state || !run_state_resumes(state))
		return;
	resume_totals(self, run_state_done(state));
	/* What is pending of a list comes from the list. */
	if (!self->crawls && !run_state_done(state)->has_found)
		return;
	uint64_t run = run_state_number(state);
	while (run_state_next_page(state, &page)) {
		bool is_found = page.via || page.sitemap;
		if (page.run == run && page.is_settled)
			resume_done(self, &page, is_found);
		else if (page.run == run && is_found)
			resume_pending(self, &page);
	}
}

/* Answers of earlier runs. */

/* Reads what earlier runs know of the task's URL. False if there is no answer that may be used. */
static bool find_answer(struct ledger *self, const struct task *task, struct state_page *page)
{
	return self->state && task->purpose == STORE_PAGE && task->state_id &&
	       run_state_may_have_answer(self->state, task->state_id) &&
	       run_state_find_page(self->state, task->state_id, page) && page->fetched > 0;
}

static struct slice text_slice(const char *text)
{
	return text ? slice_of(text) : (struct slice){0};
}

void ledger_ask_conditionally(struct ledger *self, struct task *task)
{
	struct state_page page;
	if (task->tries || !find_answer(self, task, &page))
		return;
	const struct validators values = {.etag = text_slice(page.etag),
	    .last_modified = text_slice(page.last_modified),
	    .date = text_slice(page.date)};
	task_set_preconditions(task, page.final_url ? page.final_url : page.url,
	    validators_choose(values, (int64_t)page.fetched));
}

/* Takes the task over until the links of its last good answer are emitted. False if they cannot be read. */
static bool begin_replay(struct ledger *self, struct task *task)
{
	struct state_page page;
	struct link_reader *reader = alloc_new(sizeof *reader);
	link_reader_init(reader);
	if (!find_answer(self, task, &page) || !run_state_find_links(self->state, &page, reader)) {
		link_reader_release(reader);
		free(reader);
		return false;
	}
	if (page.final_url && task->is_fresh)
		task_set_final_url(task, page.final_url);
	task->tries->replay = reader;
	task->tries->ledger = self;
	task->tries->outcome = task_outcome(task);
	task->tries->outcome.kind = OUTCOME_OK;
	task->tries->outcome.stage = STAGE_RECEIVE;
	task->tries->outcome.is_unchanged = true;
	task_list_add(&self->ready, task);
	return true;
}

bool ledger_finish_unchanged(struct ledger *self, struct task *task)
{
	if (!self->state || !task->tries->is_conditional)
		return false;
	if (!task_is_unchanged(task) || !begin_replay(self, task)) {
		task_drop_preconditions(task);
		ledger_retry_at_once(self, task, 0);
	}
	return true;
}

static double now_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool ledger_use_fresh_answer(struct ledger *self, struct task *task)
{
	struct state_page page;
	double max_age = (double)self->options->max_age_ms / 1000;
	double since = self->state ? run_state_fresh_since(self->state) : 0, now = now_seconds();
	if ((max_age <= 0 && since <= 0) || !find_answer(self, task, &page) || now < page.fetched)
		return false;
	bool is_fresh = now - page.fetched < max_age || (since > 0 && page.fetched >= since);
	/* Whether a link should lead elsewhere is only known of redirects that were seen. */
	if (!is_fresh || (self->link_check && page.final_url))
		return false;
	task_begin_without_request(task);
	task->is_fresh = true;
	task->is_fresh = begin_replay(self, task);
	return task->is_fresh;
}

bool ledger_emit_replayed(struct ledger *self, struct task *task, int64_t until_us, page_link_fn on_link)
{
	enum { LINKS_PER_CLOCK_READ = 64 };
	struct link_record record;
	for (unsigned i = 1; link_reader_next(task->tries->replay, &record); i++) {
		if (!url_parse(&self->replayed_url, record.url.data, record.url.len, NULL, NULL))
			continue;
		const struct link link = stored_page_link(&record, &self->replayed_url);
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
	if (!self->state || tries->replay)
		return;
	if (!tries->records) {
		tries->records = alloc_new(sizeof *tries->records);
		link_records_init(tries->records);
	}
	link_records_add(tries->records, &(struct link_record){.url = link->url,
	                                     .kind = link->kind,
	                                     .is_row = link->is_row,
	                                     .raw = link->raw,
	                                     .tag = link->tag,
	                                     .rel = link->rel,
	                                     .attr = link->attr,
	                                     .position = link->position,
	                                     .line = (uint32_t)link->line,
	                                     .column = (uint32_t)link->column});
}

enum state_answer ledger_answer_of(const struct task *task, const struct outcome *outcome)
{
	if (outcome->kind == OUTCOME_OK)
		return task->is_fresh          ? STATE_ANSWER_KEPT
		       : outcome->is_unchanged ? STATE_ANSWER_CONFIRMED
		                               : STATE_ANSWER_NEW;
	/* A sitemap that nobody has named is skipped then. */
	bool is_gone = outcome->cause == CAUSE_HTTP_STATUS &&
	               (outcome->http_status == 404 || outcome->http_status == 410);
	return is_gone ? STATE_ANSWER_GONE : STATE_ANSWER_KEPT;
}

/* A text of a response with its NUL; NULL if there is none. */
static const char *copy_value(struct buf *to, struct slice value)
{
	buf_clear(to);
	if (!value.data)
		return NULL;
	buf_append(to, value.data, value.len);
	return to->data;
}

void ledger_settle_state(struct ledger *self, const struct task *task, const struct outcome *outcome)
{
	/* What was interrupted, or has failed through this machine, is asked for again. */
	if (!self->state || !task->state_id || task->purpose != STORE_PAGE ||
	    outcome->kind == OUTCOME_INTERRUPTED || outcome->stage == STAGE_LOCAL)
		return;
	struct buf etag, modified, date;
	buf_init(&etag, SIZE_MAX / 2);
	buf_init(&modified, SIZE_MAX / 2);
	buf_init(&date, SIZE_MAX / 2);
	const struct tries *tries = task->tries;
	struct state_result result = {.page = task->state_id,
	    .outcome = outcome->kind,
	    .cause = outcome->cause,
	    .http_status = outcome->http_status,
	    .depth = task->depth,
	    .answer = ledger_answer_of(task, outcome),
	    .final_url = tries && tries->redirects > 0 ? task->url : NULL};
	if (result.answer == STATE_ANSWER_NEW || result.answer == STATE_ANSWER_CONFIRMED) {
		result.etag = copy_value(&etag, tries->validators.etag);
		result.last_modified = copy_value(&modified, tries->validators.last_modified);
		result.date = copy_value(&date, tries->validators.date);
		result.fetched = now_seconds();
	}
	if (result.answer == STATE_ANSWER_NEW && tries->records) {
		result.links = (struct slice){tries->records->bytes.data, tries->records->bytes.len};
		result.link_count = tries->records->count;
		result.links_hash = tries->records->hash;
	}
	ledger_count_change(self, &result);
	run_state_set_rows(self->state, self->rows_end);
	run_state_set_changes(self->state, self->changes_end);
	run_state_settle(self->state, &result);
	buf_release(&etag);
	buf_release(&modified);
	buf_release(&date);
}
