#include "unit/store/redis_client.h"

#include "base/clock.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

Test(redis_crawl, gives_each_url_once_and_ends)
{
	struct redis_server server;
	struct redis_client client;
	struct redis_record record;
	struct redis_claim *claim;
	bool seen[500] = {false};
	char text[100];
	redis_server_start(&server, NULL);
	cr_assert_eq(redis_client_start(&client, &server, (struct redis_client_wish){.has_list = true}), STATUS_OK);
	cr_expect_eq(client.begun.how, REDIS_CRAWL_FIRST);
	cr_expect_eq(client.begun.run, 1);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "http://h%d.test/%d", i % 500 % 7, i % 500);
		redis_client_offer(&client, text, 0, NULL);
	}
	redis_crawl_end_list(client.crawl);
	int count = 0;
	for (; (claim = redis_client_claim(&client, &record, 3000)); count++) {
		int host, page;
		cr_assert_eq(sscanf(record.text, "http://h%d.test/%d", &host, &page), 2);
		cr_expect_not(seen[page]);
		seen[page] = true;
		cr_expect_null(record.via);
		redis_client_settle(&client, claim);
	}
	cr_expect_eq(count, 500);
	cr_expect(redis_crawl_has_ended(client.crawl));
	struct redis_crawl_status status;
	cr_assert_eq(redis_crawl_read_status(client.crawl, &status), STATUS_OK);
	cr_expect(status.exists && status.has_ended);
	cr_expect_eq(status.offered, 500);
	cr_expect_eq(status.settled, 500);
	cr_expect_eq(status.outcomes[OUTCOME_OK], 500);
	cr_expect_eq(status.left, 0);
	cr_expect_eq(status.member_count, 1);
	cr_expect_str_eq(status.members[0].name, "machine:1");
	redis_client_leave(&client);
	redis_server_end(&server);
}

static bool ends(void *ctx)
{
	return redis_crawl_has_ended(((struct redis_client *)ctx)->crawl);
}

static void start(struct redis_client *client, struct redis_server *server, struct redis_client_wish wish)
{
	cr_assert_eq(redis_client_start(client, server, wish), STATUS_OK);
}

Test(redis_crawl, keeps_what_a_record_says_and_lowers_depths)
{
	struct redis_server server;
	struct redis_client client;
	struct redis_record record;
	redis_server_start(&server, NULL);
	start(&client, &server, (struct redis_client_wish){.has_list = true});
	client.room = 0;
	redis_client_offer(&client, "http://u:p@a.test/x y#f", 9, "http://b.test/");
	redis_client_offer(&client, "http://u:p@a.test/x y#f", 4, "http://c.test/");
	redis_client_offer(&client, "http://u:p@a.test/x y#f", 5, "http://c.test/");
	redis_client_offer(&client, "http://deep.test/", 1000, "http://c.test/");
	redis_client_flush(&client);
	client.room = 10;
	for (int i = 0; i < 2; i++) {
		struct redis_claim *claim = redis_client_claim(&client, &record, 2000);
		cr_assert_not_null(claim);
		if (record.depth == 1000) {
			cr_expect_str_eq(record.text, "http://deep.test/");
		} else {
			cr_expect_str_eq(record.text, "http://u:p@a.test/x y#f");
			cr_expect_str_eq(record.via, "http://b.test/", "the first page that led there");
			cr_expect_eq(record.depth, 4);
		}
		redis_client_settle(&client, claim);
	}
	redis_client_leave(&client);
	redis_server_end(&server);
}

struct answered {
	enum redis_crawl_answer answer;
	int count;
};

static void on_answer(void *ctx, enum redis_crawl_answer answer)
{
	struct answered *self = ctx;
	self->answer = answer;
	self->count++;
}

static enum redis_crawl_answer mark(struct redis_client *client, const char *text)
{
	struct answered answered = {0};
	char id[REDIS_ID_SIZE];
	redis_client_id(client, text, id);
	redis_crawl_mark(client->crawl, id, on_answer, &answered);
	redis_client_flush(client);
	cr_assert_eq(answered.count, 1);
	return answered.answer;
}

