#include "store/redis_connection_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of an answer that is not complete yet. No script gives so many. */
enum { ANSWER_MAX = 32 << 20 };

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

void redis_connection_queue_init(struct redis_command_queue *self)
{
	*self = (struct redis_command_queue){.end = &self->first};
}

struct redis_command *redis_connection_queue_add(
    struct redis_command_queue *self, const struct buf *bytes, uint64_t number, redis_reply_fn fn, void *ctx)
{
	/* hiredis looks for the name of the command as in a text, which ends with a NUL. */
	struct redis_command *command = alloc_new(sizeof *command + bytes->len + 1);
	command->fn = fn;
	command->ctx = ctx;
	command->number = number;
	command->len = bytes->len;
	memcpy(command->bytes, bytes->data, bytes->len);
	*self->end = command;
	self->end = &command->next;
	return command;
}

struct redis_command *redis_connection_queue_take(struct redis_command_queue *self)
{
	struct redis_command *command = self->first;
	self->first = command->next;
	if (!self->first)
		self->end = &self->first;
	return command;
}

void redis_connection_queue_clear(struct redis_command_queue *self)
{
	while (self->first)
		free(redis_connection_queue_take(self));
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
		redis_connection_close(self);
}

static void send_commands(struct redis_connection *self)
{
	if (self->state != REDIS_CONNECTION_OPEN || !*self->unsent)
		return;
	if (self->unsent == &self->commands.first)
		self->deadline = clock_now_ms() + REDIS_CONNECTION_ANSWER;
	for (struct redis_command *command; (command = *self->unsent); self->unsent = &command->next) {
		redis_connection_send_bytes(self, command->bytes, command->len);
		self->sent++;
	}
	self->round_trips++;
}

static bool has_deadline(const struct redis_connection *self)
{
	return self->state != REDIS_CONNECTION_OPEN || self->unsent != &self->commands.first;
}

enum status redis_connection_turn(struct redis_connection *self, struct wait *wait)
{
	int64_t now = clock_now_ms();
	if (self->status != STATUS_OK)
		return self->status;
	if (self->context && self->must_close)
		redis_connection_close(self);
	if (!self->context && now >= self->retry_at)
		redis_connection_begin(self);
	if (self->context) {
		/* What was received first makes room for what is sent. */
		handle_events(self);
		send_commands(self);
	}
	if (self->context && self->wants_write && self->state == REDIS_CONNECTION_OPEN)
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
	redis_connection_queue_init(&self->greetings);
	redis_connection_queue_init(&self->commands);
	self->unsent = &self->commands.first;
	return self;
}

void redis_connection_free(struct redis_connection *self)
{
	if (!self)
		return;
	self->handlers.lost = NULL;
	redis_connection_close(self);
	redis_connection_queue_clear(&self->commands);
	free(self);
}

void redis_connection_send(
    struct redis_connection *self, const struct buf *command, uint64_t number, redis_reply_fn fn, void *ctx)
{
	redis_connection_queue_add(&self->commands, command, number, fn, ctx);
	self->backlog += command->len;
}

/* Removes the commands with numbers from 1 to last. */
static void remove_commands(struct redis_connection *self, uint64_t last, bool calls)
{
	for (struct redis_command **at = &self->commands.first, *command; (command = *at);) {
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
	assert(self->state == REDIS_CONNECTION_GREETING);
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
	return self->state == REDIS_CONNECTION_OPEN && !self->must_close;
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
