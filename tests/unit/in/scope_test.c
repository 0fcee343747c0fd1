#include "in/scope.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void parse(struct url *url, const char *text)
{
	url_init(url);
	cr_assert(url_parse(url, text, strlen(text), NULL, NULL), "%s", text);
}

static void add(struct scope *scope, const char *text)
{
	struct url url;
	parse(&url, text);
	scope_add(scope, &url);
	url_release(&url);
}

static enum scope_verdict judge(struct scope *scope, const char *text)
{
	int64_t slow_us = 0;
	struct url url;
	parse(&url, text);
	enum scope_verdict verdict = scope_judge(scope, &url, &slow_us);
	url_release(&url);
	return verdict;
}

static struct scope *scope_of(enum option_scope kind)
{
	const struct options options = {.scope = kind};
	struct scope *scope;
	cr_assert_eq(scope_new(&scope, &options), STATUS_OK);
	return scope;
}

struct pair {
	const char *listed;
	const char *link;
	bool is_inside;
};

static void expect_pairs(enum option_scope kind, const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct scope *scope = scope_of(kind);
		add(scope, pairs[i].listed);
		cr_expect_eq(judge(scope, pairs[i].link), pairs[i].is_inside ? SCOPE_FOLLOW : SCOPE_OUTSIDE,
		    "%s of %s is %s", pairs[i].link, pairs[i].listed,
		    pairs[i].is_inside ? "outside" : "inside");
		scope_free(scope);
	}
}

#define EXPECT_PAIRS(kind, pairs) expect_pairs(kind, pairs, sizeof(pairs) / sizeof *(pairs))

/* "host" of the API in the URL standard, section 6.1: a default port is no port. */
Test(scope, host_is_the_name_and_the_port)
{
	static const struct pair pairs[] = {
	    {"http://a.example/", "http://a.example/", true},
	    {"http://a.example/x/y?z#f", "http://a.example/other?q#g", true},
	    {"http://a.example/", "https://a.example/", true},
	    {"https://a.example/", "http://a.example/", true},
	    {"http://a.example:80/", "http://a.example/", true},
	    {"http://a.example:80/", "https://a.example:443/", true},
	    {"http://A.EXAMPLE/", "http://a.example/", true},
	    {"http://user:password@a.example/", "http://a.example/", true},
	    {"http://a.example/", "http://user@a.example/", true},
	    {"http://a.example/", "http://a.example:8080/", false},
	    {"http://a.example:8080/", "http://a.example/", false},
	    {"http://a.example:8080/", "http://a.example:8080/", true},
	    {"http://a.example:8080/", "https://a.example:8080/", true},
	    {"http://a.example:8080/", "http://a.example:808/", false},
	    {"https://a.example/", "http://a.example:443/", false},
	    {"http://a.example/", "https://a.example:80/", false},
	    {"http://a.example/", "http://www.a.example/", false},
	    {"http://www.a.example/", "http://a.example/", false},
	    {"http://a.example/", "http://a.example./", false},
	    {"http://a.example/", "http://a.example.evil/", false},
	    {"http://a.example/", "http://evil/http://a.example/", false},
	    {"http://a.example/", "http://a.example@evil/", false},
	    {"http://b\xc3\xbc"
	     "cher.example/",
	        "http://xn--bcher-kva.example/", true},
	    {"http://127.0.0.1/", "http://0x7f.1/", true},
	    {"http://127.0.0.1/", "http://127.0.0.2/", false},
	    {"http://[::1]:81/", "http://[0:0::1]:81/", true},
	    {"http://[::1]:81/", "http://[::1]/", false},
	    {"http://localhost/", "http://localhost/x", true},
	    {"http://a.example/", "ftp://a.example/", false},
	    {"http://a.example/", "ws://a.example/", false},
	    {"http://a.example/", "mailto:a.example", false},
	    {"http://a.example/", "javascript:a.example", false},
	    {"http://a.example/", "file:///a.example", false},
	};
	EXPECT_PAIRS(OPTION_SCOPE_HOST, pairs);
}

