#include "link/charset/charset.h"

#include "base/utf8.h"
#include "link/charset/internal.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BAD        "\xEF\xBF\xBD"
#define COUNT(all) (sizeof(all) / sizeof *(all))

/* A string literal with its length, NULs counted. */
#define BYTES(literal) literal, sizeof(literal) - 1

struct text {
	const char *charset;
	const char *bytes;
	const char *utf8;
};

static const struct charset *by_name(const char *name)
{
	const struct charset *charset = charset_by_label(slice_of(name));
	cr_assert(charset, "%s", name);
	return charset;
}

/* The bytes lie flush against the end of their memory, so that a sanitizer sees one read behind them. */
static void expect_decoded(
    size_t i, const struct charset *charset, const char *bytes, size_t len, const char *utf8, size_t utf8_len)
{
	struct buf out;
	buf_init(&out, 1 << 16);
	char *flush = malloc(len ? len : 1);
	memcpy(flush, bytes, len);
	cr_expect(charset_decode(charset, flush, len, &out));
	cr_expect(out.len == utf8_len && (utf8_len == 0 || memcmp(out.data, utf8, utf8_len) == 0),
	    "case %zu, %s: '%s', not '%s'", i, charset_name(charset), out.data ? out.data : "", utf8);
	free(flush);
	buf_release(&out);
}

static void expect_encoded(size_t i, const struct charset *charset, const char *utf8, const char *bytes)
{
	struct buf out;
	buf_init(&out, 1 << 16);
	charset_encode(charset, utf8, strlen(utf8), &out);
	cr_expect(slice_equal((struct slice){out.data, out.len}, slice_of(bytes)),
	    "case %zu, %s: '%s' became '%s', not '%s'", i, charset_name(charset), utf8,
	    out.data ? out.data : "", bytes);
	buf_release(&out);
}

Test(charset, labels)
{
	static const struct {
		const char *label;
		const char *name;
	} cases[] = {
	    {"utf-8", "UTF-8"},
	    {"UTF8", "UTF-8"},
	    {" \t\n\f\rUtf-8 \t\n\f\r", "UTF-8"},
	    {"unicode-1-1-utf-8", "UTF-8"},
	    {"latin1", "windows-1252"},
	    {"ISO-8859-1", "windows-1252"},
	    {"us-ascii", "windows-1252"},
	    {"ascii", "windows-1252"},
	    {"iso-8859-9", "windows-1254"},
	    {"latin5", "windows-1254"},
	    {"iso-8859-11", "windows-874"},
	    {"tis-620", "windows-874"},
	    {"gb2312", "GBK"},
	    {"GB_2312-80", "GBK"},
	    {"x-gbk", "GBK"},
	    {"gb18030", "gb18030"},
	    {"big5-hkscs", "Big5"},
	    {"ks_c_5601-1987", "EUC-KR"},
	    {"windows-949", "EUC-KR"},
	    {"ms932", "Shift_JIS"},
	    {"x-sjis", "Shift_JIS"},
	    {"x-euc-jp", "EUC-JP"},
	    {"csISO2022JP", "ISO-2022-JP"},
	    {"cseucpkdfmtjapanese", "EUC-JP"},
	    {"utf-16", "UTF-16LE"},
	    {"ucs-2", "UTF-16LE"},
	    {"unicodefffe", "UTF-16BE"},
	    {"hz-gb-2312", "replacement"},
	    {"iso-2022-kr", "replacement"},
	    {"iso-2022-cn-ext", "replacement"},
	    {"replacement", "replacement"},
	    {"866", "IBM866"},
	    {"mac", "macintosh"},
	    {"x-mac-ukrainian", "x-mac-cyrillic"},
	    {"koi", "KOI8-R"},
	    {"koi8-ru", "KOI8-U"},
	    {"logical", "ISO-8859-8-I"},
	    {"visual", "ISO-8859-8"},
	    {"l9", "ISO-8859-15"},
	    {"x-user-defined", "x-user-defined"},
	    {"", NULL},
	    {"   ", NULL},
	    {"utf", NULL},
	    {"utf-7", NULL},
	    {"utf-32", NULL},
	    {"utf 8", NULL},
	    {"utf-8\v", NULL},
	    {"\xC2\xA0utf-8", NULL},
	    {"none", NULL},
	    {"cp437", NULL},
	    {"iso-8859-12", NULL},
	    {"cseucpkdfmtjapanesex", NULL},
	    {"a-label-much-longer-than-any-that-there-is", NULL},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct charset *charset = charset_by_label(slice_of(cases[i].label));
		const char *name = charset ? charset_name(charset) : "none";
		cr_expect_str_eq(
		    name, cases[i].name ? cases[i].name : "none", "case %zu: '%s'", i, cases[i].label);
	}
	cr_expect_null(charset_by_label((struct slice){BYTES("utf-8\0")}));
	cr_expect_null(charset_by_label((struct slice){NULL, 0}));
}

Test(charset, names_are_labels)
{
	for (size_t i = 0; i < CHARSET_ID_COUNT; i++)
		cr_expect_eq(by_name(charset_table[i].name), &charset_table[i], "%s", charset_table[i].name);
	cr_expect_str_eq(charset_name(charset_utf8()), "UTF-8");
	cr_expect_str_eq(charset_name(charset_windows_1252()), "windows-1252");
}

