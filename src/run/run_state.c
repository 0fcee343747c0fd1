#include "run/run_state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "output/number_text.h"
#include "run/known_urls.h"
#include "run/row_options.h"
#include "store/state_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The outputs that are cut back when a run goes on, and the options that name them. */
static const enum output kept_outputs[] = {OUTPUT_ROWS, OUTPUT_REPORT, OUTPUT_FAILED, OUTPUT_CHANGES};
static const char *const kept_names[] = {"output", "report", "failed", "changes-to"};
enum { KEPT_ROWS, KEPT_REPORT, KEPT_FAILED, KEPT_CHANGES, KEPT };

struct run_state {
	const struct options *options;
	const struct settings *settings;
	struct outputs *all_outputs;
	struct file *files[KEPT];                 /* NULL for one that is not kept */
	struct state_writer_output outputs[KEPT]; /* for the writer */
	int indexes[KEPT];                        /* in outputs; -1 for one that is not kept */
	uint64_t lengths[KEPT];                   /* to which a run that goes on cuts the files */
	struct state_writer *writer;
	struct state *state; /* for reading */
	struct state_begun begun;
	bool goes_on;               /* the last run was interrupted */
	bool resumes;               /* and what it has done is not done again */
	struct run_state_done done; /* if it resumes */
	char *began;                /* when the run began that goes on, as text */
	struct known_urls known;
	struct known_urls targets; /* what the run that goes on has checked, see target_key */
	struct buf target_key;
	uint64_t next_id, first_new_id;
	struct url url;     /* of a page that is read */
	enum status status; /* of reading */
};

struct run_state *run_state_new(
    const struct options *options, const struct settings *settings, struct outputs *outputs)
{
	struct run_state *self = alloc_new(sizeof *self);
	self->options = options;
	self->settings = settings;
	self->all_outputs = outputs;
	self->next_id = 1;
	known_urls_init(&self->known);
	known_urls_init(&self->targets);
	buf_init(&self->target_key, SIZE_MAX / 2);
	url_init(&self->url);
	return self;
}

void run_state_free(struct run_state *self)
{
	if (!self)
		return;
	state_free(self->state);
	state_writer_free(self->writer);
	known_urls_release(&self->known);
	known_urls_release(&self->targets);
	buf_release(&self->target_key);
	url_release(&self->url);
	free(self->began);
	free(self);
}

/* Opening. */

static enum status record_problem(struct run_state *self, enum status status)
{
	log_error("%s", state_problem(self->state));
	self->status = status_first(self->status, status);
	return status;
}

/* True if the URL of a page that is done was asked for. */
static bool was_asked(const struct state_page *page)
{
	return page->outcome == OUTCOME_OK || page->http_status != 0 ||
	       (page->outcome == OUTCOME_FAILED && page->cause != CAUSE_HOST_ERRORS &&
	           page->cause != CAUSE_HOST_PATIENCE && page->cause != CAUSE_NOT_A_URL &&
	           page->cause != CAUSE_NOT_HTTP && page->cause != CAUSE_LINE_TOO_LONG);
}

static void count_done(struct run_state_done *done, const struct state_page *page)
{
	bool is_found = page->via || page->sitemap;
	done->has_found |= is_found;
	done->all++;
	if (!page->is_settled)
		return;
	done->settled++;
	done->found += is_found;
	done->outcomes[page->outcome]++;
	done->changes[page->change]++;
	done->asked += was_asked(page);
	if (page->depth > done->depth)
		done->depth = page->depth;
	done->listed_failed += !is_found && page->outcome == OUTCOME_FAILED;
	done->links += page->outcome == OUTCOME_OK ? page->links : 0;
}

/* What a page is looked up by. In a run that finds no URLs, two that differ in user name and password are
 * two. */
static struct slice key_of(struct run_state *self, const struct state_page *page)
{
	bool has_credentials = !options_find_urls(self->options) && page->listed && strchr(page->listed, '@');
	if (has_credentials && url_parse(&self->url, page->listed, strlen(page->listed), NULL, NULL) &&
	    url_has_credentials(&self->url))
		return url_without_fragment(&self->url);
	return slice_of(page->url);
}

