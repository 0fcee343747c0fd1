/* Pages that are made to cost their reader time, memory or disk: each has its one outcome, soon, and holds up
 * nobody else. */
#include "support/run.h"
#include "support/site.h"

#include <jansson.h>
#include <libxml/xmlversion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XHTML "application/xhtml+xml"
#define HTML  "text/html"

/* Ten times ten times ten …, of ten letters. */
#define TEN(name)                                                                                            \
	"&" name ";&" name ";&" name ";&" name ";&" name ";&" name ";&" name ";&" name ";&" name ";&" name ";"
#define ENTITY(name, of) "<!ENTITY " name " '" TEN(of) "'>"
#define LAUGHS_A_TO_E                                                                                        \
	"<!ENTITY a 'aaaaaaaaaa'>" ENTITY("b", "a") ENTITY("c", "b") ENTITY("d", "c") ENTITY("e", "d")
#define LAUGHS_F_TO_I ENTITY("f", "e") ENTITY("g", "f") ENTITY("h", "g") ENTITY("i", "h")
#define THOUSAND                                                                                             \
	"1*<!DOCTYPE a [<!ENTITY a '" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED        \
	    HUNDRED HUNDRED "'>"
#define HUNDRED FIFTY FIFTY
#define FIFTY   "a text with fifty letters, dots, commas and blanks"
#define LAUGHS  "<!DOCTYPE a [" LAUGHS_A_TO_E LAUGHS_F_TO_I "]>"

enum { PARTS_MAX = 6 };

struct hostile {
	const char *name;
	const char *type;
	const char *option, *value; /* that it is read with; NULL: none */
	const char *outcome;
	const char *words;            /* of the reason; NULL: there is none */
	const char *parts[PARTS_MAX]; /* N*BYTES, of the body; it is sent as gzip */
	const char *links;            /* so many behind them, each another one; NULL: none */
	json_int_t found;             /* how many links areq finds; 0: not checked */
};

/* libxml2 is slow with elements in elements, and since 2.13 refuses more than 2048 of them in a tree. */
#define HAS_DEPTH_LIMIT (LIBXML_VERSION >= 21300)

