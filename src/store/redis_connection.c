#include "store/redis_connection.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "store/redis_library.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEM_MAX = 256 };

/* The bytes of an answer that is not complete yet. No script gives so many. */
enum { ANSWER_MAX = 32 << 20 };

enum state { STATE_CLOSED, STATE_CONNECTING, STATE_GREETING, STATE_OPEN };

struct command {
	struct command *next;
	redis_reply_fn fn;
	void *ctx;
	uint64_t number;
	size_t len;
	char bytes[];
};

struct queue {
	struct command *first, **end;
};

struct redis_connection {
	const struct redis_address *address;
	struct redis_connection_handlers handlers;
	redisAsyncContext *context; /* NULL if CLOSED */
	enum state state;
	bool wants_read, wants_write; /* what hiredis waits for */
	bool must_close;              /* once hiredis has returned */
	bool is_in_context;           /* hiredis is running */
	struct queue greetings;       /* sent, without an answer */
	struct queue commands;
	struct command **unsent; /* where the first command that was not sent is linked */
	size_t backlog;          /* bytes in commands */
	int64_t deadline;        /* of the attempt, or of the next answer */
	int64_t retry_at;        /* when the next attempt begins */
	int64_t backoff;         /* in ms, the next one */
	uint64_t random;
	size_t next_address; /* of address->numeric */
	bool has_warned;     /* since the last answer to a command */
	char problem[PROBLEM_MAX];
	char warned[PROBLEM_MAX]; /* the last error of Redis that passes */
	enum status status;
	uint64_t round_trips, sent;
};

/* Commands. */

void redis_connection_format(struct buf *command, size_t arguments)
{
	buf_append_byte(command, '*');
	buf_append_number(command, arguments);
	buf_append(command, "\r\n", 2);
}

void redis_connection_add(struct buf *command, const void *bytes, size_t len)
{
	buf_append_byte(command, '$');
	buf_append_number(command, len);
	buf_append(command, "\r\n", 2);
	buf_append(command, bytes, len);
	buf_append(command, "\r\n", 2);
}

static void queue_init(struct queue *self)
{
	*self = (struct queue){.end = &self->first};
}

static struct command *queue_add(
    struct queue *self, const struct buf *bytes, uint64_t number, redis_reply_fn fn, void *ctx)
{
	struct command *command = alloc_new(sizeof *command + bytes->len);
	command->fn = fn;
	command->ctx = ctx;
	command->number = number;
	command->len = bytes->len;
	memcpy(command->bytes, bytes->data, bytes->len);
	*self->end = command;
	self->end = &command->next;
	return command;
}

static struct command *queue_take(struct queue *self)
{
	struct command *command = self->first;
	self->first = command->next;
	if (!self->first)
		self->end = &self->first;
	return command;
}

static void queue_clear(struct queue *self)
{
	while (self->first)
		free(queue_take(self));
}

static void take_command(struct redis_connection *self, const redisReply *reply)
{
	struct command *command = queue_take(&self->commands);
	if (self->unsent == &command->next)
		self->unsent = &self->commands.first;
	self->backlog -= command->len;
	if (command->fn)
		command->fn(command->ctx, reply);
	free(command);
}

/* The end of a connection. */

/* Makes it CLOSED. hiredis has freed the context, or does so now. */
static void forget_context(struct redis_connection *self)
{
	bool was_open = self->state != STATE_CLOSED;
	self->context = NULL;
	self->state = STATE_CLOSED;
	self->wants_read = self->wants_write = self->must_close = false;
	queue_clear(&self->greetings);
	self->unsent = &self->commands.first;
	if (was_open && self->handlers.lost)
		self->handlers.lost(self->handlers.ctx);
}

static void close_context(struct redis_connection *self)
{
	redisAsyncContext *context = self->context;
	if (self->is_in_context) {
		self->must_close = true;
		return;
	}
	forget_context(self);
	if (context) {
		context->data = NULL;
		redis_library_get()->redisAsyncFree(context);
	}
}

static void set_problem(struct redis_connection *self, const char *text)
{
	snprintf(self->problem, sizeof self->problem, "%s", text);
	self->problem[strcspn(self->problem, "\r\n")] = '\0';
}

/* Sets when the next attempt begins: up to a half earlier at random, so that processes whose server was gone
 * do not all come back at once. */
static void begin_backoff(struct redis_connection *self)
{
	self->random = self->random * 6364136223846793005u + 1442695040888963407u;
	int64_t part = (int64_t)(self->random >> 33) % (self->backoff / 2 + 1);
	self->retry_at = clock_now_ms() + self->backoff - part;
	self->backoff *= 2;
	if (self->backoff > REDIS_CONNECTION_BACKOFF_MAX)
		self->backoff = REDIS_CONNECTION_BACKOFF_MAX;
}

