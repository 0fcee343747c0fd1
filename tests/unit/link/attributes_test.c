/* The links of --attrs and the anchors of a page. The expectations follow the HTML standard. */
#include "support/whole_page.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* The context of struct page_source. */
struct ended {
	bool ready;
	struct buf *given;
};

static void note_link(void *ctx, const struct link *link)
{
	struct buf *given = ctx;
	if (link->kind != LINK_RESOURCE)
		buf_append_text(given, link->is_row ? "page " : "page, no row: ");
	const struct slice parts[] = {link->tag, link->attr, link->url, link->raw};
	for (size_t i = 0; i < 4; i++) {
		buf_append(given, parts[i].data, parts[i].len);
		buf_append_byte(given, i < 3 ? ' ' : '\n');
	}
}

static void note_anchor(void *ctx, struct slice anchor)
{
	struct ended *ended = ctx;
	buf_append_byte(ended->given, '#');
	buf_append(ended->given, anchor.data, anchor.len);
	buf_append_byte(ended->given, '\n');
}

static void note_ready(void *ctx)
{
	((struct ended *)ctx)->ready = true;
}

static enum page_state read_page(
    const struct page_tools *tools, const char *type, struct slice bytes, size_t piece, struct buf *given)
{
	struct page *page = page_new(tools);
	struct ended ended = {.given = given};
	enum page_state state;
	page_begin(page, type);
	for (size_t at = 0; at < bytes.len; at += piece)
		cr_assert(page_feed(page, bytes.data + at, bytes.len - at < piece ? bytes.len - at : piece));
	page_end(
	    page, &(struct page_source){
	              .url = "http://h/d/p", .ready = note_ready, .on_anchor = note_anchor, .ctx = &ended});
	do {
		whole_page_wait(tools->shared, &ended.ready);
		state = page_emit_links(page, piece % 2 ? 0 : INT64_MAX, note_link, given);
		ended.ready = state != PAGE_WAITING;
	} while (state == PAGE_HAS_MORE || state == PAGE_WAITING);
	page_free(page);
	return state;
}

struct given {
	struct options options;
	const char *type, *page;
	size_t len; /* of page, if it has NULs */
	bool wants_anchors, crawls;
	const char *expected;
};

static void expect_page(const struct given *given)
{
	static const size_t pieces[] = {SIZE_MAX / 2 - 1, 1, 7};
	struct options options = given->options;
	options.max_size = 1 << 20;
	options.max_output = options.max_output ? options.max_output : 1 << 30;
	options.format = FORMAT_JSONL;
	struct page_tools tools = {.options = &options,
	    .shared = page_shared_new(PAGES_MEMORY),
	    .patterns = extract_patterns_new(
	        options_attributes(&options) | (given->wants_anchors ? ATTRIBUTES_OF_ANCHORS : 0)),
	    .wants_anchors = given->wants_anchors,
	    .crawls = given->crawls};
	if (options.includes.count)
		tools.filter =
		    pattern_filter_new("--include", &options.includes, "--exclude", &options.excludes);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct buf got;
		buf_init(&got, SIZE_MAX / 2);
		enum page_state state =
		    read_page(&tools, given->type ? given->type : "text/html; charset=utf-8",
		        (struct slice){given->page, given->len ? given->len : strlen(given->page)}, pieces[i],
		        &got);
		buf_append_byte(&got, '\0');
		cr_expect_eq(state, PAGE_DONE);
		cr_expect_str_eq(
		    got.data, given->expected, "%s\ngot\n%snot\n%s", given->page, got.data, given->expected);
		buf_release(&got);
	}
	page_shared_free(tools.shared);
	extract_patterns_free(tools.patterns);
	pattern_filter_free(tools.filter);
}

#define EXPECT_PAGE(...)       expect_page(&(struct given){__VA_ARGS__})
#define EXPECT_ATTRIBUTES(...) EXPECT_PAGE(.options.attributes = ATTRIBUTES_OF_LINKS, __VA_ARGS__)

