/* The files that a run writes, and that no two of them are one. */
#ifndef AREQ_RUN_OUTPUTS_H
#define AREQ_RUN_OUTPUTS_H

#include "base/options.h"
#include "base/status.h"
#include "in/input.h"
#include "output/file.h"

#include <stdint.h>
#include <sys/types.h>

enum output {
	OUTPUT_ROWS,
	OUTPUT_REPORT,
	OUTPUT_WATERFALL,
	OUTPUT_HAR,
	OUTPUT_DOT,
	OUTPUT_SUMMARY_JSON, /* the last one to be written */
	OUTPUTS
};

struct outputs {
	struct file files[OUTPUTS];
	pid_t guard; /* see output/guard.h; 0: there was no need for one yet */
};

/* Makes them, none open. */
void outputs_init(struct outputs *self);

/* Opens those that the options want. What is in them stays until all are accepted; then they are ready to be
 * written to, and guarded as soon as that is needed. STATUS_USAGE where one is another one, or the list
 * itself, STATUS_OUTPUT where one cannot be written; it was logged. outputs_close is due in any case. */
enum status outputs_open(struct outputs *self, const struct options *options, const struct input *input);

/* Waits until all is written, until that moment at most: see file_drain. */
enum status outputs_drain(struct outputs *self, int64_t until);

/* Nothing more is written but the summary. */
void outputs_unguard(struct outputs *self);

/* Closes all but the rows and the summary: see file_close. */
enum status outputs_close_others(struct outputs *self);

/* Closes what is still open. */
enum status outputs_close(struct outputs *self);

#endif
