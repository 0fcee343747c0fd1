#include "fetch/names.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/map.h"

/* ares.h needs it before. */
#include <sys/select.h>

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* An answer is used as long as its time to live says, within these limits. */
enum { KEPT_AT_LEAST_S = 10, KEPT_AT_MOST_S = 60 };

/* A lost packet is noticed well within the time for a connection. */
enum { FIRST_TIMEOUT_MS = 2000, TRIES = 3 };

/* So long without an answer the servers themselves are doubted. */
enum { NAMES_SILENCE_MS = 200 };

/* c-ares opens few sockets: one for each name server, and for long answers by TCP. */
enum { SOCKETS_MAX = 64 };

enum { ADDRESSES_MAX_BYTES = 64 * 1024 };

/* A name is queued, asked, and known until its addresses expire; it is forgotten where the question fails. */
struct name {
	struct names *owner;
	char *host;
	struct name_wait *first, *last; /* those who wait for it, in order */
	char *addresses;                /* NULL: not known yet */
	int64_t asked_ms;
	struct heap_node due; /* queued: in their order; asked: when it is young no more; known: by expiry */
};

struct names {
	const struct settings *settings;
	names_answer_fn answer;
	void *ctx;
	ares_channel channel; /* NULL: not started yet */
	bool asked, answered; /* any name server, ever */
	int64_t heard_ms;     /* the last answer, or the first question */
	int64_t probed_ms;    /* a question for what a server surely knows; 0: none is open */
	int64_t answer_ms;    /* what an answer takes, on average; 0: there was none */
	struct map by_host;   /* struct name */
	struct heap queued;
	struct heap young;
	struct heap known;
	uint64_t numbers;
	struct pollfd sockets[SOCKETS_MAX];
	size_t socket_count;
	size_t open; /* questions without an answer yet */
};

/* Which sockets c-ares wants to be called for. */
static void on_socket(void *ctx, ares_socket_t socket, int readable, int writable)
{
	struct names *self = ctx;
	short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	size_t at = 0;
	while (at < self->socket_count && self->sockets[at].fd != socket)
		at++;
	if (at == SOCKETS_MAX)
		return;
	if (at == self->socket_count)
		self->socket_count++;
	self->sockets[at] = (struct pollfd){.fd = socket, .events = events};
	if (!events)
		self->sockets[at] = self->sockets[--self->socket_count];
}

