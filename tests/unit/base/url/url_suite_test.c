/* The URL module against the web-platform-tests' url/resources/urltestdata.json, in whatever revision
 * Debian's librust-url-dev carries, and any further files that AREQ_URLTESTDATA names. */
#include "base/buf.h"
#include "base/url/parser.h"
#include "url_same.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEBIAN_FILES "/usr/share/cargo/registry/url-*/tests/urltestdata.json"

enum { FILE_SIZE_MAX = 16 << 20, CASES_MIN = 100, FAILURES_MIN = 30 };

/* Cases that must not come out as their file says. href is what the file says, NULL for failure. Their base
 * does not matter: it is about:blank in older files, and null in newer ones. */
struct exception {
	const char *input;
	const char *href;
	const char *reason;
};

#define ACE_REASON   "superseded: an ASCII domain is taken as it is, whatever its xn-- labels decode to (2026)"
#define CARET_REASON "superseded: the path percent-encode set holds U+005E (2024)"

static const struct exception exceptions[] = {
    {.input = "http://a.b.c.xn--pokxncvks", .href = NULL, .reason = ACE_REASON},
    {.input = "http://10.0.0.xn--pokxncvks", .href = NULL, .reason = ACE_REASON},
    {.input = "http://a.b.c.XN--pokxncvks", .href = NULL, .reason = ACE_REASON},
    {.input = "http://a.b.c.Xn--pokxncvks", .href = NULL, .reason = ACE_REASON},
    {.input = "http://10.0.0.XN--pokxncvks", .href = NULL, .reason = ACE_REASON},
    {.input = "http://10.0.0.xN--pokxncvks", .href = NULL, .reason = ACE_REASON},
    {.input = "file://xn--/p", .href = NULL, .reason = ACE_REASON},
    {.input = "https://xn--/", .href = NULL, .reason = ACE_REASON},
    {.input = "foo://host/ !\"$%&'()*+,-./:;<=>@[\\]^_`{|}~",
        .href = "foo://host/%20!%22$%&'()*+,-./:;%3C=%3E@[\\]^_%60%7B|%7D~",
        .reason = CARET_REASON},
    {.input = "wss://host/ !\"$%&'()*+,-./:;<=>@[\\]^_`{|}~",
        .href = "wss://host/%20!%22$%&'()*+,-./:;%3C=%3E@[/]^_%60%7B|%7D~",
        .reason = CARET_REASON},
};

struct tally {
	size_t cases;
	size_t failures;
};

static bool is_hex(const char *text, size_t len, unsigned *value)
{
	char digits[5] = {0};
	if (len < 4)
		return false;
	memcpy(digits, text, 4);
	char *end;
	*value = (unsigned)strtoul(digits, &end, 16);
	return end == digits + 4;
}

/* A lone surrogate in a JSON string is U+FFFD once it is a USVString, which is all the API sees. */
static void repair_surrogates(struct buf *json)
{
	for (size_t i = 0; i + 1 < json->len; i++) {
		if (json->data[i] != '\\')
			continue;
		i++;
		unsigned first, second;
		if (json->data[i] != 'u' || !is_hex(json->data + i + 1, json->len - i - 1, &first))
			continue;
		if (first < 0xd800 || first > 0xdfff)
			continue;
		bool paired = first < 0xdc00 && json->len - i > 11 &&
		              memcmp(json->data + i + 5, "\\u", 2) == 0 &&
		              is_hex(json->data + i + 7, json->len - i - 7, &second) && second >= 0xdc00 &&
		              second <= 0xdfff;
		if (paired)
			i += 10;
		else
			memcpy(json->data + i + 1, "fffd", 4);
	}
}

static json_t *load(const char *path)
{
	struct buf text;
	buf_init(&text, FILE_SIZE_MAX);
	FILE *file = fopen(path, "rb");
	cr_assert(file, "%s cannot be read", path);
	char block[4096];
	for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
		cr_assert(buf_append(&text, block, got), "%s is too long", path);
	fclose(file);
	repair_surrogates(&text);
	json_error_t error;
	json_t *root = json_loadb(text.data, text.len, JSON_ALLOW_NUL, &error);
	buf_release(&text);
	cr_assert(json_is_array(root), "%s:%d: %s", path, error.line, error.text);
	return root;
}

static struct slice field(const json_t *test, const char *name)
{
	const json_t *value = json_object_get(test, name);
	if (!json_is_string(value))
		return (struct slice){NULL, 0};
	return (struct slice){json_string_value(value), json_string_length(value)};
}

static bool same(struct slice value, const char *text)
{
	return text ? value.data && slice_equal(value, slice_of(text)) : !value.data;
}

static const struct exception *find_exception(struct slice input, struct slice href)
{
	for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
		if (same(input, exceptions[i].input) && same(href, exceptions[i].href))
			return &exceptions[i];
	return NULL;
}

static struct slice range(const struct url *url, size_t start, size_t end)
{
	return (struct slice){url->href.data + start, end - start};
}

/* The API's getters, from the offsets that struct url documents. */
static struct slice protocol(const struct url *url)
{
	return range(url, 0, url->scheme_end);
}

static struct slice username(const struct url *url)
{
	return url->has_host ? range(url, url->scheme_end + 2, url->username_end) : slice_of("");
}

