#include "store/redis_crawl_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nothing is offered or started while so many bytes of items were not sent. */
enum { UNSENT_MAX = 4 << 20 };

/* The part of a lease that a member does not use, as two clocks may differ by that much meanwhile. */
enum { MARGIN_PART = 10 };

/* A process that has nothing to start sends earlier, but it may have many fetches that end one by one. */
enum { STARVING_FLUSH_MS = 25 };

uint64_t redis_crawl_reply_number(const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_INTEGER)
		return reply->integer > 0 ? (uint64_t)reply->integer : 0;
	return reply->type == REDIS_REPLY_STRING ? strtoull(reply->str, NULL, 10) : 0;
}

bool redis_crawl_take_answer(
    struct redis_crawl *self, const redisReply *reply, size_t elements, const char *what)
{
	if (redis_crawl_reply_is_list(reply, 1)) {
		const redisReply *word = reply->element[0];
		if (redis_crawl_reply_is(word, "OK") && reply->elements >= elements)
			return true;
		if (redis_crawl_reply_is(word, "VOID")) {
			redis_crawl_become_void(self);
			return false;
		}
		if (redis_crawl_reply_is(word, "OVER")) {
			redis_crawl_become_over(self);
			return false;
		}
		if (redis_crawl_reply_is(word, "LOST")) {
			redis_crawl_become_lost(self);
			return false;
		}
	}
	redis_connection_fail_answer(self->connection, what);
	return false;
}

void redis_crawl_note_answer(struct redis_crawl *self, uint64_t number, int64_t sent_at)
{
	int64_t lease = self->settings.lease_ms, until = sent_at + lease - lease / MARGIN_PART;
	if (number > self->answered)
		self->answered = number;
	if (until > self->lease_until)
		self->lease_until = until;
}

/* The channel of the crawl. */

static void greet_events(void *ctx)
{
	struct redis_crawl *self = ctx;
	char channel[112];
	int len = snprintf(channel, sizeof channel, "%sevents", self->prefix);
	buf_clear(&self->command);
	redis_connection_format(&self->command, 2);
	redis_connection_add(&self->command, "SUBSCRIBE", 9);
	redis_connection_add(&self->command, channel, (size_t)len);
	redis_connection_greet(self->events, &self->command, NULL, NULL);
}

/* A host has become ready, or the run has ended; the next request for work tells. */
static void look_again(struct redis_crawl *self)
{
	self->is_awake = self->must_check = true;
	self->wake_at = 0;
}

static void on_event(void *ctx, struct slice payload)
{
	struct redis_crawl *self = ctx;
	static const char idle[] = "idle ";
	size_t len = strlen(idle);
	if (payload.len <= len || memcmp(payload.data, idle, len) != 0)
		look_again(self);
	else if (!self->has_told_idle)
		self->idle_elsewhere = strtoul(payload.data + len, NULL, 10);
}

/* What was said meanwhile, nobody has heard. */
static void on_events_open(void *ctx)
{
	look_again(ctx);
}

static void on_lost(void *ctx)
{
	struct redis_crawl *self = ctx;
	/* The other connection may hang as well, without any sign of it. */
	redis_connection_reset(self->events);
	self->is_sweep_sent = false;
}

/* What is set up and freed. */

static void set_random_token(char token[REDIS_TOKEN_SIZE + 1])
{
	snprintf(token, REDIS_TOKEN_SIZE + 1, "%016" PRIx64, random_bits());
}

struct redis_crawl *redis_crawl_new(
    const struct redis_crawl_settings *settings, const struct redis_crawl_handlers *handlers)
{
	struct redis_crawl *self = alloc_new(sizeof *self);
	self->settings = *settings;
	if (handlers)
		self->handlers = *handlers;
	snprintf(self->prefix, sizeof self->prefix, "areq:{%s}:", settings->address->name);
	set_random_token(self->member);
	strcpy(self->run, "0");
	strcpy(self->cursor, "0");
	self->feeds = settings->list != NULL;
	self->batches_end = &self->batches;
	self->queued_end = &self->queued;
	self->flush_due = CLOCK_NEVER;
	buf_init(&self->record, SIZE_MAX / 2);
	buf_init(&self->command, SIZE_MAX / 2);
	buf_init(&self->names, SIZE_MAX / 2);
	buf_init(&self->unread_list, SIZE_MAX / 2);
	buf_init(&self->options, SIZE_MAX / 2);
	buf_init(&self->look_ids, SIZE_MAX / 2);
	return self;
}

enum status redis_crawl_open(struct redis_crawl *self)
{
	if (self->connection)
		return STATUS_OK;
	const char *problem = redis_library_load();
	if (problem) {
		log_error("a state in Redis needs hiredis, which cannot be loaded: %s", problem);
		return STATUS_LIBRARY;
	}
	problem = redis_address_resolve(self->settings.address);
	if (problem) {
		log_error("%s: the address of Redis cannot be looked up: %s", self->settings.address->label,
		    problem);
		return STATUS_OUTPUT;
	}
	self->connection = redis_connection_new(self->settings.address,
	    &(struct redis_connection_handlers){.ctx = self, .greet = redis_crawl_greet, .lost = on_lost});
	self->events = redis_connection_new(self->settings.address,
	    &(struct redis_connection_handlers){
	        .ctx = self, .greet = greet_events, .message = on_event, .open = on_events_open});
	redis_scripts_init(&self->scripts, self->connection, self->settings.address->name);
	return STATUS_OK;
}

