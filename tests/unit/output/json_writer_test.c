#include "output/json_writer.h"

#include "base/utf8.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct buf new_buf(void)
{
	struct buf buf;
	buf_init(&buf, SIZE_MAX / 2);
	buf_append_text(&buf, "");
	return buf;
}

/* Appends what jansson writes, and escapes what jansson does not: DEL and U+0080 to U+009F. */
static int append_dumped(const char *bytes, size_t len, void *out)
{
	for (size_t i = 0; i < len; i++) {
		bool is_c1 = bytes[i] == '\xc2' && i + 1 < len && (unsigned char)bytes[i + 1] < 0xa0;
		char escape[16];
		if (bytes[i] != '\x7f' && !is_c1) {
			buf_append_byte(out, bytes[i]);
			continue;
		}
		snprintf(escape, sizeof escape, "\\u%04X", (unsigned char)bytes[is_c1 ? ++i : i]);
		buf_append_text(out, escape);
	}
	return 0;
}

/* The string as jansson writes it, once each NUL and each invalid subpart is U+FFFD. */
static struct buf expected_string(struct slice text)
{
	struct buf repaired = new_buf(), out = new_buf();
	for (size_t at = 0; at < text.len; at++) {
		size_t len = strnlen(text.data + at, text.len - at);
		utf8_append_repaired(&repaired, text.data + at, len);
		at += len;
		if (at < text.len)
			buf_append_text(&repaired, "\xef\xbf\xbd");
	}
	json_t *string = json_stringn(repaired.data, repaired.len);
	cr_assert(string);
	cr_assert_eq(json_dump_callback(string, append_dumped, &out,
	                 JSON_ENCODE_ANY | JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9)),
	    0);
	json_decref(string);
	buf_release(&repaired);
	return out;
}

static void expect_as_jansson(struct slice text)
{
	/* The text ends where its memory ends, so that the sanitizers see if more is read. */
	char *exact = malloc(text.len ? text.len : 1);
	cr_assert(exact);
	memcpy(exact, text.data, text.len);
	struct buf expected = expected_string(text), found = new_buf();
	json_writer_string(&found, (struct slice){exact, text.len});
	bool equal = found.len == expected.len && memcmp(found.data, expected.data, found.len) == 0;
	cr_assert(equal, "%s is not %s", found.data, expected.data);
	buf_release(&expected);
	buf_release(&found);
	free(exact);
}

Test(json_writer, escapes_each_character_as_jansson_does)
{
	char bytes[32];
	for (uint32_t c = 0; c <= 0x10ffff; c += c < 0x3000 ? 1 : 251) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		/* at each place of a word of eight bytes, and in a string that has no such word */
		for (size_t before = 0; before < (c < 0x100 ? 17 : 3); before++) {
			memset(bytes, 'x', sizeof bytes);
			size_t len = utf8_encode(c, bytes + before);
			expect_as_jansson((struct slice){bytes, before + len});
			expect_as_jansson((struct slice){bytes, sizeof bytes});
		}
	}
}

Test(json_writer, replaces_each_byte_that_is_not_utf8)
{
	char bytes[24];
	for (int first = 0x80; first <= 0xff; first++) {
		for (int second = 0; second <= 0xff; second++) {
			memset(bytes, 'x', sizeof bytes);
			bytes[9] = (char)first;
			bytes[10] = (char)second;
			expect_as_jansson((struct slice){bytes, 11});
			expect_as_jansson((struct slice){bytes, sizeof bytes});
		}
	}
}

Test(json_writer, writes_random_strings_as_jansson_does)
{
	static const char *const pieces[] = {"\"", "\\", "/", "\n", "\r", "\t", "\b", "\f", "\x1f", "\x7f",
	    "\xc2\x80", "\xc2\x9f", "\xc2\xa0", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xf0\x9f\x98\x80",
	    "\xc3\xa9", "\xef\xbf\xbd", "\xef\xbf\xbe", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80",
	    "\xe2\x82", "a", "</a>", "http://www.example.com/"};
	enum { PIECES = sizeof pieces / sizeof *pieces };
	srand(8259);
	for (int round = 0; round < 100000; round++) {
		char text[400];
		size_t len = 0;
		for (int count = rand() % 12; count > 0; count--) {
			const char *piece = pieces[rand() % PIECES];
			int kind = rand() % 4;
			if (kind == 0) {
				text[len++] = (char)(rand() % 256);
				continue;
			}
			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		expect_as_jansson((struct slice){text, len});
	}
}

Test(json_writer, writes_values_with_their_keys_and_commas)
{
	struct buf out = new_buf();
	buf_append_text(&out, "x");
	buf_append_byte(&out, '{');
	json_writer_text(&out, "text", "{");
	json_writer_text(&out, "none", NULL);
	json_writer_slice(&out, "part", (struct slice){"abc", 2});
	json_writer_open(&out, "list", '[');
	json_writer_open(&out, NULL, '{');
	json_writer_close(&out, '}');
	json_writer_open(&out, NULL, '[');
	json_writer_number(&out, NULL, UINT64_MAX);
	json_writer_number(&out, NULL, 0);
	json_writer_close(&out, ']');
	json_writer_literal(&out, NULL, "-1");
	json_writer_close(&out, ']');
	json_writer_bool(&out, "yes", true);
	json_writer_bool(&out, "no", false);
	json_writer_number_or_null(&out, "known", true, 7);
	json_writer_number_or_null(&out, "unknown", false, 7);
	json_writer_close(&out, '}');
	cr_expect_str_eq(out.data,
	    "x{\"text\":\"{\",\"none\":null,\"part\":\"ab\",\"list\":[{},[18446744073709551615,0],-1],"
	    "\"yes\":true,\"no\":false,\"known\":7,\"unknown\":null}");
	buf_release(&out);
}

Test(json_writer, writes_real_numbers_that_stay_real_numbers)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {{0, "[0.0]"}, {1, "[1.0]"}, {0.25, "[0.25]"}, {1234.5678912, "[1234.56789]"},
	    {999999999, "[999999999.0]"}, {0.001, "[0.001]"}, {1e10, "[1e+10]"}, {-1, "[null]"},
	    {-0.5, "[null]"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = new_buf();
		buf_append_byte(&out, '[');
		json_writer_real(&out, NULL, cases[i].number, "null");
		json_writer_close(&out, ']');
		cr_expect_str_eq(out.data, cases[i].text);
		json_t *array = json_loads(out.data, 0, NULL);
		cr_expect(
		    array && (cases[i].number < 0 || json_is_real(json_array_get(array, 0))), "%s", out.data);
		json_decref(array);
		buf_release(&out);
	}
}