void redis_connection_retry(struct redis_connection *self, const char *problem)
{
	if (self->must_close)
		return;
	set_problem(self, problem);
	/* The first attempts at the start are nobody's trouble yet. */
	if (!self->has_warned && self->sent > 0) {
		log_warning("%s: %s; areq goes on when Redis is back", self->address->label, self->problem);
		self->has_warned = true;
	}
	begin_backoff(self);
	close_context(self);
}

void redis_connection_reset(struct redis_connection *self)
{
	self->retry_at = 0;
	close_context(self);
}

void redis_connection_fail(struct redis_connection *self, enum status status)
{
	if (self->status == STATUS_OK)
		self->status = status;
	close_context(self);
}

void redis_connection_fail_answer(struct redis_connection *self, const char *what)
{
	if (self->status == STATUS_OK)
		log_error("%s: the answer to \"%s\" is not one that areq can use; it needs Redis 5 or newer",
		    self->address->label, what);
	redis_connection_fail(self, STATUS_OUTPUT);
}

/* Answers. */

/* True for an error that passes by itself. Older servers put the error of a command in a script behind some
 * words and a '-'. */
static bool is_passing(const char *text)
{
	static const char *const codes[] = {"BUSY ", "CLUSTERDOWN ", "LOADING ", "MASTERDOWN ", "MISCONF ",
	    "NOREPLICAS ", "NOSCRIPT ", "OOM ", "READONLY ", "TRYAGAIN ", "max number of clients reached"};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		const char *found = strstr(text, codes[i]);
		if (found && (found == text || found[-1] == '-' || found[-1] == ' '))
			return true;
	}
	return false;
}

static void take_error(struct redis_connection *self, const char *text)
{
	if (is_passing(text)) {
		/* What Redis says is news, even if it was gone before. */
		self->has_warned &= strcmp(self->warned, text) == 0;
		snprintf(self->warned, sizeof self->warned, "%s", text);
		redis_connection_retry(self, text);
		return;
	}
	if (self->status == STATUS_OK) {
		set_problem(self, text);
		bool is_refused = strstr(text, "NOAUTH") || strstr(text, "WRONGPASS") ||
		                  strstr(text, "AUTH") || strstr(text, "invalid password");
		log_error("%s: Redis refuses: %s%s", self->address->label, self->problem,
		    is_refused ? "; give user and password as in redis://USER:PASSWORD@HOST/NAME"
		    : strstr(text, "NOPERM")
		        ? "; the user needs all commands on the keys and channels areq:*"
		        : "");
	}
	redis_connection_fail(self, STATUS_OUTPUT);
}

static void become_open(struct redis_connection *self)
{
	self->state = STATE_OPEN;
	self->deadline = clock_now_ms() + REDIS_CONNECTION_ANSWER;
	if (self->handlers.open)
		self->handlers.open(self->handlers.ctx);
}

static void take_greeting(struct redis_connection *self, const redisReply *reply)
{
	struct command *command = queue_take(&self->greetings);
	if (command->fn)
		command->fn(command->ctx, reply);
	free(command);
	if (!self->greetings.first && !self->must_close && self->state == STATE_GREETING)
		become_open(self);
}

/* Takes "message", CHANNEL, PAYLOAD. */
static void take_message(struct redis_connection *self, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return;
	const redisReply *kind = reply->element[0], *payload = reply->element[2];
	if (kind->type == REDIS_REPLY_STRING && kind->len == 7 && memcmp(kind->str, "message", 7) == 0 &&
	    payload->type == REDIS_REPLY_STRING)
		self->handlers.message(self->handlers.ctx, (struct slice){payload->str, (size_t)payload->len});
}

static void on_reply(redisAsyncContext *context, void *answer, void *privdata)
{
	struct redis_connection *self = context->data;
	const redisReply *reply = answer;
	(void)privdata;
	/* hiredis passes NULL for what was not answered when the connection ends. */
	if (!self || !reply || self->must_close)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		take_error(self, reply->str);
	} else if (self->greetings.first) {
		take_greeting(self, reply);
	} else if (self->handlers.message) {
		take_message(self, reply);
	} else if (self->commands.first && self->unsent != &self->commands.first) {
		self->backoff = REDIS_CONNECTION_BACKOFF_MIN;
		self->has_warned = false;
		self->deadline = clock_now_ms() + REDIS_CONNECTION_ANSWER;
		take_command(self, reply);
	}
}

