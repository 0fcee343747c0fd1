#include "base/log.h"
#include "link/filter.h"
#include "link/mediatype.h"
#include "link/pattern.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(mediatype, tells_markup_text_and_the_rest_apart)
{
	static const struct {
		const char *type;
		enum mediatype expected;
	} cases[] = {
	    {NULL, MEDIATYPE_HTML},
	    {"", MEDIATYPE_HTML},
	    {"text/html", MEDIATYPE_HTML},
	    {"TEXT/HTML;charset=utf-8", MEDIATYPE_HTML},
	    {" text/html ; charset=x", MEDIATYPE_HTML},
	    {"application/xhtml+xml", MEDIATYPE_XML},
	    {"application/rss+xml", MEDIATYPE_XML},
	    {"image/svg+xml", MEDIATYPE_XML},
	    {"html", MEDIATYPE_HTML},
	    {"x-unknown/x-unknown", MEDIATYPE_HTML},
	    {"text/xml;charset=x", MEDIATYPE_XML},
	    {"application/unknown", MEDIATYPE_HTML},
	    {"*/*", MEDIATYPE_HTML},
	    {"text/plain", MEDIATYPE_TEXT},
	    {"text/css", MEDIATYPE_TEXT},
	    {"application/json", MEDIATYPE_TEXT},
	    {"application/ld+json; x", MEDIATYPE_TEXT},
	    {"application/javascript", MEDIATYPE_TEXT},
	    {"image/png", MEDIATYPE_BINARY},
	    {"IMAGE/PNG", MEDIATYPE_BINARY},
	    {"video/mp4", MEDIATYPE_BINARY},
	    {"application/zip", MEDIATYPE_BINARY},
	    {"application/octet-stream", MEDIATYPE_BINARY},
	    {"application/pdf", MEDIATYPE_BINARY},
	    {"font/woff2", MEDIATYPE_BINARY},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(mediatype_of(cases[i].type), cases[i].expected, "case %zu: %s", i,
		    cases[i].type ? cases[i].type : "(none)");
}

struct joined {
	char text[1024];
};

static bool join(void *ctx, struct slice match)
{
	struct joined *joined = ctx;
	size_t used = strlen(joined->text);
	snprintf(joined->text + used, sizeof joined->text - used, "[%.*s]", (int)match.len, match.data);
	return true;
}

Test(pattern, finds_what_python_finds)
{
	/* expected: "".join("[%s]" % m for m in re.findall(pattern, text)) */
	static const struct {
		const char *pattern, *text, *expected;
	} cases[] = {
	    {"href=\"(.*?)\"", "<a href=\"x\"> <b href=\"\"><c HREF=\"n\"> href=\"y z\"", "[x][][y z]"},
	    {"href=\"(.*?)\"", "href=\"a\nb\" href=\"c\"", "[c]"},
	    {"a+", "caaandaab", "[aaa][aa]"},
	    {"", "ab", "[][][]"},
	    {"x*", "axb", "[][x][][]"},
	    {"(?i)HREF=(\\S+)", "href=1 Href=2", "[1][2]"},
	    {"^a", "aa", "[a]"},
	    {"(?m)^.", "ab\ncd", "[a][c]"},
	    {"é(.)", "é1 é2", "[1][2]"},
	    {"(?<=a)b", "abab", "[b][b]"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct joined joined = {""};
		struct pattern *pattern = pattern_new(cases[i].pattern);
		cr_assert(pattern);
		cr_expect(pattern_each(pattern, slice_of(cases[i].text), join, &joined));
		cr_expect_str_eq(joined.text, cases[i].expected, "case %zu: %s", i, joined.text);
		pattern_free(pattern);
	}
}

Test(pattern, passes_over_a_match_without_its_group)
{
	struct joined joined = {""};
	struct pattern *pattern = pattern_new("href=(\\d)|src");
	cr_expect(pattern_each(pattern, slice_of("src href=1 src"), join, &joined));
	cr_expect_str_eq(joined.text, "[1]");
	pattern_free(pattern);
}

/* Each empty match costs two tries; nothing may make them dear. */
Test(pattern, takes_a_million_empty_matches)
{
	enum { LEN = 1 << 20 };
	char *text = malloc(LEN);
	for (size_t i = 0; i < LEN; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	struct joined joined = {""};
	struct pattern *pattern = pattern_new("(?=x|)");
	cr_expect(pattern_each(pattern, (struct slice){text, LEN}, join, &joined));
	pattern_free(pattern);
	free(text);
}

Test(pattern, ends_a_pattern_that_explodes)
{
	struct joined joined = {""};
	struct pattern *pattern = pattern_new("(a+)+$");
	cr_expect_not(pattern_each(
	    pattern, slice_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), join, &joined));
	cr_expect_str_eq(joined.text, "");
	pattern_free(pattern);
}

/* No match at all, and each start position costs all that is behind it. */
Test(pattern, ends_a_search_that_takes_too_long)
{
	enum { LEN = 300 * 1000 };
	char *text = malloc(LEN);
	memset(text, 'a', LEN);
	struct joined joined = {""};
	struct pattern *pattern = pattern_new("(?:a|b)*?[yz][yx]");
	cr_expect_not(pattern_each(pattern, (struct slice){text, LEN}, join, &joined));
	pattern_free(pattern);
	free(text);
}

Test(pattern, finds_what_lies_far_behind)
{
	enum { LEN = 100 * 1000 };
	char *text = malloc(LEN);
	struct pattern *pattern = pattern_new("(?<=\xc3\xa9)x");
	/* Around the places where one window of the search ends. */
	for (size_t at = 4080; at < 4120; at++) {
		struct joined joined = {""};
		for (size_t i = 0; i < LEN; i += 2)
			memcpy(text + i, "\xc3\xa9", 2);
		text[2 * at] = 'x';
		text[2 * at + 1] = 'x';
		text[2 * (at + 9000)] = 'x';
		text[2 * (at + 9000) + 1] = '-';
		cr_expect(pattern_each(pattern, (struct slice){text, LEN}, join, &joined));
		cr_expect_str_eq(joined.text, "[x][x]", "at %zu: %s", at, joined.text);
	}
	pattern_free(pattern);
	free(text);
}

/* Each match is cheap enough for PCRE2's own limits; all of them would take hours. */
Test(pattern, ends_one_that_takes_too_long_in_all)
{
	enum { LEN = 4 << 20 };
	char *text = malloc(LEN);
	memset(text, 'x', LEN);
	struct joined joined = {""};
	struct pattern *pattern = pattern_new("(?=x*+(y|))");
	cr_expect_not(pattern_each(pattern, (struct slice){text, LEN}, join, &joined));
	pattern_free(pattern);
	free(text);
}

Test(pattern, refuses_a_bad_one)
{
	cr_assert(freopen("/dev/null", "w", stderr));
	cr_expect_null(pattern_new("href=\"(.*?\""));
	cr_expect_null(pattern_new("[a"));
	cr_expect_null(pattern_new("\xff"));
}

Test(filter, keeps_the_named_schemes)
{
	static const struct {
		const char *schemes, *link;
		bool wanted;
	} cases[] = {{NULL, "mailto:x", true}, {"http,https", "http://a/", true},
	    {"http,https", "https://a/", true}, {"http,https", "mailto:x", false},
	    {"HTTP, Mailto", "mailto:x", true}, {"http", "https://a/", false}, {"https", "http://a/", false},
	    {"", "http://a/", false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct options options = {.schemes = cases[i].schemes};
		struct url url;
		url_init(&url);
		cr_assert(url_parse(&url, cases[i].link, strlen(cases[i].link), NULL, NULL));
		cr_expect_eq(filter_wants(&options, &url), cases[i].wanted, "case %zu", i);
		url_release(&url);
	}
}
