#include "support/whole_page.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct given {
	char text[4096];
	size_t count;
};

static const char *text_of(struct slice slice, char *to, size_t size)
{
	if (!slice.data)
		return "-";
	snprintf(to, size, "%.*s", (int)slice.len, slice.data);
	return to;
}

static void note_url(void *ctx, const struct link *link)
{
	struct given *given = ctx;
	size_t used = strlen(given->text);
	given->count++;
	snprintf(given->text + used, sizeof given->text - used, "%.*s\n", (int)link->url.len, link->url.data);
}

/* raw|tag|attr|rel|position */
static void note_details(void *ctx, const struct link *link)
{
	struct given *given = ctx;
	char raw[200], tag[200], attr[200], rel[200];
	size_t used = strlen(given->text);
	given->count++;
	snprintf(given->text + used, sizeof given->text - used, "%s|%s|%s|%s|%" PRId64 "\n",
	    text_of(link->raw, raw, sizeof raw), text_of(link->tag, tag, sizeof tag),
	    text_of(link->attr, attr, sizeof attr), text_of(link->rel, rel, sizeof rel), link->position);
}

/* url line:column */
static void note_place(void *ctx, const struct link *link)
{
	struct given *given = ctx;
	size_t used = strlen(given->text);
	given->count++;
	snprintf(given->text + used, sizeof given->text - used, "%.*s %" PRIu64 ":%" PRIu64 "\n",
	    (int)link->url.len, link->url.data, link->line, link->column);
}

/* Feeds a page in pieces of that length. False where its links were not given out. */
static bool read_page(const struct options *asked, const char *type, const char *bytes, size_t len,
    size_t piece, page_link_fn note, struct given *given)
{
	struct options options = *asked;
	options.max_size = 1 << 21;
	if (!options.max_output)
		options.max_output = 1 << 30;
	struct page_tools tools = {.options = &options,
	    .shared = page_shared_new(PAGES_MEMORY),
	    .patterns = extract_patterns_new(ATTRIBUTES_DEFAULT),
	    .wants_lines = note == note_place};
	if (options.includes.count + options.excludes.count)
		tools.filter =
		    pattern_filter_new("--include", &options.includes, "--exclude", &options.excludes);
	if (options.pattern)
		tools.pattern = pattern_new("-e", options.pattern);
	if (options.xpath)
		tools.xpath = xpath_new(options.xpath);
	struct page *page = page_new(&tools);
	*given = (struct given){.count = 0};
	page_begin(page, type);
	for (size_t at = 0; at < len; at += piece)
		cr_assert(page_feed(page, bytes + at, len - at < piece ? len - at : piece));
	enum page_state state =
	    whole_page_emit_links(page, tools.shared, "http://h/d/p", piece % 2, note, given);
	cr_expect_eq(page_counts(page).links, given->count);
	page_free(page);
	page_shared_free(tools.shared);
	extract_patterns_free(tools.patterns);
	pattern_filter_free(tools.filter);
	pattern_free(tools.pattern);
	xpath_free(tools.xpath);
	return state == PAGE_DONE;
}

static void expect_page(const struct options *options, const char *type, const char *bytes, size_t len,
    page_link_fn note, const char *expected)
{
	static const size_t pieces[] = {SIZE_MAX / 2, 1, 7};
	struct given given;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		cr_expect(read_page(options, type, bytes, len, pieces[i], note, &given));
		cr_expect_str_eq(given.text, expected, "in pieces of %zu, got\n%snot\n%s", pieces[i],
		    given.text, expected);
	}
}

static const char some_links[] =
    "<a href=a#1><a href='/b'><a href=a#2><a href=a#1><a href=//o/c><a href='mailto:d'>"
    "<a href='http://['><a href=a>";

Test(page, strips_fragments_before_it_looks_for_what_was_there)
{
	expect_page(&(struct options){0}, "text/html", some_links, strlen(some_links), note_url,
	    "http://h/d/a#1\nhttp://h/b\nhttp://h/d/a#2\nhttp://o/c\nmailto:d\nhttp://h/d/a\n");
	expect_page(&(struct options){.strip_fragment = true}, "text/html", some_links, strlen(some_links),
	    note_url, "http://h/d/a\nhttp://h/b\nhttp://o/c\nmailto:d\n");
}