Test(attributes, count_in_the_elements_that_have_them)
{
	EXPECT_ATTRIBUTES(
	        .page =
	            "<html manifest=/m><body background=/b><img src=/i longdesc=/l><iframe src=/f></iframe>"
	            "<embed src=/e><audio src=/a></audio><track src=/t><input src=/in formaction=/ifa>"
	            "<button formaction=/bfa><video src=/v poster=/p></video><object data=/o codebase=/oc>"
	            "<applet codebase=/ac></applet><q cite=/q><ins cite=/ins><del cite=/del>"
	            "<blockquote cite=/bq><form action=/form><script src=/s></script><source src=/so>"
	            "<menuitem icon=/mi><command icon=/co><table background=/ta><tr background=/tr>"
	            "<td background=/td><th background=/th>",
	    .expected =
	        "html manifest http://h/m /m\nbody background http://h/b /b\nimg src http://h/i /i\n"
	        "img longdesc http://h/l /l\niframe src http://h/f /f\nembed src http://h/e /e\n"
	        "audio src http://h/a /a\ntrack src http://h/t /t\ninput src http://h/in /in\n"
	        "input formaction http://h/ifa /ifa\nbutton formaction http://h/bfa /bfa\n"
	        "video src http://h/v /v\nvideo poster http://h/p /p\nobject data http://h/o /o\n"
	        "object codebase http://h/oc /oc\napplet codebase http://h/ac /ac\nq cite http://h/q /q\n"
	        "ins cite http://h/ins /ins\ndel cite http://h/del /del\nblockquote cite http://h/bq /bq\n"
	        "form action http://h/form /form\nscript src http://h/s /s\nsource src http://h/so /so\n"
	        "menuitem icon http://h/mi /mi\ncommand icon http://h/co /co\n"
	        "table background http://h/ta /ta\ntr background http://h/tr /tr\n"
	        "td background http://h/td /td\nth background http://h/th /th\n");
	EXPECT_ATTRIBUTES(
	        .page = "<div src=/1 data=/2 cite=/3 icon=/4 action=/5 background=/6 poster=/7 ping=/8 "
	                "manifest=/9>"
	                "<x-y src=/1 srcset=/2><p content=/1><meta name=description content=/1><img data=/1 "
	                "usemap=/2>"
	                "<a src=/1 xlink:href=/2><svg><a src=/1 ping=/2></a><script src=/3></script></svg>",
	    .expected = "");
	EXPECT_ATTRIBUTES(.page = "<frameset><frame src=/f longdesc=/l></frameset>",
	    .expected = "frame src http://h/f /f\nframe longdesc http://h/l /l\n");
	EXPECT_ATTRIBUTES(
	        .page = "<svg><use xlink:href=/u /><image XLINK:HREF=/i href=/j /><base xlink:href=/b></svg>"
	                "<math><mi xlink:href=/m></math><image src=/img>",
	    .expected =
	        "use xlink:href http://h/u /u\nimage xlink:href http://h/i /i\nimage href http://h/j /j\n"
	        "base xlink:href http://h/b /b\nmi xlink:href http://h/m /m\nimage src http://h/img /img\n");
}

Test(attributes, have_links_only_where_the_document_has_their_element)
{
	EXPECT_ATTRIBUTES(
	        .page =
	            "<template><img src=/1></template><!-- <img src=/2> --><title><img src=/3></title>"
	            "<textarea><img src=/4></textarea><script><img src=/5></script><img alt='<img src=/6>'>"
	            "<form action=/7><form action=/8></form><td background=/9><img src=/10>",
	    .expected = "form action http://h/7 /7\nimg src http://h/10 /10\n");
	/* Later html and body tags only add what is not there yet. */
	EXPECT_ATTRIBUTES(.page =
	                      "<html><body background=/1><p><body background=/2 href=/3><html manifest=/4>"
	                      "<html manifest=/5 href=/6>",
	    .expected =
	        "body background http://h/1 /1\nbody href http://h/3 /3\nhtml manifest http://h/4 /4\n"
	        "html href http://h/6 /6\n");
	EXPECT_ATTRIBUTES(.page = "<img SRC=/1 src=/2 srcset=/3 SrcSet=/4 src=/5><img src='/6'srcset=\"/7\">",
	    .expected = "img src http://h/1 /1\nimg srcset http://h/3 /3\nimg src http://h/6 /6\n"
	                "img srcset http://h/7 /7\n");
	EXPECT_ATTRIBUTES(
	        .page = "<img srcs=/1 srcsetx=/2 xsrc=/3 src:=/4 \"src=/5 =src=/6><img a=b/src=/7 b/src=/8>",
	    .expected = "img src http://h/8 /8\n");
}

