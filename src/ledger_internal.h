/* What the ledger's parts share: ledger_list.c takes URLs in, ledger.c answers the loop, ledger_verdict.c
 * decides what the end of a try means. */
#ifndef AREQ_LEDGER_INTERNAL_H
#define AREQ_LEDGER_INTERNAL_H

#include "in/frontier.h"
#include "ledger.h"
#include "link/page.h"
#include "link/page_pool.h"
#include "task.h"

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
	struct frontier *frontier;
	struct page_tools tools;
	struct page_pool pages;
	struct url url;   /* for redirects */
	struct buf shown; /* a URL as a person may see it */
	uint64_t dice;
	struct totals totals;
	size_t backlog;       /* bytes that the outputs' readers have not taken yet */
	uint64_t received;    /* bytes of bodies */
	int64_t standing_due; /* the next moment to tell how the run stands */
};

/* The first failure counts. */
void ledger_note_status(struct ledger *self, enum status status);

/* Counts it and tells the observers. */
void ledger_tell(struct ledger *self, const struct outcome *outcome);

/* True while the list has, or may have, more than is needed now. */
bool ledger_wants_more(const struct ledger *self);

/* Reads on while there is room and something to read, but not so long that signals and readers would wait.
 * True where the list makes us wait. */
bool ledger_read_list(struct ledger *self);

/* Another answer replaces what came in of one. */
void ledger_forget_answer(struct ledger *self, struct task *task);

/* A try has ended: the task is tried again, goes on elsewhere, or gets its outcome and is freed. */
void ledger_judge(struct ledger *self, struct task *task, struct fetch_result *result);

/* The task's turn has come, but its host was given up. */
void ledger_give_up(struct ledger *self, struct task *task);

#endif
