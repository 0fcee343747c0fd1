/* Random bits for jitter and hash seeds. They are not fit for secrets. */
#ifndef AREQ_BASE_RANDOM_H
#define AREQ_BASE_RANDOM_H

#include <stdint.h>

/* Returns 64 random bits from the system; where it has none, bits that are derived from the clock. */
uint64_t random_bits(void);

#endif
