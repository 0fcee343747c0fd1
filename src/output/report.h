/* An observer that writes the report: a line with a JSON object for each input URL, also for those that
 * failed. */
#ifndef AREQ_OUTPUT_REPORT_H
#define AREQ_OUTPUT_REPORT_H

#include "base/options.h"
#include "output/file.h"
#include "output/observer.h"

/* Writes to file, which is open. Both are borrowed. With --state, URLs that have failed because of trouble on
 * this machine get their lines at the end, since the next run asks for them again, and cuts the file behind
 * the last URL that is done. */
struct observer report_observer(const struct options *options, struct file *file);

#endif
