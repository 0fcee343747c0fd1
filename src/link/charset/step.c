#include "link/charset/internal.h"

#include "base/utf8.h"

static bool in_range(unsigned byte, unsigned low, unsigned high)
{
	return byte >= low && byte <= high;
}

static struct charset_step step_to(uint_least32_t code_point, size_t used)
{
	return (struct charset_step){.code_point = code_point, .used = used};
}

static struct charset_step step_bad(size_t used)
{
	return step_to(UTF8_REPLACEMENT, used);
}

/* Returns the step for an incomplete character: an error if the text ends there, or no step before
 * more bytes come. */
static struct charset_step step_cut(size_t len, bool last)
{
	return step_bad(last ? len : 0);
}

/* Returns the step for a lead byte and a trail byte. code_point is below 0x80 if the index has none for them:
 * an error, after which an ASCII trail byte is decoded again, as the standard requires. */
static struct charset_step step_pair(uint_least32_t code_point, unsigned char trail)
{
	if (code_point >= 0x80)
		return step_to(code_point, 2);
	return step_bad(trail < 0x80 ? 1 : 2);
}

struct charset_step charset_step_single(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)len;
	(void)last;
	if (at[0] < 0x80)
		return step_to(at[0], 1);
	uint_least32_t code_point = decoder->charset->single[at[0] - 0x80];
	return code_point < 0x80 ? step_bad(1) : step_to(code_point, 1);
}

struct charset_step charset_step_x_user_defined(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)decoder;
	(void)len;
	(void)last;
	return step_to(at[0] < 0x80 ? at[0] : at[0] - 0x80 + 0xf780u, 1);
}

struct charset_step charset_step_replacement(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)at;
	(void)last;
	if (decoder->replaced)
		return step_to(CHARSET_NOTHING, len);
	decoder->replaced = true;
	return step_bad(len);
}

struct charset_step charset_step_utf_8(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)decoder;
	struct utf8_char c = utf8_decode((const char *)at, len);
	if (!c.valid && c.len == len)
		return step_cut(len, last);
	return step_to(c.code_point, c.len);
}

static struct charset_step utf_16(const unsigned char *at, size_t len, bool last, unsigned high)
{
	if (len < 2)
		return step_cut(len, last);
	uint_least32_t unit = (uint_least32_t)at[high] << 8 | at[1 - high];
	if (unit < 0xd800 || unit > 0xdfff)
		return step_to(unit, 2);
	if (unit > 0xdbff)
		return step_bad(2);
	if (len < 4)
		return step_cut(len, last);
	uint_least32_t low = (uint_least32_t)at[2 + high] << 8 | at[3 - high];
	if (low < 0xdc00 || low > 0xdfff)
		return step_bad(2);
	return step_to(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), 4);
}

struct charset_step charset_step_utf_16be(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)decoder;
	return utf_16(at, len, last, 0);
}

struct charset_step charset_step_utf_16le(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)decoder;
	return utf_16(at, len, last, 1);
}

/* Returns the code point for a pointer ("index gb18030 ranges code point"), 0 if there is none. */
static uint_least32_t gb18030_range(uint_least32_t pointer)
{
	if ((pointer > 39419 && pointer < 189000) || pointer > 1237575)
		return 0;
	if (pointer == 7457)
		return 0xe7c7;
	size_t i = CHARSET_GB18030_RANGES;
	while (charset_index_gb18030_ranges[--i].pointer > pointer)
		;
	return charset_index_gb18030_ranges[i].code_point + pointer - charset_index_gb18030_ranges[i].pointer;
}

static struct charset_step gb18030_four(const unsigned char *at, size_t len, bool last)
{
	if (len < 3)
		return step_cut(len, last);
	if (!in_range(at[2], 0x81, 0xfe))
		return step_bad(1);
	if (len < 4)
		return step_cut(len, last);
	if (!in_range(at[3], 0x30, 0x39))
		return step_bad(1);
	uint_least32_t code_point = gb18030_range(
	    (at[0] - 0x81u) * 12600 + (at[1] - 0x30u) * 1260 + (at[2] - 0x81u) * 10 + (at[3] - 0x30u));
	return code_point ? step_to(code_point, 4) : step_bad(4);
}