/* "Registrable domain" of the URL standard, section 3.2, and "schemelessly same site" of the HTML standard,
 * section 7.1.1: the same host, or the same registrable domain. The rules of the list are as old as the list.
 */
Test(scope, site_is_the_registrable_domain)
{
	static const struct pair pairs[] = {
	    {"http://example.com/", "http://example.com/", true},
	    {"http://example.com/", "https://www.example.com:8443/x", true},
	    {"http://www.example.com:81/", "http://example.com/", true},
	    {"http://a.b.example.com/", "http://c.d.e.example.com/", true},
	    {"http://example.com/", "http://example.org/", false},
	    {"http://example.com/", "http://notexample.com/", false},
	    {"http://example.com/", "http://example.com.evil.org/", false},
	    {"http://www.example.co.uk/", "http://mail.example.co.uk/", true},
	    {"http://www.example.co.uk/", "http://other.co.uk/", false},
	    /* A public suffix has no registrable domain: the host alone. */
	    {"http://github.io/", "http://github.io/x", true},
	    {"http://github.io/", "http://someone.github.io/", false},
	    {"http://someone.github.io/", "http://other.github.io/", false},
	    {"http://someone.github.io/", "http://www.someone.github.io/", true},
	    {"http://someone.github.io/", "http://github.io/", false},
	    {"http://co.uk/", "http://example.co.uk/", false},
	    /* A rule with a wildcard, and its exception. */
	    {"http://a.b.ck/", "http://c.a.b.ck/", true},
	    {"http://a.b.ck/", "http://c.b.ck/", false},
	    {"http://www.ck/", "http://a.www.ck/", true},
	    /* A top-level domain that is not on the list is a public suffix ("*"). */
	    {"http://a.example.no-such-tld/", "http://b.example.no-such-tld/", true},
	    {"http://a.no-such-tld/", "http://b.no-such-tld/", false},
	    /* Names of one label, and addresses. */
	    {"http://localhost/", "http://localhost:8080/", true},
	    {"http://localhost/", "http://intranet/", false},
	    {"http://localhost/", "http://x.localhost/", false},
	    {"http://com/", "http://example.com/", false},
	    {"http://127.0.0.1/", "https://127.0.0.1:8443/", true},
	    {"http://10.0.0.1/", "http://11.0.0.1/", false},
	    {"http://[::1]/", "http://[::1]:81/", true},
	    {"http://[::1]/", "http://[::2]/", false},
	    {"http://[::ffff:1.2.3.4]/", "http://[::ffff:1.2.3.5]/", false},
	    /* Names in other scripts: 公司.cn and 中国 are public suffixes. */
	    {"http://www.\xe4\xbe\x8b\xe5\xad\x90.\xe5\x85\xac\xe5\x8f\xb8.cn/",
	        "http://xn--fsqu00a.xn--55qx5d.cn/", true},
	    {"http://a.xn--55qx5d.cn/", "http://b.xn--55qx5d.cn/", false},
	    {"http://a.xn--fiqs8s/", "http://b.a.xn--fiqs8s/", true},
	    {"http://a.xn--fiqs8s/", "http://b.xn--fiqs8s/", false},
	    /* A dot at the end makes another host, and another registrable domain. */
	    {"http://www.example.com./", "http://example.com./", true},
	    {"http://example.com/", "http://example.com./", false},
	    {"http://example.com./", "http://other.com./", false},
	    {"http://com./", "http://example.com./", false},
	    {"http://example.co.uk./", "http://www.example.co.uk./", true},
	    {"http://example.co.uk./", "http://other.co.uk./", false},
	    /* Only the parser of URLs accepts these; the last two are no addresses. */
	    {"http://a..com/", "http://a..com/x", true},
	    {"http://.com/", "http://a.com/", false},
	    {"http://./", "http://./x", true},
	    {"http://./", "http://../", false},
	    {"http://1.2.3.4a/", "http://5.2.3.4a/", true},
	    {"http://1.2.3.4a/", "http://1.2.5.4a/", false},
	};
	EXPECT_PAIRS(OPTION_SCOPE_SITE, pairs);
}

