/* What stands on a connection between two answers, and answers that are odd: neither takes away the URLs that
 * come after it on the same host, nor gives them links of another page. */
#include "support/report.h"
#include "support/run.h"
#include "support/site.h"

#include <curl/curlver.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE           "<a href=own>1</a>"
#define HEAD           "Content-Type: text/html\r\nContent-Length: 17\r\n\r\n"
#define ANSWER         "HTTP/1.1 200 OK\r\n" HEAD PAGE
#define OTHER          "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 19\r\n\r\n<a href=other>1</a>"
#define HINT_AND_OTHER "HTTP/1.1 100 Continue\r\n\r\n" OTHER
#define TIMED_OUT      "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

/* libcurl 8 refuses more of what is not HTTP/1.0 or HTTP/1.1 to the letter. */
#define IF_7(words, others) (LIBCURL_VERSION_NUM < 0x080000 ? (words) : (others))

/* An odd answer, and what follows it 50 ms later on its connection. */
struct oddity {
	const char *bytes;
	const char *later; /* NULL: nothing */
	const char *then;  /* see /_/raw */
	const char *words; /* of the reason; NULL: the URL is ok */
};

static const struct oddity oddities[] = {
    /* Between two answers. */
    {ANSWER, "\r\n", "keep", NULL},
    {ANSWER, "\n", "keep", NULL},
    {ANSWER, "\r\n\r\n", "keep", NULL},
    {ANSWER, "a few bytes", "keep", NULL},
    {ANSWER, "H", "keep", NULL},
    {ANSWER, " ", "keep", NULL},
    {ANSWER, "HTTP/1.1 200 OK\r\nContent-Le", "close", NULL},
    {ANSWER, "HTTP/1.2 200 OK\r\n" HEAD PAGE, "keep", NULL},
    {ANSWER, "HTTP/1.1 200 OK\r\nno colon\r\n" HEAD PAGE, "keep", NULL},
    {ANSWER, "HTTP/1.1 100 Continue\r\n\r\n", "keep", NULL},
    {ANSWER, "HTTP/1.1 100 Continue\r\n\r\n", "close", NULL},
    {ANSWER, TIMED_OUT, "close", NULL},
    {ANSWER, TIMED_OUT, "keep", NULL},
    {ANSWER, "", "close", NULL},
    {ANSWER, "", "reset", NULL},
    {ANSWER, "<a href=other>", "reset", NULL},

    /* Too long a body, and one where there is none (RFC 9112, section 6.3). */
    {ANSWER "<a href=other>", NULL, "keep", NULL},
    {ANSWER, "<a href=other>2</a>", "keep", NULL},
    {ANSWER OTHER, NULL, "keep", NULL},
    {"HTTP/1.1 204 No Content\r\n\r\n" PAGE, NULL, "keep", NULL},
    {"HTTP/1.1 204 No Content\r\n\r\n", PAGE, "keep", NULL},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\n\r\n" PAGE, NULL, "keep", "got 304"},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\n\r\n", PAGE, "keep", "got 304"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n" PAGE "\r\n0\r\n\r\n", "\r\n", "keep",
        NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n" PAGE "\r\n0\r\n\r\n\r\n", NULL, "keep",
        NULL},

    /* Odd, but read as browsers read it. */
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" ANSWER, NULL, "keep", NULL},
    {"HTTP/1.1 200\r\n" HEAD PAGE, NULL, "keep", NULL},
    {"HTTP/1.1  200  OK\r\n" HEAD PAGE, NULL, "keep", IF_7(NULL, "HTTP/1 subversion")},
    {"http/1.1 200 ok\r\n" HEAD PAGE, NULL, "keep", NULL},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" HEAD PAGE, NULL, "keep", NULL},
    {"HTTP/1.0 200 OK\r\n\r\n" PAGE, NULL, "close", NULL},
    {"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 17\n\n" PAGE, NULL, "keep", NULL},
    {"HTTP/1.1 200 OK\r\n: x\r\n" HEAD PAGE, NULL, "keep", NULL},

    /* What libcurl refuses; see CAVEATS in the man page. */
    {"HTTP/1.2 200 OK\r\n" HEAD PAGE, NULL, "keep", IF_7("HTTP version (1.2)", "HTTP/1 subversion")},
    {"HTTP/1 200 OK\r\n" HEAD PAGE, NULL, "keep", IF_7("HTTP version", "HTTP/1 subversion")},
    {"ICY 200 OK\r\n" HEAD PAGE, NULL, "keep", "HTTP/0.9"},
    {"\r\n" ANSWER, NULL, "keep", "HTTP/0.9"},
    {"HTTP/1.1 20 OK\r\n" HEAD PAGE, NULL, "keep", IF_7("response code", "HTTP/1 subversion")},
    {"HTTP/1.1 200 OK\r\nno colon\r\n" HEAD PAGE, NULL, "keep", "without colon"},
    {"HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n" HEAD PAGE, NULL, "keep", "without colon"},
};