Test(charset, which_need_the_whole_text)
{
	for (size_t i = 0; i < CHARSET_ID_COUNT; i++) {
		const char *name = charset_table[i].name;
		bool whole = strcmp(name, "UTF-16LE") == 0 || strcmp(name, "UTF-16BE") == 0 ||
		             strcmp(name, "ISO-2022-JP") == 0 || strcmp(name, "replacement") == 0;
		cr_expect_eq(charset_needs_whole_text(&charset_table[i]), whole, "%s", name);
	}
}

/* Real words, their bytes made by Python's codecs. */
static const struct text texts[] = {
    {"windows-1251", "\317\360\350\342\345\362, \354\350\360! \321\361\373\353\352\340 \2715",
        "Привет, мир! Ссылка №5"},
    {"KOI8-R", "\360\322\311\327\305\324, \315\311\322", "Привет, мир"},
    {"KOI8-U", "\353\311\247\327 \246 \267\326\301\313", "Київ і Їжак"},
    {"ISO-8859-5", "\274\336\341\332\322\320", "Москва"},
    {"IBM866", "\215\256\242\256\341\342\250", "Новости"},
    {"x-mac-cyrillic", "\335\353\352\340", "Ёлка"},
    {"windows-1250", "P\370\355li\232 \236lu\235ou\350k\375 k\371\362", "Příliš žluťoučký kůň"},
    {"ISO-8859-2", "Za\277\363\263\346 g\352\266l\261 ja\274\361", "Zażółć gęślą jaźń"},
    {"ISO-8859-3", "E\266o\376an\370o \346iu\274a\375de", "Eĥoŝanĝo ĉiuĵaŭde"},
    {"ISO-8859-4", "\251\363\272rsiela \361em", "Šķērsiela ņem"},
    {"ISO-8859-10", "S\341megiella \271\273", "Sámegiella đŧ"},
    {"ISO-8859-13", "\336\340sis ir \264\373dra\241", "Žąsis ir “ūdra”"},
    {"ISO-8859-14", "T\376 \270 \241aile", "Tŷ ẁ Ḃaile"},
    {"ISO-8859-16", "\252tiri \272i \376ar\343", "Știri și țară"},
    {"ISO-8859-7", "\301\350\336\355\341", "Αθήνα"},
    {"windows-1253", "\312\341\353\347\354\335\361\341", "Καλημέρα"},
    {"windows-1254", "\335stanbul \360\374\376\375\366\347", "İstanbul ğüşıöç"},
    {"windows-1255", "\371\354\345\355 \362\345\354\355", "שלום עולם"},
    {"ISO-8859-8", "\371\354\345\355", "שלום"},
    {"ISO-8859-8-I", "\371\354\345\355", "שלום"},
    {"windows-1256", "\343\321\315\310\307", "مرحبا"},
    {"ISO-8859-6", "\323\344\307\345", "سلام"},
    {"windows-1257", "\320iauliai \307riks", "Šiauliai Ēriks"},
    {"windows-1258", "\320\340 \376 \365n", "Đà ₫ ơn"},
    {"windows-874", "\300\322\311\322\344\267\302", "ภาษาไทย"},
    {"ISO-8859-15", "caf\351 10 \244 \274uvre", "café 10 € Œuvre"},
    {"macintosh", "na\225ve r\216sum\216", "naïve résumé"},
    {"windows-1252", "na\357ve \223quoted\224 \226 5 \200", "naïve “quoted” – 5 €"},
    {"GBK", "\274\362\314\345\326\320\316\304\315\370\322\263\235h\327\326\305c\375\210\375\224",
        "简体中文网页漢字與龍龜"},
    {"gb18030", "\326\320\316\304 \2252\2026 \250\246 \2040\3722\2249\3746", "中文 𠀀 é ﷐😀"},
    {"Big5", "\301c\305\351\244\244\244\345\245\\\257\340\263\\\273\\", "繁體中文功能許蓋"},
    {"Shift_JIS", "\223\372\226{\214\352\203\\\203t\203g\225\\\216\246\266\305\207@", "日本語ソフト表示ｶﾅ①"},
    {"EUC-JP", "\306\374\313\334\270\354\244\316\245\332\241\274\245\270\216\266\216\305",
        "日本語のページｶﾅ"},
    {"ISO-2022-JP", "\033$BF|K\\8l\033(B abc \033$B%+%J\033(B", "日本語 abc カナ"},
    {"EUC-KR", "\307\321\261\271\276\356 \306\344\300\314\301\366 \214c\271\346\260\242\307\317",
        "한국어 페이지 똠방각하"},
};

Test(charset, real_text)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct charset *charset = by_name(texts[i].charset);
		expect_decoded(
		    i, charset, texts[i].bytes, strlen(texts[i].bytes), texts[i].utf8, strlen(texts[i].utf8));
		expect_encoded(i, charset, texts[i].utf8, texts[i].bytes);
	}
}

