/* Declarations that the files of this folder share. Other files include charset.h. */
#ifndef AREQ_LINK_CHARSET_INTERNAL_H
#define AREQ_LINK_CHARSET_INTERNAL_H

#include "link/charset/charset.h"
#include "link/charset/index.h"

#include <stdint.h>

/* The result of one step of a decoder. */
struct charset_step {
	uint_least32_t code_point; /* CHARSET_NOTHING if the bytes stand for no text, as an escape sequence */
	uint_least32_t mark;       /* a combining mark after code_point, or 0 */
	size_t used;               /* number of decoded bytes; 0 if more bytes are needed */
};

enum { CHARSET_NOTHING = 0x110000 };

/* The largest number of bytes for which a step may need more bytes. */
enum { CHARSET_HELD_MAX = 3 };

/* The character set that ISO-2022-JP has switched to. */
enum charset_set { CHARSET_SET_ASCII, CHARSET_SET_ROMAN, CHARSET_SET_KATAKANA, CHARSET_SET_JIS0208 };

struct charset_decoder {
	const struct charset *charset;
	enum charset_set set;
	bool escaped;  /* in ISO-2022-JP: no text has come since the last escape sequence */
	bool replaced; /* in "replacement": its single U+FFFD was appended */
	size_t held_len;
	unsigned char held[CHARSET_HELD_MAX]; /* the start of a character whose rest has not come yet */
};

/* Decodes the first character of at[0..len), with len > 0; last says that the text ends there. used is never
 * 0 with last, or with more than CHARSET_HELD_MAX bytes. An error of the standard gives U+FFFD. Bytes that
 * the standard "restores" to the stream are not counted in used. */
typedef struct charset_step (*charset_step_fn)(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last);

struct charset_encoder {
	const struct charset *charset;
	enum charset_set set;
	unsigned searches; /* searches of the index so far */
	uint_least16_t
	    *pointers; /* for each code point its pointer + 1, or 0; made if a text needs many pointers */
};

/* Appends a code point, which is not ASCII unless the encoding is ISO-2022-JP. Returns false if the encoding
 * does not have it; *code_point is then the code point whose number has to be appended instead. */
typedef bool (*charset_encode_char_fn)(
    struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out);

struct charset {
	const char *name;
	charset_step_fn step;
	charset_encode_char_fn put; /* NULL if the output encoding is UTF-8 */
	const uint_least16_t
	    *single; /* its row of charset_index_single, NULL if it is no single-byte encoding */
	bool ascii;  /* a byte below 0x80 is ASCII, unless it is a part of a longer character */
};

/* Every encoding of the standard, an index of charset_table (table.c). The single-byte encodings come first;
 * their numbers are those of enum charset_single. */
enum charset_id {
	CHARSET_ID_BIG5 = CHARSET_SINGLES,
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

/* step.c */
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

/* put.c */
bool charset_encode_char_big5(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_encode_char_euc_jp(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_encode_char_euc_kr(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_encode_char_gb18030(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_encode_char_iso_2022_jp(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_encode_char_shift_jis(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_encode_char_single(struct charset_encoder *, uint_least32_t *, struct buf *);
bool charset_encode_char_x_user_defined(struct charset_encoder *, uint_least32_t *, struct buf *);

/* Ends a text: appends the escape sequence that switches ISO-2022-JP back to ASCII, if it is needed. */
void charset_encode_char_end(struct charset_encoder *encoder, struct buf *out);

/* ascii.c: Returns how many bytes at the start are below 0x80. */
size_t charset_ascii_run(const char *bytes, size_t len);

/* header.c: Returns the encoding that a Content-Type value names ("legacy extract an encoding" of the
 * standards Fetch and MIME Sniffing), or NULL if it names none that is known. */
const struct charset *charset_header(struct slice content_type);

/* prescan.c: Returns the encoding that the prescan (HTML standard, section 13.2.3.2) finds in
 * head, or NULL. */
const struct charset *charset_prescan(struct slice head);

/* meta.c: Returns the encoding that the content attribute of a <meta> names ("extracting a character encoding
 * from a meta element", HTML standard, section 2.5.3), or NULL. */
const struct charset *charset_meta_content(struct slice content);

/* meta.c: Returns the encoding that is used if a page declares charset within itself. It differs for
 * encodings in which the declaration could not have been read. NULL gives NULL. */
const struct charset *charset_meta_declared(const struct charset *charset);

#endif