/* No DNS name is so long, so only the same name is in its scope; and one that just fits is cut as others. */
Test(scope, site_of_a_name_that_is_too_long_is_the_name)
{
	static const size_t lengths[] = {200, 252, 253, 254, 255, 1000};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		char url[1100] = "http://", other[1100] = "http://x.";
		size_t len = lengths[i];
		for (size_t at = 0; at < len; at++)
			url[7 + at] = at % 50 == 49 ? '.' : 'a';
		memcpy(url + 7 + len - 12, ".example.com", 13);
		strcat(other, url + 9);
		struct scope *scope = scope_of(OPTION_SCOPE_SITE);
		add(scope, url);
		cr_expect_eq(judge(scope, url), SCOPE_FOLLOW);
		cr_expect_eq(judge(scope, other), len <= 253 ? SCOPE_FOLLOW : SCOPE_OUTSIDE, "%zu", len);
		cr_expect_eq(judge(scope, "http://example.com/"), len <= 253 ? SCOPE_FOLLOW : SCOPE_OUTSIDE);
		scope_free(scope);
	}
}

Test(scope, site_does_not_mix_up_hosts_in_a_row)
{
	struct scope *scope = scope_of(OPTION_SCOPE_SITE);
	add(scope, "http://www.example.co.uk/");
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(judge(scope, "http://a.example.co.uk/"), SCOPE_FOLLOW);
		cr_expect_eq(judge(scope, "http://a.example.co.uk./"), SCOPE_OUTSIDE);
		cr_expect_eq(judge(scope, "http://a.example.co/"), SCOPE_OUTSIDE);
		cr_expect_eq(judge(scope, "http://./"), SCOPE_OUTSIDE);
		cr_expect_eq(judge(scope, "http://b.example.co.uk/"), SCOPE_FOLLOW);
		cr_expect_eq(judge(scope, "http://127.0.0.1/"), SCOPE_OUTSIDE);
		cr_expect_eq(judge(scope, "http://b.example.co.uk/"), SCOPE_FOLLOW);
		cr_expect_eq(judge(scope, "http://other.co.uk/"), SCOPE_OUTSIDE);
		cr_expect_eq(judge(scope, "http://example.co.uk/"), SCOPE_FOLLOW);
	}
	scope_free(scope);
}

Test(scope, prefix_is_the_host_and_the_path_up_to_the_last_slash)
{
	static const struct pair pairs[] = {
	    {"http://a.example/docs/", "http://a.example/docs/", true},
	    {"http://a.example/docs/", "http://a.example/docs/x/y.html", true},
	    {"http://a.example/docs/", "http://a.example/docs", false},
	    {"http://a.example/docs/", "http://a.example/docs2/", false},
	    {"http://a.example/docs/", "http://a.example/", false},
	    {"http://a.example/docs/", "http://a.example/Docs/", false},
	    {"http://a.example/docs/index.html", "http://a.example/docs/other.html", true},
	    {"http://a.example/docs/index.html", "http://a.example/other.html", false},
	    {"http://a.example/docs", "http://a.example/anything", true},
	    {"http://a.example", "http://a.example/anything", true},
	    {"http://a.example/d/../docs/", "http://a.example/docs/x", true},
	    {"http://a.example/docs/", "http://a.example/docs/../x", false},
	    {"http://a.example/docs/", "http://a.example/x/../docs/y", true},
	    {"http://a.example/docs/", "http://a.example/docs\\x", true},
	    /* Not the query, nor the fragment. */
	    {"http://a.example/?/docs/", "http://a.example/x", true},
	    {"http://a.example/a?b/c", "http://a.example/b", true},
	    {"http://a.example/docs/#x/y", "http://a.example/docs/z", true},
	    {"http://a.example/docs/", "http://a.example/?x/docs/", false},
	    {"http://a.example/docs/", "http://a.example/docs?/", false},
	    {"http://a.example/docs/", "http://a.example/docs#/", false},
	    {"http://a.example/docs/", "http://a.example/docs/?x", true},
	    /* The host as for --scope host. */
	    {"http://a.example/docs/", "https://a.example/docs/x", true},
	    {"http://a.example/docs/", "http://a.example:8080/docs/x", false},
	    {"http://a.example:8080/docs/", "https://a.example:8080/docs/x", true},
	    {"http://a.example/docs/", "http://b.example/docs/x", false},
	    {"http://a.example/docs/", "http://b.example/a.example/docs/x", false},
	    {"http://u@a.example/docs/", "http://a.example/docs/x", true},
	    {"http://[::1]/docs/", "http://[::1]/docs/x", true},
	    /* Empty segments, and bytes as they stand. */
	    {"http://a.example//x", "http://a.example//y", true},
	    {"http://a.example//x", "http://a.example/y", false},
	    {"http://a.example/~x/", "http://a.example/%7Ex/y", false},
	    {"http://a.example/a/", "ftp://a.example/a/x", false},
	};
	EXPECT_PAIRS(OPTION_SCOPE_PREFIX, pairs);
}

