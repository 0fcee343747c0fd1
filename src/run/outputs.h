/* The files that a run writes to. No two of them may be the same file. */
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
	OUTPUT_CHANGES,
	OUTPUT_REPORT,
	OUTPUT_FAILED,
	OUTPUT_ELSEWHERE,
	OUTPUT_WATERFALL,
	OUTPUT_HAR,
	OUTPUT_DOT,
	OUTPUT_SUMMARY_JSON, /* must be the last one, because it is written after the others were closed */
	OUTPUTS
};

struct outputs {
	struct file files[OUTPUTS];
	pid_t guard; /* the process that output/guard.h describes; 0 if none runs */
};

/* Initialises the outputs. None is open. */
void outputs_init(struct outputs *self);

/* Opens the outputs that the options ask for, and changes no file yet. STATUS_USAGE if an
 * output is also another output, the list, or a file that an option reads; STATUS_OUTPUT if one cannot be
 * written; both were logged. Call outputs_close in any case. */
enum status outputs_open(struct outputs *self, const struct options *options, const struct input *input);

/* Prepares all outputs for the first write. The guard process is started as soon as it is needed; with
 * --state there is none, since a run that goes on cuts the files itself. STATUS_OUTPUT if that is not
 * possible (logged). */
enum status outputs_begin(struct outputs *self, const struct options *options, const struct input *input);

/* Waits until all data is written, but not beyond the time until (monotonic ms). See file_drain. */
enum status outputs_drain(struct outputs *self, int64_t until);

/* Ends the guard process. Only the summary may be written afterwards. */
void outputs_stop_guard(struct outputs *self);

/* Closes all outputs but the rows and the summary. Returns the first failure; see file_close. */
enum status outputs_close_others(struct outputs *self);

/* Ends the guard process and closes all outputs that are still open. Returns the first failure; see
 * file_close. */
enum status outputs_close(struct outputs *self);

#endif
