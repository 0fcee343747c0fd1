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

/* How far a try came, and why no further. */
struct failing {
	enum outcome_stage stage;
	enum cause cause;
	const char *reason;
};

static void end_task(struct ledger *self, struct task *task, enum outcome_kind kind, struct failing failing)
{
	struct outcome outcome = task_outcome(task);
	outcome.kind = kind;
	outcome.stage = failing.stage;
	outcome.cause = failing.cause;
	outcome.reason = failing.reason;
	ledger_end_task(self, task, &outcome);
}

static void skip_task(struct ledger *self, struct task *task)
{
	char reason[REASON_MAX];
	task_describe_cut(task, self->options, reason, sizeof reason);
	enum cause cause = task->tries->cut == CUT_NOT_TEXT ? CAUSE_NOT_TEXT : CAUSE_TOO_LARGE;
	end_task(self, task, OUTCOME_SKIPPED, (struct failing){STAGE_POLICY, cause, reason});
}

/* The same address once more, or the end. */

void ledger_give_up(struct ledger *self, struct task *task)
{
	char reason[REASON_MAX];
	bool fails = frontier_host_end(&task->job) == HOST_FAILS;
	if (fails)
		snprintf(reason, sizeof reason,
		    "host given up after %" PRId64 " connection errors in a row (--host-errors)",
		    self->options->host_errors);
	else
		snprintf(reason, sizeof reason,
		    "host given up after %g s of tries and pauses for nothing (--host-patience)",
		    (double)self->options->host_patience_ms / 1000);
	end_task(self, task, OUTCOME_FAILED,
	    (struct failing){STAGE_CONNECT, fails ? CAUSE_HOST_ERRORS : CAUSE_HOST_PATIENCE, reason});
}

static void retry_or_fail(
    struct ledger *self, struct task *task, struct failing failing, bool transient, int64_t retry_after_ms)
{
	int64_t now = clock_now_ms();
	bool asked = transient && retry_after_ms >= 0;
	if (asked && retry_after_ms > self->options->max_retry_after_ms) {
		char longer[REASON_MAX];
		snprintf(longer, sizeof longer,
		    "%s, and wants to be left alone for %" PRId64 " s (--max-retry-after)", failing.reason,
		    retry_after_ms / 1000);
		failing.reason = longer;
		end_task(self, task, OUTCOME_FAILED, failing);
		return;
	}
	if (asked)
		frontier_hold_host(self->frontier, &task->job, now, now + retry_after_ms);
	bool hopeless = !transient || frontier_host_end(&task->job) != HOST_KEPT;
	if (hopeless || task->tries->attempts > self->options->retries) {
		end_task(self, task, OUTCOME_FAILED, failing);
		return;
	}
	int64_t wait = task_backoff_ms(task, &self->dice);
	if (asked && retry_after_ms > wait)
		wait = retry_after_ms;
	if (!asked && http_is_busy(task->tries->http_status))
		frontier_waste(&task->job, wait);
	log_event("again in %.1f s %s: %s", (double)wait / 1000, task_shown_url(task), failing.reason);
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
	bool turned_away = result->http_status == 403 || result->http_status == 429;
	enum cause cause = turned_away ? CAUSE_TURNED_AWAY : CAUSE_HTTP_STATUS;
	retry_or_fail(self, task, (struct failing){STAGE_RECEIVE, cause, reason},
	    http_is_transient(result->http_status), result->retry_after_ms);
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
		enum cause cause = problem ? CAUSE_REDIRECT : CAUSE_REDIRECTS;
		end_task(self, task, OUTCOME_FAILED, (struct failing){STAGE_POLICY, cause, reason});
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
		end_task(self, task, OUTCOME_INTERRUPTED,
		    (struct failing){STAGE_LOCAL, CAUSE_STOPPED, "the run was stopped"});
	else if (result->stopped)
		skip_task(self, task);
	else if (result->stale && !task->tries->fresh)
		try_fresh(self, task, result);
	else if (!result->complete)
		retry_or_fail(self, task, (struct failing){result->stage, result->cause, result->reason},
		    cause_is_transient(result->cause), -1);
	else if (task->tries->location)
		follow(self, task, result);
	else if (result->http_status >= 400)
		fail_status(self, task, result);
	else
		ledger_complete_task(self, task);
}
