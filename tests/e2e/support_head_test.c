/* The test server's answers to HEAD: those of GET without their body (RFC 9110, section 9.3.2), and others on
 * purpose. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that the server sends until it closes, or for half a second. */
static char *ask(struct site *site, const char *method, const char *url, const char *connection)
{
	char request[4096];
	int len = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: %s\r\n\r\n",
	    method, site_target(url), site->host, connection);
	return site_exchange(site, request, (size_t)len, 0.5, NULL);
}

static void expect_start(struct site *site, const char *method, const char *url, const char *wanted)
{
	char *answer = ask(site, method, url, "close");
	cr_expect(strncmp(answer, wanted, strlen(wanted)) == 0 && (*wanted || !*answer), "%s %s: %s", method,
	    url, answer);
	free(answer);
}

Test(support, head_has_the_headers_of_get_and_no_body)
{
	static const char *const targets[] = {"/_/page?body=abc", "/_/page?size=300000",
	    "/_/page?body=a&chunked=1", "/_/page?size=90000&encoding=gzip", "/_/page?body=abc&length=none",
	    "/_/page?status=404", "/_/page?status=301&location=/x", "/_/page?size=forever",
	    "/_/page?links=3&short=4", "/_/chain?n=2", "/_/help", "/file.txt", "/none"};
	struct site site;
	struct scratch scratch;
	scratch_init(&scratch);
	scratch_write(&scratch, "file.txt", "text");
	site_start_with(&site, "--root", scratch.folder);
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		char *head = ask(&site, "HEAD", site_url(&site, targets[i]), "close");
		char *end = strstr(head, "\r\n\r\n");
		cr_assert(end && end[4] == '\0', "%s: %s", targets[i], head);
		if (!strstr(targets[i], "forever"))
			expect_start(&site, "GET", site_url(&site, targets[i]), head);
		free(head);
	}
	site_stop(&site);
	scratch_release(&scratch);
}

/* What breaks a body does not touch a HEAD, whose connection takes the next request. */
Test(support, head_does_not_suffer_from_faults_of_the_body)
{
	static const char *const targets[] = {
	    "/_/page?body=abc&cut=1", "/_/page?body=abc&hang=body", "/_/page?body=abc&body_delay=60000"};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		char request[512];
		int len = snprintf(request, sizeof request,
		    "HEAD %s HTTP/1.1\r\n\r\nGET /_/page?body=second HTTP/1.1\r\nConnection: close\r\n\r\n",
		    targets[i]);
		char *answer = site_exchange(&site, request, (size_t)len, 5, NULL);
		cr_expect(strstr(answer, "\r\n\r\nHTTP/1.1 200 OK\r\n") && strstr(answer, "\r\n\r\nsecond"),
		    "%s: %s", targets[i], answer);
		free(answer);
	}
	site_stop(&site);
}

Test(support, head_is_answered_otherwise_than_get_where_asked)
{
	static const struct {
		const char *head, *answer;
	} cases[] = {
	    {.head = "status=405", .answer = "HTTP/1.1 405 Method Not Allowed\r\n"},
	    {.head = "status=501", .answer = "HTTP/1.1 501 Not Implemented\r\n"},
	    {.head = "status=429&retry_after=1",
	        .answer = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/html\r\nRetry-After: 1\r\n"},
	    {.head = "status=302&location=/x", .answer = "HTTP/1.1 302 Found\r\n"},
	    {.head = "empty=1", .answer = ""},
	    {.head = "hang=accept", .answer = ""},
	    {.head = "header_cut=1", .answer = "HTTP/1.1 200 OK\r\n"},
	};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *url = site_page(&site, "body", "abc", "head", cases[i].head);
		expect_start(&site, "HEAD", url, cases[i].answer);
		expect_start(&site, "GET", url, "HTTP/1.1 200 OK\r\n");
	}
	expect_start(
	    &site, "HEAD", site_page(&site, "status", "404", "head", "status=200"), "HTTP/1.1 200 OK");
	expect_start(&site, "GET", site_page(&site, "head", "staus=405"), "HTTP/1.1 400 ");
	site_stop(&site);
}

Test(support, head_may_get_a_body)
{
	struct site site;
	site_start(&site);
	char *answer = ask(&site, "HEAD", site_page(&site, "body", "<a href=x>", "head_body", "1"), "close");
	cr_expect(strstr(answer, "\r\n\r\n<a href=x>"), "%s", answer);
	free(answer);
	site_stop(&site);
}

Test(support, header_is_cut_where_asked)
{
	struct site site;
	site_start(&site);
	char *answer = ask(&site, "GET", site_page(&site, "header_cut", "1"), "keep-alive");
	cr_expect(*answer && !strstr(answer, "\r\n\r\n"), "%s", answer);
	free(answer);
	site_stop(&site);
}

Test(support, stats_count_heads)
{
	struct site site;
	struct site_stats stats;
	site_start(&site);
	const char *url = site_page(&site, "fail", "1");
	expect_start(&site, "HEAD", url, "HTTP/1.1 503 ");
	expect_start(&site, "HEAD", url, "HTTP/1.1 200 ");
	expect_start(&site, "GET", url, "HTTP/1.1 200 ");
	site_stats(&site, &stats);
	struct site_counter counter = site_stats_counter(&stats, SITE_BY_TARGET, site_target(url));
	cr_expect(counter.requests == 3 && counter.heads == 2, "%zu, %zu", counter.requests, counter.heads);
	cr_expect_str_eq(stats.requests[0].method, "HEAD");
	site_stats_release(&stats);
	site_stop(&site);
}
