#include "store/redis_crawl_internal.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char robots_lifetime[] = "86400"; /* in seconds: RFC 9309, section 2.4 */

static bool is_answered(const struct redis_crawl *self)
{
	return self->is_answered;
}

/* Output files. */

void redis_crawl_set_output(
    struct redis_crawl *self, struct slice key, const struct redis_crawl_output *output)
{
	char value[100];
	int len = snprintf(value, sizeof value, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
	    output->device, output->inode, output->length, output->end_hash);
	struct redis_batch *batch = redis_crawl_add_item(self, 'w', 2);
	redis_connection_add(&batch->arguments, key.data, key.len);
	redis_connection_add(&batch->arguments, value, (size_t)len);
	redis_crawl_end_item(self, batch);
}

static void on_output(void *ctx, const redisReply *reply)
{
	struct redis_crawl *self = ctx;
	struct redis_crawl_output *output = &self->found_output;
	self->is_answered = true;
	self->has_found_output = reply->type == REDIS_REPLY_STRING;
	if (self->has_found_output &&
	    sscanf(reply->str, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &output->device,
	        &output->inode, &output->length, &output->end_hash) != 4)
		redis_connection_fail_answer(self->connection, "HGET");
}

enum status redis_crawl_find_output(
    struct redis_crawl *self, struct slice key, struct redis_crawl_output *output, bool *found)
{
	char name[140];
	int len = snprintf(name, sizeof name, "%s%s:outputs", self->prefix, self->run);
	buf_clear(&self->command);
	redis_connection_format(&self->command, 3);
	redis_connection_add(&self->command, "HGET", 4);
	redis_connection_add(&self->command, name, (size_t)len);
	redis_connection_add(&self->command, key.data, key.len);
	self->is_answered = false;
	redis_connection_send(self->connection, &self->command, 0, on_output, self);
	enum status status = redis_crawl_wait(self, is_answered, "an output file cannot be looked up");
	*found = self->has_found_output;
	*output = self->found_output;
	return status;
}

/* robots.txt: "FETCHED STATUS\n" and the body. */

struct redis_robots_request {
	struct redis_crawl *crawl;
	struct redis_robots_request *next; /* in redis_crawl.robots_requests */
	redis_crawl_robots_fn fn;
	void *ctx;
};

static void add_robots_key(struct redis_crawl *self, const char *origin)
{
	struct buf key;
	buf_init(&key, SIZE_MAX / 2);
	buf_append_text(&key, self->prefix);
	buf_append_text(&key, "robots:");
	buf_append_text(&key, origin);
	redis_connection_add(&self->command, key.data, key.len);
	buf_release(&key);
}

static void on_robots(void *ctx, const redisReply *reply)
{
	struct redis_robots_request *request = ctx, **at = &request->crawl->robots_requests;
	struct redis_crawl_robots robots;
	const char *end = NULL;
	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	if (reply->type == REDIS_REPLY_STRING)
		end = memchr(reply->str, '\n', (size_t)reply->len);
	if (end && sscanf(reply->str, "%lf %ld", &robots.fetched, &robots.http_status) == 2) {
		robots.body = (struct slice){end + 1, (size_t)reply->len - (size_t)(end + 1 - reply->str)};
		request->fn(request->ctx, &robots);
	} else {
		request->fn(request->ctx, NULL);
	}
	free(request);
}

void redis_crawl_get_robots(struct redis_crawl *self, const char *origin, redis_crawl_robots_fn fn, void *ctx)
{
	struct redis_robots_request *request = alloc_new(sizeof *request);
	*request = (struct redis_robots_request){self, self->robots_requests, fn, ctx};
	self->robots_requests = request;
	buf_clear(&self->command);
	redis_connection_format(&self->command, 2);
	redis_connection_add(&self->command, "GET", 3);
	add_robots_key(self, origin);
	redis_connection_send(self->connection, &self->command, 0, on_robots, request);
}

void redis_crawl_set_robots(
    struct redis_crawl *self, const char *origin, const struct redis_crawl_robots *robots)
{
	char head[64];
	int len = snprintf(head, sizeof head, "%.3f %ld\n", robots->fetched, robots->http_status);
	struct buf value;
	buf_init(&value, SIZE_MAX / 2);
	buf_append(&value, head, (size_t)len);
	buf_append(&value, robots->body.data, robots->body.len);
	buf_clear(&self->command);
	redis_connection_format(&self->command, 5);
	redis_connection_add(&self->command, "SET", 3);
	add_robots_key(self, origin);
	redis_connection_add(&self->command, value.data, value.len);
	redis_connection_add(&self->command, "EX", 2);
	redis_connection_add(&self->command, robots_lifetime, sizeof robots_lifetime - 1);
	redis_connection_send(self->connection, &self->command, 0, NULL, NULL);
	buf_release(&value);
}

