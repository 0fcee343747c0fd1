#include "fetch/names.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/map.h"
#include "fetch/name_channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Addresses stay in the cache for the time to live of their DNS records, within these limits. */
enum { TTL_MIN_S = 10, TTL_MAX_S = 60 };

/* If no answer has come for this time, the name servers themselves are tested (see probe_servers). */
enum { PROBE_AFTER_MS = 200 };

/* A query asks for IPv4 and IPv6 addresses, and c-ares answers once it has both. If that takes longer than
 * SPLIT_AFTER_MS, the two are also asked for one by one, so that a name server that never answers for one of
 * them does not withhold the other. Once one has come, the other is awaited for the resolution delay of RFC
 * 8305, section 3. */
enum { SPLIT_AFTER_MS = 200, RESOLUTION_DELAY_MS = 50 };

/* c-ares opens few sockets: a UDP socket for each name server, and TCP sockets for long answers. */
enum { SOCKETS_MAX = 64 };

enum { ADDRESSES_MAX_BYTES = 64 * 1024 };

/* The queries that one name may have pending: for both families, and for one each. */
enum family { FAMILY_ANY, FAMILY_V4, FAMILY_V6, FAMILIES };

/* A pending query. c-ares holds it until it calls on_result, which may be after the name was removed. */
struct query {
	struct names *owner;
	struct name *name; /* NULL if the name was removed */
	enum family family;
	int64_t sent_ms; /* monotonic ms */
};

/* A name is first queued, then its query is sent, and then its addresses are known until they expire. It is
 * removed when they expire or the query fails. */
struct name {
	struct names *owner;
	char *host;
	struct name_wait *first, *last;  /* the requests that wait for the name, in order */
	char *addresses;                 /* NULL until they are known */
	struct query *queries[FAMILIES]; /* NULL where none is pending */
	struct buf partial;              /* the addresses that the queries for one family have found */
	int partial_ttl_s;
	/* In the heap slow while the query is pending: when it is split, and then when `partial` is used. */
	struct heap_node slow_due;
	/* In the heap queued, recent or known; in none of them while the query is pending and no longer
	 * recent. */
	struct heap_node due;
};

struct names {
	const struct settings *settings;
	names_answer_fn answer;
	void *ctx;
	ares_channel channel;      /* NULL if c-ares was not started yet */
	bool has_asked;            /* a query was sent */
	bool has_answered;         /* a name server has answered */
	int64_t silent_since_ms;   /* when the last answer came, the last probe timed out, or the first of the
	                            * pending queries was sent, whichever was last (monotonic ms) */
	int64_t probe_sent_ms;     /* when the pending probe was sent (monotonic ms); 0 if none is pending */
	int64_t average_answer_ms; /* moving average of the time until an answer; 0 before the first */
	struct map by_host;        /* all names */
	struct heap queued;        /* names whose query was not sent yet, in the order of next_number */
	struct heap recent;   /* names whose query counts as recent, by the time at which it no longer does */
	struct heap slow;     /* see name.slow_due */
	size_t split_count;   /* pending queries for one family */
	struct heap known;    /* names whose addresses are known, by the time at which they expire */
	uint64_t next_number; /* the key in queued of the next name that is added */
	struct pollfd sockets[SOCKETS_MAX]; /* the sockets of c-ares */
	size_t socket_count;
	size_t pending_count; /* queries and probes without an answer */
};

/* c-ares calls this with each socket and the events that it waits for; with no events when it closes the
 * socket. */
static void on_socket(void *ctx, ares_socket_t socket, int readable, int writable)
{
	struct names *self = ctx;
	short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	size_t index = 0;
	while (index < self->socket_count && self->sockets[index].fd != socket)
		index++;
	if (index == SOCKETS_MAX)
		return;
	if (index == self->socket_count)
		self->socket_count++;
	self->sockets[index] = (struct pollfd){.fd = socket, .events = events};
	if (!events)
		self->sockets[index] = self->sockets[--self->socket_count];
}

static enum status start_channel(struct names *self)
{
	return name_channel_start(&self->channel, self->settings->options->dns_servers, on_socket, self);
}

