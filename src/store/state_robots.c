#include "store/state.h"
#include "store/state_internal.h"

#include <assert.h>

enum state_find state_find_robots(
    struct state *self, const char *origin, double now, struct state_robots *robots, enum status *status)
{
	enum state_find found = state_check_tables(self, status);
	if (found != STATE_FOUND)
		return found;
	sqlite3_stmt *statement = self->statements[STATE_FIND_ROBOTS];
	state_bind_text(self, statement, 1, origin);
	found = state_step(self, statement, status);
	if (found != STATE_FOUND)
		return found;
	bool is_right = state_has_right_checksum(self, statement, 4);
	*robots = (struct state_robots){.origin = origin,
	    .fetched = self->sqlite->sqlite3_column_double(statement, 1),
	    .http_status = (long)state_column_number(self, statement, 2),
	    .body.len = (size_t)self->sqlite->sqlite3_column_bytes(statement, 3)};
	buf_clear(&self->robots_text);
	buf_append(&self->robots_text, self->sqlite->sqlite3_column_blob(statement, 3), robots->body.len);
	robots->body.data = self->robots_text.data;
	self->sqlite->sqlite3_reset(statement);
	if (!is_right)
		*status = state_fail_damaged(self);
	bool is_usable = robots->fetched <= now && now - robots->fetched < STATE_ROBOTS_MAX_AGE_S;
	return !is_right ? STATE_FAILED : is_usable ? STATE_FOUND : STATE_END;
}

enum status state_set_robots(struct state *self, const struct state_robots *robots)
{
	assert(self->has_begun);
	enum status status = state_begin_transaction(self);
	sqlite3_stmt *statement = self->statements[STATE_WRITE_ROBOTS];
	if (status != STATUS_OK)
		return status;
	state_bind_text(self, statement, 1, robots->origin);
	state_bind_time(self, statement, 2, robots->fetched);
	state_bind_number(self, statement, 3, (uint64_t)robots->http_status);
	self->sqlite->sqlite3_bind_blob64(
	    statement, 4, robots->body.data ? robots->body.data : "", robots->body.len, SQLITE_STATIC);
	return state_run_statement(self, statement);
}
