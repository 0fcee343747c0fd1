/* What the files of redis_crawl share. */
#ifndef AREQ_STORE_REDIS_CRAWL_INTERNAL_H
#define AREQ_STORE_REDIS_CRAWL_INTERNAL_H

#include "base/buf.h"
#include "base/map.h"
#include "store/redis_connection.h"
#include "store/redis_crawl.h"
#include "store/redis_library.h"
#include "store/redis_scripts.h"

enum { REDIS_TOKEN_SIZE = 16, REDIS_CURSOR_SIZE = 24 };

/* How many batches may be without an answer: fewer than redis_write.lua keeps the answers of. */
enum { REDIS_BATCHES_SENT_MAX = 32 };

/* A doubly linked list of hosts. */
struct redis_host_list {
	struct redis_host *first, *last;
};
struct redis_host_link {
	struct redis_host *previous, *next;
	bool is_in;
};
enum redis_host_lists {
	REDIS_HOSTS_HUNGRY, /* more of its pending URLs may be claimed */
	REDIS_HOSTS_IDLE,   /* nothing of it is claimed */
	REDIS_HOST_LISTS
};

/* A host that this member owns, or has owned. */
struct redis_host {
	struct redis_host_link links[REDIS_HOST_LISTS];
	size_t ahead;       /* URLs that are claimed and not begun */
	size_t claimed;     /* URLs that are claimed */
	uint64_t pending;   /* URLs that were pending when Redis told so last */
	int64_t idle_since; /* monotonic ms */
	int64_t not_before; /* monotonic ms */
	bool is_yielded;    /* goes back with its last claim */
	bool is_void;       /* it is in no map and no list, and is freed with its last claim */
	size_t name_len;
	char name[];
};

struct redis_claim {
	struct redis_claim *previous, *next; /* among all of them */
	struct redis_claim *next_queued;     /* among those that redis_crawl_next has not returned */
	struct redis_host *host;
	bool is_void, is_begun;
	uint32_t depth;
	size_t len;
	char record[]; /* begins with the id */
};

/* An item of a batch, see redis_write.lua. */
struct redis_item {
	char letter;
	size_t at, len; /* its bytes in redis_batch.arguments */
};

/* Who waits for the answer to an item. */
struct redis_waiting {
	redis_crawl_answer_fn fn;
	void *ctx;
	struct redis_claim *claim; /* that is forwarded; NULL for a mark */
};

/* What one run of redis_write.lua gets. */
struct redis_batch {
	struct redis_crawl *crawl;
	struct redis_batch *next;
	struct buf arguments; /* as they are sent */
	size_t argument_count;
	struct redis_item *items;
	size_t item_count, item_room;
	struct redis_waiting *waiting;
	size_t waiting_count;
	uint64_t number; /* see redis_crawl_format; 0 if it was not sent */
	int64_t sent_at; /* monotonic ms */
};

enum redis_crawl_state {
	REDIS_CRAWL_OUTSIDE, /* not a member */
	REDIS_CRAWL_JOINING, /* has asked to become one */
	REDIS_CRAWL_MEMBER,
	REDIS_CRAWL_OVER, /* the run has ended */
	REDIS_CRAWL_LEFT
};

struct redis_crawl {
	struct redis_crawl_settings settings;
	struct redis_crawl_handlers handlers;
	struct redis_connection *connection;
	struct redis_connection *events; /* for the channel */
	struct redis_scripts scripts;
	enum status status;
	enum redis_crawl_state state;
	bool is_started;                 /* it was a member once */
	bool is_only_read;               /* for redis_crawl_read_status */
	bool feeds;                      /* more of the list is to be read */
	bool has_read_list;              /* to its end */
	bool is_asking;                  /* for work */
	bool is_awake;                   /* there may be more work */
	bool must_check;                 /* the run may have ended, or a host may be ready */
	bool is_leaving;                 /* asks for no more work */
	bool is_sweeping, is_sweep_sent; /* keys are being removed; a step was sent */
	bool is_answered;                /* what a blocking call waits for */
	bool has_found_output;
	char id[REDIS_TOKEN_SIZE + 1]; /* of the crawl */
	/* The fencing token: a member that has lost its lease becomes another one. */
	char member[REDIS_TOKEN_SIZE + 1];
	char run[24];
	char prefix[96];                /* of all keys of the crawl */
	char cursor[REDIS_CURSOR_SIZE]; /* of the keys that are being removed */
	uint64_t swept;                 /* the run up to which keys were removed */
	struct redis_crawl_begun begun;
	uint64_t numbered;   /* the last number that a script has got */
	uint64_t answered;   /* the largest one that was answered */
	uint64_t offered;    /* what Redis had counted at the last answer */
	int64_t lease_until; /* monotonic ms */
	bool has_told_later; /* that it waits for the next run */
	int64_t join_at;    /* when it asks again whether it may join (monotonic ms); 0 if it does not wait */
	int64_t renewed_at; /* when the last script was sent */
	int64_t flushed_at; /* when something was sent last */

	/* Batches: those that were sent, and then those that were not; items are added to the last one. */
	struct redis_batch *batches, *unsent, **batches_end;
	size_t batches_sent;
	size_t unsent_bytes;
	int64_t flush_due; /* CLOCK_NEVER if nothing waits */

