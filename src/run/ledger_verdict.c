#include "run/ledger_internal.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/log.h"
#include "base/url/url.h"

#include <inttypes.h>
#include <stdio.h>

/* How a task ends. */

void ledger_forget_answer(struct ledger *self, struct task *task)
{
	ledger_give_page_back(self, task);
	task_forget_answer(task);
}

static void end_task(struct ledger *self, struct task *task, enum outcome_kind kind, enum outcome_stage stage,
    const char *reason)
{
	struct outcome outcome = task_outcome(task);
	outcome.kind = kind;
	outcome.stage = stage;
	outcome.reason = reason;
	ledger_end_task(self, task, &outcome);
}

static void skip_task(struct ledger *self, struct task *task)
{
	char reason[REASON_MAX];
	task_describe_cut(task, self->options, reason, sizeof reason);
	end_task(self, task, OUTCOME_SKIPPED, STAGE_POLICY, reason);
}

/* The same address once more, or the end. */

void ledger_give_up(struct ledger *self, struct task *task)
{
	char reason[REASON_MAX];
	if (frontier_host_end(&task->job) == HOST_FAILS)
		snprintf(reason, sizeof reason,
		    "host given up after %" PRId64 " connection errors in a row (--host-errors)",
		    self->options->host_errors);
	else
		snprintf(reason, sizeof reason,
		    "host given up after %g s of tries and pauses for nothing (--host-patience)",
		    (double)self->options->host_patience_ms / 1000);
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
		frontier_hold_host(self->frontier, &task->job, now, now + retry_after_ms);
	bool hopeless = !transient || frontier_host_end(&task->job) != HOST_KEPT;
	if (hopeless || task->tries->attempts > self->options->retries) {
		end_task(self, task, OUTCOME_FAILED, stage, reason);
		return;
	}
	int64_t wait = task_backoff_ms(task, &self->dice);
	if (asked && retry_after_ms > wait)
		wait = retry_after_ms;
	if (!asked && http_is_busy(task->tries->http_status))
		frontier_waste(&task->job, wait);
	log_event("again in %.1f s %s: %s", (double)wait / 1000, task_shown_url(task), reason);
	ledger_give_page_back(self, task);
	frontier_retry(self->frontier, &task->job, now + wait);
}

/* No answer was lost, no request was made: not an attempt. */
static void try_fresh(struct ledger *self, struct task *task, const struct fetch_result *result)
{
	task->tries->fresh = true;
	task->tries->goes_on = true;
	task->tries->spent_ms += (int64_t)result->phases.total;
	ledger_give_page_back(self, task);
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

void ledger_judge(struct ledger *self, struct task *task, struct fetch_result *result)
{
	task_note(task, result);
	if (!result->interrupted && result->stage != STAGE_LOCAL)
		frontier_note(self->frontier, &task->job, task_news(result), clock_now_ms());
	if (result->complete || result->stopped)
		log_event("got %ld %s", result->http_status, task_shown_url(task));
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
		ledger_complete_task(self, task);
}
