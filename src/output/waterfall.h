/* The waterfall: a page of HTML that shows the run as browsers show the loading of a page. The page is
 * waterfall.html with the data in it, a line of JSON each: what the run is, each URL, what it came to. */
#ifndef AREQ_OUTPUT_WATERFALL_H
#define AREQ_OUTPUT_WATERFALL_H

#include "output/file.h"
#include "output/observer.h"

/* Writes to file, which is borrowed, open and empty. */
struct observer waterfall_observer(struct file *file);

#endif
