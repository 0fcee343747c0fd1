/* The time that only moves forward. */
#ifndef AREQ_BASE_CLOCK_H
#define AREQ_BASE_CLOCK_H

#include <stdint.h>

/* Monotonic milliseconds since some fixed moment. */
int64_t clock_now_ms(void);

/* The same clock in microseconds. */
int64_t clock_now_us(void);

/* A moment that never comes. */
#define CLOCK_NEVER INT64_MAX

#endif
