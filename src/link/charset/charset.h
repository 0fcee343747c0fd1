/* Which encoding a page is in, and text of that encoding to and from UTF-8 (WHATWG Encoding standard). */
#ifndef AREQ_LINK_CHARSET_CHARSET_H
#define AREQ_LINK_CHARSET_CHARSET_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* The part of a page that the standard's prescan looks at, in bytes. */
enum { CHARSET_PRESCAN = 1024 };

/* One encoding of the standard; constant, lives as long as the program. */
struct charset;

/* The encoding for a label ("get an encoding", section 4.2: trimmed, any letter case, gb2312 means GBK),
 * or NULL where the standard knows no such label. */
const struct charset *charset_by_label(struct slice label);

const struct charset *charset_utf8(void);
const struct charset *charset_windows_1252(void);

/* The standard's name of it, such as "windows-1252" or "Shift_JIS". */
const char *charset_name(const struct charset *self);

/* UTF-16LE, UTF-16BE and ISO-2022-JP: tags cannot be found in their raw bytes, so a page in one of them is
 * converted whole before links are looked for. So is one in "replacement", which has no links: its text is a
 * single U+FFFD. In all others the bytes below 0x40 but for the digits are never a part of a longer
 * character, nor does a broken character swallow them. */
bool charset_needs_whole_text(const struct charset *self);

/* How sure one may be of a page's encoding (HTML standard, section 13.2.3). */
enum charset_confidence {
	CHARSET_UNKNOWN,   /* nothing was declared: a later <meta> decides, else guess link by link */
	CHARSET_TENTATIVE, /* the prescan found it: it stays unless a later rule of the standard says
	                      otherwise */
	CHARSET_CERTAIN    /* a byte order mark or the HTTP header said so */
};

struct charset_guess {
	const struct charset *charset; /* NULL with CHARSET_UNKNOWN */
	enum charset_confidence confidence;
	size_t bom_len; /* bytes of the byte order mark, to be skipped; 0 where there is none */
};

/* Decides from the start of a page: a byte order mark, then the Content-Type header (its raw value;
 * data == NULL where there was none), then the prescan of the first CHARSET_PRESCAN bytes (HTML standard,
 * section 13.2.3.2: <meta charset>, <meta http-equiv content>, and the XML declaration as browsers read it).
 * head holds the first bytes of the body, at least CHARSET_PRESCAN of them or the whole body. */
struct charset_guess charset_detect(struct slice content_type, struct slice head);

/* The encoding that the attributes of a <meta> declare; NULL where they declare none. Each value is raw bytes
 * of the page with character references decoded; data == NULL where the attribute is absent. UTF-16 labels
 * give UTF-8, x-user-defined gives windows-1252, as the standard asks of a declaration inside a page. */
const struct charset *charset_from_meta(struct slice charset, struct slice http_equiv, struct slice content);

/* Appends bytes[0..len), a whole text, to out as UTF-8, at most three bytes for each; bad bytes become U+FFFD
 * as the standard's decoders do. No byte order mark is looked for. False where out's cap would be passed; out
 * then holds a part. */
bool charset_decode(const struct charset *self, const char *bytes, size_t len, struct buf *out);

/* True where bytes[0..len) is valid UTF-8. */
bool charset_is_utf8(const char *bytes, size_t len);

/* Appends utf8[0..len), which is valid UTF-8, to out in this encoding (UTF-8 for UTF-16 and replacement, as
 * the standard's "get an output encoding" says); a code point that it does not have is appended as "%26%23",
 * its decimal number and "%3B". What would pass out's cap is left out. Fits url_encode_fn with ctx being the
 * struct charset. */
void charset_encode(const void *self, const char *utf8, size_t len, struct buf *out);

/* A text that comes in pieces. One decoder serves one text after the other. */
struct charset_decoder;

struct charset_decoder *charset_decoder_new(const struct charset *charset);
void charset_decoder_free(struct charset_decoder *self);

/* Appends what bytes[0..len) completes to out as UTF-8, whole characters only; last says that the text ends
 * with them. Where the text is cut into pieces changes nothing. False where out's cap would be passed; the
 * text is then given up, and the next piece starts a new one. */
bool charset_decoder_feed(
    struct charset_decoder *self, const char *bytes, size_t len, bool last, struct buf *out);

#endif