enum { ODDITIES = sizeof oddities / sizeof *oddities, REPORT_LINES = 2 * ODDITIES };

static void expect_outcome(const struct run_result *result, const char *url, const char *words)
{
	json_t *line = report_line(result, url);
	cr_assert(line, "%s has no outcome: %s", url, result->err);
	const char *outcome = json_string_value(json_object_get(line, "outcome"));
	const char *reason = json_string_value(json_object_get(line, "reason"));
	cr_expect_str_eq(outcome, words ? "failed" : "ok", "%s: %s", url, reason ? reason : "no reason");
	cr_expect(!words || (reason && strstr(reason, words)), "%s: %s", url, reason ? reason : "no reason");
	cr_expect_eq(json_integer_value(json_object_get(line, "attempts")), 1, "%s", url);
	json_decref(line);
}

/* Each odd answer between two pages. Without a delay, what is sent later comes when the next request was
 * written, and with one before that. */
static void check_oddities(const char *delay)
{
	struct site site;
	struct run_result result;
	struct site_stats stats;
	const char *odd[ODDITIES], *after[ODDITIES];
	struct buf list;
	char number[16];
	site_start(&site);
	buf_init(&list, SIZE_MAX / 2);
	for (size_t i = 0; i < ODDITIES; i++) {
		snprintf(number, sizeof number, "%zu", i);
		odd[i] = site_page_at(&site, "/_/raw", "bytes", oddities[i].bytes, "then", oddities[i].then,
		    "n", number, oddities[i].later ? "later" : NULL, oddities[i].later);
		after[i] = site_page(&site, "links", "1", "group", number);
		buf_append_text(&list, odd[i]);
		buf_append_text(&list, "\n");
		buf_append_text(&list, after[i]);
		buf_append_text(&list, "\n");
	}
	run_areq_with(&result, (&(struct run_options){.input = list.data, .limit = 60}), "-q", "-r", "0",
	    "-j", "1", "-t", "5", "--delay", delay, "--format", "jsonl", "--report", "-", "-o", "/dev/null");
	run_expect_exit(&result, 1);
	site_stats(&site, &stats);
	for (size_t i = 0; i < ODDITIES; i++) {
		expect_outcome(&result, odd[i], oddities[i].words);
		expect_outcome(&result, after[i], NULL);
		size_t asked = site_stats_asked(&stats, odd[i]);
		cr_expect_leq(asked, 2, "%s was asked for %zu times", odd[i], asked);
		asked = site_stats_asked(&stats, after[i]);
		cr_expect_leq(asked, 2, "%s was asked for %zu times", after[i], asked);
	}
	site_stats_release(&stats);
	run_release(&result);
	buf_release(&list);
	site_stop(&site);
}

Test(kept, connections_with_leftovers_lose_no_url)
{
	check_oddities("0");
	check_oddities("0.15");
}

/* An answer that nobody asked for is not that to the next request. */
Test(kept, connections_give_no_page_the_links_of_another)
{
	static const char *const others[] = {OTHER, HINT_AND_OTHER,
	    "HTTP/1.1 302 Found\r\nLocation: /_/page?links=1&prefix=other\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"};
	struct site site;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const char *first =
		    site_page_at(&site, "/_/raw", "bytes", ANSWER, "later", others[i], "then", "keep");
		run_areq(&result, "-q", "-r", "0", "-j", "1", "--delay", "0.2", "--no-header", "--format",
		    "urls", first, site_page(&site, "links", "1"));
		run_expect_exit(&result, 0);
		cr_expect(strstr(result.out, "/_/own\n"), "%s", result.out);
		cr_expect(strstr(result.out, "/_/link1\n"), "%s", result.out);
		cr_expect_not(strstr(result.out, "other"), "%s", result.out);
		run_release(&result);
	}
	site_stop(&site);
}
