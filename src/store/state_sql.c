#include "store/state_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static const struct {
	const char *name, *sql;
} tables[] = {
    {"runs", "CREATE TABLE runs(\n"
             "  id INTEGER PRIMARY KEY,\n"
             "  began REAL, ended REAL, options TEXT, variant INTEGER, pages INTEGER,\n"
             "  urls INTEGER, found INTEGER, ok INTEGER, failed INTEGER,\n"
             "  skipped INTEGER, interrupted INTEGER, links INTEGER,\n"
             "  new INTEGER, gone INTEGER, changed INTEGER, unchanged INTEGER,\n"
             "  checksum INTEGER)"},
    {"pages", "CREATE TABLE pages(\n"
              "  id INTEGER PRIMARY KEY,\n"
              "  url TEXT, listed TEXT, depth INTEGER, via INTEGER,\n"
              "  sitemap INTEGER, guess INTEGER, run INTEGER,\n"
              "  outcome TEXT, cause TEXT, http_status INTEGER,\n"
              "  final_url TEXT, hops TEXT, change TEXT, answer_url TEXT,\n"
              "  etag TEXT, last_modified TEXT, date TEXT, fetched REAL,\n"
              "  changed REAL, links_hash INTEGER, links INTEGER,\n"
              "  variant INTEGER,\n"
              "  checksum INTEGER)"},
    {"links", "CREATE TABLE links(\n"
              "  page INTEGER PRIMARY KEY,\n"
              "  body BLOB)"},
    {"outputs", "CREATE TABLE outputs(\n"
                "  run INTEGER, name TEXT, path TEXT,\n"
                "  device INTEGER, inode INTEGER,\n"
                "  length INTEGER, end_hash INTEGER,\n"
                "  PRIMARY KEY(run, name)) WITHOUT ROWID"},
    {"robots", "CREATE TABLE robots(\n"
               "  origin TEXT PRIMARY KEY,\n"
               "  fetched REAL, http_status INTEGER, body BLOB,\n"
               "  checksum INTEGER) WITHOUT ROWID"},
    {"depths", "CREATE TABLE depths(\n"
               "  url TEXT PRIMARY KEY, depth INTEGER,\n"
               "  checksum INTEGER) WITHOUT ROWID"},
    {"targets", "CREATE TABLE targets(\n"
                "  id INTEGER PRIMARY KEY,\n"
                "  url TEXT, purpose TEXT, outcome TEXT, stage TEXT,\n"
                "  cause TEXT, reason TEXT, http_status INTEGER,\n"
                "  answered INTEGER, final_url TEXT, hops TEXT,\n"
                "  leads_to TEXT, anchors BLOB,\n"
                "  checksum INTEGER)"},
};

/* The checksum of a run includes its output files. */
#define OUTPUTS_OF(run)                                                                                      \
	"(SELECT group_concat(quote(name)||quote(path)||device||' '||inode||' '||length||' '||end_hash)"     \
	" FROM (SELECT * FROM outputs WHERE run=" run " ORDER BY name))"

/* The keys of options that only decide what the outputs make of the links, see state_begin_run. */
#define STATE_IS_OUTPUT_KEY "key IN ('format','null','unique','changes','changes-to')"

