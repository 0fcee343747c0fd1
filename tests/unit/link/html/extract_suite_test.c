/* The public html5lib tests: of what they expect of tokenizers and tree builders, the href attributes. */
#include "base/alloc.h"
#include "base/buf.h"
#include "link/html/entity.h"
#include "link/html/extract.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 24 };

static const char suite[] = "/usr/share/cargo/registry/markup5ever_rcdom-*/html5lib-tests/";

static struct extract_patterns *patterns;
static struct extract *page;

static void set_up(void)
{
	patterns = extract_patterns_new(ATTRIBUTES_DEFAULT);
	cr_assert(patterns);
	page = extract_new(patterns);
}

static void tear_down(void)
{
	extract_free(page);
	extract_patterns_free(patterns);
}

TestSuite(extract_suite, .init = set_up, .fini = tear_down);

/* The files of the suite; skips the test where it is not installed. */
static void find_files(glob_t *files, const char *names)
{
	char where[sizeof suite + 64];
	snprintf(where, sizeof where, "%s%s", suite, names);
	if (glob(where, 0, NULL, files) != 0)
		cr_skip_test("no %s: install librust-markup5ever-rcdom-dev", where);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Values one behind the other, each ended by a NUL of its own. */
static void add_value(struct buf *values, const char *bytes, size_t len)
{
	cr_assert(buf_append(values, bytes, len) && buf_append_byte(values, '\0'));
}

/* A value as the DOM has it: the tokenizer's input stream knows no CR. */
static void add_raw_value(struct buf *values, struct slice raw)
{
	struct buf lines;
	buf_init(&lines, TEXT_MAX);
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.data[i] != '\r')
			buf_append_byte(&lines, raw.data[i]);
		else if (i + 1 == raw.len || raw.data[i + 1] != '\n')
			buf_append_byte(&lines, '\n');
	}
	cr_assert(entity_decode(lines.data ? lines.data : "", lines.len, values));
	cr_assert(buf_append_byte(values, '\0'));
	buf_release(&lines);
}

static void on_hit(void *ctx, const struct extract_hit *hit)
{
	if (hit->kind == EXTRACT_LINK)
		add_raw_value(ctx, hit->value);
}

static void extract_values(struct slice html, struct buf *values)
{
	extract_reset(page);
	extract_feed(page, html.data, html.len, on_hit, values);
	extract_finish(page, on_hit, values);
}

static bool same_values(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The values as a set: sorted, each once. A tree builder may clone an element, and moves some. */
static void make_set(struct buf *values)
{
	char *items[4096];
	size_t count = 0;
	for (size_t at = 0; at < values->len; at += strlen(values->data + at) + 1) {
		cr_assert_lt(count, sizeof items / sizeof items[0]);
		items[count++] = values->data + at;
	}
	qsort(items, count, sizeof items[0], by_text);
	struct buf set;
	buf_init(&set, TEXT_MAX);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(items[i], items[i - 1]) != 0)
			add_value(&set, items[i], strlen(items[i]));
	buf_release(values);
	*values = set;
}

static char *printable(const struct buf *values)
{
	char *text = alloc_copy(values->data ? values->data : "", values->len);
	for (size_t i = 0; i < values->len; i++)
		text[i] = text[i] ? text[i] : '|';
	return text;
}

/* Replaces each `from` by `to`; any letter case where from is one letter. */
static void substitute(struct slice text, const char *from, const char *to, struct buf *out)
{
	size_t len = strlen(from);
	for (size_t i = 0; i < text.len; i++) {
		bool here = text.len - i >= len && memcmp(text.data + i, from, len) == 0;
		if (here || (len == 1 && (text.data[i] ^ 0x20) == from[0])) {
			buf_append_text(out, to);
			i += len - 1;
		} else {
			buf_append_byte(out, text.data[i]);
		}
	}
}

static bool contains(struct slice text, const char *part)
{
	size_t len = strlen(part);
	for (size_t i = 0; i + len <= text.len; i++)
		if (memcmp(text.data + i, part, len) == 0)
			return true;
	return false;
}

/* ---- tokenizer/ ---- */

struct token_counts {
	size_t run;
	size_t with_href; /* where the comparison had a value to compare */
	size_t skipped;
};