Test(redis_crawl, knows_where_redirects_have_led)
{
	struct redis_server server;
	struct redis_client client;
	struct redis_record record;
	redis_server_start(&server, NULL);
	start(&client, &server, (struct redis_client_wish){.has_list = true});
	client.room = 0;
	cr_expect_eq(mark(&client, "http://a.test/1"), REDIS_CRAWL_NEW);
	cr_expect_eq(mark(&client, "http://a.test/1"), REDIS_CRAWL_KNOWN);
	redis_client_offer(&client, "http://a.test/1", 1, "http://a.test/");
	redis_client_offer(&client, "http://a.test/2", 1, "http://a.test/");
	redis_client_flush(&client);
	cr_expect_eq(redis_crawl_left(client.crawl), 1, "a found URL that is marked is known");
	cr_expect_eq(mark(&client, "http://a.test/2"), REDIS_CRAWL_KNOWN);
	redis_client_offer(&client, "http://a.test/1", 0, NULL);
	redis_client_offer(&client, "http://a.test/1", 0, NULL);
	redis_client_flush(&client);
	cr_expect_eq(redis_crawl_left(client.crawl), 2, "a listed one is asked for nevertheless, once");
	client.room = 10;
	for (int i = 0; i < 2; i++)
		redis_client_settle(&client, redis_client_claim(&client, &record, 2000));
	redis_crawl_end_list(client.crawl);
	redis_client_turn_until(&client, 1, ends, &client);
	redis_client_leave(&client);
	redis_server_end(&server);
}

Test(redis_crawl, passes_redirects_on_to_the_owner_of_their_target)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	struct answered answered = {0};
	char target[REDIS_ID_SIZE];
	redis_server_start(&server, NULL);
	start(&a, &server, (struct redis_client_wish){.has_list = true});
	start(&b, &server, (struct redis_client_wish){0});
	redis_client_offer(&b, "http://b.test/", 1, "http://x/");
	struct redis_claim *of_b = redis_client_claim(&b, &record, 2000);
	cr_assert_not_null(of_b);
	redis_client_offer(&a, "http://a.test/", 7, "http://x/");
	struct redis_claim *claim = redis_client_claim(&a, &record, 2000);
	cr_assert_not_null(claim);
	redis_crawl_begin(a.crawl, claim);
	redis_client_id(&a, "http://b.test/target", target);
	record.target = "http://b.test/target";
	record.hops = 3;
	redis_crawl_forward(a.crawl, claim, target, slice_of("b.test:80"), &record, false, on_answer, &answered);
	claim = redis_client_claim(&a, &record, 600);
	cr_expect_null(claim, "the host belongs to the other one");
	cr_assert_eq(answered.count, 1);
	cr_expect_eq(answered.answer, REDIS_CRAWL_NEW);
	claim = redis_client_claim(&b, &record, 2000);
	cr_assert_not_null(claim);
	cr_expect_str_eq(record.text, "http://a.test/");
	cr_expect_str_eq(record.target, "http://b.test/target");
	cr_expect(record.hops == 3 && record.depth == 7);
	redis_client_settle(&b, claim);
	/* The target is known now, so another one that leads there stays. */
	redis_client_offer(&a, "http://a.test/2", 7, "http://x/");
	claim = redis_client_claim(&a, &record, 2000);
	redis_crawl_begin(a.crawl, claim);
	record.target = "http://b.test/target";
	redis_crawl_forward(a.crawl, claim, target, slice_of("b.test:80"), &record, false, on_answer, &answered);
	redis_client_flush(&a);
	cr_assert_eq(answered.count, 2);
	cr_expect_eq(answered.answer, REDIS_CRAWL_KNOWN);
	/* One of a list goes on anyway. */
	redis_crawl_forward(a.crawl, claim, target, slice_of("b.test:80"), &record, true, on_answer, &answered);
	redis_client_flush(&a);
	cr_assert_eq(answered.count, 3);
	cr_expect_eq(answered.answer, REDIS_CRAWL_NEW);
	claim = redis_client_claim(&b, &record, 2000);
	cr_assert_not_null(claim);
	redis_client_settle(&b, claim);
	redis_client_settle(&b, of_b);
	redis_crawl_end_list(a.crawl);
	struct redis_client both[] = {a, b};
	redis_client_turn_until(both, 2, ends, &both[0]);
	redis_client_turn_until(both, 2, ends, &both[1]);
	redis_client_leave(&both[0]);
	redis_client_leave(&both[1]);
	redis_server_end(&server);
}

