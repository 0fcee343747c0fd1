/* What the files of redis_connection share. */
#ifndef AREQ_STORE_REDIS_CONNECTION_INTERNAL_H
#define AREQ_STORE_REDIS_CONNECTION_INTERNAL_H

#include "store/redis_connection.h"
#include "store/redis_library.h"

enum { REDIS_PROBLEM_MAX = 256 };

enum redis_connection_state {
	REDIS_CONNECTION_CLOSED,
	REDIS_CONNECTION_CONNECTING,
	REDIS_CONNECTION_GREETING,
	REDIS_CONNECTION_OPEN
};

struct redis_command {
	struct redis_command *next;
	redis_reply_fn fn;
	void *ctx;
	uint64_t number;
	size_t len;
	char bytes[];
};

struct redis_command_queue {
	struct redis_command *first, **end;
};

struct redis_connection {
	const struct redis_address *address;
	struct redis_connection_handlers handlers;
	redisAsyncContext *context; /* NULL if CLOSED */
	enum redis_connection_state state;
	bool wants_read, wants_write;         /* what hiredis waits for */
	bool must_close;                      /* once hiredis has returned */
	bool is_in_context;                   /* hiredis is running */
	struct redis_command_queue greetings; /* sent, without an answer */
	struct redis_command_queue commands;
	struct redis_command **unsent; /* where the first command that was not sent is linked */
	size_t backlog;                /* bytes in commands */
	int64_t deadline;              /* of the attempt, or of the next answer */
	int64_t retry_at;              /* when the next attempt begins */
	int64_t backoff;               /* in ms, the next one */
	uint64_t random;
	size_t next_address; /* of address->numeric */
	bool has_warned;     /* since the last answer to a command */
	char problem[REDIS_PROBLEM_MAX];
	char warned[REDIS_PROBLEM_MAX]; /* the last error of Redis that passes */
	enum status status;
	uint64_t round_trips, sent;
};

/* redis_connection.c */
void redis_connection_queue_init(struct redis_command_queue *self);
struct redis_command *redis_connection_queue_add(
    struct redis_command_queue *self, const struct buf *bytes, uint64_t number, redis_reply_fn fn, void *ctx);
struct redis_command *redis_connection_queue_take(struct redis_command_queue *self);
void redis_connection_queue_clear(struct redis_command_queue *self);

/* redis_connection_open.c */
void redis_connection_begin(struct redis_connection *self);
void redis_connection_become_open(struct redis_connection *self);
void redis_connection_close(struct redis_connection *self);
void redis_connection_set_problem(struct redis_connection *self, const char *text);
void redis_connection_send_bytes(struct redis_connection *self, const char *bytes, size_t len);

/* redis_connection_answer.c: the callback of all commands. */
void redis_connection_on_reply(redisAsyncContext *context, void *answer, void *privdata);

#endif
