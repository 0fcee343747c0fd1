#include "unit/store/redis_client.h"

#include "base/clock.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static void on_lost(void *ctx)
{
	struct redis_client *self = ctx;
	self->lost++;
}

enum status redis_client_start(
    struct redis_client *self, struct redis_server *server, struct redis_client_wish wish)
{
	struct buf problem;
	buf_init(&problem, 1000);
	*self = (struct redis_client){.room = 100};
	const char *url = wish.url ? wish.url : server->url;
	cr_assert(redis_address_parse(&self->address, url, &problem), "%s", problem.data);
	buf_release(&problem);
	snprintf(self->list, sizeof self->list, "machine:%p", (void *)self);
	url_init(&self->url);
	self->crawl = redis_crawl_new(&(struct redis_crawl_settings){.address = &self->address,
	                                  .options = wish.options ? wish.options : "{\"depth\":2}",
	                                  .name = "machine:1",
	                                  .lease_ms = wish.lease_ms ? wish.lease_ms : REDIS_CRAWL_LEASE_MS,
	                                  .list = !wish.has_list ? NULL
	                                          : wish.list    ? wish.list
	                                                         : self->list,
	                                  .restart = wish.restart,
	                                  .keeps_answers = wish.keeps_answers},
	    &(struct redis_crawl_handlers){.ctx = self, .lost = on_lost});
	return redis_crawl_start(self->crawl, &self->begun);
}

void redis_client_must_start(
    struct redis_client *self, struct redis_server *server, struct redis_client_wish wish)
{
	cr_assert_eq(redis_client_start(self, server, wish), STATUS_OK);
}

bool redis_client_ends(void *ctx)
{
	return redis_crawl_has_ended(((struct redis_client *)ctx)->crawl);
}

void redis_client_on_answer(void *ctx, enum redis_crawl_answer answer)
{
	struct redis_client_answer *self = ctx;
	self->answer = answer;
	self->count++;
}

void redis_client_kill(struct redis_client *self)
{
	redis_crawl_free(self->crawl);
	redis_address_release(&self->address);
	url_release(&self->url);
}

void redis_client_leave(struct redis_client *self)
{
	cr_expect_eq(redis_crawl_leave(self->crawl), STATUS_OK);
	redis_client_kill(self);
}

enum status redis_client_turn(struct redis_client *self, int ms)
{
	struct pollfd polled[WAIT_DESCRIPTORS];
	struct wait wait = {.wake_ms = clock_now_ms() + ms};
	redis_crawl_set_room(self->crawl,
	    &(struct redis_crawl_room){.urls = self->room, .hosts = self->room, .idle = self->room});
	enum status status = redis_crawl_turn(self->crawl, &wait);
	for (size_t i = 0; i < wait.count; i++)
		polled[i] = (struct pollfd){.fd = wait.list[i].descriptor, .events = wait.list[i].events};
	int64_t left = wait.wake_ms - clock_now_ms();
	if (status == STATUS_OK)
		poll(polled, wait.count, left < 0 ? 0 : (int)left);
	return status;
}

void redis_client_turn_for(struct redis_client *self, int ms)
{
	for (int64_t end = clock_now_ms() + ms; clock_now_ms() < end;)
		cr_assert_eq(redis_client_turn(self, 20), STATUS_OK);
}

void redis_client_turn_until(
    struct redis_client *clients, size_t count, bool (*is_done)(void *ctx), void *ctx)
{
	for (int64_t end = clock_now_ms() + 20000; !is_done(ctx);) {
		cr_assert_lt(clock_now_ms(), end, "it takes too long");
		for (size_t i = 0; i < count; i++)
			cr_assert_eq(redis_client_turn(&clients[i], count > 1 ? 1 : 20), STATUS_OK);
	}
}

void redis_client_id(struct redis_client *self, const char *text, char id[REDIS_ID_SIZE])
{
	redis_record_id(id, slice_of(text), redis_crawl_seed(self->crawl));
}

void redis_client_offer(struct redis_client *self, const char *text, uint32_t depth, const char *via)
{
	struct redis_record record = {.depth = depth, .text = text, .via = via};
	struct buf server;
	buf_init(&server, 1000);
	cr_assert(url_parse(&self->url, text, strlen(text), NULL, NULL), "%s", text);
	url_append_server(&self->url, &server);
	redis_client_id(self, text, record.id);
	redis_crawl_offer(self->crawl, (struct slice){server.data, server.len}, &record);
	buf_release(&server);
}

struct redis_claim *redis_client_claim(struct redis_client *self, struct redis_record *record, int ms)
{
	struct redis_claim *claim = NULL;
	for (int64_t end = clock_now_ms() + ms; !redis_crawl_next(self->crawl, record, &claim);) {
		int64_t left = end - clock_now_ms();
		if (left <= 0 || redis_crawl_has_ended(self->crawl))
			return NULL;
		cr_assert_eq(redis_client_turn(self, left < 20 ? (int)left : 20), STATUS_OK);
	}
	return claim;
}

void redis_client_settle(struct redis_client *self, struct redis_claim *claim)
{
	redis_crawl_begin(self->crawl, claim);
	redis_crawl_settle(self->crawl, claim, OUTCOME_OK);
}

void redis_client_flush(struct redis_client *self)
{
	redis_client_turn_for(self, REDIS_CRAWL_FLUSH_MS + 150);
}
