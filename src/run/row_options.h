/* The options that decide which rows a run gives. A run can only go on with the same ones, and an answer of
 * an earlier run counts only with the same ones. */
#ifndef AREQ_RUN_ROW_OPTIONS_H
#define AREQ_RUN_ROW_OPTIONS_H

#include "base/buf.h"
#include "base/options.h"

/* Appends them as a JSON object, whose keys are their long names. */
void row_options_append(struct buf *to, const struct options *options);

#endif