static enum status start(struct names *self)
{
	struct ares_options options = {.timeout = FIRST_TIMEOUT_MS,
	    .tries = TRIES,
	    .sock_state_cb = on_socket,
	    .sock_state_cb_data = self};
	int code = ares_library_init(ARES_LIB_INIT_ALL);
	if (code == ARES_SUCCESS)
		code = ares_init_options(
		    &self->channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
	if (code != ARES_SUCCESS) {
		log_error("c-ares cannot be started: %s", ares_strerror(code));
		return STATUS_LIBRARY;
	}
	const char *servers = self->settings->options->dns_servers;
	code = servers ? ares_set_servers_ports_csv(self->channel, servers) : ARES_SUCCESS;
	if (code != ARES_SUCCESS || (servers && !*servers)) {
		log_error("--dns-servers: \"%s\" is not a list of addresses such as 192.0.2.1,192.0.2.2:5353",
		    servers);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

enum status names_new(
    struct names **names, const struct settings *settings, names_answer_fn answer, void *ctx)
{
	struct names *self = alloc_new(sizeof *self);
	self->settings = settings;
	self->answer = answer;
	self->ctx = ctx;
	/* Else it is started, with the system's, by the first question: many lists hold addresses alone. */
	enum status status = settings->options->dns_servers ? start(self) : STATUS_OK;
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
	free(name->host);
	free(name->addresses);
	free(name);
}

static void forget(struct names *self, struct name *name)
{
	map_remove(&self->by_host, slice_of(name->host));
	name_free(name);
}

void names_free(struct names *self)
{
	if (!self)
		return;
	/* It answers every open question with ARES_EDESTRUCTION. */
	if (self->channel) {
		ares_destroy(self->channel);
		ares_library_cleanup();
	}
	struct name *name;
	for (size_t at = 0; (name = map_next(&self->by_host, &at));)
		name_free(name);
	map_release(&self->by_host);
	heap_release(&self->queued);
	heap_release(&self->young);
	heap_release(&self->known);
	free(self);
}

struct slice names_host(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	return (struct slice){host, len};
}

struct slice names_port(const char *url)
{
	struct slice host = names_host(url);
	const char *behind = host.data + host.len;
	if (*behind == ':')
		return (struct slice){behind + 1, strcspn(behind + 1, "/?#")};
	return slice_of(strncmp(url, "https:", 6) == 0 ? "443" : "80");
}

static bool ends_with(struct slice host, const char *end)
{
	size_t len = strlen(end);
	return host.len >= len && strncasecmp(host.data + host.len - len, end, len) == 0;
}

bool names_are_address(struct slice host)
{
	/* In its normal form a host that ends in a number is an IPv4 address (WHATWG URL, section 3.5). */
	return host.data[0] == '[' || strspn(host.data, "0123456789.") >= host.len;
}

bool names_are_asked(const struct names *self, struct slice host)
{
	return !self->settings->proxied && !names_are_address(host) &&
	       !slice_equal(host, slice_of("localhost")) && !ends_with(host, ".localhost") &&
	       !ends_with(host, ".local");
}

static void give_out(struct name *name, const struct name_answer *answer)
{
	struct names *self = name->owner;
	for (struct name_wait *wait; (wait = name->first);) {
		names_leave(wait);
		self->answer(self->ctx, wait, answer);
	}
}

static void fail(struct name *name, int code)
{
	static const struct name_answer no_such_name = {
	    NULL, STAGE_RESOLVE, CAUSE_NAME_NOT_FOUND, "name lookup failed: no such name"};
	static const struct name_answer no_address = {
	    NULL, STAGE_RESOLVE, CAUSE_NAME_NOT_FOUND, "name lookup failed: the name has no address"};
	static const struct name_answer bad_name = {NULL, STAGE_RESOLVE, CAUSE_NAME_NOT_FOUND,
	    "name lookup failed: not a name that can be looked up"};
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
	else if (!name->owner->answered)
		answer = &no_server;
	else if (code == ARES_ETIMEOUT)
		answer = &no_reply;
	give_out(name, answer);
	forget(name->owner, name);
}

/* In the form that libcurl reads them in. Their least time to live in *seconds. */
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

static void know(struct name *name, const struct ares_addrinfo *result)
{
	struct names *self = name->owner;
	struct buf addresses;
	int seconds = KEPT_AT_MOST_S;
	buf_init(&addresses, ADDRESSES_MAX_BYTES);
	append_addresses(&addresses, result, &seconds);
	if (addresses.len == 0) {
		buf_release(&addresses);
		fail(name, ARES_ENODATA);
		return;
	}
	if (seconds < KEPT_AT_LEAST_S)
		seconds = KEPT_AT_LEAST_S;
	name->addresses = addresses.data;
	heap_remove(&name->due);
	heap_put(&self->known, &name->due, (uint64_t)(clock_now_ms() + (int64_t)seconds * 1000), name);
	give_out(name, &(struct name_answer){.addresses = name->addresses, .stage = STAGE_RESOLVE});
}

/* A moving average, so that it follows the network. */
static void note_answer(struct names *self, int64_t asked_ms)
{
	int64_t ms = clock_now_ms() - asked_ms;
	self->heard_ms = clock_now_ms();
	self->answer_ms = self->answer_ms ? (7 * self->answer_ms + ms + 7) / 8 : ms + 1;
}

static void on_result(void *ctx, int code, int timeouts, struct ares_addrinfo *result)
{
	struct name *name = ctx;
	struct names *self = name->owner;
	(void)timeouts;
	if (code == ARES_EDESTRUCTION)
		return;
	self->open--;
	if (code == ARES_SUCCESS)
		note_answer(self, name->asked_ms);
	if (code == ARES_ENOMEM)
		alloc_fail();
	if (code == ARES_SUCCESS)
		know(name, result);
	else
		fail(name, code);
	if (result)
		ares_freeaddrinfo(result);
}

static int64_t young_ms(const struct names *self)
{
	if (!self->answer_ms)
		return NAMES_YOUNG_FIRST_MS;
	int64_t twice = 2 * self->answer_ms;
	return twice < NAMES_YOUNG_LEAST_MS  ? NAMES_YOUNG_LEAST_MS
	       : twice > NAMES_YOUNG_MOST_MS ? NAMES_YOUNG_MOST_MS
	                                     : twice;
}

static void ask(struct names *self, struct name *name)
{
	struct ares_addrinfo_hints hints = {.ai_family = self->settings->options->ipv4   ? AF_INET
	                                                 : self->settings->options->ipv6 ? AF_INET6
	                                                                                 : AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM};
	name->asked_ms = clock_now_ms();
	if (!self->open)
		self->heard_ms = name->asked_ms;
	self->asked = true;
	heap_remove(&name->due);
	heap_put(&self->young, &name->due, (uint64_t)(name->asked_ms + young_ms(self)), name);
	if (!self->channel && start(self) != STATUS_OK) {
		fail(name, ARES_ENOTINITIALIZED);
		return;
	}
	self->open++;
	ares_getaddrinfo(self->channel, name->host, NULL, &hints, on_result, name);
}

static void on_probe(void *ctx, int code, int timeouts, unsigned char *answer, int len)
{
	struct names *self = ctx;
	(void)timeouts, (void)answer, (void)len;
	if (code == ARES_EDESTRUCTION)
		return;
	if (code != ARES_ETIMEOUT && code != ARES_ECONNREFUSED)
		note_answer(self, self->probed_ms);
	/* The next one not before another silence. */
	self->heard_ms = clock_now_ms();
	self->probed_ms = 0;
	self->open--;
}

static int64_t probe_due(const struct names *self)
{
	return self->open && !self->probed_ms ? self->heard_ms + NAMES_SILENCE_MS : CLOCK_NEVER;
}

/* Where names get no answer it may be the names, or a server that is overloaded or dead. What it says of the
 * root, if only that it will not say it, and how soon, tells. */
static void probe(struct names *self)
{
	enum { CLASS_IN = 1, TYPE_NS = 2 };
	int64_t now = clock_now_ms();
	if (!self->channel || probe_due(self) > now)
		return;
	self->probed_ms = now;
	self->open++;
	ares_query(self->channel, ".", CLASS_IN, TYPE_NS, on_probe, self);
}

static bool may_ask(const struct names *self)
{
	return self->queued.count > 0 && self->open < NAMES_OPEN;
}

/* Asks as many of the queued as the leash allows. */
static void ask_queued(struct names *self)
{
	int64_t now = clock_now_ms();
	for (struct heap_node *node; (node = heap_first(&self->young)) && (int64_t)node->key <= now;)
		heap_remove(node);
	while (self->young.count < NAMES_YOUNG && may_ask(self))
		ask(self, heap_first(&self->queued)->thing);
}

static void forget_expired(struct names *self)
{
	int64_t now = clock_now_ms();
	for (struct heap_node *node; (node = heap_first(&self->known)) && (int64_t)node->key <= now;)
		forget(self, node->thing);
}

const char *names_find(struct names *self, struct slice host)
{
	forget_expired(self);
	const struct name *name = map_find(&self->by_host, host);
	return name ? name->addresses : NULL;
}

bool names_have_room(const struct names *self)
{
	return self->queued.count < NAMES_QUEUED;
}

void names_wait(struct names *self, struct slice host, struct name_wait *wait)
{
	struct name *name = map_find(&self->by_host, host);
	if (!name) {
		name = alloc_new(sizeof *name);
		name->owner = self;
		name->host = alloc_copy(host.data, host.len);
		heap_put(&self->queued, &name->due, self->numbers++, name);
		map_add(&self->by_host, slice_of(name->host), name);
	}
	*wait = (struct name_wait){.name = name, .previous = name->last};
	if (name->last)
		name->last->next = wait;
	else
		name->first = wait;
	name->last = wait;
}

void names_leave(struct name_wait *wait)
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
	return self->asked && !self->answered;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

size_t names_poll(struct names *self, struct pollfd *fds, size_t max, int64_t *wake)
{
	struct timeval wait;
	int64_t now = clock_now_ms();
	if (self->open && ares_timeout(self->channel, NULL, &wait))
		*wake = earlier(*wake, now + (int64_t)wait.tv_sec * 1000 + (wait.tv_usec + 999) / 1000);
	const struct heap_node *young = heap_first(&self->young);
	if (may_ask(self))
		*wake = earlier(*wake, young ? (int64_t)young->key : now);
	*wake = earlier(*wake, probe_due(self));
	size_t count = self->socket_count < max ? self->socket_count : max;
	memcpy(fds, self->sockets, count * sizeof *fds);
	return count;
}

void names_perform(struct names *self, const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* Such as a port that nobody listens at. */
		bool broken = fds[i].revents & (POLLERR | POLLHUP | POLLNVAL);
		bool readable = fds[i].revents & POLLIN, writable = fds[i].revents & POLLOUT;
		self->answered |= readable && !broken;
		if (readable || writable || broken)
			ares_process_fd(self->channel, readable || broken ? fds[i].fd : ARES_SOCKET_BAD,
			    writable ? fds[i].fd : ARES_SOCKET_BAD);
	}
	if (self->open)
		ares_process_fd(self->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	probe(self);
	ask_queued(self);
}