/* Entities that grow. */
static const struct hostile entities[] = {
    {.name = "laughs in text",
        .type = XHTML,
        .outcome = "failed",
        .words = "XML entities",
        .parts = {"1*" LAUGHS "<a href='x'>&i;</a>"}},
    {.name = "laughs in an attribute",
        .type = XHTML,
        .outcome = "failed",
        .words = "XML entities",
        .parts = {"1*" LAUGHS "<a href='&i;'/>"}},
    {.name = "laughs by XPath",
        .type = XHTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = "failed",
        .words = "XML entities",
        .parts = {"1*" LAUGHS "<a href='&i;'>&i;</a>"}},
    {.name = "one long entity many times",
        .type = XHTML,
        .outcome = "failed",
        .words = "XML entities",
        .parts = {"1*<!DOCTYPE a [<!ENTITY a '", "1000000*a", "1*'>]><a>", "100000*&a;", "1*</a>"}},
    {.name = "one long entity in an attribute",
        .type = XHTML,
        .outcome = "failed",
        .words = "XML entities",
        .parts = {"1*<!DOCTYPE a [<!ENTITY a '", "1000000*a", "1*'>]><a href='", "100000*&a;", "1*'/>"}},
    {.name = "parameter entities that grow",
        .type = XHTML,
        .outcome = "failed",
        .words = "XML entities",
        .parts = {"1*<!DOCTYPE a [<!ENTITY % p '", "100000*<!-- -->", "1*'>", "100000*%p;",
            "1*]><a href='x'/>"}},
    {.name = "an entity in itself",
        .type = XHTML,
        .outcome = "ok",
        .parts = {"1*<!DOCTYPE a [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><a href='x'>&a;</a>"}},
    {.name = "no more than may be",
        .type = XHTML,
        .outcome = "ok",
        .found = 2,
        .parts = {"1*<!DOCTYPE a [<!ENTITY a 'some text of an entity'>]><a href='x'>", "10000*&a;",
            "1*<b href='y'/></a>"}},

    /* 1,000 references to 1,000 bytes, and to as many again in an entity: as much as may be, and too much. */
    {.name = "as much as may be",
        .type = XHTML,
        .outcome = "ok",
        .found = 2,
        .parts = {THOUSAND "]><a href='x'>", "1000*&a;", "1*<b href='y'/></a>"}},
    {.name = "as much as may be by XPath",
        .type = XHTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = "ok",
        .found = 2,
        .parts = {THOUSAND "]><a href='x'>", "1000*&a;", "1*<b href='y'/></a>"}},
    {.name = "as much as may be in attributes",
        .type = XHTML,
        .outcome = "ok",
        .found = 2,
        .parts = {THOUSAND "]><a href='x'>", "1000*<b c='&a;'/>", "1*<b href='y'/></a>"}},
    {.name = "as much as may be in attributes by XPath",
        .type = XHTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = "ok",
        .found = 2,
        .parts = {THOUSAND "]><a href='x'>", "1000*<b c='&a;'/>", "1*<b href='y'/></a>"}},
    {.name = "too much in an entity",
        .type = XHTML,
        .outcome = "failed",
        .words = "XML entities",
        .parts = {THOUSAND "<!ENTITY b '&a;&a;'>]><a href='x'>", "1000*&b;", "1*</a>"}},
    {.name = "too much in an entity by XPath",
        .type = XHTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = "failed",
        .words = "XML entities",
        .parts = {THOUSAND "<!ENTITY b '&a;&a;'>]><a href='x'>", "1000*&b;", "1*</a>"}},
    {.name = "laughs of elements by XPath",
        .type = XHTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = "failed",
        .words = "XML entities",
        .parts = {"1*<!DOCTYPE a [<!ENTITY a '<b/>'>" ENTITY("b", "a") ENTITY("c", "b") ENTITY("d", "c")
                ENTITY("e", "d") LAUGHS_F_TO_I "]><a>&i;</a>"}},
    {.name = "laughs of attributes by XPath",
        .type = XHTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = "failed",
        .words = "XML entities",
        .parts = {THOUSAND "<!ENTITY b '<b c=\"&a;\"/>'>" ENTITY("c", "b") ENTITY("d", "c") ENTITY("e", "d")
                LAUGHS_F_TO_I "]><a>&i;</a>"}},
    {.name = "too much in an entity of an attribute by XPath",
        .type = XHTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = "failed",
        .words = "XML entities",
        .parts = {THOUSAND "<!ENTITY b '&a;&a;'>]><a href='x'>", "1000*<b c='&b;'/>", "1*</a>"}},
};

/* XML that a parser is slow with. */
static const struct hostile slow_xml[] = {
    {.name = "namespaces in namespaces",
        .type = XHTML,
        .outcome = HAS_DEPTH_LIMIT ? "ok" : "failed",
        .words = HAS_DEPTH_LIMIT ? NULL : "takes too long",
        .parts = {"1*<a>", "1000000*<a xmlns:b='c'>"}},
    {.name = "many attributes", .type = XHTML, .parts = {"1*<a ", "200000* b='c'", "1*/>"}},
    {.name = "deep XML", .type = XHTML, .parts = {"1000000*<a href='x'>"}},
    {.name = "default attributes",
        .type = XHTML,
        .parts = {"1*<!DOCTYPE a [", "2000*<!ATTLIST a b CDATA 'c'>", "1*]><a>", "100000*<a/>"}},
};

