#include "in/robots.h"

#include "in/robots_path.h"
#include "in/robots_reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct robots *finish(struct robots_reader *reader)
{
	struct robots *robots = robots_reader_finish(reader);
	robots_reader_free(reader);
	return robots;
}

static struct robots *read_chunks(struct slice file, const char *token, size_t chunk)
{
	struct robots_reader *reader = robots_reader_new(token);
	for (size_t at = 0, len; at < file.len; at += len) {
		len = file.len - at < chunk ? file.len - at : chunk;
		if (!robots_reader_feed(reader, file.data + at, len))
			break;
	}
	return finish(reader);
}

static struct robots *read_text(const char *text)
{
	return read_chunks(slice_of(text), "areq", SIZE_MAX);
}

/* It makes no difference how the file is cut. */
static void expect_allows(struct slice file, const char *path, bool allows)
{
	static const size_t chunks[] = {1, 2, 7, SIZE_MAX};
	for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
		struct robots *robots = read_chunks(file, "areq", chunks[i]);
		cr_expect_eq(robots_allows(robots, slice_of(path)), allows,
		    "\"%.*s\", %zu bytes at once: %s is %s", (int)file.len, file.data, chunks[i], path,
		    allows ? "forbidden" : "allowed");
		robots_free(robots);
	}
}

struct question {
	const char *file;
	const char *path;
	bool allows;
};

#define EXPECT_ANSWERS(cases)                                                                                \
	for (size_t i = 0; i < sizeof(cases) / sizeof *(cases); i++)                                         \
	expect_allows(slice_of((cases)[i].file), (cases)[i].path, (cases)[i].allows)

#define ALL "User-agent: *\n"

/* RFC 9309, section 2.2.1, and its examples in section 5.1. */
Test(robots, the_group_is_chosen_by_the_product_token)
{
	static const struct question cases[] = {
	    {"User-agent: areq\nDisallow: /a", "/a", false},
	    {"User-agent: AReQ\nDisallow: /a", "/a", false},
	    {"User-agent: areqs\nDisallow: /a", "/a", true},
	    {"User-agent: are\nDisallow: /a", "/a", true},
	    {"User-agent: areq-image\nDisallow: /a", "/a", true},
	    {"User-agent: other\nDisallow: /a", "/a", true},
	    {"User-agent: *\nDisallow: /a", "/a", false},
	    /* the group for '*' does not count beside one of our own, wherever it stands */
	    {ALL "Disallow: /a\nUser-agent: areq\nDisallow: /b", "/a", true},
	    {ALL "Disallow: /a\nUser-agent: areq\nDisallow: /b", "/b", false},
	    {"User-agent: areq\nDisallow: /b\n" ALL "Disallow: /a", "/a", true},
	    {"User-agent: areq\nDisallow: /b\n" ALL "Disallow: /a", "/b", false},
	    {ALL "Disallow: /\nUser-agent: areq\n", "/a", true},
	    {ALL "Disallow: /\nUser-agent: areq\nAllow:", "/a", true},
	    {ALL "Disallow: /\nUser-agent: areq\nDisallow:", "/a", true},
	    /* all groups with the same name are one */
	    {"User-agent: areq\nDisallow: /a\nUser-agent: x\nDisallow: /x\nUser-agent: areq\nDisallow: /b",
	        "/a", false},
	    {"User-agent: areq\nDisallow: /a\nUser-agent: x\nDisallow: /x\nUser-agent: areq\nDisallow: /b",
	        "/b", false},
	    {"User-agent: areq\nDisallow: /a\nUser-agent: x\nDisallow: /x\nUser-agent: areq\nDisallow: /b",
	        "/x", true},
	    {ALL "Disallow: /a\nUser-agent: x\nDisallow: /x\n" ALL "Disallow: /b", "/a", false},
	    {ALL "Disallow: /a\nUser-agent: x\nDisallow: /x\n" ALL "Disallow: /b", "/b", false},
	    /* several names before the first rule have a group in common; other lines do not end the names */
	    {"User-agent: areq\nUser-agent: x\nDisallow: /a", "/a", false},
	    {"User-agent: x\nUser-agent: areq\nDisallow: /a", "/a", false},
	    {"User-agent: areq\n\n# x\n\nUser-agent: x\nDisallow: /a", "/a", false},
	    {"User-agent: areq\nSitemap: /s\nUser-agent: x\nDisallow: /a", "/a", false},
	    {"User-agent: areq\nCrawl-delay: 1\nUser-agent: x\nDisallow: /a", "/a", false},
	    {"User-agent: areq\nHost: x\nUser-agent: x\nDisallow: /a", "/a", false},
	    {"User-agent: areq\nDisallow:\nUser-agent: x\nDisallow: /a", "/a", true},
	    {"User-agent: areq\nDisallow: /a\nSitemap: /s\nDisallow: /b", "/b", false},
	    {"User-agent: areq\n" ALL "Disallow: /a", "/a", false},
	    /* rules before the first name belong to nobody */
	    {"Disallow: /a\n" ALL "Disallow: /b", "/a", true},
	    {"Disallow: /a\n" ALL "Disallow: /b", "/b", false},
	    {"", "/a", true},
	    {"Disallow: /", "/a", true},
	    /* an empty name is none */
	    {"User-agent:\nDisallow: /a", "/a", true},
	    {"User-agent: # areq\nDisallow: /a", "/a", true},
	    {"User-agent: \xe9\nDisallow: /a", "/a", true},
	};
	EXPECT_ANSWERS(cases);
}

