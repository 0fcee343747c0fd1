#include "run/run.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/screen.h"
#include "base/stop.h"
#include "fetch/crawl.h"
#include "in/input.h"
#include "output/changes.h"
#include "output/console.h"
#include "output/dot.h"
#include "output/dry_run.h"
#include "output/elsewhere_list.h"
#include "output/failed_list.h"
#include "output/har.h"
#include "output/number_text.h"
#include "output/observer.h"
#include "output/progress.h"
#include "output/report.h"
#include "output/rows.h"
#include "output/summary.h"
#include "output/waterfall.h"
#include "run/ledger.h"
#include "run/outputs.h"
#include "run/run_state.h"
#include "run/shared_crawl.h"
#include "run/shared_options.h"

#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

struct run {
	const struct options *options;
	struct settings settings;
	struct input *input;
	struct ledger *ledger;
	struct outputs outputs;
	struct run_state *state;     /* NULL without --state FILE */
	struct shared_crawl *shared; /* NULL without --state redis:// */
	struct observers observers;
	struct rows *rows;       /* owned by its observer; NULL with --dry-run and --changes */
	struct summary *summary; /* owned by its observer; NULL with --dry-run */
	struct totals totals;
};

static void add_seen(void *ctx, struct slice url)
{
	rows_add_seen(ctx, url);
}

/* With --unique, the URLs that have a row already get none when the run goes on. */
static enum status read_rows(struct run *self)
{
	bool is_unique = self->options->unique || self->options->format == FORMAT_URLS;
	return is_unique && run_state_resumes(self->state)
	           ? run_state_read_rows(self->state, add_seen, self->rows)
	           : STATUS_OK;
}

/* Checks and opens everything. The outputs are the last, so that no file is changed if anything else
 * fails. */
static enum status set_up(struct run *self)
{
	enum status status = settings_init(&self->settings, self->options);
	if (status == STATUS_OK)
		status = crawl_check(&self->settings);
	if (status == STATUS_OK)
		status = input_open(self->input);
	if (status == STATUS_OK)
		status = ledger_compile(self->ledger);
	if (status == STATUS_OK)
		status = outputs_open(&self->outputs, self->options, self->input);
	if (status == STATUS_OK && self->state)
		status = run_state_open(self->state);
	if (status == STATUS_OK && self->state)
		status = run_state_begin(self->state);
	if (status == STATUS_OK && self->shared)
		status = shared_crawl_start(
		    self->shared, input_may_have_entries(self->input) ? &self->options->inputs : NULL);
	if (status == STATUS_OK)
		status = outputs_begin(&self->outputs, self->options, self->input);
	if (status == STATUS_OK)
		ledger_resume(self->ledger, self->state);
	if (status == STATUS_OK && self->shared)
		ledger_share(self->ledger, self->shared);
	if (status == STATUS_OK && self->state && self->rows)
		status = read_rows(self);
	return status;
}

static void add_observers(struct run *self)
{
	const struct options *options = self->options;
	struct observers *observers = &self->observers;
	struct file *files = self->outputs.files;
	if (options->dry_run) {
		observers_add(observers, dry_run_observer(options, &files[OUTPUT_ROWS]));
		observers_add(observers, console_observer(options));
		return;
	}
	self->summary = summary_new(options, isatty(STDERR_FILENO));
	if (options->changes) {
		observers_add(observers, changes_observer(options, &files[OUTPUT_ROWS], true));
	} else {
		self->rows = rows_new(options, &files[OUTPUT_ROWS]);
		observers_add(observers, rows_observer(self->rows));
	}
	if (options->changes_to)
		observers_add(observers, changes_observer(options, &files[OUTPUT_CHANGES], false));
	if (options->report)
		observers_add(observers, report_observer(options, &files[OUTPUT_REPORT]));
	if (options->failed)
		observers_add(observers, failed_list_observer(&files[OUTPUT_FAILED]));
	if (options->elsewhere)
		observers_add(observers, elsewhere_list_observer(&files[OUTPUT_ELSEWHERE]));
	if (options->waterfall)
		observers_add(observers, waterfall_observer(&files[OUTPUT_WATERFALL]));
	if (options->har)
		observers_add(observers, har_observer(&files[OUTPUT_HAR]));
	if (options->dot)
		observers_add(observers, dot_observer(&files[OUTPUT_DOT]));
	if (progress_is_wanted(options))
		observers_add(observers, progress_observer(options));
	observers_add(observers, console_observer(options));
	observers_add(observers, summary_observer(self->summary));
}

