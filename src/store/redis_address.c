#include "store/redis_address.h"

#include "base/alloc.h"
#include "base/slice.h"
#include "base/url/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char scheme_tcp[] = "redis://", scheme_tls[] = "rediss://", scheme_unix[] = "redis+unix://";

/* More databases than any server has; Redis itself refuses those that it does not have. */
enum { DATABASE_MAX = 1000000 };

static bool skip_prefix(const char **text, const char *prefix)
{
	size_t len = strlen(prefix);
	if (strncmp(*text, prefix, len) != 0)
		return false;
	*text += len;
	return true;
}

bool redis_address_is_meant(const char *text)
{
	return skip_prefix(&text, scheme_tcp) || skip_prefix(&text, scheme_tls) ||
	       skip_prefix(&text, scheme_unix);
}

/* Writes the message. The text is not shown, since it may have a password. */
static bool refuse(struct buf *problem, const char *what)
{
	buf_append_text(problem, what);
	buf_append_text(problem, "; it is redis://[USER:PASSWORD@]HOST[:PORT][/DB]/NAME, or "
	                         "redis+unix://[USER:PASSWORD@]/SOCKET[?db=DB]#NAME");
	return false;
}

/* Returns a copy of the text, percent-decoded; NULL if it has a NUL. */
static char *decode(struct slice text)
{
	struct buf decoded;
	buf_init(&decoded, SIZE_MAX / 2);
	buf_append(&decoded, "", 0);
	url_append_decoded(&decoded, text);
	if (memchr(decoded.data, '\0', decoded.len))
		buf_release(&decoded);
	return decoded.data;
}

/* Reads a decimal number of at most max; -1 if it is none. */
static int parse_number(struct slice text, int max)
{
	int number = 0;
	if (text.len == 0 || text.len > 7)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		number = number * 10 + (text.data[i] - '0');
	}
	return number <= max ? number : -1;
}

static bool parse_name(struct redis_address *self, struct slice name, struct buf *problem)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	if (name.len == 0)
		return refuse(problem, "the address in Redis lacks the name of the crawl at its end");
	if (name.len > REDIS_NAME_MAX)
		return refuse(problem, "the name of the crawl in Redis has more than 64 characters");
	memcpy(self->name, name.data, name.len);
	self->name[name.len] = '\0';
	if (strspn(self->name, allowed) != name.len)
		return refuse(
		    problem, "the name of the crawl in Redis may have only letters, digits and . _ -");
	return true;
}

static bool parse_database(struct redis_address *self, struct slice text, struct buf *problem)
{
	self->database = parse_number(text, DATABASE_MAX);
	return self->database >= 0 || refuse(problem, "the database in Redis is not a number");
}

/* Takes "USER:PASSWORD@" from the front of the authority. */
static bool parse_user(struct redis_address *self, struct slice *authority, struct buf *problem)
{
	size_t at = authority->len;
	while (at > 0 && authority->data[at - 1] != '@')
		at--;
	if (at == 0)
		return true;
	const char *colon = memchr(authority->data, ':', at - 1);
	if (!colon)
		return refuse(problem,
		    "the address in Redis has a user without a password, or the other way round; a "
		    "password alone is written :PASSWORD@");
	size_t user_len = (size_t)(colon - authority->data);
	self->password = decode((struct slice){colon + 1, at - 1 - user_len - 1});
	if (user_len > 0)
		self->user = decode((struct slice){authority->data, user_len});
	slice_skip(authority, at);
	if (!self->password || (user_len > 0 && !self->user))
		return refuse(problem, "the user or the password of Redis has a NUL");
	return true;
}

static bool parse_host(struct redis_address *self, struct slice authority, struct buf *problem)
{
	size_t len;
	bool is_bracketed = authority.len > 0 && authority.data[0] == '[';
	if (is_bracketed) {
		const char *end = memchr(authority.data, ']', authority.len);
		if (!end)
			return refuse(problem, "the IPv6 address of Redis has no ] at its end");
		len = (size_t)(end - authority.data) + 1;
		self->host = alloc_copy(authority.data + 1, len - 2);
	} else {
		const char *colon = memchr(authority.data, ':', authority.len);
		len = colon ? (size_t)(colon - authority.data) : authority.len;
		self->host = alloc_copy(authority.data, len);
	}
	if (!*self->host || strlen(self->host) != len - (is_bracketed ? 2 : 0))
		return refuse(problem, "the address in Redis has no host");
	slice_skip(&authority, len);
	self->port = REDIS_PORT_DEFAULT;
	if (authority.len > 0) {
		self->port = authority.data[0] == ':'
		                 ? parse_number((struct slice){authority.data + 1, authority.len - 1}, 65535)
		                 : -1;
		if (self->port <= 0)
			return refuse(problem, "the port of Redis is not a number from 1 to 65535");
	}
	size_t room = strlen(self->host) + 16;
	self->label = alloc_new(room);
	snprintf(self->label, room, is_bracketed ? "[%s]:%d" : "%s:%d", self->host, self->port);
	return true;
}

