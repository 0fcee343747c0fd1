/* Random bits for jitter and hash seeds; not for secrets. */
#ifndef AREQ_BASE_RANDOM_H
#define AREQ_BASE_RANDOM_H

#include <stdint.h>

/* 64 fresh bits from the system, or from the clock where it has none to give. */
uint64_t random_bits(void);

#endif
