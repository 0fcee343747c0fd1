#include "link/charset/internal.h"

#include "base/alloc.h"

/* Each search reads a whole index. After SEARCHES_MAX searches for one text, a table by code
 * point is made. */
enum { SEARCHES_MAX = 32, SEARCH_BLOCK = 64 };

enum { NOT_FOUND = 0xffff, CODE_POINTS_16 = 0x10000, CODE_POINTS_32 = 0x30000 };

/* An index and the pointers of it that an encoder may use. Either narrow or wide is NULL. */
struct index {
	const uint_least16_t *narrow; /* 16-bit code points */
	const uint_least32_t *wide;   /* 32-bit code points */
	unsigned rows, columns;
	unsigned first;                /* pointers below it are for decoders only */
	unsigned skip_start, skip_end; /* pointers from skip_start to before skip_end are for decoders only */
};

static const struct index euc_kr = {
    &charset_index_euc_kr[0][0], NULL, CHARSET_EUC_KR_ROWS, CHARSET_EUC_KR_COLUMNS, 0, 0, 0};
static const struct index gb18030 = {
    &charset_index_gb18030[0][0], NULL, CHARSET_GB18030_ROWS, CHARSET_GB18030_COLUMNS, 0, 0, 0};
static const struct index jis0208 = {
    &charset_index_jis0208[0][0], NULL, CHARSET_JIS0208_ROWS, CHARSET_JIS0208_COLUMNS, 0, 0, 0};

/* Skips the NEC selected IBM extensions, which are duplicates ("index Shift_JIS pointer"). */
static const struct index shift_jis = {
    &charset_index_jis0208[0][0], NULL, CHARSET_JIS0208_ROWS, CHARSET_JIS0208_COLUMNS, 0, 8272, 8836};

/* Skips the extensions of Hong Kong ("index Big5 pointer"). */
static const struct index big5 = {NULL, &charset_index_big5[0][0], CHARSET_BIG5_ROWS, CHARSET_BIG5_COLUMNS,
    (0xa1 - 0x81) * CHARSET_BIG5_COLUMNS, 0, 0};

static uint_least32_t index_at(const struct index *index, size_t at)
{
	return index->wide ? index->wide[at] : index->narrow[at];
}

static size_t index_len(const struct index *index)
{
	return (size_t)index->rows * (index->columns + 1);
}

/* Returns the pointer for an offset in the index. Here each row has one element more than in the standard:
 * its NUL. */
static unsigned index_pointer(const struct index *index, size_t at)
{
	size_t stride = index->columns + 1;
	return (unsigned)(at / stride * index->columns + at % stride);
}

static bool is_pointer_usable(const struct index *index, unsigned pointer)
{
	return pointer >= index->first && !(pointer >= index->skip_start && pointer < index->skip_end);
}

/* True for the code points whose last pointer is used, not the first ("index Big5 pointer"). */
static bool uses_last_pointer(const struct index *index, uint_least32_t code_point)
{
	return index == &big5 && (code_point == 0x2550 || code_point == 0x255e || code_point == 0x2561 ||
	                             code_point == 0x256a || code_point == 0x5341 || code_point == 0x5345);
}

/* Compilers turn the loops of this function and the next into a few vector instructions, because they have no
 * early exit. */
static bool narrow_block_has(const uint_least16_t *block, uint_least16_t code_point)
{
	uint_least16_t found = 0;
	for (size_t i = 0; i < SEARCH_BLOCK; i++)
		found |= block[i] == code_point;
	return found;
}

static bool wide_block_has(const uint_least32_t *block, uint_least32_t code_point)
{
	uint_least32_t found = 0;
	for (size_t i = 0; i < SEARCH_BLOCK; i++)
		found |= block[i] == code_point;
	return found;
}

static bool block_has(const struct index *index, size_t at, uint_least32_t code_point)
{
	if (index_len(index) - at < SEARCH_BLOCK)
		return true;
	return index->wide ? wide_block_has(index->wide + at, code_point)
	                   : narrow_block_has(index->narrow + at, (uint_least16_t)code_point);
}

static unsigned search_index(const struct index *index, uint_least32_t code_point)
{
	unsigned found = NOT_FOUND;
	for (size_t block = 0; block < index_len(index); block += SEARCH_BLOCK) {
		if (!block_has(index, block, code_point))
			continue;
		for (size_t at = block; at < block + SEARCH_BLOCK && at < index_len(index); at++) {
			if (index_at(index, at) != code_point ||
			    !is_pointer_usable(index, index_pointer(index, at)))
				continue;
			found = index_pointer(index, at);
			if (!uses_last_pointer(index, code_point))
				return found;
		}
	}
	return found;
}

static uint_least16_t *invert_index(const struct index *index)
{
	uint_least16_t *pointers =
	    alloc_array(index->wide ? CODE_POINTS_32 : CODE_POINTS_16, sizeof *pointers);
	for (size_t at = 0; at < index_len(index); at++) {
		unsigned pointer = index_pointer(index, at);
		uint_least32_t code_point = index_at(index, at);
		if (is_pointer_usable(index, pointer) &&
		    (pointers[code_point] == 0 || uses_last_pointer(index, code_point)))
			pointers[code_point] = (uint_least16_t)(pointer + 1);
	}
	return pointers;
}

