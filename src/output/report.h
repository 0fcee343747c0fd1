/* An observer that writes the report: a line with a JSON object for each input URL, also for those that
 * failed. */
#ifndef AREQ_OUTPUT_REPORT_H
#define AREQ_OUTPUT_REPORT_H

#include "output/file.h"
#include "output/observer.h"

/* Writes to file, which is borrowed, open and empty. */
struct observer report_observer(struct file *file, bool is_crawl);

#endif