static bool hex4(const char *text, unsigned *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++) {
		char c = text[i];
		unsigned digit =
		    c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
		if (digit > 15)
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

/* A code unit alone, surrogates too: what matters is that both sides are written alike. */
static void add_code_unit(struct buf *out, unsigned unit)
{
	if (unit < 0x80) {
		buf_append_byte(out, (char)unit);
	} else if (unit < 0x800) {
		buf_append_byte(out, (char)(0xC0 | unit >> 6));
		buf_append_byte(out, (char)(0x80 | (unit & 0x3F)));
	} else {
		buf_append_byte(out, (char)(0xE0 | unit >> 12));
		buf_append_byte(out, (char)(0x80 | (unit >> 6 & 0x3F)));
		buf_append_byte(out, (char)(0x80 | (unit & 0x3F)));
	}
}

static void unescape(const json_t *string, bool escaped, struct buf *out)
{
	const char *text = json_string_value(string);
	size_t len = json_string_length(string);
	for (size_t i = 0; i < len; i++) {
		unsigned unit;
		if (escaped && len - i >= 6 && text[i] == '\\' && text[i + 1] == 'u' &&
		    hex4(text + i + 2, &unit)) {
			add_code_unit(out, unit);
			i += 5;
		} else {
			buf_append_byte(out, text[i]);
		}
	}
}

/* The page that brings the tokenizer into the state that a case starts in. NULL where no page does: a state
 * without its element has no end tag. */
static const char *prefix_for(const char *state, const char *last_start_tag, struct slice input)
{
	if (strcmp(state, "Data state") == 0)
		return "";
	if (strcmp(state, "PLAINTEXT state") == 0)
		return "<plaintext>";
	/* Text of an element that differs from RCDATA and RAWTEXT only in its character references. */
	if (last_start_tag && strcmp(last_start_tag, "xmp") == 0)
		return "<xmp>";
	if (last_start_tag && strcmp(last_start_tag, "textarea") == 0)
		return "<textarea>";
	if (!last_start_tag && !contains(input, "</noembed"))
		return "<noembed>";
	return NULL;
}

/* The values of the attribute `name` of the expected start tags, with `from` replaced by `to` in them. */
static void expected_values(const json_t *output, bool escaped, const char *name, const char *from,
    const char *to, struct buf *values)
{
	size_t i;
	json_t *token;
	json_array_foreach(output, i, token)
	{
		const char *kind = json_string_value(json_array_get(token, 0));
		if (!kind || strcmp(kind, "StartTag") != 0)
			continue;
		const json_t *value = json_object_get(json_array_get(token, 2), name);
		if (!value)
			continue;
		struct buf text, changed;
		buf_init(&text, TEXT_MAX);
		buf_init(&changed, TEXT_MAX);
		unescape(value, escaped, &text);
		substitute((struct slice){text.data ? text.data : "", text.len}, from, to, &changed);
		add_value(values, changed.data ? changed.data : "", changed.len);
		buf_release(&text);
		buf_release(&changed);
	}
}

static void compare_tokens(struct token_counts *counts, const char *where, const char *prefix,
    struct slice input, const struct buf *expected)
{
	struct buf html, got;
	buf_init(&html, TEXT_MAX);
	buf_init(&got, TEXT_MAX);
	buf_append_text(&html, prefix);
	buf_append(&html, input.data, input.len);
	extract_values((struct slice){html.data ? html.data : "", html.len}, &got);
	counts->run++;
	counts->with_href += expected->len > 0;
	if (!same_values(&got, expected)) {
		char *is = printable(&got), *wanted = printable(expected);
		cr_expect(false, "%s: %.*s\n  is  %s\n  not %s", where, (int)html.len, html.data, is, wanted);
		free(is);
		free(wanted);
	}
	buf_release(&html);
	buf_release(&got);
}

/* Beside the case as it is, two in which the same change was made to the input and to what is expected of
 * it, so that its attributes become href: a letter becomes "href" everywhere (to a tokenizer, letters are
 * equal as long as no character reference is meant), or the attribute's name in "<h a=" alone. */
static void run_token_case(struct token_counts *counts, const char *where, const json_t *test,
    const char *prefix, struct slice input)
{
	const json_t *output = json_object_get(test, "output");
	bool escaped = json_is_true(json_object_get(test, "doubleEscaped"));
	struct buf values, changed;
	buf_init(&values, TEXT_MAX);
	buf_init(&changed, TEXT_MAX);
	expected_values(output, escaped, "href", "href", "href", &values);
	compare_tokens(counts, where, prefix, input, &values);
	if (contains(input, "&")) {
		buf_clear(&values);
		if (input.len > 5 && memcmp(input.data, "<h a=", 5) == 0 &&
		    !contains((struct slice){input.data + 5, input.len - 5}, "<")) {
			substitute(input, "<h a=", "<h href=", &changed);
			expected_values(output, escaped, "a", "href", "href", &values);
			compare_tokens(
			    counts, where, prefix, (struct slice){changed.data, changed.len}, &values);
		}
	} else {
		for (char letter[] = "a"; letter[0] <= 'z'; letter[0]++) {
			buf_clear(&values);
			buf_clear(&changed);
			expected_values(output, escaped, letter, letter, "href", &values);
			if (values.len == 0)
				continue;
			substitute(input, letter, "href", &changed);
			compare_tokens(
			    counts, where, prefix, (struct slice){changed.data, changed.len}, &values);
		}
	}
	buf_release(&values);
	buf_release(&changed);
}

static void run_token_file(struct token_counts *counts, const char *path)
{
	json_error_t error;
	json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error);
	cr_assert(file, "%s: %s", path, error.text);
	const json_t *tests = json_object_get(file, "tests");
	if (!tests)
		tests = json_object_get(file, "xmlViolationTests");
	size_t i, k;
	json_t *test, *state;
	json_array_foreach(tests, i, test)
	{
		struct buf input;
		char where[300];
		snprintf(where, sizeof where, "%s %zu", base_name(path), i);
		buf_init(&input, TEXT_MAX);
		unescape(json_object_get(test, "input"), json_is_true(json_object_get(test, "doubleEscaped")),
		    &input);
		struct slice text = {input.data ? input.data : "", input.len};
		json_t *data = json_pack("[s]", "Data state");
		json_t *states = json_object_get(test, "initialStates");
		json_array_foreach(states ? states : data, k, state)
		{
			const char *prefix = prefix_for(json_string_value(state),
			    json_string_value(json_object_get(test, "lastStartTag")), text);
			if (prefix)
				run_token_case(counts, where, test, prefix, text);
			else
				counts->skipped++;
		}
		json_decref(data);
		buf_release(&input);
	}
	json_decref(file);
}

