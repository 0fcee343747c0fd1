/* What the files of the state share. state.c opens and closes the file, state_run.c has the runs,
 * state_pages.c has the pages, their links and the output files, state_targets.c what was checked,
 * state_robots.c robots.txt, state_sql.c has the tables and the statements, and state_error.c the
 * messages. */
#ifndef AREQ_STORE_STATE_INTERNAL_H
#define AREQ_STORE_STATE_INTERNAL_H

#include "base/buf.h"
#include "store/sqlite.h"
#include "store/state.h"

#include <stddef.h>

/* "areq" as the application ID of SQLite, and the version of the tables. */
enum { STATE_APPLICATION_ID = 0x61726571, STATE_FORMAT_VERSION = 1 };

/* The columns of the tables but the last one, their checksum; ?1 and so on are their values. */
#define STATE_PAGE_COLUMNS                                                                                   \
	"id,url,listed,depth,via,sitemap,guess,run,outcome,cause,http_status,final_url,hops,change,"         \
	"answer_url,etag,last_modified,date,fetched,changed,links_hash,links,variant"
#define STATE_PAGE_VALUES "?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23"
#define STATE_RUN_COLUMNS                                                                                    \
	"id,began,ended,options,variant,pages,urls,found,ok,failed,skipped,interrupted,links,"               \
	"new,gone,changed,unchanged"
#define STATE_RUN_VALUES     "?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17"
#define STATE_ROBOTS_COLUMNS "origin,fetched,http_status,body"
#define STATE_ROBOTS_VALUES  "?1,?2,?3,?4"
#define STATE_TARGET_COLUMNS                                                                                 \
	"url,purpose,outcome,stage,cause,reason,http_status,answered,final_url,hops,leads_to,anchors"
#define STATE_TARGET_VALUES "?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12"

/* The statements. The first ones need no tables and are prepared when the file is opened, the others as soon
 * as it has tables. */
enum state_statement {
	STATE_HAS_TABLES,
	STATE_TABLE_SQL,
	STATE_DIFFERENCE,
	STATE_WITHOUT_TABLES = STATE_DIFFERENCE,
	STATE_LAST_RUN,
	STATE_WRITE_RUN,
	STATE_LAST_PAGE_ID,
	STATE_NEXT_PAGE,
	STATE_FIND_PAGE,
	STATE_WRITE_PAGE,
	STATE_DELETE_PAGE,
	STATE_FIND_LINKS,
	STATE_WRITE_LINKS,
	STATE_DELETE_LINKS,
	STATE_FIND_OUTPUT,
	STATE_WRITE_OUTPUT,
	STATE_FIND_ROBOTS,
	STATE_WRITE_ROBOTS,
	STATE_DELETE_ROBOTS,
	STATE_NEXT_DEPTH,
	STATE_WRITE_DEPTH,
	STATE_NEXT_TARGET,
	STATE_FIND_TARGET,
	STATE_WRITE_TARGET,
	STATE_STATEMENTS
};

struct state {
	char *path;
	char *sqlite_path; /* the same in a form that has no other meaning for SQLite */
	char *lock_path;
	const struct sqlite *sqlite;
	sqlite3 *db;
	sqlite3_stmt *statements[STATE_STATEMENTS];
	enum state_access access;
	int lock_fd; /* holds the lock while it is open; -1 */
	bool is_locked;
	bool has_tables;
	bool has_begun; /* a run */
	bool has_failed;
	bool in_transaction; /* something was written since the last commit */
	bool in_cursor;      /* state_next_page has begun and not reached the end */
	int log_pages;       /* pages in SQLite's log, after the last commit */

	struct state_run run;       /* the last one */
	struct state_totals totals; /* of it */
	char *run_options;          /* run.options */
	uint64_t last_page_id;      /* the largest */
	uint64_t cursor_id;         /* of the page that state_next_page has read last */
	uint64_t cursor_count;      /* pages that it has read */

	struct buf page_text;   /* of state_find_page */
	struct buf output_text; /* of state_find_output */
	struct buf robots_text; /* of state_find_robots */
	struct buf target_text; /* of state_find_target */
	struct buf target_anchors;
	struct buf checksum_text; /* what a checksum is computed of */
	struct link_packer packer;
	char problem[1024];

	bool (*goes_on)(void *ctx); /* see state_wait_while */
	void *goes_on_ctx;
	int64_t busy_until; /* monotonic ms */
};

/* Records the message "PATH: ..." and returns the status. */
#if defined __GNUC__
__attribute__((format(printf, 3, 4)))
#endif
enum status
state_fail(struct state *self, enum status status, const char *format, ...);

/* Records the message for the error that SQLite has just reported, and returns the status. */
enum status state_fail_sqlite(struct state *self);

/* The same for content that cannot be right. */
enum status state_fail_damaged(struct state *self);

/* The same for a word that this version does not know. */
enum status state_fail_newer(struct state *self);

/* Prepares the statements that need no tables. */
enum status state_prepare(struct state *self);

/* Runs a statement that returns no rows, and resets it. */
enum status state_run_statement(struct state *self, sqlite3_stmt *statement);

/* Steps to the next row. STATE_END and STATE_FAILED reset the statement. */
enum state_find state_step(struct state *self, sqlite3_stmt *statement, enum status *status);

/* Runs SQL text that returns no rows. */
enum status state_execute(struct state *self, const char *sql);

/* To be called before each write. */
enum status state_begin_transaction(struct state *self);

/* The SQL function areq_checksum, whose user data is a buffer: the checksum of all its arguments, with their
 * types, in their order. */
void state_compute_checksum(sqlite3_context *context, int count, sqlite3_value **values);

/* Makes the tables, in a transaction. */
enum status state_create_tables(struct state *self);

/* To be called before each read: STATE_END if the file has no tables yet. */
enum state_find state_check_tables(struct state *self, enum status *status);

/* Reads the last run again. */
enum status state_load_run(struct state *self);

/* Binds a text; NULL for NULL. It must stay until the statement was run. The second one binds NULL for 0. */
void state_bind_text(struct state *self, sqlite3_stmt *statement, int index, const char *text);
void state_bind_number(struct state *self, sqlite3_stmt *statement, int index, uint64_t number);
void state_bind_time(struct state *self, sqlite3_stmt *statement, int index, double seconds);

/* Return the value of a column; 0 or NULL where it is NULL. */
uint64_t state_column_number(struct state *self, sqlite3_stmt *statement, int index);
const char *state_column_text(struct state *self, sqlite3_stmt *statement, int index);

/* Finds the values that the words stand for; cause is NULL for CAUSE_NONE. False if there are none. */
bool state_read_outcome(
    const char *kind_word, const char *cause_word_or_null, enum outcome_kind *kind, enum cause *cause);

/* Copies texts into a buffer, and makes the pointers point there. */
void state_keep_texts(struct buf *buffer, const char **const *texts, size_t count);

/* True if the column with that index and the next one, the checksum as it is stored and as it is computed,
 * are the same. */
bool state_has_right_checksum(struct state *self, sqlite3_stmt *statement, int index);

#endif
