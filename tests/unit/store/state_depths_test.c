/* Pages that were found by a shorter way, in the state file. */
#include "state_files.h"
#include "store/state.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void lower(struct state *state, const char *url, uint32_t depth)
{
	cr_assert_eq(state_lower_depth(state, &(struct state_depth){url, depth}), STATUS_OK);
	cr_assert_eq(state_commit(state), STATUS_OK);
}

/* The depth of the URL; 0 if it was not lowered. Counts all. */
static uint32_t depth_of(struct state *state, const char *url, size_t *count)
{
	struct state_depth depth;
	enum status status = STATUS_OK;
	uint32_t found = 0;
	*count = 0;
	while (state_next_depth(state, &depth, &status) == STATE_FOUND) {
		++*count;
		if (strcmp(depth.url, url) == 0)
			found = depth.depth;
	}
	cr_assert_eq(status, STATUS_OK, "%s", state_problem(state));
	return found;
}

Test(state_depths, are_kept_until_the_next_run_begins)
{
	const char *path = state_files_make();
	size_t count;
	struct state *state = state_files_begin(path, STATE_FIRST_RUN);
	lower(state, "http://a/", 4);
	lower(state, "http://a/'b", 3);
	state_free(state);
	state = state_files_begin(path, STATE_RESUMED_RUN);
	cr_expect_eq(depth_of(state, "http://a/", &count), 4);
	lower(state, "http://a/", 2);
	cr_expect_eq(depth_of(state, "http://a/", &count), 2);
	cr_expect_eq(depth_of(state, "http://a/'b", &count), 3);
	cr_expect_eq(count, 2);
	cr_assert_eq(state_end_run(state, &(struct state_totals){.urls = 1}, 7), STATUS_OK);
	cr_assert_eq(state_commit(state), STATUS_OK);
	state_free(state);
	state = state_files_begin(path, STATE_NEXT_RUN);
	cr_expect_eq(depth_of(state, "http://a/", &count), 0);
	cr_expect_eq(count, 0);
	lower(state, "http://a/", 1);
	state_free(state);
	state = state_files_begin(path, STATE_RESTARTED_RUN);
	depth_of(state, "http://a/", &count);
	cr_expect_eq(count, 0);
	state_free(state);
	state_files_remove();
}

Test(state_depths, that_were_changed_are_refused)
{
	static const char *const cases[] = {
	    "UPDATE depths SET depth=1",
	    "UPDATE depths SET url='http://b/'",
	    "UPDATE depths SET checksum=1",
	    "INSERT INTO depths(url,depth) VALUES('http://c/',1)",
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char command[500];
		struct state_depth depth;
		enum status status = STATUS_OK;
		const char *path = state_files_make();
		struct state *state = state_files_begin(path, STATE_FIRST_RUN);
		lower(state, "http://a/", 4);
		state_free(state);
		snprintf(command, sizeof command, "sqlite3 '%s' \"%s\"", path, cases[i]);
		cr_assert_eq(system(command), 0);
		state = state_new(path);
		cr_assert_eq(state_open(state, STATE_WRITE), STATUS_OK);
		while (state_next_depth(state, &depth, &status) == STATE_FOUND)
			continue;
		cr_expect_eq(status, STATUS_OUTPUT, "%s", cases[i]);
		cr_expect(*state_problem(state), "%s", cases[i]);
		state_free(state);
		state_files_remove();
	}
}
