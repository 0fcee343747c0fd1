/* The last good answers of pages, which outlive the runs of a crawl. */

#include "base/alloc.h"
#include "base/url/url.h"
#include "store/redis_answer.h"
#include "store/redis_crawl_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Links are kept in parts of so many bytes, so that no command of Redis takes long, and so many are read at
 * once. */
enum { PART_SIZE = 32 << 10, PARTS_AT_ONCE = 8 };

/* Keys that one step looks at. */
static const char scan_count[] = "300";

static void add_key(struct redis_crawl *self, const char *kind, const char id[REDIS_ID_SIZE])
{
	char key[160];
	size_t len = (size_t)snprintf(key, sizeof key - REDIS_ID_SIZE, "%s%s", self->prefix, kind);
	memcpy(key + len, id, REDIS_ID_SIZE);
	redis_connection_add(&self->command, key, len + REDIS_ID_SIZE);
}

void redis_crawl_scan_answers(
    struct redis_crawl *self, const char *cursor, uint64_t number, redis_reply_fn fn, void *ctx)
{
	char pattern[112];
	int len = snprintf(pattern, sizeof pattern, "%sanswer:*", self->prefix);
	buf_clear(&self->command);
	redis_connection_format(&self->command, 6);
	redis_connection_add(&self->command, "SCAN", 4);
	redis_connection_add(&self->command, cursor, strlen(cursor));
	redis_connection_add(&self->command, "MATCH", 5);
	redis_connection_add(&self->command, pattern, (size_t)len);
	redis_connection_add(&self->command, "COUNT", 5);
	redis_connection_add(&self->command, scan_count, sizeof scan_count - 1);
	redis_connection_send(self->connection, &self->command, number, fn, ctx);
}

bool redis_crawl_take_scan(
    struct redis_crawl *self, const redisReply *reply, char cursor[REDIS_CURSOR_SIZE], struct buf *ids)
{
	const redisReply *keys = redis_crawl_reply_is_list(reply, 2) ? reply->element[1] : NULL;
	struct slice next = keys ? redis_crawl_reply_text(reply->element[0]) : (struct slice){0};
	if (next.len == 0 || next.len >= REDIS_CURSOR_SIZE || keys->type != REDIS_REPLY_ARRAY) {
		redis_connection_fail_answer(self->connection, "SCAN");
		return false;
	}
	memcpy(cursor, next.data, next.len);
	cursor[next.len] = '\0';
	buf_clear(ids);
	for (size_t i = 0; i < keys->elements; i++) {
		struct slice key = redis_crawl_reply_text(keys->element[i]);
		if (key.len > REDIS_ID_SIZE)
			buf_append(ids, key.data + key.len - REDIS_ID_SIZE, REDIS_ID_SIZE);
	}
	return true;
}

/* Reading. */

struct redis_answer_request {
	struct redis_crawl *crawl;
	struct redis_answer_request *previous, *next; /* in redis_crawl.answer_requests */
	redis_crawl_stored_fn fn;
	void *ctx;
	char id[REDIS_ID_SIZE];
	bool has_answer;
	struct buf answer, links;
	uint64_t parts; /* of the links that have come */
};

/* Takes the request out of the list. */
static void unlink_request(struct redis_answer_request *request)
{
	*(request->previous ? &request->previous->next : &request->crawl->answer_requests) = request->next;
	if (request->next)
		request->next->previous = request->previous;
}

/* Says what has come to whoever has asked. */
static void finish_request(struct redis_answer_request *request)
{
	const struct slice none = {0}, answer = {request->answer.data, request->answer.len},
	                   links = {request->links.data, request->links.len};
	request->fn(request->ctx, request->has_answer ? answer : none, links);
	buf_release(&request->answer);
	buf_release(&request->links);
	free(request);
}

static void request_parts(struct redis_answer_request *request);

static void on_parts(void *ctx, const redisReply *reply)
{
	struct redis_answer_request *request = ctx;
	size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
	for (size_t i = 0; i < count; i++) {
		struct slice part = redis_crawl_reply_text(reply->element[i]);
		buf_append(&request->links, part.data, part.len);
	}
	request->parts += count;
	if (count == PARTS_AT_ONCE) {
		request_parts(request);
		return;
	}
	unlink_request(request);
	finish_request(request);
}

