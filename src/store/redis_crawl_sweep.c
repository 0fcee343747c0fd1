#include "store/redis_crawl_internal.h"

#include <stdio.h>
#include <string.h>

/* Keys that one step looks at when keys are removed. */
static const char sweep_count[] = "300";

/* Removing keys: of earlier runs, or of all of them. */

static bool is_of_this_run(const struct redis_crawl *self, struct slice key)
{
	size_t len = strlen(self->run);
	slice_skip(&key, strlen(self->prefix));
	return key.len > len && memcmp(key.data, self->run, len) == 0 && key.data[len] == ':';
}

static void remove_keys(struct redis_crawl *self, const redisReply *keys)
{
	size_t prefix_len = strlen(self->prefix), count = 0;
	struct buf arguments;
	buf_init(&arguments, SIZE_MAX / 2);
	for (size_t i = 0; i < keys->elements; i++) {
		struct slice key = redis_crawl_reply_text(keys->element[i]);
		if (key.len <= prefix_len || (!self->settings.restart && is_of_this_run(self, key)))
			continue;
		redis_connection_add(&arguments, key.data, key.len);
		count++;
	}
	if (count > 0) {
		buf_clear(&self->command);
		redis_connection_format(&self->command, 1 + count);
		redis_connection_add(&self->command, "UNLINK", 6);
		buf_append(&self->command, arguments.data, arguments.len);
		redis_connection_send(self->connection, &self->command, 0, NULL, NULL);
	}
	buf_release(&arguments);
}

static void on_scanned(void *ctx, const redisReply *reply)
{
	struct redis_crawl *self = ctx;
	struct slice cursor = {0};
	self->is_sweep_sent = false;
	if (redis_crawl_reply_is_list(reply, 2) && reply->element[1]->type == REDIS_REPLY_ARRAY)
		cursor = redis_crawl_reply_text(reply->element[0]);
	if (cursor.len == 0 || cursor.len >= sizeof self->cursor) {
		redis_connection_fail_answer(self->connection, "SCAN");
		return;
	}
	memcpy(self->cursor, cursor.data, cursor.len);
	self->cursor[cursor.len] = '\0';
	remove_keys(self, reply->element[1]);
	if (strcmp(self->cursor, "0") != 0)
		return;
	self->is_sweeping = false;
	if (self->settings.restart) {
		self->settings.restart = false;
		return;
	}
	self->swept = self->begun.run - 1;
	struct redis_batch *batch = redis_crawl_add_item(self, 'k', 1);
	redis_scripts_add_number(&batch->arguments, self->swept);
	redis_crawl_end_item(self, batch);
}

void redis_crawl_sweep(struct redis_crawl *self)
{
	char pattern[112];
	bool is_due = self->settings.restart ||
	              (self->state == REDIS_CRAWL_MEMBER && self->swept + 1 < self->begun.run);
	if (self->is_only_read || !is_due || self->is_sweep_sent ||
	    !redis_connection_is_open(self->connection))
		return;
	if (!self->is_sweeping && self->settings.restart) {
		/* Without this key there is no crawl, so its other members end. */
		buf_clear(&self->command);
		redis_connection_format(&self->command, 2);
		redis_connection_add(&self->command, "DEL", 3);
		redis_connection_add(&self->command, self->scripts.key, strlen(self->scripts.key));
		redis_connection_send(self->connection, &self->command, 0, NULL, NULL);
	}
	self->is_sweeping = self->is_sweep_sent = true;
	snprintf(pattern, sizeof pattern, "%s%s", self->prefix, self->settings.restart ? "*" : "[0-9]*");
	buf_clear(&self->command);
	redis_connection_format(&self->command, 6);
	redis_connection_add(&self->command, "SCAN", 4);
	redis_connection_add(&self->command, self->cursor, strlen(self->cursor));
	redis_connection_add(&self->command, "MATCH", 5);
	redis_connection_add(&self->command, pattern, strlen(pattern));
	redis_connection_add(&self->command, "COUNT", 5);
	redis_connection_add(&self->command, sweep_count, sizeof sweep_count - 1);
	redis_connection_send(self->connection, &self->command, 0, on_scanned, self);
}