/* HTML standard, section 4.2.3: "frozen base URL" falls back where href is none, or its scheme is data or
 * javascript. */
Test(page, uses_no_base_that_the_standard_refuses)
{
	static const char *const refused[] = {"http://[", "data:,x", "javascript:x"};
	char page[100];
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		snprintf(page, sizeof page, "<base href='%s'><a href=y>", refused[i]);
		expect_page(
		    &(struct options){0}, "text/html", page, strlen(page), note_url, "http://h/d/y\n");
	}
}

Test(page, filters_by_the_url_as_it_is_given_out)
{
	const char *with_fragment = "#", *to_a = "/a$", *not_a = "a";
	expect_page(&(struct options){.includes = {&with_fragment, 1}}, "text/html", some_links,
	    strlen(some_links), note_url, "http://h/d/a#1\nhttp://h/d/a#2\n");
	expect_page(&(struct options){.includes = {&with_fragment, 1}, .strip_fragment = true}, "text/html",
	    some_links, strlen(some_links), note_url, "");
	expect_page(&(struct options){.includes = {&to_a, 1}, .strip_fragment = true}, "text/html",
	    some_links, strlen(some_links), note_url, "http://h/d/a\n");
	expect_page(&(struct options){.excludes = {&not_a, 1}}, "text/html", some_links, strlen(some_links),
	    note_url, "http://h/b\nhttp://o/c\n");
	expect_page(&(struct options){.excludes = {&not_a, 1}, .same_host = true}, "text/html", some_links,
	    strlen(some_links), note_url, "http://h/b\n");
	expect_page(&(struct options){.external = true}, "text/html", some_links, strlen(some_links),
	    note_url, "http://o/c\n");
}

Test(page, gives_no_link_where_a_filter_explodes)
{
	static const char page[] =
	    "<a href=b><a href=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab>";
	const char *pattern = "(a+)+$";
	struct given given;
	cr_expect_not(read_page(&(struct options){.excludes = {&pattern, 1}}, "text/html", page, strlen(page),
	    SIZE_MAX / 2, note_url, &given));
	cr_expect_eq(given.count, 0);
}

static const struct options detailed = {.format = FORMAT_JSONL};

/* Positions were counted in the page, not taken from what came out. */
Test(page, tells_all_that_is_known_of_a_link)
{
	static const char page[] = "<!-- <a href=no> -->\n"                                /* 21 bytes */
	                           "<A HREF='x?a&amp;b' rel='me &lt;NOFOLLOW' rel=second>" /* 53 bytes */
	                           "<p>\xc3\xa9<link rel href=\"y\">"; /* 3 + 2 bytes before the tag */
	static const char expected[] = "x?a&amp;b|a|href|me <NOFOLLOW|21\ny|link|href||79\n";
	expect_page(&detailed, "text/html;charset=utf-8", page, strlen(page), note_details, expected);
	expect_page(&(struct options){0}, "text/html;charset=utf-8", page, strlen(page), note_details,
	    "-|-|-|-|-1\n-|-|-|-|-1\n");
}

Test(page, converts_what_it_tells)
{
	static const char in_1252[] = "<a href='\xe9&eacute;' rel='\xe8'>";
	static const char in_shift_jis[] =
	    "<a\x83\x41 href='\x83\x41'>"; /* U+30A2, whose second byte is an A */
	static const char with_bom[] = "\xef\xbb\xbf<a href=x>";
	static const char in_utf16[] = "\xff\xfe<\0a\0 \0h\0r\0e\0f\0=\0x\0>\0";
	expect_page(&detailed, "text/html;charset=windows-1252", in_1252, strlen(in_1252), note_details,
	    "\xc3\xa9&eacute;|a|href|\xc3\xa8|0\n");
	expect_page(&detailed, "text/html;charset=shift_jis", in_shift_jis, strlen(in_shift_jis),
	    note_details, "\xe3\x82\xa2|a\xe3\x82\xa2|href|-|0\n");
	expect_page(&detailed, "text/html", with_bom, strlen(with_bom), note_details, "x|a|href|-|3\n");
	expect_page(&detailed, "text/html", in_utf16, sizeof in_utf16 - 1, note_details, "x|a|href|-|-1\n");
}

