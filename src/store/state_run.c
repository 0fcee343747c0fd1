#include "base/alloc.h"
#include "store/state.h"
#include "store/state_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The log is copied into the file when it has that many pages. */
enum { CHECKPOINT_PAGES = 1024 };

const struct state_run *state_last_run(const struct state *self)
{
	return &self->run;
}

static void set_run_options(struct state *self, const char *options)
{
	char *copy = alloc_copy(options, strlen(options));
	free(self->run_options);
	self->run.options = self->run_options = copy;
}

/* The columns of a run but the first five and its checksum, in their order. */
enum { TOTALS = 11, FIRST_TOTAL = 6, RUN_CHECKSUM = FIRST_TOTAL + TOTALS };

static void list_totals(struct state *self, uint64_t *totals[TOTALS])
{
	struct state_totals *of = &self->totals;
	uint64_t *const list[TOTALS] = {&of->urls, &of->found, &of->ok, &of->failed, &of->skipped,
	    &of->interrupted, &of->links, &of->changes[STATE_CHANGE_NEW], &of->changes[STATE_CHANGE_GONE],
	    &of->changes[STATE_CHANGE_CHANGED], &of->changes[STATE_CHANGE_UNCHANGED]};
	memcpy(totals, list, sizeof list);
}

static void read_run(struct state *self, sqlite3_stmt *statement)
{
	uint64_t *totals[TOTALS];
	list_totals(self, totals);
	self->run.id = state_column_number(self, statement, 0);
	self->run.began = self->sqlite->sqlite3_column_double(statement, 1);
	self->run.ended = self->sqlite->sqlite3_column_double(statement, 2);
	self->run.variant = state_column_number(self, statement, 4);
	self->run.pages = state_column_number(self, statement, 5);
	for (int i = 0; i < TOTALS; i++)
		*totals[i] = state_column_number(self, statement, FIRST_TOTAL + i);
	set_run_options(self, state_column_text(self, statement, 3));
}

enum status state_load_run(struct state *self)
{
	enum status status = STATUS_OK;
	sqlite3_stmt *statement = self->statements[STATE_LAST_RUN];
	enum state_find found = state_step(self, statement, &status);
	/* The tables are made together with the first run. */
	if (found == STATE_END)
		return state_fail_damaged(self);
	if (found == STATE_FAILED)
		return status;
	if (!state_has_right_checksum(self, statement, RUN_CHECKSUM) ||
	    !state_column_text(self, statement, 3))
		status = state_fail_damaged(self);
	else
		read_run(self, statement);
	self->sqlite->sqlite3_reset(statement);
	return status;
}

static enum status write_run(struct state *self)
{
	uint64_t *totals[TOTALS];
	list_totals(self, totals);
	sqlite3_stmt *statement = self->statements[STATE_WRITE_RUN];
	state_bind_number(self, statement, 1, self->run.id);
	state_bind_time(self, statement, 2, self->run.began);
	state_bind_time(self, statement, 3, self->run.ended);
	state_bind_text(self, statement, 4, self->run.options);
	state_bind_number(self, statement, 5, self->run.variant);
	self->sqlite->sqlite3_bind_int64(statement, 6, (sqlite3_int64)self->run.pages);
	for (int i = 0; i < TOTALS; i++)
		if (self->run.ended > 0)
			self->sqlite->sqlite3_bind_int64(
			    statement, 1 + FIRST_TOTAL + i, (sqlite3_int64)*totals[i]);
		else
			self->sqlite->sqlite3_bind_null(statement, 1 + FIRST_TOTAL + i);
	return state_run_statement(self, statement);
}

static enum status forget_all(struct state *self)
{
	self->run.pages = 0;
	self->last_page_id = 0;
	return state_execute(self,
	    "DELETE FROM pages; DELETE FROM links; DELETE FROM outputs; DELETE FROM robots; "
	    "DELETE FROM depths; DELETE FROM targets");
}

static enum status load_last_page_id(struct state *self)
{
	enum status status = STATUS_OK;
	sqlite3_stmt *statement = self->statements[STATE_LAST_PAGE_ID];
	if (state_step(self, statement, &status) == STATE_FAILED)
		return status;
	self->last_page_id = state_column_number(self, statement, 0);
	self->sqlite->sqlite3_reset(statement);
	return STATUS_OK;
}

/* Sets *name to an option that the two objects do not have in common, in a new string: to "request" only if
 * there is no other one, and to NULL if they are the same. *varies tells whether one differs that decides
 * more than what the outputs make of the links. */
static enum status find_differing_option(struct state *self, const char *options, char **name, bool *varies)
{
	enum status status = STATUS_OK;
	sqlite3_stmt *statement = self->statements[STATE_DIFFERENCE];
	*name = NULL;
	*varies = false;
	state_bind_text(self, statement, 1, self->run.options);
	state_bind_text(self, statement, 2, options);
	if (state_step(self, statement, &status) != STATE_FOUND)
		return status;
	const char *key = state_column_text(self, statement, 0);
	if (key)
		*name = alloc_copy(key, strlen(key));
	*varies = state_column_number(self, statement, 1) != 0;
	self->sqlite->sqlite3_reset(statement);
	return STATUS_OK;
}

