#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/log.h"
#include "base/url/url.h"
#include "fetch/headers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char run_stopped[] = "the run was stopped";

void ledger_discard_response(struct ledger *self, struct task *task)
{
	ledger_give_page_back(self, task);
	task_discard_response(task);
}

static void finish_task(
    struct ledger *self, struct task *task, enum outcome_kind kind, struct failure_reason failure)
{
	if (task->robots_of) {
		ledger_fail_robots(self, task, kind, failure);
		return;
	}
	struct outcome outcome = task_failure(task, kind, failure);
	ledger_finish_task(self, task, &outcome);
}

/* Returns true if the URL is skipped. The type of a short page without a Content-Type is decided only here,
 * when all of the page has come. */
static bool decide_skip(const struct ledger *self, struct task *task, const struct fetch_result *result)
{
	struct page *page = task->tries->page;
	if (result->complete && page)
		task_stop_by_type(task, self->options, page_final_type(page));
	return result->stopped || (result->complete && task->tries->stop_reason != STOP_NONE);
}

static void skip_task(struct ledger *self, struct task *task)
{
	char reason[REASON_MAX];
	task_describe_stop(task, self->options, reason, sizeof reason);
	static const enum cause causes[] = {[STOP_NOT_TEXT] = CAUSE_NOT_TEXT,
	    [STOP_NO_MARKUP] = CAUSE_NO_MARKUP,
	    [STOP_TOO_LARGE] = CAUSE_TOO_LARGE};
	enum cause cause = causes[task->tries->stop_reason];
	finish_task(self, task, OUTCOME_SKIPPED, (struct failure_reason){STAGE_POLICY, cause, reason});
}

/* Retry or failure. */

void ledger_fail_given_up(struct ledger *self, struct task *task)
{
	char reason[REASON_MAX];
	bool fails = frontier_host_state(&task->job) == HOST_GIVEN_UP_ERRORS;
	if (fails)
		snprintf(reason, sizeof reason,
		    "host given up after %" PRId64 " connection errors in a row (--host-errors)",
		    self->options->host_errors);
	else
		snprintf(reason, sizeof reason,
		    "host given up after %g s of tries and pauses for nothing (--host-patience)",
		    (double)self->options->host_patience_ms / 1000);
	finish_task(self, task, OUTCOME_FAILED,
	    (struct failure_reason){STAGE_CONNECT, fails ? CAUSE_HOST_ERRORS : CAUSE_HOST_PATIENCE, reason});
}

static void retry_or_fail(struct ledger *self, struct task *task, struct failure_reason failure,
    bool transient, int64_t retry_after_ms)
{
	int64_t now = clock_now_ms();
	bool has_retry_after = transient && retry_after_ms >= 0;
	if (has_retry_after && retry_after_ms > self->options->max_retry_after_ms) {
		char longer_reason[REASON_MAX];
		snprintf(longer_reason, sizeof longer_reason,
		    "%s, and wants to be left alone for %" PRId64 " s (--max-retry-after)", failure.reason,
		    retry_after_ms / 1000);
		failure.reason = longer_reason;
		finish_task(self, task, OUTCOME_FAILED, failure);
		return;
	}
	if (has_retry_after)
		frontier_pause_host(self->frontier, &task->job, now, now + retry_after_ms);
	if (has_retry_after)
		ledger_share_delay(self, task);
	bool retry_is_useless = !transient || frontier_host_state(&task->job) != HOST_KEPT;
	if (retry_is_useless || task->tries->attempts > self->options->retries) {
		finish_task(self, task, OUTCOME_FAILED, failure);
		return;
	}
	int64_t delay_ms = task_backoff_ms(task, &self->random_state);
	if (has_retry_after && retry_after_ms > delay_ms)
		delay_ms = retry_after_ms;
	if (!has_retry_after && http_is_busy(task->tries->http_status))
		frontier_add_wasted_time(&task->job, delay_ms);
	log_event("again in %.1f s %s: %s", (double)delay_ms / 1000, task_display_url(task), failure.reason);
	ledger_give_page_back(self, task);
	frontier_retry(self->frontier, &task->job, now + delay_ms);
}

void ledger_retry_at_once(struct ledger *self, struct task *task, int64_t spent_ms)
{
	task->tries->continues_attempt = true;
	task->tries->spent_ms += spent_ms;
	ledger_give_page_back(self, task);
	frontier_retry(self->frontier, &task->job, clock_now_ms());
}

static void retry_on_new_connection(struct ledger *self, struct task *task, const struct fetch_result *result)
{
	task->tries->needs_new_connection = true;
	ledger_retry_at_once(self, task, (int64_t)result->phases.total);
}

