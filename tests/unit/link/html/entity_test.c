#include "link/html/entity.h"

#include "link/html/entity_names.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define FFFD "\xEF\xBF\xBD"

struct entity_case {
	const char *value;
	const char *text;
};

/* value lies flush against the end of its memory, so that a sanitizer sees a byte read behind it. */
static void expect_decoded(size_t i, const char *value, size_t len, const char *text, size_t text_len)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	char *flush = malloc(len ? len : 1);
	memcpy(flush, value, len);
	cr_expect(entity_decode(flush, len, &out), "case %zu: %s", i, value);
	cr_expect(out.len == text_len && (text_len == 0 || memcmp(out.data, text, text_len) == 0),
	    "case %zu: %s gave %s, not %s", i, value, out.data ? out.data : "", text);
	free(flush);
	buf_release(&out);
}

static void expect_cases(const struct entity_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_decoded(
		    i, cases[i].value, strlen(cases[i].value), cases[i].text, strlen(cases[i].text));
}

#define EXPECT_CASES(cases) expect_cases(cases, sizeof cases / sizeof *cases)

Test(entity, text_without_references_passes_untouched)
{
	static const struct entity_case cases[] = {
	    {"", ""},
	    {"/a?b=c#d;e", "/a?b=c#d;e"},
	    {"\r\n\t \x80\xFF", "\r\n\t \x80\xFF"},
	    {"&", "&"},
	    {"&&", "&&"},
	    {"a& b", "a& b"},
	    {"&;", "&;"},
	    {"&=", "&="},
	    {"&nosuch;", "&nosuch;"},
	    {"?a=1&b=2&c", "?a=1&b=2&c"},
	};
	EXPECT_CASES(cases);
}

Test(entity, names)
{
	static const struct entity_case cases[] = {
	    {"&amp;", "&"},
	    {"?a&amp;b", "?a&b"},
	    {"&amp;amp;", "&amp;"},
	    {"&AMP", "&"},
	    {"&Amp;", "&Amp;"},
	    {"&quot;&apos;&lt;&gt;", "\"'<>"},
	    {"&eacute;&Eacute;", "\xC3\xA9\xC3\x89"},
	    {"&NotEqualTilde;", "\xE2\x89\x82\xCC\xB8"},
	    {"&CounterClockwiseContourIntegral;", "\xE2\x88\xB3"},
	    {"&CounterClockwiseContourIntegral", "&CounterClockwiseContourIntegral"},
	    {"&Afr;", "\xF0\x9D\x94\x84"},
	    {"&zwnj;", "\xE2\x80\x8C"},
	    {"&Tab;&NewLine;", "\t\n"},
	};
	EXPECT_CASES(cases);
}

Test(entity, a_name_without_semicolon)
{
	static const struct entity_case cases[] = {
	    {"&copy", "\xC2\xA9"},
	    {"&copy;", "\xC2\xA9"},
	    {"&copy=1", "&copy=1"},
	    {"&copy;=1", "\xC2\xA9=1"},
	    {"&copy&", "\xC2\xA9&"},
	    {"&copy/", "\xC2\xA9/"},
	    {"&copy\xC3\xA9", "\xC2\xA9\xC3\xA9"},
	    {"&copy1", "&copy1"},
	    {"&copyZ", "&copyZ"},
	    {"&copyz", "&copyz"},
	    {"&copy&amp;x", "\xC2\xA9&x"},
	    {"?a=b&lang=en&sect=2&reg", "?a=b&lang=en&sect=2\xC2\xAE"},
	    /* The longest name decides, and no shorter one is tried after it. */
	    {"&notin;", "\xE2\x88\x89"},
	    {"&notin", "&notin"},
	    {"&notit;", "&notit;"},
	    {"&not;it", "\xC2\xACit"},
	    {"&not it", "\xC2\xAC it"},
	    {"&noti", "&noti"},
	    {"&lt=", "&lt="},
	    {"&lte", "&lte"},
	    {"&le;", "\xE2\x89\xA4"},
	    {"&timesbar;", "\xE2\xA8\xB1"},
	    {"&times;bar", "\xC3\x97"
	                   "bar"},
	    {"&timesbar", "&timesbar"},
	    {"&frac12", "\xC2\xBD"},
	    {"&frac123", "&frac123"},
	    {"&frac34;", "\xC2\xBE"},
	    {"&sup1&sup2", "\xC2\xB9\xC2\xB2"},
	};
	EXPECT_CASES(cases);
}

