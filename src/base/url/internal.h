/* What the url_*.c files share; nobody but their tests includes it. All text in here is valid UTF-8. */
#ifndef AREQ_BASE_URL_INTERNAL_H
#define AREQ_BASE_URL_INTERNAL_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a byte is in a URL: the percent-encode sets (section 1.3), the delimiters, and the code points that
 * a host must not hold (section 3.2). Every byte of a non-ASCII code point is in every percent-encode set. */
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
	URL_NOT_PLAIN = 1 << 16 /* does not stand for itself in the path, query or fragment of an http URL */
};

extern const uint32_t url_encode_classes[256];

static inline bool url_encode_is(char byte, unsigned classes)
{
	return (url_encode_classes[(unsigned char)byte] & classes) != 0;
}

static inline char url_encode_lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Appends the bytes from at on, those in the percent-encode set as %XX, up to end or to the first one of a
 * class in stop, which it returns. out must have room for three times as many bytes (buf_reserve). */
const char *url_encode_until(struct buf *out, const char *at, const char *end, unsigned set, unsigned stop);

/* The bytes that text stands for once each "%" with two hex digits is one byte ("percent-decode", section
 * 1.3), appended to out, which must have room for len. */
void url_encode_decode(struct buf *out, const char *text, size_t len);

/* The value of a hex digit, or -1. */
int url_encode_hex_value(char digit);

/* The host parser and serialiser (sections 3.5 and 3.6): appends the host that text[0..len) means to out.
 * opaque: the scheme is not special. False: failure; out is then undefined behind its old length. */
bool url_host_append(struct buf *out, const char *text, size_t len, bool opaque);

/* Unicode ToASCII (UTS 46) as the domain parser (section 3.3) calls it, for a domain that holds a non-ASCII
 * character: appends the result to out. False: failure, also for what is far too long to be looked up: a
 * label of more than 1024 code points, a domain of more than 64 KiB.
 * It differs from the standard where libidn2 does and nothing here makes up for it: characters newer than the
 * library's Unicode fail; so do labels with a right-to-left letter or a joiner that libidn2 refuses for a
 * hyphen (third and fourth place, start, end) or a symbol such as U+2615; so do runs of non-ASCII characters
 * that alone exceed 63 bytes encoded. */
bool url_idna_append(struct buf *out, const char *domain, size_t len);

/* Appends the Punycode (RFC 3492) of a label of scalar values, without "xn--". Takes time that grows with
 * the square of len. False: the buffer's cap was reached. */
bool url_punycode_append(struct buf *out, const uint32_t *label, size_t len);

/* Decodes what stands behind "xn--" into at most *len code points, and sets *len to their number. False
 * where it is no Punycode of scalar values, or has more. */
bool url_punycode_decode(const char *text, size_t text_len, uint32_t *label, size_t *len);

#endif