Test(charset, utf_16)
{
	static const struct {
		const char *little;
		size_t len;
		const char *utf8;
		size_t utf8_len;
	} cases[] = {
	    {BYTES("a\0\xE9\0\x2D\x4E\x3D\xD8\x00\xDE"), BYTES("a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80")},
	    {BYTES("<\0\0\0>\0"), BYTES("<\0>")},
	    {BYTES("\xFF\xFE"), BYTES("\xEF\xBB\xBF")},
	    {BYTES("\x00\xD8"), BYTES(BAD)},
	    {BYTES("\x00\xDC<\0"), BYTES(BAD "<")},
	    {BYTES("\x00\xD8<\0"), BYTES(BAD "<")},
	    {BYTES("\x00\xD8\x00\xD8\x00\xDC"), BYTES(BAD "\xF0\x90\x80\x80")},
	    {BYTES("a\0b"), BYTES("a" BAD)},
	    {BYTES("\x00\xD8\x00"), BYTES(BAD)},
	    {BYTES("\x00\xD8\x00\xE0"), BYTES(BAD "\xEE\x80\x80")},
	    {BYTES("\xFF\xDB\xFF\xDF"), BYTES("\xF4\x8F\xBF\xBF")},
	    {BYTES(""), BYTES("")},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char big[16];
		for (size_t b = 0; b < cases[i].len; b++)
			big[b ^ 1] = cases[i].little[b];
		if (cases[i].len % 2)
			big[cases[i].len - 1] = cases[i].little[cases[i].len - 1];
		expect_decoded(
		    i, by_name("utf-16le"), cases[i].little, cases[i].len, cases[i].utf8, cases[i].utf8_len);
		expect_decoded(i, by_name("utf-16be"), big, cases[i].len, cases[i].utf8, cases[i].utf8_len);
	}
	expect_encoded(0, by_name("utf-16le"), "a\xC3\xA9", "a\xC3\xA9");
	expect_encoded(0, by_name("replacement"), "a\xC3\xA9", "a\xC3\xA9");
	expect_encoded(0, by_name("utf-8"), "a\xC3\xA9", "a\xC3\xA9");
}

/* Where a decoder finds an error, and which byte it looks at next. */
static const struct text bad_texts[] = {
    {"UTF-8", "\xFF<", BAD "<"},
    {"UTF-8", "\xC0\x80<", BAD BAD "<"},
    {"UTF-8", "\xE0\x80\x80<", BAD BAD BAD "<"},
    {"UTF-8", "\xED\xA0\x80<", BAD BAD BAD "<"},
    {"UTF-8", "\xF4\x90\x80\x80<", BAD BAD BAD BAD "<"},
    {"UTF-8", "\xF0\x9F\x98<", BAD "<"},
    {"UTF-8", "\xE4\xB8\"\xE4", BAD "\"" BAD},
    {"UTF-8", "\xF0\x9F\x98", BAD},
    {"windows-1252", "\x81\x8D\x8F\x90\x9D", "\xC2\x81\xC2\x8D\xC2\x8F\xC2\x90\xC2\x9D"},
    {"windows-1251", "\x98", "\xC2\x98"},
    {"windows-1253", "\xAA\xD2\xFF<", BAD BAD BAD "<"},
    {"windows-1255", "\xCA\xD9\xFB", "\xD6\xBA" BAD BAD},
    {"windows-874", "\x81\xDB\xFC", "\xC2\x81" BAD BAD},
    {"ISO-8859-6", "\xA1\xC1", BAD "\xD8\xA1"},
    {"ISO-8859-8", "\xA1\x85", BAD "\xC2\x85"},
    {"macintosh", "\xDB\xF0", "\xE2\x82\xAC\xEF\xA3\xBF"},
    {"KOI8-U", "\xAE\xBE", "\xD1\x9E\xD0\x8E"},
    {"x-user-defined", "a\x80\xFF", "a\xEF\x9E\x80\xEF\x9F\xBF"},
    {"GBK", "\x80\xFF", "\xE2\x82\xAC" BAD},
    {"GBK", "\x81<", BAD "<"},
    {"GBK", "\x81\x7F\x81\xFF<", BAD "\x7F" BAD "<"},
    {"GBK", "\xA3\xA0", "\xE3\x80\x80"},
    {"GBK", "\x81\x30\x81\x30", "\xC2\x80"},
    {"gb18030", "\x81\x30<a", BAD "0<a"},
    {"gb18030", "\x81\x30\x81<", BAD "0" BAD "<"},
    {"gb18030", "\x81\x30\x81", BAD},
    {"gb18030", "\x81\x35\xF4\x37", "\xEE\x9F\x87"},
    {"gb18030", "\xA8\xBC\xA6\xD9\xFE\x59", "\xE1\xB8\xBF\xEF\xB8\x90\xE9\xBE\xB4"},
    {"gb18030", "\xE3\x32\x9A\x35\xE3\x32\x9A\x36", "\xF4\x8F\xBF\xBF" BAD},
    {"gb18030", "\x84\x31\xA4\x39\x84\x31\xA5\x30", "\xEF\xBF\xBF" BAD},
    {"Big5", "\x80\xFF\x87<", BAD BAD BAD "<"},
    {"Big5", "\x88\x62\x88\x64\x88\xA3\x88\xA5",
        "\xC3\x8A\xCC\x84\xC3\x8A\xCC\x8C\xC3\xAA\xCC\x84\xC3\xAA\xCC\x8C"},
    {"Big5", "\xAD\xBB\xB4\xE4\x9D\xEF\x9D\xF7", "\xE9\xA6\x99\xE6\xB8\xAF\xE5\x98\x85\xE5\x92\x97"},
    {"Big5", "\x87\x45\xFE\xFF<", "\xF0\xA7\x89\xA7" BAD "<"},
    {"Shift_JIS", "\x80\xA0\xFD\xFE\xFF", "\xC2\x80" BAD BAD BAD BAD},
    {"Shift_JIS", "\x81<\x81", BAD "<" BAD},
    {"Shift_JIS", "\x85\x40\x85\x9F<", BAD "@" BAD "<"},
    {"Shift_JIS", "\x5C\x7E", "\\~"},
    {"Shift_JIS", "\xF0\x40\xF9\xFC\xFA\x40\xFC\x4B", "\xEE\x80\x80\xEE\x9D\x97\xE2\x85\xB0\xE9\xBB\x91"},
    {"EUC-JP", "\x8E<\x8E\xE0<", BAD "<" BAD "<"},
    {"EUC-JP", "\x8F<\x8F\xA1<\x8F\xA1\xA1<", BAD "<" BAD "<" BAD "<"},
    {"EUC-JP", "\x8F\xB0\xA1\xAD\xE2", "\xE4\xB8\x82\xE2\x84\x96"},
    {"EUC-JP", "\x80\xA1\x80<", BAD BAD "<"},
    {"EUC-KR", "\x80\xFF\xC7<\xC7", BAD BAD BAD "<" BAD},
    {"EUC-KR", "\xFE\xA1\xFE\x41", BAD BAD "A"},
    {"EUC-KR", "\x81\x40\x81\x41", BAD "@\xEA\xB0\x82"},
    {"replacement", "text", BAD},
    {"replacement", "", ""},
};

