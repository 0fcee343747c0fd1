#include "unit/store/redis_client.h"

#include "base/clock.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A host is never of two processes, one huge host does not take all the room, and who has no room gives back.
 */
Test(redis_lease, shares_hosts_by_need)
{
	enum { HUGE = 2000, OTHERS = 40 };
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	struct redis_claim *claim, *claims[100];
	char text[100];
	redis_server_start(&server, NULL);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true});
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
	redis_client_must_start(&b, &server, (struct redis_client_wish){0});
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

Test(redis_lease, takes_over_what_a_dead_process_held)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	char text[100];
	redis_server_start(&server, NULL);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	for (int i = 0; i < 400; i++) {
		snprintf(text, sizeof text, "http://h%d.test/%d", i % 5, i);
		redis_client_offer(&a, text, 0, NULL);
	}
	redis_crawl_end_list(a.crawl, true);
	for (int i = 0; i < 50; i++)
		redis_crawl_begin(a.crawl, redis_client_claim(&a, &record, 2000));
	redis_client_must_start(&b, &server, (struct redis_client_wish){.lease_ms = 1000});
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
Test(redis_lease, fences_a_process_that_was_cut_off)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	struct redis_claim *claims[3], *claim;
	struct redis_crawl_status status;
	struct redis_client_answer answered = {0};
	char target[REDIS_ID_SIZE];
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	redis_client_must_start(&b, &server, (struct redis_client_wish){.lease_ms = 1000});
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
	redis_crawl_forward(a.crawl, claims[2], target, slice_of("t.test:80"), &record, true,
	    redis_client_on_answer, &answered);
	redis_client_offer(&a, "http://late.test/", 1, "http://x/");
	redis_client_turn_for(&a, 400);
	cr_expect_eq(a.lost, 1);
	cr_expect(strstr(redis_server_logged(&server), "longer than its lease"));
	cr_expect(redis_crawl_is_void(claims[1]) && redis_crawl_is_void(claims[2]));
	cr_expect_eq(answered.count, 1);
	cr_expect_eq(answered.answer, REDIS_CRAWL_VOID);
	cr_assert_eq(redis_crawl_read_status(b.crawl, &status), STATUS_OK);
	cr_expect_eq(status.outcomes[OUTCOME_FAILED], 0);
	cr_expect_eq(status.left, 4, "the URL that was found counts nevertheless");
	redis_crawl_settle(a.crawl, claims[1], OUTCOME_FAILED);
	redis_crawl_settle(a.crawl, claims[2], OUTCOME_FAILED);
	a.room = 0;
	redis_crawl_end_list(a.crawl, true);
	int count = 0;
	for (; claim; claim = redis_client_claim(&b, &record, 3000), count++) {
		redis_client_settle(&b, claim);
		redis_client_turn(&a, 1);
	}
	cr_expect_eq(count, 4);
	redis_client_turn_until(&b, 1, redis_client_ends, &b);
	redis_client_turn_until(&a, 1, redis_client_ends, &a);
	redis_client_leave(&a);
	redis_client_leave(&b);
	redis_server_end(&server);
}

