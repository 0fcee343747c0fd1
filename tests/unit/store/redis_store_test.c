#include "store/redis_store.h"
#include "unit/store/redis_client.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static enum store_offer offer(struct store *store, const char *text, uint32_t depth, const char *via)
{
	struct url url;
	struct store_claim *claim;
	url_init(&url);
	cr_assert(url_parse(&url, text, strlen(text), NULL, NULL));
	enum store_offer answer = store->offer(
	    store->self, &(struct store_url){.url = &url, .text = text, .depth = depth, .via = via}, &claim);
	url_release(&url);
	return answer;
}

static struct store_claim *claim_next(struct redis_client *client, struct store *store, struct store_url *url)
{
	struct store_claim *claim;
	uint64_t lost;
	for (int i = 0; i < 200; i++) {
		if (store->claim(store->self, UINT64_MAX, url, &claim, &lost) == STORE_URL)
			return claim;
		cr_assert_eq(redis_client_turn(client, 10), STATUS_OK);
	}
	return NULL;
}

Test(redis_store, two_processes_share_what_they_find)
{
	struct redis_server server;
	struct redis_client a, b;
	struct store_url url;
	struct url parsed;
	struct redis_client_answer answer = {0};
	redis_server_start(&server, NULL);
	redis_client_must_start(&a, &server, (struct redis_client_wish){.has_list = true});
	redis_client_must_start(&b, &server, (struct redis_client_wish){0});
	struct store of_a = redis_store(a.crawl, true), of_b = redis_store(b.crawl, true);
	cr_expect_eq(offer(&of_a, "http://u:p@a.test/#x", 0, NULL), STORE_SENT);
	cr_expect_eq(offer(&of_a, "http://a.test/", 0, NULL), STORE_KNOWN, "the user does not count");
	cr_expect_eq(offer(&of_a, "http://b.test/", 5, "http://a.test/"), STORE_SENT);
	struct store_claim *claim = claim_next(&a, &of_a, &url);
	cr_assert_not_null(claim);
	cr_expect_str_eq(url.text, "http://u:p@a.test/#x");
	cr_expect_null(url.via);
	of_a.begin(of_a.self, claim);
	redis_crawl_settle(a.crawl, redis_store_claim(claim), OUTCOME_OK);
	/* The other URL is given back, and lowered by the other process. */
	claim = claim_next(&a, &of_a, &url);
	cr_assert_not_null(claim);
	cr_expect_eq(url.depth, 5);
	of_a.begin(of_a.self, claim);
	of_a.settle(of_a.self, claim);
	a.room = 0;
	cr_expect_eq(offer(&of_b, "http://b.test/", 2, "http://c.test/"), STORE_SENT);
	cr_expect_eq(offer(&of_b, "http://b.test/", 3, "http://c.test/"), STORE_KNOWN);
	b.room = 0;
	redis_client_flush(&b);
	redis_client_turn_for(&a, 1000);
	b.room = 10;
	claim = claim_next(&b, &of_b, &url);
	cr_assert_not_null(claim);
	cr_expect_eq(url.depth, 2);
	cr_expect_str_eq(url.via, "http://a.test/");
	/* Redirects: to where a process has been, and to a new place on another server. */
	url_init(&parsed);
	cr_assert(url_parse(&parsed, "http://a.test/", 14, NULL, NULL));
	cr_expect(of_b.mark(of_b.self, &parsed, STORE_PAGE), "this process has never heard of it");
	redis_store_forget(&of_b);
	redis_store_ask_mark(&of_b, &parsed, url.url, STORE_PAGE, redis_client_on_answer, &answer);
	redis_client_flush(&b);
	cr_expect(answer.count == 1 && answer.answer == REDIS_CRAWL_KNOWN);
	redis_store_ask_mark(&of_b, &parsed, url.url, STORE_PAGE, redis_client_on_answer, &answer);
	cr_expect_eq(answer.count, 2, "now it knows");
	cr_assert(url_parse(&parsed, "http://d.test/", 14, NULL, NULL));
	of_b.begin(of_b.self, claim);
	url.target = "http://d.test/";
	url.hops = 1;
	redis_store_forward(&of_b, claim, &url, &parsed, false, redis_client_on_answer, &answer);
	redis_client_flush(&b);
	cr_expect(answer.count == 3 && answer.answer == REDIS_CRAWL_NEW);
	cr_expect_eq(offer(&of_b, "http://d.test/", 2, "http://c.test/"), STORE_KNOWN);
	claim = claim_next(&b, &of_b, &url);
	cr_assert_not_null(claim);
	cr_expect_str_eq(url.text, "http://b.test/");
	cr_expect_str_eq(url.target, "http://d.test/");
	of_b.begin(of_b.self, claim);
	redis_crawl_settle(b.crawl, redis_store_claim(claim), OUTCOME_FAILED);
	redis_crawl_end_list(a.crawl, true);
	redis_client_flush(&a);
	redis_client_turn_until(&b, 1, redis_client_ends, &b);
	redis_client_turn_until(&a, 1, redis_client_ends, &a);
	uint64_t lost;
	cr_expect_eq(of_b.claim(of_b.self, UINT64_MAX, &url, &claim, &lost), STORE_DONE);
	url_release(&parsed);
	of_a.free(of_a.self);
	of_b.free(of_b.self);
	redis_client_leave(&a);
	redis_client_leave(&b);
	redis_server_end(&server);
}