Test(scope, any_is_every_http_url)
{
	static const struct pair pairs[] = {
	    {"http://a.example/", "http://b.example/", true},
	    {"http://a.example/", "https://[::1]:81/", true},
	    {"http://a.example/", "ftp://a.example/", false},
	    {"http://a.example/", "mailto:x", false},
	};
	EXPECT_PAIRS(OPTION_SCOPE_ANY, pairs);
	struct scope *scope = scope_of(OPTION_SCOPE_ANY);
	cr_expect_eq(judge(scope, "http://a/"), SCOPE_FOLLOW, "also before a URL was added");
	scope_free(scope);
}

Test(scope, is_that_of_all_listed_urls_together)
{
	static const enum option_scope kinds[] = {OPTION_SCOPE_HOST, OPTION_SCOPE_SITE, OPTION_SCOPE_PREFIX};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct scope *scope = scope_of(kinds[i]);
		cr_expect_eq(judge(scope, "http://a.example/"), SCOPE_OUTSIDE, "nothing was added");
		add(scope, "http://a.example/1/x");
		add(scope, "http://b.example/2/3/4/x");
		add(scope, "http://a.example/5/6/x");
		/* where redirects of http://a.example/1/x ended */
		add(scope, "https://www.c.example:444/7/x");
		static const char *const inside[] = {"http://a.example/1/y", "http://b.example/2/3/4/y",
		    "http://a.example/5/6/y", "http://www.c.example:444/7/y"};
		for (size_t j = 0; j < sizeof inside / sizeof *inside; j++)
			cr_expect_eq(judge(scope, inside[j]), SCOPE_FOLLOW, "%s", inside[j]);
		cr_expect_eq(judge(scope, "http://d.example/1/y"), SCOPE_OUTSIDE);
		bool is_prefix = kinds[i] == OPTION_SCOPE_PREFIX;
		cr_expect_eq(judge(scope, "http://a.example/5/y"), is_prefix ? SCOPE_OUTSIDE : SCOPE_FOLLOW);
		cr_expect_eq(judge(scope, "http://b.example/1/y"), is_prefix ? SCOPE_OUTSIDE : SCOPE_FOLLOW);
		scope_free(scope);
	}
}

Test(scope, holds_a_million_hosts)
{
	struct scope *scope = scope_of(OPTION_SCOPE_HOST);
	char text[64];
	for (int i = 0; i < 1000000; i++) {
		snprintf(text, sizeof text, "http://h%d.example/", i);
		add(scope, text);
	}
	for (int i = 0; i < 1000000; i += 37) {
		snprintf(text, sizeof text, "http://h%d.example/x", i);
		cr_assert_eq(judge(scope, text), SCOPE_FOLLOW, "%d", i);
		snprintf(text, sizeof text, "http://g%d.example/x", i);
		cr_assert_eq(judge(scope, text), SCOPE_OUTSIDE, "%d", i);
	}
	scope_free(scope);
}

/* A URL of that length; the fragment does not count. */
static enum scope_verdict judge_length(struct scope *scope, size_t len, const char *fragment)
{
	char *text = malloc(len + 10000);
	memset(text, 'a', len);
	memcpy(text, "http://a.example/", 17);
	strcpy(text + len, fragment);
	enum scope_verdict verdict = judge(scope, text);
	free(text);
	return verdict;
}

