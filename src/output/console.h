/* An observer that logs outcomes on stderr: a line for each failed URL, and with -v a line for every URL. */
#ifndef AREQ_OUTPUT_CONSOLE_H
#define AREQ_OUTPUT_CONSOLE_H

#include "output/observer.h"

struct observer console_observer(void);

#endif
