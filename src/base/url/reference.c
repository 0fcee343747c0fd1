#include "base/url/parser.h"

/* Where the path of a URL starts in what comes before it: "/." may stand between, and is no part of
 * either (section 4.5). */
static uint32_t authority_end(const struct url *url)
{
	return url->has_host ? url->path_start : url->scheme_end;
}

static void take_scheme(struct url_parser *p)
{
	struct url *url = p->url;
	url->href.len = 0;
	url_parser_put(url, p->base->href.data, p->base->scheme_end);
	url->scheme_end = p->base->scheme_end;
	url->special = p->base->special;
}

/* Takes the scheme, credentials, host and port of the base. */
static void take_authority(struct url_parser *p)
{
	struct url *url = p->url;
	const struct url *base = p->base;
	url->href.len = 0;
	url_parser_put(url, base->href.data, authority_end(base));
	url->scheme_end = base->scheme_end;
	url->username_end = base->username_end;
	url->host_start = base->host_start;
	url->host_end = base->host_end;
	url->port = base->port;
	url->special = base->special;
	url->has_host = base->has_host;
	url->path_start = url_parser_position(url);
}

static void take_path(struct url_parser *p)
{
	struct slice path = url_path(p->base);
	url_parser_put(p->url, path.data, path.len);
	p->url->opaque_path = p->base->opaque_path;
}

static void take_query(struct url_parser *p)
{
	uint32_t start = p->base->query_start;
	if (start == UINT32_MAX)
		return;
	p->url->query_start = url_parser_position(p->url);
	url_parser_put(p->url, p->base->href.data + start, url_without_fragment(p->base).len - start);
}

/* Section 4.2, "starts with a Windows drive letter". */
static bool starts_with_drive_letter(const char *at, const char *end)
{
	if (end - at < 2 || !url_path_is_drive_letter(at, 2, false))
		return false;
	return end - at == 2 || url_encode_is(at[2], URL_SLASH | URL_BACKSLASH | URL_QUESTION | URL_HASH);
}

static bool skip_slashes(struct url_parser *p)
{
	while (url_parser_is_slash(p, url_parser_peek(p)))
		p->at++;
	return url_authority_parse(p);
}

/* The relative slash state. */
static bool relative_slash(struct url_parser *p)
{
	p->at++;
	int c = url_parser_peek(p);
	if (url_parser_is_slash(p, c)) {
		p->at++;
		return p->url->special ? skip_slashes(p) : url_authority_parse(p);
	}
	take_authority(p);
	return url_path_parse(p);
}

/* What the relative state and the file state share: what follows is a query, a fragment, nothing, or a path
 * that keeps what the base's path has before its last segment. */
static bool relative_path(struct url_parser *p)
{
	int c = url_parser_peek(p);
	take_path(p);
	if (c == '?' || c == '#' || c == URL_NOWHERE) {
		url_path_guard(p->url);
		if (c != '?')
			take_query(p);
		return url_path_after(p);
	}
	url_path_shorten(p->url);
	return url_path_parse(p);
}

static bool relative(struct url_parser *p)
{
	take_scheme(p);
	if (url_parser_is_slash(p, url_parser_peek(p)))
		return relative_slash(p);
	take_authority(p);
	return relative_path(p);
}

static void put_file_scheme(struct url_parser *p)
{
	struct url *url = p->url;
	url->href.len = 0;
	url_parser_put(url, "file:", 5);
	url->special = true;
	url->scheme_end = url_parser_position(url);
	url_parser_put(url, "//", 2);
	url->has_host = true;
	url->username_end = url->host_start = url->host_end = url->path_start = url_parser_position(url);
}

static bool file_host(struct url_parser *p)
{
	struct url *url = p->url;
	unsigned stop = URL_SLASH | URL_BACKSLASH | URL_QUESTION | URL_HASH;
	const char *end = p->at;
	while (end < p->end && !url_encode_is(*end, stop))
		end++;
	size_t len = (size_t)(end - p->at);
	if (url_path_is_drive_letter(p->at, len, false))
		return url_path_parse(p);
	if (len > 0) {
		if (!url_authority_host(p, p->at, len))
			return false;
		if (slice_equal(url_host(url), slice_of("localhost")))
			url->href.len = url->host_end = url->host_start;
	}
	return url_path_start(p);
}

static bool file_slash(struct url_parser *p)
{
	const struct url *base = p->base;
	p->at++;
	if (url_parser_is_slash(p, url_parser_peek(p))) {
		p->at++;
		return file_host(p);
	}
	if (base && url_is_file(base)) {
		take_authority(p);
		struct slice base_path = url_path(base);
		bool has_drive = base_path.len >= 3 &&
		                 url_path_is_drive_letter(base_path.data + 1, 2, true) &&
		                 (base_path.len == 3 || base_path.data[3] == '/');
		if (has_drive && !starts_with_drive_letter(p->at, p->end))
			url_parser_put(p->url, base_path.data, 3);
	}
	return url_path_parse(p);
}

static bool file(struct url_parser *p)
{
	put_file_scheme(p);
	if (url_parser_is_slash(p, url_parser_peek(p)))
		return file_slash(p);
	if (!p->base || !url_is_file(p->base))
		return url_path_parse(p);
	take_authority(p);
	return starts_with_drive_letter(p->at, p->end) ? url_path_parse(p) : relative_path(p);
}

static bool no_scheme(struct url_parser *p)
{
	if (!p->base)
		return false;
	if (!p->base->opaque_path)
		return url_is_file(p->base) ? file(p) : relative(p);
	if (url_parser_peek(p) != '#')
		return false;
	take_authority(p);
	return relative_path(p);
}

/* The length of the scheme that the input starts with, or 0. */
static size_t scheme_length(const struct url_parser *p)
{
	const char *at = p->at;
	if (at == p->end || !url_parser_is_alpha(*at))
		return 0;
	while (at < p->end && url_encode_is(*at, URL_SCHEME_CHARACTER))
		at++;
	return at < p->end && *at == ':' ? (size_t)(at - p->at) : 0;
}

/* Takes the scheme and the ':' behind it. */
static void put_scheme(struct url_parser *p, size_t len)
{
	struct url *url = p->url;
	char *to = url->href.data + url->href.len;
	for (size_t i = 0; i <= len; i++)
		to[i] = url_encode_lower(p->at[i]);
	url->href.len += len + 1;
	p->at += len + 1;
	url->scheme_end = url_parser_position(url);
	url->special = url_special_scheme(url_scheme(url)) != NULL;
	url->path_start = url_parser_position(url);
}

bool url_reference_parse(struct url_parser *p)
{
	struct url *url = p->url;
	size_t len = scheme_length(p);
	if (len == 0)
		return no_scheme(p);
	put_scheme(p, len);
	if (url_is_file(url))
		return file(p);
	if (url->special) {
		bool authority_follows = p->end - p->at >= 2 && p->at[0] == '/' && p->at[1] == '/';
		if (!authority_follows && p->base && slice_equal(url_scheme(p->base), url_scheme(url)))
			return relative(p);
		return skip_slashes(p);
	}
	if (url_parser_peek(p) != '/')
		return url_path_opaque(p);
	p->at++;
	if (url_parser_peek(p) != '/')
		return url_path_parse(p);
	p->at++;
	return url_authority_parse(p);
}