Test(charset, bad_bytes)
{
	for (size_t i = 0; i < COUNT(bad_texts); i++)
		expect_decoded(i, by_name(bad_texts[i].charset), bad_texts[i].bytes,
		    strlen(bad_texts[i].bytes), bad_texts[i].utf8, strlen(bad_texts[i].utf8));
}

static const struct text iso_2022_jp_texts[] = {
    {"ISO-2022-JP", "\x1B$B$\"\x1B(B", "\xE3\x81\x82"},
    {"ISO-2022-JP", "\x1B$@$\"", "\xE3\x81\x82"},
    {"ISO-2022-JP", "\x1B(J\\~a",
        "\xC2\xA5\xE2\x80\xBE"
        "a"},
    {"ISO-2022-JP", "\x1B(I!6_`", "\xEF\xBD\xA1\xEF\xBD\xB6\xEF\xBE\x9F" BAD},
    {"ISO-2022-JP", "\x0E\x0F\x80<", BAD BAD BAD "<"},
    /* Two escape sequences in a row are an error. */
    {"ISO-2022-JP", "\x1B(J\x1B(Ba", BAD "a"},
    {"ISO-2022-JP", "\x1B$B\x1B(B<", BAD "<"},
    {"ISO-2022-JP", "\x1B(Ba\x1B(Bb", "ab"},
    /* A broken one is an error, and its bytes are text of the set that was before. */
    {"ISO-2022-JP", "\x1B", BAD},
    {"ISO-2022-JP", "\x1B(", BAD "("},
    {"ISO-2022-JP", "\x1B$", BAD "$"},
    {"ISO-2022-JP", "\x1B(H<", BAD "(H<"},
    {"ISO-2022-JP", "\x1B<", BAD "<"},
    {"ISO-2022-JP", "\x1B\x1B(Ja", BAD "a"},
    {"ISO-2022-JP", "\x1B$B$\"\x1B$C", "\xE3\x81\x82" BAD "\xE3\x81\xA3"},
    {"ISO-2022-JP", "\x1B$B$\x1B(B<", BAD "<"},
    {"ISO-2022-JP", "\x1B$B$", BAD},
    {"ISO-2022-JP", "\x1B$B$ $\"", BAD "\xE3\x81\x82"},
    {"ISO-2022-JP", "\x1B$B\x80$\"", BAD "\xE3\x81\x82"},
    {"ISO-2022-JP", "\x1B$B\n$\"", BAD "\xE3\x81\x82"},
};

Test(charset, iso_2022_jp_states)
{
	for (size_t i = 0; i < COUNT(iso_2022_jp_texts); i++) {
		const struct text *text = &iso_2022_jp_texts[i];
		expect_decoded(i, by_name(text->charset), text->bytes, strlen(text->bytes), text->utf8,
		    strlen(text->utf8));
	}
}

