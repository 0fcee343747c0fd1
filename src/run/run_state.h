/* The state file of a run (--state): what earlier runs have left in it, and what this one adds.
 *
 *     run_state_new -> run_state_open        the outputs are open, and not changed yet
 *                   -> run_state_begin       an interrupted run goes on, or a new one begins
 *                   -> run_state_next, until it returns false, if run_state_resumes
 *                   -> run_state_add, run_state_settle …, run_state_turn
 *                   -> run_state_end -> run_state_free
 *
 * All functions but run_state_open, run_state_begin and run_state_end wait for nothing but a read of the
 * disk. */
#ifndef AREQ_RUN_RUN_STATE_H
#define AREQ_RUN_RUN_STATE_H

#include "base/options.h"
#include "base/wait.h"
#include "fetch/settings.h"
#include "output/observer.h"
#include "run/outputs.h"
#include "run/stored_page.h"
#include "store/known_urls.h"
#include "store/state.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct run_state;

/* settings, which run_state_begin reads first, and outputs are borrowed. Free with run_state_free. */
struct run_state *run_state_new(
    const struct options *options, const struct settings *settings, struct outputs *outputs);
void run_state_free(struct run_state *self);

/* Locks and reads the state file, and if an interrupted run is to go on, checks its outputs. Changes nothing.
 * The statuses of all functions are those of store/state_writer.h; they were logged. */
enum status run_state_open(struct run_state *self);

/* Begins the run in the state file, cuts the outputs back to what it says, and shows what is done already. */
enum status run_state_begin(struct run_state *self);

/* What an interrupted run has done that goes on. */
struct run_state_done {
	uint64_t all;     /* URLs that it knows */
	uint64_t settled; /* those of them that have their outcome; the others count only these */
	uint64_t found;   /* those that are not of the list */
	uint64_t outcomes[OUTCOME_KINDS];
	uint64_t listed_failed; /* see struct totals */
	uint64_t asked;         /* those that were asked for, for --max-pages */
	uint32_t depth;         /* the largest one */
	uint64_t links;
	uint64_t changes[STATE_CHANGES]; /* how many pages differ how from the run before */
	bool has_found;                  /* one of all URLs is not of the list */
};

const struct run_state_done *run_state_done(const struct run_state *self);

/* True if an interrupted run goes on with what it has done and written. With --check it goes on otherwise:
 * its rows are written anew, because nobody knows which links of a page had their rows; but what it has asked
 * for is not asked for again, see run_state_find_target. */
bool run_state_resumes(const struct run_state *self);

/* Of a run that goes on, reads the next page, in the order in which they were found; false after the last
 * one. Borrowed until the next call. */
bool run_state_next_page(struct run_state *self, struct state_page *page);

/* Of a run that goes on, reads the URLs that it has written to --elsewhere; url is borrowed for the call.
 * STATUS_OUTPUT if the file cannot be read, which was logged. */
enum status run_state_read_elsewhere(
    struct run_state *self, void (*on_url)(void *ctx, struct slice url), void *ctx);

/* Reads one page; false if there is none with that number. Borrowed until the next call. */
bool run_state_find_page(struct run_state *self, uint64_t id, struct state_page *page);

/* Reads what earlier runs know of a page; false if nothing. Borrowed until the next call. */
bool run_state_find_before(struct run_state *self, uint64_t id, struct state_page *page);

/* At the end of the run, reads the next page that earlier runs had on their list and this one has not; *at is
 * 0 at first. False after the last one. Borrowed until the next call. */
bool run_state_next_unlisted(struct run_state *self, size_t *at, struct state_page *page);

/* Keeps such a page in the state. `at` is one less than *at was after it was read. */
void run_state_keep_unlisted(struct run_state *self, size_t at);

/* See stored_page_read. */
bool run_state_read_stored(struct run_state *self, const struct state_page *page, struct stored_page *stored);

/* Opens the links of the last good answer of a page that was read last. False if there is none. */
bool run_state_find_links(struct run_state *self, const struct state_page *page, struct link_reader *links);

/* The URLs that the state file had when it was opened. They belong to the state. */
struct known_urls *run_state_known_urls(struct run_state *self);

