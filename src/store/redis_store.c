#include "store/redis_store.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/seen.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct redis_store {
	struct redis_crawl *crawl;
	bool is_crawl;
	struct seen offered; /* with their depths */
	struct seen marked;
	struct buf identity, server;
	struct url url; /* the one that was claimed last */
	uint64_t claimed;
};

/* As in the store in memory: the URL without fragment, and the purpose, if it is not the page, as a byte that
 * no URL has. Borrowed until the next call. */
static struct slice identity_of(struct redis_store *self, const struct url *url, enum store_purpose purpose)
{
	if (purpose == STORE_PAGE && (!self->is_crawl || !url_has_credentials(url)))
		return url_without_fragment(url);
	buf_clear(&self->identity);
	if (self->is_crawl)
		url_append_without_credentials(url, &self->identity);
	else
		buf_append(&self->identity, url_href(url).data, url_href(url).len);
	self->identity.len -= url_href(url).len - url_without_fragment(url).len;
	if (purpose != STORE_PAGE)
		buf_append_byte(&self->identity, (char)purpose);
	return (struct slice){self->identity.data, self->identity.len};
}

static struct slice server_of(struct redis_store *self, const struct url *url)
{
	buf_clear(&self->server);
	url_append_server(url, &self->server);
	return (struct slice){self->server.data, self->server.len};
}

static unsigned number_of(uint32_t depth)
{
	return depth < SEEN_NUMBER_MAX ? depth : SEEN_NUMBER_MAX;
}

static void set_id(struct redis_store *self, char id[REDIS_ID_SIZE], struct slice identity)
{
	redis_record_id(id, identity, redis_crawl_seed(self->crawl));
}

static struct redis_record record_of(const struct store_url *url)
{
	return (struct redis_record){.purpose = url->purpose,
	    .sitemap_level = url->sitemap_level,
	    .is_guess = url->is_guess,
	    .depth = url->depth,
	    .hops = url->hops,
	    .text = url->text,
	    .via = url->via,
	    .target = url->target};
}

static void send_offer(struct redis_store *self, const struct store_url *url, struct slice identity)
{
	struct redis_record record = record_of(url);
	record.target = NULL;
	set_id(self, record.id, identity);
	redis_crawl_offer(self->crawl, server_of(self, url->url), &record);
}

static enum store_offer offer(void *ctx, const struct store_url *url, struct store_claim **claim)
{
	struct redis_store *self = ctx;
	struct slice identity = identity_of(self, url->url, url->purpose);
	(void)claim;
	if (url->via && seen_has(&self->marked, identity.data, identity.len))
		return STORE_KNOWN;
	enum seen_change change =
	    seen_lower(&self->offered, identity.data, identity.len, number_of(url->depth));
	if (change == SEEN_KEPT)
		return STORE_KNOWN;
	send_offer(self, url, identity);
	/* Redis only lowers the depth, and the caller has counted the URL before. */
	return change == SEEN_ADDED ? STORE_SENT : STORE_KNOWN;
}

/* A shorter way is worth an offer, as Redis and other processes do not know of it. */
static bool knows(
    void *ctx, const struct url *url, enum store_purpose purpose, uint32_t depth, bool *is_lowered)
{
	if (is_lowered)
		*is_lowered = false;
	struct redis_store *self = ctx;
	struct slice identity = identity_of(self, url, purpose);
	int number = seen_number(&self->offered, identity.data, identity.len);
	return (number >= 0 && number <= (int)number_of(depth)) ||
	       seen_has(&self->marked, identity.data, identity.len);
}

static uint32_t lowest_depth(void *ctx, const struct url *url, uint32_t depth)
{
	struct redis_store *self = ctx;
	struct slice identity = identity_of(self, url, STORE_PAGE);
	int number = self->is_crawl ? seen_number(&self->offered, identity.data, identity.len) : -1;
	return number >= 0 && (uint32_t)number < depth ? (uint32_t)number : depth;
}

static void ignore_answer(void *ctx, enum redis_crawl_answer answer)
{
	(void)ctx;
	(void)answer;
}

/* True if this process has neither offered nor marked the URL. */
static bool mark_here(struct redis_store *self, struct slice identity)
{
	bool was_offered = seen_number(&self->offered, identity.data, identity.len) >= 0;
	return seen_add(&self->marked, identity.data, identity.len) && !was_offered;
}

static bool mark(void *ctx, const struct url *url, enum store_purpose purpose)
{
	struct redis_store *self = ctx;
	char id[REDIS_ID_SIZE];
	struct slice identity = identity_of(self, url, purpose);
	bool was_marked = seen_has(&self->marked, identity.data, identity.len);
	bool is_new = mark_here(self, identity);
	set_id(self, id, identity);
	if (!was_marked)
		redis_crawl_mark(self->crawl, id, id, ignore_answer, NULL);
	return is_new;
}

