#include "store/redis_crawl_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/stop.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static const char *label_of(const struct redis_crawl *self)
{
	return self->settings.address->label;
}

static const char *name_of(const struct redis_crawl *self)
{
	return self->settings.address->name;
}

/* Ends the run with a message, which was logged. */
static void fail(struct redis_crawl *self, enum status status)
{
	redis_connection_fail(self->connection, status);
}

void redis_crawl_become_over(struct redis_crawl *self)
{
	if (self->state == REDIS_CRAWL_OVER)
		return;
	if (self->feeds) {
		log_error(
		    "%s: the crawl %s has ended without the rest of this list, since this process was cut "
		    "off for longer than its lease; the same command goes on with it",
		    label_of(self), name_of(self));
		fail(self, STATUS_OUTPUT);
	}
	self->state = REDIS_CRAWL_OVER;
	redis_connection_clear(self->connection);
	redis_crawl_free_batches(self);
	redis_crawl_forget_work(self);
}

static void fail_lost(struct redis_crawl *self, const char *what)
{
	log_error("%s: %s; this run cannot go on", label_of(self), what);
	fail(self, STATUS_OUTPUT);
}

void redis_crawl_become_lost(struct redis_crawl *self)
{
	fail_lost(self, "Redis has lost the data of this crawl, or they were removed");
}

/* Joining. */

/* While a run is about to end, one that brings a list waits for the next one. */
enum { LATER_MS = 200 };

static void join(struct redis_crawl *self);

static void fail_options(struct redis_crawl *self, const redisReply *reply)
{
	struct slice key = redis_crawl_reply_text(reply->element[1]);
	struct slice theirs = redis_crawl_reply_text(reply->element[2]),
	             ours = redis_crawl_reply_text(reply->element[3]);
	log_error(
	    "%s: the crawl %s was begun with --%.*s %.*s, and this process has %.*s; use the same, wait "
	    "for its end, or begin anew with --restart",
	    label_of(self), name_of(self), (int)key.len, key.data, theirs.len ? (int)theirs.len : 7,
	    theirs.len ? theirs.data : "not set", ours.len ? (int)ours.len : 7,
	    ours.len ? ours.data : "not set");
	fail(self, STATUS_USAGE);
}

static void become_member(struct redis_crawl *self, const redisReply *reply, enum redis_crawl_how how)
{
	struct slice id = redis_crawl_reply_text(reply->element[1]),
	             run = redis_crawl_reply_text(reply->element[2]);
	if (id.len != REDIS_TOKEN_SIZE || run.len == 0 || run.len >= sizeof self->run) {
		redis_connection_fail_answer(self->connection, "join");
		return;
	}
	if (self->is_started) {
		bool is_same = strncmp(self->run, run.data, run.len) == 0 && !self->run[run.len];
		if (!is_same || how == REDIS_CRAWL_ENDED) {
			redis_crawl_become_over(self);
			return;
		}
	}
	memcpy(self->id, id.data, id.len);
	memcpy(self->run, run.data, run.len);
	self->run[run.len] = '\0';
	self->swept = redis_crawl_reply_number(reply->element[3]);
	self->numbered = self->answered = 0;
	self->is_awake = true;
	self->renewed_at = 0;
	self->state = how == REDIS_CRAWL_ENDED ? REDIS_CRAWL_OVER : REDIS_CRAWL_MEMBER;
	if (!self->is_started)
		self->begun = (struct redis_crawl_begun){how, redis_crawl_reply_number(reply->element[2])};
	self->is_started = true;
}

static void on_joined(void *ctx, const redisReply *reply)
{
	static const char *const words[] = {[REDIS_CRAWL_FIRST] = "FIRST",
	    [REDIS_CRAWL_NEXT] = "NEXT",
	    [REDIS_CRAWL_JOINED] = "JOINED",
	    [REDIS_CRAWL_ENDED] = "ENDED"};
	struct redis_crawl *self = ctx;
	if (redis_crawl_reply_is_list(reply, 4)) {
		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			if (redis_crawl_reply_is(reply->element[0], words[i])) {
				become_member(self, reply, (enum redis_crawl_how)i);
				return;
			}
		}
		if (redis_crawl_reply_is(reply->element[0], "OPTIONS")) {
			fail_options(self, reply);
			return;
		}
	}
	if (redis_crawl_reply_is_list(reply, 1) && redis_crawl_reply_is(reply->element[0], "LOST")) {
		redis_crawl_become_lost(self);
		return;
	}
	if (redis_crawl_reply_is_list(reply, 1) && redis_crawl_reply_is(reply->element[0], "LATER")) {
		if (!self->has_told_later)
			log_warning(
			    "%s: a run of the crawl %s is about to end; this list waits for the next one",
			    label_of(self), name_of(self));
		self->has_told_later = true;
		self->state = REDIS_CRAWL_OUTSIDE;
		self->join_at = clock_now_ms() + LATER_MS;
		return;
	}
	if (redis_crawl_reply_is_list(reply, 2) && redis_crawl_reply_is(reply->element[0], "EVICTS")) {
		struct slice policy = redis_crawl_reply_text(reply->element[1]);
		log_error("%s: Redis removes any keys when its memory is full, so that the crawl could lose "
		          "URLs (maxmemory-policy %.*s); set that to noeviction",
		    label_of(self), (int)policy.len, policy.data);
		fail(self, STATUS_OUTPUT);
		return;
	}
	if (redis_crawl_reply_is_list(reply, 2) && redis_crawl_reply_is(reply->element[0], "NEWER")) {
		log_error("%s: the crawl %s is of a newer areq; it was left as it is", label_of(self),
		    name_of(self));
		fail(self, STATUS_OUTPUT);
		return;
	}
	redis_connection_fail_answer(self->connection, "join");
}

