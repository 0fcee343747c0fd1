#include "store/memory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* A store and the number of the next URL that is new. */
struct fixture {
	struct store store;
	uint64_t number;
};

static struct fixture new_fixture(void)
{
	return (struct fixture){memory_store(MEMORY_PENDING_BYTES, false), 1};
}

static void end_fixture(struct fixture *self)
{
	self->store.free(self->store.self);
}

static enum store_offer offer(struct fixture *self, const char *text, struct store_claim **claim)
{
	struct url url;
	url_init(&url);
	cr_assert(url_parse(&url, text, strlen(text), NULL, NULL), "%s", text);
	const struct store_url offered = {.url = &url, .text = text, .number = self->number};
	enum store_offer answer = self->store.offer(self->store.self, &offered, claim);
	self->number += answer != STORE_KNOWN;
	url_release(&url);
	return answer;
}

static enum store_next claim_next(struct fixture *self, struct store_url *url, struct store_claim **claim)
{
	uint64_t lost;
	return self->store.claim(self->store.self, UINT64_MAX, url, claim, &lost);
}

static void begin(struct fixture *self, struct store_claim *claim)
{
	self->store.begin(self->store.self, claim);
}

static void settle(struct fixture *self, struct store_claim *claim)
{
	self->store.settle(self->store.self, claim);
}

Test(memory_store, takes_each_url_once)
{
	static const struct {
		const char *url;
		bool is_new;
	} cases[] = {{"http://a/", true}, {"http://a/", false}, {"HTTP://A", false}, {"http://a/#x", false},
	    {"http://a:80/", false}, {"http://a/?", true}, {"https://a/", true}, {"http://a/x", true},
	    {"http://u@a/", true}};
	struct fixture self = new_fixture();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct store_claim *claim;
		enum store_offer answer = offer(&self, cases[i].url, &claim);
		cr_expect_eq(answer, cases[i].is_new ? STORE_CLAIMED : STORE_KNOWN, "%s", cases[i].url);
		if (answer == STORE_CLAIMED) {
			begin(&self, claim);
			settle(&self, claim);
		}
	}
	end_fixture(&self);
}

/* Offers URLs of a host until one has to wait; returns the claims of the others. */
static size_t fill_host(struct fixture *self, const char *host, struct store_claim **claims)
{
	char text[64];
	for (size_t count = 0;; count++) {
		snprintf(text, sizeof text, "http://%s/%zu", host, count);
		cr_assert_leq(count, MEMORY_AHEAD_MAX);
		if (offer(self, text, &claims[count]) == STORE_PENDING)
			return count;
	}
}

Test(memory_store, lets_no_host_hide_another)
{
	struct fixture self = new_fixture();
	struct store_claim *slow[MEMORY_AHEAD_MAX + 1], *other, *claim;
	struct store_url url;
	char text[64];
	cr_assert_eq(fill_host(&self, "slow", slow), MEMORY_AHEAD_MAX);
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof text, "http://slow/more/%d", i);
		cr_assert_eq(offer(&self, text, &claim), STORE_PENDING);
	}
	cr_expect_eq(self.store.count(self.store.self), 20001);
	cr_expect_eq(claim_next(&self, &url, &claim), STORE_LATER);
	cr_expect_eq(offer(&self, "http://other/", &other), STORE_CLAIMED);
	/* The same name with another port is another host. */
	cr_expect_eq(offer(&self, "http://slow:8080/", &claim), STORE_CLAIMED);
	begin(&self, claim);
	settle(&self, claim);
	begin(&self, other);
	settle(&self, other);
	cr_expect_eq(claim_next(&self, &url, &claim), STORE_LATER);
	begin(&self, slow[3]);
	cr_assert_eq(claim_next(&self, &url, &claim), STORE_URL);
	cr_expect_str_eq(url.text, "http://slow/16");
	cr_expect_eq(url.number, MEMORY_AHEAD_MAX + 1);
	cr_expect_eq(claim_next(&self, &url, &other), STORE_LATER);
	settle(&self, slow[3]);
	cr_expect_eq(claim_next(&self, &url, &other), STORE_LATER, "it is the beginning that counts");
	begin(&self, claim);
	settle(&self, claim);
	end_fixture(&self);
}

