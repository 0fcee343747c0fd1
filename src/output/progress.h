/* An observer that shows the progress of the run on one line of the screen, which is redrawn several times a
 * second. */
#ifndef AREQ_OUTPUT_PROGRESS_H
#define AREQ_OUTPUT_PROGRESS_H

#include "base/buf.h"
#include "base/options.h"
#include "output/observer.h"

#include <stdbool.h>

/* True if the progress line is to be shown, by the options and by what stdout and stderr are. With "auto"
 * stderr must be a terminal on which nothing else appears: no events, no rows, and no output of a program
 * that reads the rows through a pipe. With "always" the line is shown unless rows or the report go to a
 * terminal. */
bool progress_is_wanted(const struct options *options);

/* Reads the options only in the call. */
struct observer progress_observer(const struct options *options);

/* Rates and remaining time, which the line shows too. A negative value is not known. */
struct progress_rates {
	double pages;   /* per second */
	double bytes;   /* per second */
	double seconds; /* until the end of the run */
};

/* Appends the progress line in the styles of the log. It is at most `columns` wide: what is less important
 * is left out first. Its text is ASCII, so that each byte takes one column. */
void progress_line(
    struct buf *line, const struct run_progress *progress, const struct progress_rates *pace, size_t columns);

#endif