static void fail_http_status(struct ledger *self, struct task *task, const struct fetch_result *result)
{
	char reason[REASON_MAX];
	const char *text = http_status_text(result->http_status);
	snprintf(reason, sizeof reason, "got %ld%s%s", result->http_status, *text ? " " : "", text);
	/* Most hosts have no sitemap where nobody names one. */
	if (task->is_guess && !http_is_transient(result->http_status)) {
		finish_task(self, task, OUTCOME_SKIPPED,
		    (struct failure_reason){STAGE_POLICY, CAUSE_HTTP_STATUS, reason});
		return;
	}
	bool is_turned_away = result->http_status == 403 || result->http_status == 429;
	enum cause cause = is_turned_away ? CAUSE_TURNED_AWAY : CAUSE_HTTP_STATUS;
	retry_or_fail(self, task, (struct failure_reason){STAGE_RECEIVE, cause, reason},
	    http_is_transient(result->http_status), result->retry_after_ms);
}

/* A page is not known from an earlier run, so a 304 is a failure, unless the user asked for it. */
static void finish_not_modified(struct ledger *self, struct task *task)
{
	if (ledger_finish_unchanged(self, task))
		return;
	bool is_asked_for = headers_are_conditional(&self->options->headers);
	finish_task(self, task, is_asked_for ? OUTCOME_SKIPPED : OUTCOME_FAILED,
	    (struct failure_reason){STAGE_RECEIVE, CAUSE_NOT_MODIFIED,
	        is_asked_for ? "got 304 Not Modified" : "got 304 Not Modified, which was not asked for"});
}

/* Redirects. */

/* RFC 9309, section 2.3.1.2. */
enum { ROBOTS_REDIRECTS_MAX = 5 };

static void fail_redirect(struct ledger *self, struct task *task, enum cause cause, const char *reason)
{
	finish_task(self, task, OUTCOME_FAILED, (struct failure_reason){STAGE_POLICY, cause, reason});
}

/* Returns true if the redirect to self->url is not followed, which ends the task. */
static bool refuse_redirect(struct ledger *self, struct task *task, bool has_cookies)
{
	char reason[REASON_MAX];
	enum cause cause;
	const char *problem = ledger_check_redirect(self, task, &self->url, has_cookies, &cause);
	if (!problem)
		return false;
	buf_clear(&self->redacted);
	url_append_redacted(&self->redacted, url_href(&self->url).data);
	snprintf(reason, sizeof reason, "redirected to %.800s, %s", self->redacted.data, problem);
	if (cause != CAUSE_REDIRECTS)
		ledger_check_redirected(self, task, &self->url, cause == CAUSE_OUT_OF_SCOPE);
	finish_task(self, task, cause == CAUSE_REDIRECTS ? OUTCOME_FAILED : OUTCOME_SKIPPED,
	    (struct failure_reason){STAGE_POLICY, cause, reason});
	return true;
}

static void follow_redirect(struct ledger *self, struct task *task, struct fetch_result *result)
{
	char reason[REASON_MAX];
	bool leaves;
	int64_t most = task->robots_of ? ROBOTS_REDIRECTS_MAX : self->options->max_redirs;
	const char *problem = task_read_location(task, &self->url, &leaves);
	if (problem) {
		buf_clear(&self->redacted);
		url_append_redacted(&self->redacted, task->tries->location);
		snprintf(reason, sizeof reason, "got %ld with a redirect to \"%.200s\", %s",
		    result->http_status, self->redacted.data, problem);
		fail_redirect(self, task, CAUSE_REDIRECT, reason);
		return;
	}
	if (task->tries->redirects >= most) {
		snprintf(reason, sizeof reason, "more than %" PRId64 " redirects (--max-redirs)", most);
		fail_redirect(self, task, CAUSE_REDIRECTS, reason);
		return;
	}
	if (!task->robots_of && refuse_redirect(self, task, result->cookies))
		return;
	task->tries->spent_ms += (int64_t)result->phases.total;
	fetch_cookies_free(task->tries->cookies);
	task->tries->cookies = result->cookies;
	result->cookies = NULL;
	if (self->shared && !task->robots_of) {
		ledger_share_redirect(self, task, leaves);
		return;
	}
	task_redirect(task, &self->url, leaves);
	if (!self->asks_robots || task->robots_of) {
		frontier_redirect(self->frontier, &task->job, &self->url);
		return;
	}
	frontier_finish(self->frontier, &task->job);
	ledger_admit(self, task, &self->url);
}

/* A URL is tried over HTTP/1.1 once, before it fails because of HTTP/2 or HTTP/3. */
static bool may_retry_over_http1(
    const struct ledger *self, const struct task *task, const struct fetch_result *result)
{
	return result->may_need_http1 && !task->tries->http2_reason && !self->options->http1 &&
	       strncmp(task->url, "https:", 6) == 0;
}