Test(page, tells_what_is_known_of_what_is_no_html_tag)
{
	static const char xml[] = "<f:Feed xmlns:f='urn:f'><f:Link rel='self&amp;' href='x&amp;y'/></f:Feed>";
	static const char html[] = "<a href='x' rel='me'>";
	struct options by_pattern = {.format = FORMAT_JSONL, .pattern = "href='(.)'"};
	struct options by_xpath = {.format = FORMAT_JSONL, .xpath = "//@href"};
	expect_page(
	    &detailed, "application/atom+xml", xml, strlen(xml), note_details, "x&y|link|href|self&|-1\n");
	expect_page(&by_pattern, "text/html", html, strlen(html), note_details, "x|-|-|-|-1\n");
	expect_page(&by_xpath, "text/html", html, strlen(html), note_details, "x|-|-|-|-1\n");
}

Test(page, tells_the_line_of_a_link)
{
	static const char lines[] =
	    "<a href=/1>\n<a\nhref=/2>\r\n\r\n<p><a href=/3>\r\r <a href=/4>\n\r<a href=/5>"
	    "<!--\n--><script>\n</script><b\n\n>\xc3\xa9<a href=/6>\r\n<a href=/7>";
	static const char bom[] = "\xef\xbb\xbf<a href=/1>\n<a href=/2>";
	static const char utf16[] = "\xff\xfe\n\0 \0<\0a\0 \0h\0r\0e\0f\0=\0/\0x\0>\0";
	static const char xml[] = "<a>\n<a href='/x'/></a>";
	expect_page(&detailed, "text/html", lines, strlen(lines), note_place,
	    "http://h/1 1:1\nhttp://h/2 2:1\nhttp://h/3 5:4\nhttp://h/4 7:2\nhttp://h/5 9:1\n"
	    "http://h/6 13:4\nhttp://h/7 14:1\n");
	expect_page(&detailed, "text/html", bom, strlen(bom), note_place, "http://h/1 1:1\nhttp://h/2 2:1\n");
	expect_page(&detailed, "text/html", utf16, sizeof utf16 - 1, note_place, "http://h/x 2:0\n");
	expect_page(&detailed, "application/xml", xml, strlen(xml), note_place, "http://h/x 0:0\n");
}

/* A tag that is too long is read as a shorter one; the lines in it count nevertheless. */
Test(page, counts_the_lines_of_a_tag_that_is_too_long)
{
	struct buf page;
	struct given given;
	struct options options = detailed;
	buf_init(&page, SIZE_MAX / 2);
	buf_append_text(&page, "\n<a title='");
	for (size_t i = 0; i <= EXTRACT_TAG_MAX; i++)
		buf_append_byte(&page, i % 1000 ? 'x' : '\n');
	buf_append_text(&page, "'>\n<a href=/x>");
	cr_expect(read_page(&options, "text/html", page.data, page.len, 1000, note_place, &given));
	cr_expect_str_eq(given.text, "http://h/x 1052:1\n");
	buf_release(&page);
}

/* A page of many links, none of which is as long as the one before. */
static void append_links(struct buf *page, size_t count)
{
	char link[400];
	buf_append_text(page, "<!doctype html><meta charset=shift_jis>");
	for (size_t i = 0; i < count; i++) {
		snprintf(link, sizeof link, "<a rel=next href='%zu?%0*zu&amp;\x83\x83'>", i % 3000,
		    (int)(i % 300) + 1, i);
		buf_append_text(page, link);
	}
	buf_append_text(page, "<base href=//o/b/>");
}

static void append_details(void *ctx, const struct link *link)
{
	struct buf *given = ctx;
	char position[30];
	snprintf(position, sizeof position, "%" PRId64 "\n", link->position);
	buf_append(given, link->url.data, link->url.len);
	buf_append(given, link->raw.data, link->raw.len);
	buf_append(given, link->rel.data, link->rel.len);
	buf_append_text(given, position);
}