Test(entity, numbers)
{
	static const struct entity_case cases[] = {
	    {"&#38;", "&"},
	    {"&#38", "&"},
	    {"&#38=", "&="},
	    {"&#38a", "&a"},
	    {"&#38;&#38;", "&&"},
	    {"&#x26;", "&"},
	    {"&#X26", "&"},
	    {"&#x26g", "&g"},
	    {"&#x2F;", "/"},
	    {"&#x2f;", "/"},
	    {"&#0000000000000000000000065;", "A"},
	    {"&#x1F600;", "\xF0\x9F\x98\x80"},
	    {"&#x7FF;&#x800;&#xFFFF;&#x10000;", "\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80"},
	    {"&#x10FFFF;", "\xF4\x8F\xBF\xBF"},
	    {"&#127;", "\x7F"},
	    {"&#13;&#10;", "\r\n"},
	    {"&#1;", "\x01"},
	    {"&#xA0;", "\xC2\xA0"},
	};
	EXPECT_CASES(cases);
}

Test(entity, numbers_without_digits_stay)
{
	static const struct entity_case cases[] = {
	    {"&#", "&#"},
	    {"&#;", "&#;"},
	    {"&#x", "&#x"},
	    {"&#x;", "&#x;"},
	    {"&#X;", "&#X;"},
	    {"&#xg", "&#xg"},
	    {"&#a", "&#a"},
	    {"&#-1;", "&#-1;"},
	    {"&#&amp;", "&#&"},
	    {"&#x&amp;", "&#x&"},
	    {"&##38;", "&##38;"},
	};
	EXPECT_CASES(cases);
}

Test(entity, numbers_that_the_standard_replaces)
{
	static const struct entity_case cases[] = {
	    {"&#0;", FFFD},
	    {"&#x0", FFFD},
	    {"&#xD800;", FFFD},
	    {"&#xDFFF;", FFFD},
	    {"&#x110000;", FFFD},
	    {"&#4294967334;", FFFD},
	    {"&#x100000026;", FFFD},
	    {"&#99999999999999999999999999999999;", FFFD},
	    {"&#xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF;", FFFD},
	    {"&#128;", "\xE2\x82\xAC"},
	    {"&#x80", "\xE2\x82\xAC"},
	    {"&#150;", "\xE2\x80\x93"},
	    {"&#x9F;", "\xC5\xB8"},
	    {"&#x99;", "\xE2\x84\xA2"},
	    /* The five that windows-1252 does not have stay controls. */
	    {"&#x81;&#x8D;&#x8F;&#x90;&#x9D;", "\xC2\x81\xC2\x8D\xC2\x8F\xC2\x90\xC2\x9D"},
	};
	EXPECT_CASES(cases);
}

Test(entity, nul_bytes)
{
	static const char value[] = "\0a\0&amp\0;&am\0p;&#6\0005;&\0";
	static const char text[] = FFFD "a" FFFD "&" FFFD ";&am" FFFD "p;\x06" FFFD "5;&" FFFD;
	expect_decoded(0, value, sizeof value - 1, text, sizeof text - 1);
	expect_decoded(1, "\0", 1, FFFD, 3);
}

Test(entity, the_table_is_whole_and_in_order)
{
	size_t without_semicolon = 0;
	for (size_t i = 0; i < ENTITY_NAMES_COUNT; i++) {
		const char *name = entity_names[i].name;
		size_t len = strlen(name);
		cr_assert(len > 1 && entity_names[i].text[0] != '\0', "%zu", i);
		without_semicolon += name[len - 1] != ';';
		if (i > 0)
			cr_expect(strcmp(entity_names[i - 1].name, name) < 0, "%s", name);
	}
	cr_expect(without_semicolon == 106);
}

Test(entity, every_name_decodes)
{
	for (size_t i = 0; i < ENTITY_NAMES_COUNT; i++) {
		char value[ENTITY_NAME_MAX + 3];
		size_t len = strlen(entity_names[i].name);
		value[0] = '&';
		memcpy(value + 1, entity_names[i].name, len + 1);
		expect_decoded(i, value, len + 1, entity_names[i].text, strlen(entity_names[i].text));
	}
}

Test(entity, the_cap_is_kept)
{
	static const char value[] = "ab&eacute;\0c";
	for (size_t cap = 0; cap < 9; cap++) {
		struct buf out;
		buf_init(&out, cap);
		cr_expect(entity_decode(value, sizeof value - 1, &out) == (cap >= 8), "cap %zu", cap);
		cr_expect(out.len <= cap, "cap %zu", cap);
		buf_release(&out);
	}
}

Test(entity, appends)
{
	struct buf out;
	buf_init(&out, 100);
	cr_expect(entity_decode("&lt;a", 5, &out));
	cr_expect(entity_decode("&gt;", 4, &out));
	cr_expect(entity_decode(NULL, 0, &out));
	cr_expect_str_eq(out.data, "<a>");
	buf_release(&out);
}
