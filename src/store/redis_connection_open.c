#include "store/redis_connection_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The end of a connection. */

/* Makes it CLOSED. hiredis has freed the context, or does so now. */
static void forget_context(struct redis_connection *self)
{
	bool was_open = self->state != REDIS_CONNECTION_CLOSED;
	self->context = NULL;
	self->state = REDIS_CONNECTION_CLOSED;
	self->wants_read = self->wants_write = self->must_close = false;
	redis_connection_queue_clear(&self->greetings);
	self->unsent = &self->commands.first;
	if (was_open && self->handlers.lost)
		self->handlers.lost(self->handlers.ctx);
}

void redis_connection_close(struct redis_connection *self)
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

void redis_connection_set_problem(struct redis_connection *self, const char *text)
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
	redis_connection_set_problem(self, problem);
	/* The first attempts at the start are nobody's trouble yet. */
	if (!self->has_warned && self->sent > 0) {
		log_warning("%s: %s; areq goes on when Redis is back", self->address->label, self->problem);
		self->has_warned = true;
	}
	begin_backoff(self);
	redis_connection_close(self);
}

void redis_connection_reset(struct redis_connection *self)
{
	self->retry_at = 0;
	redis_connection_close(self);
}

void redis_connection_fail(struct redis_connection *self, enum status status)
{
	if (self->status == STATUS_OK)
		self->status = status;
	redis_connection_close(self);
}

void redis_connection_fail_answer(struct redis_connection *self, const char *what)
{
	if (self->status == STATUS_OK)
		log_error("%s: the answer to \"%s\" is not one that areq can use; it needs Redis 5 or newer",
		    self->address->label, what);
	redis_connection_fail(self, STATUS_OUTPUT);
}

void redis_connection_become_open(struct redis_connection *self)
{
	self->state = REDIS_CONNECTION_OPEN;
	self->deadline = clock_now_ms() + REDIS_CONNECTION_ANSWER;
	if (self->handlers.open)
		self->handlers.open(self->handlers.ctx);
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

void redis_connection_send_bytes(struct redis_connection *self, const char *bytes, size_t len)
{
	redis_library_get()->redisAsyncFormattedCommand(
	    self->context, redis_connection_on_reply, NULL, bytes, len);
}

void redis_connection_greet(
    struct redis_connection *self, const struct buf *command, redis_reply_fn fn, void *ctx)
{
	assert(self->state == REDIS_CONNECTION_GREETING);
	redis_connection_queue_add(&self->greetings, command, 0, fn, ctx);
	redis_connection_send_bytes(self, command->data, command->len);
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
		redis_connection_become_open(self);
}

static void on_connect(const redisAsyncContext *context, int status)
{
	struct redis_connection *self = context->data;
	if (!self)
		return;
	if (status == REDIS_OK) {
		self->state = REDIS_CONNECTION_GREETING;
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

void redis_connection_begin(struct redis_connection *self)
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
	self->state = REDIS_CONNECTION_CONNECTING;
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
