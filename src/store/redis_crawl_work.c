#include "store/redis_crawl_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/url/url.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What one script gives, so that Redis runs none for long: URLs, hosts that were not owned, hosts that were.
 * WANT_MIN URLs are worth a request of their own. */
enum { WANT_MAX = 100, WANT_MIN = 50, NEW_HOSTS_MAX = 16, OWN_HOSTS_MAX = 48 };

/* More of a host are claimed when so few of it are claimed and not begun. */
enum { AHEAD_FEW = REDIS_CRAWL_AHEAD_MAX / 2 };

/* A host of which nothing is claimed is given back after that many ms, in which its own pages may have led to
 * more of it. */
enum { LINGER_MS = 500 };

/* The shortest time between two requests that bring nothing. */
enum { LOOK_AGAIN_MS = 10 };

/* Lists of hosts. */

static void list_remove(struct redis_crawl *self, enum redis_host_lists which, struct redis_host *host)
{
	struct redis_host_list *list = &self->lists[which];
	struct redis_host_link *link = &host->links[which];
	if (!link->is_in)
		return;
	*(link->previous ? &link->previous->links[which].next : &list->first) = link->next;
	*(link->next ? &link->next->links[which].previous : &list->last) = link->previous;
	*link = (struct redis_host_link){0};
}

static void list_add(struct redis_crawl *self, enum redis_host_lists which, struct redis_host *host)
{
	struct redis_host_list *list = &self->lists[which];
	if (host->links[which].is_in)
		return;
	host->links[which] = (struct redis_host_link){.previous = list->last, .is_in = true};
	*(list->last ? &list->last->links[which].next : &list->first) = host;
	list->last = host;
}

static void list_add_first(struct redis_crawl *self, enum redis_host_lists which, struct redis_host *host)
{
	struct redis_host_list *list = &self->lists[which];
	host->links[which] = (struct redis_host_link){.next = list->first, .is_in = true};
	*(list->first ? &list->first->links[which].previous : &list->last) = host;
	list->first = host;
}

struct redis_host *redis_crawl_find_host(struct redis_crawl *self, struct slice server)
{
	return map_find(&self->hosts, server);
}

static struct redis_host *add_host(struct redis_crawl *self, struct slice name)
{
	struct redis_host *host = alloc_new(sizeof *host + name.len);
	host->name_len = name.len;
	memcpy(host->name, name.data, name.len);
	map_add(&self->hosts, (struct slice){host->name, host->name_len}, host);
	return host;
}

/* Puts the host into the lists that it belongs to, after anything about it has changed. */
static void update_host(struct redis_crawl *self, struct redis_host *host)
{
	bool is_idle = host->claimed == 0;
	if (host->is_void) {
		if (is_idle)
			free(host);
		return;
	}
	if (host->pending > 0 && host->ahead <= AHEAD_FEW && !host->is_yielded)
		list_add(self, REDIS_HOSTS_HUNGRY, host);
	else
		list_remove(self, REDIS_HOSTS_HUNGRY, host);
	if (!is_idle)
		list_remove(self, REDIS_HOSTS_IDLE, host);
	else if (!host->links[REDIS_HOSTS_IDLE].is_in && host->is_yielded) {
		host->idle_since = clock_now_ms() - LINGER_MS;
		list_add_first(self, REDIS_HOSTS_IDLE, host);
	} else if (!host->links[REDIS_HOSTS_IDLE].is_in) {
		host->idle_since = clock_now_ms();
		list_add(self, REDIS_HOSTS_IDLE, host);
	}
}

static void forget_host(struct redis_crawl *self, struct redis_host *host)
{
	list_remove(self, REDIS_HOSTS_HUNGRY, host);
	list_remove(self, REDIS_HOSTS_IDLE, host);
	map_remove(&self->hosts, (struct slice){host->name, host->name_len});
	host->is_void = true;
	update_host(self, host);
}

static void give_back(struct redis_crawl *self, struct redis_host *host, int64_t now)
{
	struct redis_batch *batch = redis_crawl_add_item(self, 'g', 2);
	redis_connection_add(&batch->arguments, host->name, host->name_len);
	redis_scripts_add_number(
	    &batch->arguments, host->not_before > now ? (uint64_t)(host->not_before - now) : 0);
	redis_crawl_end_item(self, batch);
	forget_host(self, host);
}

void redis_crawl_give_back_idle(struct redis_crawl *self, int64_t now, bool all)
{
	if (self->state != REDIS_CRAWL_MEMBER)
		return;
	for (struct redis_host *host; (host = self->lists[REDIS_HOSTS_IDLE].first);) {
		/* While a request is on its way, its answer may be about this host. */
		if (!all && (self->is_asking || now < host->idle_since + LINGER_MS))
			return;
		give_back(self, host, now);
	}
}

int64_t redis_crawl_idle_due(const struct redis_crawl *self)
{
	const struct redis_host *host = self->lists[REDIS_HOSTS_IDLE].first;
	return host && !self->is_asking ? host->idle_since + LINGER_MS : CLOCK_NEVER;
}

