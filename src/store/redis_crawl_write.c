#include "store/redis_crawl_internal.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What one script gets, so that Redis runs none for long. */
enum { ITEMS_MAX = 32, BYTES_MAX = 64 << 10 };

enum { SOON_MS = 30 };

/* Shorter delays end before the lease of a process that dies. */
enum { DELAY_TOLD_MS = 300 };

static struct redis_batch *new_batch(struct redis_crawl *self)
{
	struct redis_batch *batch = alloc_new(sizeof *batch);
	batch->crawl = self;
	buf_init(&batch->arguments, SIZE_MAX / 2);
	return batch;
}

static void free_batch(struct redis_batch *batch)
{
	buf_release(&batch->arguments);
	free(batch->items);
	free(batch->waiting);
	free(batch);
}

void redis_crawl_free_batches(struct redis_crawl *self)
{
	for (struct redis_batch *batch; (batch = self->batches);) {
		self->batches = batch->next;
		free_batch(batch);
	}
	self->unsent = NULL;
	self->batches_end = &self->batches;
	self->batches_sent = self->unsent_bytes = 0;
	self->flush_due = CLOCK_NEVER;
}

static void add_batch(struct redis_crawl *self)
{
	struct redis_batch *batch = new_batch(self);
	*self->batches_end = batch;
	self->batches_end = &batch->next;
	if (!self->unsent)
		self->unsent = batch;
}

static struct redis_batch *last_batch(struct redis_crawl *self)
{
	return self->batches
	           ? (struct redis_batch *)((char *)self->batches_end - offsetof(struct redis_batch, next))
	           : NULL;
}

struct redis_batch *redis_crawl_add_item(struct redis_crawl *self, char letter, size_t arguments)
{
	struct redis_batch *batch = last_batch(self);
	if (!self->unsent || !batch || batch->item_count >= ITEMS_MAX || batch->arguments.len >= BYTES_MAX) {
		add_batch(self);
		batch = last_batch(self);
	}
	if (!letter)
		return batch;
	if (batch->item_count == batch->item_room) {
		batch->item_room = batch->item_room ? batch->item_room * 2 : 8;
		batch->items = alloc_resize(batch->items, batch->item_room, sizeof *batch->items);
	}
	batch->items[batch->item_count++] = (struct redis_item){letter, batch->arguments.len, 0};
	batch->argument_count += 1 + arguments;
	redis_connection_add(&batch->arguments, &letter, 1);
	if (self->flush_due == CLOCK_NEVER)
		self->flush_due = clock_now_ms() + REDIS_CRAWL_FLUSH_MS;
	return batch;
}

void redis_crawl_end_item(struct redis_crawl *self, struct redis_batch *batch)
{
	struct redis_item *item = &batch->items[batch->item_count - 1];
	item->len = batch->arguments.len - item->at;
	self->unsent_bytes += item->len;
}

/* Sending. */

void redis_crawl_format(struct redis_crawl *self, enum redis_script script, size_t arguments)
{
	buf_clear(&self->command);
	redis_scripts_format(&self->scripts, &self->command, script, 4 + arguments);
	redis_connection_add(&self->command, self->run, strlen(self->run));
	redis_connection_add(&self->command, self->member, REDIS_TOKEN_SIZE);
	redis_scripts_add_number(&self->command, ++self->numbered);
	redis_scripts_add_number(&self->command, (uint64_t)self->settings.lease_ms);
}

static void remove_batch(struct redis_crawl *self, struct redis_batch *batch)
{
	struct redis_batch **at = &self->batches;
	while (*at != batch)
		at = &(*at)->next;
	*at = batch->next;
	if (!batch->next)
		self->batches_end = at;
	self->batches_sent--;
}

static void answer(struct redis_crawl *self, const struct redis_waiting *waiting, bool is_yes)
{
	if (waiting->claim && is_yes)
		redis_crawl_end_claim(self, waiting->claim);
	waiting->fn(waiting->ctx, is_yes ? REDIS_CRAWL_NEW : REDIS_CRAWL_KNOWN);
}

