/* HTTP as real servers speak it, where it differs from what the RFCs ask for, or where clients often err. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* What the report says about a URL. */
struct expected {
	const char *outcome;
	const char *cause; /* NULL if there is none */
	const char *words; /* a part of the reason; NULL if nothing is expected of it */
};

static bool matches(json_t *line, const char *key, const char *expected)
{
	const char *value = json_string_value(json_object_get(line, key));
	return expected ? value && strcmp(value, expected) == 0 : !value;
}

/* Runs areq with -r 0, one option with its value (or NULL) and the URL, and checks the report. */
static void expect_report(const char *url, const char *option, const char *value, struct expected expected)
{
	struct run_result result;
	run_areq(&result, "-q", "-r", "0", "-t", "5", "-o", "/dev/null", "--report", "-", url, option, value);
	json_t *line = json_loads(result.out, 0, NULL);
	cr_assert(line, "%s: %s", url, result.err);
	const char *reason = json_string_value(json_object_get(line, "reason"));
	cr_expect(matches(line, "outcome", expected.outcome), "%s: %s", url, result.out);
	cr_expect(matches(line, "cause", expected.cause), "%s: %s", url, result.out);
	cr_expect(!expected.words || (reason && strstr(reason, expected.words)), "%s: %s", url, result.out);
	cr_expect_eq(result.exit_status, strcmp(expected.outcome, "failed") == 0);
	json_decref(line);
	run_release(&result);
}

/* RFC 9110, section 15.4.5: a 304 answers a conditional request, and has no content. */
static const struct expected ok = {"ok", NULL, NULL};

/* Browsers read such a page as it is. */
Test(http, a_content_encoding_that_is_no_coding_is_ignored)
{
	static const char *const names[] = {"none", "utf-8", "binary", "text/html", "null", "0", "plain",
	    "aws-chunked", "", " ", "\t", ",", " , ", "identity", "iso-8859-1", "*", "gzip;q=0", "sdch-x",
	    "none\r\nContent-Encoding: utf-8", "\r\nContent-Encoding:"};
	struct site site;
	struct run_result result;
	char header[128];
	site_start(&site);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(header, sizeof header, "Content-Encoding:%s", names[i]);
		run_areq(&result, "--no-header", site_page(&site, "links", "2", "header", header));
		run_expect_exit(&result, 0);
		cr_expect(strstr(result.out, "link2\n"), "%s: %s", header, result.out);
		run_release(&result);
	}
	const char *mixed = site_page(&site, "links", "1", "header", "Content-Encoding: gzip, none");
	const char *compressed = site_page(&site, "links", "9", "encoding", "zstd", "encoding_name", "x-z");
	const char *empty =
	    site_page(&site, "encoding", "gzip", "header", "Content-Encoding: ", "links", "9");
	expect_report(mixed, NULL, NULL,
	    (struct expected){"failed", "decode-failed", "encoding \"none\" is not known"});
	expect_report(compressed, NULL, NULL,
	    (struct expected){"failed", "decode-failed", "encoding \"x-z\" is not known"});
	expect_report(empty, NULL, NULL, ok);
	site_stop(&site);
}

/* Newer versions of libcurl refuse it themselves, and name it likewise. */
#define IF_BY_AREQ(words, others) (LIBCURL_VERSION_NUM < 0x080800 ? (words) : (others))

Test(http, an_unknown_transfer_encoding_is_named_as_such)
{
	static const struct {
		const char *header, *words;
	} cases[] = {
	    {"Transfer-Encoding: foo", IF_BY_AREQ("transfer encoding \"foo\" is not known", "(foo)")},
	    {"Transfer-Encoding: foo, chunked",
	        IF_BY_AREQ("transfer encoding \"foo\" is not known", "(foo)")},
	    {"Transfer-Encoding: chunked\r\ntransfer-encoding: compress",
	        IF_BY_AREQ("\"compress\" is not known", "(compress)")},
	    {"Transfer-Encoding: chunked;q=1",
	        IF_BY_AREQ("transfer encoding \"chunked;q=1\" is not known", "(chunked;q=1)")},
	};
	static const char *const harmless[] = {"Transfer-Encoding:", "Transfer-Encoding: ,",
	    "Transfer-Encoding: Identity", "Transfer-Encoding: chunked,"};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_report(site_page(&site, "links", "1", "length", "none", "header", cases[i].header),
		    NULL, NULL, (struct expected){"failed", "decode-failed", cases[i].words});
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		expect_report(
		    site_page(&site, "links", "1", i == 3 ? "chunked" : "close", "1", "header", harmless[i]),
		    NULL, NULL, ok);
	site_stop(&site);
}

