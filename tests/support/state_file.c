#include "state_file.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char done_pages[] =
    "SELECT url FROM pages WHERE outcome IS NOT NULL AND run=(SELECT max(id) FROM runs)";

static void add_row(struct rows *rows, sqlite3_stmt *statement)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *value = (const char *)sqlite3_column_text(statement, i);
		if (i > 0)
			buf_append_byte(&text, '\t');
		buf_append_text(&text, value ? value : "");
	}
	rows_add(rows, "%s", text.data ? text.data : "");
	buf_release(&text);
}

void state_file_query(const char *path, const char *sql, struct rows *rows)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
		int code = sqlite3_busy_timeout(db, 10000);
		if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
			while ((code = sqlite3_step(statement)) == SQLITE_ROW)
				add_row(rows, statement);
			cr_assert_eq(code, SQLITE_DONE, "%s: %s: %s", path, sql, sqlite3_errmsg(db));
		} else {
			cr_assert(
			    strstr(sqlite3_errmsg(db), "no such table"), "%s: %s", sql, sqlite3_errmsg(db));
		}
	}
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

void state_file_change(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(
	    sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s: %s", path, sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

void state_file_make_foreign(const char *path)
{
	state_file_change(path, "CREATE TABLE t(a)");
}

size_t state_file_number(const char *path, const char *sql)
{
	struct rows rows;
	rows_init(&rows);
	state_file_query(path, sql, &rows);
	size_t number = rows.count ? strtoul(rows.row[0], NULL, 10) : 0;
	rows_release(&rows);
	return number;
}

void state_file_wait_unused(const char *path)
{
	char lock[1100];
	struct flock whole_file = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	snprintf(lock, sizeof lock, "%s-lock", path);
	int descriptor = open(lock, O_RDWR | O_CLOEXEC);
	for (int i = 0; descriptor >= 0 && fcntl(descriptor, F_SETLK, &whole_file) != 0; i++) {
		cr_assert(i < 2000, "%s is used", path);
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	if (descriptor >= 0)
		close(descriptor);
}

void state_file_wait_done(const char *path, size_t count, double seconds)
{
	double until = run_clock() + seconds;
	size_t done = 0;
	while (done < count && run_clock() < until) {
		struct rows rows;
		rows_init(&rows);
		state_file_query(path, done_pages, &rows);
		done = rows.count;
		rows_release(&rows);
		nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
	}
	cr_assert_geq(done, count, "%zu of %zu pages are done after %g s", done, count, seconds);
}

void resumed_init(struct resumed *self)
{
	*self = (struct resumed){.asked = NULL};
	rows_init(&self->done);
}

void resumed_release(struct resumed *self)
{
	rows_release(&self->done);
	free(self->asked);
}

void resumed_record(struct resumed *self, struct site *site, const char *state)
{
	struct site_stats stats;
	struct rows rows;
	rows_init(&rows);
	site_stats(site, &stats);
	state_file_query(state, done_pages, &rows);
	for (size_t i = 0; i < rows.count; i++) {
		if (rows_has(&self->done, rows.row[i]))
			continue;
		self->asked = alloc_resize(self->asked, self->done.count + 1, sizeof *self->asked);
		self->asked[self->done.count] = site_stats_asked(&stats, rows.row[i]);
		rows_add(&self->done, "%s", rows.row[i]);
	}
	rows_release(&rows);
	site_stats_release(&stats);
}

void resumed_expect(struct resumed *self, struct site *site, const char *state, const char *label)
{
	struct site_stats stats;
	struct rows rows;
	rows_init(&rows);
	site_stats(site, &stats);
	state_file_query(state, done_pages, &rows);
	for (size_t i = 0; i < self->done.count; i++) {
		const char *url = self->done.row[i];
		cr_expect_eq(site_stats_asked(&stats, url), self->asked[i],
		    "%s: %s was done, and asked again", label, url);
		cr_expect(rows_has(&rows, url), "%s: %s is not done any more", label, url);
	}
	rows_release(&rows);
	site_stats_release(&stats);
}
