/* Links, resolving and rows, through the whole program. */
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The links of one page, a line each, as areq prints them with these further options; the caller frees them.
 * The page is at /_/dir/page below the site, which is cut off the links as SITE. */
static char *links_of(
    struct site *site, const char *body, const char *type, const char *option, const char *value)
{
	struct run_result result;
	const char *url = site_page_at(site, "/_/page", "type", type, "body", body);
	const char *const args[] = {"--no-header", url, option, value, NULL};
	run_program(&result, NULL, run_areq_name(), args);
	run_assert_exit(&result, 0);
	char *links = calloc(1, result.out_len + 1);
	char origin[128];
	size_t origin_len = (size_t)snprintf(origin, sizeof origin, "http://%s", site->host);
	for (char *row = result.out; *row;) {
		char *end = strchr(row, '\n');
		char *link = strchr(row, '\t') + 1;
		cr_assert(end && link < end);
		cr_assert(strncmp(row, url, strlen(url)) == 0, "the source stands first");
		if (strncmp(link, origin, origin_len) == 0) {
			strcat(links, "SITE");
			link += origin_len;
		}
		strncat(links, link, (size_t)(end - link + 1));
		row = end + 1;
	}
	run_release(&result);
	return links;
}

static void expect_links(struct site *site, const char *body, const char *expected)
{
	char *links = links_of(site, body, "text/html", NULL, NULL);
	cr_expect_str_eq(links, expected, "%s gave\n%s, not\n%s", body, links, expected);
	free(links);
}

Test(links, are_those_that_a_browser_sees)
{
	static const struct {
		const char *body, *expected;
	} cases[] = {
	    {"<a href=\"a\"><a href='b'><a href=c><A HREF=d>", "SITE/_/a\nSITE/_/b\nSITE/_/c\nSITE/_/d\n"},
	    {"<link href=a><area href=b><b href=c><svg><a href=d />",
	        "SITE/_/a\nSITE/_/b\nSITE/_/c\nSITE/_/d\n"},
	    {"<!-- <a href=a> --><a href=b>", "SITE/_/b\n"},
	    {"<script>'<a href=a>'</script><style><a href=b></style><a href=c>", "SITE/_/c\n"},
	    {"<title><a href=a></title><textarea><a href=b></textarea><a href=c>", "SITE/_/c\n"},
	    {"<template><a href=a></template><noscript><a href=b></noscript>", "SITE/_/b\n"},
	    {"<a data-href=a><a xlink:href=b><a hreflang=c><a href=d>", "SITE/_/d\n"},
	    {"<a title='href=a' href = \"b\" href=c>", "SITE/_/b\n"},
	    {"<a href='?a=1&amp;b=2&copy=3'>", "SITE/_/page?a=1&b=2&copy=3\n"},
	    {"<a href='#x'>", NULL},
	    {"<base href='http://base.example/d/'><base href='/no'><a href=x>", "http://base.example/d/x\n"},
	    {"<a href=x><base href='http://base.example/d/'>", "http://base.example/d/x\n"},
	    {"<base href='/up/'><a href=x>", "SITE/up/x\n"},
	    {"<a href=a><a href='./a'><a href=b><a href=\" a \">", "SITE/_/a\nSITE/_/b\n"},
	    {"<a href='../../x/./y/../z'><a href='//host.example'><a href='HTTP://HOST.example:80/%7e'>",
	        "SITE/x/z\nhttp://host.example/\nhttp://host.example/%7e\n"},
	    {"<a href='mailto:a@b.example'><a href='javascript:void(0)'><a href='tel:1'><a href='data:,x'>",
	        "mailto:a@b.example\njavascript:void(0)\ntel:1\ndata:,x\n"},
	    {"<a href='a\tb\nc'>", "SITE/_/abc\n"},
	    {"<a href='http://[bad'><a href=b>", "SITE/_/b\n"},
	    {"<a href=\"\xc3\xa9\">", "SITE/_/%C3%A9\n"},
	    {"<a href=\"\xe9\">", "SITE/_/%C3%A9\n"},
	    {"<a href='http://m\xc3\xbcller.example/'>", "http://xn--mller-kva.example/\n"},
	    {"<meta charset=gb18030><a href='\x81\x30\x81'>", "SITE/_/%EF%BF%BD0%EF%BF%BD\n"},
	    {"<meta charset=shift_jis><a href=\x83>", "SITE/_/%EF%BF%BD\n"},
	    {"<math><annotation-xml encoding='text&#x2f;html'><style><a "
	     "href=no></style></annotation-xml></math><a href=b>",
	        "SITE/_/b\n"},
	    {"no links < a href=x", ""},
	};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (cases[i].expected)
			expect_links(&site, cases[i].body, cases[i].expected);
	}
	site_stop(&site);
}

