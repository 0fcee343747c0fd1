/* The test server's answers to conditional requests, and its site that changes from night to night. */
#include "support/nights.h"
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

enum { PAGES = 80, NIGHTS = 10 };

/* The header line that sends what the answer has in a field back in another one; "" if it has none. */
static void add_precondition(
    char *lines, size_t size, const char *answer, const char *field, const char *name)
{
	char line[64];
	snprintf(line, sizeof line, "\r\n%s: ", field);
	const char *found = strstr(answer, line);
	size_t at = strlen(lines);
	if (!found)
		return;
	found += strlen(line);
	snprintf(
	    lines + at, size - at, "%s%s: %.*s", at ? "\r\n" : "", name, (int)strcspn(found, "\r"), found);
}

static char *ask_page(struct site *site, unsigned number, const char *lines)
{
	char path[32];
	snprintf(path, sizeof path, "/_/nights/p%u", number);
	return ask_with(site, "GET", site_url(site, path), *lines ? lines : "X-None: 1");
}

static int status_of(const char *answer)
{
	return atoi(answer + strlen("HTTP/1.1 "));
}

static void expect_links(const char *answer, const struct nights_page *page)
{
	static const char start[] = "<a href=\"p";
	unsigned count = 0;
	for (const char *at = answer; (at = strstr(at, start)); at++, count++) {
		unsigned target = (unsigned)atoi(at + sizeof start - 1);
		cr_expect(count < page->links.count && page->links.target[count] == target, "%s", answer);
	}
	cr_expect_eq(count, page->links.count, "%s", answer);
}

/* What one client that keeps nothing but the last good answer of a page, and sends all of its validators
 * back, sees of it. */
struct seen {
	bool is_known;
	struct nights_page page;
	char lines[256];
};

/* Returns true if a client that does not obey the standards would take the page for unchanged by mistake. */
static bool expect_page(struct site *site, unsigned number, const struct nights_page *page, struct seen *seen)
{
	static const int statuses[] = {[NIGHTS_PAGE] = 200,
	    [NIGHTS_MISSING] = 404,
	    [NIGHTS_GONE] = 410,
	    [NIGHTS_BROKEN] = 501,
	    [NIGHTS_UNASKED] = 304,
	    [NIGHTS_NOT_TEXT] = 200};
	char *answer = ask_page(site, number, "");
	cr_expect_eq(status_of(answer), statuses[page->answer], "p%u: %s", number, answer);
	if (page->answer != NIGHTS_PAGE) {
		free(answer);
		return false;
	}
	expect_links(answer, page);
	bool is_misled = false;
	if (seen->is_known) {
		char *again = ask_page(site, number, seen->lines);
		bool is_304 = status_of(again) == 304, has_changed = seen->page.changed != page->changed;
		cr_expect(is_304 || status_of(again) == 200, "%s", again);
		cr_expect(is_304 || !nights_is_unchanged(&seen->page, page), "p%u: %s", number, seen->lines);
		is_misled = is_304 && has_changed;
		bool may_mislead = page->validators >= NIGHTS_OTHER_TAG;
		cr_expect(!is_misled || may_mislead, "p%u: %s", number, seen->lines);
		free(again);
	}
	*seen = (struct seen){.is_known = true, .page = *page};
	add_precondition(seen->lines, sizeof seen->lines, answer, "ETag", "If-None-Match");
	add_precondition(seen->lines, sizeof seen->lines, answer, "Last-Modified", "If-Modified-Since");
	free(answer);
	return is_misled;
}