Test(robots, only_the_start_of_the_own_token_counts)
{
	static const struct {
		const char *token;
		bool allows;
	} cases[] = {
	    {"areq", false},
	    {"AREQ", false},
	    {"areq/1.0 (x)", false},
	    {"areqs", true},
	    /* no token: not even an empty name is meant, and the rules for '*' are asked */
	    {"", true},
	    {"7zip", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct robots *robots = read_chunks(
		    slice_of("User-agent: areq\nDisallow: /\nUser-agent:\nDisallow: /\n" ALL "Disallow: /b"),
		    cases[i].token, SIZE_MAX);
		cr_expect_eq(robots_allows(robots, slice_of("/a")), cases[i].allows, "%s", cases[i].token);
		cr_expect_not(robots_allows(robots, slice_of("/b")), "%s", cases[i].token);
		robots_free(robots);
	}
}

/* RFC 9309, section 2.2.2 and the example in section 5.2. */
Test(robots, the_longest_rule_decides)
{
	static const struct question cases[] = {
	    {ALL "Disallow: /x\nAllow: /x/y\nDisallow: /x/y/z\nAllow: /x/y/z/ok", "/x", false},
	    {ALL "Disallow: /x\nAllow: /x/y\nDisallow: /x/y/z\nAllow: /x/y/z/ok", "/x/y", true},
	    {ALL "Disallow: /x\nAllow: /x/y\nDisallow: /x/y/z\nAllow: /x/y/z/ok", "/x/y/z", false},
	    {ALL "Disallow: /x\nAllow: /x/y\nDisallow: /x/y/z\nAllow: /x/y/z/ok", "/x/y/z/ok", true},
	    {ALL "Allow: /x/y/z/ok\nDisallow: /x/y/z\nAllow: /x/y\nDisallow: /x", "/x/y/zz", false},
	    /* allow wins a tie */
	    {ALL "Disallow: /a\nAllow: /a", "/a", true},
	    {ALL "Allow: /a\nDisallow: /a", "/a", true},
	    {ALL "Disallow: /a*\nAllow: /*b", "/ab", true},
	    /* '*' and '$' are octets, too */
	    {ALL "Allow: /page\nDisallow: /*.htm", "/page.htm", false},
	    {ALL "Allow: /c*\nDisallow: /c****", "/cx", false},
	    {ALL "Allow: /\nDisallow: /$", "/", false},
	    /* one that is not ASCII has three, as percent-encoded */
	    {ALL "Allow: /12\nDisallow: /\xc3\xa9", "/%C3%A9", false},
	    {ALL "Disallow: /\xc3\xa9*\nAllow: /%C3%A9x", "/%C3%A9x", true},
	    {ALL "Disallow: /abcdef\nAllow: /*\xc3\xa9", "/abcdef%C3%A9", true},
	    /* no rule */
	    {ALL "Allow: /a", "/b", true},
	    /* a value that is empty matches nothing */
	    {ALL "Disallow:", "/a", true},
	    {ALL "Disallow: /a\nAllow:", "/a", false},
	    {ALL "Disallow: #/a", "/a", true},
	    /* the start of the path, not a part of it */
	    {ALL "Disallow: /a", "/ab", false},
	    {ALL "Disallow: /a", "/b/a", true},
	    {ALL "Disallow: /A", "/a", true},
	    {ALL "Disallow: a", "/a", true},
	    {ALL "Disallow: http://x.test/a", "/a", true},
	    {ALL "Disallow: /a/../b", "/b", true},
	    {ALL "Disallow: /", "", false},
	    /* the file itself may always be fetched */
	    {ALL "Disallow: /", "/robots.txt", true},
	    {ALL "Disallow: /robots.txt", "/robots.txt", true},
	    {ALL "Disallow: /", "/robots.txt?x", false},
	    {ALL "Disallow: /", "/robots.txtx", false},
	    {ALL "Disallow: /", "/a/robots.txt", false},
	    /* that "index.html" stands for "/" is Google's way alone */
	    {ALL "Allow: /x/index.html\nDisallow: /x", "/x/", false},
	};
	EXPECT_ANSWERS(cases);
}

/* RFC 9309, section 2.2.3. */
Test(robots, star_and_dollar)
{
	static const struct question cases[] = {
	    {ALL "Disallow: *", "/", false},
	    {ALL "Disallow: *a", "/bca", false},
	    {ALL "Disallow: /*/b", "/a/b", false},
	    {ALL "Disallow: /*/b", "//b", false},
	    {ALL "Disallow: /*/b", "/b", true},
	    {ALL "Disallow: /a*b*c", "/axbxcx", false},
	    {ALL "Disallow: /a*b*c", "/axcxb", true},
	    {ALL "Disallow: /a*aba", "/aabaaba", false},
	    {ALL "Disallow: /*aab", "/aaab", false},
	    {ALL "Disallow: /*", "/", false},
	    {ALL "Disallow: /a**b", "/ab", false},
	    {ALL "Disallow: /a$", "/a", false},
	    {ALL "Disallow: /a$", "/ab", true},
	    {ALL "Disallow: /a$", "/a?", true},
	    {ALL "Disallow: $", "/", true},
	    {ALL "Disallow: /$", "/", false},
	    {ALL "Disallow: /$", "/a", true},
	    {ALL "Disallow: /*$", "/a", false},
	    {ALL "Disallow: /*.gif$", "/a.gif", false},
	    {ALL "Disallow: /*.gif$", "/a.gif.gif", false},
	    {ALL "Disallow: /*.gif$", "/a.gif?x", true},
	    {ALL "Disallow: /a*a$", "/a", true},
	    {ALL "Disallow: /a*a$", "/aa", false},
	    /* a '$' that is not at the end is a literal one */
	    {ALL "Disallow: /a$b", "/a$b", false},
	    {ALL "Disallow: /a$b", "/a", true},
	    {ALL "Disallow: /a$$", "/a$", false},
	    {ALL "Disallow: /a$$", "/a$$", true},
	    {ALL "Disallow: /a$*", "/a$", false},
	    {ALL "Disallow: /a$*", "/a", true},
	    /* encoded ones are literal, too */
	    {ALL "Disallow: /a%2Ab", "/a*b", false},
	    {ALL "Disallow: /a%2ab", "/a%2Ab", false},
	    {ALL "Disallow: /a%2Ab", "/axb", true},
	    {ALL "Disallow: /a%24", "/a$", false},
	    {ALL "Disallow: /a%24", "/a%24x", false},
	    {ALL "Disallow: /a%24", "/a", true},
	    {ALL "Disallow: /a*", "/a*", false},
	    {ALL "Disallow: /a$b", "/a%24b", false},
	};
	EXPECT_ANSWERS(cases);
}

/* RFC 9309, section 2.2.2, with its table. */
Test(robots, paths_are_compared_in_their_normal_form)
{
	static const struct question cases[] = {
	    {ALL "Disallow: /foo/bar?baz=quz", "/foo/bar?baz=quz", false},
	    {ALL "Disallow: /foo/bar?baz=http://foo.bar", "/foo/bar?baz=http%3A%2F%2Ffoo.bar", false},
	    {ALL "Disallow: /foo/bar?baz=http%3a%2f%2ffoo.bar", "/foo/bar?baz=http://foo.bar", false},
	    {ALL "Disallow: /foo/bar/\xe3\x83\x84", "/foo/bar/%E3%83%84", false},
	    {ALL "Disallow: /foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", false},
	    {ALL "Disallow: /foo/bar/%62%61%7A", "/foo/bar/baz", false},
	    {ALL "Disallow: /foo/bar/baz", "/foo/bar/%62%61%7a", false},
	    {ALL "Disallow: /%7Ejo", "/~jo", false},
	    {ALL "Disallow: /-._~", "/%2d%2e%5f%7e", false},
	    {ALL "Disallow: /caf\xe9", "/caf%E9", false},
	    {ALL "Disallow: /caf\xe9", "/caf%C3%A9", true},
	    {ALL "Disallow: /\xff\xfe", "/%FF%FE", false},
	    /* a reserved character is another one than its encoded form … */
	    {ALL "Disallow: /a/b", "/a%2Fb", true},
	    {ALL "Disallow: /a%2Fb", "/a/b", true},
	    {ALL "Disallow: /a%2fb", "/a%2Fb", false},
	    {ALL "Disallow: /a?b", "/a%3Fb", true},
	    {ALL "Disallow: /a:b", "/a%3Ab", true},
	    {ALL "Disallow: /a&b", "/a%26b", true},
	    {ALL "Disallow: /a?b=c&d", "/a?b=c%26d", true},
	    {ALL "Disallow: /%23a", "/%23a", false},
	    /* … but '/' and ':' behind '?' are not; a rule without '?' may match there, too */
	    {ALL "Disallow: /*?u=/a", "/x?u=%2Fa", false},
	    {ALL "Disallow: /*?u=%2Fa", "/x?u=/a", false},
	    {ALL "Disallow: /a%2F?b", "/a/?b", true},
	    {ALL "Disallow: /*/view", "/x?u=/view", false},
	    {ALL "Disallow: /*%2Fview", "/x?u=%2Fview", false},
	    {ALL "Disallow: /*%2Fview", "/x%2Fview?", false},
	    /* other characters that a URI cannot have are encoded where the rule has them as they are */
	    {ALL "Disallow: /a b", "/a%20b", false},
	    {ALL "Disallow: /{a}|\"", "/%7Ba%7D|%22", false},
	    /* no octet */
	    {ALL "Disallow: /100%", "/100%", false},
	    {ALL "Disallow: /%zz", "/%zz", false},
	    {ALL "Disallow: /%4z", "/%3F", true},
	    {ALL "Disallow: /%z4", "/%F4", true},
	    {ALL "Disallow: /a%2", "/a%2", false},
	};
	EXPECT_ANSWERS(cases);
}

/* What Google's parser forgives. */
Test(robots, mistakes_of_webmasters_are_forgiven)
{
	static const struct question cases[] = {
	    {"User-agent areq\nDisallow /a", "/a", false},
	    {"User-agent\tareq\nDisallow \t /a", "/a", false},
	    {ALL "Disallow /a /b", "/a", true},
	    {ALL "Disallow /a /b", "/a%20/b", true},
	    {ALL "Disallow", "/a", true},
	    {ALL "Disallow : /a", "/a", false},
	    {ALL "Disallow:/a", "/a", false},
	    {ALL " \t Disallow: /a \t ", "/a", false},
	    {ALL "dIsAlLoW: /a", "/a", false},
	    {ALL "Dissallow: /a", "/a", false},
	    {ALL "Dissalow: /a", "/a", false},
	    {ALL "Disalow: /a", "/a", false},
	    {ALL "Diasllow: /a", "/a", false},
	    {ALL "Disallaw: /a", "/a", false},
	    {ALL "Disallowed: /a", "/a", false},
	    {ALL "Disallow-x /a", "/a", false},
	    {ALL "Noindex: /a", "/a", true},
	    {ALL "xDisallow: /a", "/a", true},
	    {ALL "Allowed: /a\nDisallow: /", "/a", true},
	    {ALL ": Disallow: /a", "/a", true},
	    {ALL "Disallow:: /a", "/a", true},
	    {ALL "Disallow: /a:b", "/a:b", false},
	    {"Useragent: areq\nDisallow: /a", "/a", false},
	    {"User agent: areq\nDisallow: /a", "/a", false},
	    {"User-agents: areq\nDisallow: /a", "/a", false},
	    {"User_agent: areq\nDisallow: /a", "/a", true},
	    {"User-agent: areq/1.0\nDisallow: /a", "/a", false},
	    {"User-agent: areq bot\nDisallow: /a", "/a", false},
	    {"User-agent: areq\xc3\xa9\nDisallow: /a", "/a", false},
	    {"User-agent: x areq\nDisallow: /a", "/a", true},
	    {"User-agent: * x\nDisallow: /a", "/a", false},
	    {"User-agent: *\t\nDisallow: /a", "/a", false},
	    {"User-agent: *x\nDisallow: /a", "/a", true},
	    {"User-agent: \"*\"\nDisallow: /a", "/a", true},
	    {ALL "Disallow: /a, /b", "/b", true},
	    {ALL "Disallow: /a#/b", "/a", false},
	    {ALL "#Disallow: /a", "/a", true},
	    {ALL "Dis#allow: /a", "/a", true},
	    {"<html>\n<pre>\n" ALL "Disallow: /a\n</pre>\n</html>", "/a", false},
	    {"<!DOCTYPE html>\n<html><body><h1>404: not found</h1>\n<a href=/>home</a></body></html>", "/a",
	        true},
	    {"{\"User-agent\": \"*\", \"Disallow\": \"/\"}", "/a", true},
	};
	EXPECT_ANSWERS(cases);
}

Test(robots, bytes_that_are_no_text)
{
	static const struct {
		struct slice file;
		const char *path;
		bool allows;
	} cases[] = {
#define FILE(text) {(text), sizeof(text) - 1}
	    {FILE("User-agent: *\rDisallow: /a"), "/a", false},
	    {FILE("User-agent: *\r\nDisallow: /a$\r\n"), "/a", false},
	    {FILE("User-agent: *\n\r\r\nDisallow: /a\r\r"), "/a", false},
	    {FILE(ALL "Disallow: /a\f\n"), "/a", false},
	    {FILE(ALL "Disallow: /a\xe2\x80\xa8"
	              "Disallow: /b"),
	        "/b", true},
	    /* a byte order mark, whole, of which the end is missing, and where it is none */
	    {FILE("\xef\xbb\xbf" ALL "Disallow: /a"), "/a", false},
	    {FILE("\xef\xbb" ALL "Disallow: /a"), "/a", false},
	    {FILE("\xef" ALL "Disallow: /a"), "/a", false},
	    {FILE("\xef\xbb\xbf"), "/a", true},
	    {FILE("\xef\xbb\xbf\xef\xbb\xbf" ALL "Disallow: /a"), "/a", true},
	    {FILE("\xef\xef" ALL "Disallow: /a"), "/a", true},
	    {FILE(ALL "Disallow: /a\n\xef\xbb\xbfUser-agent: x\nDisallow: /b"), "/b", false},
	    /* a NUL ends its line */
	    {FILE(ALL "Disallow: /a\0b\nDisallow: /c"), "/ax", false},
	    {FILE(ALL "Disallow: /a\0b\nDisallow: /c"), "/c", false},
	    {FILE(ALL "\0\0\nDisallow: /a\0\0\0\0"), "/a", false},
	    {FILE("\0" ALL "Disallow: /a"), "/a", true},
	    /* bytes that are not UTF-8 */
	    {FILE("\xff\xfe\n\x80: \x81\n" ALL "Disallow: /\xc0\xaf"), "/%C0%AF", false},
	    /* UTF-16 */
	    {FILE("\xff\xfeU\0s\0e\0r\0-\0a\0g\0e\0n\0t\0:\0 \0*\0\n\0D\0i\0s\0a\0l\0l\0o\0w\0:\0 \0/\0\n\0"),
	        "/a", true},
#undef FILE
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_allows(cases[i].file, cases[i].path, cases[i].allows);
}

Test(robots, crawl_delay)
{
	static const struct {
		const char *file;
		int64_t ms;
	} cases[] = {
	    {"", -1},
	    {ALL "Crawl-delay: 2", 2000},
	    {ALL "crawl-DELAY:0.5", 500},
	    {ALL "Crawl-delay .25", 250},
	    {ALL "Crawl-delay: 10. # seconds", 10000},
	    {ALL "Crawl-delay: 0", 0},
	    {ALL "Crawl-delay: 007", 7000},
	    {ALL "Crawl-delay: 1.2340", 1234},
	    {ALL "Crawl-delay: 1.2341", 1235},
	    {ALL "Crawl-delay: 0.0000000000000000000000000001", 1},
	    {ALL "Crawl-delay: 99999999999999999999999", INT64_C(1000000000000)},
	    {ALL "Crawl-delay: 1000000000.5", INT64_C(1000000000000)},
	    /* no decimal numbers */
	    {ALL "Crawl-delay:", -1},
	    {ALL "Crawl-delay: .", -1},
	    {ALL "Crawl-delay: -1", -1},
	    {ALL "Crawl-delay: +1", -1},
	    {ALL "Crawl-delay: 1,5", -1},
	    {ALL "Crawl-delay: 1.5.", -1},
	    {ALL "Crawl-delay: 1e3", -1},
	    {ALL "Crawl-delay: 0x10", -1},
	    {ALL "Crawl-delay: inf", -1},
	    {ALL "Crawl-delay: nan", -1},
	    {ALL "Crawl-delay: 5s", -1},
	    {ALL "Crawl-delay: 5 10", -1},
	    /* the smallest one of the group that applies */
	    {ALL "Crawl-delay: 2\nCrawl-delay: 1\nCrawl-delay: 3", 1000},
	    {ALL "Crawl-delay: x\nCrawl-delay: 1", 1000},
	    {ALL "Disallow:\nCrawl-delay: 2\nUser-agent: x\nCrawl-delay: 1", 2000},
	    {ALL "Crawl-delay: 1\nDisallow: /\nUser-agent: areq\nCrawl-delay: 2", 2000},
	    {ALL "Crawl-delay: 1\nDisallow: /\nUser-agent: areq\nDisallow: /", -1},
	    {"User-agent: areq\nCrawl-delay: 2\nDisallow: /\n" ALL "Crawl-delay: 1", 2000},
	    {"Crawl-delay: 1\n" ALL "Disallow: /", -1},
	    /* it does not end the list of names, and is for those above it */
	    {"User-agent: areq\nCrawl-delay: 1\n\n" ALL "Disallow: /a", 1000},
	    {"User-agent: x\nCrawl-delay: 10\n\n" ALL "Disallow: /a", -1},
	    {"User-agent: areq\nUser-agent: x\nCrawl-delay: 1", 1000},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct robots *robots = read_text(cases[i].file);
		int64_t ms = robots_crawl_delay_ms(robots);
		cr_expect_eq(ms, cases[i].ms, "case %zu: \"%s\": %ld", i, cases[i].file, (long)ms);
		robots_free(robots);
	}
}

Test(robots, sitemaps_are_collected_in_and_outside_of_groups)
{
	static const char file[] = "Sitemap: https://x.test/1.xml # first\n"
	                           "User-agent: other\nSITEMAP:/2.xml\nDisallow: /\n"
	                           "site-map: https://x.test/3.xml?a=b:c \t\n"
	                           "Sitemap:\nSitemap: #x\nSite map: x\nNews-sitemap: x\n"
	                           "User-agent: areq\nSitemap: https://x.test/1.xml\n"
	                           "Sitemaps 4";
	static const char *const expected[] = {
	    "https://x.test/1.xml", "/2.xml", "https://x.test/3.xml?a=b:c", "https://x.test/1.xml", "4"};
	struct robots_reader *reader = robots_reader_new("areq");
	robots_reader_feed(reader, file, strlen(file));
	robots_free(robots_reader_finish(reader));
	const char *sitemap = NULL;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		sitemap = robots_reader_next_sitemap(reader, sitemap);
		cr_assert(sitemap, "only %zu", i);
		cr_expect_str_eq(sitemap, expected[i]);
	}
	cr_expect_null(robots_reader_next_sitemap(reader, sitemap));
	robots_reader_free(reader);

	reader = robots_reader_new("areq");
	robots_free(robots_reader_finish(reader));
	cr_expect_null(robots_reader_next_sitemap(reader, NULL));
	robots_reader_free(reader);
}

/* A file of that length, which ends in the text. */
static char *file_of(size_t len, const char *end)
{
	char *file = malloc(len);
	cr_assert(file);
	memset(file, '\n', len);
	memcpy(file, ALL, strlen(ALL));
	memcpy(file + len - strlen(end), end, strlen(end));
	return file;
}

/* RFC 9309, section 2.5: what is within 500 KiB counts. */
Test(robots, only_the_first_500_kib_count)
{
	static const struct {
		size_t len;
		const char *end;
		const char *path;
		bool allows;
		bool wants_more; /* what the feed of the whole file returns */
	} cases[] = {
	    {512000, "\nDisallow: /a", "/a", false, true},
	    {512000, "\nDisallow: /a\n", "/a", false, true},
	    {512001, "\nDisallow: /a\n", "/a", false, false},
	    {512001, "\nDisallow: /a\r", "/a", false, false},
	    /* a line that goes on is not a shorter rule */
	    {512001, "\nDisallow: /ab", "/a", true, false},
	    {512001, "\nDisallow: /ab", "/ab", true, false},
	    {512001, "\nDisallow: /a$", "/ab", true, false},
	    {512000 + 13, "Disallow: /a\n", "/a", true, false},
	    {512000 + 14, "\nDisallow: /a\n", "/a", true, false},
	    {2048000, "\nDisallow: /a", "/a", true, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *file = file_of(cases[i].len, cases[i].end);
		for (size_t chunk = 511999; chunk <= 512002; chunk++) {
			struct robots *robots =
			    read_chunks((struct slice){file, cases[i].len}, "areq", chunk);
			cr_expect_eq(robots_allows(robots, slice_of(cases[i].path)), cases[i].allows,
			    "case %zu, %zu bytes at once", i, chunk);
			robots_free(robots);
		}
		struct robots_reader *reader = robots_reader_new("areq");
		cr_expect_eq(
		    robots_reader_feed(reader, file, cases[i].len), cases[i].wants_more, "case %zu", i);
		/* What comes after false changes nothing. */
		if (!cases[i].wants_more)
			cr_expect_not(robots_reader_feed(reader, "x\nDisallow: /\n", 14), "case %zu", i);
		struct robots *robots = finish(reader);
		cr_expect_eq(robots_allows(robots, slice_of(cases[i].path)), cases[i].allows, "case %zu", i);
		robots_free(robots);
		free(file);
	}
}

Test(robots, a_line_may_have_any_length)
{
	enum { LEN = 100 * 1000 };
	char *path = malloc(LEN + 1);
	cr_assert(path);
	memset(path, 'a', LEN);
	path[0] = '/';
	path[LEN] = '\0';
	struct robots_reader *reader = robots_reader_new("areq");
	robots_reader_feed(reader, ALL "Disallow: ", strlen(ALL) + 10);
	robots_reader_feed(reader, path, LEN);
	struct robots *robots = finish(reader);
	cr_expect_not(robots_allows(robots, (struct slice){path, LEN}));
	cr_expect(robots_allows(robots, (struct slice){path, LEN - 1}));
	robots_free(robots);
	free(path);
}

/* Feeds a line until the reader has enough, as a server that never stops would. The first %zu is a number. */
static struct robots *read_endless(const char *line)
{
	char text[256];
	struct robots_reader *reader = robots_reader_new("areq");
	bool goes_on = robots_reader_feed(reader, ALL, strlen(ALL));
	for (size_t i = 0; goes_on; i++) {
		int len = snprintf(text, sizeof text, line, i);
		goes_on = robots_reader_feed(reader, text, (size_t)len);
	}
	return finish(reader);
}

static void fill(char *path, size_t len, const char *unit)
{
	for (size_t i = 0; i < len; i++)
		path[i] = unit[i % strlen(unit)];
	path[0] = '/';
}

/* These end; a matcher that goes back would not. */
Test(robots, hostile_rules_take_bounded_time)
{
	static const struct {
		const char *line;
		const char *unit; /* of a long path */
		bool allows;
	} cases[] = {
	    {"Disallow: /a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\n", "a", true},
	    {"Disallow: *a*a*a*b%zu\n", "ab", true},
	    {"Disallow: *a*a*a*b$\n", "a", true},
	    {"Disallow: /%zu*a*a*a*a\n", "a", true},
	    {"Disallow: *aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n", "a", true},
	    {"Disallow: ****************************************b\n", "a", true},
	    {"Disallow: *a*a*a*a*a\n", "a", false},
	    /* such a file costs more than the limit: what it forbids is not known */
	    {"Allow: *aba%zu\n", "a", true},
	    {"Allow: *aba\n", "a", false},
	};
	enum { LEN = 16 * 1024 };
	static char path[LEN];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct robots *robots = read_endless(cases[i].line);
		fill(path, LEN, cases[i].unit);
		cr_expect_eq(robots_allows(robots, (struct slice){path, LEN}), cases[i].allows,
		    "case %zu: %s", i, cases[i].line);
		cr_expect_lt(robots_memory(robots), 4u * ROBOTS_READER_LIMIT, "case %zu", i);
		robots_free(robots);
	}
}

Test(robots, memory_is_that_of_the_group_that_applies)
{
	struct robots *robots = read_text("");
	size_t empty = robots_memory(robots);
	robots_free(robots);
	robots = read_text("User-agent: x\nDisallow: /x\n" ALL "Disallow: /xx\nUser-agent: areq\n"
	                   "Disallow: /abc\nAllow: /\nSitemap: /s\n");
	cr_expect_eq(robots_memory(robots) - empty, (4 + 4) + (4 + 1));
	robots_free(robots);
	cr_expect_leq(empty, 16);
}

Test(robots, a_reader_may_be_given_up)
{
	struct robots_reader *reader = robots_reader_new("areq");
	robots_reader_feed(reader, ALL "Disallow: /a\nSitemap: /s\nDis", strlen(ALL) + 29);
	robots_reader_free(reader);
	robots_reader_free(NULL);
	robots_free(NULL);
}

static bool matches(const char *rule, const char *path, size_t *effort)
{
	return robots_path_matches(slice_of(rule), slice_of(path), effort);
}

Test(robots, a_matcher_gives_up_when_no_effort_is_left)
{
	size_t effort = 1000;
	cr_expect(matches("/*aba", "/aaaaaaaaaaaaaaaba", &effort));
	cr_expect(effort > 900 && effort < 1000, "%zu", effort);
	effort = 1000;
	cr_expect_not(matches("/*ba", "/aaaaaaaaaaaaaaaaaaaaaaaa", &effort));
	cr_expect(effort > 900 && effort < 980, "%zu", effort);
	effort = 5;
	cr_expect_not(matches("/*aba", "/aaaaaaaaaaaaaaaba", &effort));
	cr_expect_eq(effort, 0);
}