static void join(struct redis_crawl *self)
{
	char fresh[REDIS_TOKEN_SIZE + 1], now[40];
	int64_t seconds = (int64_t)clock_unix_s();
	snprintf(fresh, sizeof fresh, "%016" PRIx64, random_bits());
	snprintf(now, sizeof now, "%" PRId64, seconds);
	bool has_rest = self->is_started && (self->feeds || self->unsent);
	buf_clear(&self->command);
	redis_scripts_format(&self->scripts, &self->command, REDIS_SCRIPT_JOIN, 11);
	redis_scripts_add_number(&self->command, REDIS_CRAWL_VERSION);
	redis_connection_add(&self->command, fresh, REDIS_TOKEN_SIZE);
	redis_connection_add(&self->command, self->settings.options, strlen(self->settings.options));
	redis_connection_add(&self->command, self->member, REDIS_TOKEN_SIZE);
	redis_scripts_add_number(&self->command, (uint64_t)self->settings.lease_ms);
	redis_connection_add(&self->command, self->settings.name, strlen(self->settings.name));
	redis_connection_add(&self->command,
	    has_rest                                   ? "2"
	    : !self->is_started && self->settings.list ? "1"
	                                               : "0",
	    1);
	redis_connection_add(&self->command, now, strlen(now));
	redis_connection_add(&self->command, self->id, self->is_started ? REDIS_TOKEN_SIZE : 0);
	redis_connection_add(
	    &self->command, self->settings.list, self->settings.list ? strlen(self->settings.list) : 0);
	redis_connection_add(&self->command, self->settings.keeps_answers ? "1" : "0", 1);
	self->state = REDIS_CRAWL_JOINING;
	self->join_at = 0;
	redis_connection_send(self->connection, &self->command, 0, on_joined, self);
}

/* Another member may hold what this one held, so it becomes a new one, which holds nothing. */
void redis_crawl_become_void(struct redis_crawl *self)
{
	log_warning(
	    "%s: this process was cut off for longer than its lease (--lease), and drops the URLs that "
	    "it had; other processes have them, or it gets them again",
	    label_of(self));
	snprintf(self->member, sizeof self->member, "%016" PRIx64, random_bits());
	redis_connection_clear(self->connection);
	self->is_looking = self->has_looked = false;
	redis_crawl_forget_work(self);
	redis_crawl_keep_offers(self);
	self->lease_until = 0;
	join(self);
	if (self->handlers.lost)
		self->handlers.lost(self->handlers.ctx);
}

/* What a connection begins with. */

static void on_hello(void *ctx, const redisReply *reply)
{
	struct redis_crawl *self = ctx;
	if (!redis_crawl_reply_is_list(reply, 1)) {
		redis_connection_fail_answer(self->connection, "hello");
		return;
	}
	if (self->state != REDIS_CRAWL_MEMBER)
		return;
	if (redis_crawl_reply_is(reply->element[0], "NONE")) {
		redis_crawl_become_lost(self);
		return;
	}
	if (reply->elements < 8) {
		redis_connection_fail_answer(self->connection, "hello");
		return;
	}
	uint64_t batch = redis_crawl_reply_number(reply->element[6]);
	bool is_alive = redis_crawl_reply_number(reply->element[5]) == 1;
	bool has_lost = redis_crawl_reply_number(reply->element[7]) < self->offered ||
	                (is_alive && batch < self->answered);
	if (!redis_crawl_reply_is(reply->element[2], self->id)) {
		fail_lost(self, "Redis has another crawl of this name now");
	} else if (!redis_crawl_reply_is(reply->element[3], self->run) ||
	           redis_crawl_reply_number(reply->element[4]) == 1) {
		redis_crawl_become_over(self);
	} else if (has_lost && self->settings.list) {
		fail_lost(self,
		    "Redis has lost a part of what this process has brought from its list; the same "
		    "command goes on with it");
	} else if (!is_alive || has_lost) {
		/* The numbers of the old member mean nothing any more. */
		self->offered = redis_crawl_reply_number(reply->element[7]);
		redis_crawl_become_void(self);
	} else {
		self->answered = batch > self->answered ? batch : self->answered;
		redis_connection_skip(self->connection, batch);
	}
}

