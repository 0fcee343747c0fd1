#include "base/alloc.h"
#include "store/state.h"
#include "store/state_internal.h"

#include <assert.h>
#include <string.h>

/* Where the columns of a page are in its row; the checksums follow. */
enum {
	PAGE_ID,
	PAGE_URL,
	PAGE_LISTED,
	PAGE_DEPTH,
	PAGE_VIA,
	PAGE_SITEMAP,
	PAGE_GUESS,
	PAGE_RUN,
	PAGE_OUTCOME,
	PAGE_CAUSE,
	PAGE_HTTP_STATUS,
	PAGE_FINAL_URL,
	PAGE_HOPS,
	PAGE_CHANGE,
	PAGE_ANSWER_URL,
	PAGE_ETAG,
	PAGE_LAST_MODIFIED,
	PAGE_DATE,
	PAGE_FETCHED,
	PAGE_CHANGED,
	PAGE_LINKS_HASH,
	PAGE_LINKS,
	PAGE_VARIANT,
	PAGE_CHECKSUM
};

static const char *const change_words[STATE_CHANGES] = {[STATE_CHANGE_NEW] = "new",
    [STATE_CHANGE_GONE] = "gone",
    [STATE_CHANGE_CHANGED] = "changed",
    [STATE_CHANGE_UNCHANGED] = "unchanged"};

/* Reading. */

static bool read_change(struct state_page *page, const char *word)
{
	int change = STATE_CHANGE_NONE;
	while (word && ++change < STATE_CHANGES && strcmp(change_words[change], word) != 0)
		continue;
	page->change = (enum state_change)change;
	return change < STATE_CHANGES;
}

static bool read_outcome(struct state_page *page, const char *outcome, const char *cause)
{
	page->is_settled = outcome;
	return !outcome || state_read_outcome(outcome, cause, &page->outcome, &page->cause);
}

/* False if the page belongs to a run that there is not. Another process may have begun one since the last one
 * was read. */
static bool has_its_run(struct state *self, const struct state_page *page)
{
	return page->run <= self->run.id ||
	       (self->access == STATE_READ && state_load_run(self) == STATUS_OK && page->run <= self->run.id);
}

/* Reads the row of a page. Its texts are borrowed until the next step. */
static enum status read_page(struct state *self, sqlite3_stmt *row, struct state_page *page)
{
	if (!state_has_right_checksum(self, row, PAGE_CHECKSUM))
		return state_fail_damaged(self);
	*page = (struct state_page){
	    .id = state_column_number(self, row, PAGE_ID),
	    .url = state_column_text(self, row, PAGE_URL),
	    .listed = state_column_text(self, row, PAGE_LISTED),
	    .depth = (uint32_t)state_column_number(self, row, PAGE_DEPTH),
	    .via = state_column_number(self, row, PAGE_VIA),
	    .sitemap = (uint32_t)state_column_number(self, row, PAGE_SITEMAP),
	    .is_guess = state_column_number(self, row, PAGE_GUESS),
	    .run = state_column_number(self, row, PAGE_RUN),
	    .http_status = (long)state_column_number(self, row, PAGE_HTTP_STATUS),
	    .final_url = state_column_text(self, row, PAGE_FINAL_URL),
	    .hops = state_column_text(self, row, PAGE_HOPS),
	    .answer_url = state_column_text(self, row, PAGE_ANSWER_URL),
	    .etag = state_column_text(self, row, PAGE_ETAG),
	    .last_modified = state_column_text(self, row, PAGE_LAST_MODIFIED),
	    .date = state_column_text(self, row, PAGE_DATE),
	    .fetched = self->sqlite->sqlite3_column_double(row, PAGE_FETCHED),
	    .changed = self->sqlite->sqlite3_column_double(row, PAGE_CHANGED),
	    .links_hash = state_column_number(self, row, PAGE_LINKS_HASH),
	    .links = state_column_number(self, row, PAGE_LINKS),
	    .variant = state_column_number(self, row, PAGE_VARIANT),
	};
	if (!page->url || page->id == 0 || !has_its_run(self, page))
		return state_fail_damaged(self);
	if (!read_change(page, state_column_text(self, row, PAGE_CHANGE)) ||
	    !read_outcome(
	        page, state_column_text(self, row, PAGE_OUTCOME), state_column_text(self, row, PAGE_CAUSE)))
		return state_fail_newer(self);
	return STATUS_OK;
}