/* Returns the pointer of a code point ("index pointer"), NOT_FOUND if it has none. All calls with one encoder
 * must use the same index. */
static unsigned find_pointer(
    struct charset_encoder *encoder, const struct index *index, uint_least32_t code_point)
{
	if (code_point >= (index->wide ? CODE_POINTS_32 : CODE_POINTS_16))
		return NOT_FOUND;
	if (!encoder->pointers && encoder->searches++ < SEARCHES_MAX)
		return search_index(index, code_point);
	if (!encoder->pointers)
		encoder->pointers = invert_index(index);
	return encoder->pointers[code_point] ? encoder->pointers[code_point] - 1u : NOT_FOUND;
}

static void append_two_bytes(unsigned first, unsigned second, struct buf *out)
{
	const unsigned char bytes[] = {(unsigned char)first, (unsigned char)second};
	buf_append(out, bytes, sizeof bytes);
}

bool charset_encode_char_single(struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out)
{
	for (unsigned i = 0; i < CHARSET_SINGLE_COLUMNS; i++)
		if (encoder->charset->single[i] == *code_point) {
			buf_append_byte(out, (char)(i + 0x80));
			return true;
		}
	return false;
}

bool charset_encode_char_x_user_defined(
    struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out)
{
	(void)encoder;
	if (*code_point < 0xf780 || *code_point > 0xf7ff)
		return false;
	buf_append_byte(out, (char)(*code_point - 0xf780 + 0x80));
	return true;
}

/* Appends the two bytes that a code point had in GB 18030-2005, if the index has another code point at their
 * pointer since 2022. Returns false for all code points that were not moved. */
static bool put_gb18030_2005(uint_least32_t code_point, struct buf *out)
{
	static const struct {
		uint_least16_t code_point;
		unsigned char bytes[2];
	} moved[] = {{0xe78d, {0xa6, 0xd9}}, {0xe78e, {0xa6, 0xda}}, {0xe78f, {0xa6, 0xdb}},
	    {0xe790, {0xa6, 0xdc}}, {0xe791, {0xa6, 0xdd}}, {0xe792, {0xa6, 0xde}}, {0xe793, {0xa6, 0xdf}},
	    {0xe794, {0xa6, 0xec}}, {0xe795, {0xa6, 0xed}}, {0xe796, {0xa6, 0xf3}}, {0xe81e, {0xfe, 0x59}},
	    {0xe826, {0xfe, 0x61}}, {0xe82b, {0xfe, 0x66}}, {0xe82c, {0xfe, 0x67}}, {0xe832, {0xfe, 0x6d}},
	    {0xe843, {0xfe, 0x7e}}, {0xe854, {0xfe, 0x90}}, {0xe864, {0xfe, 0xa0}}};
	for (size_t i = 0; i < sizeof moved / sizeof *moved; i++)
		if (moved[i].code_point == code_point) {
			buf_append(out, moved[i].bytes, 2);
			return true;
		}
	return false;
}

/* Appends the four bytes of a code point ("index gb18030 ranges pointer"). Every code point has
 * such a pointer. */
static void put_gb18030_four(uint_least32_t code_point, struct buf *out)
{
	uint_least32_t pointer = 7457;
	if (code_point != 0xe7c7) {
		size_t i = CHARSET_GB18030_RANGES;
		while (charset_index_gb18030_ranges[--i].code_point > code_point)
			;
		pointer = charset_index_gb18030_ranges[i].pointer + code_point -
		          charset_index_gb18030_ranges[i].code_point;
	}
	append_two_bytes(pointer / 12600 + 0x81, pointer / 1260 % 10 + 0x30, out);
	append_two_bytes(pointer / 10 % 126 + 0x81, pointer % 10 + 0x30, out);
}

bool charset_encode_char_gb18030(struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out)
{
	bool gbk = encoder->charset == &charset_table[CHARSET_ID_GBK];
	if (*code_point == 0xe5e5)
		return false;
	if (gbk && *code_point == 0x20ac) {
		buf_append_byte(out, (char)0x80);
		return true;
	}
	if (put_gb18030_2005(*code_point, out))
		return true;
	unsigned pointer = find_pointer(encoder, &gb18030, *code_point);
	if (pointer == NOT_FOUND) {
		if (!gbk)
			put_gb18030_four(*code_point, out);
		return !gbk;
	}
	unsigned trail = pointer % CHARSET_GB18030_COLUMNS;
	append_two_bytes(pointer / CHARSET_GB18030_COLUMNS + 0x81, trail + (trail < 0x3f ? 0x40 : 0x41), out);
	return true;
}

bool charset_encode_char_big5(struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out)
{
	unsigned pointer = find_pointer(encoder, &big5, *code_point);
	if (pointer == NOT_FOUND)
		return false;
	unsigned trail = pointer % CHARSET_BIG5_COLUMNS;
	append_two_bytes(pointer / CHARSET_BIG5_COLUMNS + 0x81, trail + (trail < 0x3f ? 0x40 : 0x62), out);
	return true;
}

