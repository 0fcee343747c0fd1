/* What the charset files share among themselves; others include charset.h. */
#ifndef AREQ_LINK_CHARSET_INTERNAL_H
#define AREQ_LINK_CHARSET_INTERNAL_H

#include "link/charset/charset.h"
#include "link/charset/index.h"

#include <stdint.h>

/* What one step of a decoder made of the bytes in front of it. */
struct charset_step {
	uint_least32_t code_point; /* CHARSET_NOTHING: the bytes (an escape sequence) stand for no text */
	uint_least32_t mark;       /* a combining mark behind code_point, or 0 */
	size_t used;               /* bytes taken; 0: undecided until more bytes come */
};

enum { CHARSET_NOTHING = 0x110000 };

/* The longest run of bytes that a step may leave undecided. */
enum { CHARSET_HELD_MAX = 3 };

/* ISO-2022-JP: which set the bytes are in. */
enum charset_set { CHARSET_SET_ASCII, CHARSET_SET_ROMAN, CHARSET_SET_KATAKANA, CHARSET_SET_JIS0208 };

struct charset_decoder {
	const struct charset *charset;
	enum charset_set set;
	bool escaped;  /* ISO-2022-JP: nothing came since the last escape sequence */
	bool replaced; /* replacement: its one U+FFFD is out */
	size_t held_len;
	unsigned char held[CHARSET_HELD_MAX]; /* the start of a character whose rest has not come */
};

/* Decodes what stands at at[0..len), len > 0; last says that the text ends there. With last, or with more
 * than CHARSET_HELD_MAX bytes, used is never 0. An error of the standard is U+FFFD; "restoring" bytes to
 * the stream is not to count them in used. */
typedef struct charset_step (*charset_step_fn)(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last);

struct charset_encoder {
	const struct charset *charset;
	enum charset_set set;
	unsigned searches;
	uint_least16_t *pointers; /* pointer + 1 by code point; built when a text needs many */
};

/* Appends a non-ASCII code point (for ISO-2022-JP, any). False, with *code_point what to show in its place,
 * where the encoding does not have it. */
typedef bool (*charset_put_fn)(struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out);

struct charset {
	const char *name;
	charset_step_fn step;
	charset_put_fn put;           /* NULL: the output encoding is UTF-8 */
	const uint_least16_t *single; /* the row of charset_index_single, NULL for the others */
	bool ascii;                   /* outside of characters, the bytes below 0x80 are ASCII */
};

/* charset_table.c: every encoding of the standard, and charset_by_label. */
enum charset_id {
	CHARSET_ID_BIG5 = CHARSET_SINGLES, /* the single-byte encodings come first, in their rows' order */
	CHARSET_ID_EUC_JP,
	CHARSET_ID_EUC_KR,
	CHARSET_ID_GB18030,
	CHARSET_ID_GBK,
	CHARSET_ID_ISO_2022_JP,
	CHARSET_ID_ISO_8859_8_I,
	CHARSET_ID_REPLACEMENT,
	CHARSET_ID_SHIFT_JIS,
	CHARSET_ID_UTF_16BE,
	CHARSET_ID_UTF_16LE,
	CHARSET_ID_UTF_8,
	CHARSET_ID_X_USER_DEFINED,
	CHARSET_ID_COUNT
};

extern const struct charset charset_table[CHARSET_ID_COUNT];

/* charset_step.c */
struct charset_step charset_step_big5(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_euc_jp(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_euc_kr(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_gb18030(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_iso_2022_jp(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_replacement(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_shift_jis(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_single(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_utf_16be(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_utf_16le(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_utf_8(struct charset_decoder *, const unsigned char *, size_t, bool);
struct charset_step charset_step_x_user_defined(
    struct charset_decoder *, const unsigned char *, size_t, bool);

/* charset_put.c */
bool charset_put_big5(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_put_euc_jp(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_put_euc_kr(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_put_gb18030(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_put_iso_2022_jp(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_put_shift_jis(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_put_single(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_put_x_user_defined(struct charset_encoder *, uint_least32_t *, struct buf *);

/* Ends what ISO-2022-JP left open at the end of a text. */
void charset_put_end(struct charset_encoder *encoder, struct buf *out);

/* charset_ascii.c: how many of the first bytes are below 0x80. */
size_t charset_ascii_run(const char *bytes, size_t len);

/* charset_header.c: the encoding that a Content-Type value names ("legacy extract an encoding" of the
 * standards Fetch and MIME Sniffing), NULL where it names none that is known. */
const struct charset *charset_header(struct slice content_type);

/* charset_prescan.c: HTML, 13.2.3.2, over all of head. NULL where it finds nothing. */
const struct charset *charset_prescan(struct slice head);

/* charset_meta.c: "extracting a character encoding from a meta element" (HTML, section 2.5.3). */
const struct charset *charset_meta_content(struct slice content);

/* charset_meta.c: what a declaration inside a page means by an encoding that the page cannot be in. */
const struct charset *charset_meta_declared(const struct charset *charset);

/* charset_meta.c: equal but for the case of ASCII letters; lower is in lower case. */
bool charset_meta_matches(struct slice text, const char *lower);

#endif