/* Newer versions of libcurl refuse a list that ends with a comma, and lists of different lengths. */
#define IF_LIST_IS_READ(words, others) (LIBCURL_VERSION_NUM < 0x081600 ? (words) : (others))
#define DIFFERENT                      IF_LIST_IS_READ("two different Content-Lengths", "Content-Length")
#define NO_NUMBER                      IF_LIST_IS_READ("no number of bytes", "Content-Length")

/* RFC 9112, section 6.3. */
Test(http, equal_content_lengths_are_one)
{
	static const char page[] = "<a href=x>1</a>123456789 123456789 123456789\n";
	static const struct {
		const char *lengths;
		struct expected expected;
	} cases[] = {
	    {"45, 45", {"ok", NULL, NULL}},
	    {"45,45", {"ok", NULL, NULL}},
	    {"45 ,\t45, 45", {"ok", NULL, NULL}},
	    {"45,", {IF_LIST_IS_READ("ok", "failed"), IF_LIST_IS_READ(NULL, "answer-invalid"),
	                IF_LIST_IS_READ(NULL, "Content-Length")}},
	    {"45, 045", {"ok", NULL, NULL}},
	    {"45\r\nContent-Length: 45", {"ok", NULL, NULL}},
	    {"45, 45\r\nContent-Length: 45", {"ok", NULL, NULL}},
	    {"45, 44", {"failed", "answer-invalid", DIFFERENT}},
	    {"44, 45", {"failed", "answer-invalid", DIFFERENT}},
	    {"45, 45\r\nContent-Length: 45, 46", {"failed", "answer-invalid", DIFFERENT}},
	    {"45, x", {"failed", "answer-invalid", NO_NUMBER}},
	    {"45 45", {"failed", "answer-invalid", NO_NUMBER}},
	    {"45;45", {"failed", "answer-invalid", NO_NUMBER}},
	    {",45", {"failed", "answer-invalid", "Content-Length"}},
	    {"", {"failed", "answer-invalid", "Content-Length"}},
	};
	struct site site;
	_Static_assert(sizeof page - 1 == 45, "the lengths are those of the page");
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_report(site_page(&site, "body", page, "length", cases[i].lengths), NULL, NULL,
		    cases[i].expected);
	site_stop(&site);
}

static void expect_redirect(struct site *site, const char *header, const char *target)
{
	struct run_result result;
	struct site_stats stats;
	site_reset_stats(site);
	run_areq(&result, "-q", site_page(site, "status", "302", "header", header));
	run_expect_exit(&result, target && strncmp(target, "/_/page", 7) != 0);
	site_stats(site, &stats);
	cr_expect_eq(stats.count, target ? 2 : 1, "%s: %zu requests", header, stats.count);
	if (target && stats.count == 2)
		cr_expect_str_eq(
		    stats.requests[1].target, target, "%s: %s", header, stats.requests[1].target);
	site_stats_release(&stats);
	run_release(&result);
}

Test(http, an_empty_location_is_no_redirect)
{
	struct site site;
	site_start(&site);
	expect_redirect(&site, "Location:", NULL);
	expect_redirect(&site, "Location: ", NULL);
	expect_redirect(&site, "Location: \t ", NULL);
	expect_redirect(&site, "Location:\r\nLocation: \t", NULL);
	expect_redirect(&site, "Location:\r\nLocation: /_/page?group=b", "/_/page?group=b");
	expect_redirect(&site, "Location: \t/_/page?group=c \t", "/_/page?group=c");
	expect_redirect(&site, "location:/_/page?group=d", "/_/page?group=d");
	site_stop(&site);
}

/* The bytes that the server wrote are those that it is asked for. */
Test(http, a_location_is_bytes)
{
	struct site site;
	char absolute[128];
	site_start(&site);
	expect_redirect(&site, "Location: /_/page?group=caf\xe9", "/_/page?group=caf%E9");
	expect_redirect(&site, "Location: /_/page?group=\xc3\xa9", "/_/page?group=%C3%A9");
	expect_redirect(
	    &site, "Location: page?group=\xff\xfe%e9\x80 \xa0", "/_/page?group=%FF%FE%e9%80%20%A0");
	expect_redirect(&site, "Location: /_/caf\xe9/x", "/_/caf%E9/x");
	expect_redirect(&site, "Location: /_/page?group=a#\xe9", "/_/page?group=a");
	snprintf(absolute, sizeof absolute, "Location: http://%s/_/page?group=\xb0\xa1", site.host);
	expect_redirect(&site, absolute, "/_/page?group=%B0%A1");
	expect_report(site_page(&site, "status", "302", "location", "http://b\xe9.test/"), NULL, NULL,
	    (struct expected){"failed", "redirect-invalid", "http://b%E9.test/"});
	expect_report(site_page(&site, "status", "302", "location", "ht\xe9p://b/"), NULL, NULL,
	    (struct expected){"failed", "http-status", "got 404"});
	site_stop(&site);
}