static const char *const statement_texts[STATE_STATEMENTS] = {
    [STATE_HAS_TABLES] = "SELECT count(*), sum(type='trigger') FROM sqlite_master",
    [STATE_TABLE_SQL] = "SELECT sql FROM sqlite_master WHERE type='table' AND name=?1",
    [STATE_DIFFERENCE] =
        "SELECT key,max(NOT " STATE_IS_OUTPUT_KEY
        ") OVER () FROM (SELECT * FROM (SELECT key,type,value FROM json_each(?1) EXCEPT SELECT "
        "key,type,value FROM json_each(?2)) UNION SELECT * FROM (SELECT key,type,value FROM json_each(?2) "
        "EXCEPT SELECT key,type,value FROM json_each(?1))) ORDER BY key='request', key LIMIT 1",
    [STATE_LAST_RUN] = "SELECT " STATE_RUN_COLUMNS ",checksum,areq_checksum(" STATE_RUN_COLUMNS
                       "," OUTPUTS_OF("runs.id") ") FROM runs ORDER BY id DESC LIMIT 1",
    [STATE_WRITE_RUN] = "INSERT OR REPLACE INTO runs(" STATE_RUN_COLUMNS ",checksum) VALUES(" STATE_RUN_VALUES
                        ",areq_checksum(" STATE_RUN_VALUES "," OUTPUTS_OF("?1") "))",
    [STATE_LAST_PAGE_ID] = "SELECT max(id) FROM pages",
    [STATE_NEXT_PAGE] =
        "SELECT " STATE_PAGE_COLUMNS ",checksum,areq_checksum(" STATE_PAGE_COLUMNS ") FROM pages ORDER BY id",
    [STATE_FIND_PAGE] =
        "SELECT " STATE_PAGE_COLUMNS ",checksum,areq_checksum(" STATE_PAGE_COLUMNS ") FROM pages WHERE id=?1",
    [STATE_WRITE_PAGE] = "INSERT OR REPLACE INTO pages(" STATE_PAGE_COLUMNS
                         ",checksum) VALUES(" STATE_PAGE_VALUES ",areq_checksum(" STATE_PAGE_VALUES "))",
    [STATE_DELETE_PAGE] = "DELETE FROM pages WHERE id=?1",
    [STATE_FIND_LINKS] = "SELECT body FROM links WHERE page=?1",
    [STATE_WRITE_LINKS] = "INSERT OR REPLACE INTO links(page,body) VALUES(?1,?2)",
    [STATE_DELETE_LINKS] = "DELETE FROM links WHERE page=?1",
    [STATE_FIND_OUTPUT] =
        "SELECT name,path,device,inode,length,end_hash FROM outputs WHERE run=?1 AND name=?2",
    [STATE_WRITE_OUTPUT] = "INSERT OR REPLACE INTO outputs(run,name,path,device,inode,length,end_hash) "
                           "VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [STATE_FIND_ROBOTS] = "SELECT " STATE_ROBOTS_COLUMNS ",checksum,areq_checksum(" STATE_ROBOTS_COLUMNS
                          ") FROM robots WHERE origin=?1",
    [STATE_WRITE_ROBOTS] =
        "INSERT OR REPLACE INTO robots(" STATE_ROBOTS_COLUMNS ",checksum) VALUES(" STATE_ROBOTS_VALUES
        ",areq_checksum(" STATE_ROBOTS_VALUES "))",
    [STATE_DELETE_ROBOTS] = "DELETE FROM robots WHERE fetched<=?1",
    [STATE_NEXT_DEPTH] = "SELECT url,depth,checksum,areq_checksum(url,depth) FROM depths",
    [STATE_WRITE_DEPTH] =
        "INSERT OR REPLACE INTO depths(url,depth,checksum) VALUES(?1,?2,areq_checksum(?1,?2))",
    [STATE_NEXT_TARGET] = "SELECT id," STATE_TARGET_COLUMNS ",checksum,areq_checksum(" STATE_TARGET_COLUMNS
                          ") FROM targets ORDER BY id",
    [STATE_FIND_TARGET] = "SELECT id," STATE_TARGET_COLUMNS ",checksum,areq_checksum(" STATE_TARGET_COLUMNS
                          ") FROM targets WHERE id=?1",
    [STATE_WRITE_TARGET] =
        "INSERT INTO targets(" STATE_TARGET_COLUMNS ",checksum) VALUES(" STATE_TARGET_VALUES
        ",areq_checksum(" STATE_TARGET_VALUES "))",
};

void state_compute_checksum(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct sqlite *sqlite = sqlite_get();
	struct buf *text = sqlite->sqlite3_user_data(context);
	buf_clear(text);
	for (int i = 0; i < count; i++) {
		char type = (char)sqlite->sqlite3_value_type(values[i]);
		buf_append_byte(text, type);
		if (type == SQLITE_INTEGER) {
			int64_t number = sqlite->sqlite3_value_int64(values[i]);
			buf_append(text, &number, sizeof number);
		} else if (type == SQLITE_FLOAT) {
			double number = sqlite->sqlite3_value_double(values[i]);
			buf_append(text, &number, sizeof number);
		} else if (type != SQLITE_NULL) {
			const unsigned char *bytes = sqlite->sqlite3_value_text(values[i]);
			int len = sqlite->sqlite3_value_bytes(values[i]);
			buf_append(text, &len, sizeof len);
			buf_append(text, bytes, bytes ? (size_t)len : 0);
		}
	}
	sqlite->sqlite3_result_int64(context, (sqlite3_int64)XXH3_64bits(text->data, text->len));
}

bool state_has_right_checksum(struct state *self, sqlite3_stmt *statement, int index)
{
	return self->sqlite->sqlite3_column_int64(statement, index) ==
	       self->sqlite->sqlite3_column_int64(statement, index + 1);
}

/* Prepares the statements first to last. */
static enum status prepare(struct state *self, enum state_statement first, enum state_statement last)
{
	for (int which = first; which <= (int)last; which++)
		if (self->sqlite->sqlite3_prepare_v2(
		        self->db, statement_texts[which], -1, &self->statements[which], NULL) != SQLITE_OK)
			return state_fail_sqlite(self);
	return STATUS_OK;
}

enum status state_prepare(struct state *self)
{
	return prepare(self, 0, STATE_WITHOUT_TABLES);
}

/* The tables are there and are ours. */
static enum status accept_tables(struct state *self)
{
	enum status status = prepare(self, STATE_WITHOUT_TABLES + 1, STATE_STATEMENTS - 1);
	self->has_tables = status == STATUS_OK;
	return status;
}

enum state_find state_step(struct state *self, sqlite3_stmt *statement, enum status *status)
{
	errno = 0;
	int code = self->sqlite->sqlite3_step(statement);
	if (code == SQLITE_ROW)
		return STATE_FOUND;
	if (code != SQLITE_DONE)
		*status = state_fail_sqlite(self);
	self->sqlite->sqlite3_reset(statement);
	return code == SQLITE_DONE ? STATE_END : STATE_FAILED;
}

enum status state_run_statement(struct state *self, sqlite3_stmt *statement)
{
	enum status status = STATUS_OK;
	state_step(self, statement, &status);
	return status;
}

enum status state_execute(struct state *self, const char *sql)
{
	errno = 0;
	int code = self->sqlite->sqlite3_exec(self->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? STATUS_OK : state_fail_sqlite(self);
}

enum status state_begin_transaction(struct state *self)
{
	assert(self->access == STATE_WRITE && !self->has_failed);
	if (self->in_transaction)
		return STATUS_OK;
	enum status status = state_execute(self, "BEGIN IMMEDIATE");
	self->in_transaction = status == STATUS_OK;
	return status;
}

void state_bind_text(struct state *self, sqlite3_stmt *statement, int index, const char *text)
{
	self->sqlite->sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

void state_bind_number(struct state *self, sqlite3_stmt *statement, int index, uint64_t number)
{
	if (number)
		self->sqlite->sqlite3_bind_int64(statement, index, (sqlite3_int64)number);
	else
		self->sqlite->sqlite3_bind_null(statement, index);
}

void state_bind_time(struct state *self, sqlite3_stmt *statement, int index, double seconds)
{
	if (seconds > 0)
		self->sqlite->sqlite3_bind_double(statement, index, seconds);
	else
		self->sqlite->sqlite3_bind_null(statement, index);
}

uint64_t state_column_number(struct state *self, sqlite3_stmt *statement, int index)
{
	return (uint64_t)self->sqlite->sqlite3_column_int64(statement, index);
}

const char *state_column_text(struct state *self, sqlite3_stmt *statement, int index)
{
	return (const char *)self->sqlite->sqlite3_column_text(statement, index);
}

void state_keep_texts(struct buf *buffer, const char **const *texts, size_t count)
{
	size_t room = 0;
	for (size_t i = 0; i < count; i++)
		room += *texts[i] ? strlen(*texts[i]) + 1 : 0;
	buf_clear(buffer);
	/* The buffer must not move while the pointers into it are set. */
	buf_reserve(buffer, room);
	for (size_t i = 0; i < count; i++) {
		if (!*texts[i])
			continue;
		const char *copy = buffer->data + buffer->len;
		buf_append(buffer, *texts[i], strlen(*texts[i]) + 1);
		*texts[i] = copy;
	}
}

/* Tables that differ from ours, or a trigger, would change the meaning of what is read and written. */
static enum status check_table(struct state *self, size_t which)
{
	enum status status = STATUS_OK;
	sqlite3_stmt *statement = self->statements[STATE_TABLE_SQL];
	state_bind_text(self, statement, 1, tables[which].name);
	enum state_find found = state_step(self, statement, &status);
	if (found == STATE_FAILED)
		return status;
	const char *sql = found == STATE_FOUND ? state_column_text(self, statement, 0) : NULL;
	bool is_ours = sql && strcmp(sql, tables[which].sql) == 0;
	self->sqlite->sqlite3_reset(statement);
	return is_ours ? STATUS_OK : state_fail_damaged(self);
}

enum state_find state_check_tables(struct state *self, enum status *status)
{
	if (self->has_tables)
		return STATE_FOUND;
	sqlite3_stmt *statement = self->statements[STATE_HAS_TABLES];
	if (state_step(self, statement, status) != STATE_FOUND)
		return STATE_FAILED;
	uint64_t count = state_column_number(self, statement, 0);
	uint64_t triggers = state_column_number(self, statement, 1);
	self->sqlite->sqlite3_reset(statement);
	if (count == 0)
		return STATE_END;
	*status = triggers ? state_fail_damaged(self) : STATUS_OK;
	for (size_t i = 0; *status == STATUS_OK && i < sizeof tables / sizeof *tables; i++)
		*status = check_table(self, i);
	if (*status == STATUS_OK)
		*status = accept_tables(self);
	return self->has_tables ? STATE_FOUND : STATE_FAILED;
}

enum status state_create_tables(struct state *self)
{
	char pragmas[128];
	snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d",
	    STATE_APPLICATION_ID, STATE_FORMAT_VERSION);
	enum status status = state_execute(self, pragmas);
	for (size_t i = 0; status == STATUS_OK && i < sizeof tables / sizeof *tables; i++)
		status = state_execute(self, tables[i].sql);
	return status == STATUS_OK ? accept_tables(self) : status;
}

bool state_read_outcome(
    const char *kind_word, const char *cause_word_or_null, enum outcome_kind *kind, enum cause *cause)
{
	int number = 0, of_cause = CAUSE_NONE;
	while (number < OUTCOME_KINDS && strcmp(outcome_kind_text((enum outcome_kind)number), kind_word) != 0)
		number++;
	if (cause_word_or_null)
		for (of_cause = CAUSE_NONE + 1; of_cause < CAUSES; of_cause++)
			if (strcmp(cause_word((enum cause)of_cause), cause_word_or_null) == 0)
				break;
	*kind = (enum outcome_kind)number;
	*cause = (enum cause)of_cause;
	return number < OUTCOME_KINDS && of_cause < CAUSES;
}