struct charset_step charset_step_gb18030(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)decoder;
	if (at[0] < 0x80)
		return step_to(at[0], 1);
	if (at[0] == 0x80)
		return step_to(0x20ac, 1);
	if (at[0] == 0xff)
		return step_bad(1);
	if (len < 2)
		return step_cut(len, last);
	if (in_range(at[1], 0x30, 0x39))
		return gb18030_four(at, len, last);
	uint_least32_t code_point = 0;
	if (in_range(at[1], 0x40, 0x7e) || in_range(at[1], 0x80, 0xfe))
		code_point = charset_index_gb18030[at[0] - 0x81][at[1] - (at[1] < 0x7f ? 0x40 : 0x41)];
	return step_pair(code_point, at[1]);
}

/* Four pointers stand for a letter and a combining mark, two code points, for which the index
 * has no place. */
static struct charset_step big5_marked(unsigned char trail)
{
	struct charset_step step = step_to(trail < 0x80 ? 0xca : 0xea, 2);
	step.mark = trail == 0x62 || trail == 0xa3 ? 0x304 : 0x30c;
	return step;
}

struct charset_step charset_step_big5(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)decoder;
	if (at[0] < 0x80)
		return step_to(at[0], 1);
	if (!in_range(at[0], 0x81, 0xfe))
		return step_bad(1);
	if (len < 2)
		return step_cut(len, last);
	if (at[0] == 0x88 && (at[1] == 0x62 || at[1] == 0x64 || at[1] == 0xa3 || at[1] == 0xa5))
		return big5_marked(at[1]);
	uint_least32_t code_point = 0;
	if (in_range(at[1], 0x40, 0x7e) || in_range(at[1], 0xa1, 0xfe))
		code_point = charset_index_big5[at[0] - 0x81][at[1] - (at[1] < 0x7f ? 0x40 : 0x62)];
	return step_pair(code_point, at[1]);
}

struct charset_step charset_step_euc_kr(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)decoder;
	if (at[0] < 0x80)
		return step_to(at[0], 1);
	if (!in_range(at[0], 0x81, 0xfe))
		return step_bad(1);
	if (len < 2)
		return step_cut(len, last);
	uint_least32_t code_point = 0;
	if (in_range(at[1], 0x41, 0xfe) && at[0] - 0x81 < CHARSET_EUC_KR_ROWS)
		code_point = charset_index_euc_kr[at[0] - 0x81][at[1] - 0x41];
	return step_pair(code_point, at[1]);
}

static struct charset_step euc_jp_three(const unsigned char *at, size_t len, bool last)
{
	if (len < 3)
		return step_cut(len, last);
	uint_least32_t code_point = 0;
	if (in_range(at[2], 0xa1, 0xfe) && at[1] - 0xa1 < CHARSET_JIS0212_ROWS)
		code_point = charset_index_jis0212[at[1] - 0xa1][at[2] - 0xa1];
	struct charset_step step = step_pair(code_point, at[2]);
	step.used++;
	return step;
}

struct charset_step charset_step_euc_jp(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)decoder;
	if (at[0] < 0x80)
		return step_to(at[0], 1);
	if (!in_range(at[0], 0xa1, 0xfe) && at[0] != 0x8e && at[0] != 0x8f)
		return step_bad(1);
	if (len < 2)
		return step_cut(len, last);
	uint_least32_t code_point = 0;
	if (at[0] == 0x8f && in_range(at[1], 0xa1, 0xfe))
		return euc_jp_three(at, len, last);
	if (at[0] == 0x8e && in_range(at[1], 0xa1, 0xdf))
		code_point = at[1] - 0xa1 + 0xff61u;
	else if (at[0] >= 0xa1 && in_range(at[1], 0xa1, 0xfe))
		code_point = charset_index_jis0208[at[0] - 0xa1][at[1] - 0xa1];
	return step_pair(code_point, at[1]);
}

