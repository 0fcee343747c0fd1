/* The store of a run that keeps nothing for later runs: fingerprints of the URLs that were seen, and one
 * queue of pending URLs for each host, in bounded memory and a temporary file. */
#ifndef AREQ_STORE_MEMORY_H
#define AREQ_STORE_MEMORY_H

#include "store/known_urls.h"
#include "store/store.h"

/* The most URLs of one host that are claimed and not begun. The number is large enough for the event loop to
 * find the next URL of a host whenever one begins, and small enough for the claimed URLs to be of many
 * hosts. */
enum { MEMORY_AHEAD_MAX = 16 };

/* Bytes of pending URLs that are kept in memory before they are moved to the temporary file; see
 * queues_init. */
enum { MEMORY_PENDING_BYTES = 8 << 20 };

/* Makes a new store, to be freed with its function free. pending_bytes is MEMORY_PENDING_BYTES except in
 * tests. is_crawl tells which URLs are the same; see store.offer. */
struct store memory_store(size_t pending_bytes, bool is_crawl);

/* Lets the store keep in known which of the URLs there were offered, instead of their fingerprints. To be
 * called before anything is offered; known is borrowed until the store is freed. */
void memory_store_use_known(struct store *store, struct known_urls *known);

#endif