enum status names_new(
    struct names **names, const struct settings *settings, names_answer_fn answer, void *ctx)
{
	struct names *self = alloc_new(sizeof *self);
	self->settings = settings;
	self->answer = answer;
	self->ctx = ctx;
	/* With the name servers of the system, c-ares is started by the first query, because many lists need
	 * none: all their hosts are IP addresses. */
	enum status status = settings->options->dns_servers ? start_channel(self) : STATUS_OK;
	if (status != STATUS_OK) {
		names_free(self);
		self = NULL;
	}
	*names = self;
	return status;
}

static void name_free(struct name *name)
{
	heap_remove(&name->due);
	heap_remove(&name->slow_due);
	for (size_t i = 0; i < FAMILIES; i++) {
		if (name->queries[i])
			name->queries[i]->name = NULL;
	}
	buf_release(&name->partial);
	free(name->host);
	free(name->addresses);
	free(name);
}

static void remove_name(struct names *self, struct name *name)
{
	map_remove(&self->by_host, slice_of(name->host));
	name_free(name);
}

void names_free(struct names *self)
{
	if (!self)
		return;
	/* ares_destroy calls the callback of each pending query with ARES_EDESTRUCTION. */
	name_channel_end(self->channel);
	struct name *name;
	for (size_t index = 0; (name = map_next(&self->by_host, &index));)
		name_free(name);
	map_release(&self->by_host);
	heap_release(&self->queued);
	heap_release(&self->recent);
	heap_release(&self->slow);
	heap_release(&self->known);
	free(self);
}

bool names_is_address(struct slice host)
{
	/* If the last label of a normalised host is a number, the host is an IPv4 address (WHATWG URL,
	 * section 3.5). */
	return host.data[0] == '[' || strspn(host.data, "0123456789.") >= host.len;
}

static struct slice without_root_dot(struct slice host)
{
	bool has_dot = host.len > 1 && host.data[host.len - 1] == '.';
	return (struct slice){host.data, host.len - has_dot};
}

static bool is_localhost(struct slice host)
{
	host = without_root_dot(host);
	return ascii_equal_nocase(host, slice_of("localhost")) || ascii_ends_with_nocase(host, ".localhost");
}

bool names_needs_query(const struct names *self, struct slice host)
{
	return !self->settings->proxied && !names_is_address(host) &&
	       !ascii_ends_with_nocase(without_root_dot(host), ".local");
}

static void deliver_answer(struct name *name, const struct name_answer *answer)
{
	struct names *self = name->owner;
	for (struct name_wait *wait; (wait = name->first);) {
		names_unlink_wait(wait);
		self->answer(self->ctx, wait, answer);
	}
}

static void fail_name(struct name *name, int code)
{
	static const struct name_answer no_such_name = {
	    NULL, STAGE_RESOLVE, CAUSE_NAME_NOT_FOUND, "name lookup failed: no such name"};
	static const struct name_answer no_address = {
	    NULL, STAGE_RESOLVE, CAUSE_NAME_NO_ADDRESS, "name lookup failed: the name has no address"};
	static const struct name_answer bad_name = {
	    NULL, STAGE_RESOLVE, CAUSE_NAME_INVALID, "name lookup failed: not a name that can be looked up"};
	static const struct name_answer no_server = {NULL, STAGE_LOCAL, CAUSE_NO_NAME_SERVER,
	    "name lookup failed: no name server can be reached (see /etc/resolv.conf, --dns-servers)"};
	static const struct name_answer no_reply = {
	    NULL, STAGE_RESOLVE, CAUSE_NAME_LOOKUP, "name lookup failed: no answer from the name servers"};
	static const struct name_answer refused = {
	    NULL, STAGE_RESOLVE, CAUSE_NAME_LOOKUP, "name lookup failed: the name server cannot answer"};
	const struct name_answer *answer = &refused;
	if (code == ARES_ENOTFOUND)
		answer = &no_such_name;
	else if (code == ARES_ENODATA)
		answer = &no_address;
	else if (code == ARES_EBADNAME)
		answer = &bad_name;
	else if (!name->owner->has_answered)
		answer = &no_server;
	else if (code == ARES_ETIMEOUT)
		answer = &no_reply;
	deliver_answer(name, answer);
	remove_name(name->owner, name);
}

