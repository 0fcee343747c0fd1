#include "store/memory.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/seen.h"
#include "store/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Pending URLs of one host wait in a queue for each depth, so that those that are nearer to the list come
 * first. All depths from this one on share a queue. */
enum { DEPTHS_MAX = 64 };

/* One host. A pointer to it serves as the claim on each of its URLs, since the store needs to know nothing
 * else of a URL that was claimed. */
struct store_claim {
	struct queue **queues;           /* by depth */
	size_t depths;                   /* queues that exist */
	size_t pending;                  /* URLs in all of them */
	size_t ahead;                    /* URLs that are claimed and not begun */
	size_t claimed;                  /* URLs that are claimed and not settled, begun or not */
	struct heap_node claimable_node; /* in memory.claimable, by first_number */
	uint64_t first_number;           /* no pending URL has a smaller number */
	size_t name_len;
	char name[]; /* "example.com:443" */
};

struct memory {
	bool is_crawl;            /* see memory_store */
	struct seen seen;         /* the URLs that were offered; in a crawl, with their depth */
	struct known_urls *known; /* those that are here are not in seen; NULL if there is none */
	struct seen targets;      /* the URLs that were marked */
	struct buf identity;      /* the identity of a URL, in a crawl */
	struct map hosts;
	struct queues queues;
	struct heap claimable; /* hosts of which a pending URL may be claimed */
	uint64_t pending;      /* URLs in all queues */
	size_t ahead_max;      /* MEMORY_AHEAD_MAX, or SIZE_MAX once the limit is lifted */
	struct buf name;       /* the name of a host that is looked up */
	struct buf record;     /* the record that is pushed */
	struct buf text;       /* text and via of the URL that was claimed last */
	struct url url;        /* the URL that was claimed last */
};

/* The head of a pending URL in its queue. The text and the via of the URL follow, each with a NUL. */
struct record {
	uint64_t number, id;
	int64_t listed_us;
	uint32_t depth;
	uint16_t sitemap_level;
	uint8_t purpose;
	bool is_guess;
	uint32_t text_len; /* in bytes, with the NUL */
};

static struct slice host_name(const struct store_claim *host)
{
	return (struct slice){host->name, host->name_len};
}

static struct store_claim *find_or_add_host(struct memory *self, const struct url *url)
{
	buf_clear(&self->name);
	url_append_server(url, &self->name);
	struct store_claim *host = map_find(&self->hosts, (struct slice){self->name.data, self->name.len});
	if (host)
		return host;
	host = alloc_new(sizeof *host + self->name.len);
	host->name_len = self->name.len;
	memcpy(host->name, self->name.data, self->name.len);
	map_add(&self->hosts, host_name(host), host);
	return host;
}

static void free_host(struct memory *self, struct store_claim *host)
{
	for (size_t i = 0; i < host->depths; i++) {
		queue_release(&self->queues, host->queues[i]);
		free(host->queues[i]);
	}
	free(host->queues);
	free(host);
}

/* Returns the queue for URLs of that depth. */
static struct queue *queue_for(struct store_claim *host, uint32_t depth)
{
	size_t index = depth < DEPTHS_MAX ? depth : DEPTHS_MAX - 1;
	while (host->depths <= index) {
		host->queues = alloc_resize(host->queues, host->depths + 1, sizeof *host->queues);
		host->queues[host->depths++] = alloc_new(sizeof(struct queue));
	}
	return host->queues[index];
}

/* Puts the host into the heap of claimable hosts, or takes it out, after anything about it has changed.
 * Removes and frees a host that has neither pending nor claimed URLs. */
static void update_host(struct memory *self, struct store_claim *host)
{
	bool is_claimable = host->pending > 0 && host->ahead < self->ahead_max;
	if (is_claimable && !heap_holds(&host->claimable_node))
		heap_add(&self->claimable, &host->claimable_node, host->first_number, host);
	else if (!is_claimable)
		heap_remove(&host->claimable_node);
	if (host->pending > 0 || host->claimed > 0)
		return;
	map_remove(&self->hosts, host_name(host));
	free_host(self, host);
}

static void push_record(struct memory *self, struct store_claim *host, const struct store_url *url)
{
	size_t text_len = strlen(url->text) + 1;
	struct record record = {.number = url->number,
	    .id = url->id,
	    .listed_us = url->listed_us,
	    .depth = url->depth,
	    .sitemap_level = (uint16_t)url->sitemap_level,
	    .purpose = (uint8_t)url->purpose,
	    .is_guess = url->is_guess,
	    .text_len = (uint32_t)text_len};
	const char *via = url->via ? url->via : "";
	buf_clear(&self->record);
	buf_append(&self->record, &record, sizeof record);
	buf_append(&self->record, url->text, text_len);
	buf_append(&self->record, via, strlen(via) + 1);
	if (host->pending == 0 || url->number < host->first_number) {
		heap_remove(&host->claimable_node);
		host->first_number = url->number;
	}
	queue_push(&self->queues, queue_for(host, url->depth), self->record.data, self->record.len);
	host->pending++;
	self->pending++;
}