/* Claims. */

static void add_claim(struct redis_crawl *self, struct redis_host *host, struct slice record, uint32_t depth)
{
	struct redis_claim *claim = alloc_new(sizeof *claim + record.len);
	claim->host = host;
	claim->depth = depth;
	claim->len = record.len;
	memcpy(claim->record, record.data, record.len);
	claim->next = self->claims;
	if (self->claims)
		self->claims->previous = claim;
	self->claims = claim;
	*self->queued_end = claim;
	self->queued_end = &claim->next_queued;
	self->queued_count++;
	self->ahead++;
	host->ahead++;
	host->claimed++;
}

void redis_crawl_end_claim(struct redis_crawl *self, struct redis_claim *claim)
{
	struct redis_host *host = claim->host;
	*(claim->previous ? &claim->previous->next : &self->claims) = claim->next;
	if (claim->next)
		claim->next->previous = claim->previous;
	if (!claim->is_begun) {
		host->ahead--;
		self->ahead--;
	}
	host->claimed--;
	free(claim);
	update_host(self, host);
}

bool redis_crawl_next(struct redis_crawl *self, struct redis_record *record, struct redis_claim **claim)
{
	struct redis_claim *first = self->queued;
	if (!first)
		return false;
	self->queued = first->next_queued;
	if (!self->queued)
		self->queued_end = &self->queued;
	self->queued_count--;
	if (self->room.urls > 0)
		self->room.urls--;
	/* It was checked when it arrived. */
	redis_record_unpack(record, (struct slice){first->record, first->len}, &self->record);
	if (first->depth < record->depth && first->depth < REDIS_DEPTH_MAX)
		record->depth = first->depth;
	*claim = first;
	return true;
}

bool redis_crawl_is_void(const struct redis_claim *claim)
{
	return claim->is_void;
}

void redis_crawl_begin(struct redis_crawl *self, struct redis_claim *claim)
{
	assert(!claim->is_begun);
	claim->is_begun = true;
	self->ahead--;
	claim->host->ahead--;
	update_host(self, claim->host);
}

void redis_crawl_forget_work(struct redis_crawl *self)
{
	struct redis_host *host;
	while (self->queued) {
		struct redis_claim *claim = self->queued;
		self->queued = claim->next_queued;
		redis_crawl_end_claim(self, claim);
	}
	self->queued_end = &self->queued;
	self->queued_count = 0;
	for (struct redis_claim *claim = self->claims; claim; claim = claim->next)
		claim->is_void = true;
	for (size_t at = 0; (host = map_next(&self->hosts, &at)); at = 0)
		forget_host(self, host);
	self->is_asking = false;
	self->is_awake = true;
	self->wake_at = 0;
}

/* Requests for work. */

static size_t room_left(const struct redis_crawl *self)
{
	size_t room = self->room.urls > self->queued_count ? self->room.urls - self->queued_count : 0;
	return room < WANT_MAX ? room : WANT_MAX;
}

static size_t new_hosts_wanted(const struct redis_crawl *self)
{
	return self->room.hosts < NEW_HOSTS_MAX ? self->room.hosts : NEW_HOSTS_MAX;
}

/* New hosts that a request for work may bring. */
static size_t new_hosts_expected(const struct redis_crawl *self)
{
	return self->is_awake ? new_hosts_wanted(self) : 0;
}

bool redis_crawl_wants_work(const struct redis_crawl *self)
{
	bool may_bring = new_hosts_expected(self) > 0 || self->lists[REDIS_HOSTS_HUNGRY].first;
	return !self->is_asking && !self->is_leaving &&
	       ((may_bring && room_left(self) > 0) || self->must_check);
}

bool redis_crawl_wants_hosts(const struct redis_crawl *self)
{
	return redis_crawl_wants_work(self) && self->room.idle > 0 && new_hosts_expected(self) > 0;
}

bool redis_crawl_wants_much_work(const struct redis_crawl *self)
{
	const struct redis_host *host = self->lists[REDIS_HOSTS_HUNGRY].first;
	size_t room = room_left(self), sum = new_hosts_expected(self) * REDIS_CRAWL_AHEAD_MAX;
	if (!redis_crawl_wants_work(self) || room < WANT_MIN)
		return false;
	for (int i = 0; host && i < OWN_HOSTS_MAX && sum < WANT_MIN; i++) {
		size_t more = REDIS_CRAWL_AHEAD_MAX - host->ahead;
		sum += more < host->pending ? more : (size_t)host->pending;
		host = host->links[REDIS_HOSTS_HUNGRY].next;
	}
	return sum >= WANT_MIN;
}

/* What a request for work has brought. */
struct gain {
	size_t urls, hosts; /* hosts that it did not own */
};

