#include "unit/store/state_files.h"

#include "store/sqlite.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROBLEM_SIZE = 1024 };

static void commit(struct state *state)
{
	cr_assert_eq(state_commit(state), STATUS_OK, "%s", state_problem(state));
}

static struct state *open_to_read(const char *path)
{
	struct state *state = state_new(path);
	cr_assert_eq(state_open(state, STATE_READ), STATUS_OK, "%s", state_problem(state));
	return state;
}

static void expect_file(const char *path, uint64_t last, uint64_t settled, unsigned version)
{
	struct state *state = open_to_read(path);
	cr_expect_eq(state_files_expect(state, last, version), settled);
	state_free(state);
}

static void end_run(struct state *state)
{
	const struct state_totals totals = {.urls = 5, .found = 1, .ok = 3, .failed = 2, .links = 77};
	cr_assert_eq(state_end_run(state, &totals, 3000.25), STATUS_OK);
	commit(state);
}

/* The number that settle gives an outcome. */
static uint64_t settled_of(uint64_t last)
{
	return last - last / 3;
}

/* A state with one run that has ended, or that was interrupted. */
static const char *make_file(uint64_t last, bool ends)
{
	const char *path = state_files_make();
	struct state *state = state_files_begin(path, STATE_FIRST_RUN);
	state_files_add(state, 1, last);
	state_files_settle(state, 1, last, 1);
	if (ends)
		end_run(state);
	else
		commit(state);
	state_free(state);
	return path;
}

Test(state, keeps_what_was_committed)
{
	const char *path = state_files_make();
	struct state *state = state_files_begin(path, STATE_FIRST_RUN);
	state_files_add(state, 1, 500);
	state_files_settle(state, 1, 500, 1);
	commit(state);
	cr_expect_eq(state_files_expect(state, 500, 1), settled_of(500), "in the same process");
	expect_file(path, 500, settled_of(500), 1);
	commit(state);
	expect_file(path, 500, settled_of(500), 1);
	/* These are not committed. */
	state_files_add(state, 501, 600);
	expect_file(path, 500, settled_of(500), 1);
	state_free(state);
	expect_file(path, 500, settled_of(500), 1);
	state_files_remove();
}

Test(state, that_is_missing_is_made_for_its_owner_only)
{
	char problem[PROBLEM_SIZE];
	struct stat info;
	const char *path = state_files_make();
	state_free(NULL);
	cr_expect_eq(state_files_try(path, STATE_READ, problem, sizeof problem), STATUS_OUTPUT);
	cr_expect(strstr(problem, path) && strstr(problem, strerror(ENOENT)), "%s", problem);
	umask(0);
	cr_expect_eq(state_files_try(path, STATE_WRITE, problem, sizeof problem), STATUS_OK);
	cr_assert_eq(stat(path, &info), 0);
	cr_expect_eq(info.st_mode & 0777, 0600);
	state_files_remove();
}

Test(state, that_is_empty_has_no_runs)
{
	const char *path = state_files_make();
	struct state_page page;
	struct state_output output;
	struct state_robots robots;
	enum status status = STATUS_OK;
	state_files_write(path, "", 0);
	struct state *state = open_to_read(path);
	cr_expect_eq(state_last_run(state)->id, 0);
	cr_expect_eq(state_next_page(state, &page, &status), STATE_END);
	cr_expect_eq(state_find_page(state, 1, &page, &status), STATE_END);
	cr_expect_eq(state_find_output(state, "output", &output, &status), STATE_END);
	cr_expect_eq(state_find_robots(state, "http://a", 7, &robots, &status), STATE_END);
	/* It sees what another process begins. */
	pid_t child = fork();
	if (child == 0) {
		struct state *writer = state_files_begin(path, STATE_FIRST_RUN);
		state_files_add(writer, 1, 20);
		state_files_settle(writer, 1, 20, 1);
		commit(writer);
		state_free(writer);
		_exit(0);
	}
	int ended;
	cr_assert_eq(waitpid(child, &ended, 0), child);
	cr_assert_eq(ended, 0);
	cr_expect_eq(state_files_expect(state, 20, 1), settled_of(20));
	state_free(state);
	state_files_remove();
}

Test(state, goes_on_with_a_run_that_was_interrupted)
{
	const char *path = make_file(100, false);
	struct state *state = state_files_begin(path, STATE_RESUMED_RUN);
	cr_expect_eq(state_last_run(state)->id, 1);
	cr_expect_eq(state_last_run(state)->began, 1000.5);
	cr_expect_eq(state_last_run(state)->ended, 0);
	cr_expect_eq(state_files_expect(state, 100, 1), settled_of(100));
	state_files_add(state, 101, 120);
	state_files_settle(state, 101, 120, 1);
	commit(state);
	state_free(state);
	expect_file(path, 120, settled_of(120), 1);
	state_files_remove();
}