/* All pages are read in one transaction, together with the number that they should have. */
static enum status begin_cursor(struct state *self)
{
	self->cursor_id = self->cursor_count = 0;
	if (self->access == STATE_WRITE && self->has_begun)
		return STATUS_OK;
	enum status status = state_execute(self, "BEGIN");
	return status == STATUS_OK ? state_load_run(self) : status;
}

static enum status end_cursor(struct state *self)
{
	self->in_cursor = false;
	if (self->cursor_count != self->run.pages)
		return state_fail_damaged(self);
	return self->access == STATE_WRITE && self->has_begun ? STATUS_OK : state_execute(self, "COMMIT");
}

enum state_find state_next_page(struct state *self, struct state_page *page, enum status *status)
{
	enum state_find found = state_check_tables(self, status);
	if (found != STATE_FOUND)
		return found;
	*status = self->in_cursor ? STATUS_OK : begin_cursor(self);
	if (*status != STATUS_OK)
		return STATE_FAILED;
	self->in_cursor = true;
	sqlite3_stmt *statement = self->statements[STATE_NEXT_PAGE];
	found = state_step(self, statement, status);
	if (found == STATE_END)
		*status = end_cursor(self);
	else if (found == STATE_FOUND)
		*status = read_page(self, statement, page);
	if (*status == STATUS_OK && found == STATE_FOUND && page->id <= self->cursor_id)
		*status = state_fail_damaged(self);
	if (*status != STATUS_OK)
		return STATE_FAILED;
	if (found == STATE_FOUND) {
		self->cursor_id = page->id;
		self->cursor_count++;
	}
	return found;
}

/* Runs a statement that finds one row by a number. The caller resets it. */
static enum state_find find_by_number(struct state *self, enum state_statement which, uint64_t number,
    sqlite3_stmt **statement, enum status *status)
{
	enum state_find found = state_check_tables(self, status);
	if (found != STATE_FOUND)
		return found;
	*statement = self->statements[which];
	state_bind_number(self, *statement, 1, number);
	return state_step(self, *statement, status);
}

/* A statement that was not reset would keep the log from being emptied, so the texts are copied. */
enum state_find state_find_page(struct state *self, uint64_t id, struct state_page *page, enum status *status)
{
	sqlite3_stmt *statement;
	*page = (struct state_page){.id = 0};
	enum state_find found = find_by_number(self, STATE_FIND_PAGE, id, &statement, status);
	if (found != STATE_FOUND)
		return found;
	*status = read_page(self, statement, page);
	if (*status == STATUS_OK)
		state_keep_texts(&self->page_text,
		    (const char **const[]){&page->url, &page->listed, &page->final_url, &page->hops,
		        &page->answer_url, &page->etag, &page->last_modified, &page->date},
		    8);
	self->sqlite->sqlite3_reset(statement);
	return *status == STATUS_OK ? STATE_FOUND : STATE_FAILED;
}

/* So many links are read in a few ms. */
enum { CHECKED_LINKS_MAX = 100000 };

/* True if these are the links that the page should have. Of very many, only the number is compared, besides
 * what link_reader_open has checked, so that the event loop is not held up. */
static bool are_links_of(const struct state_page *page, struct link_reader *links)
{
	struct link_record record;
	if (links->count > CHECKED_LINKS_MAX)
		return links->count == page->links;
	while (link_reader_next(links, &record))
		continue;
	bool are_whole = !links->is_damaged && links->count == page->links && links->hash == page->links_hash;
	link_reader_rewind(links);
	return are_whole;
}