/* Takes the URLs of one host: its name, how many more are pending, and a record and its depth for each. */
static bool take_host(struct redis_crawl *self, const redisReply *entry, struct gain *gain)
{
	struct redis_record record;
	struct url url;
	if (!redis_crawl_reply_is_list(entry, 2) || entry->element[0]->type != REDIS_REPLY_STRING)
		return false;
	struct slice name = redis_crawl_reply_text(entry->element[0]);
	struct redis_host *host = redis_crawl_find_host(self, name);
	if (!host) {
		host = add_host(self, name);
		gain->hosts++;
	}
	host->pending = redis_crawl_reply_number(entry->element[1]);
	url_init(&url);
	bool is_valid = true;
	for (size_t i = 2; is_valid && i + 1 < entry->elements; i += 2) {
		struct slice bytes = redis_crawl_reply_text(entry->element[i]);
		is_valid = redis_record_unpack(&record, bytes, &self->record) &&
		           url_parse(&url, record.text, strlen(record.text), NULL, NULL) && url_is_http(&url);
		if (is_valid)
			add_claim(
			    self, host, bytes, (uint32_t)redis_crawl_reply_number(entry->element[i + 1]));
		gain->urls++;
	}
	url_release(&url);
	update_host(self, host);
	return is_valid;
}

static void take_starts(struct redis_crawl *self, const redisReply *starts)
{
	for (size_t i = 0; i < (starts->type == REDIS_REPLY_ARRAY ? starts->elements : 0); i++) {
		self->starts++;
		if (self->handlers.start)
			self->handlers.start(self->handlers.ctx, redis_crawl_reply_text(starts->element[i]));
	}
}

static void on_work(void *ctx, const redisReply *reply)
{
	struct redis_crawl *self = ctx;
	struct gain gain = {0};
	if (!redis_crawl_take_answer(self, reply, 8, "work"))
		return;
	const redisReply *hosts = reply->element[5];
	self->is_asking = false;
	self->idle_elsewhere = redis_crawl_reply_number(reply->element[3]);
	redis_crawl_note_answer(self, self->asked_number, self->asked_at);
	self->left = redis_crawl_reply_number(reply->element[4]);
	take_starts(self, reply->element[6]);
	redis_crawl_take_look(self, reply->element[7]);
	for (size_t i = 0; i < (hosts->type == REDIS_REPLY_ARRAY ? hosts->elements : 0); i++) {
		if (!take_host(self, hosts->element[i], &gain)) {
			redis_connection_fail_answer(self->connection, "work");
			return;
		}
	}
	if (redis_crawl_reply_number(reply->element[1]) == 1) {
		redis_crawl_become_over(self);
		return;
	}
	/* A message or this time wakes it. */
	int64_t wait = (int64_t)redis_crawl_reply_number(reply->element[2]);
	if (wait > self->settings.lease_ms)
		wait = self->settings.lease_ms;
	if (!redis_connection_is_open(self->events) && wait > 1000)
		wait = 1000;
	if (self->wake_at > 0) {
		self->wake_at = clock_now_ms() + (wait > LOOK_AGAIN_MS ? wait : LOOK_AGAIN_MS);
		self->is_awake = gain.hosts == self->asked_hosts || gain.urls == self->asked_for;
	}
}

void redis_crawl_ask_for_work(struct redis_crawl *self)
{
	const struct redis_host *hosts[OWN_HOSTS_MAX];
	size_t counts[OWN_HOSTS_MAX], count = 0, left = room_left(self);
	self->asked_for = left;
	self->asked_hosts = new_hosts_wanted(self);
	while (left > 0 && count < OWN_HOSTS_MAX && self->lists[REDIS_HOSTS_HUNGRY].first) {
		struct redis_host *host = self->lists[REDIS_HOSTS_HUNGRY].first;
		size_t n = REDIS_CRAWL_AHEAD_MAX - host->ahead;
		n = n < host->pending ? n : (size_t)host->pending;
		n = n < left ? n : left;
		hosts[count] = host;
		counts[count++] = n;
		left -= n;
		/* Until the answer, it is not asked for again. */
		list_remove(self, REDIS_HOSTS_HUNGRY, host);
	}
	redis_crawl_format(self, REDIS_SCRIPT_WORK, 5 + 2 * count);
	redis_scripts_add_number(&self->command, self->asked_for);
	redis_scripts_add_number(&self->command, REDIS_CRAWL_AHEAD_MAX);
	redis_scripts_add_number(&self->command, self->asked_hosts);
	redis_scripts_add_number(&self->command, self->room.idle);
	redis_scripts_add_number(&self->command, self->starts);
	for (size_t i = 0; i < count; i++) {
		redis_connection_add(&self->command, hosts[i]->name, hosts[i]->name_len);
		redis_scripts_add_number(&self->command, counts[i]);
	}
	self->is_asking = true;
	self->has_told_idle = self->room.idle > 0;
	self->must_check = false;
	self->wake_at = CLOCK_NEVER;
	self->asked_number = self->numbered;
	self->asked_at = self->renewed_at = self->flushed_at = clock_now_ms();
	/* It is sent again until there is an answer; Redis keeps the last one. */
	redis_connection_send(self->connection, &self->command, REDIS_CONNECTION_UNSKIPPED, on_work, self);
}