static void add_known(struct run_state *self, const struct state_page *page)
{
	const struct state_run *run = state_last_run(self->state);
	bool is_of_run = self->goes_on && page->run == run->id;
	known_urls_add(&self->known, key_of(self, page),
	    (struct known_url){.id = page->id & ((UINT64_C(1) << 60) - 1),
	        .is_of_run = is_of_run,
	        .is_settled = is_of_run && page->is_settled,
	        .is_listed = page->via == 0 && page->sitemap == 0});
	if (page->id >= self->next_id)
		self->next_id = page->id + 1;
	if (is_of_run)
		count_done(&self->done, page);
}

static enum status read_pages(struct run_state *self)
{
	struct state_page page;
	enum status status = STATUS_OK;
	enum state_find found;
	while ((found = state_next_page(self->state, &page, &status)) == STATE_FOUND)
		add_known(self, &page);
	if (found == STATE_FAILED)
		return record_problem(self, status);
	self->first_new_id = self->next_id;
	known_urls_sort(&self->known);
	return STATUS_OK;
}

/* What a target is looked up by. */
static struct slice target_key(struct run_state *self, struct slice url, enum store_purpose purpose)
{
	buf_clear(&self->target_key);
	buf_append(&self->target_key, url.data, url.len);
	buf_append_byte(&self->target_key, (char)purpose);
	return (struct slice){self->target_key.data, self->target_key.len};
}

static enum status read_targets(struct run_state *self)
{
	struct state_target target;
	enum status status = STATUS_OK;
	enum state_find found;
	while ((found = state_next_target(self->state, &target, &status)) == STATE_FOUND)
		known_urls_add(&self->targets, target_key(self, slice_of(target.url), target.purpose),
		    (struct known_url){.id = target.id & ((UINT64_C(1) << 60) - 1)});
	if (found == STATE_FAILED)
		return record_problem(self, status);
	known_urls_sort(&self->targets);
	return STATUS_OK;
}

/* Logs why the run cannot go on with its outputs as they are. name is that of a file. */
static enum status refuse_output(const struct run_state *self, const char *name, const char *problem)
{
	log_error("%s: %s; the run of %s cannot go on without what it has written (--restart begins anew)",
	    name, problem, self->began);
	return STATUS_OUTPUT;
}

/* Checks that a file of the run that goes on is the one that it has written, and finds out where it is to be
 * cut. A file that has nothing of it yet may be another one. */
static enum status check_output(struct run_state *self, size_t which)
{
	struct state_output output;
	enum status status = STATUS_OK;
	const struct file *file = self->files[which];
	enum state_find found = state_find_output(self->state, kept_names[which], &output, &status);
	char problem[64];
	if (found == STATE_FAILED)
		return record_problem(self, status);
	if (found == STATE_END) {
		snprintf(problem, sizeof problem, "is not what --%s named before", kept_names[which]);
		return file && self->done.settled ? refuse_output(self, file->name, problem) : STATUS_OK;
	}
	if (output.length == 0)
		return STATUS_OK;
	if (!file) {
		snprintf(problem, sizeof problem, "is not named by --%s any more", kept_names[which]);
		return refuse_output(self, output.path, problem);
	}
	if (output.device != (uint64_t)file->info.st_dev || output.inode != (uint64_t)file->info.st_ino)
		return refuse_output(self, file->name, "is not the file that was written");
	if ((uint64_t)file->info.st_size < output.length)
		return refuse_output(self, file->name, "is shorter than what was written");
	self->lengths[which] = output.length;
	return STATUS_OK;
}

static char *time_text(double when)
{
	char text[32] = "an unknown time";
	time_t seconds = (time_t)when;
	struct tm local;
	if (localtime_r(&seconds, &local))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
	return alloc_copy(text, strlen(text));
}

static void find_kept_outputs(struct run_state *self)
{
	size_t count = 0;
	for (size_t i = 0; i < KEPT; i++) {
		struct file *file = &self->all_outputs->files[kept_outputs[i]];
		bool is_kept = file->fd >= 0 && !file->is_stdout && file_is_regular(file);
		self->files[i] = is_kept ? file : NULL;
		self->indexes[i] = is_kept ? (int)count : -1;
		if (is_kept)
			self->outputs[count++] = (struct state_writer_output){.name = kept_names[i],
			    .path = file->name,
			    .fd = file->fd,
			    .temporary = file->atomic.path};
	}
	self->writer = state_writer_new(self->options->state, self->outputs, count);
}