Test(scope, a_long_url_is_not_followed)
{
	static const enum option_scope kinds[] = {
	    OPTION_SCOPE_HOST, OPTION_SCOPE_SITE, OPTION_SCOPE_PREFIX, OPTION_SCOPE_ANY};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct scope *scope = scope_of(kinds[i]);
		add(scope, "http://a.example/");
		cr_expect_eq(judge_length(scope, 2048, ""), SCOPE_FOLLOW);
		cr_expect_eq(judge_length(scope, 2049, ""), SCOPE_TOO_LONG);
		cr_expect_eq(judge_length(scope, 100000, ""), SCOPE_TOO_LONG);
		cr_expect_eq(judge_length(scope, 2048, "#fragment"), SCOPE_FOLLOW);
		cr_expect_eq(judge_length(scope, 2049, "#fragment"), SCOPE_TOO_LONG);
		scope_free(scope);
	}
	struct scope *scope = scope_of(OPTION_SCOPE_HOST);
	add(scope, "http://b.example/");
	cr_expect_eq(judge_length(scope, 2049, ""), SCOPE_OUTSIDE, "both: it is the scope that counts");
	scope_free(scope);
}

/* A listed URL may be longer, but nothing that is followed begins with such a path. */
Test(scope, a_long_prefix_holds_nothing)
{
	for (size_t len = 2040; len < 2060; len++) {
		char listed[2100];
		memset(listed, 'a', len);
		memcpy(listed, "http://a.example/", 17);
		strcpy(listed + len, "/x");
		struct scope *scope = scope_of(OPTION_SCOPE_PREFIX);
		add(scope, listed);
		cr_expect_eq(judge(scope, "http://a.example/"), SCOPE_OUTSIDE);
		listed[len + 1] = '\0';
		cr_expect_eq(judge(scope, listed),
		    len + 1 <= SCOPE_URL_MAX       ? SCOPE_FOLLOW
		    : len + 1 <= SCOPE_URL_MAX + 7 ? SCOPE_TOO_LONG
		                                   : SCOPE_OUTSIDE,
		    "%zu", len);
		scope_free(scope);
	}
}

static struct scope *scope_with(
    const char **follow, size_t follow_count, const char **no_follow, size_t no_count)
{
	const struct options options = {
	    .scope = OPTION_SCOPE_HOST, .follow = {follow, follow_count}, .no_follow = {no_follow, no_count}};
	struct scope *scope;
	cr_assert_eq(scope_new(&scope, &options), STATUS_OK);
	add(scope, "http://a.example/");
	return scope;
}

Test(scope, follows_what_a_follow_and_no_no_follow_matches)
{
	const char *follow[] = {"/docs/", "^https:.*\\.html$"},
	           *no_follow[] = {"print=1", "(?i)\\.PDF(\\?|$)"};
	static const struct {
		const char *url;
		enum scope_verdict both, only_follow, only_no_follow;
	} cases[] = {
	    {"http://a.example/docs/x", SCOPE_FOLLOW, SCOPE_FOLLOW, SCOPE_FOLLOW},
	    {"https://a.example/x.html", SCOPE_FOLLOW, SCOPE_FOLLOW, SCOPE_FOLLOW},
	    {"https://a.example/x.html#y", SCOPE_FOLLOW, SCOPE_FOLLOW, SCOPE_FOLLOW},
	    {"http://a.example/x.html", SCOPE_NOT_FOLLOWED, SCOPE_NOT_FOLLOWED, SCOPE_FOLLOW},
	    {"http://a.example/x#/docs/", SCOPE_NOT_FOLLOWED, SCOPE_NOT_FOLLOWED, SCOPE_FOLLOW},
	    {"http://a.example/docs/x?print=1", SCOPE_NOT_FOLLOWED, SCOPE_FOLLOW, SCOPE_NOT_FOLLOWED},
	    {"http://a.example/docs/x.pdf?y", SCOPE_NOT_FOLLOWED, SCOPE_FOLLOW, SCOPE_NOT_FOLLOWED},
	    {"http://b.example/docs/x", SCOPE_OUTSIDE, SCOPE_OUTSIDE, SCOPE_OUTSIDE},
	    {"ftp://a.example/docs/x", SCOPE_OUTSIDE, SCOPE_OUTSIDE, SCOPE_OUTSIDE},
	};
	struct scope *both = scope_with(follow, 2, no_follow, 2),
	             *only_follow = scope_with(follow, 2, NULL, 0),
	             *only_no_follow = scope_with(NULL, 0, no_follow, 2);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_expect_eq(judge(both, cases[i].url), cases[i].both, "%s", cases[i].url);
		cr_expect_eq(judge(only_follow, cases[i].url), cases[i].only_follow, "%s", cases[i].url);
		cr_expect_eq(
		    judge(only_no_follow, cases[i].url), cases[i].only_no_follow, "%s", cases[i].url);
	}
	cr_expect_eq(
	    judge_length(only_no_follow, 2048, ""), SCOPE_FOLLOW, "patterns decide on long URLs too");
	cr_expect_eq(judge_length(only_follow, 2048, ""), SCOPE_NOT_FOLLOWED);
	cr_expect_eq(judge_length(only_follow, 2049, ""), SCOPE_TOO_LONG);
	scope_free(both);
	scope_free(only_follow);
	scope_free(only_no_follow);
}