void redis_crawl_free_robots(struct redis_crawl *self)
{
	for (struct redis_robots_request *request; (request = self->robots_requests);) {
		self->robots_requests = request->next;
		free(request);
	}
}

/* The status. */

static void take_members(struct redis_crawl *self, const redisReply *list)
{
	struct redis_crawl_status *status = &self->found_status;
	size_t count = list->type == REDIS_REPLY_ARRAY ? list->elements : 0;
	free(self->members);
	self->members = alloc_array(count + 1, sizeof *self->members);
	buf_clear(&self->names);
	/* The names move while the buffer grows, so it gets all of its memory first. */
	size_t len = 1;
	for (size_t i = 0; i < count; i++)
		len += redis_crawl_reply_is_list(list->element[i], 4)
		           ? redis_crawl_reply_text(list->element[i]->element[0]).len + 1
		           : 0;
	buf_reserve(&self->names, len);
	for (size_t i = 0; i < count; i++) {
		const redisReply *entry = list->element[i];
		if (!redis_crawl_reply_is_list(entry, 4))
			continue;
		struct slice name = redis_crawl_reply_text(entry->element[0]);
		struct redis_crawl_member *member = &self->members[status->member_count++];
		member->name = self->names.data + self->names.len;
		member->settled = redis_crawl_reply_number(entry->element[1]);
		member->hosts = redis_crawl_reply_number(entry->element[2]);
		member->is_alive = redis_crawl_reply_number(entry->element[3]) == 1;
		buf_append(&self->names, name.data, name.len);
		buf_append_byte(&self->names, '\0');
	}
	status->members = self->members;
}

/* In the order of redis_status.lua. */
enum {
	RUN = 3,
	ENDED = 5,
	LEFT,
	OFFERED,
	SETTLED,
	OPTIONS = 10,
	OUTCOMES,
	ANSWERS = OUTCOMES + OUTCOME_KINDS,
	MEMBERS,
	FEEDERS,
	UNREAD,
	UNREAD_LIST
};

static const char *copy_text(struct buf *to, const redisReply *reply)
{
	struct slice text = redis_crawl_reply_text(reply);
	buf_clear(to);
	buf_append(to, text.data, text.len);
	buf_append_byte(to, '\0');
	return to->data;
}

static void on_status(void *ctx, const redisReply *reply)
{
	struct redis_crawl *self = ctx;
	struct redis_crawl_status *status = &self->found_status;
	*status = (struct redis_crawl_status){0};
	self->is_answered = true;
	if (redis_crawl_reply_is_list(reply, 1) && redis_crawl_reply_is(reply->element[0], "NONE"))
		return;
	if (!redis_crawl_reply_is_list(reply, UNREAD_LIST + 1)) {
		redis_connection_fail_answer(self->connection, "status");
		return;
	}
	status->exists = true;
	status->run = redis_crawl_reply_number(reply->element[RUN]);
	status->has_ended = redis_crawl_reply_text(reply->element[ENDED]).len > 0;
	status->left = redis_crawl_reply_number(reply->element[LEFT]);
	status->offered = redis_crawl_reply_number(reply->element[OFFERED]);
	status->settled = redis_crawl_reply_number(reply->element[SETTLED]);
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		status->outcomes[kind] = redis_crawl_reply_number(reply->element[OUTCOMES + kind]);
	take_members(self, reply->element[MEMBERS]);
	status->feeders = redis_crawl_reply_number(reply->element[FEEDERS]);
	status->unread = redis_crawl_reply_number(reply->element[UNREAD]);
	status->keeps_answers = redis_crawl_reply_number(reply->element[ANSWERS]) == 1;
	status->unread_list = copy_text(&self->unread_list, reply->element[UNREAD_LIST]);
	status->options = copy_text(&self->options, reply->element[OPTIONS]);
}

static bool is_open(const struct redis_crawl *self)
{
	return redis_connection_is_open(self->connection);
}

enum status redis_crawl_read_status(struct redis_crawl *self, struct redis_crawl_status *found)
{
	self->is_only_read = !self->is_started;
	enum status status = redis_crawl_open(self);
	if (status == STATUS_OK)
		status = redis_crawl_wait(self, is_open, "Redis cannot be reached");
	if (status != STATUS_OK)
		return status;
	buf_clear(&self->command);
	redis_scripts_format(&self->scripts, &self->command, REDIS_SCRIPT_STATUS, 0);
	self->is_answered = false;
	redis_connection_send(self->connection, &self->command, 0, on_status, self);
	status = redis_crawl_wait(self, is_answered, "the status cannot be read");
	*found = self->found_status;
	return status;
}