/* Appends the addresses in the format of CURLOPT_RESOLVE. Reduces *seconds to the shortest time to live among
 * them. */
static void append_addresses(struct buf *out, const struct ares_addrinfo *result, int *seconds)
{
	for (const struct ares_addrinfo_node *node = result->nodes; node; node = node->ai_next) {
		char text[INET6_ADDRSTRLEN] = "";
		bool v6 = node->ai_family == AF_INET6;
		const void *address =
		    v6 ? (const void *)&((struct sockaddr_in6 *)(void *)node->ai_addr)->sin6_addr
		       : &((struct sockaddr_in *)(void *)node->ai_addr)->sin_addr;
		if (!inet_ntop(node->ai_family, address, text, sizeof text))
			continue;
		if (out->len)
			buf_append_byte(out, ',');
		buf_append_text(out, v6 ? "[" : "");
		buf_append_text(out, text);
		buf_append_text(out, v6 ? "]" : "");
		if (node->ai_ttl < *seconds)
			*seconds = node->ai_ttl;
	}
}

/* Makes the addresses known, in place of those that are known already. */
static void store_addresses(struct name *name, const struct buf *addresses, int seconds)
{
	struct names *self = name->owner;
	if (seconds < TTL_MIN_S)
		seconds = TTL_MIN_S;
	free(name->addresses);
	name->addresses = alloc_copy(addresses->data, addresses->len);
	heap_remove(&name->slow_due);
	heap_remove(&name->due);
	heap_add(&self->known, &name->due, (uint64_t)(clock_now_ms() + (int64_t)seconds * 1000), name);
	deliver_answer(name, &(struct name_answer){.addresses = name->addresses, .stage = STAGE_RESOLVE});
}

/* Handles the result of the query for both families, which decides. */
static void finish_query(struct name *name, int code, const struct ares_addrinfo *result)
{
	struct buf addresses;
	int seconds = TTL_MAX_S;
	buf_init(&addresses, ADDRESSES_MAX_BYTES);
	if (code == ARES_SUCCESS)
		append_addresses(&addresses, result, &seconds);
	if (addresses.len > 0)
		store_addresses(name, &addresses, seconds);
	else if (name->partial.len > 0 && !name->addresses)
		store_addresses(name, &name->partial, name->partial_ttl_s);
	else if (!name->addresses)
		fail_name(name, code == ARES_SUCCESS ? ARES_ENODATA : code);
	buf_release(&addresses);
}

/* Handles the result of a query for one family. Only addresses matter; the query for both still runs. */
static void finish_split_query(struct name *name, int code, const struct ares_addrinfo *result)
{
	bool is_last = !name->queries[FAMILY_V4] && !name->queries[FAMILY_V6];
	if (name->addresses)
		return;
	if (code == ARES_SUCCESS)
		append_addresses(&name->partial, result, &name->partial_ttl_s);
	if (name->partial.len == 0)
		return;
	if (is_last)
		store_addresses(name, &name->partial, name->partial_ttl_s);
	else
		heap_add(&name->owner->slow, &name->slow_due,
		    (uint64_t)(clock_now_ms() + RESOLUTION_DELAY_MS), name);
}

/* A moving average is used so that the value follows changes of the network. */
static void record_answer_time(struct names *self, int64_t sent_ms)
{
	int64_t ms = clock_now_ms() - sent_ms;
	self->silent_since_ms = clock_now_ms();
	self->average_answer_ms =
	    self->average_answer_ms ? (7 * self->average_answer_ms + ms + 7) / 8 : ms + 1;
}

static void on_result(void *ctx, int code, int timeouts, struct ares_addrinfo *result)
{
	struct query query = *(struct query *)ctx;
	struct names *self = query.owner;
	(void)timeouts;
	free(ctx);
	if (query.name)
		query.name->queries[query.family] = NULL;
	if (code == ARES_EDESTRUCTION)
		return;
	--*(query.family == FAMILY_ANY ? &self->pending_count : &self->split_count);
	if (code == ARES_SUCCESS)
		record_answer_time(self, query.sent_ms);
	if (code == ARES_ENOMEM)
		alloc_fail();
	if (query.name && query.family == FAMILY_ANY)
		finish_query(query.name, code, result);
	else if (query.name)
		finish_split_query(query.name, code, result);
	if (result)
		ares_freeaddrinfo(result);
}