/* What url queries are made of. */
static const struct text encoded_texts[] = {
    {"windows-1252", "\xE9%26%2320013%3B\x80", "\xC3\xA9\xE4\xB8\xAD\xE2\x82\xAC"},
    {"windows-1252", "%26%23128512%3B", "\xF0\x9F\x98\x80"},
    {"windows-1252", "%26%23128%3B\x81", "\xC2\x80\xC2\x81"},
    {"x-user-defined", "\x80\xFF%26%23233%3B", "\xEF\x9E\x80\xEF\x9F\xBF\xC3\xA9"},
    {"GBK", "\x80\xD6\xD0", "\xE2\x82\xAC\xE4\xB8\xAD"},
    {"GBK", "\xFE\xFE\x81\x40", "\xEE\x93\x85\xE4\xB8\x82"},
    {"gb18030", "\xA2\xE3\xD6\xD0", "\xE2\x82\xAC\xE4\xB8\xAD"},
    {"GBK", "%26%23128512%3B%26%2358853%3B", "\xF0\x9F\x98\x80\xEE\x97\xA5"},
    {"gb18030", "\x94\x39\xFC\x36%26%2358853%3B", "\xF0\x9F\x98\x80\xEE\x97\xA5"},
    {"gb18030", "\x81\x35\xF4\x37\xA8\xBC", "\xEE\x9F\x87\xE1\xB8\xBF"},
    /* GB 18030-2022: the old private code points and the new ones have the same bytes. */
    {"gb18030", "\xA6\xD9\xA6\xD9\xFE\xA0\xFE\xA0", "\xEE\x9E\x8D\xEF\xB8\x90\xEE\xA1\xA4\xE9\xBE\xBB"},
    {"GBK", "\xA6\xD9\xA6\xD9\xA6\xF3\xA6\xF3", "\xEE\x9E\x8D\xEF\xB8\x90\xEE\x9E\x96\xEF\xB8\x99"},
    /* No extension of Hong Kong, but the last pointer of a line and of ten. */
    {"Big5", "%26%2321655%3B\xF9\xF9\xA4\x51", "\xE5\x92\x97\xE2\x95\x90\xE5\x8D\x81"},
    {"Big5", "%26%23167015%3B", "\xF0\xA8\xB1\xA7"},
    {"Shift_JIS", "\x5C\x7E\x80\x81\x7C\x81\x7C", "\xC2\xA5\xE2\x80\xBE\xC2\x80\xE2\x88\x92\xEF\xBC\x8D"},
    {"Shift_JIS", "\xFA\x40\x87\x54\xB6", "\xE2\x85\xB0\xE2\x85\xA0\xEF\xBD\xB6"},
    {"Shift_JIS", "%26%2357344%3B", "\xEE\x80\x80"},
    {"EUC-JP", "\x5C\x7E\xA1\xDD\x8E\xB6\xFC\xF1",
        "\xC2\xA5\xE2\x80\xBE\xE2\x88\x92\xEF\xBD\xB6\xE2\x85\xB0"},
    {"EUC-JP", "%26%2319970%3B", "\xE4\xB8\x82"},
    {"EUC-KR", "\xC7\xD1\x8C\x63%26%23233%3B", "\xED\x95\x9C\xEB\x98\xA0\xC3\xA9"},
    {"ISO-2022-JP", "a\x1B$B$\"\x1B(Bb",
        "a\xE3\x81\x82"
        "b"},
    {"ISO-2022-JP", "\x1B$B$\"\x1B(B", "\xE3\x81\x82"},
    {"ISO-2022-JP", "\x1B(J\\a~\x1B(B\\~",
        "\xC2\xA5"
        "a\xE2\x80\xBE\\~"},
    {"ISO-2022-JP", "\x1B$B!]%+\x1B(B", "\xE2\x88\x92\xEF\xBD\xB6"},
    {"ISO-2022-JP", "\x1B$B$\"\x1B(B%26%23128512%3B\x1B$B$\"\x1B(B",
        "\xE3\x81\x82\xF0\x9F\x98\x80\xE3\x81\x82"},
    {"ISO-2022-JP", "\x1B(J\\%26%23128512%3B\\\x1B(B", "\xC2\xA5\xF0\x9F\x98\x80\xC2\xA5"},
    {"ISO-2022-JP", "%26%2365533%3B%26%2365533%3B\x1B$B$\"\x1B(B%26%2365533%3B", "\x0E\x1B\xE3\x81\x82\x0F"},
};

Test(charset, encoding_what_there_is_and_what_not)
{
	for (size_t i = 0; i < COUNT(encoded_texts); i++)
		expect_encoded(
		    i, by_name(encoded_texts[i].charset), encoded_texts[i].utf8, encoded_texts[i].bytes);
}

/* FNV-1a of what encoding_rs 0.8.31, an implementation of the standard, makes of each single byte (of the
 * multi-byte encodings: of each pair of bytes, ISO-2022-JP's behind ESC $ B), one after the other, and of
 * U+0080 to U+2FFFF in one text. The code points that GB 18030-2022 moved are brought to today's standard in
 * the first and left out of the second. */
