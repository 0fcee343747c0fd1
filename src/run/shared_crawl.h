/* A run that shares its crawl with other processes, through Redis (--state redis://…).
 *
 *     shared_crawl_new -> shared_crawl_start        the outputs are open, and not changed yet
 *                      -> shared_crawl_store        goes to the ledger
 *                      -> shared_crawl_turn, in each turn of the event loop
 *                      -> shared_crawl_settle       a URL has its outcome, and its rows were written
 *                      -> shared_crawl_finish -> shared_crawl_free
 *
 * A URL is settled in Redis once its rows are on the disk. Until then another process gets it if this one
 * dies. */
#ifndef AREQ_RUN_SHARED_CRAWL_H
#define AREQ_RUN_SHARED_CRAWL_H

#include "base/options.h"
#include "base/outcome.h"
#include "base/status.h"
#include "base/wait.h"
#include "fetch/settings.h"
#include "output/observer.h"
#include "run/outputs.h"
#include "run/shared_outputs.h"
#include "store/redis_store.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shared_crawl;

/* settings, which shared_crawl_start reads first, and outputs are borrowed. Free with shared_crawl_free. */
struct shared_crawl *shared_crawl_new(
    const struct options *options, const struct settings *settings, struct outputs *outputs);
void shared_crawl_free(struct shared_crawl *self);

/* Joins or begins the crawl. list is what this process brings, see redis_crawl_settings; NULL for none. If a
 * process that wrote to the same outputs has died, they are to be cut back to what it had settled, and gone
 * on with. STATUS_OUTPUT if Redis cannot be reached or refuses, STATUS_USAGE if the options are others than
 * those of the crawl; see redis_crawl_start. */
enum status shared_crawl_start(struct shared_crawl *self, const struct option_list *list);

/* The store of the crawl, for the ledger, which frees it before the crawl is freed. */
struct store shared_crawl_store(struct shared_crawl *self, bool is_crawl);

/* on_start is called with each URL that the crawl starts at, whoever has listed it; url is borrowed for the
 * call. */
void shared_crawl_watch_starts(
    struct shared_crawl *self, void (*on_start)(void *ctx, struct slice url), void *ctx);

/* Lets all processes know the start that a listed URL stands for: its folder. */
void shared_crawl_add_start(struct shared_crawl *self, const struct url *url);

/* Called in each turn of the event loop. */
enum status shared_crawl_turn(
    struct shared_crawl *self, const struct redis_crawl_room *room, struct wait *wait);

/* How many transfers of other processes have nothing to do. */
size_t shared_crawl_idle_elsewhere(const struct shared_crawl *self);

/* Lets another process have the host of the claim, which is released after this. */
void shared_crawl_yield_host(struct shared_crawl *self, const struct store_claim *claim);

/* True if fetches may start, and links be passed on. */
bool shared_crawl_may_go_on(const struct shared_crawl *self);

/* True if all that this process has done is settled, and something is still pending or claimed elsewhere. */
bool shared_crawl_is_left_to_others(const struct shared_crawl *self);

/* True if nothing is pending but pages that are not on the lists any more, and this process has found them.
 */
bool shared_crawl_has_only_gone(const struct shared_crawl *self);

/* True once nothing is pending or claimed anywhere. */
bool shared_crawl_has_ended(const struct shared_crawl *self);

/* True if the claim is not this process's any more, so that the URL is to be dropped. */
bool shared_crawl_is_void(const struct store_claim *claim);

/* This process has read its list to the end, or cannot read it. Only the first call does anything. */
void shared_crawl_end_list(struct shared_crawl *self, bool is_read);

/* The outputs, by which claims are settled. They belong to the crawl. */
struct shared_outputs *shared_crawl_outputs(struct shared_crawl *self);

/* True if what comes of each page is kept for the next run, and the number that such an answer must have to
 * be used in this one. */
bool shared_crawl_keeps_answers(const struct shared_crawl *self);
uint64_t shared_crawl_variant(const struct shared_crawl *self);

/* The number of a claimed page, the same in all runs; its links are packed for it. */
uint64_t shared_crawl_page_number(const struct store_claim *claim);

/* Looks up what Redis has of a claimed page; see redis_crawl_get_answer. */
void shared_crawl_find_answer(
    struct shared_crawl *self, const struct store_claim *claim, redis_crawl_stored_fn fn, void *ctx);

/* A host may not be asked again within that many ms. */
void shared_crawl_delay_host(struct shared_crawl *self, const struct url *url, int64_t ms);

/* Looks up the robots.txt of an origin, which another process may have received at most a day ago. fn is
 * called in a later turn, with NULL if there is none; the body of another one is borrowed for the call. */
void shared_crawl_find_robots(
    struct shared_crawl *self, const char *origin, redis_crawl_robots_fn fn, void *ctx);

/* Keeps a robots.txt that was received just now. */
void shared_crawl_keep_robots(
    struct shared_crawl *self, const char *origin, long http_status, struct slice body);

/* Settles what is left, gives back what was claimed, and reads how the crawl stands. Waits for the disk and
 * for Redis; not for the latter if it is known to be away. STATUS_CUT_SHORT, logged, if the crawl has ended
 * without all of a list. */
enum status shared_crawl_finish(struct shared_crawl *self, struct crawl_totals *totals);

/* Writes how the crawl stands to stdout, and changes nothing (--dry-run). */
enum status shared_crawl_show(struct shared_crawl *self);

#endif
