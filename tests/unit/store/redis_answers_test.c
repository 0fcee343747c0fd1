/* Answers that a crawl in Redis keeps for its next run. */
#include "unit/store/redis_client.h"

#include "base/clock.h"
#include "store/redis_answer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct redis_client_wish feeder = {.has_list = true, .keeps_answers = true, .lease_ms = 1000},
                                      helper = {.keeps_answers = true, .lease_ms = 1000};

static struct redis_answer answer_of(const char *url)
{
	return (struct redis_answer){.page = {.listed = url,
	                                 .depth = 3,
	                                 .http_status = 203,
	                                 .etag = "\"e\"",
	                                 .fetched = 1764288000.125,
	                                 .links_hash = 0xfedcba9876543210,
	                                 .links = 7,
	                                 .variant = UINT64_MAX},
	    .packed_hash = 0x123456789abcdef0};
}

Test(redis_answer, is_read_as_it_was_packed)
{
	struct buf packed, texts;
	struct redis_answer read, answer = answer_of("http://a.test/");
	answer.page.final_url = answer.page.answer_url = "http://a.test/final";
	answer.page.hops = "http://a.test/1\nhttp://a.test/2";
	answer.page.last_modified = "then";
	answer.page.date = "now";
	answer.page.changed = 1.5;
	answer.page.is_guess = true;
	answer.page.sitemap = 2;
	answer.via = "http://a.test/via";
	buf_init(&packed, SIZE_MAX / 2);
	buf_init(&texts, SIZE_MAX / 2);
	buf_append_text(&packed, "00000000000004201");
	redis_answer_pack(&packed, &answer);
	struct slice bytes = {packed.data, packed.len};
	cr_assert(redis_answer_unpack(&read, bytes, &texts));
	const struct state_page *page = &read.page;
	cr_expect_eq(page->run, 42);
	cr_expect_not(read.is_listed);
	cr_expect(read.was_ok);
	cr_expect_str_eq(page->listed, "http://a.test/");
	cr_expect_str_eq(read.via, "http://a.test/via");
	cr_expect_str_eq(page->final_url, "http://a.test/final");
	cr_expect_str_eq(page->answer_url, "http://a.test/final");
	cr_expect_str_eq(page->hops, answer.page.hops);
	cr_expect_str_eq(page->etag, "\"e\"");
	cr_expect_str_eq(page->last_modified, "then");
	cr_expect_str_eq(page->date, "now");
	cr_expect_eq(page->fetched, answer.page.fetched);
	cr_expect_eq(page->changed, 1.5);
	cr_expect(page->is_guess);
	cr_expect_eq(page->sitemap, 2);
	cr_expect_eq(page->depth, 3);
	cr_expect_eq(page->http_status, 203);
	cr_expect_eq(page->links_hash, answer.page.links_hash);
	cr_expect_eq(page->links, 7);
	cr_expect_eq(page->variant, UINT64_MAX);
	cr_expect_eq(read.packed_hash, answer.packed_hash);
	/* Nothing shorter or longer is an answer. */
	for (size_t len = 0; len < packed.len; len++)
		cr_expect_not(
		    redis_answer_unpack(&read, (struct slice){packed.data, len}, &texts), "%zu", len);
	buf_append_byte(&packed, 'x');
	cr_expect_not(redis_answer_unpack(&read, (struct slice){packed.data, packed.len}, &texts));
	buf_release(&packed);
	buf_release(&texts);
}

static void settle(struct redis_client *client, struct redis_claim *claim, const char *url,
    enum state_answer how, struct slice links)
{
	struct redis_answer answer = answer_of(url);
	struct buf packed;
	buf_init(&packed, SIZE_MAX / 2);
	redis_answer_pack(&packed, &answer);
	redis_crawl_begin(client->crawl, claim);
	redis_crawl_settle_answer(client->crawl, claim,
	    &(struct redis_crawl_settled){.counts = true,
	        .is_listed = true,
	        .how = how,
	        .answer = {packed.data, packed.len},
	        .links = links});
	buf_release(&packed);
}

struct found {
	bool was_called, has_answer;
	char etag[20];
	struct buf links;
};

