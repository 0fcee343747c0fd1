/* A crawl in Redis that any number of processes work on. Each process is a member of the crawl for as long as
 * it renews its lease, which turn does; a host belongs to one member at a time. docs/decisions/redis.md says
 * how and why.
 *
 *     crawl = redis_crawl_new(&settings, &handlers);
 *     redis_crawl_start(crawl, &begun);               waits for Redis; joins or begins the crawl
 *     redis_crawl_find_output(crawl, key, …);         to where an output file is cut back
 *
 *     an entry of the list:   redis_crawl_offer(…)
 *     the end of the list:    redis_crawl_end_list(crawl, true)
 *     a turn of the loop:     redis_crawl_set_room(crawl, &room)
 *                             redis_crawl_turn(crawl, &wait)
 *                             while (redis_crawl_next(crawl, &record, &claim)) …
 *     may something start:    redis_crawl_holds_lease(crawl) && !redis_crawl_is_full(crawl)
 *     a fetch starts:         redis_crawl_begin(crawl, claim)
 *     a redirect:             redis_crawl_mark(…), then the answer is waited for
 *     one to another server:  redis_crawl_forward(…), likewise
 *     a page was received:    redis_crawl_offer(…) for each link that is followed
 *     may rows be written:    redis_crawl_holds_lease(crawl) && !redis_crawl_is_void(claim)
 *     rows are on the disk:   redis_crawl_set_output(…); redis_crawl_settle(crawl, claim, kind)
 *
 *     redis_crawl_has_ended(crawl)                    nothing is pending or claimed anywhere
 *     redis_crawl_leave(crawl);                       gives back what is left, and waits for Redis
 *     redis_crawl_free(crawl);
 *
 * A page whose rows may not be written because the lease is in doubt has to wait: when Redis is there again,
 * the lease is good, or its claim is void.
 *
 * A claim belongs to the crawl, and ends with settle, forward or release. If another member has taken over
 * what this one held, since its lease has ended, its claims are void: handlers.lost is called once for all of
 * them, nothing that is said of them changes anything in Redis, and they still have to be ended by one of
 * these calls.
 *
 * All calls between two flushes reach Redis in their order, in few messages. They are exactly once and in
 * order whatever happens to the connection, so what a page has found is in Redis before the page is settled.
 */
#ifndef AREQ_STORE_REDIS_CRAWL_H
#define AREQ_STORE_REDIS_CRAWL_H

#include "base/outcome.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/wait.h"
#include "store/redis_address.h"
#include "store/redis_record.h"
#include "store/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The format of the keys; see redis_common.lua. */
enum { REDIS_CRAWL_VERSION = 1 };

enum { REDIS_CRAWL_LEASE_MS = 30000 };

/* The most URLs of one host that are claimed and not begun. */
enum { REDIS_CRAWL_AHEAD_MAX = 16 };

/* What waits is sent after that many ms, or when it is much, or at once if there is nothing to start. */
enum { REDIS_CRAWL_FLUSH_MS = 200 };

/* The longest wait of start, find_output, status and leave for Redis, in ms. */
enum { REDIS_CRAWL_PATIENCE_MS = 5000 };

/* All is borrowed. */
struct redis_crawl_settings {
	struct redis_address *address; /* parsed; redis_crawl_start resolves it */
	const char
	    *options; /* a JSON object: what must be the same in all processes; the key "request" need not */
	const char *name; /* what the status calls this process, such as "machine:1234" */
	int64_t lease_ms; /* at least 1000 */
	const char *list; /* what the URLs come from that this process will offer, such as "machine:/list",
	                   * the same when it is started again; NULL if it has no list */
	bool restart;     /* remove what is there, and begin anew */
	/* What comes of each page is kept for the next run, and pages that were on the lists of the last one
	 * and are not on those of this one are offered at its end. To be the same in all processes. */
	bool keeps_answers;
};

struct redis_crawl_handlers {
	void *ctx;
	/* All claims are void now. The crawl goes on; new ones come. NULL for none. */
	void (*lost)(void *ctx);
	/* Called with each start of the crawl, also those of this process, before a claim arrives that was
	 * offered after it; url is borrowed for the call. NULL for none. */
	void (*start)(void *ctx, struct slice url);
};

enum redis_crawl_how {
	REDIS_CRAWL_FIRST,  /* the crawl did not exist */
	REDIS_CRAWL_NEXT,   /* its last run has ended, and this is the next one */
	REDIS_CRAWL_JOINED, /* it goes on, or has ended without all of a list and goes on with this process's
	                     */
	REDIS_CRAWL_ENDED   /* its last run has ended, and there is no list to begin another one with */
};

struct redis_crawl_begun {
	enum redis_crawl_how how;
	uint64_t run; /* from 1 */
};

struct redis_crawl;
struct redis_claim;

struct redis_crawl *redis_crawl_new(
    const struct redis_crawl_settings *settings, const struct redis_crawl_handlers *handlers);

/* Frees it and all claims. Without redis_crawl_leave before, Redis keeps what this member held until its
 * lease ends. */