Test(links, of_a_fragment_keep_the_pages_own_address)
{
	struct site site;
	struct run_result result;
	char expected[1000];
	site_start(&site);
	const char *url = site_page(&site, "body", "<a href='#x'><a href=''>");
	run_areq(&result, "--no-header", url);
	snprintf(expected, sizeof expected, "%s\t%s#x\n%s\t%s\n", url, url, url, url);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	site_stop(&site);
}

Test(links, of_other_schemes_can_be_left_out)
{
	struct site site;
	site_start(&site);
	char *links = links_of(&site, "<a href=a><a href='mailto:x'><a href='https://b.example/'>",
	    "text/html", "--schemes", "http,mailto");
	cr_expect_str_eq(links, "SITE/_/a\nmailto:x\n");
	free(links);
	site_stop(&site);
}

Test(links, that_cannot_be_resolved_are_shown_at_v)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *url = site_page(&site, "body", "<a href='http://[bad'><a href=ok>");
	run_areq(&result, "-v", url);
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.err, "no URL: \"http://[bad\""), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(links, come_from_markup_alone_and_patterns_from_all_text)
{
	static const char *const body = "<a href=\"x\">";
	struct site site;
	site_start(&site);
	static const struct {
		const char *type;
		bool markup;
	} cases[] = {{"text/html", true}, {"", true}, {"application/xhtml+xml", true}, {"text/plain", false},
	    {"application/json", false}, {"text/css", false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *links = links_of(&site, body, cases[i].type, NULL, NULL);
		cr_expect_str_eq(links, cases[i].markup ? "SITE/_/x\n" : "", "%s", cases[i].type);
		free(links);
		links = links_of(&site, body, cases[i].type, "-e", "href=\"(.*?)\"");
		cr_expect_str_eq(links, "SITE/_/x\n", "-e in %s", cases[i].type);
		free(links);
	}
	site_stop(&site);
}

Test(links, of_a_users_pattern_are_taken_as_they_stand)
{
	static const struct {
		const char *pattern, *body, *expected;
	} cases[] = {
	    {.pattern = "href=\"(.*?)\"",
	        .body = "<!-- <a href=\"a\"> --><a href='b'>\n<a data-href=\"c\">",
	        .expected = "SITE/_/a\nSITE/_/c\n"},
	    {.pattern = "href=\"(.*?)\"",
	        .body = "<a href=\"?x=1&amp;y=2\">",
	        .expected = "SITE/_/page?x=1&amp;y=2\n"},
	    {.pattern = "href=\"(.*?)\"",
	        .body = "<base href=\"http://base.example/\"><a href=\"x\">",
	        .expected = "http://base.example/\nSITE/_/x\n"},
	    {.pattern = "http://[a-z.]+",
	        .body = "see http://a.example and http://b.example.",
	        .expected = "http://a.example/\nhttp://b.example./\n"},
	    {.pattern = "h=\"(.*?)\"",
	        .body = "<meta charset=utf-8>\xff h=\"a\" \xc3 h=\"b\xff\" h=\"c\" \xe4\xb8",
	        .expected = "SITE/_/a\nSITE/_/b%EF%BF%BD\nSITE/_/c\n"},
	    {.pattern = "href=\"(.*?)\"",
	        .body = "<meta charset=iso-8859-1><a href=\"\xe9\">",
	        .expected = "SITE/_/%C3%A9\n"},
	};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *links = links_of(&site, cases[i].body, "text/html", "-e", cases[i].pattern);
		cr_expect_str_eq(links, cases[i].expected, "case %zu: %s", i, links);
		free(links);
	}
	site_stop(&site);
}

