/* Detects the encoding of a page, and converts text from that encoding to UTF-8 and back
 * (WHATWG Encoding standard). */
#ifndef AREQ_LINK_CHARSET_CHARSET_H
#define AREQ_LINK_CHARSET_CHARSET_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* The number of bytes at the start of a page that the standard's prescan examines. */
enum { CHARSET_PRESCAN = 1024 };

/* An encoding of the standard. It is constant and valid until the program ends. */
struct charset;

/* Returns the encoding for a label ("get an encoding", section 4.2), or NULL if the standard has no such
 * label. White space around the label is ignored, and letter case does not matter. Several labels mean the
 * same encoding: gb2312 means GBK. */
const struct charset *charset_by_label(struct slice label);

const struct charset *charset_utf8(void);
const struct charset *charset_windows_1252(void);

/* Returns the standard's name of the encoding, such as "windows-1252" or "Shift_JIS". */
const char *charset_name(const struct charset *self);

/* True for UTF-16LE, UTF-16BE, ISO-2022-JP and "replacement". In the first three, tags cannot be found in the
 * raw bytes, so a page has to be converted as a whole before its links are found. A page in "replacement" has
 * no links: its text is a single U+FFFD. In all other encodings, a byte below 0x40 that is not a digit is
 * never a part of a longer character, and is never skipped as a part of an invalid one. */
bool charset_needs_whole_text(const struct charset *self);

/* How certain the encoding of a page is (HTML standard, section 13.2.3). */
enum charset_confidence {
	CHARSET_UNKNOWN,   /* none is declared yet: a later <meta> decides, or else a guess for each link */
	CHARSET_TENTATIVE, /* the prescan has found it; a later <meta> may change it */
	CHARSET_CERTAIN    /* a byte order mark, the HTTP header or a <meta> has declared it */
};

struct charset_guess {
	const struct charset *charset; /* NULL with CHARSET_UNKNOWN */
	enum charset_confidence confidence;
	size_t
	    bom_len; /* length of the byte order mark, which must be skipped, in bytes; 0 if there is none */
};

/* Detects the encoding of a page from a byte order mark, the Content-Type header, or the prescan of the first
 * CHARSET_PRESCAN bytes, in this order. The prescan (HTML standard, section 13.2.3.2) examines <meta
 * charset>, <meta http-equiv content>, and the XML declaration as browsers do. content_type is the raw value
 * of the header; data == NULL if there is none. head holds the first bytes of the body, at least
 * CHARSET_PRESCAN or all of them. */
struct charset_guess charset_detect(struct slice content_type, struct slice head);

/* Returns the encoding that the attributes of a <meta> declare, or NULL if they declare none. Each value is
 * raw bytes of the page with character references decoded; data == NULL if there is no such attribute. A
 * label of UTF-16 gives UTF-8, and x-user-defined gives windows-1252, as the standard requires for a
 * declaration inside a page. */
const struct charset *charset_from_meta(struct slice charset, struct slice http_equiv, struct slice content);

/* Appends bytes[0..len), which is a complete text, to out as UTF-8: at most three bytes for each byte.
 * Invalid bytes become U+FFFD as in the standard's decoders. A byte order mark is not handled. Returns false
 * if the text would pass the limit of out, which then holds a part. */
bool charset_decode(const struct charset *self, const char *bytes, size_t len, struct buf *out);

/* True if bytes[0..len) is valid UTF-8. */
bool charset_is_utf8(const char *bytes, size_t len);

/* Appends utf8[0..len), which must be valid UTF-8, to out in this encoding. UTF-16 and replacement give UTF-8
 * (the standard's "get an output encoding"). A code point that the encoding does not have is appended as
 * "%26%23", its decimal number and "%3B". Bytes that would pass the limit of out are left out. Fits
 * url_encode_fn; self is a struct charset. */
void charset_encode(const void *self, const char *utf8, size_t len, struct buf *out);

/* Decodes a text that comes in chunks. One decoder can decode several texts, one after the other. */
struct charset_decoder;

struct charset_decoder *charset_decoder_new(const struct charset *charset);
void charset_decoder_free(struct charset_decoder *self);

/* Appends the characters that bytes[0..len) completes to out as UTF-8; last says that the text ends here. The
 * result does not depend on how the text is cut into chunks. Returns false if the text would pass the limit
 * of out; the rest of the text must then be dropped, since the next chunk starts a new text. */
bool charset_decoder_feed(
    struct charset_decoder *self, const char *bytes, size_t len, bool last, struct buf *out);

#endif