void redis_crawl_free(struct redis_crawl *self)
{
	if (!self)
		return;
	redis_connection_free(self->connection);
	redis_connection_free(self->events);
	redis_crawl_free_batches(self);
	redis_crawl_free_robots(self);
	redis_crawl_free_answers(self);
	redis_crawl_free_walk(self);
	redis_crawl_forget_work(self);
	while (self->claims)
		redis_crawl_end_claim(self, self->claims);
	map_release(&self->hosts);
	free(self->members);
	buf_release(&self->record);
	buf_release(&self->command);
	buf_release(&self->names);
	buf_release(&self->unread_list);
	buf_release(&self->options);
	buf_release(&self->look_ids);
	free(self);
}

/* A turn. */

/* When what waits is to be sent, or more work to be asked for. */
static int64_t flush_time(const struct redis_crawl *self)
{
	bool wants_work = redis_crawl_wants_work(self);
	bool has_full_batch = self->unsent && self->unsent->next;
	int64_t renewal = self->renewed_at + self->settings.lease_ms / 3;
	int64_t time = self->flush_due < renewal ? self->flush_due : renewal;
	if (self->batches_sent >= REDIS_BATCHES_SENT_MAX)
		return CLOCK_NEVER; /* the next answer makes room */
	if (has_full_batch || redis_crawl_wants_much_work(self))
		return 0;
	if (wants_work && time > self->flushed_at + REDIS_CRAWL_FLUSH_MS)
		time = self->flushed_at + REDIS_CRAWL_FLUSH_MS;
	bool is_starving = self->ahead == 0 && self->room.urls > 0 && (wants_work || self->unsent);
	if (is_starving || redis_crawl_wants_hosts(self)) {
		/* If nothing is being fetched either, all waits for this. */
		int64_t early = self->claims ? self->flushed_at + STARVING_FLUSH_MS : 0;
		time = early < time ? early : time;
	}
	return time;
}

/* Sends what waits, if there is reason to. A lease that is not in doubt is renewed by what is sent anyway. */
static void flush(struct redis_crawl *self, int64_t now)
{
	if (self->state != REDIS_CRAWL_MEMBER || !redis_connection_is_open(self->connection))
		return;
	if (now < flush_time(self))
		return;
	bool is_renewal_due = now >= self->renewed_at + self->settings.lease_ms / 3;
	if (self->unsent || is_renewal_due) {
		if (!self->unsent)
			redis_crawl_add_item(self, 0, 0);
		redis_crawl_send_batches(self);
	}
	/* What was said before must be known before more is claimed. */
	if (!self->unsent && redis_crawl_wants_work(self))
		redis_crawl_ask_for_work(self);
}

static void wait_for_flush(struct redis_crawl *self, struct wait *wait)
{
	if (self->state != REDIS_CRAWL_MEMBER || !redis_connection_is_open(self->connection))
		return;
	wait_until(wait, flush_time(self));
	wait_until(wait, redis_crawl_idle_due(self));
	if (self->queued && self->room.urls > 0)
		wait_until(wait, 0); /* somebody has to take them first */
	if (!self->is_asking && self->room.hosts > 0 && !self->is_awake)
		wait_until(wait, self->wake_at);
}

enum status redis_crawl_turn(struct redis_crawl *self, struct wait *wait)
{
	if (self->status != STATUS_OK)
		return self->status;
	if (self->state == REDIS_CRAWL_LEFT) {
		/* Only the status may still be asked for. */
		self->status = redis_connection_turn(self->connection, wait);
		return self->status;
	}
	struct wait ignored = {.wake_ms = CLOCK_NEVER};
	self->status = redis_connection_turn(self->connection, &ignored);
	if (self->status == STATUS_OK && !self->is_only_read)
		self->status = redis_connection_turn(self->events, wait);
	if (self->status != STATUS_OK)
		return self->status;
	int64_t now = clock_now_ms();
	if (now >= self->wake_at)
		self->is_awake = true;
	redis_crawl_give_back_idle(self, now, false);
	redis_crawl_sweep(self);
	redis_crawl_look(self);
	flush(self, now);
	self->status = redis_connection_turn(self->connection, wait);
	wait_for_flush(self, wait);
	return self->status;
}

/* Questions. */

void redis_crawl_set_room(struct redis_crawl *self, const struct redis_crawl_room *room)
{
	self->room = *room;
	/* It was not told to Redis that a message is waited for. */
	if (room->idle > 0 && !self->has_told_idle)
		self->is_awake = true;
}

size_t redis_crawl_idle_elsewhere(const struct redis_crawl *self)
{
	return self->idle_elsewhere;
}

bool redis_crawl_holds_lease(const struct redis_crawl *self)
{
	return self->state == REDIS_CRAWL_MEMBER && clock_now_ms() < self->lease_until;
}

bool redis_crawl_is_full(const struct redis_crawl *self)
{
	return self->unsent_bytes > UNSENT_MAX ||
	       (self->connection && redis_connection_is_full(self->connection));
}

bool redis_crawl_has_ended(const struct redis_crawl *self)
{
	return self->state == REDIS_CRAWL_OVER;
}

bool redis_crawl_is_connected(const struct redis_crawl *self)
{
	return self->connection && redis_connection_is_open(self->connection);
}

uint64_t redis_crawl_left(const struct redis_crawl *self)
{
	return self->left;
}

bool redis_crawl_has_looked(const struct redis_crawl *self)
{
	return self->is_looking || self->has_looked;
}

bool redis_crawl_has_said_all(const struct redis_crawl *self)
{
	return !self->batches;
}

uint64_t redis_crawl_seed(const struct redis_crawl *self)
{
	assert(self->is_started);
	return strtoull(self->id, NULL, 16);
}

uint64_t redis_crawl_round_trips(const struct redis_crawl *self)
{
	return self->connection ? redis_connection_round_trips(self->connection) : 0;
}