enum status run_state_open(struct run_state *self)
{
	find_kept_outputs(self);
	enum status status = state_writer_start(self->writer, self->options->lock == LOCK_FAIL);
	if (status != STATUS_OK)
		return status;
	self->state = state_new(self->options->state);
	status = state_open(self->state, STATE_READ);
	if (status != STATUS_OK)
		return record_problem(self, status);
	const struct state_run *run = state_last_run(self->state);
	self->goes_on = run->id && run->ended <= 0 && !self->options->restart;
	self->resumes = self->goes_on && !self->options->check;
	self->began = time_text(run->began);
	if (!self->options->restart)
		status = read_pages(self);
	if (status == STATUS_OK && self->goes_on && self->options->check)
		status = read_targets(self);
	for (size_t i = 0; i < KEPT && status == STATUS_OK; i++)
		if (self->resumes || (self->goes_on && i == KEPT_CHANGES))
			status = check_output(self, i);
	return status;
}

static void set_length(struct run_state *self, size_t which, uint64_t length)
{
	if (self->indexes[which] >= 0)
		state_writer_set_output(self->writer, (size_t)self->indexes[which], length);
}

static void show_resumption(const struct run_state *self)
{
	uint64_t all = self->done.all;
	if (!self->resumes) {
		log_warning("going on with the run of %s: what it has asked for is not asked for again, and "
		            "its rows are written anew",
		    self->began);
		return;
	}
	log_warning("going on with the run of %s: %" PRIu64 " of %" PRIu64 " URL%s %s done", self->began,
	    self->done.settled, all, number_text_plural(all), all == 1 ? "is" : "are");
}

/* Lets the state know which outputs the run has, and prepares those that it goes on with. */
static void begin_outputs(struct run_state *self)
{
	for (size_t i = 0; i < KEPT; i++) {
		if (!self->files[i])
			continue;
		self->files[i]->resume_len = self->lengths[i];
		self->files[i]->is_resumed = self->lengths[i] > 0;
		set_length(self, i, self->lengths[i]);
	}
}

enum status run_state_begin(struct run_state *self)
{
	struct buf options;
	buf_init(&options, SIZE_MAX / 2);
	row_options_append(&options, self->settings);
	enum status status = state_writer_begin_run(self->writer, options.data,
	    self->options->restart ? STATE_FORGET : STATE_GO_ON, clock_unix_s(), &self->begun);
	buf_release(&options);
	if (status != STATUS_OK)
		return status;
	begin_outputs(self);
	if (self->goes_on)
		show_resumption(self);
	return STATUS_OK;
}

bool run_state_resumes(const struct run_state *self)
{
	return self->resumes;
}

const struct run_state_done *run_state_done(const struct run_state *self)
{
	return &self->done;
}

uint64_t run_state_next_id(const struct run_state *self)
{
	return self->next_id;
}

uint64_t run_state_number(const struct run_state *self)
{
	return self->begun.run;
}

/* Reading. */

bool run_state_next_page(struct run_state *self, struct state_page *page)
{
	enum status status = STATUS_OK;
	enum state_find found = state_next_page(self->state, page, &status);
	if (found == STATE_FAILED)
		record_problem(self, status);
	return found == STATE_FOUND;
}

bool run_state_find_page(struct run_state *self, uint64_t id, struct state_page *page)
{
	enum status status = STATUS_OK;
	if (self->status != STATUS_OK)
		return false;
	enum state_find found = state_find_page(self->state, id, page, &status);
	if (found == STATE_FAILED)
		record_problem(self, status);
	return found == STATE_FOUND;
}

bool run_state_find_before(struct run_state *self, uint64_t id, struct state_page *page)
{
	return id < self->first_new_id && run_state_find_page(self, id, page);
}

