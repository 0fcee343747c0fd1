/* The ledger: each input URL's way from the list, over tries, retries and redirects, to its one outcome. */
#ifndef AREQ_RUN_LEDGER_H
#define AREQ_RUN_LEDGER_H

#include "base/options.h"
#include "base/status.h"
#include "fetch/crawl.h"
#include "in/input.h"
#include "output/observer.h"

struct ledger;

/* Everything given is borrowed and outlives it. Free with ledger_free. */
struct ledger *ledger_new(const struct options *options, struct input *input, struct observers *observers);
void ledger_free(struct ledger *self);

/* Compiles the patterns. STATUS_USAGE where the user's is none; it was logged. */
enum status ledger_compile(struct ledger *self);

/* What the loop asks and tells; after ledger_compile. */
struct crawl_handlers ledger_handlers(struct ledger *self);

/* The loop has ended, with that status: the list is read on for a moment, and whatever has not come to its
 * end is interrupted. The status is the first failure that the ledger met. */
enum status ledger_close(struct ledger *self, enum status status);

/* Nothing more is written, and that ended so: those whose rows were not taken have failed. Then each URL has
 * its outcome. Fills the counts of *totals. The status is as above. */
enum status ledger_tell_rest(struct ledger *self, enum status status, struct totals *totals);

#endif
