/* A crawl in Redis as a store. Its functions differ from those of other stores where the answer is elsewhere:
 *
 * - offer returns STORE_KNOWN for what this process has offered before with no larger depth, and STORE_SENT
 * for everything else, which is sent to Redis. Any process may get such a URL from claim, also this one.
 * - knows and lowest_depth answer from what this process knows. A URL that was claimed has the smallest depth
 * that any process had found before.
 * - mark answers from what this process knows, and tells Redis. Whether Redis knows the target of a redirect
 * is asked with redis_store_ask_mark or redis_store_forward.
 * - claim returns what redis_crawl_turn has received, or STORE_LATER, or STORE_DONE once the run has ended.
 * It has no limit, since the numbers of two processes cannot be compared.
 * - settle gives the claim back, and any process may claim the URL again. redis_crawl_settle gives it its
 * outcome.
 * - count is 0, since nothing of a crawl is lost when this process ends.
 * - free frees the store, but not the crawl.
 *
 * A struct store_claim of this store is a struct redis_claim. */
#ifndef AREQ_STORE_REDIS_STORE_H
#define AREQ_STORE_REDIS_STORE_H

#include "store/redis_crawl.h"
#include "store/store.h"

/* Makes a store for a crawl that was started, and is borrowed. is_crawl tells which URLs are the same; see
 * store.offer. */
struct store redis_store(struct redis_crawl *crawl, bool is_crawl);

static inline struct redis_claim *redis_store_claim(struct store_claim *claim)
{
	return (struct redis_claim *)claim;
}

/* As store.mark, for a redirect of the URL that was claimed as source; fn is called once with what Redis
 * answers, or at once if this process knows it. */
void redis_store_ask_mark(struct store *store, const struct url *url, const struct url *source,
    enum store_purpose purpose, redis_crawl_answer_fn fn, void *ctx);

/* A redirect has led the claimed URL, given as it was claimed with target and hops, to another server: see
 * redis_crawl_forward. target is the same URL as url->target. */
void redis_store_forward(struct store *store, struct store_claim *claim, const struct store_url *url,
    const struct url *target, bool always, redis_crawl_answer_fn fn, void *ctx);

/* Forgets what this process has offered, so that it is sent again: for redis_crawl_handlers.lost, since Redis
 * may have lost it. */
void redis_store_forget(struct store *store);

#endif