enum state_find state_find_links(
    struct state *self, const struct state_page *page, struct link_reader *links, enum status *status)
{
	sqlite3_stmt *statement;
	if (page->fetched == 0)
		return STATE_END;
	if (page->links == 0) {
		link_reader_clear(links);
		return STATE_FOUND;
	}
	enum state_find found = find_by_number(self, STATE_FIND_LINKS, page->id, &statement, status);
	if (found == STATE_FAILED)
		return found;
	bool is_right = false;
	if (found == STATE_FOUND) {
		const void *body = self->sqlite->sqlite3_column_blob(statement, 0);
		size_t len = (size_t)self->sqlite->sqlite3_column_bytes(statement, 0);
		is_right = body && link_reader_open(links, (struct slice){body, len}, page->id) &&
		           are_links_of(page, links);
		self->sqlite->sqlite3_reset(statement);
	}
	if (!is_right)
		*status = state_fail_damaged(self);
	return is_right ? STATE_FOUND : STATE_FAILED;
}

enum state_find state_find_output(
    struct state *self, const char *name, struct state_output *output, enum status *status)
{
	enum state_find found = state_check_tables(self, status);
	if (found != STATE_FOUND)
		return found;
	sqlite3_stmt *statement = self->statements[STATE_FIND_OUTPUT];
	state_bind_number(self, statement, 1, self->run.id);
	state_bind_text(self, statement, 2, name);
	found = state_step(self, statement, status);
	if (found != STATE_FOUND)
		return found;
	*output = (struct state_output){.name = state_column_text(self, statement, 0),
	    .path = state_column_text(self, statement, 1),
	    .device = state_column_number(self, statement, 2),
	    .inode = state_column_number(self, statement, 3),
	    .length = state_column_number(self, statement, 4),
	    .end_hash = state_column_number(self, statement, 5)};
	state_keep_texts(&self->output_text, (const char **const[]){&output->name, &output->path}, 2);
	self->sqlite->sqlite3_reset(statement);
	return STATE_FOUND;
}

/* Writing. */

/* Writes the whole row, since its checksum has all of it. */
static enum status write_page(struct state *self, const struct state_page *page)
{
	sqlite3_stmt *row = self->statements[STATE_WRITE_PAGE];
	bool has_answer = page->fetched > 0;
	state_bind_number(self, row, 1 + PAGE_ID, page->id);
	state_bind_text(self, row, 1 + PAGE_URL, page->url);
	state_bind_text(self, row, 1 + PAGE_LISTED, page->listed);
	self->sqlite->sqlite3_bind_int64(row, 1 + PAGE_DEPTH, page->depth);
	state_bind_number(self, row, 1 + PAGE_VIA, page->via);
	state_bind_number(self, row, 1 + PAGE_SITEMAP, page->sitemap);
	state_bind_number(self, row, 1 + PAGE_GUESS, page->is_guess);
	state_bind_number(self, row, 1 + PAGE_RUN, page->run);
	state_bind_text(
	    self, row, 1 + PAGE_OUTCOME, page->is_settled ? outcome_kind_text(page->outcome) : NULL);
	state_bind_text(self, row, 1 + PAGE_CAUSE, page->is_settled ? cause_word(page->cause) : NULL);
	state_bind_number(self, row, 1 + PAGE_HTTP_STATUS, (uint64_t)page->http_status);
	state_bind_text(self, row, 1 + PAGE_FINAL_URL, page->final_url);
	state_bind_text(self, row, 1 + PAGE_HOPS, page->hops);
	state_bind_text(self, row, 1 + PAGE_CHANGE, change_words[page->change]);
	state_bind_text(self, row, 1 + PAGE_ANSWER_URL, page->answer_url);
	state_bind_text(self, row, 1 + PAGE_ETAG, page->etag);
	state_bind_text(self, row, 1 + PAGE_LAST_MODIFIED, page->last_modified);
	state_bind_text(self, row, 1 + PAGE_DATE, page->date);
	state_bind_time(self, row, 1 + PAGE_FETCHED, page->fetched);
	state_bind_time(self, row, 1 + PAGE_CHANGED, page->changed);
	if (has_answer) {
		self->sqlite->sqlite3_bind_int64(row, 1 + PAGE_LINKS_HASH, (sqlite3_int64)page->links_hash);
		self->sqlite->sqlite3_bind_int64(row, 1 + PAGE_LINKS, (sqlite3_int64)page->links);
	} else {
		self->sqlite->sqlite3_bind_null(row, 1 + PAGE_LINKS_HASH);
		self->sqlite->sqlite3_bind_null(row, 1 + PAGE_LINKS);
	}
	state_bind_number(self, row, 1 + PAGE_VARIANT, page->variant);
	return state_run_statement(self, row);
}