/* What the state file knows of a URL that is offered to the run. */
enum run_state_known {
	RUN_STATE_NEW,     /* nothing */
	RUN_STATE_BEFORE,  /* it was a page of an earlier run */
	RUN_STATE_PENDING, /* it is a page of this run, which was interrupted */
	RUN_STATE_DONE     /* it has its outcome in this run */
};

/* Looks up a URL, given without fragment and, in a run that finds URLs, without user name and password; sets
 * *id to its number, 0 if it is new. */
enum run_state_known run_state_find(struct run_state *self, struct slice url, uint64_t *id);

/* Looks up an entry of the list that is no URL. Of several entries with the same text, each call returns
 * another one. */
enum run_state_known run_state_find_entry(struct run_state *self, struct slice text, uint64_t *id);

/* The number that the next new URL gets. */
uint64_t run_state_next_id(const struct run_state *self);

/* The number of the run. */
uint64_t run_state_number(const struct run_state *self);

/* Reads a page that has an answer of an earlier run which may be used in this one. False if there is none.
 * Borrowed until the next call of a function that reads a page. */
bool run_state_find_answer(struct run_state *self, uint64_t id, struct state_page *page);

/* With --check, in a run that goes on: reads what it has asked for, given as in run_state_find. False if it
 * has not. Borrowed until the next call. */
bool run_state_find_target(
    struct run_state *self, struct slice url, enum store_purpose purpose, struct state_target *target);

/* Reads the next one of these, in the order in which they were settled; false after the last one. Borrowed
 * until the next call. */
bool run_state_next_target(struct run_state *self, struct state_target *target);

/* True if the run that goes on has asked for that URL, given as in run_state_find. */
bool run_state_has_target(struct run_state *self, struct slice url, enum store_purpose purpose);

/* True if the run that goes on has that URL as a page; and if that was listed. */
bool run_state_has_in_run(struct run_state *self, struct slice url);
bool run_state_is_listed(struct run_state *self, struct slice url);

/* Reads the robots.txt of an origin, if an earlier run or this one has received it and it may be used.
 * That of an origin that has none is empty. Its body is borrowed until the next call. */
bool run_state_find_robots(struct run_state *self, const char *origin, struct state_robots *robots);

/* Of a run that goes on, calls on_row with the URL of each row that it has. */
enum status run_state_read_rows(
    struct run_state *self, void (*on_row)(void *ctx, struct slice url), void *ctx);

/* Adds a URL to the run, which run_state_find has looked up, with its number, which for a new one is
 * run_state_next_id. */
void run_state_add(
    struct run_state *self, const struct store_url *url, struct slice identity, enum run_state_known known);

/* The same for an entry of the list that is no URL. */
void run_state_add_entry(struct run_state *self, uint64_t id, const char *text, enum run_state_known known);

/* Keeps what came of a URL that --check has asked for. */
void run_state_add_target(struct run_state *self, const struct state_target *target);

/* Keeps that a pending page was found at a smaller depth. */
void run_state_lower_depth(struct run_state *self, struct slice identity, uint32_t depth);

/* Reads the next one that was kept, in a run that goes on; false behind the last one, or after a failure. The
 * URL is borrowed until the next call. */
bool run_state_next_depth(struct run_state *self, struct state_depth *depth);

/* Keeps a robots.txt that was received just now. */
void run_state_set_robots(struct run_state *self, const char *origin, long http_status, struct slice body);

/* Gives a URL its outcome. Everything that its outcome has added to the outputs was written. */
void run_state_settle(struct run_state *self, const struct state_result *result);

/* The rows up to this length of the output, counted from the beginning of this process, belong to URLs that
 * were settled. */
void run_state_set_rows(struct run_state *self, uint64_t length);

/* The same for the file of --changes-to, and how much of it was written by this process; 0 if it is not
 * kept. */
void run_state_set_changes(struct run_state *self, uint64_t length);
uint64_t run_state_changes_written(const struct run_state *self);

/* The first failure of reading. Nothing that was read since then may be used. */
enum status run_state_status(const struct run_state *self);

/* Called in each turn of the event loop. */
enum status run_state_turn(struct run_state *self, struct wait *wait);

/* True while the process that writes the file is so far behind that nothing should be started. */
bool run_state_is_full(const struct run_state *self);

/* Makes all durable. If the run came to its end, the next one asks for what has changed; URLs of the list
 * that are not on it any more are forgotten. */
enum status run_state_end(struct run_state *self, const struct totals *totals, bool is_complete);

#endif