Test(support, nights_are_what_their_truth_says, .timeout = 120)
{
	static struct seen seen[PAGES];
	const struct nights_spec spec = {.seed = 7, .pages = PAGES};
	unsigned answers[NIGHTS_ANSWERS] = {0}, misled[NIGHTS_VALIDATORS] = {0},
	         unchanged[NIGHTS_VALIDATORS] = {0};
	struct nights_page page;
	struct site site;
	char number[16];
	site_start(&site);
	expect_part(&site, site_url(&site, "/_/nights?seed=7&pages=80"), "HTTP/1.1 200 ");
	for (unsigned night = 0; night < NIGHTS; night++) {
		for (unsigned i = 0; i < PAGES; i++) {
			nights_page(&spec, i, night, &page);
			answers[page.answer]++;
			unchanged[page.validators] +=
			    seen[i].is_known && nights_is_unchanged(&seen[i].page, &page);
			misled[page.validators] += expect_page(&site, i, &page, &seen[i]);
		}
		snprintf(number, sizeof number, "\r\n\r\n%u\n", night + 1);
		expect_part(&site, site_url(&site, "/_/nights/next"), number);
	}
	for (size_t i = 0; i < NIGHTS_ANSWERS; i++)
		cr_expect(answers[i] > 0, "no answer of kind %zu", i);
	for (size_t i = NIGHTS_STRONG; i <= NIGHTS_OTHER_TAG; i++)
		cr_expect(unchanged[i] > 0, "no unchanged page of kind %zu", i);
	/* Each trap is one. */
	for (size_t i = NIGHTS_OTHER_TAG; i < NIGHTS_VALIDATORS; i++)
		cr_expect((misled[i] > 0) == (i != NIGHTS_CHANGING_TAG), "kind %zu: %u", i, misled[i]);
	expect_part(&site, site_url(&site, "/_/nights/p80"), "HTTP/1.1 404 ");
	expect_part(&site, site_url(&site, "/_/nights/x"), "HTTP/1.1 404 ");
	expect_part(&site, site_url(&site, "/_/nights?pages=0"), "HTTP/1.1 400 ");
	expect_part(&site, site_url(&site, "/_/nights?page=1"), "HTTP/1.1 400 ");
	site_stop(&site);
}

static bool has_target(const struct nights_links *links, unsigned target)
{
	for (unsigned i = 0; i < links->count; i++) {
		if (links->target[i] == target)
			return true;
	}
	return false;
}

/* In each of the first nights, some links are new, some are gone, and most stay. */
Test(support, nights_have_changes_of_every_kind)
{
	static struct nights_links before[PAGES], now[PAGES];
	static bool reached[PAGES];
	const struct nights_spec spec = {.seed = 7, .pages = PAGES};
	unsigned returned = 0, silent = 0, unreached = 0;
	struct nights_page page, last;
	nights_known(&spec, false, 0, before);
	for (unsigned night = 1; night < NIGHTS; night++) {
		unsigned added = 0, gone = 0, kept = 0;
		nights_known(&spec, false, night, now);
		nights_reach(&spec, night, reached);
		for (unsigned i = 0; i < PAGES; i++) {
			for (unsigned k = 0; k < now[i].count; k++) {
				bool was_there = has_target(&before[i], now[i].target[k]);
				kept += was_there;
				added += !was_there;
			}
			for (unsigned k = 0; k < before[i].count; k++)
				gone += !has_target(&now[i], before[i].target[k]);
			nights_page(&spec, i, night, &page);
			nights_page(&spec, i, night - 1, &last);
			bool was_missing = last.answer == NIGHTS_MISSING || last.answer == NIGHTS_GONE;
			returned += was_missing && page.answer == NIGHTS_PAGE && page.changed < night;
			silent += page.changed == night && page.answer == NIGHTS_PAGE &&
			          now[i].count == before[i].count &&
			          memcmp(&now[i], &before[i], sizeof now[i]) == 0;
			unreached += !reached[i];
		}
		cr_expect(added > 0 && gone > 0 && kept > added && kept > gone,
		    "night %u: %u + %u - %u =", night, added, gone, kept);
		memcpy(before, now, sizeof before);
	}
	cr_expect(returned > 0, "no page is back with the text that it had");
	cr_expect(silent > 0, "no page has changed but for its links");
	cr_expect(unreached > 0);
	nights_known(&spec, true, NIGHTS - 1, now);
	cr_expect(memcmp(before, now, sizeof now) != 0, "a crawl does not reach all pages each night");
}