static void add_claim(struct store_claim *host)
{
	host->ahead++;
	host->claimed++;
}

/* Returns what two URLs have in common that are the same: the URL without fragment, and the purpose, if it is
 * not the page, as a byte that no URL has. Borrowed until the next call. */
static struct slice identity_of(struct memory *self, const struct url *url, enum store_purpose purpose)
{
	if (purpose == STORE_PAGE && (!self->is_crawl || !url_has_credentials(url)))
		return url_without_fragment(url);
	buf_clear(&self->identity);
	url_append_without_credentials(url, &self->identity);
	self->identity.len -= url_href(url).len - url_without_fragment(url).len;
	if (purpose != STORE_PAGE)
		buf_append_byte(&self->identity, (char)purpose);
	return (struct slice){self->identity.data, self->identity.len};
}

/* The number that is kept with a URL is its depth. */
static unsigned number_of(uint32_t depth)
{
	return depth < SEEN_NUMBER_MAX ? depth : SEEN_NUMBER_MAX;
}

static struct known_url *find_known(const struct memory *self, struct slice identity)
{
	return self->known ? known_urls_find(self->known, identity) : NULL;
}

/* The number of a URL that was offered; -1 if it was not. */
static int offered_number(const struct memory *self, struct slice identity)
{
	const struct known_url *known = find_known(self, identity);
	if (known)
		return known->was_offered ? (int)known->depth : -1;
	return seen_number(&self->seen, identity.data, identity.len);
}

/* Adds a URL to those that were offered, or lowers its number. */
static enum seen_change lower_offered(struct memory *self, struct slice identity, unsigned number)
{
	struct known_url *known = find_known(self, identity);
	if (!known)
		return seen_lower(&self->seen, identity.data, identity.len, number);
	enum seen_change change = !known->was_offered     ? SEEN_ADDED
	                          : number < known->depth ? SEEN_LOWERED
	                                                  : SEEN_KEPT;
	if (change != SEEN_KEPT)
		known->depth = number & SEEN_NUMBER_MAX;
	known->was_offered = true;
	return change;
}

static bool memory_knows(
    void *ctx, const struct url *url, enum store_purpose purpose, uint32_t depth, bool *is_lowered)
{
	struct memory *self = ctx;
	struct slice identity = identity_of(self, url, purpose);
	int number = offered_number(self, identity);
	bool lowers = number > (int)number_of(depth);
	if (lowers)
		lower_offered(self, identity, number_of(depth));
	if (is_lowered)
		*is_lowered = lowers;
	return number >= 0 || seen_has(&self->targets, identity.data, identity.len);
}

static uint32_t memory_lowest_depth(void *ctx, const struct url *url, uint32_t depth)
{
	struct memory *self = ctx;
	struct slice identity = identity_of(self, url, STORE_PAGE);
	int number = self->is_crawl ? offered_number(self, identity) : -1;
	return number >= 0 && (uint32_t)number < depth ? (uint32_t)number : depth;
}

/* Adds a URL to those that were offered. Returns false if it was offered before. */
static bool add_offered(struct memory *self, struct slice identity, uint32_t depth)
{
	/* All of a fingerprint counts where there is no depth. */
	if (!self->is_crawl && !find_known(self, identity))
		return seen_add(&self->seen, identity.data, identity.len);
	return lower_offered(self, identity, number_of(depth)) == SEEN_ADDED;
}

static bool memory_mark(void *ctx, const struct url *url, enum store_purpose purpose)
{
	struct memory *self = ctx;
	struct slice identity = identity_of(self, url, purpose);
	bool was_offered = offered_number(self, identity) >= 0;
	return seen_add(&self->targets, identity.data, identity.len) && !was_offered;
}

static enum store_offer memory_offer(void *ctx, const struct store_url *url, struct store_claim **claim)
{
	struct memory *self = ctx;
	struct slice identity = identity_of(self, url->url, url->purpose);
	if (url->via && seen_has(&self->targets, identity.data, identity.len))
		return STORE_KNOWN;
	if (!add_offered(self, identity, url->depth))
		return STORE_KNOWN;
	struct store_claim *host = find_or_add_host(self, url->url);
	if (host->pending == 0 && host->ahead < self->ahead_max) {
		add_claim(host);
		*claim = host;
		return STORE_CLAIMED;
	}
	push_record(self, host, url);
	update_host(self, host);
	return STORE_PENDING;
}

