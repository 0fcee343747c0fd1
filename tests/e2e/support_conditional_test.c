/* The test server's answers to conditional requests. */
#include "support/site.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a request with one more header line gets. */
static char *ask_with(struct site *site, const char *method, const char *url, const char *line)
{
	char request[4096];
	int n =
	    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\nConnection: close\r\n\r\n",
	        method, site_target(url), site->host, line);
	return site_exchange(site, request, (size_t)n, 5, NULL);
}

static void expect_part(struct site *site, const char *url, const char *part)
{
	char *answer = ask_with(site, "GET", url, "X-None: 1");
	cr_expect(strstr(answer, part), "%s: %s not in %s", url, part, answer);
	free(answer);
}

#define DATE         "Sun, 06 Nov 1994 08:49:37 GMT"
#define DATE_SECONDS "784111777"

/* RFC 9110, section 13; what it says about a resource without the validator that is asked about, too. */
Test(support, conditional_requests_are_answered_as_the_standard_says)
{
	static const struct {
		const char *name, *value, *line;
		int wanted;
	} cases[] = {
	    {"etag", "\"a\"", "X-None: 1", 200},
	    {"etag", "\"a\"", "If-None-Match: \"a\"", 304},
	    {"etag", "\"a\"", "if-none-match:W/\"a\"", 304},
	    {"etag", "W/\"a\"", "If-None-Match: \"a\"", 304},
	    {"etag", "W/\"a\"", "If-None-Match: W/\"b\"", 200},
	    {"etag", "\"a\"", "If-None-Match: \"A\"", 200},
	    {"etag", "\"a\"", "If-None-Match: \"b\", W/\"c\",\"a\"", 304},
	    {"etag", "\"a,b\"", "If-None-Match: \"c\" , \"a,b\"", 304},
	    {"etag", "\"a\"", "If-None-Match: \"a,b\", \"b,\"a", 200},
	    {"etag", "\"a\"", "If-None-Match: *", 304},
	    {"etag", "\"a\"", "If-None-Match:", 200},
	    {"etag", "a", "If-None-Match: a", 304},
	    {"etag", "a", "If-None-Match: \"a\"", 200},
	    {"etag", "\"a\"", "If-Modified-Since: " DATE, 200},
	    {"etag_each", "1", "If-None-Match: \"0\", \"1\"", 304},
	    {"etag_each", "1", "If-None-Match: \"7\"", 200},
	    {"modified", DATE_SECONDS, "If-Modified-Since: " DATE, 304},
	    {"modified", DATE_SECONDS, "If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT", 304},
	    {"modified", DATE_SECONDS, "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 200},
	    {"modified", DATE_SECONDS, "If-Modified-Since: Thu, 29 Feb 2024 00:00:00 GMT", 304},
	    {"modified", DATE_SECONDS, "If-Modified-Since: yesterday", 200},
	    {"modified", "1709164800", "If-Modified-Since: Thu, 29 Feb 2024 00:00:00 GMT", 304},
	    {"modified", "1709164800", "If-Modified-Since: Wed, 28 Feb 2024 23:59:59 GMT", 200},
	    {"modified", "1709251200", "If-Modified-Since: Fri, 01 Mar 2024 00:00:00 GMT", 304},
	    {"modified", "1709251200", "If-Modified-Since: Thu, 29 Feb 2024 23:59:59 GMT", 200},
	    {"modified", DATE_SECONDS, "If-None-Match: *", 304},
	    {"modified", DATE_SECONDS, "If-None-Match: \"a\"\r\nIf-Modified-Since: " DATE, 200},
	    {"body", "x", "If-None-Match: *", 200},
	    {"body", "x", "If-Modified-Since: " DATE, 200},
	    {"not_modified", "1", "If-None-Match: \"a\"", 304},
	    {"not_modified", "1", "X-None: 1", 200},
	};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *url = site_page(&site, "links", "1", cases[i].name, cases[i].value);
		char *answer = ask_with(&site, "GET", url, cases[i].line), wanted[32];
		snprintf(wanted, sizeof wanted, "HTTP/1.1 %d ", cases[i].wanted);
		cr_expect(strncmp(answer, wanted, strlen(wanted)) == 0, "case %zu: %s", i, answer);
		free(answer);
	}
	site_stop(&site);
}

Test(support, a_304_has_validators_and_no_body)
{
	static const char part[] = "HTTP/1.1 304 Not Modified\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n"
	                           "ETag: W/\"a\"\r\nLast-Modified: " DATE "\r\nConnection: close\r\n\r\n";
	static const char other[] = "HTTP/1.1 304 Not Modified\r\nETag: \"b\"\r\nConnection: close\r\n\r\n";
	struct site site;
	site_start(&site);
	const char *url = site_page(&site, "links", "1", "etag", "W/\"a\"", "modified", DATE_SECONDS, "date",
	    "784111778", "encoding", "gzip", "chunked", "1");
	char *answer = ask_with(&site, "GET", url, "If-None-Match: W/\"a\"\r\nIf-Modified-Since: " DATE);
	cr_expect_str_eq(answer, part);
	free(answer);
	answer = ask_with(&site, "HEAD", url, "If-Modified-Since: " DATE);
	cr_expect_str_eq(answer, part);
	free(answer);
	answer = ask_with(&site, "POST", url, "If-None-Match: *");
	cr_expect(strncmp(answer, "HTTP/1.1 200 ", 13) == 0, "%s", answer);
	free(answer);
	expect_part(&site, url,
	    "200 OK\r\nContent-Type: text/html\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n"
	    "ETag: W/\"a\"\r\nLast-Modified: " DATE "\r\n");
	url = site_page(&site, "etag", "\"a\"", "etag_304", "\"b\"");
	answer = ask_with(&site, "GET", url, "If-None-Match: \"a\"");
	cr_expect_str_eq(answer, other);
	free(answer);
	/* Nobody has asked for it. */
	expect_part(
	    &site, site_page(&site, "status", "304", "etag", "\"a\""), "HTTP/1.1 304 Not Modified\r\n");
	url = site_page(&site, "etag_each", "1");
	expect_part(&site, url, "ETag: \"0\"\r\n");
	expect_part(&site, url, "ETag: \"1\"\r\n");
	/* A failure says nothing about the page. */
	url = site_page(&site, "etag", "\"a\"", "fail", "1");
	answer = ask_with(&site, "GET", url, "If-None-Match: *");
	cr_expect(strncmp(answer, "HTTP/1.1 503 ", 13) == 0 && !strstr(answer, "ETag"), "%s", answer);
	free(answer);
	site_stop(&site);
}
