/* An observer that sums up the run: in a few lines for people at its end, and as a JSON object. */
#ifndef AREQ_OUTPUT_SUMMARY_H
#define AREQ_OUTPUT_SUMMARY_H

#include "base/options.h"
#include "output/file.h"
#include "output/observer.h"

#include <stdbool.h>

struct summary;

/* is_terminal means that stderr is a terminal; the summary is then shown even if all went well. options is
 * borrowed and must outlive the summary. The observer that summary_observer returns owns the summary and
 * frees it. */
struct summary *summary_new(const struct options *options, bool is_terminal);
struct observer summary_observer(struct summary *self);

/* Writes the summary as a JSON object in one line, after `end` of the observer was called. exit_status is
 * that of the process, or negative if a signal ends it. Fails as file_write does. */
enum status summary_write_json(
    const struct summary *self, struct file *file, const struct totals *totals, int exit_status);

#endif
