/* Random crowds of processes on random sites, some of which die; all is accounted for. */
#include "unit/store/redis_client.h"

#include "base/clock.h"
#include "store/redis_crawl_internal.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS = 20, PAGES = 4000, CLIENTS = 8, LISTED = 10, HELD_MAX = 64, HELD_OF_HOST = 3 };

/* Page n is on host n % HOSTS, and leads to pages that follow from n; in part to some that are known. */
static int link_of(int page, int i)
{
	return (page * 3 + i * i + 1) % PAGES;
}

/* Page n is a redirect to another one on another host if this is true. */
static bool is_redirect(int page)
{
	return page >= LISTED && page % 50 == 7;
}

struct held {
	struct redis_claim *claim;
	int page;
	bool is_forwarded; /* an answer is still to come */
	struct player *player;
};

struct player {
	struct redis_client client;
	bool is_there;
	struct held held[HELD_MAX];
	int settled_here[PAGES]; /* since it was started */
	int listed;              /* entries of the list that it still has to offer; -1 if it has ended it */
};

struct game {
	struct redis_server server;
	struct player players[CLIENTS];
	int settled[PAGES], forwarded[PAGES], refused[PAGES];
	int deaths, restarts;
	bool breaks; /* connections break, often before an answer was read */
	uint32_t random;
};

static struct game game;

static unsigned draw(unsigned below)
{
	game.random = game.random * 1664525u + 1013904223u;
	return (game.random >> 8) % below;
}

static void page_url(int page, char text[100])
{
	snprintf(text, 100, "http://h%d.test/%d", page % HOSTS, page);
}

static int page_of(const char *text)
{
	int host, page;
	cr_assert_eq(sscanf(text, "http://h%d.test/%d", &host, &page), 2, "%s", text);
	return page;
}

static void start_player(struct player *self, bool has_list)
{
	self->is_there = true;
	self->listed = has_list ? LISTED : -1;
	memset(self->held, 0, sizeof self->held);
	enum status status = redis_client_start(
	    &self->client, &game.server, (struct redis_client_wish){.lease_ms = 1500, .has_list = has_list});
	cr_assert_eq(status, STATUS_OK);
	self->client.room = 40;
}

static void on_forwarded(void *ctx, enum redis_crawl_answer answer)
{
	struct held *held = ctx;
	held->is_forwarded = false;
	if (answer == REDIS_CRAWL_NEW) {
		game.forwarded[held->page]++;
		held->claim = NULL;
	} else if (answer == REDIS_CRAWL_KNOWN) {
		game.refused[held->page]++;
		redis_crawl_settle(held->player->client.crawl, held->claim, OUTCOME_SKIPPED);
		game.settled[held->page]++;
		held->claim = NULL;
	}
}

static void forward(struct player *self, struct held *held)
{
	char target[100], text[100], id[REDIS_ID_SIZE], server[40];
	int to = PAGES + held->page; /* nothing else leads there */
	page_url(held->page, text);
	snprintf(target, sizeof target, "http://h%d.test/%d", (held->page + 1) % HOSTS, to);
	snprintf(server, sizeof server, "h%d.test:80", (held->page + 1) % HOSTS);
	redis_client_id(&self->client, target, id);
	struct redis_record record = {.text = text, .via = "http://x/", .target = target, .hops = 1};
	redis_client_id(&self->client, text, record.id);
	held->is_forwarded = true;
	held->player = self;
	redis_crawl_forward(
	    self->client.crawl, held->claim, id, slice_of(server), &record, false, on_forwarded, held);
}

static void finish(struct player *self, struct held *held)
{
	char text[100], via[100];
	struct redis_crawl *crawl = self->client.crawl;
	if (redis_crawl_is_void(held->claim)) {
		redis_crawl_settle(crawl, held->claim, OUTCOME_OK);
		held->claim = NULL;
		return;
	}
	if (!redis_crawl_holds_lease(crawl))
		return;
	page_url(held->page, via);
	for (int i = 0; i < 3; i++) {
		page_url(link_of(held->page, i), text);
		redis_client_offer(&self->client, text, 1, via);
	}
	redis_crawl_settle(crawl, held->claim, OUTCOME_OK);
	game.settled[held->page]++;
	held->claim = NULL;
}

static void play(struct player *self)
{
	struct redis_record record;
	struct redis_crawl *crawl = self->client.crawl;
	cr_assert_eq(redis_client_turn(&self->client, 1), STATUS_OK);
	if (game.breaks && draw(20) == 0)
		redis_connection_reset(crawl->connection);
	if (self->listed > 0) {
		char text[100];
		page_url(--self->listed, text);
		redis_client_offer(&self->client, text, 0, NULL);
	} else if (self->listed == 0) {
		redis_crawl_end_list(crawl, true);
		self->listed = -1;
	}
	for (size_t i = 0; i < HELD_MAX; i++) {
		struct held *held = &self->held[i];
		if (held->claim && !held->is_forwarded && draw(3) == 0)
			finish(self, held);
		if (held->claim || draw(2) == 0 || !redis_crawl_holds_lease(crawl) ||
		    !redis_crawl_next(crawl, &record, &held->claim))
			continue;
		held->page = page_of(record.text);
		if (draw(20) == 0) {
			redis_crawl_release(crawl, held->claim);
			held->claim = NULL;
			continue;
		}
		redis_crawl_begin(crawl, held->claim);
		if (is_redirect(held->page) && !record.target)
			forward(self, held);
	}
}