Test(extract_suite, tokenizer)
{
	glob_t files = {0};
	find_files(&files, "tokenizer/*.test");
	struct token_counts counts = {0};
	for (size_t i = 0; i < files.gl_pathc; i++)
		run_token_file(&counts, files.gl_pathv[i]);
	globfree(&files);
	cr_log_info("%zu comparisons, %zu of them with values, %zu cases skipped", counts.run,
	    counts.with_href, counts.skipped);
	cr_expect(counts.run > 6000 && counts.with_href > 250 && counts.skipped == 0,
	    "%zu comparisons, %zu of them with values, %zu cases skipped", counts.run, counts.with_href,
	    counts.skipped);
}

/* ---- tree-construction/ ---- */

struct tree_case {
	char name[96]; /* file and number */
	struct slice data;
	struct slice document;
	bool fragment;
	bool script_on;
};

struct tree_counts {
	size_t run;
	size_t with_href;
	size_t fragments;
	size_t scripted;
};

static struct slice line_at(struct slice text, size_t at)
{
	size_t end = at;
	while (end < text.len && text.data[end] != '\n')
		end++;
	return (struct slice){text.data + at, end - at};
}

static bool starts(struct slice line, const char *with)
{
	return line.len >= strlen(with) && memcmp(line.data, with, strlen(with)) == 0;
}

/* Cuts the next case off a file's text; at moves on. */
static bool next_case(struct slice text, size_t *at, struct tree_case *out)
{
	*out = (struct tree_case){0};
	struct slice *section = NULL;
	bool begun = false;
	while (*at < text.len) {
		struct slice line = line_at(text, *at);
		bool is_data = line.len == 5 && starts(line, "#data");
		if (is_data && begun)
			return true;
		size_t next = *at + line.len + (*at + line.len < text.len);
		if (is_data) {
			begun = true;
			section = &out->data;
			*section = (struct slice){text.data + next, 0};
		} else if (line.len == 9 && starts(line, "#document")) {
			section = &out->document;
			*section = (struct slice){text.data + next, 0};
		} else if (starts(line, "#errors") || starts(line, "#new-errors")) {
			section = NULL;
		} else if (starts(line, "#document-fragment")) {
			out->fragment = true;
			section = NULL;
		} else if (line.len == 10 && starts(line, "#script-on")) {
			out->script_on = true;
			section = NULL;
		} else if (line.len == 11 && starts(line, "#script-off")) {
			section = NULL;
		} else if (section) {
			section->len = (size_t)(line.data + line.len - section->data);
		}
		*at = next;
	}
	return begun;
}

/* The values of an attribute in a dump of a document, as a set; template contents and base left out. An
 * attribute stands under its element as `|   name="value"`, and its value may have many lines. */
