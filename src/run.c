#include "run.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "fetch/crawl.h"
#include "in/input.h"
#include "ledger.h"
#include "out/console.h"
#include "out/file.h"
#include "out/guard.h"
#include "out/observer.h"
#include "out/progress.h"
#include "out/report.h"
#include "out/rows.h"
#include "out/summary.h"

#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

struct run {
	const struct options *options;
	struct input *input;
	struct ledger *ledger;
	struct file output;
	struct file report;
	struct rows *rows;
	struct file summary_json;
	struct progress *progress; /* NULL: not wanted */
	struct summary *summary;
	struct observers observers;
	struct totals totals;
};

static enum status check_cacert(const struct options *options)
{
	if (!options->cacert || access(options->cacert, R_OK) == 0)
		return STATUS_OK;
	log_error("--cacert %s: cannot be read", options->cacert);
	return STATUS_USAGE;
}

/* Opens a file for writing; what is in it stays until file_begin. */
static enum status open_file(
    const struct run *self, struct file *file, const char *name, const struct file_options *how)
{
	enum status status = file_open(file, name, how);
	if (status == STATUS_OK &&
	    (input_reads_from(self->input, &file->info) || input_reads_from(self->input, &file->part.old))) {
		log_error("%s: is the list itself; nothing was written to it", file->name);
		return STATUS_USAGE;
	}
	return status;
}

/* Two outputs in one file would be none. */
static enum status check_apart(const struct run *self)
{
	const struct {
		const struct file *file;
		const char *what;
	} outputs[] = {
	    {&self->output, "the rows"}, {&self->report, "the report"}, {&self->summary_json, "the summary"}};
	for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!file_is(outputs[j].file, &outputs[i].file->info))
				continue;
			log_error("%s: %s and %s cannot go to the same file", outputs[i].file->name,
			    outputs[i].what, outputs[j].what);
			return STATUS_USAGE;
		}
	}
	return STATUS_OK;
}

static enum status open_outputs(struct run *self)
{
	const struct options *options = self->options;
	const struct file_options for_rows = {.null_ends = options->null_ends,
	    .append = options->append,
	    .repair = options->repair,
	    .atomic = options->atomic,
	    .lock_fail = options->lock_fail};
	const struct file_options for_report = {.lock_fail = options->lock_fail};
	enum status status = open_file(self, &self->output, options->output, &for_rows);
	if (status == STATUS_OK && options->report)
		status = open_file(self, &self->report, options->report, &for_report);
	if (status == STATUS_OK && options->summary_json)
		status = open_file(self, &self->summary_json, options->summary_json, &for_report);
	if (status == STATUS_OK)
		status = check_apart(self);
	if (status == STATUS_OK)
		status = file_begin(&self->output);
	if (status == STATUS_OK && options->report)
		status = file_begin(&self->report);
	if (status == STATUS_OK && options->summary_json)
		status = file_begin(&self->summary_json);
	return status;
}

/* Everything that can be refused is, before the output is touched. */
static enum status set_up(struct run *self)
{
	enum status status = check_cacert(self->options);
	if (status == STATUS_OK)
		status = crawl_check(self->options);
	if (status == STATUS_OK)
		status = input_open(self->input);
	if (status == STATUS_OK)
		status = ledger_compile(self->ledger);
	if (status == STATUS_OK)
		status = open_outputs(self);
	return status;
}

static void add_observers(struct run *self)
{
	self->rows = rows_new(self->options, &self->output);
	observers_add(&self->observers, rows_observer(self->rows));
	if (self->options->report)
		observers_add(&self->observers, report_observer(&self->report));
	if (progress_wanted(self->options)) {
		self->progress = progress_new();
		observers_add(&self->observers, progress_observer(self->progress));
	}
	observers_add(&self->observers, console_observer());
	self->summary = summary_new(self->options, isatty(STDERR_FILENO));
	observers_add(&self->observers, summary_observer(self->summary));
}

/* The signal that the process is to end by; 0: none. A closed pipe counts as the SIGPIPE that it would have
 * been. */
static int ending_signal(enum status status)
{
	return status == STATUS_PIPE_CLOSED ? SIGPIPE : stop_signal();
}

/* What was interrupted was not fetched either. */
static uint64_t count_failed(const struct run *self)
{
	return self->totals.outcomes[OUTCOME_FAILED] + self->totals.outcomes[OUTCOME_INTERRUPTED];
}