Test(http, a_304_that_was_not_asked_for_is_a_failure)
{
	struct site site;
	site_start(&site);
	const char *url = site_page(&site, "status", "304");
	const char *behind = site_page(&site, "status", "302", "location", site_target(url));
	const struct expected failed = {"failed", "not-modified", "got 304 Not Modified"};
	const struct expected skipped = {"skipped", "not-modified", "got 304 Not Modified"};
	expect_report(url, NULL, NULL, failed);
	expect_report(behind, NULL, NULL, failed);
	expect_report(site_page(&site, "status", "304", "location", "/_/page?links=1"), NULL, NULL, failed);
	expect_report(url, "-H", "If-None-Match: \"a\"", skipped);
	expect_report(url, "-H", "if-modified-since : Sun, 06 Nov 1994 08:49:37 GMT", skipped);
	expect_report(behind, "-H", "If-None-Match: *", skipped);
	expect_report(url, "-H", "If-None-Match:", failed);
	expect_report(url, "-H", "If-None-Match;", failed);
	expect_report(url, "-H", "If-Range: \"a\"", failed);
	expect_report(site_page(&site, "status", "204"), NULL, NULL, ok);
	site_stop(&site);
}

/* Fetches two pages one after the other. Each cookie that the server got with the second is one link. */
static void expect_cookies(const char *before, const char *url, const char *file, size_t expected)
{
	struct run_result result;
	size_t count = 0;
	run_areq(&result, "-q", "--no-header", "-j", "1", "-e", "\\bc[0-9]+=v", before, url,
	    file ? "-b" : NULL, file);
	run_expect_exit(&result, 0);
	for (const char *at = result.out; (at = strchr(at, '\n')); at++)
		count++;
	cr_expect_eq(count, expected, "%zu cookies, not %zu", count, expected);
	run_release(&result);
}

/* libcurl counts the cookies of a response in the handle, and counts those that it is given as well. */
Test(http, fifty_cookies_of_a_response_are_all_sent_on)
{
	enum { COOKIES = 50 };
	struct site site;
	struct buf lines, stored;
	char line[80];
	site_start(&site);
	buf_init(&lines, SIZE_MAX / 2);
	buf_init(&stored, SIZE_MAX / 2);
	for (int i = 0; i < COOKIES; i++) {
		snprintf(line, sizeof line, "%sSet-Cookie: c%d=v", i ? "\r\n" : "", i);
		buf_append_text(&lines, line);
		snprintf(line, sizeof line, "127.0.0.1\tFALSE\t/\tFALSE\t0\tc%d=v\n", COOKIES + i);
		*strrchr(line, '=') = '\t';
		buf_append_text(&stored, line);
	}
	struct scratch scratch;
	scratch_init(&scratch);
	const char *file = scratch_write(&scratch, "cookies", stored.data);
	const char *page = site_page(&site, "header", lines.data);
	const char *plain = site_page(&site, "status", "302", "location", "/_/echo");
	const char *url = site_page(&site, "status", "302", "location", "/_/echo", "header", lines.data);
	expect_cookies(page, url, NULL, COOKIES);
	expect_cookies(page, plain, file, COOKIES);
	expect_cookies(page, url, file, 2 * COOKIES);
	scratch_release(&scratch);
	buf_release(&lines);
	buf_release(&stored);
	site_stop(&site);
}

