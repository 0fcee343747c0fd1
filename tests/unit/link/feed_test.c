/* Sitemaps and feeds: what is a link in them, and whether a crawl follows it. */
#include "support/whole_page.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void note_link(void *ctx, const struct link *link)
{
	static const char *const kinds[] = {[LINK_RESOURCE] = "resource",
	    [LINK_PAGE] = "page",
	    [LINK_NOFOLLOW] = "nofollow",
	    [LINK_SITEMAP] = "sitemap"};
	char *text = ctx;
	size_t used = strlen(text);
	snprintf(text + used, 4096 - used, "%.*s %s %.*s\n", (int)link->tag.len,
	    link->tag.data ? link->tag.data : "", kinds[link->kind], (int)link->url.len, link->url.data);
}

static bool read_document(
    const struct options *asked, const char *type, const char *bytes, size_t piece, char text[4096])
{
	struct options options = *asked;
	options.max_size = 1 << 20;
	options.max_output = options.max_output ? options.max_output : 1 << 30;
	options.format = FORMAT_JSONL;
	struct page_tools tools = {.options = &options,
	    .shared = page_shared_new(PAGES_MEMORY),
	    .patterns = extract_patterns_new(ATTRIBUTES_DEFAULT)};
	if (options.includes.count)
		tools.filter =
		    pattern_filter_new("--include", &options.includes, "--exclude", &options.excludes);
	struct page *page = page_new(&tools);
	size_t len = strlen(bytes);
	text[0] = '\0';
	page_begin(page, type);
	for (size_t at = 0; at < len; at += piece)
		cr_assert(page_feed(page, bytes + at, len - at < piece ? len - at : piece));
	enum page_state state =
	    whole_page_emit_links(page, tools.shared, "http://h/d/p", piece % 2, note_link, text);
	page_free(page);
	page_shared_free(tools.shared);
	extract_patterns_free(tools.patterns);
	pattern_filter_free(tools.filter);
	return state == PAGE_DONE;
}

static void expect_with(const struct options *options, const char *bytes, const char *expected)
{
	static const size_t pieces[] = {SIZE_MAX / 2, 1, 7};
	char text[4096];
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		cr_expect(read_document(options, "application/xml", bytes, pieces[i], text), "%s", bytes);
		cr_expect_str_eq(
		    text, expected, "%s\nin pieces of %zu gave\n%snot\n%s", bytes, pieces[i], text, expected);
	}
}

static void expect_links(const char *bytes, const char *expected)
{
	expect_with(&(struct options){0}, bytes, expected);
}

#define SITEMAP "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
#define IMAGE   "xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'"
#define VIDEO   "xmlns:v='http://www.google.com/schemas/sitemap-video/1.1'"
#define XHTML   "xmlns:xhtml='http://www.w3.org/1999/xhtml'"
#define ATOM    "xmlns='http://www.w3.org/2005/Atom'"
#define RDF     "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"

