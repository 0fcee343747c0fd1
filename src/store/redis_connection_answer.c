#include "store/redis_connection_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		redis_connection_set_problem(self, text);
		bool is_refused = strstr(text, "NOAUTH") || strstr(text, "WRONGPASS") ||
		                  strstr(text, "AUTH") || strstr(text, "invalid password");
		log_error("%s: Redis refuses: %s%s", self->address->label, self->problem,
		    is_refused ? "; give user and password as in redis://USER:PASSWORD@HOST/NAME"
		    : strstr(text, "NOPERM") ? "; the user needs all commands on the keys and channels areq:*"
		                             : "");
	}
	redis_connection_fail(self, STATUS_OUTPUT);
}

static void take_greeting(struct redis_connection *self, const redisReply *reply)
{
	struct redis_command *command = redis_connection_queue_take(&self->greetings);
	if (command->fn)
		command->fn(command->ctx, reply);
	free(command);
	if (!self->greetings.first && !self->must_close && self->state == REDIS_CONNECTION_GREETING)
		redis_connection_become_open(self);
}

static void take_command(struct redis_connection *self, const redisReply *reply)
{
	struct redis_command *command = redis_connection_queue_take(&self->commands);
	if (self->unsent == &command->next)
		self->unsent = &self->commands.first;
	self->backlog -= command->len;
	if (command->fn)
		command->fn(command->ctx, reply);
	free(command);
}

/* Takes "message", CHANNEL, PAYLOAD. */
static void take_message(struct redis_connection *self, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		return;
	const redisReply *kind = reply->element[0], *payload = reply->element[2];
	if (kind->type == REDIS_REPLY_STRING && kind->len == 7 && memcmp(kind->str, "message", 7) == 0 &&
	    payload->type == REDIS_REPLY_STRING)
		self->handlers.message(
		    self->handlers.ctx, (struct slice){payload->str, (size_t)payload->len});
}

void redis_connection_on_reply(redisAsyncContext *context, void *answer, void *privdata)
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