Test(state, knows_the_pages_of_earlier_runs)
{
	const char *path = make_file(100, true);
	struct state_page page, known;
	enum status status = STATUS_OK;
	struct state *state = state_files_begin(path, STATE_NEXT_RUN);
	cr_expect_eq(state_last_run(state)->id, 2);
	/* Added again, a page is pending, and keeps its last good answer until there is another one. */
	cr_assert_eq(state_find_page(state, 7, &page, &status), STATE_FOUND);
	cr_expect(page.is_settled);
	cr_expect_eq(page.run, 1);
	state_files_page(7, &known);
	known.depth = 1;
	known.via = 0;
	cr_assert_eq(state_add_page(state, &known), STATUS_OK);
	cr_assert_eq(state_find_page(state, 7, &page, &status), STATE_FOUND);
	cr_expect_not(page.is_settled);
	cr_expect_eq(page.run, 2);
	cr_expect_eq(page.depth, 1);
	cr_expect_eq(page.via, 0);
	cr_expect_str_eq(page.etag, "\"1-7\"");
	cr_expect_eq(page.fetched, 2001);
	cr_expect_str_eq(page.answer_url, "http://example.com/final/7");
	state_files_add(state, 1, 130);
	state_files_settle(state, 1, 130, 2);
	end_run(state);
	state_free(state);
	state = open_to_read(path);
	cr_expect_eq(state_last_run(state)->id, 2);
	cr_expect_eq(state_last_run(state)->ended, 3000.25);
	cr_expect_eq(state_last_run(state)->pages, 130);
	cr_expect_str_eq(state_last_run(state)->options, "{\"depth\":2}");
	state_free(state);
	state_files_remove();
}

/* As the program does, which reads what the process that writes has written. */
Test(state, is_read_on_while_the_next_run_is_written)
{
	const char *path = make_file(20, true);
	struct state_page page;
	enum status status = STATUS_OK;
	struct state *reader = open_to_read(path);
	struct state *state = state_files_begin(path, STATE_NEXT_RUN);
	state_files_add(state, 7, 7);
	cr_assert_eq(state_commit(state), STATUS_OK);
	cr_expect_eq(state_find_page(reader, 7, &page, &status), STATE_FOUND, "%s", state_problem(reader));
	cr_expect_eq(page.run, 2);
	cr_expect_eq(page.depth, 7 % 5);
	state_free(reader);
	state_free(state);
	state_files_remove();
}

static void settle(struct state *state, struct state_result result)
{
	cr_assert_eq(state_settle_page(state, &result), STATUS_OK, "%s", state_problem(state));
}

static struct state_page find(struct state *state, uint64_t id)
{
	struct state_page page;
	enum status status = STATUS_OK;
	cr_assert_eq(state_find_page(state, id, &page, &status), STATE_FOUND);
	return page;
}

Test(state, keeps_the_last_good_answer_of_a_page)
{
	struct link_reader links;
	enum status status = STATUS_OK;
	const char *path = make_file(10, true);
	struct state *state = state_files_begin(path, STATE_NEXT_RUN);
	link_reader_init(&links);
	state_files_add(state, 1, 10);
	settle(state, (struct state_result){.page = 7, .outcome = OUTCOME_FAILED, .cause = CAUSE_REFUSED});
	struct state_page page = find(state, 7);
	cr_expect(page.is_settled && page.outcome == OUTCOME_FAILED && page.cause == CAUSE_REFUSED);
	cr_expect(page.links == 7 && page.fetched == 2001 && strcmp(page.etag, "\"1-7\"") == 0);
	cr_expect_eq(page.change, STATE_CHANGE_NONE);
	cr_expect_eq(state_find_links(state, &page, &links, &status), STATE_FOUND);

	/* A 304 may have a new date, and no ETag. */
	settle(state, (struct state_result){.page = 7,
	                  .http_status = 304,
	                  .answer = STATE_ANSWER_CONFIRMED,
	                  .date = "today",
	                  .fetched = 5000});
	page = find(state, 7);
	cr_expect(page.is_settled && page.outcome == OUTCOME_OK && page.http_status == 304);
	cr_expect(page.links == 7 && page.fetched == 5000 && page.changed == 2001);
	cr_expect_eq(page.change, STATE_CHANGE_UNCHANGED);
	cr_expect(strcmp(page.etag, "\"1-7\"") == 0 && strcmp(page.date, "today") == 0);
	cr_expect_eq(state_find_links(state, &page, &links, &status), STATE_FOUND);

	/* An answer with the same links has changed nothing; its validators replace all that there were. */
	struct link_records records;
	struct state_result result;
	link_records_init(&records);
	state_files_result(7, 1, &result, &records);
	result.etag = NULL;
	result.last_modified = "yesterday";
	result.fetched = 6000;
	settle(state, result);
	page = find(state, 7);
	cr_expect(page.fetched == 6000 && page.changed == 2001 && !page.etag && !page.date);
	cr_expect_eq(page.change, STATE_CHANGE_UNCHANGED);
	cr_expect_str_eq(page.last_modified, "yesterday");
	state_files_result(7, 2, &result, &records);
	result.fetched = 7000;
	settle(state, result);
	page = find(state, 7);
	cr_expect(page.fetched == 7000 && page.changed == 7000);
	cr_expect_eq(page.change, STATE_CHANGE_CHANGED);
	link_records_release(&records);

	settle(state, (struct state_result){.page = 7,
	                  .outcome = OUTCOME_FAILED,
	                  .cause = CAUSE_HTTP_STATUS,
	                  .http_status = 404,
	                  .answer = STATE_ANSWER_GONE});
	page = find(state, 7);
	cr_expect(page.fetched == 0 && page.links == 0 && page.changed == 0 && !page.last_modified);
	cr_expect_eq(page.change, STATE_CHANGE_GONE);
	cr_expect_eq(state_find_links(state, &page, &links, &status), STATE_END);

	/* What is gone cannot go again. */
	settle(state, (struct state_result){.page = 7,
	                  .outcome = OUTCOME_FAILED,
	                  .cause = CAUSE_HTTP_STATUS,
	                  .http_status = 410,
	                  .answer = STATE_ANSWER_GONE});
	cr_expect_eq(find(state, 7).change, STATE_CHANGE_NONE);

	/* An answer without links. */
	settle(state, (struct state_result){.page = 7, .answer = STATE_ANSWER_NEW, .fetched = 8000});
	page = find(state, 7);
	cr_expect_eq(page.change, STATE_CHANGE_NEW);
	struct link_record record;
	cr_expect_eq(state_find_links(state, &page, &links, &status), STATE_FOUND);
	cr_expect_not(link_reader_next(&links, &record));
	link_reader_release(&links);
	commit(state);
	state_free(state);
	state_files_remove();
}