/* sitemaps.org/protocol.html */
Test(feed, sitemap_has_the_text_of_its_locs)
{
	static const char *const cases[][2] = {
	    {"<urlset " SITEMAP "><url><loc>http://o/a</loc></url></urlset>", "loc page http://o/a\n"},
	    {"<sitemapindex " SITEMAP "><sitemap><loc>http://o/a</loc></sitemap></sitemapindex>",
	        "loc sitemap http://o/a\n"},
	    {"<urlset><url><loc>http://o/a</loc></url></urlset>", "loc page http://o/a\n"},
	    {"<urlset xmlns='http://www.google.com/schemas/sitemap/0.84'><url><loc>a</loc></url></urlset>",
	        "loc page http://h/d/a\n"},
	    {"<s:urlset xmlns:s='urn:x'><s:url><s:loc>/a</s:loc></s:url></s:urlset>",
	        "loc page http://h/a\n"},
	    {"<?xml version='1.0'?><!--c--><urlset><url><lastmod>x</lastmod>"
	     "<loc>\n\t http://o/a \r\n</loc></url></urlset>",
	        "loc page http://o/a\n"},
	    {"<urlset><url><loc>http://o/<![CDATA[a?b&c]]>&amp;d&#101;</loc></url></urlset>",
	        "loc page http://o/a?b&c&de\n"},
	    {"<urlset><url><loc>http://o/<!-- c -->a<?p i?>b</loc></url></urlset>", "loc page http://o/ab\n"},
	    {"<!DOCTYPE urlset [<!ENTITY h 'http://o'>]><urlset><url><loc>&h;/a</loc></url>"
	     "<url><loc>&h;/b</loc></url></urlset>",
	        "loc page http://o/a\nloc page http://o/b\n"},
	    {"<!DOCTYPE urlset [<!ENTITY e '<url><loc>a</loc></url>'>]><urlset>&e;</urlset>",
	        "loc page http://h/d/a\n"},
	    {"<urlset><url><loc/><loc> \n</loc><loc>a</loc><loc>b</loc></url></urlset>",
	        "loc page http://h/d/a\nloc page http://h/d/b\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_links(cases[i][0], cases[i][1]);
}

Test(feed, sitemap_has_no_other_texts)
{
	static const char *const cases[] = {
	    "<urls><url><loc>a</loc></url></urls>",
	    "<html><urlset><url><loc>a</loc></url></urlset></html>",
	    "<URLSET><URL><LOC>a</LOC></URL></URLSET>",
	    "<urlset><loc>a</loc></urlset>",
	    "<urlset><x><loc>a</loc></x><url><x><loc>a</loc></x></url></urlset>",
	    "<urlset><url><loc><b>a</b></loc></url></urlset>",
	    "<urlset " SITEMAP " xmlns:x='urn:x'><url><x:loc>a</x:loc></url></urlset>",
	    "<urlset " SITEMAP " xmlns:x='urn:x'><x:url><loc>a</loc></x:url></urlset>",
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_links(cases[i], "");
}

/* developers.google.com/search/docs/crawling-indexing/sitemaps */
Test(feed, sitemap_extensions_have_names_of_their_own)
{
	expect_links("<urlset " SITEMAP " " IMAGE " " VIDEO " " XHTML "><url><loc>a</loc>"
	             "<image:image><image:loc>i.png</image:loc><image:title>t</image:title></image:image>"
	             "<v:video><v:title>t</v:title><v:thumbnail_loc>t.png</v:thumbnail_loc>"
	             "<v:content_loc>c.mp4</v:content_loc><v:player_loc>p</v:player_loc></v:video>"
	             "<xhtml:link rel='alternate' hreflang='de' href='de'/></url></urlset>",
	    "loc page http://h/d/a\nimage:loc resource http://h/d/i.png\n"
	    "video:thumbnail_loc resource http://h/d/t.png\nvideo:content_loc resource http://h/d/c.mp4\n"
	    "video:player_loc resource http://h/d/p\nlink resource http://h/d/de\n");
	/* not in an image; without a declaration of the prefix */
	expect_links("<urlset " SITEMAP " " IMAGE "><url><image:loc>i</image:loc></url></urlset>",
	    "image:loc resource http://h/d/i\n");
	expect_links("<urlset><url><image:loc>i</image:loc><loc>a</loc></url></urlset>",
	    "image:loc resource http://h/d/i\nloc page http://h/d/a\n");
}

/* rssboard.org/rss-specification; web.resource.org/rss/1.0/spec */
Test(feed, rss_has_the_text_of_its_links)
{
	static const char *const cases[][2] = {
	    {"<rss version='2.0'><channel><link>http://o/</link><item><link> a </link></item>"
	     "<item><link><![CDATA[http://o/?b&c]]></link></item></channel></rss>",
	        "link page http://o/\nlink page http://h/d/a\nlink page http://o/?b&c\n"},
	    {"<rss version='0.91'><channel><image><link>i</link></image><item><title>t</title></item>"
	     "</channel></rss>",
	        "link page http://h/d/i\n"},
	    {"<rss "
	     "xmlns='http://backend.userland.com/rss2'><channel><item><link>a</link></item></channel></rss>",
	        "link page http://h/d/a\n"},
	    {"<rdf:RDF " RDF " xmlns='http://purl.org/rss/1.0/'><channel><link>c</link></channel>"
	     "<item><link>a</link></item></rdf:RDF>",
	        "link page http://h/d/c\nlink page http://h/d/a\n"},
	    {"<rdf:RDF " RDF " xmlns:r='http://my.netscape.com/rdf/simple/0.9/'><r:item><r:link>a</r:link>"
	     "</r:item></rdf:RDF>",
	        "link page http://h/d/a\n"},
	    {"<rdf:RDF " RDF "><item><link>no</link></item></rdf:RDF>", ""},
	    {"<rss xmlns:a='http://www.w3.org/2005/Atom' xmlns:x='urn:x'><channel><x:link>no</x:link>"
	     "<a:link rel='self' href='self'/><a:link href='alternate'/><description>&lt;a "
	     "href='no'></description>"
	     "</channel></rss>",
	        "link resource http://h/d/self\nlink page http://h/d/alternate\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_links(cases[i][0], cases[i][1]);
}

/* rssboard.org/rss-specification#ltguidgtSubelementOfLtitemgt */
Test(feed, rss_guid_stands_for_a_missing_link)
{
	static const char *const cases[][2] = {
	    {"<item><guid>http://o/a</guid></item>", "guid page http://o/a\n"},
	    {"<item><guid isPermaLink='true'> HTTPS://o/a </guid></item>", "guid page https://o/a\n"},
	    {"<item><guid isPermaLink='false'>http://o/a</guid></item>", ""},
	    {"<item><guid>http://o/a</guid><link>b</link></item>", "link page http://h/d/b\n"},
	    {"<item><link>b</link><guid>http://o/a</guid></item>", "link page http://h/d/b\n"},
	    {"<item><link/><guid>http://o/a</guid></item>", "guid page http://o/a\n"},
	    {"<item><guid>17</guid></item><item><guid>tag:o,2024:1</guid></item>", ""},
	    {"<item><guid>http://o/a</guid><guid>http://o/b</guid><item/></item><guid>http://o/c</guid>",
	        "guid page http://o/a\n"},
	};
	char document[512];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(document, sizeof document, "<rss><channel>%s</channel></rss>", cases[i][0]);
		expect_links(document, cases[i][1]);
	}
}

/* RFC 4287, sections 2 and 4.2.7 */
Test(feed, atom_obeys_xml_base)
{
	static const char *const cases[][2] = {
	    {"<feed " ATOM
	     "><link href='a'/><entry><link rel='alternate' href='b'/><link rel='self' href='c'/>"
	     "<link rel='http://www.iana.org/assignments/relation/alternate' href='d'/></entry></feed>",
	        "link page http://h/d/a\nlink page http://h/d/b\nlink resource http://h/d/c\n"
	        "link page http://h/d/d\n"},
	    {"<feed " ATOM " xml:base='http://o/x/'><link href='a'/><entry xml:base='y/'><link href='b'/>"
	     "<content xml:base='/z/'><b href='c'/></content><link href='d'/></entry><link href='e'/></feed>",
	        "link page http://o/x/a\nlink page http://o/x/y/b\nb resource http://o/z/c\n"
	        "link page http://o/x/y/d\nlink page http://o/x/e\n"},
	    {"<feed " ATOM "><entry><link xml:base='sub/' href='a'/></entry><link href='b'/></feed>",
	        "link page http://h/d/sub/a\nlink page http://h/d/b\n"},
	    {"<feed " ATOM " xml:base='http://['><link href='a'/></feed>", "link page http://h/d/a\n"},
	    {"<feed xml:base='http://o/'><link href='a'/></feed>", "link resource http://h/d/a\n"},
	    {"<rss xml:base='http://o/'><channel><link>a</link></channel></rss>", "link page http://h/d/a\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_links(cases[i][0], cases[i][1]);
	const char *include = "/x/";
	expect_with(&(struct options){.includes = {&include, 1}}, cases[1][0],
	    "link page http://o/x/a\nlink page http://o/x/y/b\nlink page http://o/x/y/d\n"
	    "link page http://o/x/e\n");
}

Test(feed, a_long_xml_base_counts_for_each_link)
{
	enum { LINKS = 1000, BASE = 1000 };
	static char document[64 << 10] = "<feed " ATOM " xml:base='http://o/";
	char text[4096];
	memset(document + strlen(document), 'x', BASE);
	strcat(document, "/'>");
	for (int i = 0; i < LINKS; i++)
		sprintf(document + strlen(document), "<link href='%d'/>", i);
	strcat(document, "</feed>");
	cr_expect_not(read_document(
	    &(struct options){.max_output = LINKS * BASE}, "application/xml", document, SIZE_MAX / 2, text));
	cr_expect_str_empty(text);
	cr_expect(read_document(&(struct options){.max_output = 2 * LINKS * BASE}, "application/xml",
	    document, SIZE_MAX / 2, text));
}

Test(feed, an_error_loses_nothing_before_it)
{
	static const char *const tails[] = {"", "</url", "</url></urlset", "<loc>b", "<loc>b&nbsp;c</loc>",
	    "<a href=b>", "</urlset>", "<\x01>", "&x;", "\xff", "</url></urlset>junk"};
	char document[200];
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		snprintf(document, sizeof document, "<urlset><url><loc>a</loc>%s", tails[i]);
		expect_links(document, "loc page http://h/d/a\n");
	}
}

/* XML 1.0, section 2.8, has the declaration first; other readers of sitemaps let white space pass. */
Test(feed, white_space_may_stand_before_its_declaration)
{
	expect_links(
	    "\r\n <?xml version='1.0'?><urlset><url><loc>a</loc></url></urlset>", "loc page http://h/d/a\n");
	expect_links(
	    "\n<?xml version='1.0'?><feed " ATOM "><link href='a'/></feed>", "link page http://h/d/a\n");
	expect_links("\n<?xml version='1.0'?><html href='x'><a href='a'/></html>", "");
	expect_links("\n<html><a href='a'/></html>", "a resource http://h/d/a\n");
}

Test(feed, xhtml_has_links_to_pages)
{
	expect_links(
	    "<html xmlns='http://www.w3.org/1999/xhtml'><link href='a'/><a href='b'/><area href='c'/>"
	    "<a rel='x  NoFollow' href='d'/><a rel='nofollower' href='e'/><a xmlns='' href='f'/></html>",
	    "link resource http://h/d/a\na page http://h/d/b\narea page http://h/d/c\na nofollow "
	    "http://h/d/d\n"
	    "a page http://h/d/e\na resource http://h/d/f\n");
}

Test(feed, tags_are_filtered_by_name)
{
	static const char document[] = "<urlset " SITEMAP " " IMAGE "><url><loc>a</loc><image:image>"
	                               "<image:loc>i</image:loc></image:image></url></urlset>";
	expect_with(&(struct options){.tags = "loc"}, document, "loc page http://h/d/a\n");
	expect_with(&(struct options){.tags = "a,Image:Loc"}, document, "image:loc resource http://h/d/i\n");
	expect_with(&(struct options){.tags = "a"}, document, "");
}
