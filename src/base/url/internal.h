/* Declarations that the files of base/url/ share; apart from them only their tests include this header. All
 * text parameters are valid UTF-8. Section numbers are those of the WHATWG URL standard. */
#ifndef AREQ_BASE_URL_INTERNAL_H
#define AREQ_BASE_URL_INTERNAL_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Classes of bytes in a URL; a byte may be in several: the percent-encode sets (section 1.3), the delimiters,
 * and the forbidden host and domain code points (section 3.2). Every byte of a non-ASCII code point is in
 * every percent-encode set. */
enum url_class {
	URL_SET_C0 = 1 << 0,
	URL_SET_FRAGMENT = 1 << 1,
	URL_SET_QUERY = 1 << 2,
	URL_SET_SPECIAL_QUERY = 1 << 3,
	URL_SET_PATH = 1 << 4,
	URL_SET_USERINFO = 1 << 5,
	URL_HASH = 1 << 6,
	URL_QUESTION = 1 << 7,
	URL_SLASH = 1 << 8,
	URL_BACKSLASH = 1 << 9,
	URL_FORBIDDEN_IN_HOST = 1 << 10,
	URL_FORBIDDEN_IN_DOMAIN = 1 << 11,
	URL_SCHEME_CHARACTER = 1 << 12,
	URL_TAB_OR_NEWLINE = 1 << 13,
	URL_NOT_ASCII = 1 << 14,
	URL_COLON = 1 << 15,
	URL_NOT_PLAIN = 1 << 16 /* is not copied unchanged to the path, query or fragment of an http URL */
};

/* The classes of each byte, as a union of url_class. */
extern const uint32_t url_encode_classes[256];

/* True if the byte is in at least one of the classes. */
static inline bool url_encode_is(char byte, unsigned classes)
{
	return (url_encode_classes[(unsigned char)byte] & classes) != 0;
}

/* Appends the bytes from at on to out, and percent-encodes those that are in a class of set. Stops at end or
 * before the first byte that is in a class of delimiters, and returns that position. out must have room for
 * 3 * (end - at) bytes and a NUL (buf_reserve). */
const char *url_encode_until(
    struct buf *out, const char *at, const char *end, unsigned set, unsigned delimiters);

/* The host parser and serialiser (sections 3.5 and 3.6): parses text[0..len) as a host and appends the
 * serialised host to out. is_opaque must be true if the scheme is not special. Returns false for failure; out
 * may then have undefined bytes behind its old length. */
bool url_host_append(struct buf *out, const char *text, size_t len, bool is_opaque);

/* Unicode ToASCII (UTS 46), with the parameters of the domain parser (section 3.3), for a domain with a
 * non-ASCII character. Appends the result to out. Returns false for failure, and for domains that no name
 * server could know anyway: longer than 64 KiB, or with a label of more than 1024 code points.
 *
 * Some valid domains fail, because libidn2 refuses them:
 * - domains with characters that are newer than the library's version of Unicode;
 * - labels with a right-to-left character or a joiner, if they also have a hyphen at the start, at the end or
 * in the third and fourth position, or a symbol that IDNA2008 disallows, such as U+2615;
 * - labels with a run of non-ASCII characters whose encoded form alone exceeds 63 bytes. */
bool url_idna_append(struct buf *out, const char *domain, size_t len);

/* Encodes a label of scalar values in Punycode (RFC 3492) and appends it to out, without the prefix "xn--".
 * The time grows with the square of len. Returns false where the limit of the buffer would be exceeded. */
bool url_punycode_append(struct buf *out, const uint32_t *label, size_t len);

/* Decodes Punycode, without the prefix "xn--", to label, which has room for *len code points, and sets *len
 * to their number. Returns false if text is no Punycode of scalar values, or has more code points. */
bool url_punycode_decode(const char *text, size_t text_len, uint32_t *label, size_t *len);

#endif