/* Of a page that was written against a pattern only the slow links are lost, and that only for this page. */
Test(scope, a_pattern_that_explodes_is_undecided_and_limited_for_each_page)
{
	const char *pattern = "(.*)\\1\\1\\d";
	char long_url[2001];
	memset(long_url, 'a', 2000);
	memcpy(long_url, "http://a.example/", 17);
	long_url[2000] = '\0';
	struct scope *follow = scope_with(&pattern, 1, NULL, 0),
	             *no_follow = scope_with(NULL, 0, &pattern, 1);
	struct url slow, quick;
	parse(&slow, long_url);
	parse(&quick, "http://a.example/b");
	int64_t slow_us = 0;
	cr_expect_eq(scope_judge(follow, &quick, &slow_us), SCOPE_NOT_FOLLOWED);
	cr_expect_eq(scope_judge(no_follow, &quick, &slow_us), SCOPE_FOLLOW);
	cr_expect_eq(scope_judge(no_follow, &slow, &slow_us), SCOPE_UNDECIDED);
	/* Each slow link counts as 0.1 ms at least. */
	for (int calls = 1; slow_us < SCOPE_SLOW_US_MAX; calls++) {
		cr_assert_eq(scope_judge(follow, &slow, &slow_us), SCOPE_UNDECIDED);
		cr_assert_leq(calls, SCOPE_SLOW_US_MAX / 100);
	}
	cr_expect_eq(scope_judge(follow, &quick, &slow_us), SCOPE_UNDECIDED);
	cr_expect_eq(scope_judge(no_follow, &quick, &slow_us), SCOPE_UNDECIDED);
	slow_us = 0;
	cr_expect_eq(scope_judge(no_follow, &quick, &slow_us), SCOPE_FOLLOW, "the next page");
	url_release(&slow);
	url_release(&quick);
	scope_free(follow);
	scope_free(no_follow);
}

Test(scope, refuses_a_bad_pattern_by_the_name_of_its_option)
{
	const char *good = "a", *bad[] = {"b", "(c"};
	char text[500] = "";
	struct scope *scope;
	FILE *said = tmpfile();
	cr_assert(said && dup2(fileno(said), STDERR_FILENO) >= 0);
	const struct options no_follow = {.follow = {&good, 1}, .no_follow = {bad, 2}},
	                     follow = {.scope = OPTION_SCOPE_SITE, .follow = {bad, 2}};
	cr_expect_eq(scope_new(&scope, &no_follow), STATUS_USAGE);
	cr_expect_null(scope);
	cr_expect_eq(scope_new(&scope, &follow), STATUS_USAGE);
	cr_expect_null(scope);
	rewind(said);
	cr_assert_gt(fread(text, 1, sizeof text - 1, said), 0);
	const char *first =
	    strstr(text, "areq: --no-follow: bad pattern: missing closing parenthesis at byte 3");
	cr_expect(first && strstr(first, "areq: --follow: bad pattern: "), "%s", text);
}