/* A host is never of two processes, one huge host does not take all the room, and who has no room gives back. */
Test(redis_crawl, shares_hosts_by_need)
{
	enum { HUGE = 2000, OTHERS = 40 };
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	struct redis_claim *claim, *claims[100];
	char text[100];
	redis_server_start(&server, NULL);
	start(&a, &server, (struct redis_client_wish){.has_list = true});
	a.room = 0;
	for (int i = 0; i < HUGE; i++) {
		snprintf(text, sizeof text, "http://huge.test/%d", i);
		redis_client_offer(&a, text, 0, NULL);
	}
	for (int i = 0; i < OTHERS; i++) {
		snprintf(text, sizeof text, "http://h%d.test/", i);
		redis_client_offer(&a, text, 0, NULL);
	}
	redis_client_flush(&a);
	cr_expect_eq(redis_crawl_left(a.crawl), HUGE + OTHERS);
	a.room = 30;
	int of_huge = 0, count = 0;
	for (; (claim = redis_client_claim(&a, &record, 600)); count++) {
		a.room--;
		claims[count] = claim;
		of_huge += strncmp(record.text, "http://huge", 11) == 0;
	}
	cr_expect_eq(count, 30);
	cr_expect_eq(of_huge, REDIS_CRAWL_AHEAD_MAX);
	/* The other one gets all that is left, but nothing of the huge host. */
	start(&b, &server, (struct redis_client_wish){0});
	int of_b = 0;
	for (; (claim = redis_client_claim(&b, &record, 600)); of_b++) {
		cr_expect_neq(strncmp(record.text, "http://huge", 11), 0);
		redis_client_settle(&b, claim);
	}
	cr_expect_eq(of_b, OTHERS - (30 - REDIS_CRAWL_AHEAD_MAX));
	/* The first one has no room, and nothing claimed any more: the other one gets the huge host. */
	for (int i = 0; i < count; i++)
		redis_client_settle(&a, claims[i]);
	redis_client_turn_for(&a, 1200);
	claim = redis_client_claim(&b, &record, 3000);
	cr_assert_not_null(claim);
	cr_expect_str_eq(record.text, "http://huge.test/16");
	redis_client_leave(&a);
	redis_client_leave(&b);
	redis_server_end(&server);
}

Test(redis_crawl, takes_over_what_a_dead_process_held)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	char text[100];
	redis_server_start(&server, NULL);
	start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	for (int i = 0; i < 400; i++) {
		snprintf(text, sizeof text, "http://h%d.test/%d", i % 5, i);
		redis_client_offer(&a, text, 0, NULL);
	}
	redis_crawl_end_list(a.crawl);
	for (int i = 0; i < 50; i++)
		redis_crawl_begin(a.crawl, redis_client_claim(&a, &record, 2000));
	start(&b, &server, (struct redis_client_wish){.lease_ms = 1000});
	cr_expect_eq(b.begun.how, REDIS_CRAWL_JOINED);
	cr_expect_null(redis_client_claim(&b, &record, 0));
	int64_t died = clock_now_ms();
	redis_client_kill(&a);
	int count = 0;
	for (struct redis_claim *claim; (claim = redis_client_claim(&b, &record, 5000)); count++) {
		if (count == 0)
			cr_expect_geq(clock_now_ms() - died, 500);
		redis_client_settle(&b, claim);
	}
	cr_expect_eq(count, 400);
	cr_expect(redis_crawl_has_ended(b.crawl));
	redis_client_leave(&b);
	redis_server_end(&server);
}

