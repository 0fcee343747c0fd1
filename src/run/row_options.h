/* The options that decide which rows a run gives. A run can only go on with the same ones, and an answer of
 * an earlier run counts only if those are the same that decide which links are kept. */
#ifndef AREQ_RUN_ROW_OPTIONS_H
#define AREQ_RUN_ROW_OPTIONS_H

#include "base/buf.h"
#include "base/options.h"

/* Appends them as a JSON object, whose keys are their long names. */
void row_options_append(struct buf *to, const struct options *options);

/* True if an answer that was kept with the options `before` can be used with the options `now`; both are such
 * objects. What the outputs make of the links does not matter. */
bool row_options_have_same_answers(const char *before, const char *now);

#endif