/* The signal to end the process by; 0 if there is none. A closed pipe counts as SIGPIPE, which is ignored
 * during the run. */
static int ending_signal(enum status status)
{
	return status == STATUS_PIPE_CLOSED ? SIGPIPE : stop_signal();
}

/* The number of URLs that were not fetched, which includes the interrupted ones. */
static uint64_t count_failed(const struct run *self)
{
	return self->totals.outcomes[OUTCOME_FAILED] + self->totals.outcomes[OUTCOME_INTERRUPTED];
}

/* True if the run ended early. --fail-on does not excuse that. */
static bool was_cut_short(const struct run *self)
{
	return self->totals.outcomes[OUTCOME_INTERRUPTED] > 0 || self->totals.unread;
}

/* An empty list is mostly the mistake of whatever made it, so its run fails and --atomic keeps the old
 * file. A list of which no URL belongs to this shard is none. */
static enum status check_not_empty(const struct run *self, enum status status)
{
	bool is_empty =
	    self->totals.urls + self->totals.elsewhere.listed == 0 && !was_cut_short(self) && !self->shared;
	if (!is_empty || self->options->allow_empty || status != STATUS_OK)
		return status;
	log_error("no URLs in the list (--allow-empty if there may be none)");
	return STATUS_EMPTY;
}

static bool is_too_many(const struct run *self, uint64_t failed, uint64_t all)
{
	return failed > 0 && failed * 100 >= all * (uint64_t)self->options->fail_percent;
}

/* What --fail-on says of the outcomes. With --check, URLs that were found count as the targets of links. */
static enum status judge_outcomes(const struct run *self)
{
	const struct totals *totals = &self->totals;
	uint64_t failed = self->options->check ? totals->listed_failed : count_failed(self);
	uint64_t urls = self->options->check ? totals->urls - totals->found : totals->urls;
	if (is_too_many(self, failed, urls))
		return STATUS_URLS_FAILED;
	return is_too_many(self, totals->check.dead, totals->check.links) ? STATUS_DEAD_LINKS : STATUS_OK;
}

/* The least time that the readers of the outputs get to take the rest, also after the deadline of the run. */
enum { LAST_DRAIN_MS = 1000 };

static enum status drain_outputs(struct run *self, int64_t stop_at)
{
	int64_t earliest = clock_now_ms() + LAST_DRAIN_MS;
	int64_t until = stop_at > earliest ? stop_at : earliest;
	enum status status = self->rows ? rows_drain(self->rows, until) : STATUS_OK;
	return status_first(status, outputs_drain(&self->outputs, until));
}

static enum status crawl(struct run *self)
{
	int64_t began = clock_now_ms(), longest_turn_us = 0;
	const struct crawl_handlers handlers = ledger_handlers(self->ledger);
	enum status status = observers_begin(&self->observers);
	if (status == STATUS_OK)
		status = crawl_run(&self->settings, &handlers, &longest_turn_us);
	int64_t ended = clock_now_ms(), stop_at = handlers.stop_at;
	/* What can be done is done before the URLs that are interrupted get their lines in the report: a run
	 * that goes on cuts these off. */
	if (self->state)
		status = status_first(status, drain_outputs(self, stop_at));
	status = status_first(status, ledger_close(self->ledger, status));
	status = status_first(status, drain_outputs(self, stop_at));
	status = status_first(status, ledger_report_rest(self->ledger, status, &self->totals));
	if (self->shared)
		status = status_first(status, shared_crawl_finish(self->shared, &self->totals.crawl));
	self->totals.longest_turn_us = longest_turn_us;
	self->totals.elapsed_ms = ended - began;
	self->totals.deadline = self->options->deadline_ms && ended >= stop_at;
	self->totals.signal = ending_signal(status);
	/* Some observers write their last messages now. */
	screen_reserve_for_summary();
	status = check_not_empty(self, status);
	status = status_first(status, observers_end(&self->observers, &self->totals));
	status = status_first(status, drain_outputs(self, stop_at));
	if (self->totals.local)
		status = status_first(status, STATUS_LOCAL);
	if (was_cut_short(self))
		status = status_first(status, STATUS_CUT_SHORT);
	return status_first(status, judge_outcomes(self));
}

