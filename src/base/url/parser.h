/* The basic URL parser (WHATWG URL standard, section 4.4), whose states are in three files: reference.c has
 * those from the scheme start state to the authority, path or base URL, authority.c those from "//" to the
 * port, and path.c those from the path start state to the fragment. Each function implements one or more
 * states: it consumes input, appends the serialised result to url->href, and returns false for failure.
 * plain.c is a fast path around these states for common URLs. */
#ifndef AREQ_BASE_URL_PARSER_H
#define AREQ_BASE_URL_PARSER_H

#include "base/url/internal.h"
#include "base/url/url.h"

#include <assert.h>
#include <string.h>

/* Percent-encoding makes at most three bytes of one. Parts that the parser adds or rewrites may need
 * URL_SLACK bytes more: slashes, a port, "/.", and an address such as "0.0.0.0" for "0". */
enum { URL_SLACK = 128 };

/* The EOF code point of the standard: the end of the input. */
enum { URL_EOF = -1 };

/* The state of one run of the parser. The input is valid UTF-8 without tabs and newlines. */
struct url_parser {
	struct url *url;
	const struct url *base;            /* may be NULL */
	const struct url_encoder *encoder; /* NULL for UTF-8 */
	const char *next;                  /* next byte of the input: the "pointer" of the standard */
	const char *end;                   /* end of the input */
	unsigned classes; /* union of the classes of all bytes of the input (enum url_class) */
};

/* A fast path for the forms that most links have, if nothing in them has to be encoded: an http or https URL
 * without credentials and port, or a relative reference with an http or https base. Returns true if it parsed
 * the input; url is then as url_parse_by_states would have made it. Returns false if the input has another
 * form or is invalid; the fields of url are then undefined, but url may be parsed into again and released. */
bool url_plain_parse(struct url *url, const char *input, size_t len, const struct url *base);

/* url_parse without the fast path. Tests compare url_plain_parse with it. */
bool url_parse_by_states(struct url *self, const char *input, size_t len, const struct url *base,
    const struct url_encoder *encoder);

/* A special scheme. */
struct url_scheme_entry {
	const char *name;
	uint8_t len;
	uint16_t port; /* the default port; 0 if it has none */
};

/* Returns the entry of a special scheme (section 4.2); NULL if name is no special scheme. */
const struct url_scheme_entry *url_special_scheme(struct slice name);

/* True if the scheme is "file". */
bool url_is_file(const struct url *self);

/* Parses the whole input: the scheme start, scheme, no scheme, relative, slash and file states, and all that
 * follow. */
bool url_reference_parse(struct url_parser *p);

/* Authority, host and port states, and all states that follow. */
bool url_authority_parse(struct url_parser *p);

/* Parses text[0..len), which is a part of the input, as the host, and makes p->next the byte behind it. */
bool url_authority_host(struct url_parser *p, const char *text, size_t len);

/* Path start state; path state, with p->next at the first byte of a segment; opaque path state. Each goes on
 * with all states that follow. */
bool url_path_start(struct url_parser *p);
bool url_path_parse(struct url_parser *p);
bool url_path_opaque(struct url_parser *p);

/* Query and fragment states, if p->next is at '?' or '#'. */
bool url_path_parse_query_and_fragment(struct url_parser *p);

/* "Shorten a URL's path" (section 4.2). The path must be the last part of url->href so far. */
void url_path_shorten(struct url *url);

/* Inserts "/." before a path that begins with "//", if the URL has no host, because the path would otherwise
 * be read as a host (section 4.5). The path must be the last part of url->href so far. */
void url_path_insert_dot(struct url *url);

/* "Windows drive letter", or with is_normalized "normalized Windows drive letter" (section 4.2). */
bool url_path_is_drive_letter(const char *text, size_t len, bool is_normalized);

/* Returns the next byte of the input without consuming it, or URL_EOF. The standard reads code points; a byte
 * is enough, since no state compares with a code point outside ASCII. */
static inline int url_parser_peek(const struct url_parser *p)
{
	return p->next < p->end ? (unsigned char)*p->next : URL_EOF;
}

/* True for '/', and for '\\' if the scheme is special. */
static inline bool url_parser_is_slash(const struct url_parser *p, int c)
{
	return c == '/' || (c == '\\' && p->url->special);
}

/* Appends to url->href, which must have room for the bytes (url_parser_reserve). */
static inline void url_parser_append(struct url *url, const char *bytes, size_t len)
{
	assert(url->href.room - url->href.len > len);
	if (len)
		memcpy(url->href.data + url->href.len, bytes, len);
	url->href.len += len;
}

static inline void url_parser_append_byte(struct url *url, char byte)
{
	url_parser_append(url, &byte, 1);
}

/* Returns the length of url->href so far, which is the offset of the next part. */
static inline uint32_t url_parser_position(const struct url *url)
{
	return (uint32_t)url->href.len;
}

/* Consumes input as url_encode_until does. It copies all of it at once if no byte of the input needs
 * attention. */
static inline void url_parser_encode(struct url_parser *p, unsigned set, unsigned delimiters)
{
	if (p->classes & (set | delimiters)) {
		p->next = url_encode_until(&p->url->href, p->next, p->end, set, delimiters);
	} else {
		url_parser_append(p->url, p->next, (size_t)(p->end - p->next));
		p->next = p->end;
	}
}

/* Makes room in url->href for the rest of the input and parts of the base. Returns false if there is none. */
static inline bool url_parser_reserve(struct url_parser *p)
{
	size_t base = p->base ? p->base->href.len : 0;
	return buf_reserve(&p->url->href, base + 3 * (size_t)(p->end - p->next) + URL_SLACK) != NULL;
}

#endif