/* What the user asks of a page. */
static const struct hostile trees[] = {
    {.name = "XPath of nested elements",
        .type = HTML,
        .option = "--xpath",
        .value = "//div//div//a/@href",
        .outcome = "failed",
        .words = HAS_DEPTH_LIMIT ? "nested deeper" : "takes too long",
        .parts = {"20000*<div>"}},
    {.name = "XPath of XML that is as deep as may be",
        .type = XHTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = "ok",
        .found = 1,
        .parts = {"2000*<a>", "1*<b href='x'/>", "2000*</a>"}},
    {.name = "XPath of deep XML",
        .type = XHTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = HAS_DEPTH_LIMIT ? "failed" : "ok",
        .words = HAS_DEPTH_LIMIT ? "nested deeper" : NULL,
        .parts = {"3000*<a>", "1*<b href='x'/>", "3000*</a>", "1*<b href='y'/>"}},
    {.name = "XPath of HTML that is as deep as may be",
        .type = HTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = "ok",
        .found = 2,
        .parts = {"2000*<div>", "1*<a href=x>", "2000*</div>", "1*<a href=y>"}},
    {.name = "XPath of deep HTML",
        .type = HTML,
        .option = "--xpath",
        .value = "//@href",
        .outcome = HAS_DEPTH_LIMIT ? "failed" : "ok",
        .words = HAS_DEPTH_LIMIT ? "nested deeper" : NULL,
        .parts = {"3000*<div>", "1*<a href=x>", "3000*</div>", "1*<a href=y>"}},
    {.name = "a tree for XPath",
        .type = HTML,
        .option = "--xpath",
        .value = "//b/@href",
        .parts = {"1600000*<a><b>"}},
};

static const struct hostile patterns[] = {
    {.name = "a pattern that goes back",
        .type = HTML,
        .option = "-e",
        .value = "href=(.*)(.*)[yz]x",
        .outcome = "failed",
        .words = "takes too long",
        .parts = {"1000000*href="}},
    {.name = "a pattern that tries all lengths",
        .type = HTML,
        .option = "-e",
        .value = "(?:a|b)*?[yz][yx]",
        .outcome = "failed",
        .words = "takes too long",
        .parts = {"300000*a"}},
    {.name = "a pattern that looks far",
        .type = HTML,
        .option = "-e",
        .value = "(?=a*+(b|))",
        .outcome = "failed",
        .words = "takes too long",
        .parts = {"4000000*a"}},
};

static const struct hostile filters[] = {
    {.name = "a filter of many long links",
        .type = HTML,
        .option = "--include",
        .value = "(?:a|b)*?[yz][yx]",
        .outcome = "failed",
        .words = "takes too long",
        .parts = {"1*<base href='/", "3000*a", "1*/'>"},
        .links = "4000"},
};

/* Links that come to far more than their page. */
static const struct hostile outputs[] = {
    {.name = "a long base",
        .type = HTML,
        .outcome = "skipped",
        .words = "--max-output",
        .parts = {"1*<base href='/", "1000000*p", "1*/'>", "1000000*<a href=1>"}},
    {.name = "a long base and the same link",
        .type = HTML,
        .outcome = "skipped",
        .words = "--max-output",
        .parts = {"1*<base href='/", "1000000*p", "1*/'>", "1000000*<a href=>"}},
    {.name = "a long base of references",
        .type = HTML,
        .outcome = "skipped",
        .words = "--max-output",
        .parts = {"1*<base href='/", "150000*&nGt;", "1*/'>", "1000000*<a href=1>"}},
    {.name = "a long base with a filter",
        .type = HTML,
        .option = "--include",
        .value = "nothing",
        .outcome = "skipped",
        .words = "--max-output",
        .parts = {"1*<base href='/", "1000000*p", "1*/'>", "1000000*<a href=1>"}},
    {.name = "a long base in XML",
        .type = XHTML,
        .outcome = "skipped",
        .words = "--max-output",
        .parts = {"1*<a xmlns='http://www.w3.org/1999/xhtml'><base href='/", "1000000*p", "1*/'/>",
            "500000*<a href='1'/>", "1*</a>"}},
    {.name = "a long base for jsonl",
        .type = HTML,
        .option = "--format",
        .value = "jsonl",
        .outcome = "skipped",
        .words = "--max-output",
        .parts = {"1*<base href='/", "1000000*p", "1*/'>", "1000000*<a href=1>"}},
    {.name = "no URL, often", .type = HTML, .outcome = "ok", .parts = {"500000*<a href=http://[>"}},
};

static const char *text_of(json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));
	return text ? text : "";
}

static const char *url_of(struct site *site, const struct hostile *page)
{
	const char *pairs[2 * PARTS_MAX + 7] = {"type", page->type, "encoding", "gzip"};
	size_t count = 4;
	for (size_t i = 0; i < PARTS_MAX && page->parts[i]; i++) {
		pairs[count++] = "part";
		pairs[count++] = page->parts[i];
	}
	if (page->links) {
		pairs[count++] = "links";
		pairs[count++] = page->links;
	}
	return site_page_argv(site, "/_/page", pairs);
}

