/* The first line of the data is the base URL (an empty one: no base), the rest is the input. */
#include "base/url/parser.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode_as_utf8(const void *ctx, const char *utf8, size_t len, struct buf *out)
{
	(void)ctx;
	bool fits = buf_append(out, utf8, len);
	assert(fits);
	(void)fits;
}

static void check_same(const struct url *a, const struct url *b)
{
	assert(slice_equal(url_href(a), url_href(b)));
	assert(a->scheme_end == b->scheme_end && a->path_start == b->path_start);
	assert(a->query_start == b->query_start && a->fragment_start == b->fragment_start);
	assert(a->port == b->port && a->special == b->special);
	assert(a->opaque_path == b->opaque_path && a->has_host == b->has_host);
	if (a->has_host)
		assert(a->username_end == b->username_end && a->host_start == b->host_start &&
		       a->host_end == b->host_end);
}

static void check_result(const struct url *url)
{
	struct slice path = url_path(url);
	assert(url->href.len > 0 && url->href.len <= URL_LENGTH_MAX);
	assert(url->href.data[url->href.len] == '\0');
	for (size_t i = 0; i < url->href.len; i++) {
		char c = url->href.data[i];
		assert(c > ' ' ? c < 0x7f : c == ' ' && url->opaque_path);
	}
	assert(url->href.data[url->scheme_end - 1] == ':');
	assert(url->opaque_path || path.len == 0 || path.data[0] == '/');
	assert(!url->special || (url->has_host && path.len > 0 && !url->opaque_path));
	assert(!url->opaque_path || !url->has_host);
	assert(url->port < 65536 && url->port >= -1);
	if (url->has_host) {
		assert(memcmp(url->href.data + url->scheme_end, "//", 2) == 0);
		assert(url->username_end <= url->host_start && url->host_start <= url->host_end);
		assert(url->host_end <= url->path_start);
	}
}

/* A parsed URL parses to itself, whatever the base. */
static void check_idempotent(const struct url *url, const struct url *base)
{
	struct url again;
	url_init(&again);
	bool ok = url_parse(&again, url->href.data, url->href.len, NULL, NULL);
	assert(ok);
	check_same(url, &again);
	if (base) {
		ok = url_parse(&again, url->href.data, url->href.len, base, NULL);
		assert(ok);
		check_same(url, &again);
	}
	(void)ok;
	url_release(&again);
}

/* What is plain comes out as by the states of the parser. */
static void check_plain(const struct url *url, bool parsed, struct slice input, const struct url *base)
{
	struct url expected;
	url_init(&expected);
	bool ok = url_parse_by_states(&expected, input.data, input.len, base, NULL);
	assert(ok == parsed);
	if (ok)
		check_same(url, &expected);
	url_release(&expected);
}

/* Tabs within the input and an encoder that encodes as UTF-8 change nothing. */
static void check_variations(const struct url *url, bool parsed, struct slice input, const struct url *base)
{
	static const struct url_encoder encoder = {encode_as_utf8, NULL};
	struct url other;
	struct buf text;
	url_init(&other);
	buf_init(&text, 2 * input.len + 1);
	for (size_t i = 0; i < input.len; i++) {
		buf_append_byte(&text, input.data[i]);
		if ((unsigned char)input.data[i] < 0x80)
			buf_append_byte(&text, '\t');
	}
	bool ok = url_parse(&other, text.data ? text.data : "", text.len, base, NULL);
	assert(ok == parsed);
	if (ok)
		check_same(url, &other);
	ok = url_parse(&other, input.data, input.len, base, &encoder);
	assert(ok == parsed);
	if (ok)
		check_same(url, &other);
	buf_release(&text);
	url_release(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *newline = size ? memchr(text, '\n', size) : NULL;
	if (!newline)
		return 0;
	struct slice input = {newline + 1, size - (size_t)(newline + 1 - text)};
	struct url url, base;
	url_init(&url);
	url_init(&base);
	bool has_base = url_parse(&base, text, (size_t)(newline - text), NULL, NULL);
	const struct url *context = has_base ? &base : NULL;
	bool parsed = url_parse(&url, input.data, input.len, context, NULL);
	if (parsed) {
		check_result(&url);
		check_idempotent(&url, context);
	} else {
		assert(url.href.len == 0);
	}
	check_plain(&url, parsed, input, context);
	check_variations(&url, parsed, input, context);
	url_release(&url);
	url_release(&base);
	return 0;
}
