/* The run as it goes, on stderr: a line per failed URL, and at -v one per event. */
#ifndef AREQ_OUTPUT_CONSOLE_H
#define AREQ_OUTPUT_CONSOLE_H

#include "output/observer.h"

struct observer console_observer(void);

#endif
