#include "run/ledger_internal.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/log.h"

#include <string.h>

/* Asking for targets. */

bool ledger_is_asked_for_more(struct ledger *self, const struct url *url, enum store_purpose purpose)
{
	for (enum store_purpose more = STORE_PAGE; more < purpose; more++) {
		if (self->store.knows(self->store.self, url, more, UINT32_MAX, NULL))
			return true;
	}
	return false;
}

bool ledger_is_superseded(struct ledger *self, const struct task *task)
{
	return task->purpose != STORE_PAGE && !task->tries &&
	       url_parse(&self->found_url, task->url, strlen(task->url), NULL, NULL) &&
	       ledger_is_asked_for_more(self, &self->found_url, task->purpose);
}

void ledger_drop_superseded(struct ledger *self, struct task *task)
{
	self->totals.urls--;
	self->totals.found--;
	ledger_release_claim(self, task);
	task_free(task);
}

/* Has a URL asked for to a purpose, unless that happens anyway. */
static void ask_for(
    struct ledger *self, const struct task *task, const struct url *url, enum store_purpose purpose)
{
	if (!ledger_is_asked_for_more(self, url, purpose) &&
	    !self->store.knows(self->store.self, url, purpose, UINT32_MAX, NULL) &&
	    ledger_set_found(self, url_href(url), NULL))
		ledger_offer_found(self,
		    (struct store_url){.depth = task->depth + 1, .purpose = purpose, .via = task->source});
}

void ledger_check_link(struct ledger *self, struct task *task, const struct link *link)
{
	if (!url_is_http(link->parsed) || link->kind == LINK_ORIGIN)
		return;
	struct slice target = url_without_fragment(link->parsed);
	if (url_has_credentials(link->parsed) && ledger_set_found(self, link->url, NULL))
		target = (struct slice){self->found_text.data, self->found_text.len};
	if (link_check_add(self->link_check, &task->tries->check_page, &task->tries->outcome, link, target))
		return;
	ask_for(self, task, link->parsed,
	    link_check_needs_anchors(self->link_check, link) ? STORE_ANCHORS : STORE_LOOK);
}

void ledger_add_anchor(struct task *task, struct slice anchor)
{
	const struct ledger *self = task->tries->ledger;
	link_check_add_anchor(self->link_check, url_text_without_fragment(task->url), anchor);
	if (!self->state || task->tries->anchors.len > LEDGER_ANCHORS_MAX)
		return;
	buf_append(&task->tries->anchors, anchor.data, anchor.len);
	buf_append_byte(&task->tries->anchors, '\0');
}

/* Verdicts. */

static bool is_blocked(long status)
{
	return status == 401 || status == 403 || status == HTTP_TOO_MANY_REQUESTS || status == 407 ||
	       status == 451 || status == 999;
}

/* True if the target has answered that it exists, although its body was not read or not to its end. So does a
 * redirect that does not say where it leads. */
static bool exists(const struct task *task, const struct outcome *outcome)
{
	return task->tries && task->tries->has_head && outcome->http_status < 400 &&
	       outcome->cause != CAUSE_REDIRECT && outcome->cause != CAUSE_REDIRECTS;
}

/* Completes the verdict about a target that has failed or was skipped. */
static void judge_unread(
    const struct task *task, const struct outcome *outcome, struct target_verdict *verdict)
{
	bool has_status = outcome->cause == CAUSE_HTTP_STATUS || outcome->cause == CAUSE_TURNED_AWAY;
	if (exists(task, outcome)) {
		verdict->outcome = OUTCOME_OK;
		verdict->cause = CAUSE_NONE;
	} else if (has_status) {
		/* Another status means that it was not asked for, because its robots.txt has failed. */
		if (outcome->http_status >= 400)
			verdict->kind = is_blocked(outcome->http_status) ? CHECK_BLOCKED : CHECK_DEAD;
	} else if (outcome->kind == OUTCOME_FAILED && outcome->cause != CAUSE_NOT_PUBLIC) {
		verdict->kind = CHECK_DEAD;
	}
}

static struct target_verdict judge(
    const struct ledger *self, const struct task *task, const struct outcome *outcome)
{
	struct target_verdict verdict = {.kind = CHECK_OTHER,
	    .outcome = outcome->kind,
	    .cause = outcome->cause,
	    .http_status = outcome->http_status,
	    .final_url = url_text_without_fragment(task->url),
	    .anchors = ANCHORS_NONE};
	if (outcome->kind != OUTCOME_OK)
		judge_unread(task, outcome, &verdict);
	else if (self->options->fragments)
		verdict.anchors = task->purpose == STORE_LOOK                 ? ANCHORS_UNKNOWN
		                  : task->tries && task->tries->knows_anchors ? ANCHORS_KNOWN
		                                                              : ANCHORS_NONE;
	return verdict;
}

/* Where the redirects from *hop on lead as long as they are permanent; data == NULL if *hop is not. *at is
 * that of the hop after it. If all are permanent, that is end. */
static struct slice moved_to(const struct task *task, const struct task_hop *hop, size_t at, struct slice end)
{
	struct task_hop next = *hop;
	struct slice to = {0};
	while (next.is_permanent) {
		if (!task_next_hop(task, &at, &next))
			return end;
		to = slice_of(next.from);
	}
	return to;
}