Test(memory_store, gives_back_what_it_was_given)
{
	struct fixture self = new_fixture();
	struct store_claim *claims[MEMORY_AHEAD_MAX + 1], *claim;
	struct store_url url;
	struct url parsed;
	fill_host(&self, "h", claims);
	url_init(&parsed);
	static const char text[] = "http://user:word@H/a b#c", via[] = "http://h/page";
	cr_assert(url_parse(&parsed, text, strlen(text), NULL, NULL));
	const struct store_url offered = {
	    .url = &parsed, .text = text, .number = 77, .listed_us = 5, .depth = 3, .via = via};
	cr_assert_eq(self.store.offer(self.store.self, &offered, &claim), STORE_PENDING);
	begin(&self, claims[0]);
	begin(&self, claims[1]);
	cr_assert_eq(claim_next(&self, &url, &claim), STORE_URL);
	cr_expect_null(url.via);
	cr_expect_eq(url.depth, 0);
	cr_assert_eq(claim_next(&self, &url, &claim), STORE_URL);
	cr_expect_str_eq(url.text, text);
	cr_expect_str_eq(url.via, via);
	cr_expect_eq(url.number, 77);
	cr_expect_eq(url.listed_us, 5);
	cr_expect_eq(url.depth, 3);
	cr_expect(slice_equal(url_href(url.url), url_href(&parsed)));
	url_release(&parsed);
	end_fixture(&self);
}

Test(memory_store, gives_the_host_whose_url_was_listed_first)
{
	struct fixture self = new_fixture();
	struct store_claim *of_a[MEMORY_AHEAD_MAX + 1], *of_b[MEMORY_AHEAD_MAX + 1], *claim;
	struct store_url url;
	fill_host(&self, "a", of_a);
	fill_host(&self, "b", of_b);
	begin(&self, of_b[0]);
	begin(&self, of_a[0]);
	cr_assert_eq(claim_next(&self, &url, &claim), STORE_URL);
	cr_expect_str_eq(url.text, "http://a/16");
	cr_assert_eq(claim_next(&self, &url, &claim), STORE_URL);
	cr_expect_str_eq(url.text, "http://b/16");
	cr_expect_eq(claim_next(&self, &url, &claim), STORE_DONE);
	end_fixture(&self);
}

Test(memory_store, gives_all_once_the_limit_is_lifted)
{
	struct fixture self = new_fixture();
	struct store_claim *claims[MEMORY_AHEAD_MAX + 1], *claim;
	struct store_url url;
	char text[64];
	fill_host(&self, "h", claims);
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof text, "http://h/more/%d", i);
		cr_assert_eq(offer(&self, text, &claim), STORE_PENDING);
	}
	self.store.lift_limit(self.store.self);
	cr_expect_eq(offer(&self, "http://other/", &claim), STORE_CLAIMED);
	for (int i = -1; i < 5000; i++) {
		cr_assert_eq(claim_next(&self, &url, &claim), STORE_URL);
		if (i >= 0)
			snprintf(text, sizeof text, "http://h/more/%d", i);
		cr_assert_str_eq(url.text, i < 0 ? "http://h/16" : text);
		begin(&self, claim);
		settle(&self, claim);
	}
	cr_expect_eq(claim_next(&self, &url, &claim), STORE_DONE);
	cr_expect_eq(self.store.count(self.store.self), 0);
	end_fixture(&self);
}

Test(memory_store, gives_none_that_is_not_below_a_limit)
{
	struct fixture self = new_fixture();
	struct store_claim *of_a[MEMORY_AHEAD_MAX + 1], *of_b[MEMORY_AHEAD_MAX + 1], *claim;
	struct store_url url;
	uint64_t lost;
	fill_host(&self, "a", of_a);
	fill_host(&self, "b", of_b);
	begin(&self, of_a[0]);
	begin(&self, of_b[0]);
	uint64_t of_first = MEMORY_AHEAD_MAX + 1;
	cr_expect_eq(self.store.claim(self.store.self, of_first, &url, &claim, &lost), STORE_LATER);
	cr_expect_eq(self.store.claim(self.store.self, of_first + 1, &url, &claim, &lost), STORE_URL);
	cr_expect_str_eq(url.text, "http://a/16");
	cr_expect_eq(self.store.claim(self.store.self, of_first + 1, &url, &claim, &lost), STORE_LATER);
	cr_expect_eq(self.store.claim(self.store.self, UINT64_MAX, &url, &claim, &lost), STORE_URL);
	end_fixture(&self);
}