Test(attributes, empty_values_are_links_only_of_href)
{
	EXPECT_ATTRIBUTES(
	        .page = "<base href=/b/><a href ping><img src='' srcset=' , '><form action=''><button "
	                "formaction=' '>"
	                "<video poster src=\"\n\"></video><object data='&#32;'></object><svg><use "
	                "xlink:href=''></svg>"
	                "<meta http-equiv=refresh content='5'><meta http-equiv=refresh content='5;url='>",
	    .expected = "a href http://h/b/ \n");
	EXPECT_ATTRIBUTES(.page = "<svg><use xlink:href=''></svg>",
	    .expected = "use xlink:href http://h/d/p \n");
}

Test(attributes, are_decoded_before_they_are_split)
{
	EXPECT_ATTRIBUTES(
	        .page =
	            "<base href=//o/><img srcset='/a?x&amp;y&#32;1x&#44; b&comma;&nbsp;c 2x,\xc3\xa9 3x'>",
	    .expected = "img srcset http://o/a?x&y /a?x&y\n"
	                "img srcset http://o/b,%C2%A0c b,\xc2\xa0"
	                "c\nimg srcset http://o/%C3%A9 \xc3\xa9\n");
	EXPECT_ATTRIBUTES(.page = "<img srcset='\xe9?\xe9 1x, b'><a ping='?\xe8 ?x'>",
	    .type = "text/html; charset=windows-1252",
	    .expected = "img srcset http://h/d/%C3%A9?%E9 \xc3\xa9?\xc3\xa9\nimg srcset http://h/d/b b\n"
	                "a ping http://h/d/p?%E8 ?\xc3\xa8\na ping http://h/d/p?x ?x\n");
	EXPECT_ATTRIBUTES(.page = "<meta http-equiv='&#82;efresh' content='1;&#117;rl=&quot;x y&quot;z'>",
	    .expected = "meta content http://h/d/x%20y x y\n");
	EXPECT_ATTRIBUTES(.page =
	                      "\xff\xfe<\0i\0m\0g\0 \0s\0r\0c\0s\0e\0t\0=\0'\0/\0\xe9\0,\0 \0/\0b\0'\0>\0",
	    .len = 44, .expected = "img srcset http://h/%C3%A9 /\xc3\xa9\nimg srcset http://h/b /b\n");
}

Test(attributes, pass_the_filters)
{
	const char *to_b = "b$";
	uint32_t src = ATTRIBUTE_BIT(ATTRIBUTE_SRC) | ATTRIBUTE_BIT(ATTRIBUTE_SRCSET);
	static const char page[] =
	    "<base href=/c/><a href=a><img src=b srcset='b, c, //o/d'><script src=b></script>";
	EXPECT_PAGE(.page = page, .options = {.attributes = src},
	    .expected = "img src http://h/c/b b\nimg srcset http://h/c/c c\nimg srcset http://o/d //o/d\n");
	EXPECT_PAGE(.page = page, .options = {.attributes = src, .tags = "script"},
	    .expected = "script src http://h/c/b b\n");
	EXPECT_PAGE(.page = page, .options = {.attributes = src, .external = true},
	    .expected = "img srcset http://o/d //o/d\n");
	EXPECT_PAGE(.page = page, .options = {.attributes = src, .includes = {&to_b, 1}},
	    .expected = "img src http://h/c/b b\n");
	/* so small that all links are examined before the first is passed on */
	EXPECT_PAGE(.page = page, .options = {.attributes = src, .max_output = 600},
	    .expected = "img src http://h/c/b b\nimg srcset http://h/c/c c\nimg srcset http://o/d //o/d\n");
}

