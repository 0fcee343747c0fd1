#include "store/redis_scripts.h"

#include "store/redis_library.h"
#include "store/redis_lua.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(enum redis_script script)
{
	switch (script) {
	case REDIS_SCRIPT_HELLO:
		return redis_lua_hello;
	case REDIS_SCRIPT_JOIN:
		return redis_lua_join;
	case REDIS_SCRIPT_STATUS:
		return redis_lua_status;
	case REDIS_SCRIPT_WORK:
		return redis_lua_work;
	case REDIS_SCRIPT_WRITE:
	case REDIS_SCRIPTS:
		break;
	}
	return redis_lua_write;
}

static void add_text(struct buf *command, enum redis_script script)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	buf_append_text(&text, redis_lua_common);
	buf_append_text(&text, text_of(script));
	redis_connection_add(command, text.data, text.len);
	buf_release(&text);
}

void redis_scripts_init(struct redis_scripts *self, struct redis_connection *connection, const char *name)
{
	*self = (struct redis_scripts){.connection = connection};
	snprintf(self->key, sizeof self->key, "areq:{%s}:crawl", name);
}

static void on_loaded(void *ctx, const struct redisReply *reply)
{
	struct redis_scripts *self = ctx;
	if (reply->type != REDIS_REPLY_STRING || (size_t)reply->len != REDIS_SHA_SIZE ||
	    self->loaded == REDIS_SCRIPTS) {
		redis_connection_fail_answer(self->connection, "SCRIPT LOAD");
		return;
	}
	memcpy(self->sha[self->loaded++], reply->str, REDIS_SHA_SIZE);
}

void redis_scripts_load(struct redis_scripts *self)
{
	struct buf command;
	buf_init(&command, SIZE_MAX / 2);
	self->loaded = 0;
	for (int script = 0; script < REDIS_SCRIPTS; script++) {
		buf_clear(&command);
		redis_connection_format(&command, 3);
		redis_connection_add(&command, "SCRIPT", 6);
		redis_connection_add(&command, "LOAD", 4);
		add_text(&command, (enum redis_script)script);
		redis_connection_greet(self->connection, &command, on_loaded, self);
	}
	buf_release(&command);
}

void redis_scripts_format(
    const struct redis_scripts *self, struct buf *command, enum redis_script script, size_t arguments)
{
	assert(self->sha[script][0]);
	redis_connection_format(command, 4 + arguments);
	redis_connection_add(command, "EVALSHA", 7);
	redis_connection_add(command, self->sha[script], REDIS_SHA_SIZE);
	redis_connection_add(command, "1", 1);
	redis_connection_add(command, self->key, strlen(self->key));
}

void redis_scripts_format_text(
    const struct redis_scripts *self, struct buf *command, enum redis_script script, size_t arguments)
{
	redis_connection_format(command, 4 + arguments);
	redis_connection_add(command, "EVAL", 4);
	add_text(command, script);
	redis_connection_add(command, "1", 1);
	redis_connection_add(command, self->key, strlen(self->key));
}

void redis_scripts_add_number(struct buf *command, uint64_t number)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%" PRIu64, number);
	redis_connection_add(command, text, (size_t)len);
}
