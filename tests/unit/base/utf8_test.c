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
    {.bytes = "a", .code_point = 'a', .len = 1, .valid = true},
    {.bytes = "\x7f", .code_point = 0x7f, .len = 1, .valid = true},
    {.bytes = "\xc2\x80", .code_point = 0x80, .len = 2, .valid = true},
    {.bytes = "\xdf\xbf", .code_point = 0x7ff, .len = 2, .valid = true},
    {.bytes = "\xe0\xa0\x80", .code_point = 0x800, .len = 3, .valid = true},
    {.bytes = "\xed\x9f\xbf", .code_point = 0xd7ff, .len = 3, .valid = true},
    {.bytes = "\xee\x80\x80", .code_point = 0xe000, .len = 3, .valid = true},
    {.bytes = "\xef\xbf\xbd", .code_point = 0xfffd, .len = 3, .valid = true},
    {.bytes = "\xef\xbf\xbf", .code_point = 0xffff, .len = 3, .valid = true},
    {.bytes = "\xf0\x90\x80\x80", .code_point = 0x10000, .len = 4, .valid = true},
    {.bytes = "\xf4\x8f\xbf\xbf", .code_point = 0x10ffff, .len = 4, .valid = true},
    {.bytes = "\x80", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xc0\x80", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xc1\xbf", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xc2", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xc2z", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xe0\x9f\xbf", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xe1\x80", .code_point = 0xfffd, .len = 2, .valid = false},
    {.bytes = "\xe1\x80z", .code_point = 0xfffd, .len = 2, .valid = false},
    {.bytes = "\xed\xa0\x80", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xf0\x8f\xbf\xbf", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xf1\x80\x80", .code_point = 0xfffd, .len = 3, .valid = false},
    {.bytes = "\xf1\x80\x80\xc2\x80", .code_point = 0xfffd, .len = 3, .valid = false},
    {.bytes = "\xf4\x90\x80\x80", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xf5\x80\x80\x80", .code_point = 0xfffd, .len = 1, .valid = false},
    {.bytes = "\xff", .code_point = 0xfffd, .len = 1, .valid = false},
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