static void request_parts(struct redis_answer_request *request)
{
	struct redis_crawl *self = request->crawl;
	buf_clear(&self->command);
	redis_connection_format(&self->command, 4);
	redis_connection_add(&self->command, "LRANGE", 6);
	add_key(self, "links:", request->id);
	redis_scripts_add_number(&self->command, request->parts);
	redis_scripts_add_number(&self->command, request->parts + PARTS_AT_ONCE - 1);
	redis_connection_send(self->connection, &self->command, 0, on_parts, request);
}

static void on_answer(void *ctx, const redisReply *reply)
{
	struct redis_answer_request *request = ctx;
	struct slice bytes = redis_crawl_reply_text(reply);
	request->has_answer = reply->type == REDIS_REPLY_STRING;
	buf_append(&request->answer, bytes.data, bytes.len);
}

uint64_t redis_crawl_number_of(const char id[REDIS_ID_SIZE])
{
	uint64_t number = 0;
	for (int i = 0; i < REDIS_ID_SIZE; i++)
		number |= (uint64_t)(unsigned char)id[i] << 8 * i;
	return number;
}

uint64_t redis_crawl_page_number(const struct redis_claim *claim)
{
	return redis_crawl_number_of(claim->record);
}

void redis_crawl_request_answer(
    struct redis_crawl *self, const char id[REDIS_ID_SIZE], redis_crawl_stored_fn fn, void *ctx)
{
	struct redis_answer_request *request = alloc_new(sizeof *request);
	*request =
	    (struct redis_answer_request){.crawl = self, .next = self->answer_requests, .fn = fn, .ctx = ctx};
	memcpy(request->id, id, REDIS_ID_SIZE);
	buf_init(&request->answer, SIZE_MAX / 2);
	buf_init(&request->links, SIZE_MAX / 2);
	if (self->answer_requests)
		self->answer_requests->previous = request;
	self->answer_requests = request;
	buf_clear(&self->command);
	redis_connection_format(&self->command, 2);
	redis_connection_add(&self->command, "GET", 3);
	add_key(self, "answer:", request->id);
	redis_connection_send(self->connection, &self->command, 0, on_answer, request);
	request_parts(request);
}

void redis_crawl_get_answer(
    struct redis_crawl *self, const struct redis_claim *claim, redis_crawl_stored_fn fn, void *ctx)
{
	redis_crawl_request_answer(self, claim->record, fn, ctx);
}

void redis_crawl_free_answers(struct redis_crawl *self)
{
	for (struct redis_answer_request *request; (request = self->answer_requests);) {
		self->answer_requests = request->next;
		request->has_answer = false;
		finish_request(request);
	}
}

/* Writing. */

/* So that no script gets very much at once. */
static void stage_links(struct redis_crawl *self, const char id[REDIS_ID_SIZE], struct slice links)
{
	for (bool is_first = true; links.len > 0; is_first = false) {
		size_t len = links.len < PART_SIZE ? links.len : PART_SIZE;
		struct redis_batch *batch = redis_crawl_add_item(self, 'p', 3);
		redis_connection_add(&batch->arguments, id, REDIS_ID_SIZE);
		redis_connection_add(&batch->arguments, is_first ? "1" : "0", 1);
		redis_connection_add(&batch->arguments, links.data, len);
		redis_crawl_end_item(self, batch);
		slice_skip(&links, len);
	}
}

