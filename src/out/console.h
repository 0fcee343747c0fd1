/* The run as a person on the terminal sees it: a line per failed URL, events at -v, a line at the end. */
#ifndef AREQ_OUT_CONSOLE_H
#define AREQ_OUT_CONSOLE_H

#include "out/observer.h"

#include <stdbool.h>

struct console {
	bool is_terminal; /* stderr is one: the summary is shown even when all went well */
};

struct observer console_observer(struct console *self);

#endif
