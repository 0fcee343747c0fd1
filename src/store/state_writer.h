/* The process that writes the state file. A commit takes as long as the disk does, sometimes seconds, and the
 * event loop must not wait for it. So a second process writes, and the program only sends it messages; what
 * the process has not taken yet is kept in memory, and state_writer_is_full tells when that is too much.
 *
 * This is how a run uses it:
 *
 *     writer = state_writer_new("crawl.db", outputs, 2);
 *     state_writer_start(writer, fail_if_locked);       locks and checks the file
 *     state = state_new("crawl.db");                    only now: see state.h on forks
 *     state_open(state, STATE_READ);
 *     while (state_next_page(state, &page) == STATE_FOUND)
 *             seen_add(url -> page.id); if the run is resumed and the page is pending: store.offer(…)
 *     state_find_output(state, "output", &output);      a file is cut back to output.length
 *     state_writer_begin_run(writer, options, wish, now, &begun);
 *
 *     store.offer says NEW:    state_writer_add_page(writer, &page), with the next id, or the one it had
 *     store.claim:             state_find_page(state, id, &page): its validators; and after a 304
 *                              state_find_links(state, &page, &links)
 *     each link of a page:     link_records_add(&records, &record)
 *     its rows were taken:     state_writer_set_output(writer, 0, length up to the end of these rows)
 *                              state_writer_settle_page(writer, &result)
 *     turn of the loop:        state_writer_turn(writer, &wait)
 *     may something start:     !state_writer_is_full(writer)
 *
 *     state_free(state);
 *     state_writer_end_run(writer, &totals, now);       not if the run is stopped
 *     state_writer_finish(writer);                      waits until all is durable
 *     state_writer_free(writer);
 *
 * What is given between two commits is durable together, or not at all. Before each commit, the data of the
 * output files are brought to the disk, up to the length that was given, and their names. So an output file
 * that is cut back to the length in the state has the rows of exactly those pages that are settled there.
 *
 * If the program dies, the process commits the batches that were sent completely, and ends. If the process
 * dies or fails, the next call says so. It holds the lock on the file as long as it lives. */
#ifndef AREQ_STORE_STATE_WRITER_H
#define AREQ_STORE_STATE_WRITER_H

#include "base/status.h"
#include "base/wait.h"
#include "store/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most this many commits are made: one in that many ms. */
enum { STATE_WRITER_COMMIT_MS = 200 };

/* The memory for messages that the process has not taken, beyond which nothing new should be started. */
enum { STATE_WRITER_BACKLOG_MAX = 2 << 20 };

/* An output file, which is open already. The process keeps its descriptor open. */
struct state_writer_output {
	const char *name; /* as in struct state_output */
	const char *path;
	int fd;
	const char *temporary; /* the path that fd has until the end of the run, if that is another one */
};

struct state_writer;

/* All arguments are borrowed, and must outlive the writer. Free with state_writer_free, which ends the
 * process without a commit if that was not finished. */
struct state_writer *state_writer_new(
    const char *path, const struct state_writer_output *outputs, size_t output_count);
void state_writer_free(struct state_writer *self);

/* The functions that return a status fail as those in state.h do, and have logged that; from then on they
 * return the same status. STATUS_OUTPUT is also returned if the process cannot be started, or has died. */

/* Starts the process and waits until it has opened the file. Waits for another run that uses the file, which
 * is logged; STATUS_CUT_SHORT if the deadline (logged) or a signal ends the wait. With fail_if_locked,
 * STATUS_OUTPUT instead. The program must have no state open, see state.h. */
enum status state_writer_start(struct state_writer *self, bool fail_if_locked);

/* See state_begin_run. Waits until it is done. */
enum status state_writer_begin_run(struct state_writer *self, const char *options, enum state_wish wish,
    double now, struct state_begun *begun);

/* These wait for nothing; see state_add_page and so on. The arguments are copied. */
void state_writer_add_page(struct state_writer *self, const struct state_page *page);
void state_writer_settle_page(struct state_writer *self, const struct state_result *result);
void state_writer_forget_page(struct state_writer *self, uint64_t id);
void state_writer_set_robots(struct state_writer *self, const struct state_robots *robots);
void state_writer_lower_depth(struct state_writer *self, const struct state_depth *depth);
void state_writer_add_target(struct state_writer *self, const struct state_target *target);

/* The length of the output with that index. */
void state_writer_set_output(struct state_writer *self, size_t index, uint64_t length);

/* The number of the batch that has what is given now. It is durable once state_writer_committed has returned
 * this number or a larger one. */
uint64_t state_writer_batch(const struct state_writer *self);
uint64_t state_writer_committed(const struct state_writer *self);

/* Sends and receives as much as is possible without waiting, and asks for a commit if one is due. Adds to
 * *wait what must be waited for before the next call. */
enum status state_writer_turn(struct state_writer *self, struct wait *wait);

/* True while the process is so far behind that nothing new should be started. */
bool state_writer_is_full(const struct state_writer *self);

/* See state_end_run. */
void state_writer_end_run(struct state_writer *self, const struct state_totals *totals, double now);

/* Waits until all that was given is durable, as long as the disk takes, and ends the process. */
enum status state_writer_finish(struct state_writer *self);

/* The process itself: reads messages from a socket until its end, and sends replies there. Other functions
 * need not call it; it is here for tests. */
void state_writer_serve(
    const char *path, const struct state_writer_output *outputs, size_t output_count, int socket);

#endif