/* Which pages there are to be found. */
static int find_reachable(bool reachable[PAGES])
{
	static int stack[PAGES * 4];
	int count = 0, depth = 0;
	memset(reachable, 0, PAGES * sizeof *reachable);
	for (int page = 0; page < LISTED; page++)
		stack[depth++] = page;
	while (depth > 0) {
		int page = stack[--depth];
		if (reachable[page])
			continue;
		reachable[page] = true;
		count++;
		for (int i = 0; i < 3; i++)
			stack[depth++] = link_of(page, i);
	}
	return count;
}

static bool has_ended(void)
{
	for (size_t i = 0; i < CLIENTS; i++)
		if (game.players[i].is_there && !redis_crawl_has_ended(game.players[i].client.crawl))
			return false;
	return true;
}

static void run_game(unsigned seed, bool has_deaths, bool breaks, const char *config)
{
	static bool reachable[PAGES];
	memset(&game, 0, sizeof game);
	game.random = seed;
	game.breaks = breaks;
	redis_server_start(&game.server, config);
	redis_server_log_to_file(&game.server);
	for (size_t i = 0; i < CLIENTS; i++)
		start_player(&game.players[i], i == 0);
	int64_t end = clock_now_ms() + 60000, next_death = clock_now_ms() + 100,
	        next_restart = next_death + 200;
	while (!has_ended()) {
		cr_assert_lt(clock_now_ms(), end, "seed %u: the crawl does not end: %s", seed,
		    redis_server_run(&game.server, "hgetall 'areq:{test}:crawl'"));
		for (size_t i = 0; i < CLIENTS; i++)
			play(&game.players[i]);
		if (has_deaths && clock_now_ms() >= next_death && game.deaths < 12) {
			/* The one with the list must not die before its end. */
			struct player *player = &game.players[1 + draw(CLIENTS - 1)];
			redis_client_kill(&player->client);
			start_player(player, false);
			game.deaths++;
			next_death = clock_now_ms() + 50 + draw(200);
		}
		if (config && clock_now_ms() >= next_restart && game.restarts < 3) {
			redis_server_restart(&game.server, false);
			game.restarts++;
			next_restart = clock_now_ms() + 300 + draw(300);
		}
	}
	int expected = find_reachable(reachable), repeated = 0;
	for (int page = 0; page < PAGES; page++) {
		cr_expect_eq(game.settled[page] > 0, reachable[page], "seed %u: page %d is settled %d times",
		    seed, page, game.settled[page]);
		repeated += game.settled[page] > 1 ? game.settled[page] - 1 : 0;
		/* One that died has not heard of it. */
		int wanted = is_redirect(page) && reachable[page];
		if (!has_deaths)
			cr_expect_eq(game.forwarded[page], wanted, "seed %u: page %d is forwarded %d times",
			    seed, page, game.forwarded[page]);
	}
	cr_expect_eq(game.deaths > 0, has_deaths);
	cr_expect_eq(game.restarts > 0, config != NULL);
	if (!has_deaths)
		cr_expect_eq(repeated, 0, "seed %u: %d pages were settled again", seed, repeated);
	else
		cr_expect_leq(repeated, game.deaths * HELD_MAX, "seed %u", seed);
	struct redis_crawl_status status;
	cr_assert_eq(redis_crawl_read_status(game.players[0].client.crawl, &status), STATUS_OK);
	cr_expect_eq(status.settled, (uint64_t)expected, "seed %u", seed);
	cr_expect_eq(status.left, 0, "%s", redis_server_run(&game.server, "hgetall areq:{test}:crawl"));
	for (size_t i = 0; i < CLIENTS; i++)
		redis_client_leave(&game.players[i].client);
	redis_server_end(&game.server);
}

Test(redis_chaos, eight_processes_settle_each_url_once)
{
	for (unsigned seed = 1; seed <= 3; seed++)
		run_game(seed, false, false, NULL);
}

Test(redis_chaos, processes_that_die_lose_nothing)
{
	for (unsigned seed = 10; seed <= 12; seed++)
		run_game(seed, true, false, NULL);
}

Test(redis_chaos, a_server_that_dies_loses_nothing_that_it_has_on_disk)
{
	run_game(20, true, true, "appendonly yes\nappendfsync always");
}

/* What was sent and not answered runs once, and its answer comes in the end. */
Test(redis_chaos, connections_that_break_repeat_nothing)
{
	for (unsigned seed = 30; seed <= 32; seed++)
		run_game(seed, false, true, NULL);
}
