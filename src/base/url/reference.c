#include "base/url/parser.h"

#include "base/ascii.h"

/* Returns the offset behind the authority, or behind the scheme if there is no host. It differs from
 * path_start where "/." stands between (section 4.5), which belongs to neither part. */
static uint32_t authority_end(const struct url *url)
{
	return url->has_host ? url->path_start : url->scheme_end;
}

static void copy_scheme(struct url_parser *p)
{
	struct url *url = p->url;
	url->href.len = 0;
	url_parser_append(url, p->base->href.data, p->base->scheme_end);
	url->scheme_end = p->base->scheme_end;
	url->special = p->base->special;
}

/* Copies the scheme, credentials, host and port of the base. */
static void copy_authority(struct url_parser *p)
{
	struct url *url = p->url;
	const struct url *base = p->base;
	url->href.len = 0;
	url_parser_append(url, base->href.data, authority_end(base));
	url->scheme_end = base->scheme_end;
	url->username_end = base->username_end;
	url->host_start = base->host_start;
	url->host_end = base->host_end;
	url->port = base->port;
	url->special = base->special;
	url->has_host = base->has_host;
	url->path_start = url_parser_position(url);
}

static void copy_path(struct url_parser *p)
{
	struct slice path = url_path(p->base);
	url_parser_append(p->url, path.data, path.len);
	p->url->opaque_path = p->base->opaque_path;
}

static void copy_query(struct url_parser *p)
{
	uint32_t start = p->base->query_start;
	if (start == UINT32_MAX)
		return;
	p->url->query_start = url_parser_position(p->url);
	url_parser_append(p->url, p->base->href.data + start, url_without_fragment(p->base).len - start);
}

/* Section 4.2, "starts with a Windows drive letter". */
static bool starts_with_drive_letter(const char *at, const char *end)
{
	if (end - at < 2 || !url_path_is_drive_letter(at, 2, false))
		return false;
	return end - at == 2 || url_encode_is(at[2], URL_SLASH | URL_BACKSLASH | URL_QUESTION | URL_HASH);
}

/* The special authority ignore slashes state. */
static bool parse_after_slashes(struct url_parser *p)
{
	while (url_parser_is_slash(p, url_parser_peek(p)))
		p->next++;
	return url_authority_parse(p);
}

/* The relative slash state. */
static bool parse_relative_slash(struct url_parser *p)
{
	p->next++;
	int c = url_parser_peek(p);
	if (url_parser_is_slash(p, c)) {
		p->next++;
		return p->url->special ? parse_after_slashes(p) : url_authority_parse(p);
	}
	copy_authority(p);
	return url_path_parse(p);
}

/* The common end of the relative state and the file state. The input goes on with a query, a fragment or
 * nothing, and the path of the base is kept; or with a path, which replaces the last segment of the base's
 * path. */
static bool parse_relative_path(struct url_parser *p)
{
	int c = url_parser_peek(p);
	copy_path(p);
	if (c == '?' || c == '#' || c == URL_EOF) {
		url_path_insert_dot(p->url);
		if (c != '?')
			copy_query(p);
		return url_path_parse_query_and_fragment(p);
	}
	url_path_shorten(p->url);
	return url_path_parse(p);
}

static bool parse_relative(struct url_parser *p)
{
	copy_scheme(p);
	if (url_parser_is_slash(p, url_parser_peek(p)))
		return parse_relative_slash(p);
	copy_authority(p);
	return parse_relative_path(p);
}

static void append_file_scheme(struct url_parser *p)
{
	struct url *url = p->url;
	url->href.len = 0;
	url_parser_append(url, "file:", 5);
	url->special = true;
	url->scheme_end = url_parser_position(url);
	url_parser_append(url, "//", 2);
	url->has_host = true;
	url->username_end = url->host_start = url->host_end = url->path_start = url_parser_position(url);
}

