#include "run/run_state_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "output/number_text.h"
#include "run/row_options.h"
#include "store/output_end.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* The outputs that are cut back when a run goes on, and the options that name them. */
static const enum output kept_outputs[] = {
    OUTPUT_ROWS, OUTPUT_REPORT, OUTPUT_FAILED, OUTPUT_ELSEWHERE, OUTPUT_CHANGES};
static const char *const kept_names[] = {"output", "report", "failed", "elsewhere", "changes-to"};

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
	    (struct known_url){.id = page->id & ((UINT64_C(1) << KNOWN_URL_ID_BITS) - 1),
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
		return run_state_record_problem(self, status);
	self->first_new_id = self->next_id;
	known_urls_sort(&self->known);
	return STATUS_OK;
}

static enum status read_targets(struct run_state *self)
{
	struct state_target target;
	enum status status = STATUS_OK;
	enum state_find found;
	while ((found = state_next_target(self->state, &target, &status)) == STATE_FOUND)
		known_urls_add(&self->targets,
		    run_state_target_key(self, slice_of(target.url), target.purpose),
		    (struct known_url){.id = target.id & ((UINT64_C(1) << KNOWN_URL_ID_BITS) - 1)});
	if (found == STATE_FAILED)
		return run_state_record_problem(self, status);
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

/* The run may have been begun with --atomic, and this one not, or the other way round. */
static enum status refuse_other_file(
    const struct run_state *self, const struct file *file, const struct state_output *output)
{
	struct stat info;
	struct buf other;
	buf_init(&other, SIZE_MAX / 2);
	buf_append_text(&other, file->name);
	if (!file->atomic.path)
		buf_append_text(&other, ".part");
	bool is_other = stat(other.data, &info) == 0 && output->device == (uint64_t)info.st_dev &&
	                output->inode == (uint64_t)info.st_ino;
	buf_release(&other);
	return refuse_output(self, file->name,
	    !is_other           ? "is not the file that was written"
	    : file->atomic.path ? "was begun without --atomic, and is to go on without it"
	                        : "was begun with --atomic, and is to go on with it");
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
		return run_state_record_problem(self, status);
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
		return refuse_other_file(self, file, &output);
	if ((uint64_t)file->info.st_size < output.length)
		return refuse_output(self, file->name, "is shorter than what was written");
	const char *path = file->atomic.path ? file->atomic.path : file->name;
	uint64_t end_hash = output.end_hash ? output_end_hash(path, output.length) : 0;
	if (end_hash && end_hash != output.end_hash)
		return refuse_output(self, file->name, "has other content than what was written");
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
		return run_state_record_problem(self, status);
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
		run_state_set_length(self, i, self->lengths[i]);
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
	if (stat(self->options->state, &self->file) != 0)
		return log_output_error(self->options->state, "cannot be read");
	begin_outputs(self);
	if (self->goes_on)
		show_resumption(self);
	return STATUS_OK;
}
