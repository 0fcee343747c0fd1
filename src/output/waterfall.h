/* An observer that writes the waterfall: an HTML page that shows the run as browsers show the loading of a
 * page. The page is waterfall.html with the data in it, as lines of JSON: the first line describes the run,
 * then comes a line for each URL, and the last line has the totals. */
#ifndef AREQ_OUTPUT_WATERFALL_H
#define AREQ_OUTPUT_WATERFALL_H

#include "output/file.h"
#include "output/observer.h"

/* Writes to file, which is borrowed, open and empty. */
struct observer waterfall_observer(struct file *file);

#endif
