/* What --check has asked for, in the state file. */
#include "state_files.h"
#include "store/state.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct state_target targets[] = {
    {.url = "http://a/",
        .purpose = STORE_PAGE,
        .outcome = OUTCOME_OK,
        .stage = STAGE_RECEIVE,
        .http_status = 200,
        .has_answered = true,
        .final_url = "http://a/final",
        .hops = "phttp://a/\nthttp://a/second\n",
        .has_anchors = true,
        .anchors = {"one\0two\0", 8}},
    {.url = "http://a/", .purpose = STORE_LOOK, .outcome = OUTCOME_OK, .stage = STAGE_RECEIVE},
    {.url = "http://b/",
        .purpose = STORE_ANCHORS,
        .outcome = OUTCOME_SKIPPED,
        .stage = STAGE_POLICY,
        .cause = CAUSE_OUT_OF_SCOPE,
        .http_status = 301,
        .reason = "redirected to http://c/, which is out of scope (--scope)",
        .leads_to = "http://c/"},
    {.url = "http://d/", .has_anchors = true, .anchors = {"", 0}},
    {.url = "http://e/",
        .outcome = OUTCOME_FAILED,
        .stage = STAGE_CONNECT,
        .cause = CAUSE_REFUSED,
        .reason = "it's refused"},
};
enum { COUNT = sizeof targets / sizeof *targets };

static bool is_text(const char *is, const char *wanted)
{
	return (!is && !wanted) || (is && wanted && strcmp(is, wanted) == 0);
}

static void expect_target(const struct state_target *is, const struct state_target *wanted)
{
	cr_expect_str_eq(is->url, wanted->url);
	cr_expect(is->purpose == wanted->purpose && is->outcome == wanted->outcome &&
	              is->stage == wanted->stage && is->cause == wanted->cause &&
	              is->http_status == wanted->http_status && is->has_answered == wanted->has_answered,
	    "%s", wanted->url);
	cr_expect(is_text(is->reason, wanted->reason) && is_text(is->final_url, wanted->final_url) &&
	              is_text(is->hops, wanted->hops) && is_text(is->leads_to, wanted->leads_to),
	    "%s", wanted->url);
	cr_expect_eq(is->has_anchors, wanted->has_anchors, "%s", wanted->url);
	cr_expect(slice_equal(is->anchors, wanted->anchors) || wanted->anchors.len + is->anchors.len == 0,
	    "%s", wanted->url);
}

static void add_all(struct state *state)
{
	for (size_t i = 0; i < COUNT; i++)
		cr_assert_eq(state_add_target(state, &targets[i]), STATUS_OK);
	cr_assert_eq(state_commit(state), STATUS_OK);
}

static size_t expect_all(struct state *state)
{
	struct state_target target;
	enum status status = STATUS_OK;
	size_t count = 0;
	while (state_next_target(state, &target, &status) == STATE_FOUND) {
		cr_expect_eq(target.id, count + 1);
		expect_target(&target, &targets[count++ % COUNT]);
	}
	cr_assert_eq(status, STATUS_OK, "%s", state_problem(state));
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(state_find_target(state, i + 1, &target, &status), STATE_FOUND);
		expect_target(&target, &targets[i % COUNT]);
	}
	cr_expect_eq(state_find_target(state, count + 1, &target, &status), STATE_END);
	return count;
}

Test(state_targets, are_kept_until_the_next_run_begins)
{
	const char *path = state_files_make();
	struct state *state = state_files_begin(path, STATE_FIRST_RUN);
	add_all(state);
	state_free(state);
	state = state_files_begin(path, STATE_RESUMED_RUN);
	cr_expect_eq(expect_all(state), COUNT);
	add_all(state);
	cr_expect_eq(expect_all(state), 2 * COUNT);
	cr_assert_eq(state_end_run(state, &(struct state_totals){.urls = 1}, 7), STATUS_OK);
	cr_assert_eq(state_commit(state), STATUS_OK);
	state_free(state);
	state = state_new(path);
	cr_assert_eq(state_open(state, STATE_READ), STATUS_OK);
	cr_expect_eq(expect_all(state), 2 * COUNT);
	state_free(state);
	state = state_files_begin(path, STATE_NEXT_RUN);
	cr_expect_eq(expect_all(state), 0);
	add_all(state);
	state_free(state);
	state = state_files_begin(path, STATE_RESTARTED_RUN);
	cr_expect_eq(expect_all(state), 0);
	state_free(state);
	state_files_remove();
}

Test(state_targets, that_were_changed_are_refused)
{
	static const struct {
		const char *sql;
		enum status status;
	} cases[] = {
	    {"UPDATE targets SET url='http://other/' WHERE id=2", STATUS_OUTPUT},
	    {"UPDATE targets SET anchors=NULL WHERE id=1", STATUS_OUTPUT},
	    {"UPDATE targets SET outcome='failed' WHERE id=1", STATUS_OUTPUT},
	    {"UPDATE targets SET checksum=1 WHERE id=3", STATUS_OUTPUT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char command[500];
		struct state_target target;
		enum status status = STATUS_OK;
		const char *path = state_files_make();
		struct state *state = state_files_begin(path, STATE_FIRST_RUN);
		add_all(state);
		state_free(state);
		snprintf(command, sizeof command, "sqlite3 '%s' \"%s\"", path, cases[i].sql);
		cr_assert_eq(system(command), 0);
		state = state_new(path);
		cr_assert_eq(state_open(state, STATE_READ), STATUS_OK);
		while (state_next_target(state, &target, &status) == STATE_FOUND)
			continue;
		cr_expect_eq(status, cases[i].status, "%s", cases[i].sql);
		state_free(state);
		state_files_remove();
	}
}
