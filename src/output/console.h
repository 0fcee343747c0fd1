/* An observer that logs outcomes on stderr: a line for each failed URL, unless the options leave it out, and
 * with -v a line for every other URL. */
#ifndef AREQ_OUTPUT_CONSOLE_H
#define AREQ_OUTPUT_CONSOLE_H

#include "base/options.h"
#include "output/observer.h"

/* options is borrowed and must outlive the observer. */
struct observer console_observer(const struct options *options);

#endif
