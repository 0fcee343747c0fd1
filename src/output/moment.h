/* Moments of the calendar, for outputs that name them. */
#ifndef AREQ_OUTPUT_MOMENT_H
#define AREQ_OUTPUT_MOMENT_H

#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00Z, now. */
int64_t moment_now(void);

/* Writes such a moment as ISO 8601 has it, in UTC: "2026-11-23T10:30:00.250Z". */
enum { MOMENT_SIZE = 32 };
void moment_text(int64_t moment, char text[MOMENT_SIZE]);

#endif