	/* Work. */
	struct map hosts;
	struct redis_host_list lists[REDIS_HOST_LISTS];
	struct redis_claim *claims; /* all of them */
	struct redis_claim *queued, **queued_end;
	size_t queued_count, ahead;
	struct redis_crawl_room room;
	size_t idle_elsewhere;
	size_t asked_for, asked_hosts; /* how many URLs, and hosts that it does not own */
	bool has_told_idle;            /* with the last request */
	int64_t wake_at;               /* when there may be work, or the lease of a member ends */
	uint64_t asked_number;         /* of the request for work */
	int64_t asked_at;              /* when it was sent */
	uint64_t left;
	uint64_t starts;   /* that this process has received */
	struct buf record; /* texts of the record that was returned last */
	struct buf command;

	/* What blocking calls have found. */
	struct redis_crawl_output found_output;
	struct redis_crawl_status found_status;
	struct redis_crawl_member *members;
	struct buf names, unread_list, options;
	struct redis_robots_request *robots_requests;

	/* Answers. */
	struct redis_answer_request *answer_requests;
	bool is_looking, is_look_sent; /* for pages that have left the lists; a step was sent */
	bool has_looked;               /* it has in this run */
	char look_cursor[REDIS_CURSOR_SIZE];
	struct buf look_ids;     /* of the keys that the step has found */
	struct redis_walk *walk; /* see redis_crawl_next_stored; NULL before its first call */
};

/* redis_crawl_walk.c */
void redis_crawl_free_walk(struct redis_crawl *self);

/* redis_crawl_answers.c */
uint64_t redis_crawl_number_of(const char id[REDIS_ID_SIZE]);
void redis_crawl_request_answer(
    struct redis_crawl *self, const char id[REDIS_ID_SIZE], redis_crawl_stored_fn fn, void *ctx);
/* Sends a step of SCAN over the keys of all answers; cursor is "0" at first. */
void redis_crawl_scan_answers(
    struct redis_crawl *self, const char *cursor, uint64_t number, redis_reply_fn fn, void *ctx);
/* Takes its answer: the next cursor, and the ids of the answers. False, after a failure of the connection, if
 * it is none. */
bool redis_crawl_take_scan(
    struct redis_crawl *self, const redisReply *reply, char cursor[REDIS_CURSOR_SIZE], struct buf *ids);
void redis_crawl_free_answers(struct redis_crawl *self);
/* Takes the part of an answer that says whether this process is to look for pages that have left the lists,
 * and sends the next step of that if it is due. */
void redis_crawl_take_look(struct redis_crawl *self, const redisReply *reply);
void redis_crawl_look(struct redis_crawl *self);

/* redis_crawl_data.c */
void redis_crawl_free_robots(struct redis_crawl *self);

/* redis_crawl_join.c */
void redis_crawl_greet(void *ctx);
void redis_crawl_become_void(struct redis_crawl *self);
void redis_crawl_become_over(struct redis_crawl *self);

/* Redis has no crawl, or another one than this process is a member of: ends the run with a message. */
void redis_crawl_become_lost(struct redis_crawl *self);
enum status redis_crawl_wait(
    struct redis_crawl *self, bool (*is_done)(const struct redis_crawl *), const char *what);
enum status redis_crawl_open(struct redis_crawl *self);

/* redis_crawl_sweep.c: sends the next step of removing keys, of earlier runs or of all of them, if that is
 * due. */
void redis_crawl_sweep(struct redis_crawl *self);

/* redis_crawl_write.c */
struct redis_batch *redis_crawl_add_item(struct redis_crawl *self, char letter, size_t arguments);
void redis_crawl_end_item(struct redis_crawl *self, struct redis_batch *batch);
void redis_crawl_send_batches(struct redis_crawl *self);
void redis_crawl_free_batches(struct redis_crawl *self);
/* After the claims have become void: keeps what has nothing to do with them. */
void redis_crawl_keep_offers(struct redis_crawl *self);
/* Begins the command of a script with a number: run, member, number, lease. */
void redis_crawl_format(struct redis_crawl *self, enum redis_script script, size_t arguments);

/* redis_crawl_work.c */
bool redis_crawl_wants_work(const struct redis_crawl *self);
/* True if transfers are idle for which hosts may be got. */
bool redis_crawl_wants_hosts(const struct redis_crawl *self);
/* True if so much may be claimed at once that it is worth a request of its own. */
bool redis_crawl_wants_much_work(const struct redis_crawl *self);
void redis_crawl_ask_for_work(struct redis_crawl *self);
void redis_crawl_give_back_idle(struct redis_crawl *self, int64_t now, bool all);
int64_t redis_crawl_idle_due(const struct redis_crawl *self);
void redis_crawl_forget_work(struct redis_crawl *self);
void redis_crawl_end_claim(struct redis_crawl *self, struct redis_claim *claim);
struct redis_host *redis_crawl_find_host(struct redis_crawl *self, struct slice server);

/* Reading answers. */
static inline bool redis_crawl_reply_is_list(const redisReply *reply, size_t elements)
{
	return reply && reply->type == REDIS_REPLY_ARRAY && reply->elements >= elements;
}
static inline struct slice redis_crawl_reply_text(const redisReply *reply)
{
	bool is_text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
	return is_text ? (struct slice){reply->str, (size_t)reply->len} : (struct slice){"", 0};
}
static inline bool redis_crawl_reply_is(const redisReply *reply, const char *text)
{
	return slice_equal(redis_crawl_reply_text(reply), slice_of(text));
}
/* The number in the reply, which may be a text; 0 if there is none. */
uint64_t redis_crawl_reply_number(const redisReply *reply);

/* A script with that number, sent at that time, was answered, so the lease has been renewed since. */
void redis_crawl_note_answer(struct redis_crawl *self, uint64_t number, int64_t sent_at);

/* Handles the first word of an answer to a script with a number. True if it is OK. */
bool redis_crawl_take_answer(
    struct redis_crawl *self, const redisReply *reply, size_t elements, const char *what);

#endif
