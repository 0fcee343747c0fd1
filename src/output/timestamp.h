/* Moments of the calendar, for outputs that name them. */
#ifndef AREQ_OUTPUT_TIMESTAMP_H
#define AREQ_OUTPUT_TIMESTAMP_H

#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00Z, now. */
int64_t timestamp_now(void);

/* Writes such a moment as ISO 8601 has it, in UTC: "2026-11-23T10:30:00.250Z". */
enum { TIMESTAMP_SIZE = 32 };
void timestamp_text(int64_t moment, char text[TIMESTAMP_SIZE]);

#endif
