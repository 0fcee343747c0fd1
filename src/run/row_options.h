/* The options that decide which rows a run gives, as the state file has them (state_begin_run). A run can
 * only go on with the same ones, and an answer of an earlier run counts only with the same ones. */
#ifndef AREQ_RUN_ROW_OPTIONS_H
#define AREQ_RUN_ROW_OPTIONS_H

#include "base/buf.h"
#include "base/options.h"
#include "fetch/settings.h"

#include <stdint.h>

/* Appends them as a JSON object, whose keys are their long names. The key "request" has a fingerprint of what
 * the user adds to requests, so that their answers may vary with it: -A, -b, -H, -u and --netrc. */
void row_options_append(struct buf *to, const struct settings *settings);

/* A number that differs where state_begun.variant would: where another option does, but for those of the
 * outputs. */
uint64_t row_options_variant(const struct settings *settings);

#endif
