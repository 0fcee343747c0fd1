/* A fast path for the URLs that are most common in pages. Nothing in them has to be percent-encoded, so they
 * are copied as a whole instead of going through the states of the URL parser byte by byte. The result must
 * be that of the states in reference.c, authority.c and path.c; url_plain_test.c compares the two. */
#include "base/url/parser.h"

#include "base/ascii.h"

/* An input and the ends of its parts. Each part may be empty. */
struct plain_input {
	const char *next;
	const char *path_end;  /* and start of the query, with its '?' */
	const char *query_end; /* and start of the fragment, with its '#' */
	const char *end;
	bool has_slash;
	bool has_colon;
};

/* Returns the union of the classes of all bytes. */
static uint32_t classes_in(const char *at, size_t len)
{
	const uint32_t *classes = url_encode_classes;
	const unsigned char *byte = (const unsigned char *)at;
	const unsigned char *end = byte + len;
	uint32_t found = 0;
	for (const unsigned char *unrolled_end = byte + len / 4 * 4; byte != unrolled_end; byte += 4)
		found |= classes[byte[0]] | classes[byte[1]] | classes[byte[2]] | classes[byte[3]];
	for (; byte != end; byte++)
		found |= classes[*byte];
	return found;
}

/* Splits the input into its parts. Returns false if it has a byte that the parser may not copy unchanged. */
static bool split_input(struct plain_input *p, const char *input, size_t len)
{
	uint32_t classes = classes_in(input, len);
	if (classes & URL_NOT_PLAIN)
		return false;
	p->next = input;
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

/* Consumes the segments "./" and "../" at the start of the input's path. base_len is the number of bytes of
 * base->href that come before the input in the result; the last of them is a '/' of the base's path. Each
 * "../" removes a segment from their end. Returns the new base_len. */
static size_t consume_dot_segments(struct plain_input *p, const struct url *base, size_t base_len)
{
	while (p->path_end - p->next >= 2 && p->next[0] == '.') {
		if (p->next[1] == '/') {
			p->next += 2;
			continue;
		}
		if (p->path_end - p->next == 2 || p->next[1] != '.' || p->next[2] != '/')
			break;
		p->next += 3;
		if (base_len - 1 > base->path_start)
			do
				base_len--;
			while (base->href.data[base_len - 1] != '/');
	}
	return base_len;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Copies the part of the base that comes before the input in the result. Returns false for an input that
 * begins with "//", and where the limit of the buffer would be exceeded. */
static bool copy_base(struct url *url, struct plain_input *p, const struct url *base)
{
	/* fragment_start and query_start are UINT32_MAX if the base has no such part. */
	size_t base_len = min_size(base->href.len, base->fragment_start);
	if (p->next < p->query_end)
		base_len = min_size(base_len, base->query_start);
	if (p->next < p->path_end && *p->next == '/') {
		if (p->path_end - p->next > 1 && p->next[1] == '/')
			return false;
		base_len = base->path_start;
	} else if (p->next < p->path_end) {
		while (base->href.data[base_len - 1] != '/')
			base_len--;
		base_len = consume_dot_segments(p, base, base_len);
	}
	if (!buf_append(&url->href, base->href.data, base_len))
		return false;
	url->scheme_end = base->scheme_end;
	url->username_end = base->username_end;
	url->host_start = base->host_start;
	url->host_end = base->host_end;
	url->path_start = base->path_start;
	url->query_start = base->query_start < base_len ? base->query_start : UINT32_MAX;
	url->port = base->port;
	return true;
}

/* Parses "http://" or "https://" and the host, and adds a '/' for an empty path. Returns false for any other
 * input. Credentials and a port need no check, because the host parser fails for '@' and ':'. */
static bool parse_scheme_and_host(struct url *url, struct plain_input *p)
{
	static const char start[] = "https://";
	size_t len = (size_t)(p->path_end - p->next);
	size_t s_len = len > 4 && p->next[4] == 's';
	size_t scheme_len = 4 + s_len + 3;
	if (len <= scheme_len || memcmp(p->next, start, 4) != 0 ||
	    memcmp(p->next + 4 + s_len, start + 5, 3) != 0)
		return false;
	const char *host = p->next + scheme_len;
	const char *host_end = memchr(host, '/', len - scheme_len);
	if (!host_end)
		host_end = p->path_end;
	buf_append(&url->href, p->next, scheme_len);
	if (!url_host_append(&url->href, host, (size_t)(host_end - host), false))
		return false;
	url->scheme_end = (uint32_t)scheme_len - 2;
	url->username_end = url->host_start = (uint32_t)scheme_len;
	url->host_end = url->path_start = url_parser_position(url);
	url->query_start = UINT32_MAX;
	url->port = -1;
	p->next = host_end;
	return host_end < p->path_end || buf_append_byte(&url->href, '/');
}

/* True if no segment of the path begins with '.' or "%2", as dot segments (".", "..", "%2e") do. */
static bool has_no_dot_segments(const struct plain_input *p)
{
	const char *at = p->next;
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

/* Appends the rest of the input. Returns false if the result would be too long. */
static bool append_rest(struct url *url, const struct plain_input *p)
{
	size_t len = (size_t)(p->end - p->next);
	size_t start = url->href.len;
	if (start > URL_LENGTH_MAX || len > URL_LENGTH_MAX - start || !buf_append(&url->href, p->next, len))
		return false;
	if (p->path_end < p->query_end)
		url->query_start = (uint32_t)(start + (size_t)(p->path_end - p->next));
	url->fragment_start = UINT32_MAX;
	if (p->query_end < p->end)
		url->fragment_start = (uint32_t)(start + (size_t)(p->query_end - p->next));
	url->opaque_path = false;
	url->special = url->has_host = true;
	return true;
}

bool url_plain_parse(struct url *url, const char *input, size_t len, const struct url *base)
{
	struct plain_input p;
	if (len > URL_LENGTH_MAX || !split_input(&p, input, len))
		return false;
	buf_clear(&url->href);
	bool is_started;
	if (p.has_colon && ascii_is_letter(*input) && memchr(input, ':', (size_t)(p.path_end - input)))
		is_started = parse_scheme_and_host(url, &p);
	else
		is_started = base && url_is_http(base) && copy_base(url, &p, base);
	return is_started && has_no_dot_segments(&p) && append_rest(url, &p);
}