static bool parse_tcp(struct redis_address *self, const char *text, struct buf *problem)
{
	/* A password may have a slash that is not percent-encoded, so the authority ends behind the last @.
	 */
	const char *after_user = strrchr(text, '@');
	size_t len = (size_t)((after_user ? after_user : text) - text);
	len += strcspn(text + len, "/");
	struct slice authority = {text, len};
	if (!parse_user(self, &authority, problem) || !parse_host(self, authority, problem))
		return false;
	const char *path = text + len;
	path += *path == '/';
	const char *slash = strchr(path, '/');
	if (slash && !parse_database(self, (struct slice){path, (size_t)(slash - path)}, problem))
		return false;
	return parse_name(self, slice_of(slash ? slash + 1 : path), problem);
}

static bool parse_unix(struct redis_address *self, const char *text, struct buf *problem)
{
	const char *path = strchr(text, '@');
	struct slice authority = {text, path ? (size_t)(path - text) + 1 : 0};
	if (!parse_user(self, &authority, problem))
		return false;
	path = path ? path + 1 : text;
	if (*path != '/')
		return refuse(problem, "the socket of Redis needs an absolute path");
	size_t path_len = strcspn(path, "?#");
	const char *hash = strchr(path, '#'), *query = path + path_len;
	self->socket = decode((struct slice){path, path_len});
	if (!self->socket)
		return refuse(problem, "the path of the socket of Redis has a NUL");
	self->label = alloc_copy(self->socket, strlen(self->socket));
	if (!hash)
		return refuse(problem, "the address in Redis lacks #NAME, the name of the crawl, at its end");
	if (*query == '?') {
		const char *value = query + 1;
		if (!skip_prefix(&value, "db="))
			return refuse(problem, "a socket of Redis can have no other parameter than db");
		if (!parse_database(self, (struct slice){value, (size_t)(hash - value)}, problem))
			return false;
	}
	return parse_name(self, slice_of(hash + 1), problem);
}

bool redis_address_parse(struct redis_address *self, const char *text, struct buf *problem)
{
	bool parsed;
	*self = (struct redis_address){0};
	if (skip_prefix(&text, scheme_tls)) {
		buf_append_text(problem,
		    "rediss://: this areq has no TLS for Redis; use redis:// through a tunnel of "
		    "stunnel or ssh, or in a network that is private");
		return false;
	}
	if (skip_prefix(&text, scheme_unix))
		parsed = parse_unix(self, text, problem);
	else if (skip_prefix(&text, scheme_tcp))
		parsed = parse_tcp(self, text, problem);
	else
		parsed = refuse(problem, "this is no address in Redis");
	if (!parsed)
		redis_address_release(self);
	return parsed;
}

void redis_address_release(struct redis_address *self)
{
	free(self->host);
	free(self->socket);
	free(self->user);
	free(self->password);
	free(self->label);
	*self = (struct redis_address){0};
}

const char *redis_address_resolve(struct redis_address *self)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	self->numeric_count = 0;
	if (!self->host)
		return NULL;
	int error = getaddrinfo(self->host, NULL, &hints, &list);
	if (error)
		return gai_strerror(error);
	for (const struct addrinfo *item = list; item; item = item->ai_next) {
		if (self->numeric_count < REDIS_ADDRESSES_MAX &&
		    getnameinfo(item->ai_addr, item->ai_addrlen, self->numeric[self->numeric_count],
		        sizeof *self->numeric, NULL, 0, NI_NUMERICHOST) == 0)
			self->numeric_count++;
	}
	freeaddrinfo(list);
	return self->numeric_count > 0 ? NULL : "it has no address";
}