Test(links, of_a_pattern_that_takes_too_long_fail_the_page_alone)
{
	struct site site;
	struct run_result result;
	char list[3000];
	site_start(&site);
	snprintf(list, sizeof list, "%s\n%s\n",
	    site_page(&site, "body", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
	    site_page(&site, "body", "<a href=\"z\">"));
	run_areq_with(&result, (&(struct run_options){.input = list, .limit = 60}), "--no-header", "-e",
	    "href=\"(.*?)\"|(?:x+x+)+y");
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "takes too long on this page"), "%s", result.err);
	cr_expect(strstr(result.out, "/_/z\n"), "%s", result.out);
	run_release(&result);
	site_stop(&site);
}

Test(links, are_found_however_the_page_is_cut)
{
	struct site site;
	struct run_result whole, dripped;
	site_start(&site);
	const char *body =
	    "<!DOCTYPE html><!-- <a href=no> --><a href=\"one\" title='>'>x</a><script>'<a href=no>'</script>"
	    "<a\nhref='two'><base href=\"/sub/\"><a href=three>";
	run_areq(&whole, "--no-header", site_page(&site, "body", body));
	run_areq(&dripped, "--no-header", site_page(&site, "body", body, "drip", "1,2"));
	run_expect_exit(&whole, 0);
	run_expect_exit(&dripped, 0);
	char *links[2];
	const struct run_result *results[] = {&whole, &dripped};
	for (int i = 0; i < 2; i++) {
		struct rows rows, column;
		rows_init(&rows);
		rows_parse(&rows, results[i]->out, results[i]->out_len);
		column = rows_column(&rows, 1);
		cr_assert_eq(column.count, 3);
		links[i] = strdup(column.row[2]);
		rows_release(&column);
		rows_release(&rows);
	}
	cr_expect_str_eq(links[0], links[1]);
	cr_expect(strstr(links[0], "/sub/three"));
	free(links[0]);
	free(links[1]);
	run_release(&whole);
	run_release(&dripped);
	site_stop(&site);
}

Test(links, of_pages_are_never_mixed)
{
	struct site site;
	struct run_result result;
	char list[40 * 200] = "";
	site_start(&site);
	for (int i = 0; i < 40; i++) {
		char group[16];
		snprintf(group, sizeof group, "%d", i);
		strcat(
		    strcat(list, site_page(&site, "links", "300", "group", group, "drip", "1000,1")), "\n");
	}
	run_areq_with(&result, (&(struct run_options){.input = list}), "--no-header", "--per-host", "0");
	run_assert_exit(&result, 0);
	struct rows rows, sources;
	rows_init(&rows);
	rows_parse(&rows, result.out, result.out_len);
	sources = rows_column(&rows, 0);
	cr_assert_eq(rows.count, 40 * 300);
	cr_expect_not(rows.torn);
	size_t changes = 0;
	for (size_t i = 1; i < sources.count; i++)
		changes += strcmp(sources.row[i], sources.row[i - 1]) != 0;
	cr_expect_eq(changes, 39, "each page's rows stand together");
	rows_release(&sources);
	rows_release(&rows);
	run_release(&result);
	site_stop(&site);
}