Test(attributes, other_than_href_are_not_followed)
{
	static const char page[] = "<a href=/x ping=/y><img src=/i href=/j><area ping=/z>"
	                           "<svg><a xlink:href=/s></a></svg>";
	EXPECT_ATTRIBUTES(.page = page, .crawls = true,
	    .expected = "page a href http://h/x /x\na ping http://h/y /y\nimg src http://h/i /i\n"
	                "img href http://h/j /j\narea ping http://h/z /z\na xlink:href http://h/s /s\n");
	EXPECT_PAGE(.page = page, .options.attributes = ATTRIBUTE_BIT(ATTRIBUTE_SRC), .crawls = true,
	    .expected = "page, no row: a href http://h/x /x\nimg src http://h/i /i\n");
}

Test(attributes, of_xhtml_are_those_of_its_namespace)
{
	EXPECT_ATTRIBUTES(.type = "application/xhtml+xml",
	    .page = "<html xmlns='http://www.w3.org/1999/xhtml' xmlns:x='http://www.w3.org/1999/xlink' "
	            "xmlns:o='urn:o'>"
	            "<meta http-equiv='refresh' content='1;url=/r'/>"
	            "<img src='/1' srcset='/2, /3 2x' o:src='/no'/><IMG src='/no'/><o:img src='/no' "
	            "href='/4' x:href='/5'/>"
	            "<template><img src='/no'/></template><a ping='/6 /7' href='/8' id='i' name='n' "
	            "x:href='/9'/></html>",
	    .expected = "meta content http://h/r /r\nimg src http://h/1 /1\nimg srcset http://h/2 /2\n"
	                "img srcset http://h/3 /3\nimg href http://h/4 /4\nimg xlink:href http://h/5 /5\n"
	                "a ping http://h/6 /6\na ping http://h/7 /7\npage a href http://h/8 /8\na xlink:href "
	                "http://h/9 /9\n");
	EXPECT_PAGE(.type = "application/xhtml+xml",
	    .page = "<html xmlns='http://www.w3.org/1999/xhtml'><img src='/1' href='/2'/></html>",
	    .expected = "img href http://h/2 /2\n");
}

Test(attributes, anchors_come_before_the_links)
{
	static const char page[] = "<html id=h><a href=/x id=1 name='n&amp;\xc3\xa9'><p id=1 name=no><p "
	                           "id=''><map name=no></map><svg id=s><a name=no>"
	                           "</a></svg><template id=t><i id=no></i></template><!--<p id=no>--><b ID=b "
	                           "id=c><meta id=m><base id=ba>";
	EXPECT_PAGE(.page = page, .wants_anchors = true,
	    .expected = "#h\n#1\n#n&\xc3\xa9\n#1\n#s\n#t\n#b\n#m\n#ba\na href http://h/x /x\n");
	EXPECT_PAGE(.page = page, .expected = "a href http://h/x /x\n");
	EXPECT_PAGE(.page = "<p id=\xe9&eacute;>", .type = "text/html; charset=windows-1252",
	    .wants_anchors = true, .expected = "#\xc3\xa9\xc3\xa9\n");
	EXPECT_PAGE(.type = "application/xhtml+xml",
	    .page = "<html xmlns='http://www.w3.org/1999/xhtml' id='h'><a href='/x' name='&#233;'/><p "
	            "name='no' id=''/>"
	            "<template id='t'><i id='no'/></template><s xmlns='urn:s' id='s' name='no'/></html>",
	    .wants_anchors = true, .expected = "#h\n#\xc3\xa9\n#t\n#s\npage a href http://h/x /x\n");
}