void ledger_settle_links(struct ledger *self, const struct task *task, const struct outcome *outcome)
{
	/* A redirect that is not followed was handled by ledger_check_redirected. */
	bool is_known = outcome->cause != CAUSE_KNOWN && outcome->cause != CAUSE_OUT_OF_SCOPE &&
	                outcome->cause != CAUSE_ELSEWHERE && outcome->kind != OUTCOME_INTERRUPTED &&
	                outcome->stage != STAGE_LOCAL;
	if (!self->link_check || task->robots_of || !is_known)
		return;
	if (task->tries && task->tries->page)
		task->tries->knows_anchors = page_knows_anchors(task->tries->page);
	struct target_verdict verdict = judge(self, task, outcome);
	struct slice end = verdict.final_url;
	bool is_alive = verdict.kind == CHECK_OTHER && verdict.cause == CAUSE_NONE;
	struct task_hop hop;
	for (size_t at = 0; task->tries && task_next_hop(task, &at, &hop);) {
		struct slice from = slice_of(hop.from);
		struct target_verdict of_hop = verdict;
		if (is_alive)
			of_hop.moved_to = moved_to(task, &hop, at, end);
		if (!slice_equal(from, end))
			link_check_settle(self->link_check, from, &of_hop);
	}
	link_check_settle(self->link_check, end, &verdict);
}

void ledger_check_redirected(
    struct ledger *self, const struct task *task, const struct url *url, bool is_outside)
{
	if (!self->link_check)
		return;
	bool is_permanent = http_is_permanent_redirect(task->tries->http_status);
	struct slice current = url_text_without_fragment(task->url);
	struct slice all_permanent = is_permanent ? slice_of("") : current;
	struct task_hop hop;
	struct buf target;
	buf_init(&target, SIZE_MAX / 2);
	url_append_without_credentials(url, &target);
	struct slice to = url_text_without_fragment(target.data);
	for (size_t at = 0; task_next_hop(task, &at, &hop);)
		link_check_redirect(
		    self->link_check, slice_of(hop.from), to, moved_to(task, &hop, at, all_permanent));
	link_check_redirect(self->link_check, current, to, is_permanent ? slice_of("") : (struct slice){0});
	buf_release(&target);
	if (is_outside)
		ask_for(self, task, url, self->options->fragments ? STORE_ANCHORS : STORE_LOOK);
}

bool ledger_has_checked(const struct ledger *self)
{
	return self->link_check && link_check_has_due(self->link_check);
}

bool ledger_emit_checked(struct ledger *self, int64_t until_us)
{
	if (!self->link_check)
		return false;
	bool has_more = link_check_emit(self->link_check, until_us);
	if (link_check_has_failed(self->link_check))
		ledger_record_status(self, STATUS_OUTPUT);
	self->totals.check = *link_check_totals(self->link_check);
	return has_more;
}

/* Looking at a URL: HEAD, and then GET if that does not tell that the URL exists. */

static bool asks_by_head(struct ledger *self, const struct task *task)
{
	return task->purpose == STORE_LOOK && !task->tries->uses_get &&
	       url_parse(&self->found_url, task->url, strlen(task->url), NULL, NULL) &&
	       !origins_get(&self->origins, &self->found_url)->ignores_head;
}

/* A server that does not answer a HEAD may never do so, and then the GET is to come soon. */
enum { HEAD_MS = 10000 };

void ledger_prepare_request(struct ledger *self, struct task *task, struct fetch_request *request)
{
	request->is_head = task->tries->is_head = asks_by_head(self, task);
	if (request->is_head && (request->timeout_ms == 0 || request->timeout_ms > HEAD_MS))
		request->timeout_ms = HEAD_MS;
}

static bool has_answer(const struct fetch_result *result)
{
	return result->complete || result->stopped;
}

bool ledger_is_unanswered_head(const struct task *task, const struct fetch_result *result)
{
	bool was_sent =
	    result->stage == STAGE_SEND || result->stage == STAGE_WAIT || result->stage == STAGE_RECEIVE;
	/* A request that was not processed is repeated once, on a new connection. */
	bool may_repeat = result->may_need_http1 || (result->is_unprocessed && result->sent_requests < 2 &&
	                                                !task->tries->needs_new_connection);
	return task->tries->is_head && !has_answer(result) && was_sent && !result->interrupted && !may_repeat;
}

static void retry_by_get(struct ledger *self, struct task *task, const struct fetch_result *result)
{
	if (has_answer(result))
		log_event("HEAD got %ld, so GET %s", result->http_status, task_display_url(task));
	else
		log_event("HEAD got no answer, so GET %s", task_display_url(task));
	task->tries->uses_get = true;
	task->tries->needs_new_connection |= result->timed_out;
	/* The time of the request without an answer is not taken from that of the next one. */
	ledger_retry_at_once(self, task, has_answer(result) ? (int64_t)result->phases.total : 0);
}

static void record_ignored_head(struct ledger *self, const struct task *task)
{
	if (url_parse(&self->found_url, task->url, strlen(task->url), NULL, NULL))
		origins_get(&self->origins, &self->found_url)->ignores_head = true;
}

bool ledger_handle_look(struct ledger *self, struct task *task, const struct fetch_result *result)
{
	long status = result->http_status;
	bool exists = has_answer(result) && status < 400 && !task->tries->location;
	bool has_refused = has_answer(result) && (status == 405 || status == 501);
	if (exists) {
		struct outcome outcome = task_outcome(task);
		outcome.kind = OUTCOME_OK;
		outcome.stage = STAGE_RECEIVE;
		ledger_finish_task(self, task, &outcome);
		return true;
	}
	if (!task->tries->is_head || task->tries->location)
		return false;
	if (has_refused || ledger_is_unanswered_head(task, result))
		record_ignored_head(self, task);
	else if (!has_answer(result))
		return false;
	/* A server that asks for a pause gets it before the GET, too. */
	if (has_answer(result) && http_is_busy(status) && result->retry_after_ms >= 0) {
		task->tries->uses_get = true;
		return false;
	}
	retry_by_get(self, task, result);
	return true;
}
