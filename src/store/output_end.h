#ifndef AREQ_STORE_OUTPUT_END_H
#define AREQ_STORE_OUTPUT_END_H

#include <stdint.h>

/* The XXH3 hash of the last bytes of the first `length` bytes of a file, at most 4096 of them: by this a run
 * knows what it has written. 0 if they cannot be read, or if there are none. */
uint64_t output_end_hash(const char *path, uint64_t length);

#endif
