/* What the run came to: a few lines for a person at its end, and the same as a JSON object. */
#ifndef AREQ_OUTPUT_SUMMARY_H
#define AREQ_OUTPUT_SUMMARY_H

#include "base/options.h"
#include "output/file.h"
#include "output/observer.h"

#include <stdbool.h>

struct summary;

/* is_terminal: stderr is one, and the summary is shown even when all went well. options is borrowed and
 * outlives it. Its observer owns it. */
struct summary *summary_new(const struct options *options, bool is_terminal);
struct observer summary_observer(struct summary *self);

/* Once the observer's end was told: writes the object as one line. exit_status: of the process; negative:
 * a signal ends it. Fails as file_write does. */
enum status summary_write_json(
    const struct summary *self, struct file *file, const struct totals *totals, int exit_status);

#endif