static enum store_next claim(
    void *ctx, uint64_t limit, struct store_url *url, struct store_claim **claimed, uint64_t *lost)
{
	struct redis_store *self = ctx;
	struct redis_record record;
	struct redis_claim *next;
	(void)limit;
	(void)lost;
	if (!redis_crawl_next(self->crawl, &record, &next))
		return redis_crawl_has_ended(self->crawl) ? STORE_DONE : STORE_LATER;
	bool parsed = url_parse(&self->url, record.text, strlen(record.text), NULL, NULL);
	assert(parsed);
	(void)parsed;
	struct slice identity = identity_of(self, &self->url, record.purpose);
	seen_lower(&self->offered, identity.data, identity.len, number_of(record.depth));
	*url = (struct store_url){.url = &self->url,
	    .text = record.text,
	    .number = store_number(record.depth, ++self->claimed),
	    .listed_us = clock_now_us(),
	    .depth = record.depth,
	    .purpose = record.purpose,
	    .sitemap_level = record.sitemap_level,
	    .is_guess = record.is_guess,
	    .is_gone = record.is_gone,
	    .via = record.via,
	    .target = record.target,
	    .hops = record.hops};
	*claimed = (struct store_claim *)next;
	return STORE_URL;
}

static void begin(void *ctx, struct store_claim *claimed)
{
	struct redis_store *self = ctx;
	redis_crawl_begin(self->crawl, redis_store_claim(claimed));
}

static void settle(void *ctx, struct store_claim *claimed)
{
	struct redis_store *self = ctx;
	redis_crawl_release(self->crawl, redis_store_claim(claimed));
}

static void lift_limit(void *ctx)
{
	(void)ctx;
}

static bool is_full(const void *ctx)
{
	const struct redis_store *self = ctx;
	return redis_crawl_is_full(self->crawl);
}

static uint64_t count(const void *ctx)
{
	(void)ctx;
	return 0;
}

static void free_store(void *ctx)
{
	struct redis_store *self = ctx;
	seen_release(&self->offered);
	seen_release(&self->marked);
	buf_release(&self->identity);
	buf_release(&self->server);
	url_release(&self->url);
	free(self);
}

struct store redis_store(struct redis_crawl *crawl, bool is_crawl)
{
	struct redis_store *self = alloc_new(sizeof *self);
	self->crawl = crawl;
	self->is_crawl = is_crawl;
	seen_init(&self->offered);
	seen_init(&self->marked);
	buf_init(&self->identity, SIZE_MAX / 2);
	buf_init(&self->server, SIZE_MAX / 2);
	url_init(&self->url);
	return (struct store){.self = self,
	    .offer = offer,
	    .knows = knows,
	    .lowest_depth = lowest_depth,
	    .mark = mark,
	    .claim = claim,
	    .begin = begin,
	    .settle = settle,
	    .lift_limit = lift_limit,
	    .is_full = is_full,
	    .count = count,
	    .free = free_store};
}

void redis_store_ask_mark(struct store *store, const struct url *url, const struct url *source,
    enum store_purpose purpose, redis_crawl_answer_fn fn, void *ctx)
{
	struct redis_store *self = store->self;
	char id[REDIS_ID_SIZE], source_id[REDIS_ID_SIZE];
	set_id(self, source_id, identity_of(self, source, purpose));
	struct slice identity = identity_of(self, url, purpose);
	if (seen_has(&self->marked, identity.data, identity.len)) {
		fn(ctx, REDIS_CRAWL_KNOWN);
		return;
	}
	mark_here(self, identity);
	set_id(self, id, identity);
	redis_crawl_mark(self->crawl, id, source_id, fn, ctx);
}

void redis_store_forward(struct store *store, struct store_claim *claimed, const struct store_url *url,
    const struct url *target, bool always, redis_crawl_answer_fn fn, void *ctx)
{
	struct redis_store *self = store->self;
	struct redis_record record = record_of(url);
	char target_id[REDIS_ID_SIZE];
	set_id(self, record.id, identity_of(self, url->url, url->purpose));
	struct slice identity = identity_of(self, target, url->purpose);
	mark_here(self, identity);
	set_id(self, target_id, identity);
	redis_crawl_forward(self->crawl, redis_store_claim(claimed), target_id, server_of(self, target),
	    &record, always, fn, ctx);
}

void redis_store_forget(struct store *store)
{
	struct redis_store *self = store->self;
	seen_clear(&self->offered);
	seen_clear(&self->marked);
}