static const struct {
	const char *charset;
	uint64_t decoded;
	uint64_t encoded;
} sums[] = {
    {.charset = "IBM866", .decoded = 0x6b8f44234efae54a, .encoded = 0xc74c39629cc76b1a},
    {.charset = "ISO-8859-2", .decoded = 0x0891cdff42687236, .encoded = 0x2ee2167eb60aad11},
    {.charset = "ISO-8859-3", .decoded = 0xf9beec0aef2d7a97, .encoded = 0x87a3dcd451825833},
    {.charset = "ISO-8859-4", .decoded = 0xec5455cdca7b918f, .encoded = 0xcc8bb309bfdae83e},
    {.charset = "ISO-8859-5", .decoded = 0x4616b17a577dbfaf, .encoded = 0x3b8d4230fbc9e955},
    {.charset = "ISO-8859-6", .decoded = 0xc2ca17cf95aea1e2, .encoded = 0xe049f9ebaf6bbf48},
    {.charset = "ISO-8859-7", .decoded = 0xaef1cf286afa4969, .encoded = 0xa4e52897834bd351},
    {.charset = "ISO-8859-8", .decoded = 0xdb6b1189065b2f5d, .encoded = 0x8e7c66b6cb221351},
    {.charset = "ISO-8859-8-I", .decoded = 0xdb6b1189065b2f5d, .encoded = 0x8e7c66b6cb221351},
    {.charset = "ISO-8859-10", .decoded = 0xf0720492e19fd91b, .encoded = 0xc63730ced3735205},
    {.charset = "ISO-8859-13", .decoded = 0x4cc282a8ba420a61, .encoded = 0x1eaf74b3b67bbefd},
    {.charset = "ISO-8859-14", .decoded = 0x27ef6fceada8f435, .encoded = 0xd69bcc93e915eb7a},
    {.charset = "ISO-8859-15", .decoded = 0x461f37f7c64278c0, .encoded = 0x46c6da182d875846},
    {.charset = "ISO-8859-16", .decoded = 0x5eb2ed1a24bea882, .encoded = 0x75a884b4c84ab0d3},
    {.charset = "KOI8-R", .decoded = 0x635471103b3e073d, .encoded = 0xbccdf9e785947b94},
    {.charset = "KOI8-U", .decoded = 0xdd7fdb40af8d1d41, .encoded = 0xdbf2551c223ffa57},
    {.charset = "macintosh", .decoded = 0x2ac543a0fa54b935, .encoded = 0x79f7afebba47585a},
    {.charset = "windows-874", .decoded = 0x90812b3712221a93, .encoded = 0x9365cc0da9332ac7},
    {.charset = "windows-1250", .decoded = 0x17be4b5faa6291b5, .encoded = 0x324af14586243ba6},
    {.charset = "windows-1251", .decoded = 0xb8fb9938a8961325, .encoded = 0x5d1aa3e974076806},
    {.charset = "windows-1252", .decoded = 0x9cd7daffbb28039a, .encoded = 0xf595678c0af0a082},
    {.charset = "windows-1253", .decoded = 0x8961a92196ead090, .encoded = 0xc09697766cc9d8e2},
    {.charset = "windows-1254", .decoded = 0xc9d2e7cf7c3caf14, .encoded = 0xf4d94629b7ec8fc1},
    {.charset = "windows-1255", .decoded = 0x625d3bd8d612361f, .encoded = 0x36f1d97920715595},
    {.charset = "windows-1256", .decoded = 0x8d69c07530a8824b, .encoded = 0x6593e16fde3b871e},
    {.charset = "windows-1257", .decoded = 0xe142eb2fb596a64e, .encoded = 0x45dff25cc0ee0f2d},
    {.charset = "windows-1258", .decoded = 0x8052f975114c9e83, .encoded = 0xf07db18edac65eea},
    {.charset = "x-mac-cyrillic", .decoded = 0x66c4c06c8e064185, .encoded = 0xe399f0339fd7cf2b},
    {.charset = "x-user-defined", .decoded = 0x814c22aa7c99d825, .encoded = 0x1f08bbe0dd9f0b64},
    {.charset = "GBK", .decoded = 0xe6aa2ea3d20e214e, .encoded = 0x92d3dec4a81b511c},
    {.charset = "gb18030", .decoded = 0xe6aa2ea3d20e214e, .encoded = 0x00c51f9811224f70},
    {.charset = "Big5", .decoded = 0x2b785a204d669d32, .encoded = 0xffff1d2eeb024586},
    {.charset = "EUC-JP", .decoded = 0xe6b00269b8a8dee3, .encoded = 0xf82a259e001c17b1},
    {.charset = "ISO-2022-JP", .decoded = 0x90e6c3539d6f060a, .encoded = 0x98090182f332c5f6},
    {.charset = "Shift_JIS", .decoded = 0x61a17625f506de5f, .encoded = 0x984e385139f24c29},
    {.charset = "EUC-KR", .decoded = 0x854c59c1dd8ed152, .encoded = 0x036df716c03c2293},
    {.charset = "UTF-8", .decoded = 0x1441b98453252525, .encoded = 0xbd318aa3a510a246},
};

enum { FOUR_BYTES_END = 40000 };
static const uint64_t sum_of_euc_jp_three_bytes = 0x814ef05cc75b7695;
static const uint64_t sum_of_gb18030_four_bytes = 0xa753aff6cd22fa5c;

static uint64_t fnv(const struct buf *bytes)
{
	uint64_t sum = 0xcbf29ce484222325;
	for (size_t i = 0; i < bytes->len; i++)
		sum = (sum ^ (unsigned char)bytes->data[i]) * 0x100000001b3;
	return sum;
}

