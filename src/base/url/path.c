#include "base/url/parser.h"

/* An encoder makes of one byte of UTF-8 at most this many: "%26%231114111%3B" of the four of U+10FFFF, and
 * the escape sequences of ISO-2022-JP, are far below. */
enum { URL_ENCODED_MAX = 16 };

static bool query(struct url_parser *p);
static void fragment(struct url_parser *p);

bool url_path_is_drive_letter(const char *text, size_t len, bool normalized)
{
	return len == 2 && url_parser_is_alpha(text[0]) &&
	       (text[1] == ':' || (text[1] == '|' && !normalized));
}

void url_path_shorten(struct url *url)
{
	const char *path = url->href.data + url->path_start;
	size_t len = url->href.len - url->path_start;
	if (len == 3 && url_path_is_drive_letter(path + 1, 2, true) && url_is_file(url))
		return;
	while (len > 0 && path[--len] != '/')
		continue;
	url->href.len = url->path_start + len;
}

void url_path_guard(struct url *url)
{
	size_t len = url->href.len - url->path_start;
	char *path = url->href.data + url->path_start;
	if (url->has_host || url->opaque_path || len < 2 || path[0] != '/' || path[1] != '/')
		return;
	memmove(path + 2, path, len);
	memcpy(path, "/.", 2);
	url->href.len += 2;
	url->path_start += 2;
}

bool url_path_after(struct url_parser *p)
{
	if (url_parser_peek(p) == '?' && !query(p))
		return false;
	if (url_parser_peek(p) == '#')
		fragment(p);
	return true;
}

/* 0, or how many dots the segment stands for: 1 or 2 (section 4.1, "single-dot URL path segment"). */
static int count_dots(const char *segment, size_t len)
{
	int dots = 0;
	while (len > 0 && dots < 3) {
		size_t step = 1;
		if (segment[0] == '%' && len >= 3 && segment[1] == '2' &&
		    (segment[2] == 'e' || segment[2] == 'E'))
			step = 3;
		else if (segment[0] != '.')
			return 0;
		segment += step;
		len -= step;
		dots++;
	}
	return dots < 3 ? dots : 0;
}

bool url_path_parse(struct url_parser *p)
{
	struct url *url = p->url;
	unsigned stop = URL_SLASH | URL_QUESTION | URL_HASH | (url->special ? URL_BACKSLASH : 0);
	for (;;) {
		size_t start = url->href.len;
		url_parser_put_byte(url, '/');
		url_parser_encode(p, URL_SET_PATH, stop);
		char *segment = url->href.data + start + 1;
		size_t len = url->href.len - start - 1;
		bool more = url_parser_is_slash(p, url_parser_peek(p));
		int dots = count_dots(segment, len);
		if (dots > 0) {
			url->href.len = start;
			if (dots == 2)
				url_path_shorten(url);
			if (!more)
				url_parser_put_byte(url, '/');
		} else if (start == url->path_start && url_path_is_drive_letter(segment, len, false) &&
		           url_is_file(url)) {
			segment[1] = ':';
		}
		if (!more)
			break;
		p->at++;
	}
	url_path_guard(url);
	return url_path_after(p);
}

bool url_path_start(struct url_parser *p)
{
	p->url->path_start = url_parser_position(p->url);
	int c = url_parser_peek(p);
	if (url_parser_is_slash(p, c))
		p->at++;
	else if (!p->url->special && (c == '?' || c == '#' || c == URL_NOWHERE))
		return url_path_after(p);
	return url_path_parse(p);
}

bool url_path_opaque(struct url_parser *p)
{
	struct url *url = p->url;
	url->opaque_path = true;
	url->path_start = url_parser_position(url);
	p->at = url_encode_until(&url->href, p->at, p->end, URL_SET_C0, URL_QUESTION | URL_HASH);
	if (p->at < p->end && url->href.data[url->href.len - 1] == ' ') {
		url->href.len--;
		url_parser_put(url, "%20", 3);
	}
	return url_path_after(p);
}

static bool is_encodable(const struct url_parser *p, const char *end)
{
	if (!p->encoder || !p->url->special || url_scheme(p->url).data[0] == 'w')
		return false;
	for (const char *at = p->at; at < end; at++)
		if ((unsigned char)*at >= 0x80)
			return true;
	return false;
}

/* Percent-encodes text[0..len) in the page's encoding. */
static bool put_encoded_query(struct url_parser *p, const char *text, size_t len)
{
	struct buf *href = &p->url->href;
	struct buf bytes;
	assert(p->encoder);
	buf_init(&bytes, len * URL_ENCODED_MAX);
	p->encoder->encode(p->encoder->ctx, text, len, &bytes);
	bool fits = bytes.len <= URL_LENGTH_MAX && buf_reserve(href, 3 * bytes.len);
	if (fits && bytes.len)
		url_encode_until(href, bytes.data, bytes.data + bytes.len, URL_SET_SPECIAL_QUERY, 0);
	buf_release(&bytes);
	return fits && url_parser_reserve(p);
}

static bool query(struct url_parser *p)
{
	struct url *url = p->url;
	url->query_start = url_parser_position(url);
	url_parser_put_byte(url, '?');
	p->at++;
	const char *end = p->encoder ? memchr(p->at, '#', (size_t)(p->end - p->at)) : NULL;
	if (!end)
		end = p->end;
	if (is_encodable(p, end)) {
		const char *text = p->at;
		p->at = end;
		return put_encoded_query(p, text, (size_t)(end - text));
	}
	unsigned set = url->special ? URL_SET_SPECIAL_QUERY : URL_SET_QUERY;
	url_parser_encode(p, set, URL_HASH);
	return true;
}

static void fragment(struct url_parser *p)
{
	struct url *url = p->url;
	url->fragment_start = url_parser_position(url);
	url_parser_put_byte(url, '#');
	p->at++;
	url_parser_encode(p, URL_SET_FRAGMENT, 0);
}
