/* The monotonic clock, for durations and deadlines. */
#ifndef AREQ_BASE_CLOCK_H
#define AREQ_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since an arbitrary but fixed start; never runs backwards. */
int64_t clock_now_ms(void);

/* The same clock in microseconds. */
int64_t clock_now_us(void);

/* A timestamp that is never reached: no deadline. */
#define CLOCK_NEVER INT64_MAX

#endif
