#include "base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

struct decoding {
	const char *bytes;
	uint32_t code_point;
	uint8_t len;
	bool valid;
};

/* Bad input: the maximal subparts of the Unicode standard, section 3.9, table 3-8 and following. */
static const struct decoding decodings[] = {
    {"a", 'a', 1, true},
    {"\x7f", 0x7f, 1, true},
    {"\xc2\x80", 0x80, 2, true},
    {"\xdf\xbf", 0x7ff, 2, true},
    {"\xe0\xa0\x80", 0x800, 3, true},
    {"\xed\x9f\xbf", 0xd7ff, 3, true},
    {"\xee\x80\x80", 0xe000, 3, true},
    {"\xef\xbf\xbd", 0xfffd, 3, true},
    {"\xef\xbf\xbf", 0xffff, 3, true},
    {"\xf0\x90\x80\x80", 0x10000, 4, true},
    {"\xf4\x8f\xbf\xbf", 0x10ffff, 4, true},
    {"\x80", 0xfffd, 1, false},
    {"\xc0\x80", 0xfffd, 1, false},
    {"\xc1\xbf", 0xfffd, 1, false},
    {"\xc2", 0xfffd, 1, false},
    {"\xc2z", 0xfffd, 1, false},
    {"\xe0\x9f\xbf", 0xfffd, 1, false},
    {"\xe1\x80", 0xfffd, 2, false},
    {"\xe1\x80z", 0xfffd, 2, false},
    {"\xed\xa0\x80", 0xfffd, 1, false},
    {"\xf0\x8f\xbf\xbf", 0xfffd, 1, false},
    {"\xf1\x80\x80", 0xfffd, 3, false},
    {"\xf1\x80\x80\xc2\x80", 0xfffd, 3, false},
    {"\xf4\x90\x80\x80", 0xfffd, 1, false},
    {"\xf5\x80\x80\x80", 0xfffd, 1, false},
    {"\xff", 0xfffd, 1, false},
};

Test(utf8, decodes_one_code_point)
{
	for (size_t i = 0; i < sizeof decodings / sizeof *decodings; i++) {
		const struct decoding *d = &decodings[i];
		struct utf8_char c = utf8_decode(d->bytes, strlen(d->bytes));
		cr_expect(c.code_point == d->code_point && c.len == d->len && c.valid == d->valid,
		    "case %zu: U+%04X, %u bytes", i, c.code_point, c.len);
		size_t valid = utf8_valid_length(d->bytes, strlen(d->bytes));
		cr_expect((valid == strlen(d->bytes)) == d->valid, "case %zu", i);
		char out[UTF8_LENGTH_MAX];
		if (d->valid)
			cr_expect(utf8_encode(d->code_point, out) == d->len && !memcmp(out, d->bytes, d->len),
			    "case %zu", i);
	}
}

Test(utf8, does_not_read_past_the_end)
{
	struct utf8_char c = utf8_decode("\xf0\x90\x80\x80", 3);
	cr_expect(!c.valid && c.len == 3);
	cr_expect(utf8_valid_length("a\xc3\xa9\xc3\xa9", 4) == 3);
	cr_expect(utf8_valid_length("", 0) == 0);
}

Test(utf8, repairs_maximal_subparts)
{
	static const char bad[] = "a\xf1\x80\x80\xe1\x80\xc2z\x80\xed\xa0\x80\xc3\xa9";
	static const char good[] = "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd"
	                           "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9";
	struct buf out;
	buf_init(&out, 100);
	cr_assert(utf8_append_repaired(&out, bad, sizeof bad - 1));
	cr_expect_str_eq(out.data, good);
	buf_release(&out);
	buf_init(&out, 4);
	cr_expect(!utf8_append_repaired(&out, bad, sizeof bad - 1));
	buf_release(&out);
}