Test(state, forgets_a_page)
{
	struct state_page page;
	enum status status = STATUS_OK;
	const char *path = make_file(10, true);
	struct state *state = state_files_begin(path, STATE_NEXT_RUN);
	cr_assert_eq(state_forget_page(state, 4), STATUS_OK);
	cr_expect_eq(state_find_page(state, 4, &page, &status), STATE_END);
	commit(state);
	state_free(state);
	state = open_to_read(path);
	unsigned count = 0;
	while (state_next_page(state, &page, &status) == STATE_FOUND)
		count += page.id != 4;
	cr_expect_eq(count, 9);
	cr_expect_eq(status, STATUS_OK, "the number of pages is right: %s", state_problem(state));
	state_free(state);
	/* Its number is not given again, nor can it be used. */
	state = state_files_begin(path, STATE_RESUMED_RUN);
	state_files_page(4, &page);
	cr_expect_eq(state_add_page(state, &page), STATUS_OUTPUT);
	state_free(state);
	state_files_remove();
}

Test(state, begins_anew_with_restart)
{
	struct state_output output;
	struct state_robots robots;
	enum status status = STATUS_OK;
	for (int ends = 0; ends < 2; ends++) {
		const char *path = make_file(50, ends);
		struct state *state = state_files_begin(path, STATE_RESTARTED_RUN);
		cr_expect_eq(state_last_run(state)->id, 2);
		cr_expect_eq(state_files_expect(state, 0, 1), 0);
		cr_expect_eq(state_find_output(state, "output", &output, &status), STATE_END);
		cr_expect_eq(state_find_robots(state, "http://a", 7, &robots, &status), STATE_END);
		state_files_add(state, 1, 20);
		state_files_settle(state, 1, 20, 3);
		commit(state);
		state_free(state);
		expect_file(path, 20, settled_of(20), 3);
		state_files_remove();
	}
}

/* What requests say of the user may change in a run that goes on, but what was answered before is then out of
 * date, and stays that in the next run, too. What only the outputs make of the links does not matter. */
Test(state, tells_which_answers_may_be_used)
{
	static const struct {
		const char *options;
		bool ends;
		enum state_begin how;
		bool has_same_options;
		uint64_t variant;
	} runs[] = {
	    {"{\"depth\":2,\"request\":\"a\"}", true, STATE_FIRST_RUN, false, 1},
	    {"{\"depth\":2,\"request\":\"a\"}", false, STATE_NEXT_RUN, true, 1},
	    {"{\"depth\":2,\"request\":\"b\"}", false, STATE_RESUMED_RUN, true, 2},
	    {"{\"depth\":2,\"request\":\"b\"}", true, STATE_RESUMED_RUN, true, 2},
	    {"{\"depth\":3,\"request\":\"b\"}", false, STATE_NEXT_RUN, false, 3},
	    {"{\"depth\":3,\"request\":\"b\"}", true, STATE_RESUMED_RUN, true, 3},
	    {"{\"depth\":3,\"request\":\"b\",\"format\":2,\"unique\":true}", true, STATE_NEXT_RUN, false, 3},
	    {"{\"depth\":3,\"request\":\"c\",\"format\":1}", true, STATE_NEXT_RUN, false, 4},
	};
	const char *path = state_files_make();
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		struct state_begun begun;
		struct state *state = state_new(path);
		cr_assert_eq(state_open(state, STATE_WRITE), STATUS_OK);
		cr_assert_eq(state_begin_run(state, runs[i].options, false, 1e9, &begun), STATUS_OK);
		cr_expect_eq(begun.how, runs[i].how, "run %zu", i);
		cr_expect_eq(begun.has_same_options, runs[i].has_same_options, "run %zu", i);
		cr_expect_eq(begun.variant, runs[i].variant, "run %zu", i);
		state_files_add(state, i + 1, i + 1);
		if (runs[i].ends)
			end_run(state);
		cr_assert_eq(state_commit(state), STATUS_OK);
		state_free(state);
	}
	state_files_remove();
}

