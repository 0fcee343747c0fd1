/* What the ledger's parts share: ledger_list.c takes URLs in, ledger.c answers the loop, ledger_verdict.c
 * decides what the end of a try means, ledger_pages.c gives the links of complete pages out, and tells what
 * became of each URL. */
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

enum { REASON_MAX = 1024 };

struct ledger {
	const struct options *options;
	struct input *input;
	struct observers *observers;
	enum status status;
	bool input_ended;
	bool closing; /* nothing is started any more, but the list is read on */
	struct store store;
	uint64_t numbers; /* of URLs that were given out */
	uint64_t lost;    /* URLs that were read, and are as good as unread */
	struct frontier *frontier;
	struct page_tools tools;
	struct page_pool pages;
	struct task_list ready;   /* with complete pages whose links can be given out: the first one's are */
	struct task_list waiting; /* … which a helper process is asked about */
	struct heap untold;       /* with an outcome, by what is to be taken first */
	int64_t list_until_us;    /* in this turn the list is read for so long, */
	int64_t work_until_us;    /* … and links are given out */
	struct url url;           /* for redirects */
	struct buf shown;         /* a URL as a person may see it */
	uint64_t dice;
	struct totals totals;
	size_t backlog;       /* bytes that the outputs' readers have not taken yet */
	uint64_t received;    /* bytes of bodies */
	int64_t standing_due; /* the next moment to tell how the run stands */
};

/* The first failure counts. */
void ledger_note_status(struct ledger *self, enum status status);

/* A URL of the list that was never tried has its outcome. */
void ledger_end_entry(struct ledger *self, const struct outcome *outcome);

/* The one place where a task gets its outcome. It was out: its host is told, and it is freed, at the latest
 * when its rows are safe. */
void ledger_end_task(struct ledger *self, struct task *task, struct outcome *outcome);

/* Its page is complete. */
void ledger_complete_task(struct ledger *self, struct task *task);

/* Gives out what is ready, until the work of this turn has taken long enough; *wait waits for the rest. */
void ledger_give_pages(struct ledger *self, struct wait *wait);

/* Tells the outcomes of those whose rows are safe. */
void ledger_tell_taken(struct ledger *self);

/* True while a reader is so far behind that nothing more is given to it. */
bool ledger_is_behind(const struct ledger *self);

/* False while so many pages wait that nothing new is started. */
bool ledger_has_room(const struct ledger *self);

/* Only URLs with a number below that may start now: UINT64_MAX for all of them, unless the outcomes of very
 * many wait for their rows to be safe. */
uint64_t ledger_limit(const struct ledger *self);

/* The run is stopped: what is left of complete pages is not given out. */
void ledger_abandon_pages(struct ledger *self);

/* Takes what waits in the store, and then reads the list, while there is room in the frontier, but not so
 * long that signals and readers would wait. True where the list makes us wait. */
bool ledger_read_list(struct ledger *self);

/* True where only the time was too short for more of that. */
bool ledger_wants_time(const struct ledger *self);

/* So many that wait in the store are no more: they count as lines that were not read. */
void ledger_lose_pending(struct ledger *self, uint64_t count);

/* The task's turn has come; more than once does no harm. */
void ledger_begin_task(struct ledger *self, struct task *task);

/* The task has its outcome, so the store may forget it. */
void ledger_settle_task(struct ledger *self, struct task *task);

/* Its page, if it has one, is needed no more. */
void ledger_give_page_back(struct ledger *self, struct task *task);

/* Another answer replaces what came in of one. */
void ledger_forget_answer(struct ledger *self, struct task *task);

/* A try has ended: the task is tried again, goes on elsewhere, or gets its outcome and is freed. */
void ledger_judge(struct ledger *self, struct task *task, struct fetch_result *result);

/* The task's turn has come, but its host was given up. */
void ledger_give_up(struct ledger *self, struct task *task);

#endif