static bool too_many_failed(const struct run *self)
{
	uint64_t failed = count_failed(self);
	return failed > 0 && failed * 100 >= self->totals.urls * (uint64_t)self->options->fail_percent;
}

/* What is left of a run that has reached its deadline, for its readers. */
enum { LAST_PATIENCE_MS = 1000 };

static enum status drain_outputs(struct run *self, int64_t stop_at)
{
	int64_t patience_ends = clock_now_ms() + LAST_PATIENCE_MS;
	int64_t until = stop_at > patience_ends ? stop_at : patience_ends;
	enum status status = rows_drain(self->rows, until);
	return status_first(status, file_drain(&self->report, until));
}

static enum status crawl(struct run *self)
{
	int64_t began = clock_now_ms(), longest_turn_us = 0;
	const struct crawl_handlers handlers = ledger_handlers(self->ledger);
	enum status status = observers_begin(&self->observers);
	if (status == STATUS_OK)
		status = crawl_run(self->options, &handlers, &longest_turn_us);
	status = status_first(status, ledger_close(self->ledger, &self->totals));
	self->totals.longest_turn_us = longest_turn_us;
	self->totals.elapsed_ms = clock_now_ms() - began;
	self->totals.deadline = self->options->deadline_ms && clock_now_ms() >= handlers.stop_at;
	status = status_first(status, drain_outputs(self, handlers.stop_at));
	self->totals.signal = ending_signal(status);
	status = status_first(status, observers_end(&self->observers, &self->totals));
	if (self->totals.local)
		status = status_first(status, STATUS_LOCAL);
	return status_first(status, too_many_failed(self) ? STATUS_URLS_FAILED : STATUS_OK);
}

static const char *why_left(const struct run *self, enum status status, int signal)
{
	switch (status) {
	case STATUS_PIPE_CLOSED:
		return "nobody reads the report any more";
	case STATUS_OUTPUT:
		return "an output could not be written";
	case STATUS_INPUT:
		return "the list could not be read";
	case STATUS_OK:
	case STATUS_URLS_FAILED:
		if (signal)
			return "a signal stopped the run";
		return self->totals.deadline ? "the run was stopped at the deadline" : NULL;
	default:
		return "the run could not go on";
	}
}

/* Lets what --atomic has held back take its place, but only after a run that ended well. */
static enum status commit(struct run *self, enum status status, int signal)
{
	if (status == STATUS_OK && !signal)
		return file_commit(&self->output);
	if (!self->options->atomic)
		return status;
	const char *why = why_left(self, status, signal);
	if (why)
		log_warning("%s: left as it was, since %s", self->output.name, why);
	else
		log_warning("%s: left as it was, since %" PRIu64 " of %" PRIu64 " URL%s failed (--fail-on)",
		    self->output.name, count_failed(self), self->totals.urls,
		    self->totals.urls == 1 ? "" : "s");
	return status;
}

/* Last of all, for it tells the exit status. */
static enum status write_summary(struct run *self, enum status status, int signal)
{
	self->totals.signal = signal;
	int exit_status = signal ? -1 : status_exit_code(status);
	int64_t until = self->totals.deadline ? clock_now_ms() + LAST_PATIENCE_MS : CLOCK_NEVER;
	enum status written =
	    summary_write_json(self->summary, &self->summary_json, &self->totals, exit_status);
	return status_first(written, file_drain(&self->summary_json, until));
}

struct run_end run(const struct options *options)
{
	struct run self = {.options = options, .output.fd = -1, .report.fd = -1, .summary_json.fd = -1};
	stop_watch();
	self.input = input_new(&options->inputs);
	self.ledger = ledger_new(options, self.input, &self.observers);
	add_observers(&self);
	enum status status = set_up(&self);
	bool began = status == STATUS_OK;
	if (began) {
		const struct file *const outputs[] = {&self.output, &self.report};
		pid_t guard = guard_start(outputs, sizeof outputs / sizeof *outputs);
		status = crawl(&self);
		guard_stop(guard);
	}
	status = status_first(status, file_close(&self.report));
	/* A signal that comes later finds the run at its end. */
	int signal = ending_signal(status);
	if (began)
		status = commit(&self, status, signal);
	status = status_first(status, file_close(&self.output));
	if (began && options->summary_json)
		status = status_first(status, write_summary(&self, status, signal));
	status = status_first(status, file_close(&self.summary_json));
	rows_free(self.rows);
	progress_free(self.progress);
	summary_free(self.summary);
	ledger_free(self.ledger);
	input_free(self.input);
	return (struct run_end){status, signal};
}