Test(state, goes_on_with_the_same_options_only)
{
	static const struct {
		const char *old, *new, *name;
	} cases[] = {
	    {"{\"depth\":2}", "{\"depth\":2}", NULL},
	    {"{\"depth\":2,\"format\":\"tsv\"}", "{\"format\":\"tsv\",\"depth\":2}", NULL},
	    {"{\"depth\":2}", "{\"depth\":3}", "--depth;"},
	    {"{\"depth\":2}", "{\"depth\":\"2\"}", "--depth;"},
	    {"{\"depth\":2}", "{}", "--depth;"},
	    {"{}", "{\"tags\":[\"a\",\"img\"]}", "--tags;"},
	    {"{\"tags\":[\"a\"]}", "{\"tags\":[\"a\",\"img\"]}", "--tags;"},
	    {"{\"tags\":[\"a\"]}", "{\"tags\":[\"a\"]}", NULL},
	    {"{\"unique\":true}", "{\"unique\":false}", "--unique;"},
	    {"{\"unique\":null}", "{\"unique\":null}", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct state_begun begun;
		const char *path = state_files_make();
		for (int ended = 0; ended < 2; ended++) {
			struct state *state = state_new(path);
			cr_assert_eq(state_open(state, STATE_WRITE), STATUS_OK);
			cr_assert_eq(state_begin_run(state, cases[i].old, true, 1e9, &begun), STATUS_OK);
			if (ended)
				end_run(state);
			state_free(state);
			state = state_new(path);
			cr_assert_eq(state_open(state, STATE_WRITE), STATUS_OK);
			enum status status = state_begin_run(state, cases[i].new, false, 2e9, &begun);
			bool must_fail = cases[i].name && !ended;
			cr_expect_eq(status, must_fail ? STATUS_USAGE : STATUS_OK, "case %zu", i);
			if (must_fail)
				cr_expect(strstr(state_problem(state), cases[i].name) &&
				              strstr(state_problem(state), "2001-09-09"),
				    "%s", state_problem(state));
			else
				cr_expect_eq(begun.has_same_options, !cases[i].name, "case %zu", i);
			state_free(state);
		}
		state_files_remove();
	}
}

static void set_output(struct state *state, const char *name, uint64_t length)
{
	cr_assert_eq(state_set_output(state, &(struct state_output){.name = name,
	                                         .path = "it's here",
	                                         .device = 1,
	                                         .inode = UINT64_MAX,
	                                         .length = length,
	                                         .end_hash = UINT64_MAX - 1}),
	    STATUS_OK);
}

Test(state, keeps_the_ends_of_outputs_and_robots)
{
	struct state_output output;
	struct state_robots robots = {
	    .origin = "http://a:81", .fetched = 5, .http_status = 200, .body = {"a\0b", 3}};
	enum status status = STATUS_OK;
	const char *path = state_files_make();
	struct state *state = state_files_begin(path, STATE_FIRST_RUN);
	set_output(state, "output", 0);
	set_output(state, "report", 5);
	set_output(state, "output", 1000);
	cr_assert_eq(state_set_robots(state, &robots), STATUS_OK);
	cr_assert_eq(
	    state_set_robots(state, &(struct state_robots){.origin = "http://b", .http_status = 404}),
	    STATUS_OK);
	commit(state);
	set_output(state, "output", 2000);
	state_free(state);
	state = open_to_read(path);
	cr_assert_eq(state_find_output(state, "output", &output, &status), STATE_FOUND);
	cr_expect(output.length == 1000 && output.device == 1 && output.inode == UINT64_MAX &&
	          output.end_hash == UINT64_MAX - 1);
	cr_expect_str_eq(output.path, "it's here");
	cr_expect_eq(state_find_output(state, "har", &output, &status), STATE_END);
	cr_assert_eq(state_find_robots(state, "http://a:81", 7, &robots, &status), STATE_FOUND);
	cr_expect(slice_equal(robots.body, (struct slice){"a\0b", 3}) && robots.http_status == 200);
	cr_assert_eq(state_find_robots(state, "http://b", 7, &robots, &status), STATE_FOUND);
	cr_expect(robots.body.len == 0 && robots.http_status == 404);
	cr_expect_eq(state_find_robots(state, "http://c", 7, &robots, &status), STATE_END);
	state_free(state);
	/* They are those of one run. */
	state = state_files_begin(path, STATE_RESUMED_RUN);
	cr_expect_eq(state_find_output(state, "report", &output, &status), STATE_FOUND);
	end_run(state);
	state_free(state);
	state = state_files_begin(path, STATE_NEXT_RUN);
	cr_expect_eq(state_find_output(state, "report", &output, &status), STATE_END);
	cr_expect_eq(state_find_robots(state, "http://b", 7, &robots, &status), STATE_FOUND);
	state_free(state);
	state_files_remove();
}

/* A robots.txt is good for a day, in runs that ask for it in the same way. */
Test(state, keeps_robots_for_a_day)
{
	static const double day = 24 * 60 * 60;
	struct state_robots robots;
	struct state_begun begun;
	enum status status = STATUS_OK;
	const char *path = state_files_make();
	struct state *state = state_files_begin(path, STATE_FIRST_RUN);
	for (int second = 5; second <= 6; second++) {
		const char *origin = second == 5 ? "http://a" : "http://b";
		cr_assert_eq(
		    state_set_robots(state,
		        &(struct state_robots){.origin = origin, .fetched = second, .http_status = 404}),
		    STATUS_OK);
	}
	end_run(state);
	cr_expect_eq(state_find_robots(state, "http://a", 4.9, &robots, &status), STATE_END);
	cr_expect_eq(state_find_robots(state, "http://a", 5, &robots, &status), STATE_FOUND);
	cr_expect_eq(state_find_robots(state, "http://a", day + 4.9, &robots, &status), STATE_FOUND);
	cr_expect_eq(state_find_robots(state, "http://a", day + 5, &robots, &status), STATE_END);
	state_free(state);
	static const struct {
		const char *options;
		double now;
		bool has_a, has_b;
	} next[] = {
	    {"{\"depth\":2}", day + 5, false, true},
	    {"{\"depth\":2,\"request\":1}", day + 5, false, false},
	};
	for (size_t i = 0; i < sizeof next / sizeof *next; i++) {
		state = state_new(path);
		cr_assert_eq(state_open(state, STATE_WRITE), STATUS_OK);
		cr_assert_eq(
		    state_begin_run(state, next[i].options, STATE_GO_ON, next[i].now, &begun), STATUS_OK);
		/* They are gone, not only too old. */
		cr_expect_eq(state_find_robots(state, "http://a", 5, &robots, &status) == STATE_FOUND,
		    next[i].has_a, "case %zu", i);
		cr_expect_eq(state_find_robots(state, "http://b", 6, &robots, &status) == STATE_FOUND,
		    next[i].has_b, "case %zu", i);
		end_run(state);
		state_free(state);
	}
	state_files_remove();
}

/* What is there when a run has ended can be read by all, and needs no other file. */
Test(state, is_one_plain_file_at_the_end)
{
	const char *path = make_file(100, true);
	cr_expect_neq(access(state_files_name("crawl.db-wal"), F_OK), 0);
	cr_expect_neq(access(state_files_name("crawl.db-shm"), F_OK), 0);
	size_t len;
	char *bytes = state_files_read(path, &len);
	cr_expect_eq(bytes[18], 1, "the version for writing says that there is no log");
	free(bytes);
	expect_file(path, 100, settled_of(100), 1);
	state_files_remove();
}

/* What is refused. */

/* What another program does, such as sqlite3(1). */
static void run_sqlite(const char *path, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;
	cr_assert_eq(sqlite_load(), NULL);
	const struct sqlite *sqlite = sqlite_get();
	cr_assert_eq(
	    sqlite->sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), SQLITE_OK);
	cr_assert_eq(sqlite->sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK, "%s", message);
	sqlite->sqlite3_close(db);
}