void redis_crawl_greet(void *ctx)
{
	struct redis_crawl *self = ctx;
	struct buf command;
	redis_scripts_load(&self->scripts);
	if (!self->is_started)
		return;
	buf_init(&command, SIZE_MAX / 2);
	redis_scripts_format_text(&self->scripts, &command, REDIS_SCRIPT_HELLO, 2);
	redis_connection_add(&command, self->run, strlen(self->run));
	redis_connection_add(&command, self->member, REDIS_TOKEN_SIZE);
	redis_connection_greet(self->connection, &command, on_hello, self);
	buf_release(&command);
}

/* Waiting, at the start and at the end only. */

enum status redis_crawl_wait(
    struct redis_crawl *self, bool (*is_done)(const struct redis_crawl *), const char *what)
{
	int64_t deadline = clock_now_ms() + REDIS_CRAWL_PATIENCE_MS;
	for (;;) {
		struct pollfd polled[WAIT_DESCRIPTORS];
		struct wait wait = {.wake_ms = deadline};
		enum status status = redis_crawl_turn(self, &wait);
		if (status != STATUS_OK || is_done(self))
			return status;
		int64_t now = clock_now_ms();
		if (self->join_at > 0) {
			deadline = now + REDIS_CRAWL_PATIENCE_MS;
			wait_until(&wait, self->join_at);
		}
		if (self->join_at > 0 && now >= self->join_at)
			join(self);
		/* Whoever was told to stop still gives back what it has, since others would have to wait for
		 * the end of its lease. */
		if (stop_is_due() && !self->is_leaving)
			return STATUS_CUT_SHORT;
		if (now >= deadline) {
			const char *problem = redis_connection_problem(self->connection);
			log_error(
			    "%s: %s: %s", label_of(self), what, *problem ? problem : "it does not answer");
			return STATUS_OUTPUT;
		}
		for (size_t i = 0; i < wait.count; i++)
			polled[i] =
			    (struct pollfd){.fd = wait.list[i].descriptor, .events = wait.list[i].events};
		/* A signal that arrives just before poll(2) does not interrupt it. */
		int64_t ms = wait.wake_ms - now;
		poll(polled, wait.count, ms < 0 ? 0 : ms < 100 ? (int)ms : 100);
	}
}

static bool is_open(const struct redis_crawl *self)
{
	return redis_connection_is_open(self->connection);
}

static bool is_step_done(const struct redis_crawl *self)
{
	return !self->is_sweep_sent;
}

static bool is_joined(const struct redis_crawl *self)
{
	return self->state == REDIS_CRAWL_MEMBER || self->state == REDIS_CRAWL_OVER;
}

enum status redis_crawl_start(struct redis_crawl *self, struct redis_crawl_begun *begun)
{
	enum status status = redis_crawl_open(self);
	if (status == STATUS_OK)
		status = redis_crawl_wait(self, is_open, "Redis cannot be reached");
	/* However many keys there are: each step has its own time. */
	while (status == STATUS_OK && self->settings.restart)
		status = redis_crawl_wait(self, is_step_done, "the crawl cannot be removed");
	if (status != STATUS_OK)
		return status;
	self->is_only_read = false;
	join(self);
	status = redis_crawl_wait(self, is_joined, "the crawl cannot be joined");
	*begun = self->begun;
	return status;
}

static bool has_left(const struct redis_crawl *self)
{
	return self->state != REDIS_CRAWL_MEMBER ||
	       (!self->unsent && redis_connection_is_idle(self->connection));
}

enum status redis_crawl_leave(struct redis_crawl *self)
{
	if (self->state != REDIS_CRAWL_MEMBER || self->status != STATUS_OK) {
		redis_crawl_forget_work(self);
		return self->status;
	}
	self->room = (struct redis_crawl_room){0};
	self->is_leaving = true;
	self->is_looking = false;
	self->is_awake = false;
	self->wake_at = CLOCK_NEVER;
	while (self->queued) {
		struct redis_claim *claim = self->queued;
		self->queued = claim->next_queued;
		self->queued_count--;
		redis_crawl_release(self, claim);
	}
	self->queued_end = &self->queued;
	/* An answer that is still to come gives claims again. */
	while (self->claims)
		redis_crawl_release(self, self->claims);
	enum status status = redis_crawl_wait(self, has_left, "what was done could not be told to Redis");
	if (status == STATUS_OK && self->state == REDIS_CRAWL_MEMBER) {
		while (self->claims)
			redis_crawl_release(self, self->claims);
		self->queued = NULL;
		self->queued_end = &self->queued;
		self->queued_count = 0;
		redis_crawl_give_back_idle(self, clock_now_ms(), true);
		redis_crawl_end_item(self, redis_crawl_add_item(self, 'l', 0));
		self->flush_due = 0;
		status = redis_crawl_wait(self, has_left, "what was done could not be told to Redis");
	}
	self->state = self->state == REDIS_CRAWL_OVER ? REDIS_CRAWL_OVER : REDIS_CRAWL_LEFT;
	return status;
}