static void on_stored(void *ctx, struct slice bytes, struct slice links)
{
	struct found *found = ctx;
	struct redis_answer answer;
	struct buf texts;
	buf_init(&texts, SIZE_MAX / 2);
	found->was_called = true;
	found->has_answer = bytes.data && redis_answer_unpack(&answer, bytes, &texts);
	if (found->has_answer)
		snprintf(found->etag, sizeof found->etag, "%s", answer.page.etag);
	buf_append(&found->links, links.data, links.len);
	buf_release(&texts);
}

/* Claims the only URL, and expects these links; NULL for no answer. */
static struct redis_claim *claim(struct redis_client *client, const char *links, size_t len)
{
	struct redis_record record;
	struct found found = {.was_called = false};
	buf_init(&found.links, SIZE_MAX / 2);
	struct redis_claim *claimed = redis_client_claim(client, &record, 5000);
	cr_assert(claimed);
	redis_crawl_get_answer(client->crawl, claimed, on_stored, &found);
	for (int i = 0; i < 200 && !found.was_called; i++)
		redis_client_turn(client, 20);
	cr_assert(found.was_called);
	cr_assert_eq(found.has_answer, links != NULL);
	cr_assert_eq(found.links.len, len, "%zu, not %zu", found.links.len, len);
	cr_assert(!len || memcmp(found.links.data, links, len) == 0);
	buf_release(&found.links);
	return claimed;
}

static void start_run(struct redis_client *client, struct redis_server *server, const char *url)
{
	redis_client_must_start(client, server, feeder);
	redis_client_offer(client, url, 0, NULL);
	redis_crawl_end_list(client->crawl, true);
}

static void end_run(struct redis_client *client)
{
	redis_client_turn_until(client, 1, redis_client_ends, client);
	redis_client_leave(client);
}

/* Links of any size, also such as are as long as what is read or written at once. */
Test(redis_answers, outlive_the_run)
{
	static const size_t sizes[] = {0, 10, 32 << 10, (32 << 10) + 1, 64 << 10, 256 << 10, 300000};
	static const char url[] = "http://a.test/";
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	char *links = malloc(300000), *none = NULL;
	size_t len = 0;
	for (size_t i = 0; i < 300000; i++)
		links[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		start_run(&client, &server, url);
		settle(&client, claim(&client, i ? links : none, len), url, STATE_ANSWER_NEW,
		    (struct slice){links, sizes[i]});
		end_run(&client);
		len = sizes[i];
		/* Neither a failure nor a 304 changes the links. */
		start_run(&client, &server, url);
		settle(&client, claim(&client, links, len), url,
		    i % 2 ? STATE_ANSWER_KEPT : STATE_ANSWER_CONFIRMED, (struct slice){0});
		end_run(&client);
	}
	start_run(&client, &server, url);
	settle(&client, claim(&client, links, len), url, STATE_ANSWER_GONE, (struct slice){0});
	end_run(&client);
	cr_expect_str_eq(redis_server_run(&server, "keys 'areq:{test}:[al]*'"), "");
	free(links);
	redis_server_end(&server);
}

/* At the end of a run, what was on the list of the last one and is not on its own. */
static void expect_gone(struct redis_client *client, const char *url)
{
	struct redis_record record;
	struct redis_claim *gone = redis_client_claim(client, &record, 5000);
	cr_assert(gone, "%s", url);
	cr_expect(record.is_gone);
	cr_expect_str_eq(record.text, url);
	redis_crawl_begin(client->crawl, gone);
	redis_crawl_settle_answer(
	    client->crawl, gone, &(struct redis_crawl_settled){.how = STATE_ANSWER_GONE});
}