/* What pages that come in together give, in that memory. */
static void give_together(
    size_t memory, const struct options *options, const struct buf *bytes, struct buf *given)
{
	struct page_tools tools = {.options = options,
	    .shared = page_shared_new(memory),
	    .patterns = extract_patterns_new(ATTRIBUTES_DEFAULT)};
	if (options->includes.count)
		tools.filter =
		    pattern_filter_new("--include", &options->includes, "--exclude", &options->excludes);
	struct page *pages[] = {page_new(&tools), page_new(&tools), page_new(&tools)};
	for (size_t i = 0; i < 3; i++)
		page_begin(pages[i], "text/html");
	for (size_t at = 0; at < bytes->len; at += 5000) {
		size_t len = bytes->len - at < 5000 ? bytes->len - at : 5000;
		for (size_t i = 0; i < 3; i++)
			cr_assert(page_feed(pages[i], bytes->data + at, len));
	}
	/* One is interrupted: none of its links comes up in another page that takes its place. */
	page_drop(pages[2]);
	page_begin(pages[2], "text/html");
	cr_assert(page_feed(pages[2], "<a href=x>", 10));
	for (size_t i = 0; i < 3; i++) {
		enum page_state state = whole_page_emit_links(
		    pages[i], tools.shared, "http://h/d/p", i > 0, append_details, given);
		cr_assert_eq(state, PAGE_DONE);
		cr_expect(i == 2 ? page_counts(pages[i]).links == 1 : page_counts(pages[i]).links > 5000);
	}
	for (size_t i = 0; i < 3; i++)
		page_free(pages[i]);
	pattern_filter_free(tools.filter);
	page_shared_free(tools.shared);
	extract_patterns_free(tools.patterns);
}

Test(page, gives_the_same_links_with_little_memory)
{
	const char *any = ".";
	const struct options asked[] = {{.max_size = 1 << 30, .max_output = 1 << 30},
	    {.max_size = 1 << 30, .max_output = 1 << 30, .format = FORMAT_JSONL},
	    {.max_size = 1 << 30, .max_output = 1 << 30, .includes = {&any, 1}}};
	static const size_t memories[] = {0, 100000};
	struct buf bytes, expected, given;
	buf_init(&bytes, SIZE_MAX / 2);
	buf_init(&expected, SIZE_MAX / 2);
	buf_init(&given, SIZE_MAX / 2);
	append_links(&bytes, 6000);
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		buf_clear(&expected);
		give_together(1 << 30, &asked[i], &bytes, &expected);
		for (size_t k = 0; k < sizeof memories / sizeof *memories; k++) {
			buf_clear(&given);
			give_together(memories[k], &asked[i], &bytes, &given);
			cr_expect_eq(given.len, expected.len);
			cr_expect(given.len == expected.len && !memcmp(given.data, expected.data, given.len));
		}
	}
	buf_release(&bytes);
	buf_release(&expected);
	buf_release(&given);
}

Test(page, is_lost_where_the_temporary_file_cannot_be_read)
{
	cr_assert(freopen("/dev/null", "w", stderr));
	const struct options options = {.max_size = 1 << 30, .max_output = 1 << 30};
	struct page_tools tools = {.options = &options, .patterns = extract_patterns_new(ATTRIBUTES_DEFAULT)};
	struct buf bytes, given;
	buf_init(&bytes, SIZE_MAX / 2);
	buf_init(&given, SIZE_MAX / 2);
	append_links(&bytes, 6000);
	int file = dup(STDIN_FILENO);
	close(file);
	tools.shared = page_shared_new(0);
	struct page *page = page_new(&tools);
	page_begin(page, "text/html");
	cr_assert(page_feed(page, bytes.data, bytes.len));
	cr_assert_eq(ftruncate(file, 0), 0);
	cr_expect_eq(whole_page_emit_links(page, tools.shared, "http://h/d/p", false, append_details, &given),
	    PAGE_UNREADABLE);
	page_free(page);
	page_shared_free(tools.shared);
	extract_patterns_free(tools.patterns);
	buf_release(&bytes);
	buf_release(&given);
}

/* A <meta> behind the first 1,024 bytes counts, whatever finds the links; and a query is in the page's
 * encoding. */