static int64_t recent_ms(const struct names *self)
{
	if (!self->average_answer_ms)
		return NAMES_RECENT_MS_INITIAL;
	int64_t twice = 2 * self->average_answer_ms;
	return twice < NAMES_RECENT_MS_MIN   ? NAMES_RECENT_MS_MIN
	       : twice > NAMES_RECENT_MS_MAX ? NAMES_RECENT_MS_MAX
	                                     : twice;
}

static void send_query_for(struct names *self, struct name *name, enum family family, int address_family)
{
	struct ares_addrinfo_hints hints = {.ai_family = address_family, .ai_socktype = SOCK_STREAM};
	struct query *query = alloc_new(sizeof *query);
	*query = (struct query){self, name, family, clock_now_ms()};
	name->queries[family] = query;
	++*(family == FAMILY_ANY ? &self->pending_count : &self->split_count);
	ares_getaddrinfo(self->channel, name->host, NULL, &hints, on_result, query);
}

static void send_query(struct names *self, struct name *name)
{
	const struct options *options = self->settings->options;
	int64_t now = clock_now_ms();
	if (!self->pending_count)
		self->silent_since_ms = now;
	self->has_asked = true;
	heap_remove(&name->due);
	heap_add(&self->recent, &name->due, (uint64_t)(now + recent_ms(self)), name);
	if (!self->channel && start_channel(self) != STATUS_OK) {
		fail_name(name, ARES_ENOTINITIALIZED);
		return;
	}
	if (!options->ipv4 && !options->ipv6)
		heap_add(&self->slow, &name->slow_due, (uint64_t)(now + SPLIT_AFTER_MS), name);
	/* This may call on_result, which may remove the name. */
	send_query_for(self, name, FAMILY_ANY,
	    options->ipv4   ? AF_INET
	    : options->ipv6 ? AF_INET6
	                    : AF_UNSPEC);
}

/* Splits the query of a name. If too many queries are pending, that is tried again later. */
static void split_query(struct names *self, struct name *name)
{
	if (self->pending_count + self->split_count < NAMES_PENDING_MAX) {
		/* Queries that wait for a name server do not call on_result at once. */
		send_query_for(self, name, FAMILY_V4, AF_INET);
		send_query_for(self, name, FAMILY_V6, AF_INET6);
	} else {
		heap_add(&self->slow, &name->slow_due, (uint64_t)(clock_now_ms() + SPLIT_AFTER_MS), name);
	}
}

/* Splits the queries that take long, and uses what has come of those that were split. */
static void handle_slow_names(struct names *self)
{
	int64_t now = clock_now_ms();
	for (struct heap_node *node; (node = heap_first(&self->slow)) && (int64_t)node->key <= now;) {
		struct name *name = node->item;
		heap_remove(node);
		if (name->partial.len > 0)
			store_addresses(name, &name->partial, name->partial_ttl_s);
		else
			split_query(self, name);
	}
}

static void on_probe(void *ctx, bool is_answered)
{
	struct names *self = ctx;
	if (is_answered)
		record_answer_time(self, self->probe_sent_ms);
	/* The next probe is sent only after another PROBE_AFTER_MS without an answer. */
	self->silent_since_ms = clock_now_ms();
	self->probe_sent_ms = 0;
	self->pending_count--;
}

static int64_t probe_due_ms(const struct names *self)
{
	return self->pending_count && !self->probe_sent_ms ? self->silent_since_ms + PROBE_AFTER_MS
	                                                   : CLOCK_NEVER;
}

/* If queries get no answer, either nobody answers for these names, or the name server is overloaded or does
 * not run. To tell these apart, this sends a query to which every running name server replies. The time that
 * the reply takes also shows how busy the server is. */
static void probe_servers(struct names *self)
{
	int64_t now = clock_now_ms();
	if (!self->channel || probe_due_ms(self) > now)
		return;
	self->probe_sent_ms = now;
	self->pending_count++;
	name_channel_probe(self->channel, on_probe, self);
}

