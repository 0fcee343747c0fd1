/* What the outcome of a task means for the answer that is kept of its page. */
#ifndef AREQ_RUN_ANSWER_RESULT_H
#define AREQ_RUN_ANSWER_RESULT_H

#include "base/buf.h"
#include "run/task.h"
#include "store/state.h"

/* What the outcome means for it. */
enum state_answer answer_result_of(const struct task *task, const struct outcome *outcome);

struct answer_result {
	struct state_result result; /* borrows the texts of this struct and of the task */
	struct buf hops, etag, modified, date;
};

/* task and outcome are borrowed. */
void answer_result_init(struct answer_result *self, const struct task *task, const struct outcome *outcome);
void answer_result_release(struct answer_result *self);

#endif