Test(page, heeds_a_late_meta_in_every_mode)
{
	char page[2000];
	int len = snprintf(page, sizeof page,
	    "<!doctype html><!--%1100s--><meta charset=windows-1251><a href=\"/\xCD\xEE?q=\xCD\">", "");
	const char *expected = "http://h/%D0%9D%D0%BE?q=%CD\n";
	expect_page(&(struct options){0}, "text/html", page, (size_t)len, note_url, expected);
	expect_page(&(struct options){.pattern = "href=\"(.*?)\""}, "text/html", page, (size_t)len, note_url,
	    expected);
	expect_page(
	    &(struct options){.xpath = "//a/@href"}, "text/html", page, (size_t)len, note_url, expected);
}

/* Where a page declares no encoding, only bytes that are not ASCII can suggest UTF-8. */
Test(page, encodes_queries_of_an_undeclared_page_as_browsers_do)
{
	static const struct {
		const char *page, *pattern, *xpath, *expected;
	} cases[] = {
	    {.page = "<a href='?q=&eacute;'>", .expected = "http://h/d/p?q=%E9\n"},
	    {.page = "<a href='?q=\xC3\xA9'>", .expected = "http://h/d/p?q=%C3%A9\n"},
	    {.page = "<a href='?q=\xC3\xA9&eacute;'>", .expected = "http://h/d/p?q=%C3%A9%C3%A9\n"},
	    {.page = "<a href='?q=\xE9'>", .expected = "http://h/d/p?q=%E9\n"},
	    {.page = "<a href='?q=&#1053;'>", .expected = "http://h/d/p?q=%26%231053%3B\n"},
	    {.page = "<a href='/&eacute;'>", .expected = "http://h/%C3%A9\n"},
	    {.page = "<meta charset=utf-8><a href='?q=&eacute;'>", .expected = "http://h/d/p?q=%C3%A9\n"},
	    {.page = "<base href='/?&eacute;'><a href='#x'>", .expected = "http://h/?%E9#x\n"},
	    {.page = "<a href='?q=&eacute;'>", .xpath = "//@href", .expected = "http://h/d/p?q=%E9\n"},
	    {.page = "\xC3\xA9<a href='?q=&eacute;'>",
	        .xpath = "//@href",
	        .expected = "http://h/d/p?q=%C3%A9\n"},
	    {.page = "\xE9<a href='?q=&eacute;'>", .xpath = "//@href", .expected = "http://h/d/p?q=%E9\n"},
	    {.page = "q=\xC3\xA9", .pattern = "q=(.*)", .expected = "http://h/d/%C3%A9\n"},
	    {.page = "?q=\xC3\xA9", .pattern = ".+", .expected = "http://h/d/p?q=%C3%A9\n"},
	    {.page = "?q=\xE9", .pattern = ".+", .expected = "http://h/d/p?q=%E9\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct options options = {.pattern = cases[i].pattern, .xpath = cases[i].xpath};
		expect_page(
		    &options, "text/html", cases[i].page, strlen(cases[i].page), note_url, cases[i].expected);
	}
}

/* A document in XML that declares no encoding is in UTF-8 (XML 1.0, section 4.3.3), whatever finds its
 * links. */
Test(page, encodes_queries_of_an_undeclared_xml_document_in_utf8)
{
	static const char bytes[] = "<x xmlns='http://www.w3.org/1999/xhtml'><a href='?q=&#233;'/></x>";
	static const char expected[] = "http://h/d/p?q=%C3%A9\n";
	expect_page(
	    &(struct options){0}, "application/xhtml+xml", bytes, sizeof bytes - 1, note_url, expected);
	expect_page(&(struct options){.xpath = "//@href"}, "application/xhtml+xml", bytes, sizeof bytes - 1,
	    note_url, expected);
}

Test(page, reads_on_behind_a_nul_byte)
{
	static const char bytes[] = "<a href=a>\0<a href=b><a hr\0ef=no href=c\0>\0";
	static const char expected[] = "http://h/d/a\nhttp://h/d/b\nhttp://h/d/c%EF%BF%BD\n";
	expect_page(&(struct options){0}, "text/html", bytes, sizeof bytes - 1, note_url, expected);
	expect_page(&(struct options){.xpath = "//a/@href"}, "text/html", bytes, sizeof bytes - 1, note_url,
	    expected);
}