/* A process that was stopped for too long drops what it had, and changes nothing. */
Test(redis_crawl, fences_a_process_that_was_cut_off)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	struct redis_claim *claims[3], *claim;
	struct redis_crawl_status status;
	struct answered answered = {0};
	char target[REDIS_ID_SIZE];
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	start(&b, &server, (struct redis_client_wish){.lease_ms = 1000});
	b.room = 0;
	for (int i = 0; i < 3; i++) {
		char text[40];
		snprintf(text, sizeof text, "http://h%d.test/", i);
		redis_client_offer(&a, text, 0, NULL);
	}
	for (int i = 0; i < 3; i++) {
		cr_assert_not_null(claims[i] = redis_client_claim(&a, &record, 2000));
		redis_crawl_begin(a.crawl, claims[i]);
	}
	cr_expect(redis_crawl_holds_lease(a.crawl));
	redis_client_turn_for(&b, 1100);
	cr_expect_not(redis_crawl_holds_lease(a.crawl));
	b.room = 10;
	cr_assert_not_null(claim = redis_client_claim(&b, &record, 3000));
	redis_client_id(&a, "http://t.test/", target);
	record = (struct redis_record){.text = "http://h2.test/", .target = "http://t.test/"};
	redis_client_id(&a, record.text, record.id);
	redis_crawl_settle(a.crawl, claims[0], OUTCOME_FAILED);
	redis_crawl_forward(a.crawl, claims[2], target, slice_of("t.test:80"), &record, true, on_answer, &answered);
	redis_client_offer(&a, "http://late.test/", 1, "http://x/");
	redis_client_turn_for(&a, 400);
	cr_expect_eq(a.lost, 1);
	cr_expect(strstr(redis_server_logged(&server), "longer than its lease"));
	cr_expect(redis_claim_is_void(claims[1]) && redis_claim_is_void(claims[2]));
	cr_expect_eq(answered.count, 1);
	cr_expect_eq(answered.answer, REDIS_CRAWL_VOID);
	cr_assert_eq(redis_crawl_read_status(b.crawl, &status), STATUS_OK);
	cr_expect_eq(status.outcomes[OUTCOME_FAILED], 0);
	cr_expect_eq(status.left, 4, "the URL that was found counts nevertheless");
	redis_crawl_settle(a.crawl, claims[1], OUTCOME_FAILED);
	redis_crawl_settle(a.crawl, claims[2], OUTCOME_FAILED);
	a.room = 0;
	redis_crawl_end_list(a.crawl);
	int count = 0;
	for (; claim; claim = redis_client_claim(&b, &record, 3000), count++) {
		redis_client_settle(&b, claim);
		redis_client_turn(&a, 1);
	}
	cr_expect_eq(count, 4);
	redis_client_turn_until(&b, 1, ends, &b);
	redis_client_turn_until(&a, 1, ends, &a);
	redis_client_leave(&a);
	redis_client_leave(&b);
	redis_server_end(&server);
}

Test(redis_crawl, waits_for_whoever_reads_a_list)
{
	struct redis_server server;
	struct redis_client both[2];
	struct redis_record record;
	redis_server_start(&server, NULL);
	start(&both[0], &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	start(&both[1], &server, (struct redis_client_wish){.lease_ms = 1000});
	for (int i = 0; i < 30; i++)
		for (int j = 0; j < 2; j++)
			redis_client_turn(&both[j], 20);
	cr_expect_not(redis_crawl_has_ended(both[1].crawl));
	redis_client_offer(&both[0], "http://a.test/", 0, NULL);
	redis_client_flush(&both[0]);
	/* It dies with its list. The other one does the rest, and ends. */
	redis_client_kill(&both[0]);
	redis_client_settle(&both[1], redis_client_claim(&both[1], &record, 5000));
	redis_client_turn_until(&both[1], 1, ends, &both[1]);
	redis_client_leave(&both[1]);
	redis_server_end(&server);
}

/* Neither a process with nothing to do nor its Redis does anything, but for the lease. */
Test(redis_crawl, idles_without_asking)
{
	struct redis_server server;
	struct redis_client clients[3];
	struct redis_record record;
	redis_server_start(&server, NULL);
	start(&clients[0], &server, (struct redis_client_wish){.has_list = true});
	start(&clients[1], &server, (struct redis_client_wish){0});
	start(&clients[2], &server, (struct redis_client_wish){0});
	for (int i = 0; i < 3; i++)
		redis_client_flush(&clients[i]);
	uint64_t before = redis_crawl_round_trips(clients[1].crawl);
	int turns = 0;
	for (int64_t end = clock_now_ms() + 1500; clock_now_ms() < end; turns++)
		redis_client_turn(&clients[1], 500);
	cr_expect_leq(redis_crawl_round_trips(clients[1].crawl) - before, 1);
	cr_expect_leq(turns, 20);
	/* What comes wakes it at once. */
	redis_client_offer(&clients[0], "http://a.test/", 0, NULL);
	clients[0].room = 0;
	redis_client_flush(&clients[0]);
	int64_t began = clock_now_ms();
	struct redis_claim *claim = redis_client_claim(&clients[1], &record, 2000);
	cr_assert_not_null(claim);
	cr_expect_leq(clock_now_ms() - began, 1500);
	redis_client_settle(&clients[1], claim);
	redis_crawl_end_list(clients[0].crawl);
	for (int i = 0; i < 3; i++)
		redis_client_turn_until(clients, 3, ends, &clients[i]);
	for (int i = 0; i < 3; i++)
		redis_client_leave(&clients[i]);
	redis_server_end(&server);
}

/* Retry-After and the like hold for whoever gets the host, also after a death. */
Test(redis_crawl, keeps_delays_of_hosts)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	redis_server_start(&server, NULL);
	start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	redis_client_offer(&a, "http://a.test/1", 0, NULL);
	redis_client_offer(&a, "http://a.test/2", 0, NULL);
	struct redis_claim *claim = redis_client_claim(&a, &record, 2000);
	cr_assert_not_null(claim);
	int64_t began = clock_now_ms();
	redis_crawl_delay_server(a.crawl, slice_of("a.test:80"), 3000);
	redis_client_flush(&a);
	redis_client_kill(&a);
	start(&b, &server, (struct redis_client_wish){.lease_ms = 1000});
	claim = redis_client_claim(&b, &record, 6000);
	cr_assert_not_null(claim);
	cr_expect_geq(clock_now_ms() - began, 2900);
	/* And after a process has left, also if no URL of the host waits meanwhile. */
	redis_client_offer(&b, "http://other.test/", 1, "http://a.test/");
	redis_client_settle(&b, claim);
	redis_client_settle(&b, redis_client_claim(&b, &record, 1000));
	began = clock_now_ms();
	redis_crawl_delay_server(b.crawl, slice_of("a.test:80"), 1500);
	redis_client_leave(&b);
	start(&b, &server, (struct redis_client_wish){.has_list = true});
	redis_client_offer(&b, "http://a.test/3", 0, NULL);
	do
		cr_assert_not_null(redis_client_claim(&b, &record, 5000));
	while (strcmp(record.text, "http://a.test/3") != 0);
	cr_expect_geq(clock_now_ms() - began, 1400);
	redis_client_leave(&b);
	redis_server_end(&server);
}