/* Reads a page that the caller knows. */
static enum status require_page(struct state *self, uint64_t id, struct state_page *page)
{
	enum status status = STATUS_OK;
	/* The table has lost it. */
	if (state_find_page(self, id, page, &status) == STATE_END)
		status = state_fail_damaged(self);
	return status;
}

enum status state_add_page(struct state *self, const struct state_page *page)
{
	struct state_page known = {0};
	assert(self->has_begun && page->id > 0);
	bool is_new = page->id > self->last_page_id;
	enum status status = state_begin_transaction(self);
	if (status == STATUS_OK && !is_new)
		status = require_page(self, page->id, &known);
	if (status != STATUS_OK)
		return status;
	/* What was known as another URL must not become the answer of this one. */
	if (!is_new && (!known.url || strcmp(known.url, page->url) != 0))
		return state_fail_damaged(self);
	known.id = page->id;
	known.url = page->url;
	known.listed = page->listed;
	known.depth = page->depth;
	known.via = page->via;
	known.sitemap = page->sitemap;
	known.is_guess = page->is_guess;
	known.run = self->run.id;
	known.is_settled = false;
	known.http_status = 0;
	known.change = STATE_CHANGE_NONE;
	status = write_page(self, &known);
	if (status == STATUS_OK && is_new) {
		self->last_page_id = page->id;
		self->run.pages++;
	}
	return status;
}

enum status state_lower_depth(struct state *self, const struct state_depth *depth)
{
	assert(self->has_begun);
	enum status status = state_begin_transaction(self);
	sqlite3_stmt *statement = self->statements[STATE_WRITE_DEPTH];
	if (status != STATUS_OK)
		return status;
	state_bind_text(self, statement, 1, depth->url);
	self->sqlite->sqlite3_bind_int64(statement, 2, depth->depth);
	return state_run_statement(self, statement);
}

enum state_find state_next_depth(struct state *self, struct state_depth *depth, enum status *status)
{
	enum state_find found = state_check_tables(self, status);
	sqlite3_stmt *row = self->statements[STATE_NEXT_DEPTH];
	if (found == STATE_FOUND)
		found = state_step(self, row, status);
	if (found != STATE_FOUND)
		return found;
	*depth = (struct state_depth){
	    .url = state_column_text(self, row, 0), .depth = (uint32_t)state_column_number(self, row, 1)};
	if (state_has_right_checksum(self, row, 2) && depth->url)
		return STATE_FOUND;
	*status = state_fail_damaged(self);
	return STATE_FAILED;
}

static enum status delete_by_number(struct state *self, enum state_statement which, uint64_t number)
{
	sqlite3_stmt *statement = self->statements[which];
	state_bind_number(self, statement, 1, number);
	return state_run_statement(self, statement);
}

static enum status write_links(struct state *self, const struct state_result *result)
{
	if (result->link_count == 0)
		return delete_by_number(self, STATE_DELETE_LINKS, result->page);
	sqlite3_stmt *statement = self->statements[STATE_WRITE_LINKS];
	struct slice packed =
	    link_packer_pack(&self->packer, result->links, result->link_count, result->page);
	state_bind_number(self, statement, 1, result->page);
	self->sqlite->sqlite3_bind_blob64(statement, 2, packed.data, packed.len, SQLITE_STATIC);
	return state_run_statement(self, statement);
}

enum state_change state_change_of(const struct state_page *before, const struct state_result *result)
{
	bool had_answer = before->fetched > 0;
	switch (result->answer) {
	case STATE_ANSWER_KEPT:
		return result->outcome == OUTCOME_OK ? STATE_CHANGE_UNCHANGED : STATE_CHANGE_NONE;
	case STATE_ANSWER_CONFIRMED:
		return STATE_CHANGE_UNCHANGED;
	case STATE_ANSWER_NEW:
		return !had_answer                                ? STATE_CHANGE_NEW
		       : before->links_hash != result->links_hash ? STATE_CHANGE_CHANGED
		                                                  : STATE_CHANGE_UNCHANGED;
	case STATE_ANSWER_GONE:
		return had_answer ? STATE_CHANGE_GONE : STATE_CHANGE_NONE;
	}
	return STATE_CHANGE_NONE;
}