Test(redis_lease, waits_for_whoever_reads_a_list)
{
	struct redis_server server;
	struct redis_client both[2];
	struct redis_record record;
	redis_server_start(&server, NULL);
	redis_client_must_start(
	    &both[0], &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	redis_client_must_start(&both[1], &server, (struct redis_client_wish){.lease_ms = 1000});
	for (int i = 0; i < 30; i++)
		for (int j = 0; j < 2; j++)
			redis_client_turn(&both[j], 20);
	cr_expect_not(redis_crawl_has_ended(both[1].crawl));
	redis_client_offer(&both[0], "http://a.test/", 0, NULL);
	redis_client_flush(&both[0]);
	/* It dies with its list. The other one does the rest, and ends. */
	redis_client_kill(&both[0]);
	redis_client_settle(&both[1], redis_client_claim(&both[1], &record, 5000));
	redis_client_turn_until(&both[1], 1, redis_client_ends, &both[1]);
	redis_client_leave(&both[1]);
	redis_server_end(&server);
}

/* Neither a process with nothing to do nor its Redis does anything, but for the lease. */
Test(redis_lease, idles_without_asking)
{
	struct redis_server server;
	struct redis_client clients[3];
	struct redis_record record;
	redis_server_start(&server, NULL);
	redis_client_must_start(&clients[0], &server, (struct redis_client_wish){.has_list = true});
	redis_client_must_start(&clients[1], &server, (struct redis_client_wish){0});
	redis_client_must_start(&clients[2], &server, (struct redis_client_wish){0});
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
	redis_crawl_end_list(clients[0].crawl, true);
	for (int i = 0; i < 3; i++)
		redis_client_turn_until(clients, 3, redis_client_ends, &clients[i]);
	for (int i = 0; i < 3; i++)
		redis_client_leave(&clients[i]);
	redis_server_end(&server);
}

/* Retry-After and the like hold for whoever gets the host, also after a death. */
Test(redis_lease, keeps_delays_of_hosts)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	redis_server_start(&server, NULL);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	redis_client_offer(&a, "http://a.test/1", 0, NULL);
	redis_client_offer(&a, "http://a.test/2", 0, NULL);
	struct redis_claim *claim = redis_client_claim(&a, &record, 2000);
	cr_assert_not_null(claim);
	int64_t began = clock_now_ms();
	redis_crawl_delay_server(a.crawl, slice_of("a.test:80"), 3000);
	redis_client_flush(&a);
	redis_client_kill(&a);
	redis_client_must_start(&b, &server, (struct redis_client_wish){.lease_ms = 1000});
	claim = redis_client_claim(&b, &record, 6000);
	cr_assert_not_null(claim);
	cr_expect_geq(clock_now_ms() - began, 2900);
	/* And after a process has left, also if no URL of the host waits meanwhile. */
	redis_client_offer(&b, "http://other.test/", 1, "http://a.test/");
	redis_client_settle(&b, claim);
	redis_client_settle(&b, redis_client_claim(&b, &record, 1000));
	static const struct {
		int64_t ms;
		const char *url;
	} delays[] = {{1500, "http://a.test/3"}, {250, "http://a.test/4"}};
	for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
		began = clock_now_ms();
		redis_crawl_delay_server(b.crawl, slice_of("a.test:80"), delays[i].ms);
		redis_client_leave(&b);
		redis_client_must_start(&b, &server, (struct redis_client_wish){.has_list = true});
		redis_client_offer(&b, delays[i].url, 0, NULL);
		do
			cr_assert_not_null(redis_client_claim(&b, &record, 5000));
		while (strcmp(record.text, delays[i].url) != 0);
		cr_expect_geq(clock_now_ms() - began, delays[i].ms - 5);
	}
	redis_client_leave(&b);
	redis_server_end(&server);
}

/* A process without a list has nothing to read, also after it has lost its lease with URLs that it had found.
 */
Test(redis_lease, that_is_lost_makes_no_list)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	struct redis_crawl_status stands;
	redis_server_start(&server, NULL);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	redis_client_must_start(&b, &server, (struct redis_client_wish){.lease_ms = 1000});
	redis_client_offer(&a, "http://a.test/", 0, NULL);
	a.room = 0;
	redis_client_flush(&a);
	redis_crawl_end_list(a.crawl, true);
	redis_client_flush(&a);
	struct redis_claim *claim = redis_client_claim(&b, &record, 500);
	cr_assert(claim);
	a.room = 100;
	redis_crawl_begin(b.crawl, claim);
	redis_client_offer(&b, "http://a.test/found", 1, "http://a.test/");
	/* It is stopped before it has said this. */
	redis_client_turn_for(&a, 4000);
	redis_client_turn_for(&b, 600);
	cr_expect_eq(b.lost, 1);
	cr_expect_eq(redis_crawl_read_status(b.crawl, &stands), STATUS_OK);
	cr_expect_eq(stands.unread, 0, "%s", stands.unread_list);
	redis_crawl_release(b.crawl, claim);
	redis_client_leave(&b);
	redis_client_leave(&a);
	redis_server_end(&server);
}

/* The end of a list reaches Redis, also if the lease was lost before. */
Test(redis_lease, that_is_lost_keeps_the_end_of_the_list)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_crawl_status stands;
	redis_server_start(&server, NULL);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	redis_client_must_start(&b, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	redis_client_offer(&a, "http://a.test/", 0, NULL);
	a.room = 0;
	redis_client_flush(&a);
	redis_crawl_end_list(a.crawl, true);
	redis_client_turn_for(&b, 4000);
	redis_client_turn_for(&a, 600);
	cr_expect_eq(a.lost, 1);
	cr_expect_eq(redis_crawl_read_status(a.crawl, &stands), STATUS_OK);
	cr_expect_eq(stands.unread, 1, "that of the other one");
	redis_client_leave(&a);
	redis_client_leave(&b);
	redis_server_end(&server);
}

/* Two processes may read lists of the same name, such as their stdin. */
Test(redis_lease, of_the_younger_reader_of_a_list_is_missed)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_crawl_status stands;
	redis_server_start(&server, NULL);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true, .list = "-"});
	redis_client_must_start(&b, &server, (struct redis_client_wish){.has_list = true, .list = "-"});
	redis_crawl_end_list(a.crawl, true);
	redis_client_flush(&a);
	cr_expect_eq(redis_crawl_read_status(a.crawl, &stands), STATUS_OK);
	cr_expect_eq(stands.unread, 1);
	redis_crawl_end_list(b.crawl, true);
	redis_client_flush(&b);
	cr_expect_eq(redis_crawl_read_status(a.crawl, &stands), STATUS_OK);
	cr_expect_eq(stands.unread, 0);
	redis_client_leave(&a);
	redis_client_leave(&b);
	redis_server_end(&server);
}
