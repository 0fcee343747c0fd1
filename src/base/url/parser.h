/* The basic URL parser (section 4.4) in three files: url_reference.c has the states that decide what the
 * input is, url_authority.c those from "//" to the port, url_path.c the rest. Each function is one or more
 * states: it consumes input, writes what that serialises to behind url->href, and returns false for
 * failure. url_plain.c goes around them where it can. */
#ifndef AREQ_BASE_URL_PARSER_H
#define AREQ_BASE_URL_PARSER_H

#include "base/url/internal.h"
#include "base/url/url.h"

#include <assert.h>
#include <string.h>

/* What the parts that the parser adds or rewrites may take beyond three times the input: the slashes, a
 * port, "/.", and an address such as "0.0.0.0" for "0". */
enum { URL_SLACK = 128, URL_NOWHERE = -1 };

/* A run of the parser: the input not yet consumed, without tabs and newlines and valid UTF-8. */
struct url_parser {
	struct url *url;
	const struct url *base;            /* or NULL */
	const struct url_encoder *encoder; /* or NULL */
	const char *at;
	const char *end;
	unsigned classes; /* of all bytes of the input: see url_internal.h */
};

/* Resolves what nothing has to be encoded in, the shapes that most links have, without any states: an http
 * URL with no more than a host before its path, or a reference to be resolved against an http base. True: url
 * is what the states would have made it. False: they must, and url is undefined but for its memory. */
bool url_plain_parse(struct url *url, const char *input, size_t len, const struct url *base);

/* url_parse without url_plain_parse: what a test holds that to. */
bool url_parse_by_states(struct url *self, const char *input, size_t len, const struct url *base,
    const struct url_encoder *encoder);

/* A special scheme; port 0: it has no default port. */
struct url_scheme_entry {
	const char *name;
	uint8_t len;
	uint16_t port;
};

/* Section 4.2, "special scheme"; NULL where name is none. */
const struct url_scheme_entry *url_special_scheme(struct slice name);

bool url_is_file(const struct url *self);

/* Scheme start, scheme, no scheme, the relative, the slash and the file states: the whole input. */
bool url_reference_parse(struct url_parser *p);

/* Authority, host and port states, and all behind them. */
bool url_authority_parse(struct url_parser *p);

/* Parses text[0..len), a part of the input, as the host, and goes on behind it. */
bool url_authority_host(struct url_parser *p, const char *text, size_t len);

/* Path start state; path state, from a segment's first byte on; opaque path state; and all behind them. */
bool url_path_start(struct url_parser *p);
bool url_path_parse(struct url_parser *p);
bool url_path_opaque(struct url_parser *p);

/* Query and fragment states, where the input goes on with '?' or '#'. */
bool url_path_after(struct url_parser *p);

/* Section 4.2, "shorten a URL's path", for a path that goes to the end of what is written. */
void url_path_shorten(struct url *url);

/* Puts "/." before such a path where it would read as a host (section 4.5). */
void url_path_guard(struct url *url);

/* Section 4.2, "Windows drive letter". */
bool url_path_is_drive_letter(const char *text, size_t len, bool normalized);

/* The code point at the pointer, which is a byte here: no state looks for one outside ASCII. */
static inline int url_parser_peek(const struct url_parser *p)
{
	return p->at < p->end ? (unsigned char)*p->at : URL_NOWHERE;
}

static inline bool url_parser_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool url_parser_is_slash(const struct url_parser *p, int c)
{
	return c == '/' || (c == '\\' && p->url->special);
}

/* For what url_parse has reserved room for. */
static inline void url_parser_put(struct url *url, const char *bytes, size_t len)
{
	assert(url->href.room - url->href.len > len);
	if (len)
		memcpy(url->href.data + url->href.len, bytes, len);
	url->href.len += len;
}

static inline void url_parser_put_byte(struct url *url, char byte)
{
	url_parser_put(url, &byte, 1);
}

static inline uint32_t url_parser_position(const struct url *url)
{
	return (uint32_t)url->href.len;
}

/* Takes the input as far as url_encode_until would. */
static inline void url_parser_encode(struct url_parser *p, unsigned set, unsigned stop)
{
	if (p->classes & (set | stop)) {
		p->at = url_encode_until(&p->url->href, p->at, p->end, set, stop);
	} else {
		url_parser_put(p->url, p->at, (size_t)(p->end - p->at));
		p->at = p->end;
	}
}

/* Whether the URL has room for what the input left and the base may become. */
static inline bool url_parser_reserve(struct url_parser *p)
{
	size_t base = p->base ? p->base->href.len : 0;
	return buf_reserve(&p->url->href, base + 3 * (size_t)(p->end - p->at) + URL_SLACK) != NULL;
}

#endif
