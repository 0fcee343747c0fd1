/* What only a crawl wants to know of a page: which links lead on, and what a <meta> says to crawlers. */
#include "support/whole_page.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 4096 };

static void note_link(void *ctx, const struct link *link)
{
	static const char *const kinds[] = {[LINK_RESOURCE] = "resource",
	    [LINK_PAGE] = "page",
	    [LINK_NOFOLLOW] = "nofollow",
	    [LINK_SITEMAP] = "sitemap"};
	char *text = ctx;
	size_t used = strlen(text);
	snprintf(text + used, TEXT_SIZE - used, "%s%s %.*s\n", link->is_row ? "" : "only ", kinds[link->kind],
	    (int)link->url.len, link->url.data);
}

static void note_robots(void *ctx, struct slice name, struct slice content)
{
	char *text = ctx;
	size_t used = strlen(text);
	snprintf(text + used, TEXT_SIZE - used, "meta %.*s: %.*s\n", (int)name.len, name.data,
	    (int)content.len, content.data);
}

struct given {
	const char *type; /* NULL for text/html */
	const char *bytes;
	const char *include, *pattern, *tags;
	bool ignores_nofollow;
	bool is_plain; /* no crawl */
};

static void expect_page(const struct given *given, const char *expected)
{
	static const size_t pieces[] = {SIZE_MAX / 2, 1, 7};
	struct options options = {.max_size = 1 << 20, .max_output = 1 << 30, .tags = given->tags};
	if (given->include)
		options.includes = (struct option_list){(const char **)&given->include, 1};
	struct page_tools tools = {.options = &options,
	    .shared = page_shared_new(PAGES_MEMORY),
	    .patterns = extract_patterns_new(ATTRIBUTES_DEFAULT),
	    .filter = given->include
	                  ? pattern_filter_new("--include", &options.includes, "--exclude", &options.excludes)
	                  : NULL,
	    .pattern = given->pattern ? pattern_new("-e", given->pattern) : NULL,
	    .crawls = !given->is_plain,
	    .obeys_nofollow = !given->ignores_nofollow,
	    .robots_name = "areq"};
	size_t len = strlen(given->bytes);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct page *page = page_new(&tools);
		char text[TEXT_SIZE] = "";
		page_begin(page, given->type ? given->type : "text/html");
		for (size_t at = 0; at < len; at += pieces[i])
			cr_assert(
			    page_feed(page, given->bytes + at, len - at < pieces[i] ? len - at : pieces[i]));
		cr_expect_eq(whole_page_emit_links(page, tools.shared, "http://h/", i == 1, note_link, text),
		    PAGE_DONE);
		page_robots(page, note_robots, text);
		cr_expect_str_eq(text, expected, "%s\ngave\n%snot\n%s", given->bytes, text, expected);
		page_free(page);
	}
	pattern_filter_free(tools.filter);
	pattern_free(tools.pattern);
	extract_patterns_free(tools.patterns);
	page_shared_free(tools.shared);
}

#define EXPECT(expected, ...) expect_page(&(struct given){__VA_ARGS__}, expected)

/* HTML standard, sections 4.6.5 (nofollow) and 2.3.7 (words) */
Test(crawl, follows_a_and_area)
{
	EXPECT("page http://h/a\npage http://h/b\nresource http://h/c\nresource http://h/d\n",
	    .bytes = "<a href=a><AREA href=b><link href=c rel=next><b href=d>");
	EXPECT("nofollow http://h/a\nnofollow http://h/b\nnofollow http://h/c\nnofollow http://h/d\n",
	    .bytes = "<a rel=nofollow href=a><a href=b rel='x\tNOFOLLOW\ny'><area rel=nofollo&#119; href=c>"
	             "<a href=d REL=nofollow rel=x>");
	EXPECT("page http://h/a\npage http://h/b\npage http://h/c\npage http://h/d\nresource http://h/e\n",
	    .bytes = "<a rel=nofollowed href=a><a rel=no-follow href=b><a title=nofollow href=c>"
	             "<a data-rel=nofollow href=d><link rel=nofollow href=e>");
	EXPECT("resource http://h/a\n", .bytes = "<a href=a><meta name=robots content=x>", .is_plain = true);
	EXPECT("page http://h/a\n", .bytes = "href='a'", .pattern = "href='(.*?)'", .type = "text/plain");
}

/* A link is given once, but a crawl must not miss it because a link that leads nowhere comes first. */
Test(crawl, follows_a_link_that_another_one_hides)
{
	static const char hidden[] =
	    "<link href=a><a href=a rel=nofollow><a href=a><a href=a><a href=b><link href=b>";
	static const char expected[] = "resource http://h/a\nonly page http://h/a\npage http://h/b\n";
	EXPECT(expected, .bytes = hidden);
	EXPECT(expected, .bytes = hidden, .include = ".");
	/* The filters choose rows, not the way. */
	EXPECT("only page http://h/a\npage http://h/b\n", .bytes = hidden, .include = "b");
	EXPECT("only page http://h/a\nresource http://h/c\n", .bytes = "<a href=a><link href=c>",
	    .tags = "link");
	EXPECT("only page http://h/a\nresource http://h/c\n",
	    .bytes = "<html xmlns='http://www.w3.org/1999/xhtml'><a href='a'/><link href='c'/></html>",
	    .type = "application/xhtml+xml", .tags = "link");
	EXPECT("page http://h/a\n", .bytes = "<a href=a rel=nofollow>", .ignores_nofollow = true);
	EXPECT("resource http://h/a\nresource http://h/b\n", .bytes = hidden, .is_plain = true);
	EXPECT(
	    "resource http://h/a\nresource http://h/b\n", .bytes = hidden, .include = ".", .is_plain = true);
}

Test(crawl, is_told_what_a_meta_says)
{
	static const char page[] =
	    "<meta name=robots content='noindex, nofollow'><META NAME='AREQ' CONTENT=none>"
	    "<meta name=googlebot content=a><meta name=robots><meta content=b>"
	    "<meta content='&#110;ofollow' name='r&#111;bots'><template><meta name=robots "
	    "content=c></template><!-- <meta name=robots content=d> -->";
	static const char expected[] =
	    "meta robots: noindex, nofollow\nmeta AREQ: none\nmeta robots: \nmeta robots: nofollow\n";
	EXPECT(expected, .bytes = page);
	EXPECT(expected, .bytes = page, .pattern = "none at all");
	EXPECT(expected, .bytes = page, .pattern = "none at all", .type = "text/html;charset=utf-8");
	EXPECT("", .bytes = page, .is_plain = true);
	EXPECT("page http://h/a\nmeta robots: nofollow\n",
	    .bytes = "<html xmlns='http://www.w3.org/1999/xhtml'><meta name='robots' content='nofollow'/>"
	             "<meta name='x' content='y'/><template><meta name='robots' content='z'/></template>"
	             "<a href='a'/></html>",
	    .type = "application/xhtml+xml");
}

Test(crawl, keeps_no_endless_meta)
{
	static char page[3 * PAGE_ROBOTS_MAX], expected[] = "meta robots: a\nmeta robots: b\n";
	strcpy(page, "<meta name=robots content=a><meta name=robots content=");
	memset(page + strlen(page), 'x', PAGE_ROBOTS_MAX);
	strcat(page, "><meta name=robots content=b>");
	EXPECT(expected, .bytes = page);
}