/* Connecting. */

static void add_read(void *ctx)
{
	((struct redis_connection *)ctx)->wants_read = true;
}

static void remove_read(void *ctx)
{
	((struct redis_connection *)ctx)->wants_read = false;
}

static void add_write(void *ctx)
{
	((struct redis_connection *)ctx)->wants_write = true;
}

static void remove_write(void *ctx)
{
	((struct redis_connection *)ctx)->wants_write = false;
}

static void send_bytes(struct redis_connection *self, const char *bytes, size_t len)
{
	redis_library_get()->redisAsyncFormattedCommand(self->context, on_reply, NULL, bytes, len);
}

void redis_connection_greet(
    struct redis_connection *self, const struct buf *command, redis_reply_fn fn, void *ctx)
{
	assert(self->state == STATE_GREETING);
	queue_add(&self->greetings, command, 0, fn, ctx);
	send_bytes(self, command->data, command->len);
}

static void greet(struct redis_connection *self)
{
	const struct redis_address *address = self->address;
	struct buf command;
	buf_init(&command, SIZE_MAX / 2);
	if (address->password) {
		redis_connection_format(&command, address->user ? 3 : 2);
		redis_connection_add(&command, "AUTH", 4);
		if (address->user)
			redis_connection_add(&command, address->user, strlen(address->user));
		redis_connection_add(&command, address->password, strlen(address->password));
		redis_connection_greet(self, &command, NULL, NULL);
	}
	if (address->database > 0) {
		char number[16];
		int len = snprintf(number, sizeof number, "%d", address->database);
		buf_clear(&command);
		redis_connection_format(&command, 2);
		redis_connection_add(&command, "SELECT", 6);
		redis_connection_add(&command, number, (size_t)len);
		redis_connection_greet(self, &command, NULL, NULL);
	}
	buf_release(&command);
	if (self->handlers.greet)
		self->handlers.greet(self->handlers.ctx);
	if (!self->greetings.first)
		become_open(self);
}

static void on_connect(const redisAsyncContext *context, int status)
{
	struct redis_connection *self = context->data;
	if (!self)
		return;
	if (status == REDIS_OK) {
		self->state = STATE_GREETING;
		greet(self);
		return;
	}
	redis_connection_retry(self, context->errstr && *context->errstr ? context->errstr : "no connection");
	forget_context(self);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	struct redis_connection *self = context->data;
	(void)status;
	if (!self)
		return;
	if (context->err == REDIS_ERR_PROTOCOL) {
		if (self->status == STATUS_OK)
			log_error("%s: what answers there is no Redis, or speaks another protocol (%s)",
			    self->address->label, context->errstr);
		redis_connection_fail(self, STATUS_OUTPUT);
	} else {
		redis_connection_retry(self,
		    context->errstr && *context->errstr ? context->errstr : "the connection was closed");
	}
	forget_context(self);
}

static void begin_connecting(struct redis_connection *self)
{
	const struct redis_library *library = redis_library_get();
	const struct redis_address *address = self->address;
	redisAsyncContext *context;
	if (address->socket)
		context = library->redisAsyncConnectUnix(address->socket);
	else
		context = library->redisAsyncConnect(
		    address->numeric[self->next_address++ % address->numeric_count], address->port);
	if (!context)
		alloc_fail();
	if (context->err) {
		redis_connection_retry(self, context->errstr);
		library->redisAsyncFree(context);
		return;
	}
	self->context = context;
	self->state = STATE_CONNECTING;
	self->deadline = clock_now_ms() + REDIS_CONNECTION_TIMEOUT;
	context->data = self;
	context->ev.data = self;
	context->ev.addRead = add_read;
	context->ev.delRead = remove_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = remove_write;
	library->redisAsyncSetConnectCallback(context, on_connect);
	library->redisAsyncSetDisconnectCallback(context, on_disconnect);
	/* Some versions of hiredis ask for this already when they set the callback. */
	self->wants_write = true;
}

/* The loop. */

static void handle_events(struct redis_connection *self)
{
	const struct redis_library *library = redis_library_get();
	struct pollfd polled = {.fd = self->context->c.fd};
	polled.events = (short)((self->wants_read ? POLLIN : 0) | (self->wants_write ? POLLOUT : 0));
	if (poll(&polled, 1, 0) <= 0)
		return;
	self->is_in_context = true;
	if ((polled.revents & (POLLOUT | POLLERR | POLLHUP)) && self->wants_write)
		library->redisAsyncHandleWrite(self->context);
	if (self->context && !self->must_close && (polled.revents & (POLLIN | POLLERR | POLLHUP)))
		library->redisAsyncHandleRead(self->context);
	self->is_in_context = false;
	if (self->context && !self->must_close && self->context->c.reader->len > ANSWER_MAX)
		redis_connection_fail_answer(self, "a command");
	if (self->must_close)
		close_context(self);
}

