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
	cr_assert_eq(
	    redis_client_start(&client, &server, (struct redis_client_wish){.has_list = true}), STATUS_OK);
	cr_expect_eq(client.begun.how, REDIS_CRAWL_FIRST);
	cr_expect_eq(client.begun.run, 1);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "http://h%d.test/%d", i % 500 % 7, i % 500);
		redis_client_offer(&client, text, 0, NULL);
	}
	redis_crawl_end_list(client.crawl, true);
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

Test(redis_crawl, keeps_what_a_record_says_and_lowers_depths)
{
	struct redis_server server;
	struct redis_client client;
	struct redis_record record;
	redis_server_start(&server, NULL);
	redis_client_must_start(&client, &server, (struct redis_client_wish){.has_list = true});
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

static enum redis_crawl_answer mark_from(struct redis_client *client, const char *text, const char *source)
{
	struct redis_client_answer answered = {0};
	char id[REDIS_ID_SIZE], source_id[REDIS_ID_SIZE];
	redis_client_id(client, text, id);
	redis_client_id(client, source, source_id);
	redis_crawl_mark(client->crawl, id, source_id, redis_client_on_answer, &answered);
	redis_client_flush(client);
	cr_assert_eq(answered.count, 1);
	return answered.answer;
}

/* Each time from another URL. */
static enum redis_crawl_answer mark(struct redis_client *client, const char *text)
{
	static int count;
	char source[40];
	snprintf(source, sizeof source, "http://source.test/%d", count++);
	return mark_from(client, text, source);
}

/* The process that had claimed the first URL may have died before it was settled. */
Test(redis_crawl, lets_a_redirect_come_again)
{
	static const char target[] = "http://a.test/target", first[] = "http://a.test/first";
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	redis_client_must_start(&client, &server, (struct redis_client_wish){.has_list = true});
	cr_expect_eq(mark_from(&client, target, first), REDIS_CRAWL_NEW);
	cr_expect_eq(mark_from(&client, target, "http://a.test/second"), REDIS_CRAWL_KNOWN);
	cr_expect_eq(mark_from(&client, target, first), REDIS_CRAWL_NEW);
	cr_expect_eq(mark_from(&client, target, "http://a.test/second"), REDIS_CRAWL_KNOWN);
	redis_client_leave(&client);
	redis_server_end(&server);
}

Test(redis_crawl, knows_where_redirects_have_led)
{
	struct redis_server server;
	struct redis_client client;
	struct redis_record record;
	redis_server_start(&server, NULL);
	redis_client_must_start(&client, &server, (struct redis_client_wish){.has_list = true});
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
	redis_crawl_end_list(client.crawl, true);
	redis_client_turn_until(&client, 1, redis_client_ends, &client);
	redis_client_leave(&client);
	redis_server_end(&server);
}

Test(redis_crawl, passes_redirects_on_to_the_owner_of_their_target)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_record record;
	struct redis_client_answer answered = {0};
	char target[REDIS_ID_SIZE];
	redis_server_start(&server, NULL);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true});
	redis_client_must_start(&b, &server, (struct redis_client_wish){0});
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
	redis_crawl_forward(
	    a.crawl, claim, target, slice_of("b.test:80"), &record, false, redis_client_on_answer, &answered);
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
	redis_crawl_forward(
	    a.crawl, claim, target, slice_of("b.test:80"), &record, false, redis_client_on_answer, &answered);
	redis_client_flush(&a);
	cr_assert_eq(answered.count, 2);
	cr_expect_eq(answered.answer, REDIS_CRAWL_KNOWN);
	/* One of a list goes on anyway. */
	redis_crawl_forward(
	    a.crawl, claim, target, slice_of("b.test:80"), &record, true, redis_client_on_answer, &answered);
	redis_client_flush(&a);
	cr_assert_eq(answered.count, 3);
	cr_expect_eq(answered.answer, REDIS_CRAWL_NEW);
	claim = redis_client_claim(&b, &record, 2000);
	cr_assert_not_null(claim);
	redis_client_settle(&b, claim);
	redis_client_settle(&b, of_b);
	redis_crawl_end_list(a.crawl, true);
	struct redis_client both[] = {a, b};
	redis_client_turn_until(both, 2, redis_client_ends, &both[0]);
	redis_client_turn_until(both, 2, redis_client_ends, &both[1]);
	redis_client_leave(&both[0]);
	redis_client_leave(&both[1]);
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
	redis_client_must_start(&a, &server, wish);
	cr_expect_eq(a.begun.how, REDIS_CRAWL_FIRST);
	wish.options = other_request;
	redis_client_must_start(&b, &server, wish);
	cr_expect_eq(b.begun.how, REDIS_CRAWL_JOINED);
	cr_expect_eq(redis_crawl_seed(a.crawl), redis_crawl_seed(b.crawl));
	redis_crawl_end_list(b.crawl, true);
	redis_client_leave(&b);
	wish.options = other_depth;
	cr_expect_eq(redis_client_start(&b, &server, wish), STATUS_USAGE);
	cr_expect(strstr(redis_server_logged(&server), "begun with --depth 2, and this process has 3"), "%s",
	    redis_server_logged(&server));
	redis_client_kill(&b);
	redis_client_offer(&a, "http://a.test/", 0, NULL);
	redis_crawl_end_list(a.crawl, true);
	redis_client_settle(&a, redis_client_claim(&a, &record, 2000));
	redis_client_turn_until(&a, 1, redis_client_ends, &a);
	redis_client_leave(&a);
	/* Without a list, there is nothing more to do. */
	redis_client_must_start(&b, &server, (struct redis_client_wish){.options = one});
	cr_expect_eq(b.begun.how, REDIS_CRAWL_ENDED);
	cr_expect(redis_crawl_has_ended(b.crawl));
	redis_client_leave(&b);
	/* With one, the next run begins, which may have other options. The old keys go. */
	redis_client_must_start(&b, &server, wish);
	cr_expect_eq(b.begun.how, REDIS_CRAWL_NEXT);
	cr_expect_eq(b.begun.run, 2);
	redis_client_turn_for(&b, 500);
	cr_expect_str_eq(redis_server_run(&server, "keys 'areq:{test}:1:*'"), "");
	redis_client_offer(&b, "http://a.test/", 0, NULL);
	cr_expect_not_null(redis_client_claim(&b, &record, 2000), "it is new in this run");
	/* Begun anew, the others end. */
	redis_server_run(&server, "set other 1");
	wish.restart = true;
	redis_client_must_start(&a, &server, wish);
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
	struct redis_crawl_output output = {1, 2, 3, 4};
	struct slice key = slice_of("machine /tmp/a b.tsv");
	bool found;
	redis_server_start(&server, NULL);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	cr_assert_eq(redis_crawl_find_output(a.crawl, key, &output, &found), STATUS_OK);
	cr_expect_not(found);
	redis_client_offer(&a, "http://a.test/", 0, NULL);
	struct redis_claim *claim = redis_client_claim(&a, &record, 2000);
	redis_crawl_set_output(
	    a.crawl, key, &(struct redis_crawl_output){1, UINT64_MAX, 1ull << 40, UINT64_MAX - 1});
	redis_client_settle(&a, claim);
	redis_crawl_get_robots(a.crawl, "http://a.test", on_robots, &robots);
	redis_client_flush(&a);
	cr_expect_eq(robots.fetched, -1);
	redis_crawl_set_robots(
	    a.crawl, "http://a.test", &(struct redis_crawl_robots){1234.5, 200, {"a\0\n\r", 4}});
	redis_client_flush(&a);
	redis_client_kill(&a);
	redis_client_must_start(&b, &server, (struct redis_client_wish){.lease_ms = 1000});
	cr_assert_eq(redis_crawl_find_output(b.crawl, key, &output, &found), STATUS_OK);
	cr_expect(found && output.device == 1 && output.inode == UINT64_MAX && output.length == 1ull << 40 &&
	          output.end_hash == UINT64_MAX - 1);
	redis_crawl_get_robots(b.crawl, "http://a.test", on_robots, &robots);
	redis_client_flush(&b);
	cr_expect(robots.fetched == 1234.5 && robots.http_status == 200);
	cr_expect(slice_equal(robots.body, (struct slice){"a\0\n\r", 4}));
	redis_crawl_get_robots(
	    b.crawl, "http://never.test", on_robots, &robots); /* freed without an answer */
	redis_client_kill(&b);
	redis_server_end(&server);
}

Test(redis_crawl, tells_how_it_stands_and_changes_nothing)
{
	struct redis_server server;
	struct redis_client a, b;
	struct redis_crawl_status status;
	redis_server_start(&server, "enable-debug-command yes");
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true});
	redis_client_offer(&a, "http://a.test/", 0, NULL);
	redis_client_flush(&a);
	b = (struct redis_client){0};
	b.crawl = redis_crawl_new(
	    &(struct redis_crawl_settings){
	        .address = &a.address, .options = "{}", .name = "b", .lease_ms = 1000},
	    NULL);
	char before[200];
	snprintf(before, sizeof before, "%s", redis_server_run(&server, "debug digest"));
	cr_assert_eq(redis_crawl_read_status(b.crawl, &status), STATUS_OK);
	cr_expect(
	    status.exists && !status.has_ended && status.run == 1 && status.left == 1 && status.feeders == 1);
	cr_expect(status.member_count == 1 && status.members[0].is_alive && status.members[0].hosts == 1);
	cr_expect_str_eq(redis_server_run(&server, "debug digest"), before);
	redis_crawl_free(b.crawl);
	redis_client_leave(&a);
	redis_server_end(&server);
}
