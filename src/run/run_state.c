#include "run/run_state_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

enum status run_state_record_problem(struct run_state *self, enum status status)
{
	log_error("%s", state_problem(self->state));
	self->status = status_first(self->status, status);
	return status;
}

void run_state_set_length(struct run_state *self, size_t which, uint64_t length)
{
	if (self->indexes[which] >= 0)
		state_writer_set_output(self->writer, (size_t)self->indexes[which], length);
}

struct slice run_state_target_key(struct run_state *self, struct slice url, enum store_purpose purpose)
{
	buf_clear(&self->target_key);
	buf_append(&self->target_key, url.data, url.len);
	buf_append_byte(&self->target_key, (char)purpose);
	return (struct slice){self->target_key.data, self->target_key.len};
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
		run_state_record_problem(self, status);
	return found == STATE_FOUND;
}

bool run_state_find_page(struct run_state *self, uint64_t id, struct state_page *page)
{
	enum status status = STATUS_OK;
	if (self->status != STATUS_OK)
		return false;
	enum state_find found = state_find_page(self->state, id, page, &status);
	if (found == STATE_FAILED)
		run_state_record_problem(self, status);
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

void run_state_keep_unlisted(struct run_state *self, size_t at)
{
	self->known.items[at].was_taken = true;
}

bool run_state_read_stored(struct run_state *self, const struct state_page *page, struct stored_page *stored)
{
	enum status status = stored_page_read(stored, self->state, page);
	return status == STATUS_OK || run_state_record_problem(self, status) == STATUS_OK;
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
		run_state_record_problem(self, status);
	return found == STATE_FOUND;
}

bool run_state_find_target(
    struct run_state *self, struct slice url, enum store_purpose purpose, struct state_target *target)
{
	enum status status = STATUS_OK;
	if (self->targets.count == 0 || self->status != STATUS_OK)
		return false;
	const struct known_url *known =
	    known_urls_find(&self->targets, run_state_target_key(self, url, purpose));
	enum state_find found =
	    known ? state_find_target(self->state, known->id, target, &status) : STATE_END;
	if (found == STATE_FAILED)
		run_state_record_problem(self, status);
	return found == STATE_FOUND;
}

bool run_state_next_target(struct run_state *self, struct state_target *target)
{
	enum status status = STATUS_OK;
	if (self->targets.count == 0 || self->status != STATUS_OK)
		return false;
	enum state_find found = state_next_target(self->state, target, &status);
	if (found == STATE_FAILED)
		run_state_record_problem(self, status);
	return found == STATE_FOUND;
}

bool run_state_has_target(struct run_state *self, struct slice url, enum store_purpose purpose)
{
	return known_urls_find(&self->targets, run_state_target_key(self, url, purpose));
}

bool run_state_is_listed(struct run_state *self, struct slice url)
{
	const struct known_url *known = known_urls_find(&self->known, url);
	return known && known->is_of_run && known->is_listed;
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
		run_state_record_problem(self, status);
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

struct known_urls *run_state_known_urls(struct run_state *self)
{
	return &self->known;
}

static enum run_state_known take(struct known_url *known, uint64_t *id)
{
	*id = known ? known->id : 0;
	if (!known)
		return RUN_STATE_NEW;
	known->was_taken = true;
	return known->is_settled ? RUN_STATE_DONE : known->is_of_run ? RUN_STATE_PENDING : RUN_STATE_BEFORE;
}

enum run_state_known run_state_find(struct run_state *self, struct slice url, uint64_t *id)
{
	return take(known_urls_find(&self->known, url), id);
}

enum run_state_known run_state_find_entry(struct run_state *self, struct slice text, uint64_t *id)
{
	return take(known_urls_find_not_taken(&self->known, text), id);
}

/* Passes on the lines that are complete, and keeps the rest. */
static void take_lines(struct buf *text, void (*on_url)(void *ctx, struct slice url), void *ctx)
{
	size_t at = 0;
	for (const char *end; at < text->len && (end = memchr(text->data + at, '\n', text->len - at));) {
		size_t len = (size_t)(end - text->data) - at;
		on_url(ctx, (struct slice){text->data + at, len});
		at += len + 1;
	}
	buf_consume(text, at);
}

enum status run_state_read_elsewhere(
    struct run_state *self, void (*on_url)(void *ctx, struct slice url), void *ctx)
{
	enum { BLOCK = 64 << 10 };
	const struct file *file = self->files[KEPT_ELSEWHERE];
	uint64_t left = self->lengths[KEPT_ELSEWHERE];
	int fd = file && left > 0 ? open(file->name, O_RDONLY | O_CLOEXEC) : -1;
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	while (fd >= 0 && left > 0) {
		ssize_t n = read(fd, buf_reserve(&text, BLOCK), left < BLOCK ? (size_t)left : BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		text.len += (size_t)n;
		left -= (uint64_t)n;
		take_lines(&text, on_url, ctx);
	}
	bool is_read = !file || left == 0;
	enum status status = is_read ? STATUS_OK : log_output_error(file->name, "cannot be read");
	if (fd >= 0)
		close(fd);
	buf_release(&text);
	return status;
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
		run_state_set_length(self, KEPT_ROWS, self->files[KEPT_ROWS]->old_len + length);
}

uint64_t run_state_changes_written(const struct run_state *self)
{
	const struct file *file = self->files[KEPT_CHANGES];
	return file ? file->written : 0;
}

void run_state_set_changes(struct run_state *self, uint64_t length)
{
	if (self->files[KEPT_CHANGES])
		run_state_set_length(self, KEPT_CHANGES, self->files[KEPT_CHANGES]->old_len + length);
}

void run_state_lower_depth(struct run_state *self, struct slice identity, uint32_t depth)
{
	char *url = alloc_copy(identity.data, identity.len);
	state_writer_lower_depth(self->writer, &(struct state_depth){.url = url, .depth = depth});
	free(url);
}

bool run_state_next_depth(struct run_state *self, struct state_depth *depth)
{
	enum status status = STATUS_OK;
	if (self->status != STATUS_OK)
		return false;
	enum state_find found = state_next_depth(self->state, depth, &status);
	if (found == STATE_FAILED)
		run_state_record_problem(self, status);
	return found == STATE_FOUND;
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
			run_state_set_length(self, i, self->files[i]->old_len + self->files[i]->written);
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

/* SQLite goes on to write to a file that has lost its name. */
static enum status check_is_there(const struct run_state *self)
{
	struct stat now;
	if (stat(self->options->state, &now) == 0 && now.st_dev == self->file.st_dev &&
	    now.st_ino == self->file.st_ino)
		return STATUS_OK;
	log_error(
	    "%s: was deleted or replaced during the run; what it had to keep is lost", self->options->state);
	return STATUS_OUTPUT;
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
				run_state_set_length(
				    self, i, self->files[i]->old_len + self->files[i]->written);
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
	return status_first(state_writer_finish(self->writer), check_is_there(self));
}