static void on_written(void *ctx, const redisReply *reply)
{
	struct redis_batch *batch = ctx;
	struct redis_crawl *self = batch->crawl;
	/* Redis has run it before, and the lease was renewed then. */
	bool is_skipped = !reply;
	if (!is_skipped && !redis_crawl_take_answer(self, reply, 6, "write"))
		return;
	remove_batch(self, batch);
	if (!is_skipped) {
		const redisReply *answers = reply->element[2];
		uint64_t offered = redis_crawl_reply_number(reply->element[3]);
		self->left = redis_crawl_reply_number(reply->element[1]);
		self->idle_elsewhere = redis_crawl_reply_number(reply->element[4]);
		redis_crawl_note_answer(self, batch->number, batch->sent_at);
		redis_crawl_take_look(self, reply->element[5]);
		if (offered > self->offered)
			self->offered = offered;
		if (batch->waiting_count > 0 && !redis_crawl_reply_is_list(answers, batch->waiting_count)) {
			redis_connection_fail_answer(self->connection, "write");
		} else {
			for (size_t i = 0; i < batch->waiting_count; i++)
				answer(self, &batch->waiting[i],
				    redis_crawl_reply_number(answers->element[i]) == 1);
		}
	}
	free_batch(batch);
}

void redis_crawl_send_batches(struct redis_crawl *self)
{
	int64_t now = clock_now_ms();
	while (self->unsent && self->batches_sent < REDIS_BATCHES_SENT_MAX) {
		struct redis_batch *batch = self->unsent;
		redis_crawl_format(self, REDIS_SCRIPT_WRITE, batch->argument_count);
		buf_append(&self->command, batch->arguments.data, batch->arguments.len);
		self->unsent_bytes -= batch->arguments.len;
		batch->number = self->numbered;
		batch->sent_at = now;
		/* One whose answer somebody waits for is sent again, and Redis has kept the answer. */
		redis_connection_send(self->connection, &self->command,
		    batch->waiting_count > 0 ? REDIS_CONNECTION_UNSKIPPED : self->numbered, on_written,
		    batch);
		self->batches_sent++;
		self->unsent = batch->next;
	}
	self->renewed_at = self->flushed_at = now;
	self->flush_due = self->unsent ? now : CLOCK_NEVER;
}

static void end_list(struct redis_crawl *self)
{
	struct redis_batch *batch = redis_crawl_add_item(self, 'e', 1);
	redis_connection_add(&batch->arguments, self->has_read_list ? "1" : "0", 1);
	redis_crawl_end_item(self, batch);
}

void redis_crawl_keep_offers(struct redis_crawl *self)
{
	struct redis_batch *old = self->batches;
	bool has_ended_list = false;
	self->batches = NULL;
	redis_crawl_free_batches(self);
	for (struct redis_batch *batch = old; batch; batch = batch->next) {
		for (size_t i = 0; i < batch->item_count; i++) {
			const struct redis_item *item = &batch->items[i];
			has_ended_list |= item->letter == 'e';
			if (item->letter != 'o' && item->letter != 'u')
				continue;
			struct redis_batch *to =
			    redis_crawl_add_item(self, item->letter, item->letter == 'o' ? 4 : 1);
			/* The letter is there already. */
			to->arguments.len = to->items[to->item_count - 1].at;
			buf_append(&to->arguments, batch->arguments.data + item->at, item->len);
			redis_crawl_end_item(self, to);
		}
	}
	/* With these, the new member is one that reads a list. */
	if ((self->unsent || has_ended_list) && !self->feeds)
		end_list(self);
	for (struct redis_batch *batch; (batch = old);) {
		old = batch->next;
		for (size_t i = 0; i < batch->waiting_count; i++)
			batch->waiting[i].fn(batch->waiting[i].ctx, REDIS_CRAWL_VOID);
		free_batch(batch);
	}
}

/* What callers say. */

static void add_record(struct redis_batch *batch, const struct redis_record *record)
{
	struct buf packed;
	buf_init(&packed, SIZE_MAX / 2);
	redis_record_pack(&packed, record);
	redis_connection_add(&batch->arguments, packed.data, packed.len);
	buf_release(&packed);
}

static void add_host(struct redis_batch *batch, const struct redis_host *host)
{
	redis_connection_add(&batch->arguments, host->name, host->name_len);
}

void redis_crawl_offer(struct redis_crawl *self, struct slice server, const struct redis_record *record)
{
	struct redis_batch *batch = redis_crawl_add_item(self, 'o', 4);
	redis_connection_add(&batch->arguments, server.data, server.len);
	redis_scripts_add_number(&batch->arguments, record->depth);
	redis_connection_add(&batch->arguments, record->via || record->is_gone ? "1" : "0", 1);
	add_record(batch, record);
	redis_crawl_end_item(self, batch);
}

void redis_crawl_add_start(struct redis_crawl *self, struct slice url)
{
	struct redis_batch *batch = redis_crawl_add_item(self, 'u', 1);
	redis_connection_add(&batch->arguments, url.data, url.len);
	redis_crawl_end_item(self, batch);
}