Test(links, of_xml_are_those_of_its_tree)
{
	static const struct {
		const char *body, *expected;
	} cases[] = {
	    {"<a xmlns='http://www.w3.org/1999/xhtml' href='x&amp;y&#233;'/>", "SITE/_/x&y%C3%A9\n"},
	    {"<feed><link href='a'/><entry><link href=\"b\"></link></entry></feed>", "SITE/_/a\nSITE/_/b\n"},
	    {"<r><a HREF='no'/><a xlink:href='no' xmlns:xlink='urn:x'/><A href='yes'/></r>", "SITE/_/yes\n"},
	    {"<r><![CDATA[<a href='no'>]]><!-- <a href='no'/> --><?pi <a href='no'/> ?><a href='yes'/></r>",
	        "SITE/_/yes\n"},
	    {"<html xmlns='http://www.w3.org/1999/xhtml'><a href='x'/><base "
	     "href='http://base.example/'/></html>",
	        "http://base.example/x\n"},
	    {"<html><base href='http://base.example/'/><a href='x'/></html>", "SITE/_/x\n"},
	    {"<html xmlns='http://www.w3.org/1999/xhtml'><template><a "
	     "href='no'/></template><script>'&lt;'</script>"
	     "<a href='yes'/></html>",
	        "SITE/_/yes\n"},
	    {"<r><a href='yes'/><unclosed></r><a href='no'/>", "SITE/_/yes\n"},
	    {"<r><meta charset='iso-8859-1'/><a href='\xc3\xa9'/></r>", "SITE/_/%C3%A9\n"},
	    {"<?xml version='1.0'?><r><meta charset='iso-8859-1'/><a href='\xc3\xa9'/></r>",
	        "SITE/_/%C3%A9\n"},
	    {"<r><a href='yes'/>\xe9<a href='no'/></r>", "SITE/_/yes\n"},
	    {"<?xml version='1.0' encoding='iso-8859-1'?><r><a href='\xe9?\xe9'/></r>",
	        "SITE/_/%C3%A9?%E9\n"},
	    {"<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'><!ENTITY f 'g'>]><r><a href='yes'/></r>",
	        "SITE/_/yes\n"},
	    {"<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'><r><p>&nbsp;</p><a "
	     "href='&eacute;'/></r>",
	        "SITE/_/%C3%A9\n"},
	    {"<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'><r>&LT;a href='no'/>&nvlt;<a "
	     "href='&nbsp;?&nvlt;&nvlt;'/>&nbsp;&eacute;<a href='b'/></r>",
	        "SITE/_/%C2%A0?%3C%E2%83%92%3C%E2%83%92\nSITE/_/b\n"},
	    {"<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x' [<!ENTITY eacute 'own'>]><r>"
	     "<a href='&eacute;'/></r>",
	        "SITE/_/own\n"},
	    {"<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><r>&e;<a href='a'/>&e;<a href='b'/>"
	     "<a href='&e;'/><a href='no'/></r>",
	        "SITE/_/a\nSITE/_/b\n"},
	};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *links = links_of(&site, cases[i].body, "application/xhtml+xml", NULL, NULL);
		cr_expect_str_eq(links, cases[i].expected, "case %zu: %s", i, links);
		free(links);
	}
	site_stop(&site);
}

Test(links, of_an_xpath_are_the_strings_of_what_it_selects)
{
	static const struct {
		const char *xpath, *type, *body, *expected;
	} cases[] = {
	    {.xpath = "//nav//a/@href",
	        .type = "text/html",
	        .body = "<a href=no></a><nav><ul><li><a href='x?a=1&amp;b'>t</a></nav>",
	        .expected = "SITE/_/x?a=1&b\n"},
	    {.xpath = "//p",
	        .type = "text/html",
	        .body = "<p>one<p><b>t</b>wo",
	        .expected = "SITE/_/one\nSITE/_/two\n"},
	    {.xpath = "//@src",
	        .type = "text/html",
	        .body = "<base href='/d/'><img src=b.png>",
	        .expected = "SITE/d/b.png\n"},
	    {.xpath = "string(//a/@href)",
	        .type = "text/html",
	        .body = "<a href=x></a><a href=y></a>",
	        .expected = "SITE/_/x\n"},
	    {.xpath = "//none", .type = "text/html", .body = "<a href=x>", .expected = ""},
	    {.xpath = "//link/@href",
	        .type = "application/atom+xml",
	        .body = "<r><link href='x'/></r>",
	        .expected = "SITE/_/x\n"},
	    {.xpath = "//a/@href",
	        .type = "text/html",
	        .body = "<meta charset=gbk><a href='\xd6\xd0?\xd6\xd0'>",
	        .expected = "SITE/_/%E4%B8%AD?%D6%D0\n"},
	    {.xpath = "//a/@href", .type = "text/html", .body = "", .expected = ""},
	};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *links = links_of(&site, cases[i].body, cases[i].type, "--xpath", cases[i].xpath);
		cr_expect_str_eq(links, cases[i].expected, "case %zu: %s", i, links);
		free(links);
	}
	char deep[6000] = "";
	for (int i = 0; i < 1000; i++)
		strcat(deep, "<div>");
	strcat(deep, "<a href=deep>");
	char *links = links_of(&site, deep, "text/html", "--xpath", "//a/@href");
	cr_expect_str_eq(links, "SITE/_/deep\n");
	free(links);
	site_stop(&site);
}