/* Neither waits for a body without end, and a short one costs no new connection. */
Test(http, types_without_links_are_skipped_at_their_head)
{
	static const char *const types[] = {"text/event-stream", "application/json", "text/javascript",
	    "application/javascript", "text/css", "multipart/x-mixed-replace; boundary=a", "text/plain",
	    "application/ld+json", "TEXT/CSS ; charset=utf-8"};
	const struct expected skipped = {"skipped", "no-markup", "not markup but "};
	struct site site;
	struct run_result result;
	struct site_stats stats;
	site_start(&site);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		expect_report(
		    site_page(&site, "type", types[i], "links", "1", "hang", "body", "length", "none"), NULL,
		    NULL, skipped);
		expect_report(site_page(&site, "type", types[i], "size", "forever"), NULL, NULL, skipped);
		const char *whole = site_page(&site, "type", types[i], "body", "href=x");
		expect_report(whole, NULL, NULL, skipped);
		expect_report(whole, "--xpath", "//@href", skipped);
		expect_report(whole, "-e", "href=(.)", ok);
	}
	site_reset_stats(&site);
	run_areq(&result, "-q", "-j", "1", site_page(&site, "type", "text/css"),
	    site_page(&site, "type", "image/png"), site_page(&site, "type", "text/plain", "size", "60000"),
	    site_page(&site, "links", "1"));
	run_expect_exit(&result, 0);
	site_stats(&site, &stats);
	cr_expect_eq(stats.count, 4);
	cr_expect_eq(stats.requests[3].connection, stats.requests[0].connection);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

static const char *untyped(struct site *site, const char *type, const char *head, size_t len, size_t size)
{
	char bytes[4096];
	int at = snprintf(bytes, sizeof bytes, "HTTP/1.1 200 OK\r\n%s%sContent-Length: %zu\r\n\r\n",
	    *type ? "Content-Type: " : "", type, size);
	memcpy(bytes + at, head, len);
	memset(bytes + at + len, ' ', size - len);
	return site_raw(site, bytes, (size_t)at + size);
}

Test(http, without_a_type_the_first_bytes_decide)
{
	static const struct {
		const char *head;
		size_t len;
		struct expected expected;
	} cases[] = {
#define BYTES(text) text, sizeof(text) - 1
	    {BYTES("\x89PNG\r\n\x1a\n<a href=x>"), {"skipped", "not-text", "first bytes"}},
	    {BYTES("PK\x03\x04<a href=x>"), {"skipped", "not-text", "first bytes"}},
	    {BYTES("%PDF-1.7\n<a href=x>"), {"skipped", "not-text", "first bytes"}},
	    {BYTES("{\"a\": \"<a href=x>\"}"), {"skipped", "no-markup", "first bytes"}},
	    {BYTES("<a href=x>"), {"ok", NULL, NULL}},
	    {BYTES("\r\n<link href=x>\x01"), {"ok", NULL, NULL}},
	    {BYTES("<?xml version='1.0'?><a xmlns='http://www.w3.org/1999/xhtml' href='x'/>"),
	        {"ok", NULL, NULL}},
	};
	static const char *const types[] = {"", "*/*\r\n", "application/unknown\r\n", "none\r\n"};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
			expect_report(untyped(&site, types[k], cases[i].head, cases[i].len, cases[i].len),
			    NULL, NULL, cases[i].expected);
			expect_report(untyped(&site, types[k], cases[i].head, cases[i].len, 2000), NULL, NULL,
			    cases[i].expected);
		}
	}
	const char *png = untyped(&site, "", cases[0].head, cases[0].len, cases[0].len);
	const char *json = untyped(&site, "", cases[3].head, cases[3].len, cases[3].len);
	expect_report(png, "-e", "href=(.)", cases[0].expected);
	expect_report(json, "-e", "href=(.)", ok);
	expect_report(site_page(&site, "type", "", "status", "200", "length", "0"), NULL, NULL, ok);
	site_stop(&site);
}

/* A few bytes that come at once become so many that areq reads them over several turns of its loop. Whatever
 * says where the body ends, it is read to that end before the URL is done. */
Test(http, a_small_body_of_very_many_bytes_is_read_to_its_end)
{
	static const char *const ends[][2] = {
	    {NULL, NULL}, {"chunked", "1"}, {"close", "1"}, {"length", "none"}};
	struct site site;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		const char *url = site_page(&site, "encoding", "gzip", "part", "500000*<a href=x>1</a>",
		    "part", "1*<a href=last>", ends[i][0], ends[i][1]);
		run_areq(&result, "-q", "-r", "0", "-o", "/dev/null", "--report", "-", url);
		run_expect_exit(&result, 0);
		json_t *line = json_loads(result.out, 0, NULL);
		cr_assert(line, "%s", result.err);
		cr_expect_eq(
		    json_integer_value(json_object_get(line, "links")), 2, "%s: %s", url, result.out);
		json_decref(line);
		run_release(&result);
	}
	site_stop(&site);
}
