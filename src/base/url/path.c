#include "base/url/parser.h"

#include "base/ascii.h"

/* The limit of what an encoder makes of one byte of UTF-8. The longest results are far below it:
 * "%26%231114111%3B" for the four bytes of U+10FFFF, and the escape sequences of ISO-2022-JP. */
enum { URL_ENCODED_MAX = 16 };

static bool parse_query(struct url_parser *p);
static void parse_fragment(struct url_parser *p);

bool url_path_is_drive_letter(const char *text, size_t len, bool is_normalized)
{
	return len == 2 && ascii_is_letter(text[0]) && (text[1] == ':' || (text[1] == '|' && !is_normalized));
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

void url_path_insert_dot(struct url *url)
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

bool url_path_parse_query_and_fragment(struct url_parser *p)
{
	if (url_parser_peek(p) == '?' && !parse_query(p))
		return false;
	if (url_parser_peek(p) == '#')
		parse_fragment(p);
	return true;
}

/* Returns 1 for a single-dot URL path segment, 2 for a double-dot one (section 4.1), and 0 for any other. */
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
	unsigned delimiters = URL_SLASH | URL_QUESTION | URL_HASH | (url->special ? URL_BACKSLASH : 0);
	for (;;) {
		size_t start = url->href.len;
		url_parser_append_byte(url, '/');
		url_parser_encode(p, URL_SET_PATH, delimiters);
		char *segment = url->href.data + start + 1;
		size_t len = url->href.len - start - 1;
		bool is_followed = url_parser_is_slash(p, url_parser_peek(p));
		int dots = count_dots(segment, len);
		if (dots > 0) {
			url->href.len = start;
			if (dots == 2)
				url_path_shorten(url);
			if (!is_followed)
				url_parser_append_byte(url, '/');
		} else if (start == url->path_start && url_path_is_drive_letter(segment, len, false) &&
		           url_is_file(url)) {
			segment[1] = ':';
		}
		if (!is_followed)
			break;
		p->next++;
	}
	url_path_insert_dot(url);
	return url_path_parse_query_and_fragment(p);
}

bool url_path_start(struct url_parser *p)
{
	p->url->path_start = url_parser_position(p->url);
	int c = url_parser_peek(p);
	if (url_parser_is_slash(p, c))
		p->next++;
	else if (!p->url->special && (c == '?' || c == '#' || c == URL_EOF))
		return url_path_parse_query_and_fragment(p);
	return url_path_parse(p);
}

bool url_path_opaque(struct url_parser *p)
{
	struct url *url = p->url;
	url->opaque_path = true;
	url->path_start = url_parser_position(url);
	p->next = url_encode_until(&url->href, p->next, p->end, URL_SET_C0, URL_QUESTION | URL_HASH);
	if (p->next < p->end && url->href.data[url->href.len - 1] == ' ') {
		url->href.len--;
		url_parser_append(url, "%20", 3);
	}
	return url_path_parse_query_and_fragment(p);
}

/* True if the query, which ends at end, is to be encoded in the encoding of the page: if it has a non-ASCII
 * character, and the scheme is special but neither "ws" nor "wss" (query state). */
static bool needs_encoder(const struct url_parser *p, const char *end)
{
	if (!p->encoder || !p->url->special || url_scheme(p->url).data[0] == 'w')
		return false;
	for (const char *at = p->next; at < end; at++)
		if ((unsigned char)*at >= 0x80)
			return true;
	return false;
}

/* Converts text[0..len) to the encoding of the page, percent-encodes the result and appends it. */
static bool append_encoded_query(struct url_parser *p, const char *text, size_t len)
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

static bool parse_query(struct url_parser *p)
{
	struct url *url = p->url;
	url->query_start = url_parser_position(url);
	url_parser_append_byte(url, '?');
	p->next++;
	const char *end = p->encoder ? memchr(p->next, '#', (size_t)(p->end - p->next)) : NULL;
	if (!end)
		end = p->end;
	if (needs_encoder(p, end)) {
		const char *text = p->next;
		p->next = end;
		return append_encoded_query(p, text, (size_t)(end - text));
	}
	unsigned set = url->special ? URL_SET_SPECIAL_QUERY : URL_SET_QUERY;
	url_parser_encode(p, set, URL_HASH);
	return true;
}

static void parse_fragment(struct url_parser *p)
{
	struct url *url = p->url;
	url->fragment_start = url_parser_position(url);
	url_parser_append_byte(url, '#');
	p->next++;
	url_parser_encode(p, URL_SET_FRAGMENT, 0);
}