/* Replaces the last good answer by the one of this run. */
static void set_answer(struct state_page *page, const struct state_result *result)
{
	bool has_same_links = page->change == STATE_CHANGE_UNCHANGED;
	page->answer_url = result->final_url;
	page->etag = result->etag;
	page->last_modified = result->last_modified;
	page->date = result->date;
	page->fetched = result->fetched;
	page->changed = has_same_links ? page->changed : result->fetched;
	page->links_hash = result->links_hash;
	page->links = result->link_count;
}

/* RFC 9111, section 4.3.4: fields of a 304 replace those that are stored. */
static void confirm_answer(struct state_page *page, const struct state_result *result)
{
	page->etag = result->etag ? result->etag : page->etag;
	page->last_modified = result->last_modified ? result->last_modified : page->last_modified;
	page->date = result->date ? result->date : page->date;
	page->fetched = result->fetched;
}

static void remove_answer(struct state_page *page)
{
	page->answer_url = page->etag = page->last_modified = page->date = NULL;
	page->fetched = page->changed = 0;
	page->links_hash = page->links = page->variant = 0;
}

void state_page_apply(struct state_page *page, const struct state_result *result, uint64_t variant)
{
	page->is_settled = true;
	page->outcome = result->outcome;
	page->cause = result->cause;
	page->http_status = result->http_status;
	page->final_url = result->final_url;
	page->depth = result->depth;
	page->change = state_change_of(page, result);
	page->hops = result->hops;
	switch (result->answer) {
	case STATE_ANSWER_KEPT:
		break;
	case STATE_ANSWER_CONFIRMED:
		confirm_answer(page, result);
		page->variant = variant;
		break;
	case STATE_ANSWER_NEW:
		set_answer(page, result);
		page->variant = variant;
		break;
	case STATE_ANSWER_GONE:
		remove_answer(page);
		break;
	}
}

enum status state_settle_page(struct state *self, const struct state_result *result)
{
	struct state_page page;
	assert(self->has_begun);
	enum status status = state_begin_transaction(self);
	if (status == STATUS_OK)
		status = require_page(self, result->page, &page);
	if (status != STATUS_OK)
		return status;
	state_page_apply(&page, result, self->run.variant);
	if (result->answer == STATE_ANSWER_NEW)
		status = write_links(self, result);
	else if (result->answer == STATE_ANSWER_GONE)
		status = delete_by_number(self, STATE_DELETE_LINKS, result->page);
	return status == STATUS_OK ? write_page(self, &page) : status;
}

enum status state_forget_page(struct state *self, uint64_t id)
{
	struct state_page page;
	assert(self->has_begun);
	enum status status = state_begin_transaction(self);
	if (status == STATUS_OK)
		status = require_page(self, id, &page);
	if (status == STATUS_OK)
		status = delete_by_number(self, STATE_DELETE_PAGE, id);
	if (status == STATUS_OK)
		status = delete_by_number(self, STATE_DELETE_LINKS, id);
	if (status == STATUS_OK)
		self->run.pages--;
	return status;
}

enum status state_set_output(struct state *self, const struct state_output *output)
{
	assert(self->has_begun);
	enum status status = state_begin_transaction(self);
	sqlite3_stmt *statement = self->statements[STATE_WRITE_OUTPUT];
	if (status != STATUS_OK)
		return status;
	state_bind_number(self, statement, 1, self->run.id);
	state_bind_text(self, statement, 2, output->name);
	state_bind_text(self, statement, 3, output->path);
	self->sqlite->sqlite3_bind_int64(statement, 4, (sqlite3_int64)output->device);
	self->sqlite->sqlite3_bind_int64(statement, 5, (sqlite3_int64)output->inode);
	self->sqlite->sqlite3_bind_int64(statement, 6, (sqlite3_int64)output->length);
	self->sqlite->sqlite3_bind_int64(statement, 7, (sqlite3_int64)output->end_hash);
	return state_run_statement(self, statement);
}