bool run_state_next_unlisted(struct run_state *self, size_t *at, struct state_page *page)
{
	const struct known_urls *known = &self->known;
	while (*at < known->count && !known_url_is_unlisted(&known->items[*at]))
		++*at;
	return *at < known->count && run_state_find_page(self, known->items[(*at)++].id, page);
}

bool run_state_read_stored(struct run_state *self, const struct state_page *page, struct stored_page *stored)
{
	enum status status = stored_page_read(stored, self->state, page);
	return status == STATUS_OK || record_problem(self, status) == STATUS_OK;
}

bool run_state_find_answer(struct run_state *self, uint64_t id, struct state_page *page)
{
	return id && id < self->first_new_id && run_state_find_page(self, id, page) && page->fetched > 0 &&
	       page->variant == self->begun.variant;
}

bool run_state_find_links(struct run_state *self, const struct state_page *page, struct link_reader *links)
{
	enum status status = STATUS_OK;
	if (self->status != STATUS_OK)
		return false;
	enum state_find found = state_find_links(self->state, page, links, &status);
	if (found == STATE_FAILED)
		record_problem(self, status);
	return found == STATE_FOUND;
}

bool run_state_find_target(
    struct run_state *self, struct slice url, enum store_purpose purpose, struct state_target *target)
{
	enum status status = STATUS_OK;
	if (self->targets.count == 0 || self->status != STATUS_OK)
		return false;
	const struct known_url *known = known_urls_find(&self->targets, target_key(self, url, purpose));
	enum state_find found =
	    known ? state_find_target(self->state, known->id, target, &status) : STATE_END;
	if (found == STATE_FAILED)
		record_problem(self, status);
	return found == STATE_FOUND;
}

bool run_state_next_target(struct run_state *self, struct state_target *target)
{
	enum status status = STATUS_OK;
	if (self->targets.count == 0 || self->status != STATUS_OK)
		return false;
	enum state_find found = state_next_target(self->state, target, &status);
	if (found == STATE_FAILED)
		record_problem(self, status);
	return found == STATE_FOUND;
}

bool run_state_has_in_run(struct run_state *self, struct slice url)
{
	const struct known_url *known = known_urls_find(&self->known, url);
	return known && known->is_of_run;
}

bool run_state_find_robots(struct run_state *self, const char *origin, struct state_robots *robots)
{
	enum status status = STATUS_OK;
	if (self->status != STATUS_OK)
		return false;
	enum state_find found = state_find_robots(self->state, origin, clock_unix_s(), robots, &status);
	if (found == STATE_FAILED)
		record_problem(self, status);
	return found == STATE_FOUND;
}

static bool has_rows(const struct run_state *self, const struct state_page *page)
{
	return page->run == self->begun.run && page->is_settled && page->outcome == OUTCOME_OK;
}

enum status run_state_read_rows(
    struct run_state *self, void (*on_row)(void *ctx, struct slice url), void *ctx)
{
	struct state_page page;
	struct link_reader links;
	struct link_record record;
	link_reader_init(&links);
	while (run_state_next_page(self, &page)) {
		if (!has_rows(self, &page) || !run_state_find_links(self, &page, &links))
			continue;
		while (link_reader_next(&links, &record))
			if (record.is_row)
				on_row(ctx, record.url);
	}
	link_reader_release(&links);
	return self->status;
}

static enum run_state_known take(struct known_url *known, uint64_t *id)
{
	*id = known ? known->id : 0;
	if (!known)
		return RUN_STATE_NEW;
	known->was_offered = true;
	return known->is_settled ? RUN_STATE_DONE : known->is_of_run ? RUN_STATE_PENDING : RUN_STATE_BEFORE;
}

enum run_state_known run_state_find(struct run_state *self, struct slice url, uint64_t *id)
{
	return take(known_urls_find(&self->known, url), id);
}

enum run_state_known run_state_find_entry(struct run_state *self, struct slice text, uint64_t *id)
{
	return take(known_urls_find_not_offered(&self->known, text), id);
}

/* Writing. */

/* The URL was listed when the run began, and now another page leads to it instead. */
static bool is_listed_no_more(struct run_state *self, const struct store_url *url, struct slice identity)
{
	const struct known_url *known = url->via ? known_urls_find(&self->known, identity) : NULL;
	return known && known->is_listed;
}