static void read_record(struct memory *self, struct slice bytes, struct store_url *url)
{
	struct record record;
	memcpy(&record, bytes.data, sizeof record);
	buf_clear(&self->text);
	buf_append(&self->text, bytes.data + sizeof record, bytes.len - sizeof record);
	const char *text = self->text.data, *via = text + record.text_len;
	bool parsed = url_parse(&self->url, text, record.text_len - 1, NULL, NULL);
	assert(parsed);
	(void)parsed;
	*url = (struct store_url){.url = &self->url,
	    .text = text,
	    .number = record.number,
	    .id = record.id,
	    .listed_us = record.listed_us,
	    .depth = record.depth,
	    .purpose = (enum store_purpose)record.purpose,
	    .sitemap_level = record.sitemap_level,
	    .is_guess = record.is_guess,
	    .via = *via ? via : NULL};
}

/* The smallest depth of which the host has pending URLs. It must have some. */
static uint32_t first_depth(const struct store_claim *host)
{
	uint32_t depth = 0;
	while (host->queues[depth]->count == 0)
		depth++;
	return depth;
}

/* Raises first_number if no pending URL has the depth of first_number. The next record is not read yet, but
 * its number is at least the first one of its depth. */
static void update_first_number(struct store_claim *host)
{
	if (host->pending == 0)
		return;
	uint64_t least = store_number(first_depth(host), 0);
	if (host->first_number < least)
		host->first_number = least;
}

static enum store_next memory_claim(
    void *ctx, uint64_t limit, struct store_url *url, struct store_claim **claim, uint64_t *lost)
{
	struct memory *self = ctx;
	struct heap_node *node = heap_first(&self->claimable);
	struct slice record;
	if (!node || node->key >= limit)
		return self->pending ? STORE_LATER : STORE_DONE;
	struct store_claim *host = node->item;
	uint32_t depth = first_depth(host);
	uint64_t count = host->queues[depth]->count;
	heap_remove(node);
	if (queue_pop(&self->queues, host->queues[depth], &record) == QUEUE_LOST) {
		host->pending -= count;
		self->pending -= count;
		*lost = count;
		update_first_number(host);
		update_host(self, host);
		return STORE_LOST;
	}
	host->pending--;
	self->pending--;
	read_record(self, record, url);
	host->first_number = url->number + 1;
	update_first_number(host);
	add_claim(host);
	*claim = host;
	update_host(self, host);
	return STORE_URL;
}

static void memory_begin(void *ctx, struct store_claim *claim)
{
	assert(claim->ahead > 0);
	claim->ahead--;
	update_host(ctx, claim);
}

static void memory_settle(void *ctx, struct store_claim *claim)
{
	assert(claim->claimed > claim->ahead);
	claim->claimed--;
	update_host(ctx, claim);
}

static void memory_lift_limit(void *ctx)
{
	struct memory *self = ctx;
	struct store_claim *host;
	self->ahead_max = SIZE_MAX;
	for (size_t at = 0; (host = map_next(&self->hosts, &at));)
		update_host(self, host);
}

static bool memory_is_full(const void *ctx)
{
	const struct memory *self = ctx;
	return queues_are_full(&self->queues);
}

static uint64_t memory_count(const void *ctx)
{
	const struct memory *self = ctx;
	return self->pending;
}

static void memory_free(void *ctx)
{
	struct memory *self = ctx;
	struct store_claim *host;
	for (size_t at = 0; (host = map_next(&self->hosts, &at));) {
		heap_remove(&host->claimable_node);
		free_host(self, host);
	}
	map_release(&self->hosts);
	seen_release(&self->seen);
	seen_release(&self->targets);
	buf_release(&self->identity);
	heap_release(&self->claimable);
	queues_release(&self->queues);
	buf_release(&self->name);
	buf_release(&self->record);
	buf_release(&self->text);
	url_release(&self->url);
	free(self);
}

void memory_store_use_known(struct store *store, struct known_urls *known)
{
	struct memory *self = store->self;
	self->known = known;
}

struct store memory_store(size_t pending_bytes, bool is_crawl)
{
	struct memory *self = alloc_new(sizeof *self);
	self->is_crawl = is_crawl;
	self->ahead_max = MEMORY_AHEAD_MAX;
	seen_init(&self->seen);
	seen_init(&self->targets);
	buf_init(&self->identity, SIZE_MAX / 2);
	queues_init(&self->queues, pending_bytes);
	buf_init(&self->name, SIZE_MAX / 2);
	buf_init(&self->record, SIZE_MAX / 2);
	buf_init(&self->text, SIZE_MAX / 2);
	url_init(&self->url);
	return (struct store){.self = self,
	    .offer = memory_offer,
	    .knows = memory_knows,
	    .lowest_depth = memory_lowest_depth,
	    .mark = memory_mark,
	    .claim = memory_claim,
	    .begin = memory_begin,
	    .settle = memory_settle,
	    .lift_limit = memory_lift_limit,
	    .is_full = memory_is_full,
	    .count = memory_count,
	    .free = memory_free};
}