/* Neither to read nor to write; and the file keeps its bytes. */
static void expect_refused(const char *path, enum status expected, const char *part, const char *what)
{
	char problem[PROBLEM_SIZE];
	size_t len, len_after;
	char *bytes = state_files_read(path, &len);
	for (int access = STATE_READ; access <= STATE_WRITE; access++) {
		enum status status =
		    state_files_try(path, (enum state_access)access, problem, sizeof problem);
		cr_expect_eq(status, expected, "%s: %d, %s", what, (int)status, problem);
		cr_expect(strstr(problem, path) && strstr(problem, part), "%s: %s", what, problem);
	}
	char *bytes_after = state_files_read(path, &len_after);
	cr_expect(len == len_after && memcmp(bytes, bytes_after, len) == 0, "%s: it was changed", what);
	free(bytes);
	free(bytes_after);
}

Test(state, refuses_what_is_none)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *what;
	} files[] = {
	    {"http://example.com/\n", 20, "a list"},
	    {"x", 1, "one byte"},
	    {"\0", 1, "a NUL"},
	    {"SQLite format", 13, "less than SQLite's first words"},
	};
	const char *path = state_files_make();
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		state_files_write(path, files[i].bytes, files[i].len);
		expect_refused(path, STATUS_USAGE, "another kind", files[i].what);
	}
	state_files_write(path, "SQLite format 3\0", 16);
	expect_refused(path, STATUS_OUTPUT, "damaged", "only SQLite's first words");
	state_files_remove();
}

Test(state, refuses_files_of_others)
{
	char problem[PROBLEM_SIZE];
	const char *path = state_files_make();
	run_sqlite(path, "CREATE TABLE pages(url TEXT); INSERT INTO pages VALUES('a');");
	expect_refused(path, STATUS_USAGE, "another program", "a file of another application");
	run_sqlite(path, "PRAGMA journal_mode=WAL; INSERT INTO pages VALUES('b');");
	expect_refused(path, STATUS_USAGE, "another program", "the same with a log");
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(state_files_try(path, STATE_WRITE, problem, sizeof problem), STATUS_USAGE);
	cr_expect(strstr(problem, "no regular file"), "%s", problem);
	unlink(path);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_eq(state_files_try(path, STATE_READ, problem, sizeof problem), STATUS_USAGE);
	cr_expect_eq(state_files_try(path, STATE_WRITE, problem, sizeof problem), STATUS_OUTPUT);
	cr_expect(strstr(problem, strerror(EISDIR)), "%s", problem);
	rmdir(path);
	cr_expect_eq(state_files_try("/nonexistent/x", STATE_WRITE, problem, sizeof problem), STATUS_OUTPUT);
	cr_expect(strstr(problem, strerror(ENOENT)), "%s", problem);
	state_files_remove();
}