static bool is_multi_byte(const char *name)
{
	static const char *const names[] = {
	    "GBK", "gb18030", "Big5", "EUC-JP", "EUC-KR", "Shift_JIS", "ISO-2022-JP", "UTF-8"};
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void decode_all(const struct charset *charset, struct buf *out)
{
	const char *prefix = strcmp(charset_name(charset), "ISO-2022-JP") == 0 ? "\x1B$B" : "";
	size_t len = strlen(prefix);
	char bytes[5];
	memcpy(bytes, prefix, len);
	for (unsigned first = 0; first < 0x100; first++) {
		bytes[len] = (char)first;
		if (!is_multi_byte(charset_name(charset)))
			charset_decode(charset, bytes, len + 1, out);
		for (unsigned second = 0; second < 0x100 && is_multi_byte(charset_name(charset)); second++) {
			bytes[len + 1] = (char)second;
			charset_decode(charset, bytes, len + 2, out);
		}
	}
}

static bool was_moved_in_2022(uint_least32_t cp)
{
	static const uint_least16_t moved[] = {
	    0xE81E, 0xE826, 0xE82B, 0xE82C, 0xE832, 0xE843, 0xE854, 0xE864};
	for (size_t i = 0; i < COUNT(moved); i++)
		if (moved[i] == cp)
			return true;
	return (cp >= 0xE78D && cp <= 0xE796) || (cp >= 0xFE10 && cp <= 0xFE19) ||
	       (cp >= 0x9FB4 && cp <= 0x9FBB);
}

static void every_code_point(struct buf *out)
{
	for (uint_least32_t cp = 0x80; cp < 0x30000; cp++) {
		char text[UTF8_LENGTH_MAX];
		if ((cp < 0xD800 || cp > 0xDFFF) && !was_moved_in_2022(cp))
			buf_append(out, text, utf8_encode(cp, text));
	}
}

Test(charset, every_byte_pair_and_every_code_point)
{
	struct buf text, out;
	buf_init(&text, 1 << 24);
	buf_init(&out, 1 << 24);
	every_code_point(&text);
	for (size_t i = 0; i < COUNT(sums); i++) {
		const struct charset *charset = by_name(sums[i].charset);
		buf_clear(&out);
		decode_all(charset, &out);
		cr_expect_eq(fnv(&out), sums[i].decoded, "decoding %s", sums[i].charset);
		buf_clear(&out);
		charset_encode(charset, text.data, text.len, &out);
		cr_expect_eq(fnv(&out), sums[i].encoded, "encoding %s", sums[i].charset);
	}
	buf_release(&text);
	buf_release(&out);
}

Test(charset, three_and_four_bytes)
{
	struct buf out;
	buf_init(&out, 1 << 24);
	for (unsigned i = 0; i < 0x10000; i++) {
		const char bytes[] = {(char)0x8F, (char)(i >> 8), (char)i};
		charset_decode(by_name("EUC-JP"), bytes, sizeof bytes, &out);
	}
	cr_expect_eq(fnv(&out), sum_of_euc_jp_three_bytes);
	buf_clear(&out);
	for (unsigned i = 0; i < 200000; i = i + 1 == FOUR_BYTES_END ? 188990 : i + 1) {
		const char bytes[] = {(char)(0x81 + i / 12600), (char)(0x30 + i / 1260 % 10),
		    (char)(0x81 + i / 10 % 126), (char)(0x30 + i % 10)};
		charset_decode(by_name("gb18030"), bytes, sizeof bytes, &out);
	}
	cr_expect_eq(fnv(&out), sum_of_gb18030_four_bytes);
	buf_release(&out);
}

/* The first characters of a text are looked for in another way than those of a long one. */
Test(charset, long_texts_are_encoded_like_short_ones)
{
	static const char *const names[] = {"GBK", "Big5", "EUC-JP", "EUC-KR", "Shift_JIS"};
	struct buf one, many, text;
	buf_init(&one, 1 << 20);
	buf_init(&many, 1 << 20);
	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < COUNT(names); i++)
		for (uint_least32_t cp = 0x80; cp < 0x30000; cp += cp < 0x10000 ? 251 : 4003) {
			char utf8[UTF8_LENGTH_MAX];
			if (cp >= 0xD800 && cp <= 0xDFFF)
				continue;
			buf_clear(&one);
			buf_clear(&many);
			buf_clear(&text);
			for (int copies = 0; copies < 20; copies++)
				buf_append(&text, utf8, utf8_encode(cp, utf8));
			const struct charset *charset = by_name(names[i]);
			charset_encode(charset, text.data, text.len, &many);
			charset_encode(charset, text.data, text.len / 20, &one);
			cr_assert(many.len == one.len * 20 &&
			              memcmp(one.data, many.data + many.len - one.len, one.len) == 0,
			    "%s, U+%lX", names[i], (unsigned long)cp);
		}
	buf_release(&one);
	buf_release(&many);
	buf_release(&text);
}

