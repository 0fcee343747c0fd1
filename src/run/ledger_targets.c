/* What --check has asked for outlives an interruption of the run. */

#include "run/ledger_internal.h"

#include <string.h>

/* A redirect that is not followed, because its target is asked for by itself or is checked alone. */
static bool ends_with_redirect(const struct task *task, const struct outcome *outcome)
{
	return task->tries && task->tries->location &&
	       (outcome->cause == CAUSE_KNOWN || outcome->cause == CAUSE_OUT_OF_SCOPE);
}

/* The form of state_target.hops; NULL if there are none. */
static const char *list_hops(struct buf *to, const struct task *task)
{
	struct task_hop hop;
	for (size_t at = 0; task->tries && task_next_hop(task, &at, &hop);) {
		buf_append_byte(to, hop.is_permanent ? 'p' : 't');
		buf_append_text(to, hop.from);
		buf_append_byte(to, '\n');
	}
	return to->data;
}

void ledger_keep_target(struct ledger *self, const struct task *task, const struct outcome *outcome)
{
	struct buf url, hops, leads_to;
	bool leaves;
	/* A URL of another shard is counted when it is found, so that it must be found again. And a run that
	 * goes on adds all anchors of a page at once, which must not take long. */
	if (outcome->cause == CAUSE_ELSEWHERE ||
	    (task->tries && task->tries->anchors.len > LEDGER_ANCHORS_MAX) ||
	    !url_parse(&self->found_url, task->source, strlen(task->source), NULL, NULL))
		return;
	buf_init(&url, SIZE_MAX / 2);
	buf_init(&hops, SIZE_MAX / 2);
	buf_init(&leads_to, SIZE_MAX / 2);
	struct slice identity = ledger_identity(self, &self->found_url);
	buf_append(&url, identity.data, identity.len);
	if (ends_with_redirect(task, outcome) && !task_read_location(task, &self->found_url, &leaves))
		url_append_without_credentials(&self->found_url, &leads_to);
	const struct tries *tries = task->tries;
	run_state_add_target(
	    self->state, &(struct state_target){.url = url.data,
	                     .purpose = task->purpose,
	                     .outcome = outcome->kind,
	                     .stage = outcome->stage,
	                     .cause = outcome->cause,
	                     .reason = outcome->reason,
	                     .http_status = outcome->http_status,
	                     .has_answered = tries && tries->has_head,
	                     .final_url = task->redirect_url,
	                     .hops = list_hops(&hops, task),
	                     .leads_to = leads_to.data,
	                     .has_anchors = tries && tries->knows_anchors,
	                     .anchors = tries ? (struct slice){tries->anchors.data, tries->anchors.len}
	                                      : (struct slice){0}});
	buf_release(&url);
	buf_release(&hops);
	buf_release(&leads_to);
}

/* Takes the first redirect from the front of state_target.hops. False if there is none. */
static bool next_hop(const char **hops, struct slice *from, bool *is_permanent)
{
	const char *end = *hops ? strchr(*hops, '\n') : NULL;
	if (!end)
		return false;
	*is_permanent = **hops == 'p';
	*from = (struct slice){*hops + 1, (size_t)(end - *hops) - 1};
	*hops = end + 1;
	return true;
}

/* No page needs to lead any more to a URL that a redirect of the target has led to, unless that URL has an
 * outcome of its own. It gets one if a page had led there before a URL of the list, which is followed in any
 * case. */
static void mark(struct ledger *self, const struct state_target *target, struct slice text)
{
	if (!url_parse(&self->url, text.data, text.len, NULL, NULL))
		return;
	struct slice identity = ledger_identity(self, &self->url);
	bool has_outcome = run_state_has_target(self->state, identity, target->purpose);
	if (!has_outcome && target->purpose == STORE_PAGE && run_state_has_in_run(self->state, identity))
		has_outcome = run_state_is_listed(self->state, slice_of(target->url));
	if (!has_outcome)
		self->store.mark(self->store.self, &self->url, target->purpose);
}

void ledger_resume_targets(struct ledger *self)
{
	struct state_target target;
	while (run_state_next_target(self->state, &target)) {
		const char *hops = target.hops;
		struct slice from;
		bool is_first = true, is_permanent;
		for (; next_hop(&hops, &from, &is_permanent); is_first = false)
			if (!is_first)
				mark(self, &target, from);
		if (target.final_url)
			mark(self, &target, slice_of(target.final_url));
	}
}

static void restore_hops(struct task *task, const struct state_target *target)
{
	const char *hops = target->hops;
	struct slice from;
	for (bool is_permanent; next_hop(&hops, &from, &is_permanent);)
		task_add_hop(task, from, is_permanent);
	if (target->final_url)
		task_set_final_url(task, target->final_url);
}

static void restore_anchors(struct ledger *self, struct task *task, const struct state_target *target)
{
	task->tries->knows_anchors = target->has_anchors;
	for (struct slice left = target->anchors; target->has_anchors && left.len > 0;) {
		const char *end = memchr(left.data, '\0', left.len);
		size_t len = end ? (size_t)(end - left.data) : left.len;
		link_check_add_anchor(
		    self->link_check, url_text_without_fragment(task->url), (struct slice){left.data, len});
		slice_skip(&left, end ? len + 1 : len);
	}
}

/* Gives the task the tries that it had. */
static void restore_tries(struct ledger *self, struct task *task, const struct state_target *target)
{
	task_begin_without_request(task);
	task->is_fresh = task->is_done_before = true;
	task->tries->http_status = target->http_status;
	task->tries->has_head = target->has_answered;
	restore_hops(task, target);
	restore_anchors(self, task, target);
}

static void finish(struct ledger *self, struct task *task, const struct state_target *target)
{
	struct buf reason;
	buf_init(&reason, SIZE_MAX / 2);
	buf_append_text(&reason, target->reason ? target->reason : "");
	struct outcome outcome = task_outcome(task);
	outcome.kind = target->outcome;
	outcome.stage = target->stage;
	outcome.cause = target->cause;
	outcome.reason = target->reason ? reason.data : NULL;
	if (target->leads_to && url_parse(&self->url, target->leads_to, strlen(target->leads_to), NULL, NULL))
		ledger_check_redirected(self, task, &self->url, outcome.cause == CAUSE_OUT_OF_SCOPE);
	ledger_finish_task(self, task, &outcome);
	buf_release(&reason);
}

/* The limit of --max-pages is that of the whole run. */
static void count_asked(struct ledger *self, const struct task *task, const struct state_target *target)
{
	bool was_asked = target->http_status || (target->stage > STAGE_INPUT && target->stage < STAGE_POLICY);
	if (!was_asked || ledger_is_exhausted(self))
		return;
	self->asked++;
	if (task->depth > self->depth_reached)
		self->depth_reached = task->depth;
}

bool ledger_use_target(struct ledger *self, struct task *task, const struct url *url)
{
	struct state_target target;
	struct state_page page;
	if (!self->state || !self->link_check ||
	    !run_state_find_target(self->state, ledger_identity(self, url), task->purpose, &target))
		return false;
	bool has_links = target.outcome == OUTCOME_OK && task->purpose == STORE_PAGE;
	/* If the requests are not the same any more, the page is asked for again. */
	if (has_links && !run_state_find_answer(self->state, task->state_id, &page))
		return false;
	restore_tries(self, task, &target);
	ledger_note_page(self, task);
	count_asked(self, task, &target);
	if (has_links)
		return ledger_begin_replay(self, task);
	finish(self, task, &target);
	return true;
}