static void send_commands(struct redis_connection *self)
{
	if (self->state != STATE_OPEN || !*self->unsent)
		return;
	if (self->unsent == &self->commands.first)
		self->deadline = clock_now_ms() + REDIS_CONNECTION_ANSWER;
	for (struct command *command; (command = *self->unsent); self->unsent = &command->next) {
		send_bytes(self, command->bytes, command->len);
		self->sent++;
	}
	self->round_trips++;
}

static bool has_deadline(const struct redis_connection *self)
{
	return self->state != STATE_OPEN || self->unsent != &self->commands.first;
}

enum status redis_connection_turn(struct redis_connection *self, struct wait *wait)
{
	int64_t now = clock_now_ms();
	if (self->status != STATUS_OK)
		return self->status;
	if (self->context && self->must_close)
		close_context(self);
	if (!self->context && now >= self->retry_at)
		begin_connecting(self);
	if (self->context) {
		/* What was received first makes room for what is sent. */
		handle_events(self);
		send_commands(self);
	}
	if (self->context && self->wants_write && self->state == STATE_OPEN)
		handle_events(self);
	if (self->context && has_deadline(self) && now >= self->deadline)
		redis_connection_retry(self, "it does not answer");
	if (self->status != STATUS_OK)
		return self->status;
	if (self->context)
		wait_for(wait, self->context->c.fd,
		    (short)((self->wants_read ? POLLIN : 0) | (self->wants_write ? POLLOUT : 0)));
	if (!self->context)
		wait_until(wait, self->retry_at);
	else if (has_deadline(self))
		wait_until(wait, self->deadline);
	return STATUS_OK;
}

/* The interface. */

struct redis_connection *redis_connection_new(
    const struct redis_address *address, const struct redis_connection_handlers *handlers)
{
	struct redis_connection *self = alloc_new(sizeof *self);
	self->address = address;
	self->handlers = *handlers;
	self->backoff = REDIS_CONNECTION_BACKOFF_MIN;
	self->random = random_bits();
	queue_init(&self->greetings);
	queue_init(&self->commands);
	self->unsent = &self->commands.first;
	return self;
}

void redis_connection_free(struct redis_connection *self)
{
	if (!self)
		return;
	self->handlers.lost = NULL;
	close_context(self);
	queue_clear(&self->commands);
	free(self);
}

void redis_connection_send(struct redis_connection *self, const struct buf *command, uint64_t number,
    redis_reply_fn fn, void *ctx)
{
	queue_add(&self->commands, command, number, fn, ctx);
	self->backlog += command->len;
}

/* Removes the commands with numbers from 1 to last. */
static void remove_commands(struct redis_connection *self, uint64_t last, bool calls)
{
	for (struct command **at = &self->commands.first, *command; (command = *at);) {
		if (command->number == 0 || command->number > last) {
			at = &command->next;
			continue;
		}
		*at = command->next;
		if (!command->next)
			self->commands.end = at;
		self->backlog -= command->len;
		if (calls && command->fn)
			command->fn(command->ctx, NULL);
		free(command);
	}
}

void redis_connection_skip(struct redis_connection *self, uint64_t last)
{
	assert(self->state == STATE_GREETING);
	remove_commands(self, last, true);
}

void redis_connection_clear(struct redis_connection *self)
{
	/* An answer that arrives later would be taken for that of another command. */
	if (self->unsent != &self->commands.first)
		redis_connection_reset(self);
	remove_commands(self, UINT64_MAX, false);
	self->unsent = &self->commands.first;
}

bool redis_connection_is_open(const struct redis_connection *self)
{
	return self->state == STATE_OPEN && !self->must_close;
}

bool redis_connection_is_full(const struct redis_connection *self)
{
	return self->backlog > REDIS_CONNECTION_BACKLOG_MAX;
}

bool redis_connection_is_idle(const struct redis_connection *self)
{
	return !self->commands.first;
}

const char *redis_connection_problem(const struct redis_connection *self)
{
	return self->problem;
}

uint64_t redis_connection_round_trips(const struct redis_connection *self)
{
	return self->round_trips;
}

uint64_t redis_connection_commands(const struct redis_connection *self)
{
	return self->sent;
}