static enum status fail_differing(struct state *self, const char *name)
{
	char text[32] = "an unknown time";
	time_t began = (time_t)self->run.began;
	struct tm local;
	if (localtime_r(&began, &local))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
	return state_fail(self, STATUS_USAGE,
	    "the run of %s is not finished, and had another --%.100s; give the same options to go on with "
	    "it, or "
	    "--restart to forget it",
	    text, name);
}

/* Decides how the run begins. */
static enum status decide_begin(
    struct state *self, const char *options, enum state_wish wish, struct state_begun *begun)
{
	char *differing = NULL;
	bool varies;
	enum status status = STATUS_OK;
	*begun = (struct state_begun){.how = STATE_FIRST_RUN, .run = 1, .variant = 1};
	if (self->run.id == 0)
		return STATUS_OK;
	status = find_differing_option(self, options, &differing, &varies);
	bool is_interrupted = self->run.ended <= 0;
	begun->how = wish == STATE_FORGET                    ? STATE_RESTARTED_RUN
	             : is_interrupted && wish == STATE_GO_ON ? STATE_RESUMED_RUN
	                                                     : STATE_NEXT_RUN;
	begun->run = self->run.id + (begun->how != STATE_RESUMED_RUN);
	begun->has_same_options = !differing || strcmp(differing, "request") == 0;
	begun->variant = self->run.variant + varies;
	if (status == STATUS_OK && !begun->has_same_options && begun->how == STATE_RESUMED_RUN)
		status = fail_differing(self, differing);
	free(differing);
	return status;
}

/* A run that is given up has ended, too. */
static enum status end_run_before(struct state *self, double now)
{
	if (self->run.id == 0 || self->run.ended > 0)
		return STATUS_OK;
	self->run.ended = now;
	return write_run(self);
}

/* Forgets each robots.txt that may not be used any more. */
static enum status forget_robots(struct state *self, double now, bool is_same_variant)
{
	sqlite3_stmt *statement = self->statements[STATE_DELETE_ROBOTS];
	state_bind_time(self, statement, 1, is_same_variant ? now - STATE_ROBOTS_MAX_AGE_S : now);
	return state_run_statement(self, statement);
}

/* Commits the tables in SQLite's first mode, so that the file says what it is even if the log is lost; and
 * only then has a log. */
static enum status write_begin(
    struct state *self, const char *options, double now, const struct state_begun *begun)
{
	bool is_resumed = begun->how == STATE_RESUMED_RUN;
	if (is_resumed && begun->variant == self->run.variant)
		return state_execute(self, "PRAGMA journal_mode=WAL");
	enum status status = state_begin_transaction(self);
	if (status == STATUS_OK && !self->has_tables)
		status = state_create_tables(self);
	if (status == STATUS_OK && begun->how == STATE_RESTARTED_RUN)
		status = forget_all(self);
	if (status == STATUS_OK && !is_resumed)
		status = end_run_before(self, now);
	if (status == STATUS_OK && !is_resumed)
		status = state_execute(self, "DELETE FROM outputs; DELETE FROM depths; DELETE FROM targets");
	if (status == STATUS_OK)
		status = forget_robots(self, now, begun->variant == self->run.variant);
	if (status != STATUS_OK)
		return status;
	self->run.id = begun->run;
	self->run.began = is_resumed ? self->run.began : now;
	self->run.ended = 0;
	self->run.variant = begun->variant;
	set_run_options(self, options);
	status = state_commit(self);
	return status == STATUS_OK ? state_execute(self, "PRAGMA journal_mode=WAL") : status;
}

enum status state_begin_run(
    struct state *self, const char *options, enum state_wish wish, double now, struct state_begun *begun)
{
	assert(self->access == STATE_WRITE && !self->has_begun && !self->in_cursor);
	enum status status = decide_begin(self, options, wish, begun);
	if (status == STATUS_OK)
		status = write_begin(self, options, now, begun);
	if (status == STATUS_OK)
		status = load_last_page_id(self);
	self->has_begun = status == STATUS_OK;
	return status;
}

enum status state_end_run(struct state *self, const struct state_totals *totals, double now)
{
	enum status status = state_begin_transaction(self);
	self->totals = *totals;
	self->run.ended = now;
	return status;
}

enum status state_commit(struct state *self)
{
	if (!self->in_transaction)
		return STATUS_OK;
	enum status status = write_run(self);
	if (status == STATUS_OK)
		status = state_execute(self, "COMMIT");
	self->in_transaction = status != STATUS_OK;
	return status;
}

enum status state_checkpoint(struct state *self)
{
	if (self->in_transaction || self->log_pages < CHECKPOINT_PAGES)
		return STATUS_OK;
	self->log_pages = 0;
	int code =
	    self->sqlite->sqlite3_wal_checkpoint_v2(self->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY ? STATUS_OK : state_fail_sqlite(self);
}