Test(redis_crawl, begins_goes_on_ends_and_begins_again)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	static const char one[] = "{\"depth\":2,\"format\":\"tsv\",\"request\":\"1\"}";
	static const char other_request[] = "{\"depth\":2,\"request\":\"2\",\"format\":\"tsv\"}";
	static const char other_depth[] = "{\"depth\":3,\"format\":\"tsv\",\"request\":\"1\"}";
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	struct redis_client_wish wish = {.options = one, .has_list = true};
	start(&a, &server, wish);
	cr_expect_eq(a.begun.how, REDIS_CRAWL_FIRST);
	wish.options = other_request;
	start(&b, &server, wish);
	cr_expect_eq(b.begun.how, REDIS_CRAWL_JOINED);
	cr_expect_eq(redis_crawl_seed(a.crawl), redis_crawl_seed(b.crawl));
	redis_client_leave(&b);
	wish.options = other_depth;
	cr_expect_eq(redis_client_start(&b, &server, wish), STATUS_USAGE);
	cr_expect(strstr(redis_server_logged(&server), "begun with --depth 2, and this process has 3"), "%s",
	    redis_server_logged(&server));
	redis_client_kill(&b);
	redis_client_offer(&a, "http://a.test/", 0, NULL);
	redis_crawl_end_list(a.crawl);
	redis_client_settle(&a, redis_client_claim(&a, &record, 2000));
	redis_client_turn_until(&a, 1, ends, &a);
	redis_client_leave(&a);
	/* Without a list, there is nothing more to do. */
	start(&b, &server, (struct redis_client_wish){.options = one});
	cr_expect_eq(b.begun.how, REDIS_CRAWL_ENDED);
	cr_expect(redis_crawl_has_ended(b.crawl));
	redis_client_leave(&b);
	/* With one, the next run begins, which may have other options. The old keys go. */
	start(&b, &server, wish);
	cr_expect_eq(b.begun.how, REDIS_CRAWL_NEXT);
	cr_expect_eq(b.begun.run, 2);
	redis_client_turn_for(&b, 500);
	cr_expect_str_eq(redis_server_run(&server, "keys 'areq:{test}:1:*'"), "");
	redis_client_offer(&b, "http://a.test/", 0, NULL);
	cr_expect_not_null(redis_client_claim(&b, &record, 2000), "it is new in this run");
	/* Begun anew, the others end. */
	redis_server_run(&server, "set other 1");
	wish.restart = true;
	start(&a, &server, wish);
	cr_expect_eq(a.begun.how, REDIS_CRAWL_FIRST);
	cr_expect_eq(a.begun.run, 1);
	cr_expect_str_eq(redis_server_run(&server, "get other"), "1");
	redis_client_leave(&a);
	redis_client_kill(&b);
	redis_server_run(&server, "hset 'areq:{test}:crawl' version 2");
	cr_expect_eq(redis_client_start(&a, &server, wish = (struct redis_client_wish){0}), STATUS_OUTPUT);
	cr_expect(strstr(redis_server_logged(&server), "newer areq"));
	redis_client_kill(&a);
	redis_server_end(&server);
}