void run_state_add(
    struct run_state *self, const struct store_url *url, struct slice identity, enum run_state_known known)
{
	if (known == RUN_STATE_PENDING && !is_listed_no_more(self, url, identity))
		return;
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	buf_append(&text, identity.data, identity.len);
	if (known == RUN_STATE_NEW)
		self->next_id++;
	state_writer_add_page(
	    self->writer, &(struct state_page){.id = url->id,
	                      .url = text.data,
	                      .listed = strcmp(url->text, text.data) == 0 ? NULL : url->text,
	                      .depth = url->depth,
	                      .via = url->via_id,
	                      .sitemap = url->sitemap_level,
	                      .is_guess = url->is_guess,
	                      .run = self->begun.run});
	buf_release(&text);
}

void run_state_add_entry(struct run_state *self, uint64_t id, const char *text, enum run_state_known known)
{
	if (known == RUN_STATE_NEW)
		self->next_id++;
	state_writer_add_page(
	    self->writer, &(struct state_page){.id = id, .url = text, .run = self->begun.run});
}

void run_state_set_rows(struct run_state *self, uint64_t length)
{
	if (self->files[KEPT_ROWS])
		set_length(self, KEPT_ROWS, self->files[KEPT_ROWS]->old_len + length);
}

uint64_t run_state_changes_written(const struct run_state *self)
{
	const struct file *file = self->files[KEPT_CHANGES];
	return file ? file->written : 0;
}

void run_state_set_changes(struct run_state *self, uint64_t length)
{
	if (self->files[KEPT_CHANGES])
		set_length(self, KEPT_CHANGES, self->files[KEPT_CHANGES]->old_len + length);
}

void run_state_set_robots(struct run_state *self, const char *origin, long http_status, struct slice body)
{
	state_writer_set_robots(self->writer,
	    &(struct state_robots){
	        .origin = origin, .fetched = clock_unix_s(), .http_status = http_status, .body = body});
}

void run_state_add_target(struct run_state *self, const struct state_target *target)
{
	state_writer_add_target(self->writer, target);
}

void run_state_settle(struct run_state *self, const struct state_result *result)
{
	for (size_t i = KEPT_ROWS + 1; i < KEPT_CHANGES; i++)
		if (self->files[i])
			set_length(self, i, self->files[i]->old_len + self->files[i]->written);
	state_writer_settle_page(self->writer, result);
}

enum status run_state_status(const struct run_state *self)
{
	return self->status;
}

enum status run_state_turn(struct run_state *self, struct wait *wait)
{
	return status_first(self->status, state_writer_turn(self->writer, wait));
}

bool run_state_is_full(const struct run_state *self)
{
	return state_writer_is_full(self->writer);
}

static void forget_unlisted(struct run_state *self)
{
	for (size_t i = 0; i < self->known.count; i++) {
		if (known_url_is_unlisted(&self->known.items[i]))
			state_writer_forget_page(self->writer, self->known.items[i].id);
	}
}

enum status run_state_end(struct run_state *self, const struct totals *totals, bool is_complete)
{
	state_free(self->state);
	self->state = NULL;
	if (is_complete) {
		forget_unlisted(self);
		/* The changes of these are at the end of the files. */
		for (size_t i = 0; i < KEPT; i++)
			if (self->files[i])
				set_length(self, i, self->files[i]->old_len + self->files[i]->written);
		state_writer_end_run(self->writer,
		    &(struct state_totals){.urls = totals->urls,
		        .found = totals->found,
		        .ok = totals->outcomes[OUTCOME_OK],
		        .failed = totals->outcomes[OUTCOME_FAILED],
		        .skipped = totals->outcomes[OUTCOME_SKIPPED],
		        .interrupted = totals->outcomes[OUTCOME_INTERRUPTED],
		        .links = totals->links,
		        .changes = {[STATE_CHANGE_NEW] = totals->changes.added,
		            [STATE_CHANGE_GONE] = totals->changes.gone,
		            [STATE_CHANGE_CHANGED] = totals->changes.changed,
		            [STATE_CHANGE_UNCHANGED] = totals->changes.unchanged}},
		    clock_unix_s());
	}
	return state_writer_finish(self->writer);
}
