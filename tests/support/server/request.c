#include "request.h"

#include "base/alloc.h"
#include "text.h"

#include <stdlib.h>
#include <strings.h>

/* The length of the head with its empty line, 0 where it has not ended yet. */
static size_t head_length(const char *bytes, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (bytes[i] != '\n')
			continue;
		if (bytes[i + 1] == '\n')
			return i + 2;
		if (bytes[i + 1] == '\r' && i + 2 < len && bytes[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static struct slice take_until(struct slice *rest, char stop)
{
	const char *end = memchr(rest->data, stop, rest->len);
	struct slice taken = {rest->data, end ? (size_t)(end - rest->data) : rest->len};
	size_t used = taken.len + (end ? 1 : 0);
	*rest = (struct slice){rest->data + used, rest->len - used};
	return taken;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct slice trimmed(struct slice text)
{
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	while (text.len > 0 && is_blank(*text.data)) {
		text.data++;
		text.len--;
	}
	return text;
}

static void split_target(struct request *self)
{
	struct slice rest = self->target;
	if (rest.len > 7 && strncasecmp(rest.data, "http://", 7) == 0) {
		rest = (struct slice){rest.data + 7, rest.len - 7};
		size_t authority = 0;
		while (authority < rest.len && rest.data[authority] != '/' && rest.data[authority] != '?')
			authority++;
		rest = (struct slice){rest.data + authority, rest.len - authority};
	}
	bool has_query = rest.len > 0 && memchr(rest.data, '?', rest.len);
	self->path = take_until(&rest, '?');
	self->query = has_query ? rest : (struct slice){NULL, 0};
}

static bool read_header(struct request *self, struct slice line)
{
	if (self->header_count == REQUEST_HEADERS_MAX || !memchr(line.data, ':', line.len))
		return false;
	struct slice name = take_until(&line, ':');
	struct slice value = trimmed(line);
	self->headers[self->header_count++] = (struct request_header){name, value};
	if (text_equal_nocase(name, "Host"))
		self->host = value;
	else if (text_equal_nocase(name, "Content-Length"))
		return text_number(value, &self->body_len);
	else if (text_equal_nocase(name, "Transfer-Encoding"))
		return false;
	else if (text_equal_nocase(name, "Connection") && text_equal_nocase(value, "close"))
		self->keep_alive = false;
	else if (text_equal_nocase(name, "Connection") && text_equal_nocase(value, "keep-alive"))
		self->keep_alive = true;
	return true;
}

static bool read_head(struct request *self)
{
	struct slice rest = self->head;
	struct slice line = trimmed(take_until(&rest, '\n'));
	self->method = take_until(&line, ' ');
	self->target = take_until(&line, ' ');
	if (self->method.len == 0 || self->target.len == 0 || line.len != 8 ||
	    memcmp(line.data, "HTTP/1.", 7) != 0)
		return false;
	self->keep_alive = line.data[7] != '0';
	split_target(self);
	while (rest.len > 0) {
		line = trimmed(take_until(&rest, '\n'));
		if (line.len > 0 && !read_header(self, line))
			return false;
	}
	return true;
}

enum request_state request_parse(struct request *self, const char *bytes, size_t len)
{
	size_t head = head_length(bytes, len);
	if (head == 0)
		return len > REQUEST_HEAD_MAX ? REQUEST_BAD : REQUEST_MORE;
	*self = (struct request){.bytes = alloc_copy(bytes, head)};
	self->head = (struct slice){self->bytes, head};
	self->host = (struct slice){self->bytes, 0};
	if (read_head(self))
		return REQUEST_READY;
	request_release(self);
	return REQUEST_BAD;
}

void request_release(struct request *self)
{
	free(self->bytes);
	self->bytes = NULL;
}

bool request_query_next(struct slice *rest, struct slice *name, struct slice *value)
{
	while (rest->len > 0) {
		struct slice pair = take_until(rest, '&');
		if (pair.len == 0)
			continue;
		*name = take_until(&pair, '=');
		*value = pair;
		return true;
	}
	return false;
}

struct slice request_query_get(const struct request *self, const char *name)
{
	struct slice rest = self->query, key, value;
	while (request_query_next(&rest, &key, &value))
		if (slice_equal(key, slice_of(name)))
			return value;
	return (struct slice){NULL, 0};
}