Test(redis_answers, of_pages_that_have_left_the_list_are_gone)
{
	static const struct slice links = {"links", 5};
	struct redis_server server;
	struct redis_client client;
	struct redis_crawl_status stands;
	redis_server_start(&server, NULL);
	start_run(&client, &server, "http://a.test/1");
	settle(&client, claim(&client, NULL, 0), "http://a.test/1", STATE_ANSWER_NEW, links);
	end_run(&client);
	start_run(&client, &server, "http://a.test/2");
	settle(&client, claim(&client, NULL, 0), "http://a.test/2", STATE_ANSWER_NEW, links);
	expect_gone(&client, "http://a.test/1");
	redis_client_turn_until(&client, 1, redis_client_ends, &client);
	cr_expect_eq(redis_crawl_read_status(client.crawl, &stands), STATUS_OK);
	cr_expect_eq(stands.settled, 1);
	cr_expect_eq(stands.outcomes[OUTCOME_OK], 1);
	redis_client_leave(&client);
	/* It is gone only once. */
	start_run(&client, &server, "http://a.test/2");
	settle(&client, claim(&client, "links", 5), "http://a.test/2", STATE_ANSWER_CONFIRMED,
	    (struct slice){0});
	end_run(&client);
	redis_server_end(&server);
}

static void settle_all(struct redis_client *client, int count, struct slice links)
{
	struct redis_record record;
	for (int i = 0; i < count; i++) {
		struct redis_claim *claimed = redis_client_claim(client, &record, 5000);
		cr_assert(claimed);
		char url[40];
		snprintf(url, sizeof url, "%s", record.text);
		settle(client, claimed, url, STATE_ANSWER_NEW, links);
	}
}

/* If the process dies or leaves that looks for them, another one does. */
Test(redis_answers, of_pages_that_have_left_the_list_are_looked_for_by_whoever_is_left)
{
	enum { PAGES = 1000 };
	for (int leaves = 0; leaves < 2; leaves++) {
		struct redis_server server;
		struct redis_client client, other;
		redis_server_start(&server, NULL);
		redis_client_must_start(&client, &server, feeder);
		for (int i = 0; i < PAGES; i++) {
			char url[40];
			snprintf(url, sizeof url, "http://h%d.test/%d", i % 50, i);
			redis_client_offer(&client, url, 0, NULL);
		}
		redis_crawl_end_list(client.crawl, true);
		settle_all(&client, PAGES, (struct slice){"l", 1});
		end_run(&client);
		start_run(&client, &server, "http://a.test/1");
		redis_client_must_start(&other, &server, helper);
		settle(&client, claim(&client, NULL, 0), "http://a.test/1", STATE_ANSWER_NEW,
		    (struct slice){"l", 1});
		/* It is told to look, and has begun at most. */
		redis_client_turn_for(&client, REDIS_CRAWL_FLUSH_MS + 50);
		if (leaves)
			redis_client_leave(&client);
		else
			redis_client_kill(&client);
		for (int i = 0; i < PAGES; i++) {
			struct redis_record record;
			struct redis_claim *gone = redis_client_claim(&other, &record, 8000);
			cr_assert(gone, "%d", i);
			cr_expect(record.is_gone);
			redis_crawl_begin(other.crawl, gone);
			redis_crawl_settle_answer(
			    other.crawl, gone, &(struct redis_crawl_settled){.how = STATE_ANSWER_GONE});
		}
		redis_client_turn_until(&other, 1, redis_client_ends, &other);
		cr_expect_str_neq(redis_server_run(&server, "keys 'areq:{test}:answer:*'"), "");
		redis_client_leave(&other);
		redis_server_end(&server);
	}
}

/* What is missing may be in the rest of the list. */
Test(redis_answers, of_pages_are_kept_where_a_list_was_not_read)
{
	static const struct slice links = {"links", 5};
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	start_run(&client, &server, "http://a.test/1");
	settle(&client, claim(&client, NULL, 0), "http://a.test/1", STATE_ANSWER_NEW, links);
	end_run(&client);
	redis_client_must_start(&client, &server, feeder);
	redis_client_offer(&client, "http://a.test/2", 0, NULL);
	redis_crawl_end_list(client.crawl, false);
	settle(&client, claim(&client, NULL, 0), "http://a.test/2", STATE_ANSWER_NEW, links);
	end_run(&client);
	start_run(&client, &server, "http://a.test/1");
	cr_expect_eq(client.begun.run, 2);
	settle(&client, claim(&client, "links", 5), "http://a.test/1", STATE_ANSWER_CONFIRMED,
	    (struct slice){0});
	end_run(&client);
	redis_server_end(&server);
}