static void on_robots(void *ctx, const struct redis_crawl_robots *robots)
{
	struct redis_crawl_robots *found = ctx;
	static char body[40];
	found->fetched = robots ? robots->fetched : -1;
	if (!robots)
		return;
	memcpy(body, robots->body.data, robots->body.len);
	found->http_status = robots->http_status;
	found->body = (struct slice){body, robots->body.len};
}

Test(redis_crawl, keeps_outputs_and_robots)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	struct redis_crawl_robots robots = {0};
	struct redis_crawl_output output = {1, 2, 3};
	struct slice key = slice_of("machine /tmp/a b.tsv");
	bool found;
	redis_server_start(&server, NULL);
	start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	cr_assert_eq(redis_crawl_find_output(a.crawl, key, &output, &found), STATUS_OK);
	cr_expect_not(found);
	redis_client_offer(&a, "http://a.test/", 0, NULL);
	struct redis_claim *claim = redis_client_claim(&a, &record, 2000);
	redis_crawl_set_output(a.crawl, key, &(struct redis_crawl_output){1, UINT64_MAX, 1ull << 40});
	redis_client_settle(&a, claim);
	redis_crawl_get_robots(a.crawl, "http://a.test", on_robots, &robots);
	redis_client_flush(&a);
	cr_expect_eq(robots.fetched, -1);
	redis_crawl_set_robots(
	    a.crawl, "http://a.test", &(struct redis_crawl_robots){1234.5, 200, {"a\0\n\r", 4}});
	redis_client_flush(&a);
	redis_client_kill(&a);
	start(&b, &server, (struct redis_client_wish){.lease_ms = 1000});
	cr_assert_eq(redis_crawl_find_output(b.crawl, key, &output, &found), STATUS_OK);
	cr_expect(found && output.device == 1 && output.inode == UINT64_MAX && output.length == 1ull << 40);
	redis_crawl_get_robots(b.crawl, "http://a.test", on_robots, &robots);
	redis_client_flush(&b);
	cr_expect(robots.fetched == 1234.5 && robots.http_status == 200);
	cr_expect(slice_equal(robots.body, (struct slice){"a\0\n\r", 4}));
	redis_crawl_get_robots(b.crawl, "http://never.test", on_robots, &robots); /* freed without an answer */
	redis_client_kill(&b);
	redis_server_end(&server);
}

Test(redis_crawl, tells_how_it_stands_and_changes_nothing)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_crawl_status status;
	redis_server_start(&server, "enable-debug-command yes");
	start(&a, &server, (struct redis_client_wish){.has_list = true});
	redis_client_offer(&a, "http://a.test/", 0, NULL);
	redis_client_flush(&a);
	b = (struct redis_client){0};
	b.crawl = redis_crawl_new(
	    &(struct redis_crawl_settings){.address = &a.address, .options = "{}", .name = "b", .lease_ms = 1000},
	    NULL);
	char before[200];
	snprintf(before, sizeof before, "%s", redis_server_run(&server, "debug digest"));
	cr_assert_eq(redis_crawl_read_status(b.crawl, &status), STATUS_OK);
	cr_expect(status.exists && !status.has_ended && status.run == 1 && status.left == 1 && status.feeders == 1);
	cr_expect(status.member_count == 1 && status.members[0].is_alive && status.members[0].hosts == 1);
	cr_expect_str_eq(redis_server_run(&server, "debug digest"), before);
	redis_crawl_free(b.crawl);
	redis_client_leave(&a);
	redis_server_end(&server);
}
