#include "run/replay.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pattern_filter.h"
#include "base/seen.h"
#include "base/stop.h"
#include "link/filter.h"
#include "output/number_text.h"
#include "output/rows.h"
#include "run/outputs.h"
#include "run/replay_source.h"
#include "run/shared_options.h"
#include "run/stored_page.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

struct replay {
	struct options options;
	struct replay_source source;
	struct outputs outputs;
	struct observer rows;
	struct rows *row_writer; /* owned by rows */
	struct pattern_filter *filter;
	struct link_reader links;
	struct url page_url, link_url;
	struct seen seen; /* links of the page, since two may differ only in their fragments */
	struct stored_page stored;
};

/* The options that count here. Those of the configuration may also have others. */
static struct options replay_options(const struct options *options)
{
	return (struct options){.output = options->output,
	    .append = options->append,
	    .repair = options->repair,
	    .atomic = options->atomic,
	    .no_header = options->no_header,
	    .lock = options->lock,
	    .format = options->format,
	    .null_ends = options->null_ends,
	    .state = options->state,
	    .includes = options->includes,
	    .excludes = options->excludes,
	    .same_host = options->same_host,
	    .external = options->external,
	    .schemes = options->schemes,
	    .strip_fragment = options->strip_fragment,
	    .unique = options->unique,
	    .config = options->config,
	    .config_lines = options->config_lines,
	    .config_line_count = options->config_line_count};
}

/* Rows of a crawl have its depth. A quotation mark within a value has a backslash, so that no value looks
 * like a key. */
static bool was_crawl(const char *run_options)
{
	return !strstr(run_options, "\"depth\":0,") || strstr(run_options, "\"sitemaps\":true");
}

static enum status open_source(struct replay *self)
{
	const char *run_options;
	enum status status = self->source.open(self->source.self, &run_options);
	if (status == STATUS_OK)
		self->options.depth = was_crawl(run_options);
	return status;
}

static enum status set_up(struct replay *self)
{
	const struct options *options = &self->options;
	struct input *no_list = input_new(&options->inputs);
	enum status status = STATUS_OK;
	if (options->includes.count + options->excludes.count > 0 &&
	    !(self->filter =
	            pattern_filter_new("--include", &options->includes, "--exclude", &options->excludes)))
		status = STATUS_USAGE;
	if (status == STATUS_OK)
		status = outputs_open(&self->outputs, options, no_list);
	if (status == STATUS_OK)
		status = open_source(self);
	if (status == STATUS_OK)
		status = outputs_begin(&self->outputs, options, no_list);
	input_free(no_list);
	return status;
}

/* Returns the text of a link that the options want; data is NULL if they do not want it. */
static struct slice wanted_text(struct replay *self, const struct link_record *record, enum status *status)
{
	const struct options *options = &self->options;
	static const struct slice none = {0};
	bool needs_url =
	    options->schemes || options->same_host || options->external || options->strip_fragment;
	if (!record->is_row)
		return none;
	if (needs_url && (!url_parse(&self->link_url, record->url.data, record->url.len, NULL, NULL) ||
	                     !filter_wants(options, &self->page_url, &self->link_url)))
		return none;
	struct slice text = record->url;
	if (options->strip_fragment) {
		text = url_without_fragment(&self->link_url);
		if (!seen_add(&self->seen, text.data, text.len))
			return none;
	}
	if (!self->filter)
		return text;
	switch (pattern_filter_search(self->filter, text)) {
	case PATTERN_FOUND:
		return text;
	case PATTERN_NOT_FOUND:
		return none;
	case PATTERN_TOO_LONG:
		log_error("--include or --exclude: takes too long on %.*s", (int)text.len, text.data);
		*status = STATUS_LIBRARY;
		return none;
	}
	return none;
}

static enum status write_links(struct replay *self, const struct outcome *outcome)
{
	struct link_record record;
	enum status status = STATUS_OK;
	seen_clear(&self->seen);
	url_parse(&self->page_url, outcome->final_url, strlen(outcome->final_url), NULL, NULL);
	while (status == STATUS_OK && link_reader_next(&self->links, &record)) {
		record.url = wanted_text(self, &record, &status);
		if (!record.url.data)
			continue;
		const struct link link = stored_page_link(&record, NULL);
		status = self->rows.link(self->rows.self, outcome, &link);
	}
	return status;
}

static enum status write_page(struct replay *self)
{
	uint64_t ticket = 0;
	struct outcome outcome = stored_page_outcome(&self->stored);
	outcome.kind = OUTCOME_OK;
	enum status status = write_links(self, &outcome);
	status = status_first(status, self->rows.page_end(self->rows.self, &outcome, &ticket));
	/* Rows that the reader has not taken must not fill the memory. */
	if (status == STATUS_OK && file_backlog(&self->outputs.files[OUTPUT_ROWS]) > 0)
		status = file_drain(&self->outputs.files[OUTPUT_ROWS], stop_deadline());
	return status;
}

static enum status write_pages(struct replay *self)
{
	enum status status = STATUS_OK;
	for (bool found = true; status == STATUS_OK && found && !stop_is_due();) {
		status = self->source.next(self->source.self, &self->stored, &self->links, &found);
		if (status == STATUS_OK && found)
			status = write_page(self);
	}
	return status_first(status, stop_is_due() ? STATUS_CUT_SHORT : STATUS_OK);
}

static void show_unfinished(const struct replay *self)
{
	uint64_t done, all;
	if (self->source.is_unfinished(self->source.self, &done, &all))
		log_warning("%s: the last run has not ended: %" PRIu64 " of %" PRIu64 " URL%s %s done",
		    self->options.state, done, all, number_text_plural(all), all == 1 ? "is" : "are");
}

static enum status write_rows(struct replay *self)
{
	enum status status = self->rows.begin(self->rows.self);
	if (status == STATUS_OK)
		status = write_pages(self);
	status = status_first(status, rows_drain(self->row_writer, stop_deadline()));
	if (status == STATUS_OK)
		show_unfinished(self);
	outputs_stop_guard(&self->outputs);
	if (status == STATUS_OK && !stop_signal())
		status = file_commit(&self->outputs.files[OUTPUT_ROWS]);
	return status;
}

enum status replay_run(const struct options *options, int *signal)
{
	struct replay self = {.options = replay_options(options)};
	outputs_init(&self.outputs);
	link_reader_init(&self.links);
	url_init(&self.page_url);
	url_init(&self.link_url);
	seen_init(&self.seen);
	stored_page_init(&self.stored);
	self.source = shared_options_are_meant(options) ? replay_redis(options) : replay_file(options);
	enum status status = set_up(&self);
	if (status == STATUS_OK) {
		self.row_writer = rows_new(&self.options, &self.outputs.files[OUTPUT_ROWS]);
		self.rows = rows_observer(self.row_writer);
		status = write_rows(&self);
		self.rows.free(self.rows.self);
	}
	status = status_first(status, outputs_close(&self.outputs));
	*signal = status == STATUS_PIPE_CLOSED ? SIGPIPE : stop_signal();
	self.source.free(self.source.self);
	stored_page_release(&self.stored);
	pattern_filter_free(self.filter);
	link_reader_release(&self.links);
	url_release(&self.page_url);
	url_release(&self.link_url);
	seen_release(&self.seen);
	return status;
}
