/* Reads a state file, and compares what it says with what the server of a test has seen. Like all support it
 * fails the test where it cannot do its work. */
#ifndef SUPPORT_STATE_FILE_H
#define SUPPORT_STATE_FILE_H

#include "rows.h"
#include "site.h"

#include <stddef.h>

/* Appends the rows that an SQL query gives, their columns separated by tabs. The file is not changed; one
 * that is missing or has no tables yet gives no rows. */
void state_file_query(const char *path, const char *sql, struct rows *rows);

/* Changes the file by an SQL statement. */
void state_file_change(const char *path, const char *sql);

/* Makes a database of another program. */
void state_file_make_foreign(const char *path);

/* The number that a query gives; 0 if it gives no row. */
size_t state_file_number(const char *path, const char *sql);

/* Waits until no process uses the file: that which writes it outlives the program when that is killed, and
 * may still end the run. */
void state_file_wait_unused(const char *path);

/* Waits until so many pages have their outcome in the last run; fails after so many seconds. */
void state_file_wait_done(const char *path, size_t count, double seconds);

/* What was done when processes of a run ended, and how often the server had been asked for it then. */
struct resumed {
	struct rows done;
	size_t *asked;
};

void resumed_init(struct resumed *self);
void resumed_release(struct resumed *self);

/* Call it when a process was ended, before the next one is started. */
void resumed_record(struct resumed *self, struct site *site, const char *state);

/* Checks that the server was not asked again for anything that was done, and that it is done still. */
void resumed_expect(struct resumed *self, struct site *site, const char *state, const char *label);

#endif