static void retry_over_http1(struct ledger *self, struct task *task, const struct fetch_result *result)
{
	task->tries->http2_stage = result->stage;
	task->tries->http2_reason = alloc_copy(result->reason, strlen(result->reason));
	task->tries->needs_http1 = true;
	retry_on_new_connection(self, task, result);
}

/* A try has failed. If it was the one over HTTP/1.1, the failure before it counts: a server that speaks only
 * HTTP/2 refuses the TLS handshake, which says nothing of the fault. */
static void fail_try(struct ledger *self, struct task *task, const struct fetch_result *result)
{
	struct failure_reason failure = {result->stage, result->cause, result->reason};
	if (task->tries->needs_http1)
		failure = (struct failure_reason){
		    task->tries->http2_stage, CAUSE_CONNECTION_BROKEN, task->tries->http2_reason};
	task->tries->needs_http1 = false;
	/* On an HTTP/2 connection, a time-out ends only the request. The connection may be dead. */
	task->tries->needs_new_connection |= result->timed_out;
	retry_or_fail(self, task, failure, cause_is_transient(failure.cause), -1);
}

static void report_exchange(struct ledger *self, const struct task *task, const struct fetch_result *result)
{
	struct outcome outcome = task_outcome(task);
	bool answered = result->complete || result->stopped;
	outcome.kind = answered ? OUTCOME_OK : result->interrupted ? OUTCOME_INTERRUPTED : OUTCOME_FAILED;
	outcome.stage = result->stage;
	outcome.cause = result->cause;
	outcome.reason = result->interrupted ? run_stopped : result->reason;
	ledger_record_status(self, observers_exchange(self->observers, &outcome, result->exchange));
}

/* True if a robots.txt has come, all of it or as much of it as counts. */
static bool is_robots_read(const struct task *task, const struct fetch_result *result)
{
	return task->robots_of && (result->complete || result->stopped) && !task->tries->location &&
	       result->http_status < 400 && result->http_status != HTTP_NOT_MODIFIED;
}

/* A connection was made, and the try failed on it, not because an idle connection was closed. If it was a
 * connection of HTTP/3, the next requests may fail in the same way: where UDP is blocked in the middle of a
 * run, and with OpenSSL's QUIC in libcurl 8.14, which after some handshakes sends no more of the streams for
 * compressed headers. libcurl keeps such a connection, and none of its later requests is answered. */
static bool may_be_fault_of_http3(const struct fetch_result *result)
{
	bool has_failed = result->cause != CAUSE_NONE && !result->interrupted && !result->is_unprocessed;
	return has_failed && (result->stage == STAGE_WAIT || result->stage == STAGE_RECEIVE);
}

void ledger_handle_result(struct ledger *self, struct task *task, struct fetch_result *result)
{
	task_record_result(task, result);
	if (self->observers->want_exchange)
		report_exchange(self, task, result);
	/* A connection that was closed while it was idle says nothing about its host. */
	bool is_telling = !result->is_unprocessed || result->is_refused;
	is_telling &= !ledger_is_unanswered_head(task, result);
	if (is_telling && !result->interrupted && result->stage != STAGE_LOCAL)
		frontier_record_event(self->frontier, &task->job, task_host_event(result), clock_now_ms());
	for (unsigned i = 1; i < result->sent_requests; i++)
		frontier_record_request(self->frontier, clock_now_ms());
	if (result->hides_tcp_failure || may_be_fault_of_http3(result))
		frontier_avoid_http3(&task->job);
	if (ledger_is_void(self, task)) {
		ledger_discard_response(self, task);
		frontier_finish(self->frontier, &task->job);
		ledger_drop_void(self, task);
		return;
	}
	if (result->complete || result->stopped)
		log_event("got %ld %s", result->http_status, task_display_url(task));
	if (result->interrupted)
		finish_task(self, task, OUTCOME_INTERRUPTED,
		    (struct failure_reason){STAGE_LOCAL, CAUSE_STOPPED, run_stopped});
	else if (is_robots_read(task, result))
		ledger_finish_robots(self, task);
	else if (task->purpose == STORE_LOOK && ledger_handle_look(self, task, result))
		return;
	else if (decide_skip(self, task, result))
		skip_task(self, task);
	else if (result->is_unprocessed && !task->tries->needs_new_connection)
		retry_on_new_connection(self, task, result);
	else if (may_retry_over_http1(self, task, result))
		retry_over_http1(self, task, result);
	else if (!result->complete)
		fail_try(self, task, result);
	else if (task->tries->location)
		follow_redirect(self, task, result);
	else if (result->http_status == HTTP_NOT_MODIFIED)
		finish_not_modified(self, task);
	else if (result->http_status >= 400)
		fail_http_status(self, task, result);
	else
		ledger_complete_page(self, task);
}