bool charset_encode_char_euc_kr(struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out)
{
	unsigned pointer = find_pointer(encoder, &euc_kr, *code_point);
	if (pointer == NOT_FOUND)
		return false;
	append_two_bytes(
	    pointer / CHARSET_EUC_KR_COLUMNS + 0x81, pointer % CHARSET_EUC_KR_COLUMNS + 0x41, out);
	return true;
}

/* Replaces the minus sign by the full-width one, the only one that the Japanese encodings have. */
static uint_least32_t replace_minus(uint_least32_t code_point)
{
	return code_point == 0x2212 ? 0xff0d : code_point;
}

bool charset_encode_char_euc_jp(struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out)
{
	if (*code_point == 0xa5 || *code_point == 0x203e) {
		buf_append_byte(out, *code_point == 0xa5 ? 0x5c : 0x7e);
		return true;
	}
	if (*code_point >= 0xff61 && *code_point <= 0xff9f) {
		append_two_bytes(0x8e, *code_point - 0xff61 + 0xa1, out);
		return true;
	}
	unsigned pointer = find_pointer(encoder, &jis0208, replace_minus(*code_point));
	if (pointer == NOT_FOUND)
		return false;
	append_two_bytes(
	    pointer / CHARSET_JIS0208_COLUMNS + 0xa1, pointer % CHARSET_JIS0208_COLUMNS + 0xa1, out);
	return true;
}

bool charset_encode_char_shift_jis(
    struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out)
{
	if (*code_point == 0x80 || *code_point == 0xa5 || *code_point == 0x203e) {
		buf_append_byte(out, *code_point == 0x80 ? (char)0x80 : *code_point == 0xa5 ? 0x5c : 0x7e);
		return true;
	}
	if (*code_point >= 0xff61 && *code_point <= 0xff9f) {
		buf_append_byte(out, (char)(*code_point - 0xff61 + 0xa1));
		return true;
	}
	unsigned pointer = find_pointer(encoder, &shift_jis, replace_minus(*code_point));
	if (pointer == NOT_FOUND)
		return false;
	unsigned lead = pointer / 188, trail = pointer % 188;
	append_two_bytes(lead + (lead < 0x1f ? 0x81 : 0xc1), trail + (trail < 0x3f ? 0x40 : 0x41), out);
	return true;
}

static void switch_set(struct charset_encoder *encoder, enum charset_set set, struct buf *out)
{
	static const char *const sequences[] = {
	    [CHARSET_SET_ASCII] = "\x1b(B", [CHARSET_SET_ROMAN] = "\x1b(J", [CHARSET_SET_JIS0208] = "\x1b$B"};
	if (encoder->set != set)
		buf_append_text(out, sequences[set]);
	encoder->set = set;
}

/* Returns the full-width form of a half-width katakana or mark ("index ISO-2022-JP katakana"), and any other
 * code point unchanged. */
static uint_least32_t to_full_width(uint_least32_t code_point)
{
	static const uint_least16_t forms[] =
	    u"。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタ"
	    u"チツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜";
	return code_point >= 0xff61 && code_point <= 0xff9f ? forms[code_point - 0xff61] : code_point;
}

static bool put_iso_2022_jp_ascii(
    struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out)
{
	bool roman_differs = *code_point == 0x5c || *code_point == 0x7e;
	if (encoder->set == CHARSET_SET_JIS0208 || (encoder->set == CHARSET_SET_ROMAN && roman_differs))
		switch_set(encoder, CHARSET_SET_ASCII, out);
	if (*code_point == 0x0e || *code_point == 0x0f || *code_point == 0x1b) {
		*code_point = 0xfffd;
		return false;
	}
	buf_append_byte(out, (char)*code_point);
	return true;
}

bool charset_encode_char_iso_2022_jp(
    struct charset_encoder *encoder, uint_least32_t *code_point, struct buf *out)
{
	if (*code_point < 0x80)
		return put_iso_2022_jp_ascii(encoder, code_point, out);
	if (*code_point == 0xa5 || *code_point == 0x203e) {
		switch_set(encoder, CHARSET_SET_ROMAN, out);
		buf_append_byte(out, *code_point == 0xa5 ? 0x5c : 0x7e);
		return true;
	}
	unsigned pointer = find_pointer(encoder, &jis0208, to_full_width(replace_minus(*code_point)));
	if (pointer == NOT_FOUND) {
		if (encoder->set == CHARSET_SET_JIS0208)
			switch_set(encoder, CHARSET_SET_ASCII, out);
		return false;
	}
	switch_set(encoder, CHARSET_SET_JIS0208, out);
	append_two_bytes(
	    pointer / CHARSET_JIS0208_COLUMNS + 0x21, pointer % CHARSET_JIS0208_COLUMNS + 0x21, out);
	return true;
}

void charset_encode_char_end(struct charset_encoder *encoder, struct buf *out)
{
	switch_set(encoder, CHARSET_SET_ASCII, out);
}