static void dumped_values(struct slice document, const char *name, struct buf *values)
{
	char start[80];
	snprintf(start, sizeof start, "%s=\"", name);
	size_t contents = SIZE_MAX;
	bool is_base = false;
	for (size_t at = 0; at < document.len;) {
		struct slice line = line_at(document, at);
		at += line.len + 1;
		if (!starts(line, "| "))
			continue;
		size_t depth = 2 + strspn(line.data + 2, " ");
		struct slice rest = {line.data + depth, line.len - depth};
		if (contents != SIZE_MAX && depth > contents)
			continue;
		contents = rest.len == 7 && starts(rest, "content") ? depth : SIZE_MAX;
		if (starts(rest, "<"))
			is_base = (rest.len == 6 && starts(rest, "<base>")) ||
			          (rest.len == 10 && starts(rest, "<svg base>"));
		if (!starts(rest, start))
			continue;
		const char *value = rest.data + strlen(start);
		const char *end = value;
		while (!(*end == '"' && (end + 1 == document.data + document.len || end[1] == '\n')))
			end++;
		if (!is_base)
			add_value(values, value, (size_t)(end - value));
		at = (size_t)(end + 1 - document.data);
		at += at < document.len;
	}
	make_set(values);
}

static void compare_tree(
    struct tree_counts *counts, const struct tree_case *test, const char *attribute, struct slice html)
{
	struct buf got, expected;
	buf_init(&got, TEXT_MAX);
	buf_init(&expected, TEXT_MAX);
	extract_values(html, &got);
	make_set(&got);
	dumped_values(test->document, attribute, &expected);
	counts->run++;
	counts->with_href += expected.len > 0;
	if (!same_values(&got, &expected)) {
		char *is = printable(&got), *wanted = printable(&expected);
		cr_expect(false, "%s, %s: %.*s\n  is  %s\n  not %s", test->name, attribute, (int)html.len,
		    html.data, is, wanted);
		free(is);
		free(wanted);
	}
	buf_release(&got);
	buf_release(&expected);
}

/* The case again for each of its other attributes, renamed to href where it is plainly written in a tag. */
static void compare_renamed(struct tree_counts *counts, const struct tree_case *test)
{
	static const char *const names[] = {"a", "abc", "b", "bar", "baz", "class", "content", "data-foo",
	    "foo", "id", "lang", "name", "rel", "size", "style", "src", "title", "x", "xyz", "y"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char plain[16], renamed[16] = " href=";
		snprintf(plain, sizeof plain, " %s=", names[i]);
		if (!contains(test->data, plain) || contains(test->data, "href"))
			continue;
		/* There, the attribute itself decides how <font> is read. */
		if (strcmp(names[i], "size") == 0 &&
		    (contains(test->data, "<svg") || contains(test->data, "<math")))
			continue;
		struct buf html;
		buf_init(&html, TEXT_MAX);
		substitute(test->data, plain, renamed, &html);
		compare_tree(counts, test, names[i], (struct slice){html.data, html.len});
		buf_release(&html);
	}
}

static void run_tree_file(struct tree_counts *counts, const char *path)
{
	FILE *file = fopen(path, "rb");
	cr_assert(file, "%s", path);
	struct buf text;
	buf_init(&text, TEXT_MAX);
	char *to = buf_reserve(&text, TEXT_MAX / 2);
	text.len = fread(to, 1, TEXT_MAX / 2, file);
	fclose(file);
	struct tree_case test;
	size_t at = 0;
	for (size_t i = 0; next_case((struct slice){text.data, text.len}, &at, &test); i++) {
		snprintf(test.name, sizeof test.name, "%s %zu", base_name(path), i);
		counts->fragments += test.fragment;
		counts->scripted += !test.fragment && test.script_on;
		if (test.fragment || test.script_on)
			continue;
		compare_tree(counts, &test, "href", test.data);
		compare_renamed(counts, &test);
	}
	buf_release(&text);
}

Test(extract_suite, tree_construction)
{
	glob_t files = {0};
	find_files(&files, "tree-construction/*.dat");
	struct tree_counts counts = {0};
	for (size_t i = 0; i < files.gl_pathc; i++)
		run_tree_file(&counts, files.gl_pathv[i]);
	globfree(&files);
	cr_expect(counts.run > 1400 && counts.with_href > 60,
	    "%zu comparisons, %zu of them with values; skipped: %zu of fragments (pages are whole "
	    "documents), %zu "
	    "with scripts on",
	    counts.run, counts.with_href, counts.fragments, counts.scripted);
}
