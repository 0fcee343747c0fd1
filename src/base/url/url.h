/* URLs as the WHATWG URL standard (https://url.spec.whatwg.org/) parses, resolves and writes them. */
#ifndef AREQ_BASE_URL_URL_H
#define AREQ_BASE_URL_URL_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Neither the input nor the serialised URL exceeds this many bytes; a longer one is a parse failure. It
 * leaves room for the data: URLs of hundreds of KiB that real pages carry, even percent-encoded. */
enum { URL_LENGTH_MAX = 4 << 20 };

/* One parsed URL: its serialisation (the standard's "href", section 4.5) and where its parts lie in it.
 * Initialise with url_init, reuse for any number of url_parse calls (it keeps its memory), end with
 * url_release. Read it through the functions below. */
struct url {
	struct buf href;
	struct buf clean;      /* the parser's: the input without tabs and newlines, where it had some */
	uint32_t scheme_end;   /* offset behind the ':' */
	uint32_t username_end; /* the user name starts at scheme_end + 2, behind the slashes */
	uint32_t host_start;
	uint32_t host_end;
	uint32_t path_start;     /* behind the "/." that keeps a path such as //x from reading as a host */
	uint32_t query_start;    /* offset of '?', or UINT32_MAX where the query is null */
	uint32_t fragment_start; /* offset of '#', or UINT32_MAX where the fragment is null */
	int32_t port;            /* -1: null, which is the default of the scheme */
	bool special;            /* http, https, ws, wss, ftp or file */
	bool opaque_path;        /* as in mailto:x; such a URL has no host */
	bool has_host;           /* the host is not null (it may be empty) */
};

/* Encodes text for a query in a page of a legacy encoding ("percent-encode after encoding", section 1.3):
 * appends to out the bytes of utf8[0..len), which is valid UTF-8, in that encoding; a code point that the
 * encoding does not have is appended as "%26%23", its decimal number and "%3B". One call has the whole
 * query, for encodings with a state; out takes up to 16 bytes for each of utf8. Only called for queries that
 * hold a non-ASCII byte, with special schemes other than ws and wss. */
typedef void (*url_encode_fn)(const void *ctx, const char *utf8, size_t len, struct buf *out);

struct url_encoder {
	url_encode_fn encode;
	const void *ctx;
};

void url_init(struct url *self);
void url_release(struct url *self);

/* The basic URL parser (section 4.4). input need not be valid UTF-8: each maximal bad sequence counts as
 * U+FFFD. base may be NULL (then input must be absolute); it must not be self. encoder may be NULL: UTF-8.
 * True: self holds the result. False where the standard says failure, and where a non-ASCII domain is far
 * longer than any that can be looked up (64 KiB, or 1024 code points in one label); self is then empty
 * (href.len == 0) but may be used again. Takes time in proportion to len. */
bool url_parse(struct url *self, const char *input, size_t len, const struct url *base,
    const struct url_encoder *encoder);

/* The parts, as the standard's API names them, borrowed until self changes. */
struct slice url_scheme(const struct url *self); /* without the ':' */
struct slice url_host(const struct url *self);   /* without the port; IPv6 in its brackets */
struct slice url_path(const struct url *self);
struct slice url_href(const struct url *self);
struct slice url_without_fragment(const struct url *self);
bool url_has_credentials(const struct url *self);
struct slice url_credentials(const struct url *self); /* "user:password" or "user", percent-encoded; or "" */

/* Appends the href without the credentials in it. */
void url_append_bare(const struct url *self, struct buf *out);

/* Appends what a person may see of text, which is meant to be a URL and need not be one: all of it but the
 * credentials. */
void url_append_redacted(struct buf *out, const char *text);

/* The port that a connection goes to: the URL's own or the default of its scheme; -1 where there is none. */
int url_port(const struct url *self);

/* Appends what a server is known by, the host and the port that a connection goes to: "example.com:443". The
 * URL has both. */
void url_append_server(const struct url *self, struct buf *out);

/* True where both have the same scheme, host and port: the same origin (HTML standard, section 7.1.1), for
 * URLs that have a host. */
bool url_same_origin(const struct url *self, const struct url *other);

/* http or https. */
static inline bool url_is_http(const struct url *self)
{
	return self->special && self->href.data[0] == 'h';
}

#endif
