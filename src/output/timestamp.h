/* Wall-clock times, for outputs that show date and time. */
#ifndef AREQ_OUTPUT_TIMESTAMP_H
#define AREQ_OUTPUT_TIMESTAMP_H

#include <stdint.h>

/* The current time, in milliseconds since 1970-01-01T00:00Z. */
int64_t timestamp_now(void);

/* Writes such a time in the format of ISO 8601, in UTC: "2026-11-23T10:30:00.250Z". */
enum { TIMESTAMP_SIZE = 32 };
void timestamp_text(int64_t ms, char text[TIMESTAMP_SIZE]);

#endif
