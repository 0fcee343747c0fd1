/* The monotonic clock, for durations and deadlines, and the time of day. */
#ifndef AREQ_BASE_CLOCK_H
#define AREQ_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since an arbitrary but fixed start; never runs backwards. */
int64_t clock_now_ms(void);

/* The same clock in microseconds. */
int64_t clock_now_us(void);

/* Seconds since 1970-01-01 00:00:00 UTC. Runs backwards when the clock of the machine is set back. */
double clock_unix_s(void);

/* A timestamp that is never reached: no deadline. */
#define CLOCK_NEVER INT64_MAX

#endif
