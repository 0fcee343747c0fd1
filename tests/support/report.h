/* Reads a report that a run has written to stdout. */
#ifndef SUPPORT_REPORT_H
#define SUPPORT_REPORT_H

#include "run.h"

#include <jansson.h>

/* Returns the line for that URL, which the caller gives back with json_decref; NULL if there is none. */
json_t *report_line(const struct run_result *result, const char *url);

#endif
