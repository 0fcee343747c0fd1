/* A connection to Redis inside somebody else's poll(2) loop. It never blocks, and connects again by itself,
 * with back-off, for as long as it takes.
 *
 *     connection = redis_connection_new(&address, handlers);
 *     handlers.greet:       redis_connection_greet(…)        what each new connection begins with
 *     redis_connection_send(connection, command, fn, ctx)    as often as wanted, also while there is none
 *     turn of the loop:     redis_connection_turn(connection, &wait)
 *     redis_connection_free(connection)
 *
 *     CLOSED ──connect──> CONNECTING ──> GREETING ──all greetings were answered──> OPEN
 *       ^                      │             │                                       │
 *       └──────back-off────────┴─────────────┴──────────── lost or refused ──────────┘
 *
 * Commands are answered in the order in which they were given. Those that have no answer when the connection
 * is lost are sent again, in the same order, so each must be one that may run twice. The same happens after
 * an error that passes by itself: Redis loads its data, is out of memory, is a replica now, has lost the
 * scripts. Any other error of a command, and an answer that is not from Redis, ends the run. */
#ifndef AREQ_STORE_REDIS_CONNECTION_H
#define AREQ_STORE_REDIS_CONNECTION_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/wait.h"
#include "store/redis_address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redisReply; /* of hiredis */

/* An attempt to connect, with its greetings, and any answer may take this long. The first wait between two
 * attempts, which doubles, and the longest one. All in ms. */
enum {
	REDIS_CONNECTION_TIMEOUT = 5000,
	REDIS_CONNECTION_ANSWER = 15000,
	REDIS_CONNECTION_BACKOFF_MIN = 100,
	REDIS_CONNECTION_BACKOFF_MAX = 5000
};

/* The memory for commands without an answer, beyond which nothing new should be started. */
enum { REDIS_CONNECTION_BACKLOG_MAX = 4 << 20 };

/* Called with the answer, which is borrowed; NULL if the command was skipped by redis_connection_skip. It is
 * no error. */
typedef void (*redis_reply_fn)(void *ctx, const struct redisReply *reply);

struct redis_connection_handlers {
	void *ctx;
	/* A connection is there and has its user and database: call redis_connection_greet. NULL for none. */
	void (*greet)(void *ctx);
	/* A message of a channel that was subscribed to, as a greeting. NULL for none. */
	void (*message)(void *ctx, struct slice payload);
	/* The connection was lost, or is open. NULL for none. */
	void (*lost)(void *ctx);
	void (*open)(void *ctx);
};

struct redis_connection;

/* SIGPIPE must be ignored, as stop_catch_signals does. address is borrowed, and redis_address_resolve was
 * called for it; redis_library_load must have succeeded. Free with redis_connection_free, which calls no
 * handler. */
struct redis_connection *redis_connection_new(
    const struct redis_address *address, const struct redis_connection_handlers *handlers);
void redis_connection_free(struct redis_connection *self);

/* Begins a command of that many arguments, and adds one. */
void redis_connection_format(struct buf *command, size_t arguments);
void redis_connection_add(struct buf *command, const void *bytes, size_t len);

/* Only in handlers.greet: sends a command that each new connection begins with. fn may be NULL. */
void redis_connection_greet(
    struct redis_connection *self, const struct buf *command, redis_reply_fn fn, void *ctx);

/* Adds a command; it is copied. number is for redis_connection_skip and
 * redis_connection_clear: 0 for a command that neither of them removes, REDIS_CONNECTION_UNSKIPPED for one
 * that only the latter does. */
#define REDIS_CONNECTION_UNSKIPPED UINT64_MAX
void redis_connection_send(
    struct redis_connection *self, const struct buf *command, uint64_t number, redis_reply_fn fn, void *ctx);

/* Only in the answer of a greeting: removes the commands with numbers from 1 to last, which Redis has run
 * already; their fn is called with NULL. */
void redis_connection_skip(struct redis_connection *self, uint64_t last);

/* Removes all commands that have a number; no fn is called. */
void redis_connection_clear(struct redis_connection *self);

/* Sends and receives as much as is possible without waiting. Adds to *wait what must be waited for before the
 * next call. Returns STATUS_OK also while there is no connection; STATUS_OUTPUT after an error that does not
 * pass, which was logged. */
enum status redis_connection_turn(struct redis_connection *self, struct wait *wait);

/* Ends the run with that status; the caller has logged why. For answers that are not as expected. */
void redis_connection_fail(struct redis_connection *self, enum status status);

/* Logs that the answer to a command is not as expected, and fails. */
void redis_connection_fail_answer(struct redis_connection *self, const char *what);

/* Closes the connection and connects anew at once. */
void redis_connection_reset(struct redis_connection *self);

/* Closes the connection, warns with the problem unless that was done since the last answer, and connects
 * after the back-off. May be called in the answer of a command, which is then sent again. */
void redis_connection_retry(struct redis_connection *self, const char *problem);

bool redis_connection_is_open(const struct redis_connection *self);

/* True while nothing new should be started. */
bool redis_connection_is_full(const struct redis_connection *self);

/* True if all commands were answered. */
bool redis_connection_is_idle(const struct redis_connection *self);

/* Why there is no connection; "" if that is not known. Borrowed until the next turn. */
const char *redis_connection_problem(const struct redis_connection *self);

/* How often commands were written since the start, for measurements. */
uint64_t redis_connection_round_trips(const struct redis_connection *self);

#endif