void redis_crawl_free(struct redis_crawl *self);

/* Loads hiredis, looks up the host, connects, and joins. Failures were logged: STATUS_OUTPUT if Redis cannot
 * be reached within REDIS_CRAWL_PATIENCE_MS, refuses, or has a crawl of a newer areq; STATUS_USAGE if an
 * option differs; STATUS_LIBRARY; STATUS_CUT_SHORT after a signal. */
enum status redis_crawl_start(struct redis_crawl *self, struct redis_crawl_begun *begun);

/* Sends and receives as much as is possible without waiting, claims URLs for which there is room, renews the
 * lease and gives back hosts. Adds to *wait what must be waited for before the next call: two descriptors at
 * most. STATUS_OUTPUT if the run has to end, which was logged: Redis has lost the crawl or has another one,
 * refuses, or answers what cannot be. */
enum status redis_crawl_turn(struct redis_crawl *self, struct wait *wait);

/* What a process has room for. */
struct redis_crawl_room {
	size_t urls;  /* besides those that redis_crawl_next has returned */
	size_t hosts; /* besides those that it owns: enough for its transfers, and a few ahead if no process
	               * is short of work */
	size_t idle;  /* transfers that nothing it has could start now */
};

/* Holds until it is called again. */
void redis_crawl_set_room(struct redis_crawl *self, const struct redis_crawl_room *room);

/* How many transfers of other processes were idle when Redis told so last. */
size_t redis_crawl_idle_elsewhere(const struct redis_crawl *self);

/* True while this process may start fetches and write rows: its lease is good by its own clock. */
bool redis_crawl_holds_lease(const struct redis_crawl *self);

/* True while Redis is so far behind that nothing new should be offered or started. */
bool redis_crawl_is_full(const struct redis_crawl *self);

/* True once the run has ended, for all processes. */
bool redis_crawl_has_ended(const struct redis_crawl *self);

/* True while there is a connection. */
bool redis_crawl_is_connected(const struct redis_crawl *self);

/* The number of URLs that were pending or claimed anywhere when this process asked last. */
uint64_t redis_crawl_left(const struct redis_crawl *self);

/* True if this process looks, or has looked, for pages that are not on the lists any more: nothing else is
 * pending then. */
bool redis_crawl_has_looked(const struct redis_crawl *self);

/* True if Redis has answered all that this process has said. */
bool redis_crawl_has_said_all(const struct redis_crawl *self);

/* The seed of redis_record_id: the crawl's id. Once it was started. */
uint64_t redis_crawl_seed(const struct redis_crawl *self);

/* Offers a URL of that server ("host:port", see url_append_server). record->id is set by the caller. What was
 * offered before changes nothing, but for a smaller depth. */
void redis_crawl_offer(struct redis_crawl *self, struct slice server, const struct redis_record *record);

/* Lets all processes know where the crawl starts, such as at http://example.com/docs/: on this depends which
 * links are followed. What is known already changes nothing. */
void redis_crawl_add_start(struct redis_crawl *self, struct slice url);

/* No more of the list comes: it was read to its end, or cannot be read. What was not read to its end counts
 * as redis_crawl_status.unread, also after the end of the crawl, until a process has read a list of that
 * name. */
void redis_crawl_end_list(struct redis_crawl *self, bool is_read);

/* Takes a claim that has arrived. The record is borrowed until the next call; its depth is the smallest that
 * was known when it was claimed. False if there is none. */
bool redis_crawl_next(struct redis_crawl *self, struct redis_record *record, struct redis_claim **claim);

bool redis_crawl_is_void(const struct redis_claim *claim);

/* The fetch may start. Called once for each claim, before it ends, unless it is released. */
void redis_crawl_begin(struct redis_crawl *self, struct redis_claim *claim);

/* The URL has its outcome; its rows are on disk. */
void redis_crawl_settle(struct redis_crawl *self, struct redis_claim *claim, enum outcome_kind kind);

/* With settings.keeps_answers, this comes instead. */
struct redis_crawl_settled {
	enum outcome_kind kind;
	bool counts;           /* false for a page that is not on the lists any more */
	bool is_listed;        /* the page is on a list */
	enum state_answer how; /* what becomes of the answer that is kept */
	struct slice answer;   /* of redis_answer_pack, with STATE_ANSWER_CONFIRMED and STATE_ANSWER_NEW */
	struct slice links;    /* with STATE_ANSWER_NEW: as redis_crawl_get_answer is to give them */
};
void redis_crawl_settle_answer(
    struct redis_crawl *self, struct redis_claim *claim, const struct redis_crawl_settled *settled);

/* A number that stands for the claimed URL in all runs. */
uint64_t redis_crawl_page_number(const struct redis_claim *claim);

/* Looks up the answer of the claimed URL and its links. fn is called in a later turn, or when the crawl is
 * freed; answer.data is NULL if there is none. Both are borrowed for the call. */
