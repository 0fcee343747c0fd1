#include "base/log.h"
#include "link/filter.h"
#include "link/mediatype.h"
#include "link/pattern.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Test(mediatype, tells_markup_text_and_the_rest_apart)
{
	static const struct {
		const char *type;
		enum mediatype expected;
	} cases[] = {
	    {NULL, MEDIATYPE_UNKNOWN},
	    {"", MEDIATYPE_UNKNOWN},
	    {"text/html", MEDIATYPE_HTML},
	    {"TEXT/HTML;charset=utf-8", MEDIATYPE_HTML},
	    {" text/html ; charset=x", MEDIATYPE_HTML},
	    {"application/xhtml+xml", MEDIATYPE_XML},
	    {"application/rss+xml", MEDIATYPE_XML},
	    {"image/svg+xml", MEDIATYPE_XML},
	    {"html", MEDIATYPE_UNKNOWN},
	    {"x-unknown/x-unknown", MEDIATYPE_HTML},
	    {"text/xml;charset=x", MEDIATYPE_XML},
	    {"application/unknown", MEDIATYPE_UNKNOWN},
	    {"*/*", MEDIATYPE_UNKNOWN},
	    {"text/plain", MEDIATYPE_TEXT},
	    {"text/css", MEDIATYPE_TEXT},
	    {"text/event-stream", MEDIATYPE_TEXT},
	    {"multipart/x-mixed-replace; boundary=a", MEDIATYPE_TEXT},
	    {"message/rfc822", MEDIATYPE_TEXT},
	    {"application/json", MEDIATYPE_TEXT},
	    {"application/ld+json; x", MEDIATYPE_TEXT},
	    {"application/javascript", MEDIATYPE_TEXT},
	    {"image/png", MEDIATYPE_BINARY},
	    {"IMAGE/PNG", MEDIATYPE_BINARY},
	    {"video/mp4", MEDIATYPE_BINARY},
	    {"application/zip", MEDIATYPE_BINARY},
	    {"application/octet-stream", MEDIATYPE_FILE},
	    {"application/gzip", MEDIATYPE_FILE},
	    {"Application/X-GZIP; x", MEDIATYPE_FILE},
	    {"application/pdf", MEDIATYPE_BINARY},
	    {"font/woff2", MEDIATYPE_BINARY},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(mediatype_of(cases[i].type), cases[i].expected, "case %zu: %s", i,
		    cases[i].type ? cases[i].type : "(none)");
}

Test(mediatype, is_known_by_the_first_bytes)
{
	static const struct {
		struct slice head;
		enum mediatype expected;
	} cases[] = {
#define HEAD(text) {text, sizeof(text) - 1}
	    {HEAD(""), MEDIATYPE_HTML},
	    {HEAD("<!DOCTYPE html>"), MEDIATYPE_HTML},
	    {HEAD(" \n\t<hTmL>\0"), MEDIATYPE_HTML},
	    {HEAD("<!-- a -->"), MEDIATYPE_HTML},
	    {HEAD("<a href=x>"), MEDIATYPE_HTML},
	    {HEAD("<meta charset=x>"), MEDIATYPE_HTML},
	    {HEAD("</p>"), MEDIATYPE_HTML},
	    {HEAD("<?xml version='1.0'?>"), MEDIATYPE_XML},
	    {HEAD("\xef\xbb\xbf<?xml version='1.0'?>"), MEDIATYPE_XML},
	    {HEAD("\xef\xbb\xbf <p>"), MEDIATYPE_HTML},
	    {HEAD("\n<urlset xmlns='x'>"), MEDIATYPE_XML},
	    {HEAD("<!-- a --><rss>"), MEDIATYPE_XML},
	    {HEAD("<feedback>"), MEDIATYPE_HTML},
	    {HEAD("\xff\xfe<\0p\0>\0"), MEDIATYPE_HTML},
	    {HEAD("\xfe\xff\0<\0p\0>"), MEDIATYPE_HTML},
	    {HEAD("\xef\xbb\xbf a\x01"), MEDIATYPE_TEXT},
	    {HEAD("a <a href=x>"), MEDIATYPE_TEXT},
	    {HEAD("1 < 2"), MEDIATYPE_TEXT},
	    {HEAD("< a"), MEDIATYPE_TEXT},
	    {HEAD("{\"a\": \"<a href=x>\"}"), MEDIATYPE_TEXT},
	    {HEAD("\x1b$B"), MEDIATYPE_TEXT},
	    {HEAD("\xe9t\xe9"), MEDIATYPE_TEXT},
	    {HEAD("\x89PNG\r\n\x1a\n"), MEDIATYPE_BINARY},
	    {HEAD("GIF89a\x01\0\x01\0"), MEDIATYPE_BINARY},
	    {HEAD("\xff\xd8\xff\xe0\0\x10JFIF"), MEDIATYPE_BINARY},
	    {HEAD("RIFF\x24\0\0\0WEBPVP8 "), MEDIATYPE_BINARY},
	    {HEAD("BM6\0\x0c\0"), MEDIATYPE_BINARY},
	    {HEAD("PK\x03\x04"), MEDIATYPE_BINARY},
	    {HEAD("\x1f\x8b\x08"), MEDIATYPE_BINARY},
	    {HEAD("Rar!\x1a\7\0"), MEDIATYPE_BINARY},
	    {HEAD("\0\0\0\x18"
	          "ftypmp42"),
	        MEDIATYPE_BINARY},
	    {HEAD("OggS\0"), MEDIATYPE_BINARY},
	    {HEAD("wOF2\0\1\0\0"), MEDIATYPE_BINARY},
	    {HEAD("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), MEDIATYPE_BINARY},
	    {HEAD("%!PS-Adobe-3.0"), MEDIATYPE_BINARY},
	    {HEAD(" %PDF-1.7"), MEDIATYPE_TEXT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(mediatype_sniff(cases[i].head), cases[i].expected, "case %zu", i);
}

/* Whatever the type says: what is in a gzip file is read if it is XML, and surely not if it is an archive. */
Test(mediatype, of_a_gzip_file_is_that_of_its_content)
{
	static const struct {
		struct slice head;
		enum mediatype expected;
	} cases[] = {
	    {HEAD("<?xml version='1.0'?><x/>"), MEDIATYPE_XML},
	    {HEAD("\xef\xbb\xbf\n<?xml version='1.0'?>"), MEDIATYPE_XML},
	    {HEAD("\xff\xfe<\0u\0"), MEDIATYPE_XML},
	    {HEAD("\xfe\xff\0<"), MEDIATYPE_XML},
	    {HEAD("<\0?\0x\0"), MEDIATYPE_XML},
	    {HEAD("\0<\0?"), MEDIATYPE_XML},
	    {HEAD(" <urlset>"), MEDIATYPE_XML},
	    {HEAD("<s:urlset xmlns:s='x'>"), MEDIATYPE_XML},
	    {HEAD("<sitemapindex/>"), MEDIATYPE_XML},
	    {HEAD("<!-- c > --> <!----><rss version='2.0'>"), MEDIATYPE_XML},
	    {HEAD("<!DOCTYPE urlset [<!ENTITY a 'b'>]><urlset>"), MEDIATYPE_XML},
	    {HEAD("<!--c--><!DOCTYPE\nrss>"), MEDIATYPE_XML},
	    {HEAD("<feed xmlns='http://www.w3.org/2005/Atom'>"), MEDIATYPE_XML},
	    {HEAD("<rdf:RDF\n"), MEDIATYPE_XML},
	    {HEAD(""), MEDIATYPE_BINARY},
	    {HEAD("<"), MEDIATYPE_BINARY},
	    {HEAD("<!--"), MEDIATYPE_BINARY},
	    {HEAD("<!-- <urlset>"), MEDIATYPE_BINARY},
	    {HEAD("<!DOCTYPE"), MEDIATYPE_BINARY},
	    {HEAD("<!DOCTYPE html>"), MEDIATYPE_BINARY},
	    {HEAD("<html><a href=x>"), MEDIATYPE_BINARY},
	    {HEAD("<urlsets>"), MEDIATYPE_BINARY},
	    {HEAD("http://a/\n"), MEDIATYPE_BINARY},
	    {HEAD("a.xml\0\0\0"), MEDIATYPE_BINARY},
	    {HEAD("\x1f\x8b\x08"), MEDIATYPE_BINARY},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(mediatype_sniff_gzip_file(cases[i].head), cases[i].expected, "case %zu", i);
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
	    {.pattern = "href=\"(.*?)\"",
	        .text = "<a href=\"x\"> <b href=\"\"><c HREF=\"n\"> href=\"y z\"",
	        .expected = "[x][][y z]"},
	    {.pattern = "href=\"(.*?)\"", .text = "href=\"a\nb\" href=\"c\"", .expected = "[c]"},
	    {.pattern = "a+", .text = "caaandaab", .expected = "[aaa][aa]"},
	    {.pattern = "", .text = "ab", .expected = "[][][]"},
	    {.pattern = "x*", .text = "axb", .expected = "[][x][][]"},
	    {.pattern = "(?i)HREF=(\\S+)", .text = "href=1 Href=2", .expected = "[1][2]"},
	    {.pattern = "^a", .text = "aa", .expected = "[a]"},
	    {.pattern = "(?m)^.", .text = "ab\ncd", .expected = "[a][c]"},
	    {.pattern = "é(.)", .text = "é1 é2", .expected = "[1][2]"},
	    {.pattern = "(?<=a)b", .text = "abab", .expected = "[b][b]"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct joined joined = {""};
		struct pattern *pattern = pattern_new("-e", cases[i].pattern);
		cr_assert(pattern);
		cr_expect(pattern_each(pattern, slice_of(cases[i].text), join, &joined));
		cr_expect_str_eq(joined.text, cases[i].expected, "case %zu: %s", i, joined.text);
		pattern_free(pattern);
	}
}

Test(pattern, passes_over_a_match_without_its_group)
{
	struct joined joined = {""};
	struct pattern *pattern = pattern_new("-e", "href=(\\d)|src");
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
	struct pattern *pattern = pattern_new("-e", "(?=x|)");
	cr_expect(pattern_each(pattern, (struct slice){text, LEN}, join, &joined));
	pattern_free(pattern);
	free(text);
}

Test(pattern, ends_a_pattern_that_explodes)
{
	struct joined joined = {""};
	struct pattern *pattern = pattern_new("-e", "(a+)+$");
	cr_expect_not(pattern_each(
	    pattern, slice_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), join, &joined));
	cr_expect_str_eq(joined.text, "");
	pattern_free(pattern);
}

Test(pattern, finds_what_lies_far_behind)
{
	enum { LEN = 100 * 1000 };
	char *text = malloc(LEN);
	struct pattern *pattern = pattern_new("-e", "(?<=\xc3\xa9)x");
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

Test(pattern, refuses_a_bad_one)
{
	cr_assert(freopen("/dev/null", "w", stderr));
	cr_expect_null(pattern_new("-e", "href=\"(.*?\""));
	cr_expect_null(pattern_new("-e", "[a"));
	cr_expect_null(pattern_new("-e", "\xff"));
}

static void parse(struct url *url, const char *text)
{
	url_init(url);
	cr_assert(url_parse(url, text, strlen(text), NULL, NULL), "%s", text);
}

static bool wants(const struct options *options, const char *page_url, const char *link_url)
{
	struct url page, link;
	parse(&page, page_url);
	parse(&link, link_url);
	bool wanted = filter_wants(options, &page, &link);
	url_release(&page);
	url_release(&link);
	return wanted;
}

Test(filter, keeps_the_named_schemes)
{
	static const struct {
		const char *schemes, *link;
		bool wanted;
	} cases[] = {{.schemes = NULL, .link = "mailto:x", .wanted = true},
	    {.schemes = "http,https", .link = "http://a/", .wanted = true},
	    {.schemes = "http,https", .link = "https://a/", .wanted = true},
	    {.schemes = "http,https", .link = "mailto:x", .wanted = false},
	    {.schemes = "HTTP, Mailto", .link = "mailto:x", .wanted = true},
	    {.schemes = "http", .link = "https://a/", .wanted = false},
	    {.schemes = "https", .link = "http://a/", .wanted = false},
	    {.schemes = "", .link = "http://a/", .wanted = false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct options options = {.schemes = cases[i].schemes};
		cr_expect_eq(wants(&options, "http://page/", cases[i].link), cases[i].wanted, "case %zu", i);
	}
}

Test(filter, tells_the_pages_own_host_from_others)
{
	static const struct {
		const char *page, *link;
		bool same_host, external;
	} cases[] = {
	    {.page = "http://a/", .link = "http://a/x?y#z", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "http://A:80/", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "http://user@a/", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "http://a:81/", .same_host = false, .external = true},
	    {.page = "http://a:81/", .link = "http://a:81/", .same_host = true, .external = false},
	    {.page = "http://a:443/", .link = "https://a/", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "https://a/", .same_host = false, .external = true},
	    {.page = "http://a/", .link = "http://www.a/", .same_host = false, .external = true},
	    {.page = "http://a/", .link = "http://b/", .same_host = false, .external = true},
	    {.page = "http://127.1/", .link = "http://127.0.0.1/", .same_host = true, .external = false},
	    {.page = "http://[::1]/", .link = "http://[0:0::1]/", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "mailto:x@a", .same_host = false, .external = false},
	    {.page = "http://a/", .link = "ftp://b/", .same_host = false, .external = false},
	    {.page = "http://a/", .link = "javascript:a", .same_host = false, .external = false},
	    {.page = "http://a/", .link = "file:///a", .same_host = false, .external = false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct options same_host = {.same_host = true}, external = {.external = true};
		cr_expect_eq(wants(&same_host, cases[i].page, cases[i].link), cases[i].same_host,
		    "--same-host, case %zu", i);
		cr_expect_eq(wants(&external, cases[i].page, cases[i].link), cases[i].external,
		    "--external, case %zu", i);
		cr_expect(wants(&(struct options){0}, cases[i].page, cases[i].link), "case %zu", i);
	}
	cr_expect_not(
	    wants(&(struct options){.same_host = true, .schemes = "https"}, "http://a/", "http://a/"),
	    "filters add up");
}

static size_t count_texts(const char *const *texts)
{
	size_t count = 0;
	while (texts[count])
		count++;
	return count;
}

Test(filter, wants_what_an_include_and_no_exclude_matches)
{
	static const struct {
		const char *includes[4], *excludes[4], *url;
		bool wanted;
	} cases[] = {
	    {.includes = {NULL}, .excludes = {NULL}, .url = "http://a/", .wanted = true},
	    {.includes = {"a"}, .excludes = {NULL}, .url = "http://a/", .wanted = true},
	    {.includes = {"b"}, .excludes = {NULL}, .url = "http://a/", .wanted = false},
	    {.includes = {"b", "a"}, .excludes = {NULL}, .url = "http://a/", .wanted = true},
	    {.includes = {"^a"}, .excludes = {NULL}, .url = "http://a/", .wanted = false},
	    {.includes = {"^http://a/$"}, .excludes = {NULL}, .url = "http://a/", .wanted = true},
	    {.includes = {""}, .excludes = {NULL}, .url = "http://a/", .wanted = true},
	    {.includes = {NULL}, .excludes = {"a"}, .url = "http://a/", .wanted = false},
	    {.includes = {NULL}, .excludes = {"b"}, .url = "http://a/", .wanted = true},
	    {.includes = {NULL}, .excludes = {"b", "c", "a"}, .url = "http://a/", .wanted = false},
	    {.includes = {"a"}, .excludes = {"a/x"}, .url = "http://a/", .wanted = true},
	    {.includes = {"a"}, .excludes = {"a/x"}, .url = "http://a/x", .wanted = false},
	    {.includes = {"(x)|a"},
	        .excludes = {NULL},
	        .url = "http://a/",
	        .wanted = true}, /* a group is nothing special here */
	    {.includes = {"(?i)A"}, .excludes = {"A"}, .url = "http://a/", .wanted = true},
	    {.includes = {"\\.(png|zip)(\\?|$)"},
	        .excludes = {NULL},
	        .url = "http://a/b.png?c",
	        .wanted = true},
	    {.includes = {"\\.(png|zip)(\\?|$)"},
	        .excludes = {NULL},
	        .url = "http://a/b.png#c",
	        .wanted = false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *includes[4], *excludes[4];
		memcpy(includes, cases[i].includes, sizeof includes);
		memcpy(excludes, cases[i].excludes, sizeof excludes);
		const struct options options = {.includes = {includes, count_texts(cases[i].includes)},
		    .excludes = {excludes, count_texts(cases[i].excludes)}};
		struct filter *filter = filter_new(&options);
		cr_assert(filter);
		enum pattern_found expected = cases[i].wanted ? PATTERN_FOUND : PATTERN_NOT_FOUND;
		cr_expect_eq(filter_search(filter, slice_of(cases[i].url)), expected, "case %zu", i);
		cr_expect_eq(filter_search_briefly(filter, slice_of(cases[i].url)), expected, "case %zu", i);
		filter_free(filter);
	}
}

Test(filter, refuses_a_bad_pattern_by_the_name_of_its_option)
{
	const char *good = "a", *bad[] = {"b", "(c"};
	char text[500] = "";
	FILE *said = tmpfile();
	cr_assert(said && dup2(fileno(said), STDERR_FILENO) >= 0);
	cr_expect_null(filter_new(&(struct options){.includes = {&good, 1}, .excludes = {bad, 2}}));
	cr_expect_null(filter_new(&(struct options){.includes = {bad, 2}}));
	rewind(said);
	cr_assert_gt(fread(text, 1, sizeof text - 1, said), 0);
	const char *first =
	    strstr(text, "areq: --exclude: bad pattern: missing closing parenthesis at byte 3");
	cr_expect(first && strstr(first, "areq: --include: bad pattern: "), "%s", text);
}

Test(filter, ends_a_pattern_that_explodes)
{
	const char *pattern = "(a+)+$";
	struct filter *filter = filter_new(&(struct options){.excludes = {&pattern, 1}});
	struct slice url = slice_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
	cr_expect_eq(filter_search(filter, url), PATTERN_TOO_LONG);
	cr_expect_eq(filter_search_briefly(filter, url), PATTERN_TOO_LONG);
	filter_free(filter);
}

/* Where it tells at all, a brief search tells what a long one does, wherever the match lies; and of the
 * patterns that people write it tells. */
Test(pattern, searches_briefly_as_it_does_for_long)
{
	static const char *const patterns[] = {"b", "^a+b", "ab$", "a.*b", ".*b.*c", "(?:xa|a)+b", "\\bb\\b",
	    "(?<=\xc3\xa9)b", "a{3,50}b", "(?!.*c).*b", "\xc3\xa9+.b", "x|b(?=a)", ""};
	enum { LONGEST = 1024 };
	char text[LONGEST + 3];
	size_t unknown = 0, asked = 0;
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		struct pattern *pattern = pattern_new("-e", patterns[i]);
		for (size_t len = 0; len <= LONGEST; len += len < 40 ? 1 : 123)
			for (size_t at = 0; at + 4 < len; at += at < 40 ? 1 : 37) {
				memset(text, 'a', len);
				memcpy(text + at,
				    "\xc3\xa9"
				    "b",
				    3);
				struct slice slice = {text, len};
				enum pattern_found briefly = PATTERN_TOO_LONG;
				/* A busy machine may take the processor away for the whole of the time. */
				for (int tries = 0; tries < 3 && briefly == PATTERN_TOO_LONG; tries++)
					briefly = pattern_search_briefly(pattern, slice);
				asked++;
				unknown += briefly == PATTERN_TOO_LONG;
				if (briefly != PATTERN_TOO_LONG)
					cr_assert_eq(briefly, pattern_search(pattern, slice),
					    "%s: %zu of %zu", patterns[i], at, len);
			}
		pattern_free(pattern);
	}
	cr_expect_eq(unknown, 0, "%zu of %zu", unknown, asked);
}

Test(pattern, does_not_search_briefly_where_that_may_take_long)
{
	enum { LEN = 2000 };
	static char text[LEN];
	struct pattern *simple = pattern_new("-e", "b"), *nested = pattern_new("-e", "(a+)+\\d");
	memset(text, 'a', LEN);
	cr_expect_eq(pattern_search_briefly(simple, (struct slice){text, LEN}), PATTERN_TOO_LONG);
	cr_expect_eq(pattern_search(simple, (struct slice){text, LEN}), PATTERN_NOT_FOUND);
	cr_expect_eq(pattern_search_briefly(nested, (struct slice){text, 200}), PATTERN_TOO_LONG);
	pattern_free(simple);
	pattern_free(nested);
}

Test(pattern, searches_far_behind)
{
	enum { LEN = 100 * 1000 };
	char *text = malloc(LEN);
	struct pattern *pattern = pattern_new("-e", "xy$");
	memset(text, 'a', LEN);
	cr_expect_eq(pattern_search(pattern, (struct slice){text, LEN}), PATTERN_NOT_FOUND);
	memcpy(text + LEN - 2, "xy", 2);
	cr_expect_eq(pattern_search(pattern, (struct slice){text, LEN}), PATTERN_FOUND);
	pattern_free(pattern);
	free(text);
}
