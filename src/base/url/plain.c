/* The URLs that pages are full of need no state machine: nothing in them is encoded, so what the parser would
 * read byte by byte is copied as it stands. What each state would do is in url_reference.c, url_authority.c
 * and url_path.c; a test holds the two to each other. */
#include "base/url/parser.h"

/* A plain input and where its parts end, of which each but the last may be empty: path, query, fragment. */
struct plain {
	const char *at;
	const char *path_end;
	const char *query_end;
	const char *end;
	bool has_slash;
	bool has_colon;
};

static uint32_t classes_in(const char *at, size_t len)
{
	const uint32_t *classes = url_encode_classes;
	const unsigned char *byte = (const unsigned char *)at;
	const unsigned char *end = byte + len;
	uint32_t found = 0;
	for (const unsigned char *fours = byte + len / 4 * 4; byte != fours; byte += 4)
		found |= classes[byte[0]] | classes[byte[1]] | classes[byte[2]] | classes[byte[3]];
	for (; byte != end; byte++)
		found |= classes[*byte];
	return found;
}

/* False where a byte of the input may come out as another one. */
static bool is_plain(struct plain *p, const char *input, size_t len)
{
	uint32_t classes = classes_in(input, len);
	if (classes & URL_NOT_PLAIN)
		return false;
	p->at = input;
	p->end = input + len;
	p->has_slash = classes & URL_SLASH;
	p->has_colon = classes & URL_COLON;
	const char *hash = classes & URL_HASH ? memchr(input, '#', len) : NULL;
	p->query_end = hash ? hash : p->end;
	const char *question =
	    classes & URL_QUESTION ? memchr(input, '?', (size_t)(p->query_end - input)) : NULL;
	p->path_end = question ? question : p->query_end;
	return true;
}

/* Takes the "./" and "../" that the path starts with; kept is the length of the base's href up to and with a
 * '/' of its path. Returns what is left of that. */
static size_t take_dots(struct plain *p, const struct url *base, size_t kept)
{
	while (p->path_end - p->at >= 2 && p->at[0] == '.') {
		if (p->at[1] == '/') {
			p->at += 2;
			continue;
		}
		if (p->path_end - p->at == 2 || p->at[1] != '.' || p->at[2] != '/')
			break;
		p->at += 3;
		if (kept - 1 > base->path_start)
			do
				kept--;
			while (base->href.data[kept - 1] != '/');
	}
	return kept;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Takes what comes before the input from the base. */
static bool begin_relative(struct url *url, struct plain *p, const struct url *base)
{
	/* A part that the base does not have starts at UINT32_MAX. */
	size_t kept = least(base->href.len, base->fragment_start);
	if (p->at < p->query_end)
		kept = least(kept, base->query_start);
	if (p->at < p->path_end && *p->at == '/') {
		if (p->path_end - p->at > 1 && p->at[1] == '/')
			return false;
		kept = base->path_start;
	} else if (p->at < p->path_end) {
		while (base->href.data[kept - 1] != '/')
			kept--;
		kept = take_dots(p, base, kept);
	}
	if (!buf_append(&url->href, base->href.data, kept))
		return false;
	url->scheme_end = base->scheme_end;
	url->username_end = base->username_end;
	url->host_start = base->host_start;
	url->host_end = base->host_end;
	url->path_start = base->path_start;
	url->query_start = base->query_start < kept ? base->query_start : UINT32_MAX;
	url->port = base->port;
	return true;
}

/* Takes "http://" or "https://" and a host, without credentials or a port: to the host parser these are a
 * failure. */
static bool begin_absolute(struct url *url, struct plain *p)
{
	static const char start[] = "https://";
	size_t len = (size_t)(p->path_end - p->at);
	size_t secure = len > 4 && p->at[4] == 's';
	size_t scheme = 4 + secure + 3;
	if (len <= scheme || memcmp(p->at, start, 4) != 0 || memcmp(p->at + 4 + secure, start + 5, 3) != 0)
		return false;
	const char *host = p->at + scheme;
	const char *host_end = memchr(host, '/', len - scheme);
	if (!host_end)
		host_end = p->path_end;
	buf_append(&url->href, p->at, scheme);
	if (!url_host_append(&url->href, host, (size_t)(host_end - host), false))
		return false;
	url->scheme_end = (uint32_t)scheme - 2;
	url->username_end = url->host_start = (uint32_t)scheme;
	url->host_end = url->path_start = url_parser_position(url);
	url->query_start = UINT32_MAX;
	url->port = -1;
	p->at = host_end;
	return host_end < p->path_end || buf_append_byte(&url->href, '/');
}

/* False where a segment of the path may stand for dots. */
static bool is_without_dots(const struct plain *p)
{
	const char *at = p->at;
	if (at < p->path_end && *at == '/')
		at++;
	while (at < p->path_end) {
		if (*at == '.' || (*at == '%' && at + 1 < p->path_end && at[1] == '2'))
			return false;
		at = p->has_slash ? memchr(at, '/', (size_t)(p->path_end - at)) : NULL;
		if (!at)
			break;
		at++;
	}
	return true;
}

/* Appends the rest of the input. False where the result would be too long. */
static bool put_rest(struct url *url, const struct plain *p)
{
	size_t len = (size_t)(p->end - p->at);
	size_t start = url->href.len;
	if (start > URL_LENGTH_MAX || len > URL_LENGTH_MAX - start || !buf_append(&url->href, p->at, len))
		return false;
	if (p->path_end < p->query_end)
		url->query_start = (uint32_t)(start + (size_t)(p->path_end - p->at));
	url->fragment_start = UINT32_MAX;
	if (p->query_end < p->end)
		url->fragment_start = (uint32_t)(start + (size_t)(p->query_end - p->at));
	url->opaque_path = false;
	url->special = url->has_host = true;
	return true;
}

bool url_plain_parse(struct url *url, const char *input, size_t len, const struct url *base)
{
	struct plain p;
	if (len > URL_LENGTH_MAX || !is_plain(&p, input, len))
		return false;
	buf_clear(&url->href);
	bool begun;
	if (p.has_colon && url_parser_is_alpha(*input) && memchr(input, ':', (size_t)(p.path_end - input)))
		begun = begin_absolute(url, &p);
	else
		begun = base && url_is_http(base) && begin_relative(url, &p, base);
	return begun && is_without_dots(&p) && put_rest(url, &p);
}