/* A page may be found again by a shorter way, while it waits or later. */
Test(memory, lowers_the_depth_of_a_url)
{
	struct store store = memory_store(MEMORY_PENDING_BYTES, true);
	struct store_claim *claim;
	struct url url;
	char text[64];
	url_init(&url);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(text, sizeof text, "http://h%u.test/", i);
		cr_assert(url_parse(&url, text, strlen(text), NULL, NULL));
		struct store_url found = {
		    .url = &url, .text = text, .number = i + 1, .depth = 40, .via = "x"};
		cr_assert_eq(store.offer(store.self, &found, &claim), STORE_CLAIMED);
		cr_expect_eq(store.lowest_depth(store.self, &url, 40), 40);
		bool is_lowered = true;
		cr_expect(store.knows(store.self, &url, STORE_PAGE, 50, &is_lowered) && !is_lowered);
		cr_expect_eq(store.lowest_depth(store.self, &url, 40), 40);
		cr_expect(store.knows(store.self, &url, STORE_PAGE, i % 40, &is_lowered));
		found.depth = 39;
		cr_expect_eq(store.offer(store.self, &found, &claim), STORE_KNOWN);
	}
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(text, sizeof text, "http://h%u.test/#x", i);
		cr_assert(url_parse(&url, text, strlen(text), NULL, NULL));
		cr_expect_eq(store.lowest_depth(store.self, &url, 40), i % 40, "%u", i);
	}
	cr_assert(url_parse(&url, "http://other.test/", 18, NULL, NULL));
	cr_expect_not(store.knows(store.self, &url, STORE_PAGE, 0, NULL));
	cr_expect_eq(store.lowest_depth(store.self, &url, 7), 7);
	url_release(&url);
	store.free(store.self);
}

/* A store answers the same whether or not the URLs were in the state file, half of which are here, with a
 * depth each. Random calls, of which all answers are compared. */
static void compare_stores(bool is_crawl, unsigned random)
{
	enum { URLS = 300, CALLS = 4000 };
	struct known_urls known;
	struct store stores[2];
	struct url url;
	char text[64];
	known_urls_init(&known);
	url_init(&url);
	for (unsigned i = 0; i < URLS; i += 2) {
		snprintf(text, sizeof text, "http://h%u.test/%u", i % 7, i);
		known_urls_add(&known, slice_of(text), (struct known_url){.id = i + 1});
	}
	known_urls_sort(&known);
	for (size_t i = 0; i < 2; i++)
		stores[i] = memory_store(MEMORY_PENDING_BYTES, is_crawl);
	memory_store_use_known(&stores[1], &known);
	for (unsigned call = 0; call < CALLS; call++) {
		random = random * 1103515245 + 12345;
		unsigned which = (random >> 8) % URLS, depth = (random >> 20) % 70, kind = (random >> 16) % 4;
		uint64_t answers[2];
		snprintf(text, sizeof text, "http://h%u.test/%u", which % 7, which);
		cr_assert(url_parse(&url, text, strlen(text), NULL, NULL));
		for (size_t i = 0; i < 2; i++) {
			struct store *store = &stores[i];
			struct store_claim *claim = NULL;
			bool is_lowered = false;
			const struct store_url offered = {.url = &url,
			    .text = text,
			    .number = call,
			    .depth = depth,
			    .via = depth ? text : NULL};
			if (kind == 0)
				answers[i] = store->offer(store->self, &offered, &claim);
			else if (kind == 1 && is_crawl)
				answers[i] = store->knows(store->self, &url, STORE_PAGE, depth, &is_lowered);
			else if (kind == 2 && call % 5 == 0)
				answers[i] = store->mark(store->self, &url, STORE_PAGE);
			else
				answers[i] = store->lowest_depth(store->self, &url, depth);
			answers[i] |= (uint64_t)is_lowered << 40;
			if (claim) {
				store->begin(store->self, claim);
				store->settle(store->self, claim);
			}
		}
		cr_assert_eq(answers[0], answers[1], "call %u, kind %u, %s", call, kind, text);
	}
	size_t offered = 0;
	for (size_t i = 0; i < known.count; i++)
		offered += known.items[i].was_offered;
	cr_expect_gt(offered, known.count / 2);
	for (size_t i = 0; i < 2; i++)
		stores[i].free(stores[i].self);
	known_urls_release(&known);
	url_release(&url);
}

Test(memory, answers_the_same_if_urls_are_known)
{
	for (unsigned seed = 1; seed < 20; seed++) {
		compare_stores(true, seed);
		compare_stores(false, seed);
	}
}
