/* What --check has asked for. */

#include "store/state.h"
#include "store/state_internal.h"

#include <assert.h>
#include <string.h>

/* Where the columns of a target are in its row; the checksums follow. The checksum does not include the id,
 * which SQLite chooses. */
enum {
	TARGET_ID,
	TARGET_URL,
	TARGET_PURPOSE,
	TARGET_OUTCOME,
	TARGET_STAGE,
	TARGET_CAUSE,
	TARGET_REASON,
	TARGET_HTTP_STATUS,
	TARGET_ANSWERED,
	TARGET_FINAL_URL,
	TARGET_HOPS,
	TARGET_LEADS_TO,
	TARGET_ANCHORS,
	TARGET_CHECKSUM
};

static const char *const purpose_words[] = {
    [STORE_PAGE] = "page", [STORE_ANCHORS] = "anchors", [STORE_LOOK] = "look"};
enum { PURPOSES = sizeof purpose_words / sizeof *purpose_words };

/* Returns the index of a word in a list; count if it is not there. */
static int find_word(const char *word, const char *(*text_of)(int), int count)
{
	int index = 0;
	while (index < count && (!word || strcmp(text_of(index), word) != 0))
		index++;
	return index;
}

static const char *purpose_text(int purpose)
{
	return purpose_words[purpose];
}

static const char *stage_text(int stage)
{
	return outcome_stage_text((enum outcome_stage)stage);
}

static bool read_words(struct state *self, sqlite3_stmt *row, struct state_target *target)
{
	int purpose = find_word(state_column_text(self, row, TARGET_PURPOSE), purpose_text, PURPOSES);
	int stage = find_word(state_column_text(self, row, TARGET_STAGE), stage_text, STAGES);
	const char *outcome = state_column_text(self, row, TARGET_OUTCOME);
	target->purpose = (enum store_purpose)purpose;
	target->stage = (enum outcome_stage)stage;
	return purpose < PURPOSES && stage < STAGES && outcome &&
	       state_read_outcome(
	           outcome, state_column_text(self, row, TARGET_CAUSE), &target->outcome, &target->cause);
}

/* The texts are borrowed from the row. */
static enum status read_target(struct state *self, sqlite3_stmt *row, struct state_target *target)
{
	const char *url = state_column_text(self, row, TARGET_URL);
	if (!state_has_right_checksum(self, row, TARGET_CHECKSUM) || !url)
		return state_fail_damaged(self);
	*target = (struct state_target){.id = state_column_number(self, row, TARGET_ID),
	    .url = url,
	    .reason = state_column_text(self, row, TARGET_REASON),
	    .http_status = (long)state_column_number(self, row, TARGET_HTTP_STATUS),
	    .has_answered = state_column_number(self, row, TARGET_ANSWERED) != 0,
	    .final_url = state_column_text(self, row, TARGET_FINAL_URL),
	    .hops = state_column_text(self, row, TARGET_HOPS),
	    .leads_to = state_column_text(self, row, TARGET_LEADS_TO),
	    .has_anchors = self->sqlite->sqlite3_column_type(row, TARGET_ANCHORS) != SQLITE_NULL,
	    .anchors = {self->sqlite->sqlite3_column_blob(row, TARGET_ANCHORS),
	        (size_t)self->sqlite->sqlite3_column_bytes(row, TARGET_ANCHORS)}};
	return read_words(self, row, target) ? STATUS_OK : state_fail_newer(self);
}

enum state_find state_next_target(struct state *self, struct state_target *target, enum status *status)
{
	enum state_find found = state_check_tables(self, status);
	sqlite3_stmt *row = self->statements[STATE_NEXT_TARGET];
	if (found == STATE_FOUND)
		found = state_step(self, row, status);
	if (found != STATE_FOUND)
		return found;
	*status = read_target(self, row, target);
	return *status == STATUS_OK ? STATE_FOUND : STATE_FAILED;
}

/* The anchors follow the texts. */
static void keep_texts(struct state *self, struct state_target *target)
{
	struct slice *anchors = &target->anchors;
	state_keep_texts(&self->target_text,
	    (const char **const[]){
	        &target->url, &target->reason, &target->final_url, &target->hops, &target->leads_to},
	    5);
	buf_clear(&self->target_anchors);
	buf_append(&self->target_anchors, anchors->data, anchors->len);
	anchors->data = self->target_anchors.data;
}

enum state_find state_find_target(
    struct state *self, uint64_t id, struct state_target *target, enum status *status)
{
	enum state_find found = state_check_tables(self, status);
	sqlite3_stmt *row = self->statements[STATE_FIND_TARGET];
	if (found != STATE_FOUND)
		return found;
	state_bind_number(self, row, 1, id);
	found = state_step(self, row, status);
	if (found != STATE_FOUND)
		return found;
	*status = read_target(self, row, target);
	if (*status == STATUS_OK)
		keep_texts(self, target);
	self->sqlite->sqlite3_reset(row);
	return *status == STATUS_OK ? STATE_FOUND : STATE_FAILED;
}

enum status state_add_target(struct state *self, const struct state_target *target)
{
	assert(self->has_begun);
	enum status status = state_begin_transaction(self);
	sqlite3_stmt *row = self->statements[STATE_WRITE_TARGET];
	if (status != STATUS_OK)
		return status;
	state_bind_text(self, row, TARGET_URL, target->url);
	state_bind_text(self, row, TARGET_PURPOSE, purpose_text(target->purpose));
	state_bind_text(self, row, TARGET_OUTCOME, outcome_kind_text(target->outcome));
	state_bind_text(self, row, TARGET_STAGE, outcome_stage_text(target->stage));
	state_bind_text(
	    self, row, TARGET_CAUSE, target->cause == CAUSE_NONE ? NULL : cause_word(target->cause));
	state_bind_text(self, row, TARGET_REASON, target->reason);
	state_bind_number(self, row, TARGET_HTTP_STATUS, (uint64_t)target->http_status);
	state_bind_number(self, row, TARGET_ANSWERED, target->has_answered);
	state_bind_text(self, row, TARGET_FINAL_URL, target->final_url);
	state_bind_text(self, row, TARGET_HOPS, target->hops);
	state_bind_text(self, row, TARGET_LEADS_TO, target->leads_to);
	if (target->has_anchors)
		self->sqlite->sqlite3_bind_blob64(row, TARGET_ANCHORS,
		    target->anchors.data ? target->anchors.data : "", target->anchors.len, SQLITE_STATIC);
	else
		self->sqlite->sqlite3_bind_null(row, TARGET_ANCHORS);
	return state_run_statement(self, row);
}