static const char *why_not_committed(const struct run *self, enum status status, int signal)
{
	switch (status) {
	case STATUS_PIPE_CLOSED:
		return "nobody reads an output any more";
	case STATUS_OUTPUT:
		return "an output could not be written";
	case STATUS_EMPTY:
		return "the list has no URLs";
	case STATUS_INPUT:
		return "the list could not be read";
	case STATUS_OK:
	case STATUS_DEAD_LINKS:
	case STATUS_URLS_FAILED:
	case STATUS_CUT_SHORT:
		if (signal)
			return "a signal stopped the run";
		return self->totals.deadline ? "the run was stopped at the deadline" : NULL;
	default:
		return "the run could not go on";
	}
}

/* Replaces the file of the rows if --atomic was given and the run ended well. Otherwise, logs why the file
 * was left as it was. */
static enum status commit_rows(struct run *self, enum status status, int signal)
{
	struct file *rows = &self->outputs.files[OUTPUT_ROWS];
	/* Dead links are what --check is for, so they are no reason to keep the old file. */
	if ((status == STATUS_OK || status == STATUS_DEAD_LINKS) && !signal)
		return status_first(status, file_commit(rows));
	if (!self->options->atomic || self->options->dry_run)
		return status;
	const char *why = why_not_committed(self, status, signal);
	if (why)
		log_warning("%s: left as it was, since %s", rows->name, why);
	else
		log_warning("%s: left as it was, since %" PRIu64 " of %" PRIu64 " URL%s failed (--fail-on)",
		    rows->name, count_failed(self), self->totals.urls, number_text_plural(self->totals.urls));
	return status;
}

/* Writes --summary-json. This is the last step, because the summary contains the exit status. */
static enum status write_summary(struct run *self, enum status status, int signal)
{
	struct file *file = &self->outputs.files[OUTPUT_SUMMARY_JSON];
	self->totals.signal = signal;
	int exit_status = signal ? -1 : status_exit_code(status);
	int64_t until = self->totals.deadline ? clock_now_ms() + LAST_DRAIN_MS : CLOCK_NEVER;
	enum status written = summary_write_json(self->summary, file, &self->totals, exit_status);
	return status_first(written, file_drain(file, until));
}

/* True if the run came to its end, so that there is nothing to go on with. */
static bool is_complete(const struct run *self, enum status status)
{
	return !was_cut_short(self) && !ending_signal(status) &&
	       (status == STATUS_OK || status == STATUS_URLS_FAILED || status == STATUS_DEAD_LINKS);
}

static enum status end_state(struct run *self, enum status status)
{
	bool has_ended = is_complete(self, status);
	self->outputs.files[OUTPUT_ROWS].is_kept = !has_ended;
	return run_state_end(self->state, &self->totals, has_ended);
}

/* The steps after the crawl: closes the outputs, replaces the file of --atomic, and writes --summary-json. */
static enum status finish_run(struct run *self, enum status status, int *signal)
{
	outputs_stop_guard(&self->outputs);
	status = status_first(status, outputs_close_others(&self->outputs));
	/* A signal that comes later changes nothing, because the run is complete. */
	*signal = ending_signal(status);
	if (self->state)
		status = status_first(status, end_state(self, status));
	status = commit_rows(self, status, *signal);
	status = status_first(status, file_close(&self->outputs.files[OUTPUT_ROWS]));
	if (self->options->summary_json && self->summary)
		status = status_first(status, write_summary(self, status, *signal));
	return status;
}

static enum status show_shared(const struct options *options)
{
	struct shared_crawl *shared = shared_crawl_new(options, NULL, NULL);
	enum status status = shared_crawl_show(shared);
	shared_crawl_free(shared);
	return status;
}

struct run_end run(const struct options *options)
{
	struct run self = {.options = options};
	int signal = 0;
	outputs_init(&self.outputs);
	bool is_shared = shared_options_are_meant(options);
	if (is_shared && options->dry_run)
		return (struct run_end){show_shared(options), 0};
	if (is_shared)
		self.shared = shared_crawl_new(options, &self.settings, &self.outputs);
	else if (options->state && !options->dry_run)
		self.state = run_state_new(options, &self.settings, &self.outputs);
	self.input = input_new(&options->inputs);
	self.ledger = ledger_new(options, self.input, &self.observers);
	add_observers(&self);
	enum status status = set_up(&self);
	if (status == STATUS_OK)
		status = finish_run(&self, crawl(&self), &signal);
	else
		signal = ending_signal(status);
	status = status_first(status, outputs_close(&self.outputs));
	if (status == STATUS_PIPE_CLOSED)
		signal = SIGPIPE;
	observers_release(&self.observers);
	ledger_free(self.ledger);
	run_state_free(self.state);
	shared_crawl_free(self.shared);
	input_free(self.input);
	settings_release(&self.settings);
	return (struct run_end){status, signal};
}
