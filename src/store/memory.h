/* The store of a run that leaves nothing behind: fingerprints of the URLs seen, and the pending ones by host,
 * in bounded memory and a temporary file. */
#ifndef AREQ_STORE_MEMORY_H
#define AREQ_STORE_MEMORY_H

#include "store/store.h"

/* So many URLs of one host may be claimed and not begun: enough for the loop to find the next one whenever
 * one begins, and few enough for those that are read ahead to be of many hosts. */
enum { MEMORY_AHEAD_MAX = 16 };

/* About so many bytes of pending URLs are kept in memory. */
enum { MEMORY_PENDING_BYTES = 8 << 20 };

/* A new store; its free ends it. pending_bytes is MEMORY_PENDING_BYTES but in tests. */
struct store memory_store(size_t pending_bytes);

#endif