Test(state, refuses_a_newer_one_and_one_with_other_tables)
{
	static const struct {
		const char *sql;
		enum status status;
		const char *part;
	} cases[] = {
	    {"PRAGMA user_version=2;", STATUS_USAGE, "newer version"},
	    {"PRAGMA user_version=0;", STATUS_OUTPUT, "damaged"},
	    {"ALTER TABLE pages ADD COLUMN more TEXT;", STATUS_OUTPUT, "damaged"},
	    {"DROP TABLE robots;", STATUS_OUTPUT, "damaged"},
	    {"DELETE FROM runs;", STATUS_OUTPUT, "damaged"},
	    {"CREATE TRIGGER t AFTER INSERT ON pages BEGIN DELETE FROM runs; END;", STATUS_OUTPUT, "damaged"},
	    {"UPDATE pages SET url='http://other/' WHERE id=3;", STATUS_OUTPUT, "damaged"},
	    {"UPDATE pages SET outcome=NULL WHERE id=2;", STATUS_OUTPUT, "damaged"},
	    {"DELETE FROM pages WHERE id=9;", STATUS_OUTPUT, "damaged"},
	    {"DELETE FROM pages;", STATUS_OUTPUT, "damaged"},
	    {"DELETE FROM links WHERE page=8;", STATUS_OUTPUT, "damaged"},
	    {"UPDATE links SET page=page+1000; UPDATE links SET page=page-1000+1;", STATUS_OUTPUT, "damaged"},
	    {"UPDATE runs SET ended=NULL;", STATUS_OUTPUT, "damaged"},
	    {"UPDATE outputs SET length=4;", STATUS_OUTPUT, "damaged"},
	    {"DELETE FROM outputs;", STATUS_OUTPUT, "damaged"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *path = state_files_make();
		struct state *state = state_files_begin(path, STATE_FIRST_RUN);
		state_files_add(state, 1, 10);
		state_files_settle(state, 1, 10, 1);
		set_output(state, "output", 5);
		end_run(state);
		state_free(state);
		run_sqlite(path, cases[i].sql);
		expect_refused(path, cases[i].status, cases[i].part, cases[i].sql);
		state_files_remove();
	}
	/* What only helps others is no harm. */
	const char *path = make_file(10, true);
	run_sqlite(path, "CREATE INDEX by_url ON pages(url); CREATE VIEW ok AS SELECT url FROM pages;");
	expect_file(path, 10, settled_of(10), 1);
	state_files_remove();
}

/* The row of the last run is lost, and that of the one before is whole. */
Test(state, refuses_one_whose_last_run_is_lost)
{
	const char *path = make_file(10, true);
	struct state *state = state_files_begin(path, STATE_NEXT_RUN);
	state_files_add(state, 1, 10);
	end_run(state);
	state_free(state);
	run_sqlite(path, "DELETE FROM runs WHERE id=2");
	expect_refused(path, STATUS_OUTPUT, "damaged", "a run that is lost");
	state_files_remove();
}

Test(state, notices_damage_when_it_meets_it)
{
	struct state_robots robots = {
	    .origin = "http://a", .fetched = 5, .http_status = 200, .body = {"x", 1}};
	struct state_page page;
	enum status status = STATUS_OK;
	const char *path = make_file(10, false);
	struct state *state = state_files_begin(path, STATE_RESUMED_RUN);
	cr_assert_eq(state_set_robots(state, &robots), STATUS_OK);
	end_run(state);
	state_free(state);
	run_sqlite(path, "UPDATE robots SET http_status=404");
	state = open_to_read(path);
	cr_expect_eq(state_find_robots(state, "http://a", 7, &robots, &status), STATE_FAILED);
	cr_expect_eq(status, STATUS_OUTPUT);
	state_free(state);
	/* What was right when it was opened. */
	state = open_to_read(path);
	run_sqlite(path, "DELETE FROM runs");
	cr_expect_eq(state_next_page(state, &page, &status), STATE_FAILED);
	state_free(state);
	state_files_remove();
	/* The caller knows another URL by that number. */
	path = make_file(10, true);
	state = state_files_begin(path, STATE_NEXT_RUN);
	state_files_page(3, &page);
	page.url = "http://other/";
	cr_expect_eq(state_add_page(state, &page), STATUS_OUTPUT);
	state_free(state);
	state_files_remove();
}

/* A file whose end is missing, with and without its log. */
Test(state, refuses_one_that_is_cut_off)
{
	char problem[PROBLEM_SIZE];
	for (int ends = 0; ends < 2; ends++) {
		size_t len;
		const char *path = make_file(300, ends);
		char *bytes = state_files_read(path, &len);
		for (size_t cut = 1; cut < len; cut += cut < 200 ? 25 : 1777) {
			state_files_write(path, bytes, cut);
			cr_expect_neq(state_files_try(path, STATE_READ, problem, sizeof problem), STATUS_OK);
			cr_expect_neq(state_files_try(path, STATE_WRITE, problem, sizeof problem), STATUS_OK);
			cr_expect(*problem, "at %zu", cut);
		}
		free(bytes);
		state_files_remove();
	}
}

/* Bytes that were overwritten are noticed, or do not matter. */
Test(state, that_is_overwritten_is_refused_or_right)
{
	enum { PAGES = 100 };
	char problem[PROBLEM_SIZE];
	size_t len;
	unsigned refused = 0, right = 0;
	const char *path = make_file(PAGES, true);
	char *bytes = state_files_read(path, &len);
	srand(1);
	for (unsigned round = 0; round < 1500; round++) {
		char *copy = malloc(len);
		cr_assert(copy);
		memcpy(copy, bytes, len);
		size_t at = (size_t)rand() % len, count = 1 + (size_t)rand() % (round % 2 ? 4 : 300);
		for (size_t i = at; i < at + count && i < len; i++)
			copy[i] = (char)rand();
		state_files_write(path, copy, len);
		free(copy);
		if (state_files_try(path, STATE_READ, problem, sizeof problem) != STATUS_OK) {
			refused++;
			continue;
		}
		right++;
		expect_file(path, PAGES, settled_of(PAGES), 1);
	}
	cr_expect_gt(refused, 300);
	cr_expect_gt(right, 100, "there are unused bytes");
	free(bytes);
	state_files_remove();
}

/* What the system and other processes do. */

static void sleep_us(int us)
{
	nanosleep(&(struct timespec){0, us * 1000L}, NULL);
}

static int run_in_child(void (*fn)(const char *path), const char *path)
{
	int status;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		fn(path);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void write_where_nothing_can_be_written(const char *path)
{
	char problem[PROBLEM_SIZE];
	if (setgid(65534) != 0 || setuid(65534) != 0)
		_exit(9);
	enum status status = state_files_try(path, STATE_WRITE, problem, sizeof problem);
	_exit(status == STATUS_OUTPUT && strstr(problem, "writable") ? 0 : 1);
}

static void read_where_nothing_can_be_written(const char *path)
{
	char problem[PROBLEM_SIZE];
	if (setgid(65534) != 0 || setuid(65534) != 0)
		_exit(9);
	_exit(state_files_try(path, STATE_READ, problem, sizeof problem) == STATUS_OK ? 0 : 1);
}

static void open_a_file_of_others(const char *path)
{
	char problem[PROBLEM_SIZE];
	if (setgid(65534) != 0 || setuid(65534) != 0)
		_exit(9);
	enum status status = state_files_try(path, STATE_READ, problem, sizeof problem);
	_exit(status == STATUS_OUTPUT && strstr(problem, strerror(EACCES)) ? 0 : 1);
}

Test(state, in_a_folder_that_cannot_be_written)
{
	if (geteuid() != 0)
		cr_skip_test("only root can become nobody");
	const char *path = make_file(100, true);
	cr_assert_eq(chmod(state_files_name("."), 0755), 0);
	cr_expect_eq(run_in_child(open_a_file_of_others, path), 0);
	cr_assert_eq(chmod(path, 0666), 0);
	cr_expect_eq(run_in_child(write_where_nothing_can_be_written, path), 0);
	cr_expect_eq(run_in_child(read_where_nothing_can_be_written, path), 0);
	expect_file(path, 100, settled_of(100), 1);
	state_files_remove();
}

/* SQLite's own files are folders here. */
Test(state, that_sqlite_cannot_write_is_named)
{
	static const char *const names[] = {"crawl.db-journal", "crawl.db-wal"};
	char problem[PROBLEM_SIZE];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *path = make_file(100, true);
		cr_assert_eq(mkdir(state_files_name(names[i]), 0700), 0);
		cr_expect_eq(state_files_try(path, STATE_WRITE, problem, sizeof problem), STATUS_OUTPUT);
		cr_expect(strstr(problem, path) && strstr(problem, strerror(EISDIR)), "%s", problem);
		rmdir(state_files_name(names[i]));
		expect_file(path, 100, settled_of(100), 1);
		state_files_remove();
	}
}

/* As on a full disk: files of this process cannot grow. */
static void write_until_it_is_full(const char *path)
{
	struct rlimit limit = {400 << 10, 400 << 10};
	struct state *state = state_files_begin(path, STATE_FIRST_RUN);
	enum status status = STATUS_OK;
	signal(SIGXFSZ, SIG_IGN);
	state_files_add(state, 1, 100);
	state_files_settle(state, 1, 100, 1);
	commit(state);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (uint64_t id = 101; status == STATUS_OK && id < 100000; id++) {
		struct state_page page;
		state_files_page(id, &page);
		status = state_add_page(state, &page);
		if (status == STATUS_OK && id % 1000 == 0)
			status = state_commit(state);
	}
	bool names_it = strstr(state_problem(state), path) && strstr(state_problem(state), strerror(EFBIG));
	state_free(state);
	_exit(status == STATUS_OUTPUT && names_it ? 0 : 1);
}

Test(state, on_a_full_disk_keeps_the_last_commit)
{
	struct state_page page;
	enum status status = STATUS_OK;
	const char *path = state_files_make();
	cr_expect_eq(run_in_child(write_until_it_is_full, path), 0);
	struct state *state = open_to_read(path);
	uint64_t count = 0;
	while (state_next_page(state, &page, &status) == STATE_FOUND)
		count++;
	cr_expect_eq(status, STATUS_OK, "%s", state_problem(state));
	cr_expect(count >= 100 && (count == 100 || count % 1000 == 0), "%d", (int)count);
	state_free(state);
	state = state_files_begin(path, STATE_RESUMED_RUN);
	state_free(state);
	state_files_remove();
}

static void expect_locked(const char *path)
{
	struct state *state = state_new(path);
	enum status status = state_open(state, STATE_WRITE);
	bool is_right = status == STATUS_OUTPUT && state_is_locked(state) &&
	                strstr(state_problem(state), "another run") != NULL;
	state_free(state);
	state = open_to_read(path);
	is_right &= state_files_expect(state, 100, 1) == settled_of(100);
	state_free(state);
	_exit(is_right ? 0 : 1);
}

/* Other programs may read, too: the number has a fault if it is not the right one. */
static void count_pages(const char *path)
{
	run_sqlite(path, "SELECT CASE WHEN count(*) = 53 THEN 1 ELSE abs(-9223372036854775808) END "
	                 "FROM pages WHERE outcome='ok'");
}

static void expect_free(const char *path)
{
	struct state *state = state_files_begin(path, STATE_RESUMED_RUN);
	state_free(state);
}

Test(state, is_written_by_one_process_at_a_time)
{
	const char *path = make_file(100, false);
	struct state *state = state_files_begin(path, STATE_RESUMED_RUN);
	cr_expect_eq(run_in_child(expect_locked, path), 0);
	state_files_add(state, 101, 101);
	cr_expect_eq(run_in_child(expect_locked, path), 0, "in a transaction");
	cr_expect_eq(run_in_child(count_pages, path), 0);
	state_free(state);
	cr_expect_eq(run_in_child(expect_free, path), 0);
	state_files_remove();
}

/* Commits batches of ten pages without end, and writes the number of each to the pipe. */
static void write_batches(const char *path, uint64_t last, int pipe)
{
	struct state *state = state_files_begin(path, last ? STATE_RESUMED_RUN : STATE_FIRST_RUN);
	for (;;) {
		state_files_add(state, last + 1, last + 10);
		state_files_settle(state, last + 1, last + 10, 1);
		last += 10;
		commit(state);
		if (last % 50 == 0)
			state_checkpoint(state);
		if (write(pipe, &last, sizeof last) != sizeof last)
			_exit(1);
	}
}

Test(state, has_whole_batches_after_kill_9)
{
	const char *path = state_files_make();
	uint64_t last = 0, told = 0;
	srand(1);
	for (unsigned round = 0; round < 30; round++) {
		int ends[2];
		cr_assert_eq(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			close(ends[0]);
			write_batches(path, last, ends[1]);
		}
		close(ends[1]);
		for (int batches = 1 + rand() % 10; batches > 0; batches--)
			cr_assert_eq(read(ends[0], &told, sizeof told), sizeof told);
		sleep_us(rand() % 5000);
		kill(child, SIGKILL);
		cr_assert_eq(waitpid(child, NULL, 0), child);
		while (read(ends[0], &told, sizeof told) == sizeof told)
			continue;
		close(ends[0]);
		struct state *state = open_to_read(path);
		cr_assert_eq(state_last_run(state)->ended, 0);
		last = state_last_run(state)->pages;
		cr_assert(last == told || last == told + 10, "%d, %d", (int)last, (int)told);
		cr_assert_eq(state_files_expect(state, last, 1), settled_of(last));
		state_free(state);
	}
	state_files_remove();
}

/* While nothing was committed yet: the file is empty, or has the run. */
static void begin_and_end(const char *path, int delay_us)
{
	pid_t child = fork();
	if (child == 0) {
		struct state *state = state_new(path);
		struct state_begun begun;
		if (state_open(state, STATE_WRITE) == STATUS_OK)
			state_begin_run(state, "{\"depth\":2}", false, 1000.5, &begun);
		for (;;)
			pause();
	}
	sleep_us(delay_us);
	kill(child, SIGKILL);
	cr_assert_eq(waitpid(child, NULL, 0), child);
}

Test(state, can_be_opened_after_kill_9_at_its_beginning)
{
	char problem[PROBLEM_SIZE];
	srand(2);
	for (unsigned round = 0; round < 60; round++) {
		const char *path = state_files_make();
		begin_and_end(path, rand() % 20000);
		cr_expect_eq(
		    state_files_try(path, STATE_WRITE, problem, sizeof problem), STATUS_OK, "%s", problem);
		state_files_remove();
	}
}

Test(state, log_is_emptied)
{
	const char *path = state_files_make();
	struct state *state = state_files_begin(path, STATE_FIRST_RUN);
	struct stat info;
	off_t largest = 0;
	for (uint64_t id = 1; id < 60000; id += 500) {
		state_files_add(state, id, id + 499);
		state_files_settle(state, id, id + 499, 1);
		commit(state);
		cr_assert_eq(state_checkpoint(state), STATUS_OK);
		cr_assert_eq(stat(state_files_name("crawl.db-wal"), &info), 0);
		if (info.st_size > largest)
			largest = info.st_size;
	}
	cr_expect_lt(largest, 16 << 20, "%ld", (long)largest);
	state_free(state);
	state_files_remove();
}