typedef void (*redis_crawl_stored_fn)(void *ctx, struct slice answer, struct slice links);
void redis_crawl_get_answer(
    struct redis_crawl *self, const struct redis_claim *claim, redis_crawl_stored_fn fn, void *ctx);

/* Gives the claim back as it was. */
void redis_crawl_release(struct redis_crawl *self, struct redis_claim *claim);

/* Lets another process have the host of the claim, once the claims of it have ended. */
void redis_crawl_yield_host(struct redis_crawl *self, const struct redis_claim *claim);

enum redis_crawl_answer {
	REDIS_CRAWL_NEW,   /* the target was neither offered nor marked, but by the same URL; a claim that was
	                      forwarded has ended */
	REDIS_CRAWL_KNOWN, /* it was; a claim that was to be forwarded stays */
	REDIS_CRAWL_VOID   /* the claims are void; a claim that was to be forwarded still has to be ended */
};
typedef void (*redis_crawl_answer_fn)(void *ctx, enum redis_crawl_answer answer);

/* Marks the URL with that id as one that a redirect of the URL `source` has led to: no page needs to lead
 * there any more. */
void redis_crawl_mark(struct redis_crawl *self, const char id[REDIS_ID_SIZE],
    const char source[REDIS_ID_SIZE], redis_crawl_answer_fn fn, void *ctx);

/* A redirect has led to another server, which another process may own: marks the target, and if that is new,
 * or with always in any case, passes the URL on to it. record is that of the claim, with target and hops. The
 * claim must not be used until the answer has come; it is freed just before an answer of REDIS_CRAWL_NEW,
 * which is also the answer whenever it was passed on. */
void redis_crawl_forward(struct redis_crawl *self, struct redis_claim *claim,
    const char target_id[REDIS_ID_SIZE], struct slice target_server, const struct redis_record *record,
    bool always, redis_crawl_answer_fn fn, void *ctx);

/* The server may not be asked again within that many ms, by whatever process: Retry-After, Crawl-delay. Only
 * for a server of which this process has a claim. To be called when a fetch starts or ends, for any delay.
 */
void redis_crawl_delay_server(struct redis_crawl *self, struct slice server, int64_t ms);

/* An output file, as it is when all that was settled so far is in it. key names it: the machine and the path.
 * In Redis with the settles around it, or not at all. */
struct redis_crawl_output {
	uint64_t device, inode, length;
	uint64_t end_hash; /* see output_end_hash */
};
void redis_crawl_set_output(
    struct redis_crawl *self, struct slice key, const struct redis_crawl_output *output);

/* What a process that has died has left of an output; waits. *found tells whether there is something. Only
 * directly after redis_crawl_start. */
enum status redis_crawl_find_output(
    struct redis_crawl *self, struct slice key, struct redis_crawl_output *output, bool *found);

/* A robots.txt, kept for a day. The body is borrowed for the call. */
struct redis_crawl_robots {
	double fetched;
	long http_status;
	struct slice body;
};
/* Called with NULL if none is known. */
typedef void (*redis_crawl_robots_fn)(void *ctx, const struct redis_crawl_robots *robots);
void redis_crawl_get_robots(
    struct redis_crawl *self, const char *origin, redis_crawl_robots_fn fn, void *ctx);
void redis_crawl_set_robots(
    struct redis_crawl *self, const char *origin, const struct redis_crawl_robots *robots);

/* How a crawl stands. */
struct redis_crawl_member {
	const char *name;
	uint64_t settled, hosts; /* hosts that it has now */
	bool is_alive;
};
struct redis_crawl_status {
	bool exists, has_ended, keeps_answers;
	const char *options; /* of the last run, see redis_crawl_settings */
	uint64_t run, left, offered, settled, feeders;
	uint64_t outcomes[OUTCOME_KINDS];
	uint64_t
	    unread; /* lists that no process has read to the end yet, whether or not one reads them now */
	const char *unread_list;                  /* one of them */
	const struct redis_crawl_member *members; /* at most 200 */
	size_t member_count;
};

/* Reads how the crawl stands, and changes nothing; waits. Works before redis_crawl_start, for a process that
 * does not want to join or not yet, and after the end, for the summary. Borrowed until the next call. */
enum status redis_crawl_read_status(struct redis_crawl *self, struct redis_crawl_status *status);

/* Reads all answers that are kept, each once and in no order; waits. Works before redis_crawl_start. Borrowed
 * until the next call. *found is false behind the last one. */
struct redis_crawl_stored {
	uint64_t number; /* see redis_crawl_page_number */
	struct slice answer, links;
};
enum status redis_crawl_next_stored(struct redis_crawl *self, struct redis_crawl_stored *stored, bool *found);

/* Ends all claims and the membership, so that others need not wait for the end of the lease. Waits until
 * Redis has all that was said; STATUS_OUTPUT, logged, if that takes longer than REDIS_CRAWL_PATIENCE_MS. */
enum status redis_crawl_leave(struct redis_crawl *self);

/* For measurements: how often commands were sent, and URLs that were settled by this process. */
uint64_t redis_crawl_round_trips(const struct redis_crawl *self);

#endif