/* The report's line of the URL that ends so. */
static json_t *find_line(const char *report, const char *url)
{
	for (; *report; report += strcspn(report, "\n") + 1) {
		json_t *line = json_loads(report, JSON_DISABLE_EOF_CHECK, NULL);
		if (line && strcmp(text_of(line, "url"), url) == 0)
			return line;
		json_decref(line);
	}
	return NULL;
}

static double longest_turn_ms(const char *messages)
{
	static const char before[] = "the longest turn of the loop took ";
	const char *at = strstr(messages, before);
	return at ? strtod(at + strlen(before), NULL) : 1e9;
}

/* Far from what these pages would cost; far beyond what a busy machine makes of the bound, too. */
static const double TURN_LIMIT_MS = 1000;

/* Of the program and each of its helper processes; the rest of the limits is in SECURITY.md. */
#ifdef __SANITIZE_ADDRESS__
/* The limit of a process is off then: the sanitizer needs too much of the address space. */
enum { MEMORY_KIB = 4096 * 1024 };
#else
enum { MEMORY_KIB = (512 + 256) * 1024 };
#endif

/* A healthy page of another host comes before, and one behind. */
static void check(const struct hostile *page, struct site *site, struct site *other)
{
	struct run_result result;
	struct run_options options = {.limit = 60};
	const char *url = url_of(site, page);
	const char *before = site_page(other, "links", "3", "group", "before");
	const char *behind = site_page(other, "links", "3", "delay", "200", "group", "behind");
	run_areq_with(&result, &options, "-v", "-r", "0", "-t", "20", "-o", "/dev/null", "--report", "-",
	    before, url, behind, page->option ? page->option : "--no-header", page->value);
	json_t *line = find_line(result.out, url);
	cr_assert(line, "%s: exit status %d, signal %d: %s", page->name, result.exit_status, result.signal,
	    result.err);
	if (page->outcome)
		cr_expect_str_eq(text_of(line, "outcome"), page->outcome, "%s is %s: %s", page->name,
		    text_of(line, "outcome"), text_of(line, "reason"));
	if (page->words)
		cr_expect(strstr(text_of(line, "reason"), page->words), "%s: %s", page->name,
		    text_of(line, "reason"));
	if (page->found)
		cr_expect_eq(json_integer_value(json_object_get(line, "links")), page->found,
		    "%s has %lld links", page->name,
		    (long long)json_integer_value(json_object_get(line, "links")));
	json_decref(line);
	const char *healthy[] = {before, behind};
	for (size_t i = 0; i < 2; i++) {
		line = find_line(result.out, healthy[i]);
		cr_assert(line);
		cr_expect_str_eq(text_of(line, "outcome"), "ok", "%s held up another page: %s", page->name,
		    text_of(line, "reason"));
		json_decref(line);
	}
	cr_expect_lt(longest_turn_ms(result.err), TURN_LIMIT_MS, "%s held the loop for %.0f ms", page->name,
	    longest_turn_ms(result.err));
	cr_expect_lt(result.max_rss_kib, MEMORY_KIB, "%s: %ld KiB", page->name, result.max_rss_kib);
	run_release(&result);
}

static void check_all(const struct hostile *pages, size_t count)
{
	struct site site, other;
	site_start(&site);
	site_start(&other);
	for (size_t i = 0; i < count; i++)
		check(&pages[i], &site, &other);
	site_stop(&site);
	site_stop(&other);
}

#define CHECK_ALL(pages) check_all((pages), sizeof(pages) / sizeof *(pages))

Test(hostile, entities_do_not_grow)
{
	CHECK_ALL(entities);
}

Test(hostile, xml_has_a_limit)
{
	CHECK_ALL(slow_xml);
}

Test(hostile, trees_have_a_limit)
{
	CHECK_ALL(trees);
}

Test(hostile, patterns_have_a_limit)
{
	CHECK_ALL(patterns);
}

Test(hostile, filters_have_a_limit)
{
	CHECK_ALL(filters);
}

Test(hostile, links_do_not_grow)
{
	CHECK_ALL(outputs);
}
