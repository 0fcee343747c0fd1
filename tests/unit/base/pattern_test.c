#include "base/pattern.h"
#include "base/pattern_filter.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* A pattern with several ".*" tries many ways to divide a long URL that has what is between them often. */
Test(pattern, searches_briefly_where_a_url_can_be_divided_in_many_ways)
{
	static const char url[] =
	    "https://www.example.com/news/2023-and-before/from-all-over-the-world/and-what-"
	    "people-say-of-it/a-long-title-as-they-are-made-of-a-headline-for-the-sake-of-"
	    "those-who-search/and-so-on/and-so-on/print/?page=one&of=a-few-of-them&sort=by-date";
	static const char *const patterns[] = {
	    ".*/.*/.*-\\d+$", "(.*)/(.*)-(.*)[?]page=\\d+$", ".*-.*-.*[0-4]{5}", "(\\w+[-/.])+\\w+\\d$"};
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		struct pattern *pattern = pattern_new("-e", patterns[i]);
		enum pattern_found found = PATTERN_TOO_LONG;
		/* A busy machine may take the processor away for the whole of the time. */
		for (int tries = 0; tries < 3 && found == PATTERN_TOO_LONG; tries++)
			found = pattern_search_briefly(pattern, slice_of(url));
		cr_expect_eq(found, PATTERN_NOT_FOUND, "%s", patterns[i]);
		pattern_free(pattern);
	}
}

Test(pattern, does_not_search_briefly_where_that_may_take_long)
{
	enum { LEN = 2049 };
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

static size_t count_texts(const char *const *texts)
{
	size_t count = 0;
	while (texts[count])
		count++;
	return count;
}

Test(pattern_filter, wants_what_an_include_and_no_exclude_matches)
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
		const struct option_list included = {includes, count_texts(cases[i].includes)},
		                         excluded = {excludes, count_texts(cases[i].excludes)};
		struct pattern_filter *filter =
		    pattern_filter_new("--include", &included, "--exclude", &excluded);
		cr_assert(filter);
		enum pattern_found expected = cases[i].wanted ? PATTERN_FOUND : PATTERN_NOT_FOUND;
		cr_expect_eq(pattern_filter_search(filter, slice_of(cases[i].url)), expected, "case %zu", i);
		cr_expect_eq(
		    pattern_filter_search_briefly(filter, slice_of(cases[i].url)), expected, "case %zu", i);
		pattern_filter_free(filter);
	}
}

Test(pattern_filter, refuses_a_bad_pattern_by_the_name_of_its_option)
{
	const char *good = "a", *bad[] = {"b", "(c"};
	char text[500] = "";
	FILE *said = tmpfile();
	cr_assert(said && dup2(fileno(said), STDERR_FILENO) >= 0);
	const struct option_list fine = {&good, 1}, broken = {bad, 2}, none = {0};
	cr_expect_null(pattern_filter_new("--include", &fine, "--exclude", &broken));
	cr_expect_null(pattern_filter_new("--include", &broken, "--exclude", &none));
	rewind(said);
	cr_assert_gt(fread(text, 1, sizeof text - 1, said), 0);
	const char *first =
	    strstr(text, "areq: --exclude: bad pattern: missing closing parenthesis at byte 3");
	cr_expect(first && strstr(first, "areq: --include: bad pattern: "), "%s", text);
}

Test(pattern_filter, ends_a_pattern_that_explodes)
{
	const char *pattern = "(a+)+$";
	const struct option_list none = {0}, exploding = {&pattern, 1};
	struct pattern_filter *filter = pattern_filter_new("--include", &none, "--exclude", &exploding);
	struct slice url = slice_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
	cr_expect_eq(pattern_filter_search(filter, url), PATTERN_TOO_LONG);
	cr_expect_eq(pattern_filter_search_briefly(filter, url), PATTERN_TOO_LONG);
	pattern_filter_free(filter);
}