static bool parse_file_host(struct url_parser *p)
{
	struct url *url = p->url;
	unsigned delimiters = URL_SLASH | URL_BACKSLASH | URL_QUESTION | URL_HASH;
	const char *end = p->next;
	while (end < p->end && !url_encode_is(*end, delimiters))
		end++;
	size_t len = (size_t)(end - p->next);
	if (url_path_is_drive_letter(p->next, len, false))
		return url_path_parse(p);
	if (len > 0) {
		if (!url_authority_host(p, p->next, len))
			return false;
		if (slice_equal(url_host(url), slice_of("localhost")))
			url->href.len = url->host_end = url->host_start;
	}
	return url_path_start(p);
}

static bool parse_file_slash(struct url_parser *p)
{
	const struct url *base = p->base;
	p->next++;
	if (url_parser_is_slash(p, url_parser_peek(p))) {
		p->next++;
		return parse_file_host(p);
	}
	if (base && url_is_file(base)) {
		copy_authority(p);
		struct slice base_path = url_path(base);
		bool has_drive = base_path.len >= 3 &&
		                 url_path_is_drive_letter(base_path.data + 1, 2, true) &&
		                 (base_path.len == 3 || base_path.data[3] == '/');
		if (has_drive && !starts_with_drive_letter(p->next, p->end))
			url_parser_append(p->url, base_path.data, 3);
	}
	return url_path_parse(p);
}

static bool parse_file(struct url_parser *p)
{
	append_file_scheme(p);
	if (url_parser_is_slash(p, url_parser_peek(p)))
		return parse_file_slash(p);
	if (!p->base || !url_is_file(p->base))
		return url_path_parse(p);
	copy_authority(p);
	return starts_with_drive_letter(p->next, p->end) ? url_path_parse(p) : parse_relative_path(p);
}

static bool parse_without_scheme(struct url_parser *p)
{
	if (!p->base)
		return false;
	if (!p->base->opaque_path)
		return url_is_file(p->base) ? parse_file(p) : parse_relative(p);
	if (url_parser_peek(p) != '#')
		return false;
	copy_authority(p);
	return parse_relative_path(p);
}

/* Returns the length of the scheme at the start of the input, without the ':', or 0. */
static size_t scheme_length(const struct url_parser *p)
{
	const char *at = p->next;
	if (at == p->end || !ascii_is_letter(*at))
		return 0;
	while (at < p->end && url_encode_is(*at, URL_SCHEME_CHARACTER))
		at++;
	return at < p->end && *at == ':' ? (size_t)(at - p->next) : 0;
}

/* Consumes a scheme of len bytes and the ':' behind it. */
static void parse_scheme(struct url_parser *p, size_t len)
{
	struct url *url = p->url;
	char *to = url->href.data + url->href.len;
	for (size_t i = 0; i <= len; i++)
		to[i] = ascii_lower(p->next[i]);
	url->href.len += len + 1;
	p->next += len + 1;
	url->scheme_end = url_parser_position(url);
	url->special = url_special_scheme(url_scheme(url)) != NULL;
	url->path_start = url_parser_position(url);
}

bool url_reference_parse(struct url_parser *p)
{
	struct url *url = p->url;
	size_t len = scheme_length(p);
	if (len == 0)
		return parse_without_scheme(p);
	parse_scheme(p, len);
	if (url_is_file(url))
		return parse_file(p);
	if (url->special) {
		bool authority_follows = p->end - p->next >= 2 && p->next[0] == '/' && p->next[1] == '/';
		if (!authority_follows && p->base && slice_equal(url_scheme(p->base), url_scheme(url)))
			return parse_relative(p);
		return parse_after_slashes(p);
	}
	if (url_parser_peek(p) != '/')
		return url_path_opaque(p);
	p->next++;
	if (url_parser_peek(p) != '/')
		return url_path_parse(p);
	p->next++;
	return url_authority_parse(p);
}
