/* Answers of earlier runs, which are in the state file, or with a shared crawl in Redis; and what becomes of
 * them. */

#include "run/answer_result.h"
#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "in/shard.h"
#include "store/redis_answer.h"

#include <stdlib.h>
#include <string.h>

bool ledger_keeps_answers(const struct ledger *self)
{
	return self->state || (self->shared && shared_crawl_keeps_answers(self->shared));
}

bool ledger_find_before(struct ledger *self, const struct task *task, struct state_page *page)
{
	if (self->state)
		return run_state_find_before(self->state, task->state_id, page);
	if (task->answer)
		*page = task->answer->answer.page;
	return task->answer;
}

static bool find_usable(struct ledger *self, const struct task *task, struct state_page *page)
{
	if (self->state)
		return run_state_find_answer(self->state, task->state_id, page);
	return ledger_find_before(self, task, page) && page->fetched > 0 &&
	       page->variant == shared_crawl_variant(self->shared);
}

bool ledger_find_answer(struct ledger *self, const struct task *task, struct state_page *page)
{
	return ledger_keeps_answers(self) && task->purpose == STORE_PAGE &&
	       (!self->options->fragments || task->is_done_before) && find_usable(self, task, page);
}

bool ledger_open_links(
    struct ledger *self, const struct task *task, const struct state_page *page, struct link_reader *links)
{
	return self->state ? run_state_find_links(self->state, page, links)
	                   : page_answer_open_links(task->answer, links);
}

/* What becomes of them, in Redis. */

bool ledger_begin_packing(struct ledger *self, struct task *task)
{
	struct tries *tries = task->tries;
	bool has_links = tries->records && tries->records->count > 0 && !tries->kept_reason;
	if (!self->shared || !has_links || tries->is_packing)
		return false;
	link_packer_begin(&self->packer,
	    (struct slice){tries->records->bytes.data, tries->records->bytes.len}, tries->records->count,
	    task->state_id);
	tries->is_packing = true;
	return true;
}

bool ledger_pack_links(struct ledger *self, struct task *task)
{
	enum { STEP_BYTES = 256 << 10 };
	while (!link_packer_step(&self->packer, STEP_BYTES))
		if (clock_now_us() >= self->links_deadline_us)
			return false;
	struct slice packed = link_packer_packed(&self->packer);
	buf_append(&task->tries->packed, packed.data, packed.len);
	return true;
}

/* Appends what Redis is to have of the answer of the task after this result. */
static void pack_answer(
    struct ledger *self, const struct task *task, const struct state_result *result, struct buf *to)
{
	struct redis_answer answer = {.page = {.links = 0}};
	if (task->answer)
		answer = task->answer->answer;
	if (result->answer == STATE_ANSWER_NEW)
		answer.packed_hash =
		    page_answer_hash((struct slice){task->tries->packed.data, task->tries->packed.len});
	answer.via = task->via;
	answer.page.listed = task->listed;
	answer.page.sitemap = task->sitemap_level;
	answer.page.is_guess = task->is_guess;
	state_page_apply(&answer.page, result, shared_crawl_variant(self->shared));
	redis_answer_pack(to, &answer);
}

void ledger_settle_shared(struct ledger *self, struct task *task, const struct outcome *outcome)
{
	struct shared_settled settled = {
	    .kind = outcome->kind, .rows_end = self->rows_end, .changes_end = self->changes_end};
	if (!ledger_keeps_answers(self)) {
		shared_outputs_settle(shared_crawl_outputs(self->shared), task->claim, &settled);
		return;
	}
	struct answer_result result;
	struct buf answer;
	buf_init(&answer, SIZE_MAX / 2);
	answer_result_init(&result, task, outcome);
	ledger_count_change(self, task, &result.result);
	settled.is_gone = task->is_gone;
	settled.is_listed = !task->via;
	settled.how = result.result.answer;
	if (settled.how == STATE_ANSWER_NEW || settled.how == STATE_ANSWER_CONFIRMED) {
		pack_answer(self, task, &result.result, &answer);
		settled.answer = (struct slice){answer.data, answer.len};
	}
	if (settled.how == STATE_ANSWER_NEW)
		settled.links = (struct slice){task->tries->packed.data, task->tries->packed.len};
	shared_outputs_settle(shared_crawl_outputs(self->shared), task->claim, &settled);
	answer_result_release(&result);
	buf_release(&answer);
}

/* A URL that was claimed waits for the answer that Redis has of it. */

struct awaited {
	struct ledger *ledger; /* NULL once the run has ended */
	struct task *task;
	char *target; /* where redirects have led; NULL if there were none */
	uint32_t hops;
	struct awaited *previous, *next;
};

static void end_wait(struct awaited *awaited)
{
	struct ledger *self = awaited->ledger;
	*(awaited->previous ? &awaited->previous->next : &self->awaited) = awaited->next;
	if (awaited->next)
		awaited->next->previous = awaited->previous;
	self->awaited_count--;
	awaited->ledger = NULL;
}

/* The rows of a page that is not on the lists any more are gone, without a request. */
static void begin_gone(struct ledger *self, struct task *task)
{
	const struct state_page *page = task->answer ? &task->answer->answer.page : NULL;
	task_begin_without_request(task);
	task->is_fresh = true;
	if (page && page->final_url)
		task_set_final_url(task, page->final_url);
	task->tries->http_status = page ? page->http_status : 0;
	struct outcome outcome = task_outcome(task);
	/* A page of another shard is not this crawl's to miss. */
	bool is_elsewhere = !shard_has(&self->options->shard, &self->awaited_url);
	outcome.kind = is_elsewhere ? OUTCOME_SKIPPED : OUTCOME_OK;
	outcome.cause = is_elsewhere ? CAUSE_ELSEWHERE : CAUSE_NONE;
	outcome.stage = STAGE_RECEIVE;
	outcome.reason = "";
	ledger_finish_task(self, task, &outcome);
}

static void on_stored(void *ctx, struct slice answer, struct slice links)
{
	struct awaited *awaited = ctx;
	struct ledger *self = awaited->ledger;
	struct task *task = awaited->task;
	if (self) {
		end_wait(awaited);
		url_parse(&self->awaited_url, task->listed, strlen(task->listed), NULL, NULL);
		if (answer.data)
			task->answer = page_answer_new(answer, links, task->state_id, &self->answers_held);
		if (answer.data && !task->answer)
			log_warning(
			    "%s: what Redis has of an earlier run is damaged, so the page counts as new",
			    task_display_url(task));
		if (ledger_is_void(self, task))
			ledger_drop_void(self, task);
		else if (task->is_gone)
			begin_gone(self, task);
		else
			ledger_begin_task(self, task, &self->awaited_url, awaited->target, awaited->hops);
	}
	free(awaited->target);
	free(awaited);
}

void ledger_await_answer(struct ledger *self, struct task *task, const char *target, uint32_t hops)
{
	struct awaited *awaited = alloc_new(sizeof *awaited);
	*awaited = (struct awaited){.ledger = self,
	    .task = task,
	    .target = target ? alloc_copy(target, strlen(target)) : NULL,
	    .hops = hops,
	    .next = self->awaited};
	if (self->awaited)
		self->awaited->previous = awaited;
	self->awaited = awaited;
	self->awaited_count++;
	task->state_id = shared_crawl_page_number(task->claim);
	shared_crawl_find_answer(self->shared, task->claim, on_stored, awaited);
}

void ledger_drop_awaited(struct ledger *self)
{
	for (struct awaited *awaited; (awaited = self->awaited);) {
		end_wait(awaited);
		ledger_drop_void(self, awaited->task);
	}
}