static struct slice password(const struct url *url)
{
	bool has_password = url->has_host && url->host_start > url->username_end + 1;
	return has_password ? range(url, url->username_end + 1, url->host_start - 1) : slice_of("");
}

static struct slice hostname(const struct url *url)
{
	return url->has_host ? url_host(url) : slice_of("");
}

static struct slice host(const struct url *url)
{
	return url->has_host ? url_host_and_port(url) : slice_of("");
}

static struct slice port(const struct url *url)
{
	static char text[12];
	snprintf(text, sizeof text, "%d", (int)url->port);
	return slice_of(url->port < 0 ? "" : text);
}

static struct slice search(const struct url *url)
{
	size_t end = url_without_fragment(url).len;
	bool has_query = url->query_start != UINT32_MAX && end > url->query_start + 1;
	return has_query ? range(url, url->query_start, end) : slice_of("");
}

static struct slice hash(const struct url *url)
{
	bool has_fragment = url->fragment_start != UINT32_MAX && url->href.len > url->fragment_start + 1;
	return has_fragment ? range(url, url->fragment_start, url->href.len) : slice_of("");
}

struct getter {
	const char *name;
	struct slice (*get)(const struct url *url);
};

static const struct getter getters[] = {{"href", url_href}, {"protocol", protocol}, {"username", username},
    {"password", password}, {"host", host}, {"hostname", hostname}, {"port", port}, {"pathname", url_path},
    {"search", search}, {"hash", hash}};

/* The name of the first getter that differs from the file, or NULL. */
static const char *compare(const struct url *url, const json_t *test)
{
	for (size_t i = 0; i < sizeof getters / sizeof *getters; i++) {
		struct slice expected = field(test, getters[i].name);
		if (expected.data && !slice_equal(expected, getters[i].get(url)))
			return getters[i].name;
	}
	return NULL;
}

static void run_case(const char *path, size_t number, const json_t *test, struct tally *tally)
{
	struct url url, base;
	url_init(&url);
	url_init(&base);
	struct slice input = field(test, "input");
	struct slice base_text = field(test, "base");
	struct slice href = field(test, "href");
	bool failure = json_is_true(json_object_get(test, "failure"));
	cr_expect(failure != (href.data != NULL), "%s #%zu: neither a failure nor a result", path, number);
	bool parsed = !base_text.data || url_parse(&base, base_text.data, base_text.len, NULL, NULL);
	parsed = parsed && url_parse(&url, input.data, input.len, base_text.data ? &base : NULL, NULL);
	const char *wrong = parsed && !failure ? compare(&url, test) : parsed == failure ? "failure" : NULL;
	const struct exception *exception = find_exception(input, href);
	if (exception)
		cr_expect(wrong, "%s #%zu: <%s> passes; take it off the list (%s)", path, number, input.data,
		    exception->reason);
	else
		cr_expect(!wrong, "%s #%zu: <%s> against <%s>: %s differs: <%s>, not <%s>", path, number,
		    input.data, base_text.data ? base_text.data : "", wrong,
		    parsed ? url_href(&url).data : "failure", href.data ? href.data : "failure");
	tally->cases++;
	tally->failures += failure;
	url_release(&url);
	url_release(&base);
}

/* Each input against each base: what url_plain.c makes of it is what the states make of it. */
static void compare_with_states(const json_t *root, struct slice base_text)
{
	struct url url, expected, base;
	url_init(&url);
	url_init(&expected);
	url_init(&base);
	size_t number;
	const json_t *test;
	bool has_base = base_text.data && url_parse(&base, base_text.data, base_text.len, NULL, NULL);
	json_array_foreach(root, number, test)
	{
		struct slice input = field(test, "input");
		if (has_base && input.data && url_plain_parse(&url, input.data, input.len, &base))
			cr_expect(url_parse_by_states(&expected, input.data, input.len, &base, NULL) &&
			              url_same(&url, &expected),
			    "<%s> against <%s>: <%s>", input.data, base_text.data, url.href.data);
	}
	url_release(&url);
	url_release(&expected);
	url_release(&base);
}

static void run_file(const char *path)
{
	json_t *root = load(path);
	struct tally tally = {0};
	size_t number;
	json_t *test;
	json_array_foreach(root, number, test) if (json_is_object(test))
	{
		run_case(path, number, test, &tally);
		compare_with_states(root, field(test, "base"));
	}
	json_decref(root);
	cr_expect(tally.cases >= CASES_MIN, "%s: only %zu cases", path, tally.cases);
	cr_expect(tally.failures >= FAILURES_MIN, "%s: only %zu failures", path, tally.failures);
}

Test(url_suite, debian)
{
	glob_t files;
	if (glob(DEBIAN_FILES, 0, NULL, &files) != 0) {
		cr_skip_test("no " DEBIAN_FILES ": the package librust-url-dev has it");
		return;
	}
	for (size_t i = 0; i < files.gl_pathc; i++)
		run_file(files.gl_pathv[i]);
	globfree(&files);
}

Test(url_suite, given)
{
	const char *paths = getenv("AREQ_URLTESTDATA");
	if (!paths || !*paths) {
		cr_skip_test("AREQ_URLTESTDATA names no files");
		return;
	}
	while (*paths) {
		char path[4096];
		size_t len = strcspn(paths, ":");
		cr_assert(len < sizeof path);
		memcpy(path, paths, len);
		path[len] = '\0';
		run_file(path);
		paths += len + (paths[len] == ':');
	}
}
