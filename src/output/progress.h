/* How the run stands, on one line of the screen that is drawn anew all the time. */
#ifndef AREQ_OUTPUT_PROGRESS_H
#define AREQ_OUTPUT_PROGRESS_H

#include "base/buf.h"
#include "base/options.h"
#include "output/observer.h"

#include <stdbool.h>

/* Whether these options and what stdout and stderr are ask for it. "auto" wants stderr to be a terminal, and
 * nothing else to go there: neither events nor, through stdout, rows or what a program behind a pipe makes of
 * them. With "always" only rows that go to a terminal leave no place for it. */
bool progress_wanted(const struct options *options);

struct observer progress_observer(void);

/* What is drawn beside the standing; negative: not known. */
struct progress_pace {
	double pages;   /* a second */
	double bytes;   /* a second */
	double seconds; /* to go */
};

/* Appends the line, in the styles of the log, at most so many columns wide: what is less important is left
 * out first. Its text is ASCII, so that a byte is a column. */
void progress_line(
    struct buf *line, const struct standing *standing, const struct progress_pace *pace, size_t columns);

#endif
