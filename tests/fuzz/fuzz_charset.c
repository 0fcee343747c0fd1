/* The first byte picks an encoding and the second a place to cut; the rest is a text, the start of a page and
 * the value of a header. */
#include "link/charset/charset.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const labels[] = {"utf-8", "utf-16le", "utf-16be", "iso-2022-jp", "gbk", "gb18030", "big5",
    "shift_jis", "euc-jp", "euc-kr", "replacement", "x-user-defined", "windows-1252", "windows-1255",
    "windows-874", "iso-8859-6", "koi8-u", "macintosh"};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool same(const struct buf *a, const struct buf *b)
{
	return slice_equal((struct slice){a->data, a->len}, (struct slice){b->data, b->len});
}

static size_t count(const char *bytes, size_t len, char byte)
{
	size_t found = 0;
	for (size_t i = 0; i < len; i++)
		found += bytes[i] == byte;
	return found;
}

/* What a page is made of is never swallowed by a character in front of it, nor made out of nothing. */
static void check_markup(const char *bytes, size_t len, const struct buf *out)
{
	static const char markup[] = "<>\"'= /&\n";
	for (const char *byte = markup; *byte != '\0'; byte++)
		check(count(bytes, len, *byte) == count(out->data, out->len, *byte));
}

static void check_pieces(
    const struct charset *charset, const char *bytes, size_t len, size_t cut, const struct buf *whole)
{
	struct buf out;
	buf_init(&out, SIZE_MAX / 4);
	struct charset_decoder *decoder = charset_decoder_new(charset);
	check(charset_decoder_feed(decoder, bytes, cut, false, &out));
	check(out.len == 0 || charset_is_utf8(out.data, out.len));
	check(charset_decoder_feed(decoder, bytes + cut, len - cut, true, &out));
	check(same(&out, whole));
	buf_clear(&out);
	for (size_t i = 0; i < len; i++)
		check(charset_decoder_feed(decoder, bytes + i, 1, false, &out));
	check(charset_decoder_feed(decoder, NULL, 0, true, &out));
	check(same(&out, whole));
	charset_decoder_free(decoder);
	buf_release(&out);
}

/* Encoding what was decoded gives a text that, decoded, encodes to the same again. */
static void check_encoding(const struct charset *charset, const struct buf *text)
{
	struct buf first, again, second;
	buf_init(&first, SIZE_MAX / 4);
	buf_init(&again, SIZE_MAX / 4);
	buf_init(&second, SIZE_MAX / 4);
	charset_encode(charset, text->data, text->len, &first);
	if (!charset_needs_whole_text(charset)) {
		check(charset_decode(charset, first.data, first.len, &again));
		charset_encode(charset, again.data, again.len, &second);
		check(same(&first, &second));
	}
	buf_release(&first);
	buf_release(&again);
	buf_release(&second);
}

static void check_decoding(const struct charset *charset, const char *bytes, size_t len, size_t cut)
{
	struct buf out;
	buf_init(&out, SIZE_MAX / 4);
	check(charset_decode(charset, bytes, len, &out));
	check(out.len <= 3 * len);
	check(charset_is_utf8(out.data, out.len));
	if (!charset_needs_whole_text(charset))
		check_markup(bytes, len, &out);
	if (charset == charset_utf8())
		check(charset_is_utf8(bytes, len) ==
		      slice_equal((struct slice){bytes, len}, (struct slice){out.data, out.len}));
	check_pieces(charset, bytes, len, cut, &out);
	check_encoding(charset, &out);
	buf_release(&out);
}

static void check_detection(const char *bytes, size_t len)
{
	const struct slice none = {NULL, 0}, all = {bytes, len};
	struct charset_guess guess = charset_detect(none, all);
	check((guess.charset == NULL) == (guess.confidence == CHARSET_UNKNOWN));
	check(guess.bom_len <= len && (guess.bom_len == 0 || guess.confidence == CHARSET_CERTAIN));
	if (len > CHARSET_PRESCAN)
		check(charset_detect(none, (struct slice){bytes, CHARSET_PRESCAN}).charset == guess.charset);
	guess = charset_detect(all, none);
	check(guess.confidence == (guess.charset ? CHARSET_CERTAIN : CHARSET_UNKNOWN));
	const struct charset *declared = charset_from_meta(none, slice_of("Content-Type"), all);
	check(!declared || strncmp(charset_name(declared), "UTF-16", 6) != 0);
	check(!declared || strcmp(charset_name(declared), "x-user-defined") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const struct charset *charset =
	    charset_by_label(slice_of(labels[data[0] % (sizeof labels / sizeof *labels)]));
	const char *bytes = (const char *)data + 2;
	size_t len = size - 2;
	check_decoding(charset, bytes, len, len ? data[1] % (len + 1) : 0);
	check_detection(bytes, len);
	return 0;
}
