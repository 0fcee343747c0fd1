/* Parses, resolves and serialises URLs by the WHATWG URL standard (https://url.spec.whatwg.org/). Section
 * numbers are those of that standard. */
#ifndef AREQ_BASE_URL_URL_H
#define AREQ_BASE_URL_URL_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The limit of the input and of the serialised URL, in bytes; a longer one is a parse failure. Real pages
 * have data: URLs of hundreds of KiB, which fit even if they are percent-encoded. */
enum { URL_LENGTH_MAX = 4 << 20 };

/* A parsed URL: its serialisation (the "href" of the standard, section 4.5) and the offsets of its parts in
 * it. Initialise it with url_init, use it for any number of url_parse calls, which keep its memory, and end
 * with url_release. Read it through the functions below. */
struct url {
	struct buf href;
	struct buf clean;      /* used by the parser: the input without tabs, newlines and invalid UTF-8 */
	uint32_t scheme_end;   /* offset behind the ':' of the scheme */
	uint32_t username_end; /* the user name begins at scheme_end + 2, behind "//" */
	uint32_t host_start;
	uint32_t host_end;
	uint32_t path_start;     /* behind the "/." that keeps a path such as //x from being read as a host */
	uint32_t query_start;    /* offset of the '?'; UINT32_MAX if the query is null */
	uint32_t fragment_start; /* offset of the '#'; UINT32_MAX if the fragment is null */
	int32_t port;            /* -1 if it is null: the default port of the scheme, if that has one */
	bool special;            /* the scheme is http, https, ws, wss, ftp or file */
	bool opaque_path;        /* the path is opaque, as in mailto:x; such a URL has no host */
	bool has_host;           /* the host is not null (it may be empty) */
};

/* Encodes a query for a page in a legacy encoding ("percent-encode after encoding", section 1.3). It converts
 * utf8[0..len), which is valid UTF-8, to that encoding and appends the result to out. A code point that the
 * encoding does not have becomes "%26%23", its decimal number and "%3B". One call gets the whole query, since
 * some encodings have a state. out has room for 16 bytes for each byte of utf8. The function is called only
 * for queries with a non-ASCII byte, in URLs with a special scheme other than ws and wss. */
typedef void (*url_encode_fn)(const void *ctx, const char *utf8, size_t len, struct buf *out);

struct url_encoder {
	url_encode_fn encode;
	const void *ctx;
};

/* Initialises an empty URL. */
void url_init(struct url *self);

/* Frees the memory. */
void url_release(struct url *self);

/* The basic URL parser (section 4.4). input need not be valid UTF-8: each maximal invalid sequence is read as
 * U+FFFD. base may be NULL, and input must then be absolute; base must not be self. encoder may be NULL for
 * UTF-8. Takes time in proportion to the lengths of input and base.
 *
 * Returns true if self holds the result. Returns false where the standard says failure, where the input or
 * the result exceeds URL_LENGTH_MAX, and for some non-ASCII domains that the standard allows (see
 * url_idna_append in internal.h). self is then empty (href.len == 0) and may be used again. */
bool url_parse(struct url *self, const char *input, size_t len, const struct url *base,
    const struct url_encoder *encoder);

/* The parts of the URL, which are borrowed until self changes. A part that the URL does not have is empty,
 * and a host that is null has data == NULL. */
struct slice url_scheme(const struct url *self);        /* without the ':' */
struct slice url_host(const struct url *self);          /* without the port; an IPv6 address is in brackets */
struct slice url_host_and_port(const struct url *self); /* without a default port: "example.com:81" */
struct slice url_path(const struct url *self);
struct slice url_href(const struct url *self);
struct slice url_without_fragment(const struct url *self);
bool url_has_credentials(const struct url *self);
struct slice url_credentials(const struct url *self); /* "user:password" or "user", percent-encoded; or "" */

/* Appends the href without its credentials. */
void url_append_without_credentials(const struct url *self, struct buf *out);

/* Appends text without anything that looks like credentials, so that it can be shown. text is meant to be a
 * URL, but need not be a valid one. */
void url_append_redacted(struct buf *out, const char *text);

/* Returns the port that a connection goes to: that of the URL, or else the default of its scheme; -1 for
 * none. */
int url_port(const struct url *self);

/* Appends the host and the port that a connection goes to, which identify a server: "example.com:443". The
 * URL must have both. */
void url_append_server(const struct url *self, struct buf *out);

/* True if both URLs have the same scheme, host and port. For URLs with a host, that is the same origin (HTML
 * standard, section 7.1.1). */
bool url_same_origin(const struct url *self, const struct url *other);

/* Appends text that is no URL, with its control bytes (below 0x20, and 0x7F) percent-encoded, for an output
 * that has a URL there. */
void url_append_printable(struct buf *to, struct slice text);

/* Appends text, with each byte that is not ASCII percent-encoded, for a URL whose bytes are meant as they
 * are. For valid UTF-8 this does not change what url_parse makes of it; other bytes would be read as
 * U+FFFD. */
void url_append_ascii(struct buf *out, struct slice text);

/* Percent-decodes text (section 1.3) and appends the result, which need not be valid UTF-8. */
void url_append_decoded(struct buf *out, struct slice text);

/* The parts of an absolute http or https URL in its serialised form, for whoever has only the text. */
struct url_parts {
	struct slice server; /* the host, and the port where it is not the default: "example.com:8080" */
	struct slice host;   /* without the port; an IPv6 address is in brackets */
	struct slice port;   /* in digits; where the URL has none, the default of its scheme */
	struct slice path;   /* the path and the query, without the fragment */
};

/* Sets *parts, which point into href or to constants. href may have credentials. Returns false if it is no
 * serialised http or https URL. */
bool url_split(struct slice href, struct url_parts *parts);

/* The same for an href that is known to be such a URL. */
struct url_parts url_parts_of(const char *href);

/* Returns href without its fragment, for whoever has only the text. */
static inline struct slice url_text_without_fragment(const char *href)
{
	return (struct slice){href, strcspn(href, "#")};
}

/* True if the scheme is http or https. */
static inline bool url_is_http(const struct url *self)
{
	return self->special && self->href.data[0] == 'h';
}

#endif
