#include "link/filter.h"
#include "link/mediatype.h"

#include <criterion/criterion.h>
#include <string.h>

Test(mediatype, tells_markup_text_and_the_rest_apart)
{
	static const struct {
		const char *type;
		enum mediatype expected;
	} cases[] = {
	    {NULL, MEDIATYPE_UNKNOWN},
	    {"", MEDIATYPE_UNKNOWN},
	    {"text/html", MEDIATYPE_HTML},
	    {"TEXT/HTML;charset=utf-8", MEDIATYPE_HTML},
	    {" text/html ; charset=x", MEDIATYPE_HTML},
	    {"application/xhtml+xml", MEDIATYPE_XML},
	    {"application/rss+xml", MEDIATYPE_XML},
	    {"image/svg+xml", MEDIATYPE_XML},
	    {"html", MEDIATYPE_UNKNOWN},
	    {"x-unknown/x-unknown", MEDIATYPE_HTML},
	    {"text/xml;charset=x", MEDIATYPE_XML},
	    {"application/unknown", MEDIATYPE_UNKNOWN},
	    {"*/*", MEDIATYPE_UNKNOWN},
	    {"text/plain", MEDIATYPE_TEXT},
	    {"text/css", MEDIATYPE_TEXT},
	    {"text/event-stream", MEDIATYPE_TEXT},
	    {"multipart/x-mixed-replace; boundary=a", MEDIATYPE_TEXT},
	    {"message/rfc822", MEDIATYPE_TEXT},
	    {"application/json", MEDIATYPE_TEXT},
	    {"application/ld+json; x", MEDIATYPE_TEXT},
	    {"application/javascript", MEDIATYPE_TEXT},
	    {"image/png", MEDIATYPE_BINARY},
	    {"IMAGE/PNG", MEDIATYPE_BINARY},
	    {"video/mp4", MEDIATYPE_BINARY},
	    {"application/zip", MEDIATYPE_BINARY},
	    {"application/octet-stream", MEDIATYPE_FILE},
	    {"application/gzip", MEDIATYPE_FILE},
	    {"Application/X-GZIP; x", MEDIATYPE_FILE},
	    {"application/pdf", MEDIATYPE_BINARY},
	    {"font/woff2", MEDIATYPE_BINARY},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(mediatype_of(cases[i].type), cases[i].expected, "case %zu: %s", i,
		    cases[i].type ? cases[i].type : "(none)");
}

Test(mediatype, is_known_by_the_first_bytes)
{
	static const struct {
		struct slice head;
		enum mediatype expected;
	} cases[] = {
#define HEAD(text) {text, sizeof(text) - 1}
	    {HEAD(""), MEDIATYPE_HTML},
	    {HEAD("<!DOCTYPE html>"), MEDIATYPE_HTML},
	    {HEAD(" \n\t<hTmL>\0"), MEDIATYPE_HTML},
	    {HEAD("<!-- a -->"), MEDIATYPE_HTML},
	    {HEAD("<a href=x>"), MEDIATYPE_HTML},
	    {HEAD("<meta charset=x>"), MEDIATYPE_HTML},
	    {HEAD("</p>"), MEDIATYPE_HTML},
	    {HEAD("<?xml version='1.0'?>"), MEDIATYPE_XML},
	    {HEAD("\xef\xbb\xbf<?xml version='1.0'?>"), MEDIATYPE_XML},
	    {HEAD("\xef\xbb\xbf <p>"), MEDIATYPE_HTML},
	    {HEAD("\n<urlset xmlns='x'>"), MEDIATYPE_XML},
	    {HEAD("<!-- a --><rss>"), MEDIATYPE_XML},
	    {HEAD("<feedback>"), MEDIATYPE_HTML},
	    {HEAD("\xff\xfe<\0p\0>\0"), MEDIATYPE_HTML},
	    {HEAD("\xfe\xff\0<\0p\0>"), MEDIATYPE_HTML},
	    {HEAD("\xef\xbb\xbf a\x01"), MEDIATYPE_TEXT},
	    {HEAD("a <a href=x>"), MEDIATYPE_TEXT},
	    {HEAD("1 < 2"), MEDIATYPE_TEXT},
	    {HEAD("< a"), MEDIATYPE_TEXT},
	    {HEAD("{\"a\": \"<a href=x>\"}"), MEDIATYPE_TEXT},
	    {HEAD("\x1b$B"), MEDIATYPE_TEXT},
	    {HEAD("\xe9t\xe9"), MEDIATYPE_TEXT},
	    {HEAD("\x89PNG\r\n\x1a\n"), MEDIATYPE_BINARY},
	    {HEAD("GIF89a\x01\0\x01\0"), MEDIATYPE_BINARY},
	    {HEAD("\xff\xd8\xff\xe0\0\x10JFIF"), MEDIATYPE_BINARY},
	    {HEAD("RIFF\x24\0\0\0WEBPVP8 "), MEDIATYPE_BINARY},
	    {HEAD("BM6\0\x0c\0"), MEDIATYPE_BINARY},
	    {HEAD("PK\x03\x04"), MEDIATYPE_BINARY},
	    {HEAD("\x1f\x8b\x08"), MEDIATYPE_BINARY},
	    {HEAD("Rar!\x1a\7\0"), MEDIATYPE_BINARY},
	    {HEAD("\0\0\0\x18"
	          "ftypmp42"),
	        MEDIATYPE_BINARY},
	    {HEAD("OggS\0"), MEDIATYPE_BINARY},
	    {HEAD("wOF2\0\1\0\0"), MEDIATYPE_BINARY},
	    {HEAD("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), MEDIATYPE_BINARY},
	    {HEAD("%!PS-Adobe-3.0"), MEDIATYPE_BINARY},
	    {HEAD(" %PDF-1.7"), MEDIATYPE_TEXT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(mediatype_sniff(cases[i].head), cases[i].expected, "case %zu", i);
}

/* Whatever the type says: what is in a gzip file is read if it is XML, and surely not if it is an archive. */
Test(mediatype, of_a_gzip_file_is_that_of_its_content)
{
	static const struct {
		struct slice head;
		enum mediatype expected;
	} cases[] = {
	    {HEAD("<?xml version='1.0'?><x/>"), MEDIATYPE_XML},
	    {HEAD("\xef\xbb\xbf\n<?xml version='1.0'?>"), MEDIATYPE_XML},
	    {HEAD("\xff\xfe<\0u\0"), MEDIATYPE_XML},
	    {HEAD("\xfe\xff\0<"), MEDIATYPE_XML},
	    {HEAD("<\0?\0x\0"), MEDIATYPE_XML},
	    {HEAD("\0<\0?"), MEDIATYPE_XML},
	    {HEAD(" <urlset>"), MEDIATYPE_XML},
	    {HEAD("<s:urlset xmlns:s='x'>"), MEDIATYPE_XML},
	    {HEAD("<sitemapindex/>"), MEDIATYPE_XML},
	    {HEAD("<!-- c > --> <!----><rss version='2.0'>"), MEDIATYPE_XML},
	    {HEAD("<!DOCTYPE urlset [<!ENTITY a 'b'>]><urlset>"), MEDIATYPE_XML},
	    {HEAD("<!--c--><!DOCTYPE\nrss>"), MEDIATYPE_XML},
	    {HEAD("<feed xmlns='http://www.w3.org/2005/Atom'>"), MEDIATYPE_XML},
	    {HEAD("<rdf:RDF\n"), MEDIATYPE_XML},
	    {HEAD(""), MEDIATYPE_BINARY},
	    {HEAD("<"), MEDIATYPE_BINARY},
	    {HEAD("<!--"), MEDIATYPE_BINARY},
	    {HEAD("<!-- <urlset>"), MEDIATYPE_BINARY},
	    {HEAD("<!DOCTYPE"), MEDIATYPE_BINARY},
	    {HEAD("<!DOCTYPE html>"), MEDIATYPE_BINARY},
	    {HEAD("<html><a href=x>"), MEDIATYPE_BINARY},
	    {HEAD("<urlsets>"), MEDIATYPE_BINARY},
	    {HEAD("http://a/\n"), MEDIATYPE_BINARY},
	    {HEAD("a.xml\0\0\0"), MEDIATYPE_BINARY},
	    {HEAD("\x1f\x8b\x08"), MEDIATYPE_BINARY},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(mediatype_sniff_gzip_file(cases[i].head), cases[i].expected, "case %zu", i);
}

static void parse(struct url *url, const char *text)
{
	url_init(url);
	cr_assert(url_parse(url, text, strlen(text), NULL, NULL), "%s", text);
}

static bool wants(const struct options *options, const char *page_url, const char *link_url)
{
	struct url page, link;
	parse(&page, page_url);
	parse(&link, link_url);
	bool wanted = filter_wants(options, &page, &link);
	url_release(&page);
	url_release(&link);
	return wanted;
}

Test(filter, keeps_the_named_schemes)
{
	static const struct {
		const char *schemes, *link;
		bool wanted;
	} cases[] = {{.schemes = NULL, .link = "mailto:x", .wanted = true},
	    {.schemes = "http,https", .link = "http://a/", .wanted = true},
	    {.schemes = "http,https", .link = "https://a/", .wanted = true},
	    {.schemes = "http,https", .link = "mailto:x", .wanted = false},
	    {.schemes = "HTTP, Mailto", .link = "mailto:x", .wanted = true},
	    {.schemes = "http", .link = "https://a/", .wanted = false},
	    {.schemes = "https", .link = "http://a/", .wanted = false},
	    {.schemes = "", .link = "http://a/", .wanted = false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct options options = {.schemes = cases[i].schemes};
		cr_expect_eq(wants(&options, "http://page/", cases[i].link), cases[i].wanted, "case %zu", i);
	}
}

Test(filter, tells_the_pages_own_host_from_others)
{
	static const struct {
		const char *page, *link;
		bool same_host, external;
	} cases[] = {
	    {.page = "http://a/", .link = "http://a/x?y#z", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "http://A:80/", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "http://user@a/", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "http://a:81/", .same_host = false, .external = true},
	    {.page = "http://a:81/", .link = "http://a:81/", .same_host = true, .external = false},
	    {.page = "http://a:443/", .link = "https://a/", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "https://a/", .same_host = false, .external = true},
	    {.page = "http://a/", .link = "http://www.a/", .same_host = false, .external = true},
	    {.page = "http://a/", .link = "http://b/", .same_host = false, .external = true},
	    {.page = "http://127.1/", .link = "http://127.0.0.1/", .same_host = true, .external = false},
	    {.page = "http://[::1]/", .link = "http://[0:0::1]/", .same_host = true, .external = false},
	    {.page = "http://a/", .link = "mailto:x@a", .same_host = false, .external = false},
	    {.page = "http://a/", .link = "ftp://b/", .same_host = false, .external = false},
	    {.page = "http://a/", .link = "javascript:a", .same_host = false, .external = false},
	    {.page = "http://a/", .link = "file:///a", .same_host = false, .external = false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct options same_host = {.same_host = true}, external = {.external = true};
		cr_expect_eq(wants(&same_host, cases[i].page, cases[i].link), cases[i].same_host,
		    "--same-host, case %zu", i);
		cr_expect_eq(wants(&external, cases[i].page, cases[i].link), cases[i].external,
		    "--external, case %zu", i);
		cr_expect(wants(&(struct options){0}, cases[i].page, cases[i].link), "case %zu", i);
	}
	cr_expect_not(
	    wants(&(struct options){.same_host = true, .schemes = "https"}, "http://a/", "http://a/"),
	    "filters add up");
}