/* Cuts the bytes in two at every place, and into single bytes. */
static void expect_same_in_pieces(const struct charset *charset, const char *bytes, size_t len)
{
	struct buf whole, pieces;
	buf_init(&whole, 1 << 16);
	buf_init(&pieces, 1 << 16);
	cr_assert(charset_decode(charset, bytes, len, &whole));
	struct charset_decoder *decoder = charset_decoder_new(charset);
	for (size_t cut = 0; cut <= len; cut++) {
		buf_clear(&pieces);
		charset_decoder_feed(decoder, bytes, cut, false, &pieces);
		charset_decoder_feed(decoder, bytes + cut, len - cut, true, &pieces);
		cr_expect(whole.len == pieces.len &&
		              (whole.len == 0 || memcmp(whole.data, pieces.data, whole.len) == 0),
		    "%s, '%s' cut at %zu", charset_name(charset), bytes, cut);
	}
	buf_clear(&pieces);
	for (size_t i = 0; i < len; i++)
		charset_decoder_feed(decoder, bytes + i, 1, false, &pieces);
	charset_decoder_feed(decoder, NULL, 0, true, &pieces);
	cr_expect(
	    whole.len == pieces.len && (whole.len == 0 || memcmp(whole.data, pieces.data, whole.len) == 0),
	    "%s, '%s' byte by byte", charset_name(charset), bytes);
	charset_decoder_free(decoder);
	buf_release(&whole);
	buf_release(&pieces);
}

Test(charset, pieces_give_the_same_as_the_whole)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		expect_same_in_pieces(by_name(texts[i].charset), texts[i].bytes, strlen(texts[i].bytes));
	for (size_t i = 0; i < COUNT(bad_texts); i++)
		expect_same_in_pieces(
		    by_name(bad_texts[i].charset), bad_texts[i].bytes, strlen(bad_texts[i].bytes));
	for (size_t i = 0; i < COUNT(iso_2022_jp_texts); i++)
		expect_same_in_pieces(
		    by_name("ISO-2022-JP"), iso_2022_jp_texts[i].bytes, strlen(iso_2022_jp_texts[i].bytes));
	static const char utf_16[] = "<\0a\0\x3D\xD8\x00\xDE\x00\xD8<\0\x00\xDC>\0\x3D\xD8";
	expect_same_in_pieces(by_name("UTF-16LE"), utf_16, sizeof utf_16);
	expect_same_in_pieces(by_name("UTF-16BE"), utf_16 + 1, sizeof utf_16 - 1);
	expect_same_in_pieces(by_name("UTF-8"), BYTES("a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80\xF0\x9F\x98"));
}

Test(charset, pieces_give_only_whole_characters)
{
	struct buf out;
	buf_init(&out, 100);
	struct charset_decoder *decoder = charset_decoder_new(by_name("utf-16le"));
	cr_expect(charset_decoder_feed(decoder, "a\0\x3D\xD8\x00", 5, false, &out));
	cr_expect_str_eq(out.data, "a");
	cr_expect(charset_decoder_feed(decoder, "\xDE<", 2, false, &out));
	cr_expect_str_eq(out.data, "a\xF0\x9F\x98\x80");
	cr_expect(charset_decoder_feed(decoder, "\0", 1, true, &out));
	cr_expect_str_eq(out.data, "a\xF0\x9F\x98\x80<");
	charset_decoder_free(decoder);
	buf_release(&out);
}

Test(charset, the_cap_is_kept)
{
	static const char bytes[] = "ab\xE9\x80";
	for (size_t cap = 0; cap < 9; cap++) {
		struct buf out;
		buf_init(&out, cap);
		cr_expect_eq(
		    charset_decode(charset_windows_1252(), bytes, 4, &out), cap >= 7, "cap %zu", cap);
		cr_expect(out.len <= cap, "cap %zu", cap);
		buf_release(&out);
	}
	struct buf out;
	buf_init(&out, 4);
	struct charset_decoder *decoder = charset_decoder_new(by_name("iso-2022-jp"));
	cr_expect_not(charset_decoder_feed(decoder, "\x1B$B$\"$\"", 7, false, &out));
	buf_clear(&out);
	cr_expect(charset_decoder_feed(decoder, "$\"", 2, true, &out));
	cr_expect_str_eq(out.data, "$\"", "a text that was given up leaves nothing to the next");
	charset_decoder_free(decoder);
	buf_release(&out);
}

Test(charset, valid_utf_8)
{
	static const char *const valid[] = {"", "a", "plain ascii that is longer than a machine word",
	    "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
	    "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "1234567\xC3\xA9 12345678 \xE4\xB8\xAD 123456789"};
	static const char *const invalid[] = {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2z", "\xE0\x9F\xBF",
	    "\xED\xA0\x80", "\xE4\xB8", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE",
	    "\xFF", "1234567\xE9", "12345678\xE9", "123456789\xE9 1234567", "\xC3\xA9\xA9"};
	for (size_t i = 0; i < COUNT(valid); i++)
		cr_expect(charset_is_utf8(valid[i], strlen(valid[i])), "case %zu", i);
	for (size_t i = 0; i < COUNT(invalid); i++)
		cr_expect_not(charset_is_utf8(invalid[i], strlen(invalid[i])), "case %zu", i);
	cr_expect(charset_is_utf8(NULL, 0));
	cr_expect(charset_is_utf8(BYTES("a\0b")));
}