void redis_crawl_settle_answer(
    struct redis_crawl *self, struct redis_claim *claim, const struct redis_crawl_settled *settled)
{
	static const char *const hows[] = {[STATE_ANSWER_KEPT] = "kept",
	    [STATE_ANSWER_CONFIRMED] = "confirmed",
	    [STATE_ANSWER_NEW] = "new",
	    [STATE_ANSWER_GONE] = "gone"};
	const char *how = hows[settled->how];
	char flags[REDIS_ANSWER_FLAGS];
	redis_answer_set_flags(flags, settled->is_listed, settled->kind == OUTCOME_OK);
	bool is_staged = settled->links.len > PART_SIZE;
	if (!claim->is_void) {
		if (is_staged)
			stage_links(self, claim->record, settled->links);
		struct redis_batch *batch = redis_crawl_add_item(self, 't', 8);
		struct buf *to = &batch->arguments;
		redis_connection_add(to, claim->host->name, claim->host->name_len);
		redis_connection_add(to, claim->record, REDIS_ID_SIZE);
		if (settled->counts)
			redis_scripts_add_number(to, (uint64_t)settled->kind);
		else
			redis_connection_add(to, "", 0);
		redis_connection_add(to, how, strlen(how));
		redis_connection_add(to, flags, sizeof flags);
		redis_connection_add(to, settled->answer.data, settled->answer.len);
		redis_connection_add(to, settled->links.data, is_staged ? 0 : settled->links.len);
		redis_connection_add(to, is_staged ? "1" : "0", 1);
		redis_crawl_end_item(self, batch);
	}
	redis_crawl_end_claim(self, claim);
}

/* Looking for pages that have left the lists. */

static void offer_gone(struct redis_crawl *self, const char *id, struct slice bytes)
{
	struct redis_answer answer;
	struct url url;
	struct buf texts, server;
	buf_init(&texts, SIZE_MAX / 2);
	buf_init(&server, SIZE_MAX / 2);
	url_init(&url);
	/* What is damaged is not worth more than what is gone. */
	if (redis_answer_unpack(&answer, bytes, &texts) && answer.is_listed &&
	    answer.page.run < self->begun.run &&
	    url_parse(&url, answer.page.listed, strlen(answer.page.listed), NULL, NULL)) {
		struct redis_record record = {
		    .depth = answer.page.depth, .text = answer.page.listed, .is_gone = true};
		memcpy(record.id, id, REDIS_ID_SIZE);
		url_append_server(&url, &server);
		redis_crawl_offer(self, (struct slice){server.data, server.len}, &record);
	}
	buf_release(&texts);
	buf_release(&server);
	url_release(&url);
}

static void end_step(struct redis_crawl *self)
{
	self->is_look_sent = false;
	if (!self->is_looking || strcmp(self->look_cursor, "0") != 0)
		return;
	self->is_looking = false;
	self->has_looked = true;
	redis_crawl_end_item(self, redis_crawl_add_item(self, 'y', 0));
}

static void on_found(void *ctx, const redisReply *reply)
{
	struct redis_crawl *self = ctx;
	if (!redis_crawl_reply_is_list(reply, self->look_ids.len / REDIS_ID_SIZE)) {
		redis_connection_fail_answer(self->connection, "MGET");
		return;
	}
	for (size_t i = 0; self->is_looking && i < self->look_ids.len / REDIS_ID_SIZE; i++)
		offer_gone(
		    self, self->look_ids.data + i * REDIS_ID_SIZE, redis_crawl_reply_text(reply->element[i]));
	end_step(self);
}

static void on_keys(void *ctx, const redisReply *reply)
{
	struct redis_crawl *self = ctx;
	if (!redis_crawl_take_scan(self, reply, self->look_cursor, &self->look_ids))
		return;
	size_t count = self->look_ids.len / REDIS_ID_SIZE;
	if (count == 0) {
		end_step(self);
		return;
	}
	buf_clear(&self->command);
	redis_connection_format(&self->command, 1 + count);
	redis_connection_add(&self->command, "MGET", 4);
	for (size_t i = 0; i < count; i++)
		add_key(self, "answer:", self->look_ids.data + i * REDIS_ID_SIZE);
	redis_connection_send(self->connection, &self->command, REDIS_CONNECTION_UNSKIPPED, on_found, self);
}

void redis_crawl_take_look(struct redis_crawl *self, const redisReply *reply)
{
	if (self->is_looking || self->is_leaving || redis_crawl_reply_number(reply) == 0)
		return;
	self->is_looking = true;
	self->is_look_sent = false;
	strcpy(self->look_cursor, "0");
}

void redis_crawl_look(struct redis_crawl *self)
{
	if (!self->is_looking || self->is_look_sent || redis_crawl_is_full(self) ||
	    !redis_connection_is_open(self->connection))
		return;
	self->is_look_sent = true;
	redis_crawl_scan_answers(self, self->look_cursor, REDIS_CONNECTION_UNSKIPPED, on_keys, self);
}