Test(links, of_some_elements_can_be_kept_alone)
{
	struct site site;
	site_start(&site);
	char *links = links_of(
	    &site, "<link href=a><A href=b><area href=c><base href='/d/'>", "text/html", "--tags", "a,AREA");
	cr_expect_str_eq(links, "SITE/d/b\nSITE/d/c\n");
	free(links);
	site_stop(&site);
}

Test(links, of_other_attributes_can_be_kept)
{
	static const char page[] = "<base href=/d/><meta http-equiv=refresh content='5;url=r'>"
	                           "<a href=a ping='p q'><img src=i srcset='s 1x, t 2x'><x-y src=no></x-y>"
	                           "<form action=''><svg><use xlink:href=u></svg>";
	static const struct {
		const char *attributes, *expected;
	} cases[] = {
	    {"href", "SITE/d/a\n"},
	    {"src", "SITE/d/i\n"},
	    {"SRC, srcset", "SITE/d/i\nSITE/d/s\nSITE/d/t\n"},
	    {"refresh,ping", "SITE/d/r\nSITE/d/p\nSITE/d/q\n"},
	    {"all", "SITE/d/r\nSITE/d/a\nSITE/d/p\nSITE/d/q\nSITE/d/i\nSITE/d/s\nSITE/d/t\nSITE/d/u\n"},
	    {"action", ""},
	};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *links = links_of(&site, page, "text/html", "--attrs", cases[i].attributes);
		cr_expect_str_eq(links, cases[i].expected, "--attrs %s", cases[i].attributes);
		free(links);
	}
	site_stop(&site);
}

/* So many links are more than is held in memory. */
enum { MANY = 60000 };

/* A page of so many, one that is cut short, and a small one, with that folder for temporary files. */
static void run_many(struct run_result *result, struct site *site, const char *folder)
{
	char list[2000], tmpdir[300];
	snprintf(tmpdir, sizeof tmpdir, "TMPDIR=%s", folder);
	snprintf(list, sizeof list, "%s\n%s\n%s\n", site_page(site, "links", "60000"),
	    site_page(site, "links", "60001", "cut", "1500000"),
	    site_page(site, "links", "1", "delay", "300"));
	run_areq_with(result,
	    (&(struct run_options){.input = list, .env = (const char *const[]){tmpdir, NULL}}), "--no-header",
	    "-r", "0");
	run_assert_exit(result, 1);
}

/* The link of the small page may come between those of the large one, if that takes long. */
static void expect_many(const struct run_result *result, const struct site *site)
{
	char expected[300];
	struct rows rows, links;
	size_t of_large = 0;
	rows_init(&rows);
	rows_parse(&rows, result->out, result->out_len);
	links = rows_column(&rows, 1);
	cr_assert_eq(links.count, MANY + 1, "%zu", links.count);
	for (size_t i = 0; i < links.count; i++) {
		bool is_of_small = strstr(rows.row[i], "delay=300") != NULL;
		snprintf(expected, sizeof expected, "http://%s/_/link%zu", site->host,
		    is_of_small ? 1 : ++of_large);
		cr_assert_str_eq(links.row[i], expected);
	}
	cr_assert_eq(of_large, MANY);
	rows_release(&rows);
	rows_release(&links);
}

Test(links, of_large_pages_are_all_given_whether_or_not_there_is_a_temporary_file)
{
	struct site site;
	struct run_result result;
	struct scratch scratch;
	site_start(&site);
	scratch_init(&scratch);
	run_many(&result, &site, scratch.folder);
	expect_many(&result, &site);
	cr_expect_not(strstr(result.err, "temporary file"), "%s", result.err);
	run_release(&result);
	cr_expect_eq(rmdir(scratch.folder), 0, "nothing is left there");

	run_many(&result, &site, "/nonexistent/folder");
	expect_many(&result, &site);
	const char *warning = strstr(result.err, "/nonexistent/folder/");
	cr_assert(warning, "%s", result.err);
	cr_expect_not(strstr(warning + 1, "/nonexistent/folder/"), "once: %s", result.err);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}
