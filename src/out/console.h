/* The run as it goes, on stderr: a line per failed URL, and at -v one per event. */
#ifndef AREQ_OUT_CONSOLE_H
#define AREQ_OUT_CONSOLE_H

#include "out/observer.h"

struct observer console_observer(void);

#endif