struct charset_step charset_step_shift_jis(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	(void)decoder;
	if (at[0] <= 0x80)
		return step_to(at[0], 1);
	if (in_range(at[0], 0xa1, 0xdf))
		return step_to(at[0] - 0xa1 + 0xff61u, 1);
	if (at[0] == 0xa0 || at[0] > 0xfc)
		return step_bad(1);
	if (len < 2)
		return step_cut(len, last);
	uint_least32_t code_point = 0;
	if (in_range(at[1], 0x40, 0x7e) || in_range(at[1], 0x80, 0xfc)) {
		unsigned pointer =
		    (at[0] - (at[0] < 0xa0 ? 0x81u : 0xc1u)) * 188 + at[1] - (at[1] < 0x7f ? 0x40u : 0x41u);
		if (in_range(pointer, 8836, 10715))
			code_point = pointer - 8836 + 0xe000;
		else if (pointer / CHARSET_JIS0208_COLUMNS < CHARSET_JIS0208_ROWS)
			code_point = charset_index_jis0208[pointer / CHARSET_JIS0208_COLUMNS]
			                                  [pointer % CHARSET_JIS0208_COLUMNS];
	}
	return step_pair(code_point, at[1]);
}

/* Sets *set and returns true if the three bytes are an escape sequence of the standard. */
static bool iso_2022_jp_set(const unsigned char *at, enum charset_set *set)
{
	static const struct {
		unsigned char bytes[2];
		unsigned char set;
	} sequences[] = {{{'(', 'B'}, CHARSET_SET_ASCII}, {{'(', 'J'}, CHARSET_SET_ROMAN},
	    {{'(', 'I'}, CHARSET_SET_KATAKANA}, {{'$', '@'}, CHARSET_SET_JIS0208},
	    {{'$', 'B'}, CHARSET_SET_JIS0208}};
	for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
		if (at[1] == sequences[i].bytes[0] && at[2] == sequences[i].bytes[1]) {
			*set = (enum charset_set)sequences[i].set;
			return true;
		}
	return false;
}

static struct charset_step iso_2022_jp_escape(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	if (len < 3 && !last)
		return step_cut(len, last);
	if (len >= 3 && iso_2022_jp_set(at, &decoder->set)) {
		/* Two escape sequences in a row are an error: they could hide text from a filter
		 * of raw bytes. */
		struct charset_step step = decoder->escaped ? step_bad(3) : step_to(CHARSET_NOTHING, 3);
		decoder->escaped = true;
		return step;
	}
	decoder->escaped = false;
	return step_bad(1);
}

static struct charset_step iso_2022_jp_pair(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	if (!in_range(at[0], 0x21, 0x7e)) {
		decoder->escaped = false;
		return step_bad(1);
	}
	if (len < 2)
		return step_cut(len, last);
	decoder->escaped = false;
	if (at[1] == 0x1b)
		return step_bad(1);
	uint_least32_t code_point = 0;
	if (in_range(at[1], 0x21, 0x7e))
		code_point = charset_index_jis0208[at[0] - 0x21][at[1] - 0x21];
	return code_point < 0x80 ? step_bad(2) : step_to(code_point, 2);
}

struct charset_step charset_step_iso_2022_jp(
    struct charset_decoder *decoder, const unsigned char *at, size_t len, bool last)
{
	if (at[0] == 0x1b)
		return iso_2022_jp_escape(decoder, at, len, last);
	if (decoder->set == CHARSET_SET_JIS0208)
		return iso_2022_jp_pair(decoder, at, len, last);
	decoder->escaped = false;
	if (decoder->set == CHARSET_SET_KATAKANA)
		return in_range(at[0], 0x21, 0x5f) ? step_to(at[0] - 0x21 + 0xff61u, 1) : step_bad(1);
	if (at[0] >= 0x80 || at[0] == 0x0e || at[0] == 0x0f)
		return step_bad(1);
	if (decoder->set == CHARSET_SET_ROMAN && at[0] == 0x5c)
		return step_to(0xa5, 1);
	if (decoder->set == CHARSET_SET_ROMAN && at[0] == 0x7e)
		return step_to(0x203e, 1);
	return step_to(at[0], 1);
}
