/* A process of a crawl, as the tests of redis_crawl simulate it. */
#ifndef AREQ_TESTS_UNIT_STORE_REDIS_CLIENT_H
#define AREQ_TESTS_UNIT_STORE_REDIS_CLIENT_H

#include "base/url/url.h"
#include "store/redis_crawl.h"
#include "unit/store/redis_server.h"

struct redis_client {
	struct redis_address address;
	struct redis_crawl *crawl;
	struct redis_crawl_begun begun;
	char list[40]; /* the name of its list */
	struct url url;
	size_t room;
	unsigned lost; /* how often its claims became void */
};

/* What is different from a process without a list, with a lease of 30 s. */
struct redis_client_wish {
	const char *url; /* NULL for that of the server */
	const char *options;
	const char *list; /* the name of its list, if it has one; NULL for a name of its own */
	int64_t lease_ms;
	bool has_list, restart, keeps_answers;
};

/* Makes a client and lets it join; returns the status. */
enum status redis_client_start(
    struct redis_client *self, struct redis_server *server, struct redis_client_wish wish);

/* The same; the test fails if it cannot join. */
void redis_client_must_start(
    struct redis_client *self, struct redis_server *server, struct redis_client_wish wish);

/* Frees it, as if the process was killed. */
void redis_client_kill(struct redis_client *self);

/* Leaves, and frees it. */
void redis_client_leave(struct redis_client *self);

/* One turn of the loop, which waits for at most that many ms. */
enum status redis_client_turn(struct redis_client *self, int ms);

/* Turns for that many ms. */
void redis_client_turn_for(struct redis_client *self, int ms);

/* Turns of several clients, until is_done returns true; fails after 20 s. */
void redis_client_turn_until(
    struct redis_client *clients, size_t count, bool (*is_done)(void *ctx), void *ctx);

/* True once the run of the client ctx has ended. */
bool redis_client_ends(void *ctx);

/* What redis_client_on_answer, with this as ctx, was called with last, and how often. */
struct redis_client_answer {
	enum redis_crawl_answer answer;
	int count;
};
void redis_client_on_answer(void *ctx, enum redis_crawl_answer answer);

/* Offers a URL; via is NULL for one of a list. */
void redis_client_offer(struct redis_client *self, const char *text, uint32_t depth, const char *via);

/* The id of a URL. */
void redis_client_id(struct redis_client *self, const char *text, char id[REDIS_ID_SIZE]);

/* Turns until a claim has arrived; NULL if none does within that time. Its URL is in record. */
struct redis_claim *redis_client_claim(struct redis_client *self, struct redis_record *record, int ms);

/* Begins and settles it. */
void redis_client_settle(struct redis_client *self, struct redis_claim *claim);

/* Turns until all that was said has reached Redis. */
void redis_client_flush(struct redis_client *self);

#endif