void redis_crawl_end_list(struct redis_crawl *self, bool is_read)
{
	if (!self->feeds)
		return;
	self->feeds = false;
	self->has_read_list = is_read;
	end_list(self);
}

void redis_crawl_settle(struct redis_crawl *self, struct redis_claim *claim, enum outcome_kind kind)
{
	if (!claim->is_void) {
		struct redis_batch *batch = redis_crawl_add_item(self, 's', 3);
		add_host(batch, claim->host);
		redis_connection_add(&batch->arguments, claim->record, REDIS_ID_SIZE);
		redis_scripts_add_number(&batch->arguments, (uint64_t)kind);
		redis_crawl_end_item(self, batch);
	}
	redis_crawl_end_claim(self, claim);
}

void redis_crawl_release(struct redis_crawl *self, struct redis_claim *claim)
{
	if (!claim->is_void) {
		struct redis_batch *batch = redis_crawl_add_item(self, 'r', 2);
		add_host(batch, claim->host);
		redis_connection_add(&batch->arguments, claim->record, REDIS_ID_SIZE);
		redis_crawl_end_item(self, batch);
	}
	redis_crawl_end_claim(self, claim);
}

/* Somebody waits for what is said. */
static void flush_soon(struct redis_crawl *self)
{
	int64_t soon = clock_now_ms() + SOON_MS;
	if (self->flush_due > soon)
		self->flush_due = soon;
}

void redis_crawl_yield_host(struct redis_crawl *self, const struct redis_claim *claim)
{
	if (claim->is_void || claim->host->is_yielded)
		return;
	claim->host->is_yielded = true;
	flush_soon(self);
	if (self->idle_elsewhere > 0)
		self->idle_elsewhere--;
}

static void wait_for_answer(
    struct redis_batch *batch, redis_crawl_answer_fn fn, void *ctx, struct redis_claim *claim)
{
	batch->waiting = alloc_resize(batch->waiting, batch->waiting_count + 1, sizeof *batch->waiting);
	batch->waiting[batch->waiting_count++] = (struct redis_waiting){fn, ctx, claim};
	flush_soon(batch->crawl);
}

void redis_crawl_mark(struct redis_crawl *self, const char id[REDIS_ID_SIZE],
    const char source[REDIS_ID_SIZE], redis_crawl_answer_fn fn, void *ctx)
{
	struct redis_batch *batch = redis_crawl_add_item(self, 'm', 2);
	redis_connection_add(&batch->arguments, id, REDIS_ID_SIZE);
	redis_connection_add(&batch->arguments, source, REDIS_ID_SIZE);
	redis_crawl_end_item(self, batch);
	wait_for_answer(batch, fn, ctx, NULL);
}

void redis_crawl_forward(struct redis_crawl *self, struct redis_claim *claim,
    const char target_id[REDIS_ID_SIZE], struct slice target_server, const struct redis_record *record,
    bool always, redis_crawl_answer_fn fn, void *ctx)
{
	assert(memcmp(record->id, claim->record, REDIS_ID_SIZE) == 0);
	if (claim->is_void) {
		fn(ctx, REDIS_CRAWL_VOID);
		return;
	}
	struct redis_batch *batch = redis_crawl_add_item(self, 'f', 6);
	add_host(batch, claim->host);
	redis_connection_add(&batch->arguments, claim->record, REDIS_ID_SIZE);
	redis_connection_add(&batch->arguments, target_id, REDIS_ID_SIZE);
	redis_connection_add(&batch->arguments, always ? "1" : "0", 1);
	redis_connection_add(&batch->arguments, target_server.data, target_server.len);
	add_record(batch, record);
	redis_crawl_end_item(self, batch);
	wait_for_answer(batch, fn, ctx, claim);
}

void redis_crawl_delay_server(struct redis_crawl *self, struct slice server, int64_t ms)
{
	struct redis_host *host = redis_crawl_find_host(self, server);
	if (!host || ms <= 0)
		return;
	/* The host is given back with this. */
	host->not_before = clock_now_ms() + ms;
	if (ms < DELAY_TOLD_MS)
		return;
	struct redis_batch *batch = redis_crawl_add_item(self, 'n', 2);
	redis_connection_add(&batch->arguments, server.data, server.len);
	redis_scripts_add_number(&batch->arguments, (uint64_t)ms);
	redis_crawl_end_item(self, batch);
}
