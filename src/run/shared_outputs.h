/* The outputs of a process of a shared crawl. A URL is settled once all that it has added to them is on the
 * disk; and if the process dies before that, they are cut back when it is started again. */
#ifndef AREQ_RUN_SHARED_OUTPUTS_H
#define AREQ_RUN_SHARED_OUTPUTS_H

#include "base/outcome.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/wait.h"
#include "run/output_sync.h"
#include "run/outputs.h"
#include "store/redis_crawl.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Those of the rows, of --changes-to, of --report and of --failed. */
enum { SHARED_OUTPUTS = 4 };

/* URLs that are settled together. */
struct shared_batch {
	struct settled_claim *items;
	size_t count, room;
	uint64_t lengths[SHARED_OUTPUTS]; /* of the outputs, when all rows of these URLs are in them */
};

struct shared_outputs {
	struct outputs *outputs;
	struct redis_crawl *crawl;
	const char *machine; /* its name */
	bool keeps_answers;
	struct file *files[SHARED_OUTPUTS]; /* NULL for one that is no regular file */
	struct output_sync *sync;
	struct shared_batch written; /* in the outputs */
	struct shared_batch syncing; /* being brought to the disk */
	int64_t sync_due;            /* monotonic ms */
	size_t held;                 /* bytes of the answers and links in both */
};

/* outputs is borrowed. */
void shared_outputs_init(struct shared_outputs *self, struct outputs *outputs);
void shared_outputs_release(struct shared_outputs *self);

/* Directly after the start of the crawl: finds out which outputs a process has left that has died, so that
 * they are cut back, and begins. All is borrowed. STATUS_OUTPUT if an output is not what that process has
 * written, which was logged. */
enum status shared_outputs_find(
    struct shared_outputs *self, struct redis_crawl *crawl, const char *machine, bool keeps_answers);

/* A claimed URL has its outcome. Its rows are in the first rows_end bytes that this process has written to
 * the output of the rows, its changes in those of --changes-to, and its lines in what was written to the
 * others until now. The rest is for a crawl that keeps answers; see struct redis_crawl_settled. */
struct shared_settled {
	enum outcome_kind kind;
	uint64_t rows_end, changes_end;
	bool is_gone, is_listed;
	enum state_answer how;
	struct slice answer, links; /* borrowed for the call */
};
void shared_outputs_settle(
    struct shared_outputs *self, struct store_claim *claim, const struct shared_settled *settled);

/* How much of the file of --changes-to was written by this process; 0 if it is not kept. */
uint64_t shared_outputs_changes_written(const struct shared_outputs *self);

/* True while so much waits for the disk that nothing more should be added. */
bool shared_outputs_are_full(const struct shared_outputs *self);

/* True if nothing waits for the disk. */
bool shared_outputs_are_settled(const struct shared_outputs *self);

/* Settles what is on the disk, and brings more there; called in each turn of the event loop. With wait ==
 * NULL, waits for the disk until all that was written is settled. */
enum status shared_outputs_turn(struct shared_outputs *self, struct wait *wait);

#endif
