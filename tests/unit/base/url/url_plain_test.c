/* What goes around the states of the URL parser comes out as they would have it. */
#include "base/url/parser.h"
#include "url_same.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ROUNDS = 40000, PIECES_MAX = 7 };

/* The states' turnings, and what lies between them. */
static const char *const pieces[] = {"../", "./", "/", "//", "/.", "/..", ".", "..", "%2e", "%2E/",
    "/%2e%2e/", ".%2e/", "%", "%20", "%2", "#", "?", "#", "?", "&", "=", "'", "\"", "<", "`", "{", "}", "^",
    "|", "~", "\\", " ", "\t", "\n", "\x01", "\x7f", "\xc3\xa9", "\xff", ":", "@", ";", "[", "]", "!", "a",
    "Z", "0", "b.html", "C:", "C|", "http:", "https:", "http://", "https://", "HTTP://", "https:/",
    "httpss://", "http//", "ws://", "file:", "file://", "mailto:", "x://", "localhost", "example.com",
    "EXAMPLE.com.", "1.2.3.4", "0x7f.1", "1.2.3", "256", "[::1]", "[1]", "xn--a", "u@", "u:p@", ":80", ":443",
    ":8080", "h/", "dir/", "dir/file"};

static const char *const bases[] = {"http://example.com/", "http://u:p@h:8080/a/b/c.html?q=/r#f/g",
    "https://h/a//b//", "https://h//", "http://h/?q", "http://h/#f", "http://h/a/b/c/?x=/../y#z/w",
    "http://[::1]:81/a/%2Fb/c", "file:///C:/x/y", "file://h/x", "mailto:x", "foo://h/a/b", "foo://h",
    "foo:/a/b", "ws://h/a/b?q", "ftp://h/a/b", "http://h/...//..a/b"};

enum { PIECES = sizeof pieces / sizeof *pieces, BASES = sizeof bases / sizeof *bases };

struct tally {
	size_t plain;
	size_t others;
};

/* The same numbers in each run. */
static size_t draw(uint32_t *state, size_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}

static void check(struct slice input, const struct url *base, struct tally *tally)
{
	struct url plain, url, expected;
	url_init(&plain);
	url_init(&url);
	url_init(&expected);
	bool is_plain = url_plain_parse(&plain, input.data, input.len, base);
	bool parsed = url_parse(&url, input.data, input.len, base, NULL);
	bool valid = url_parse_by_states(&expected, input.data, input.len, base, NULL);
	const char *against = base ? base->href.data : "nothing";
	cr_expect(
	    parsed == valid, "<%.99s> against %s: %s", input.data, against, parsed ? "success" : "failure");
	if (is_plain)
		cr_expect(valid && url_same(&plain, &expected), "<%.99s> against %s: <%.99s>, not <%.99s>",
		    input.data, against, plain.href.data, valid ? expected.href.data : "failure");
	if (parsed && valid)
		cr_expect(url_same(&url, &expected), "<%.99s> against %s", input.data, against);
	tally->plain += is_plain;
	tally->others += valid && !is_plain;
	url_release(&plain);
	url_release(&url);
	url_release(&expected);
}

Test(url_plain, comes_out_as_by_states)
{
	uint32_t state = 2463534242;
	struct tally tally = {0};
	struct buf input;
	struct url base;
	buf_init(&input, 1024);
	url_init(&base);
	for (size_t i = 0; i <= BASES; i++) {
		bool has_base = i < BASES && url_parse(&base, bases[i], strlen(bases[i]), NULL, NULL);
		cr_assert(has_base == (i < BASES), "%zu", i);
		for (size_t round = 0; round < ROUNDS / BASES; round++) {
			buf_clear(&input);
			buf_append_text(&input, "");
			for (size_t left = draw(&state, PIECES_MAX); left > 0; left--)
				buf_append_text(&input, pieces[draw(&state, PIECES)]);
			check((struct slice){input.data, input.len}, has_base ? &base : NULL, &tally);
		}
	}
	buf_release(&input);
	url_release(&base);
	cr_expect(tally.plain > ROUNDS / 10, "only %zu were plain", tally.plain);
	cr_expect(tally.others > ROUNDS / 10, "only %zu were not", tally.others);
}

/* What most links look like goes this way. */
Test(url_plain, takes_the_common_shapes)
{
	static const char *const common[] = {"", "#top", "?page=2", "?a=b&c=d#e", "/", "/about",
	    "/a/b/?q=x:y@z#f", "page.html", "page.html#part", "dir/", "./page.html", "../page.html",
	    "../../a/b.html?c", "a%20b/%E4%B8%AD", "http://www.example.com", "https://example.com/",
	    "https://a-b.example.co.uk/x.y/z?q#r", "https://example.com?q", "http://Example.COM#f",
	    "http://127.0.0.1/"};
	struct tally tally = {0};
	struct url base;
	url_init(&base);
	url_parse(&base, bases[1], strlen(bases[1]), NULL, NULL);
	for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
		check(slice_of(common[i]), &base, &tally);
		cr_expect(tally.plain == i + 1, "%s", common[i]);
		tally.plain = i + 1;
	}
	url_release(&base);
}

/* The longest results, and inputs that are too long for what they come to. */
Test(url_plain, knows_the_limits)
{
	static const char *const starts[] = {"a", "#", "?", "/", "http://h/"};
	struct tally tally = {0};
	struct buf input;
	struct url base;
	buf_init(&input, URL_LENGTH_MAX + 1024);
	url_init(&base);
	url_parse(&base, "http://h/d/f", 12, NULL, NULL);
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		buf_clear(&input);
		buf_append_text(&input, starts[i]);
		size_t room = URL_LENGTH_MAX - 16;
		memset(buf_reserve(&input, room), 'x', room);
		input.len += room;
		for (size_t more = 0; more < 24; more++) {
			buf_append_byte(&input, 'y');
			check((struct slice){input.data, input.len}, &base, &tally);
		}
	}
	cr_expect(tally.plain > 0 && tally.plain < 24 * sizeof starts / sizeof *starts, "%zu", tally.plain);
	buf_clear(&input);
	while (input.len <= URL_LENGTH_MAX)
		buf_append_text(&input, "../");
	check((struct slice){input.data, input.len}, &base, &tally);
	buf_release(&input);
	url_release(&base);
}
