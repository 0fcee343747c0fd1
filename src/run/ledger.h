/* The ledger follows each URL of the list, and each that a crawl finds, over all tries, retries and redirects
 * to its outcome, and reports exactly one outcome for each. */
#ifndef AREQ_RUN_LEDGER_H
#define AREQ_RUN_LEDGER_H

#include "base/options.h"
#include "base/status.h"
#include "fetch/crawl.h"
#include "in/input.h"
#include "output/observer.h"

struct ledger;

/* All arguments are borrowed and must outlive the ledger. Free with ledger_free. */
struct ledger *ledger_new(const struct options *options, struct input *input, struct observers *observers);
void ledger_free(struct ledger *self);

/* Compiles all patterns. STATUS_USAGE if one of the user's is not valid, which was logged. */
enum status ledger_compile(struct ledger *self);

struct run_state;

/* Lets the ledger keep what it does in the state file, and go on with a run that was interrupted. state may
 * be NULL, and is borrowed until ledger_report_rest has returned. Call it after ledger_compile. */
void ledger_resume(struct ledger *self, struct run_state *state);

struct shared_crawl;

/* Shares the crawl with other processes. shared is borrowed, and is to be freed after the ledger. Call it
 * after ledger_compile. */
void ledger_share(struct ledger *self, struct shared_crawl *shared);

/* The handlers through which the event loop gets requests and passes on what happens to them. Their context
 * is the ledger. Call it after ledger_compile. */
struct crawl_handlers ledger_handlers(struct ledger *self);

/* Call it when the event loop has ended, with the status of that. Whatever waits gets the outcome
 * "interrupted". The rest of the list is read for a few seconds at most, for the same outcome, so that the
 * counts are complete. Returns the first failure of the run (see status_first), including the status
 * given. */
enum status ledger_close(struct ledger *self, enum status status);

/* Call it when all rows were written or writing has failed, with the status of that. Reports the outcomes
 * that waited for their rows to be written; a page whose rows are lost has failed, or was interrupted if the
 * reader is gone. Then each URL that was read has its outcome. Overwrites *totals with the ledger's counts;
 * the fields that it does not know are 0. Returns the same as ledger_close. */
enum status ledger_report_rest(struct ledger *self, enum status status, struct totals *totals);

#endif
