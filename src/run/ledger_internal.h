/* What the files of the ledger share. ledger_list.c makes tasks of the list and the store, ledger.c has the
 * handlers of the event loop and the end of the run, ledger_result.c decides what follows from the end of a
 * try, and ledger_pages.c passes the links of complete pages on to the observers and reports outcomes. */
#ifndef AREQ_RUN_LEDGER_INTERNAL_H
#define AREQ_RUN_LEDGER_INTERNAL_H

#include "in/frontier.h"
#include "link/page.h"
#include "link/page_pool.h"
#include "run/ledger.h"
#include "run/task.h"
#include "store/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The size of a buffer for one text of an outcome, in bytes. */
enum { REASON_MAX = 1024 };

struct ledger {
	const struct options *options;
	struct input *input;
	struct observers *observers;
	enum status status; /* the first failure of the run */
	bool input_ended;
	bool closing; /* the event loop has ended: the list is read, and nothing is started */
	struct store store;
	uint64_t last_number; /* the number of the newest URL of the list */
	uint64_t lost;        /* URLs that were read from the list, and count as not read */
	struct frontier *frontier;
	struct page_tools tools;
	struct page_pool page_pool;
	struct task_list ready;           /* complete pages whose links can be emitted, one after the other */
	struct task_list awaiting_helper; /* complete pages that wait for a helper process */
	struct heap unreported;    /* tasks whose outcome waits until their rows are written, by ticket */
	int64_t list_deadline_us;  /* when reading the list stops for this turn of the event loop */
	int64_t links_deadline_us; /* when emitting links stops for this turn of the event loop */
	struct url url;            /* the target of a redirect */
	struct buf redacted;       /* a URL without what looks like credentials, for messages */
	uint64_t random_state;     /* for task_backoff_ms */
	struct totals totals;
	size_t backlog;       /* bytes that the readers of the outputs have not taken yet */
	uint64_t received;    /* bytes of bodies */
	int64_t progress_due; /* when to report the progress next (monotonic ms) */
};

/* Records a status. The first failure is kept; see status_first. */
void ledger_record_status(struct ledger *self, enum status status);

/* Reports the outcome of a URL that has no rows: an entry of the list that is not fetched, or a task that was
 * interrupted while it waited. */
void ledger_report_without_rows(struct ledger *self, const struct outcome *outcome);

/* Gives a task in flight its outcome, and removes it from the frontier and the store. Every task in flight
 * ends here. The outcome is reported and the task is freed at once, or, if rows of its page are not written
 * yet, later by ledger_report_written. If writing the rows has failed already, *outcome is changed to say
 * so. */
void ledger_finish_task(struct ledger *self, struct task *task, struct outcome *outcome);

/* The page of the task is complete: takes the task over until all links of the page are emitted. */
void ledger_complete_page(struct ledger *self, struct task *task);

/* Emits links of the pages that are ready, until links_deadline_us. If some are left, *wait is set to wake up
 * at once; wait may be NULL. */
void ledger_emit_links(struct ledger *self, struct wait *wait);

/* Reports the outcomes of the tasks whose rows were written since the last call, and frees these tasks. */
void ledger_report_written(struct ledger *self);

/* True while a reader of an output is so far behind that no more links are emitted and nothing new is
 * started. */
bool ledger_has_backlog(const struct ledger *self);

/* False while so many complete pages wait that nothing new is started. */
bool ledger_has_page_room(const struct ledger *self);

/* Only URLs with a number below this may start. It is UINT64_MAX, which means all, unless very many outcomes
 * wait for their rows to be written. */
uint64_t ledger_start_limit(const struct ledger *self);

/* Ends all complete pages whose links are not emitted yet as interrupted. */
void ledger_interrupt_pages(struct ledger *self);

/* Fills the frontier with tasks, first from the store and then from the list, until the frontier has enough
 * or list_deadline_us has come. True if the list has nothing to read at the moment: poll input_descriptor. */
bool ledger_fill_frontier(struct ledger *self);

/* True if the last ledger_fill_frontier ended because of the time, so that it should be called again soon. */
bool ledger_needs_more_time(const struct ledger *self);

/* Counts URLs that the store has lost, or that are left in it, as lines of the list that were not read. */
void ledger_count_lost(struct ledger *self, uint64_t count);

/* Tells the store that the task may start. Only the first call for a task does anything. */
void ledger_begin_claim(struct ledger *self, struct task *task);

/* Tells the store that the task has its outcome, which ends its claim. */
void ledger_release_claim(struct ledger *self, struct task *task);

/* Gives the task's page, if it has one, back to the pool. */
void ledger_give_page_back(struct ledger *self, struct task *task);

/* Discards what came of the task's current response, because another one replaces it. */
void ledger_discard_response(struct ledger *self, struct task *task);

/* Handles the end of a try: the task is retried, redirected or finished, or its page is complete. The cookies
 * of the result may be taken out of it. */
void ledger_handle_result(struct ledger *self, struct task *task, struct fetch_result *result);

/* Finishes a task whose host was given up before the task could start. It has failed. */
void ledger_fail_given_up(struct ledger *self, struct task *task);

#endif