static bool may_send(const struct names *self)
{
	return self->queued.count > 0 && self->pending_count < NAMES_PENDING_MAX;
}

/* Sends the queries of queued names while fewer than NAMES_RECENT_MAX are recent. */
static void send_queued_queries(struct names *self)
{
	int64_t now = clock_now_ms();
	for (struct heap_node *node; (node = heap_first(&self->recent)) && (int64_t)node->key <= now;)
		heap_remove(node);
	while (self->recent.count < NAMES_RECENT_MAX && may_send(self))
		send_query(self, heap_first(&self->queued)->item);
}

static void remove_expired(struct names *self)
{
	int64_t now = clock_now_ms();
	for (struct heap_node *node; (node = heap_first(&self->known)) && (int64_t)node->key <= now;)
		remove_name(self, node->item);
}

const char *names_find(struct names *self, struct slice host)
{
	const struct options *options = self->settings->options;
	/* RFC 6761, section 6.3: these names are the loopback, whatever a name server says. */
	if (is_localhost(host))
		return options->ipv4 ? "127.0.0.1" : options->ipv6 ? "[::1]" : "127.0.0.1,[::1]";
	remove_expired(self);
	const struct name *name = map_find(&self->by_host, host);
	return name ? name->addresses : NULL;
}

bool names_has_room(const struct names *self)
{
	return self->queued.count < NAMES_QUEUED_MAX;
}

void names_add_wait(struct names *self, struct slice host, struct name_wait *wait)
{
	struct name *name = map_find(&self->by_host, host);
	if (!name) {
		name = alloc_new(sizeof *name);
		name->owner = self;
		name->host = alloc_copy(host.data, host.len);
		name->partial_ttl_s = TTL_MAX_S;
		buf_init(&name->partial, ADDRESSES_MAX_BYTES);
		heap_add(&self->queued, &name->due, self->next_number++, name);
		map_add(&self->by_host, slice_of(name->host), name);
	}
	*wait = (struct name_wait){.name = name, .previous = name->last};
	if (name->last)
		name->last->next = wait;
	else
		name->first = wait;
	name->last = wait;
}

void names_unlink_wait(struct name_wait *wait)
{
	if (!wait->name)
		return;
	if (wait->previous)
		wait->previous->next = wait->next;
	else
		wait->name->first = wait->next;
	if (wait->next)
		wait->next->previous = wait->previous;
	else
		wait->name->last = wait->previous;
	*wait = (struct name_wait){0};
}

bool names_no_server_answers(const struct names *self)
{
	return self->has_asked && !self->has_answered;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

size_t names_poll(struct names *self, struct pollfd *fds, size_t max, int64_t *wake)
{
	struct timeval wait;
	int64_t now = clock_now_ms();
	if (self->pending_count + self->split_count && ares_timeout(self->channel, NULL, &wait))
		*wake = earlier(*wake, now + (int64_t)wait.tv_sec * 1000 + (wait.tv_usec + 999) / 1000);
	const struct heap_node *first_recent = heap_first(&self->recent);
	if (may_send(self))
		*wake = earlier(*wake, first_recent ? (int64_t)first_recent->key : now);
	const struct heap_node *first_slow = heap_first(&self->slow);
	if (first_slow)
		*wake = earlier(*wake, (int64_t)first_slow->key);
	*wake = earlier(*wake, probe_due_ms(self));
	size_t count = self->socket_count < max ? self->socket_count : max;
	memcpy(fds, self->sockets, count * sizeof *fds);
	return count;
}

void names_perform(struct names *self, const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* A socket is also broken if nothing listens on the port of the name server. */
		bool broken = fds[i].revents & (POLLERR | POLLHUP | POLLNVAL);
		bool readable = fds[i].revents & POLLIN, writable = fds[i].revents & POLLOUT;
		self->has_answered |= readable && !broken;
		if (readable || writable || broken)
			ares_process_fd(self->channel, readable || broken ? fds[i].fd : ARES_SOCKET_BAD,
			    writable ? fds[i].fd : ARES_SOCKET_BAD);
	}
	if (self->pending_count + self->split_count)
		ares_process_fd(self->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	handle_slow_names(self);
	probe_servers(self);
	send_queued_queries(self);
}
