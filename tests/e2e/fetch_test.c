/* Fetching: redirects, retries, limits, what is skipped, and the words for what fails. */
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static bool says(const struct run_result *result, const char *text)
{
	return strstr(result->err, text) != NULL;
}

#define expect_says(result, text) cr_expect(says(result, text), "\"%s\" is not in:\n%s", text, (result)->err)

static size_t asked(struct site *site, const char *url)
{
	struct site_stats stats;
	site_stats(site, &stats);
	size_t count = site_stats_asked(&stats, url);
	site_stats_release(&stats);
	return count;
}

Test(fetch, follows_redirects_and_resolves_against_where_they_end)
{
	struct site site;
	struct run_result result;
	char expected[1000];
	site_start(&site);
	const char *target = site_page_at(&site, "/_/page", "body", "<a href=x>", "group", "t");
	const char *relative = strstr(target, "/_/");
	const char *first = site_page(&site, "status", "301", "location", relative);
	run_areq(&result, first, "--no-header");
	run_assert_exit(&result, 0);
	snprintf(expected, sizeof expected, "%s\thttp://%s/_/x\n", first, site.host);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, follows_twenty_redirects_and_no_more)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	run_areq(&result, "-q", site_url(&site, "/_/chain?n=20"));
	run_expect_exit(&result, 0);
	run_release(&result);
	run_areq(&result, site_url(&site, "/_/chain?n=21"));
	run_expect_exit(&result, 1);
	expect_says(&result, "more than 20 redirects");
	run_release(&result);
	run_areq(&result, site_url(&site, "/_/chain?n=2"), "--max-redirs", "1");
	run_expect_exit(&result, 1);
	run_release(&result);
	run_areq(&result, site_url(&site, "/_/loop?n=2"));
	run_expect_exit(&result, 1);
	expect_says(&result, "redirects");
	run_release(&result);
	site_stop(&site);
}

Test(fetch, follows_redirects_to_http_and_https_alone)
{
	struct site site;
	struct run_result result;
	static const char *const faults[] = {
	    "/_/fault/location-file", "/_/fault/location-ftp", "/_/fault/location-bad"};
	site_start(&site);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		run_areq(&result, "--no-header", site_url(&site, faults[i]));
		run_expect_exit(&result, 1);
		cr_expect_str_eq(result.out, "");
		expect_says(&result, "with a redirect to");
		run_release(&result);
	}
	site_stop(&site);
}

Test(fetch, keeps_cookies_along_redirects)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	const char *target = site_url(&site, "/_/page?links=1");
	const char *first =
	    site_page(&site, "status", "302", "location", target, "header", "Set-Cookie: seen=yes; Path=/");
	/* One after the other, so that all three go through the same handle. */
	run_areq(&result, "-j", "1", first, target);
	run_assert_exit(&result, 0);
	site_stats(&site, &stats);
	size_t with_cookie = 0;
	for (size_t i = 0; i < stats.count; i++) {
		const char *cookie = site_request_header(&stats.requests[i], "Cookie");
		with_cookie += cookie && strcmp(cookie, "seen=yes") == 0;
	}
	cr_expect_eq(stats.count, 3);
	cr_expect_eq(
	    with_cookie, 1, "the redirected request has it, the other URL's has not; %zu have", with_cookie);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, fails_codes_of_400_and_above_without_rows)
{
	static const char *const codes[] = {"400", "404", "410", "451", "501", "999"};
	struct site site;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		const char *url = site_page(&site, "status", codes[i], "links", "3");
		char expected[64];
		run_areq(&result, "--no-header", url);
		run_expect_exit(&result, 1);
		cr_expect_str_eq(result.out, "");
		snprintf(expected, sizeof expected, ": got %s", codes[i]);
		expect_says(&result, expected);
		expect_says(&result, url);
		cr_expect_eq(asked(&site, url), 1, "%s is not tried again", codes[i]);
		run_release(&result);
	}
	site_stop(&site);
}

Test(fetch, tries_again_what_may_pass)
{
	static const char *const codes[] = {"408", "429", "500", "502", "503", "504", "0"};
	struct site site;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		const char *url = site_page(&site, "fail", "2", "fail_status", codes[i], "links", "1");
		run_areq(&result, "--no-header", url);
		run_expect_exit(&result, 0);
		cr_expect(strstr(result.out, "link1\n"), "%s", codes[i]);
		cr_expect_eq(asked(&site, url), 3, "%s", codes[i]);
		cr_expect(result.seconds >= 0.75, "back-off of at least 0.25 + 0.5 s; it took %.2f s",
		    result.seconds);
		run_release(&result);
	}
	site_stop(&site);
}

Test(fetch, gives_up_after_the_retries_and_counts_the_attempts)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *url = site_page(&site, "status", "503");
	run_areq(&result, url);
	run_expect_exit(&result, 1);
	expect_says(&result, "got 503 Service Unavailable (3 attempts)");
	cr_expect_eq(asked(&site, url), 3);
	run_release(&result);
	site_reset_stats(&site);
	run_areq(&result, url, "-r", "0");
	run_expect_exit(&result, 1);
	cr_expect_eq(asked(&site, url), 1);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, holds_the_whole_host_back_when_asked)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	const char *busy = site_page(&site, "fail", "1", "retry_after", "2", "group", "busy");
	const char *other = site_page(&site, "delay", "300", "group", "other");
	const char *late = site_page(&site, "group", "late");
	run_areq(&result, "--per-host", "2", busy, other, late);
	run_assert_exit(&result, 0);
	site_stats(&site, &stats);
	double asked_at = site_stats_find(&stats, busy, 0)->start;
	cr_expect(site_stats_find(&stats, busy, 1)->start - asked_at >= 1.9);
	cr_expect(site_stats_find(&stats, late, 0)->start - asked_at >= 1.9,
	    "the host's other URLs wait too: %.2f s", site_stats_find(&stats, late, 0)->start - asked_at);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, reads_a_date_in_retry_after)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char date[64];
	time_t then = time(NULL) + 3;
	struct tm utc;
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &utc));
	site_start(&site);
	const char *url = site_page(&site, "fail", "1", "retry_after", date);
	run_areq(&result, url);
	run_assert_exit(&result, 0);
	site_stats(&site, &stats);
	double wait = site_stats_find(&stats, url, 1)->start - site_stats_find(&stats, url, 0)->start;
	cr_expect(wait > 1.5 && wait < 4.0, "waited %.2f s", wait);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, gives_up_at_once_on_an_absurd_retry_after)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *url = site_page(&site, "status", "429", "retry_after", "9999999999");
	const char *fine = site_page(&site, "links", "1");
	run_areq(&result, "-j", "1", "--no-header", url, fine);
	run_expect_exit(&result, 1);
	expect_says(&result, "--max-retry-after");
	cr_expect(strstr(result.out, "link1\n"), "the host is not held");
	cr_expect_eq(asked(&site, url), 1);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, names_the_stage_and_the_reason)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	run_areq(&result, "-r", "1", "http://127.0.0.1:1/");
	run_expect_exit(&result, 1);
	expect_says(&result, "areq: http://127.0.0.1:1/: connect failed: Connection refused (2 attempts)\n");
	run_release(&result);

	run_areq(&result, "-r", "0", "http://no-such-host.invalid/");
	run_expect_exit(&result, 1);
	expect_says(&result, "areq: http://no-such-host.invalid/: name lookup failed: ");
	run_release(&result);

	run_areq(&result, "-r", "0", "-t", "500ms", site_page(&site, "hang", "accept"));
	run_expect_exit(&result, 1);
	expect_says(&result, ": waiting for the answer timed out after 0.5 s\n");
	run_release(&result);

	run_areq(&result, "-r", "0", "-t", "500ms", site_page(&site, "hang", "body", "body", "12345678"));
	run_expect_exit(&result, 1);
	expect_says(&result, ": receive timed out after 0.5 s with 4 bytes read\n");
	run_release(&result);

	run_areq(&result, "-r", "0", site_url(&site, "/_/fault/nothing"));
	run_expect_exit(&result, 1);
	expect_says(&result, "the server closed the connection without an answer");
	run_release(&result);

	run_areq(&result, "-r", "0", site_page(&site, "reset", "1"));
	run_expect_exit(&result, 1);
	expect_says(&result, "Connection reset by peer");
	run_release(&result);
	site_stop(&site);
}

Test(fetch, times_out_a_chain_of_redirects_as_one_attempt)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *last = site_page(&site, "delay", "900", "links", "1");
	const char *second = site_page(&site, "delay", "900", "status", "302", "location", last);
	const char *first = site_page(&site, "delay", "900", "status", "302", "location", second);
	run_areq(&result, "-r", "0", "-t", "2", "--no-header", first);
	run_expect_exit(&result, 1);
	expect_says(&result, "timed out after 2 s\n");
	cr_expect(result.seconds < 2.6, "%.2f s", result.seconds);
	run_release(&result);
	run_areq(&result, "-r", "0", "-t", "4", "--no-header", first);
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, leaves_no_rows_of_a_page_that_breaks_off)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *urls[] = {
	    site_page(&site, "links", "1000", "cut", "5000"),
	    site_page(&site, "links", "1000", "short", "10"),
	    site_page(&site, "links", "1000", "chunked", "1", "unfinished", "1"),
	    site_page(&site, "links", "1000", "cut", "5000", "reset", "1"),
	    site_url(&site, "/_/fault/chunk-size"),
	    site_url(&site, "/_/fault/chunk-cut"),
	};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		run_areq(&result, "-r", "0", "--no-header", urls[i]);
		run_expect_exit(&result, 1);
		cr_expect_str_eq(result.out, "", "%s", urls[i]);
		run_release(&result);
	}
	site_stop(&site);
}

Test(fetch, skips_what_is_not_text_without_reading_it)
{
	static const char *const types[] = {
	    "image/png", "video/mp4", "application/zip", "application/octet-stream"};
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const char *url = site_page(&site, "type", types[i], "size", "forever");
		run_areq(&result, "-v", "--no-header", "-t", "5", url);
		run_expect_exit(&result, 0);
		cr_expect_str_eq(result.out, "");
		expect_says(&result, "1 skipped");
		expect_says(&result, types[i]);
		site_stats(&site, &stats);
		cr_expect_lt(site_stats_find(&stats, url, 0)->bytes, 8 << 20);
		site_stats_release(&stats);
		run_release(&result);
	}
	site_stop(&site);
}

Test(fetch, skips_what_is_too_large_also_after_decompression)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *urls[] = {
	    site_page(&site, "links", "5", "size", "2000000"),
	    site_page(&site, "links", "5", "size", "forever"),
	    site_page(&site, "links", "5", "encoding", "gzip", "bomb", "64"),
	    site_url(&site, "/_/fault/endless-links"),
	};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		run_areq(&result, "-v", "--no-header", "--max-size", "1M", urls[i]);
		run_expect_exit(&result, 0);
		cr_expect_str_eq(result.out, "");
		expect_says(&result, "larger than 1048576 bytes");
		run_release(&result);
	}
	run_areq(&result, "--no-header", urls[0]);
	run_expect_exit(&result, 0);
	cr_expect_neq(result.out_len, 0, "it is under the default limit");
	run_release(&result);
	site_stop(&site);
}

Test(fetch, unpacks_every_encoding)
{
	static const char *const encodings[] = {"gzip", "deflate", "br", "zstd"};
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
		run_areq(&result, "--no-header", site_page(&site, "links", "50", "encoding", encodings[i]));
		run_expect_exit(&result, 0);
		cr_expect(strstr(result.out, "link50\n"), "%s", encodings[i]);
		run_release(&result);
	}
	run_areq(&result, site_page(&site, "links", "1"), "-H", "Accept-Encoding: identity", "-t", "0");
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stats(&site, &stats);
	cr_expect_str_eq(
	    site_request_header(&stats.requests[0], "Accept-Encoding"), "gzip, deflate, br, zstd");
	cr_expect_str_eq(
	    site_request_header(&stats.requests[stats.count - 1], "Accept-Encoding"), "identity");
	site_stats_release(&stats);
	site_stop(&site);
}

Test(fetch, sends_what_it_was_told_to)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	const char *url = site_page(&site, "links", "1");
	run_areq(&result, url, "-H", "X-One: 1", "--header", "Accept-Language: de", "-A", "agent/1");
	run_assert_exit(&result, 0);
	run_release(&result);
	run_areq(&result, url);
	run_assert_exit(&result, 0);
	run_release(&result);
	site_stats(&site, &stats);
	const struct site_request *request = site_stats_find(&stats, url, 0);
	cr_expect_str_eq(request->method, "GET");
	cr_expect_str_eq(site_request_header(request, "X-One"), "1");
	cr_expect_str_eq(site_request_header(request, "Accept-Language"), "de");
	cr_expect_str_eq(site_request_header(request, "User-Agent"), "agent/1");
	request = site_stats_find(&stats, url, 1);
	cr_expect(strstr(site_request_header(request, "User-Agent"), "Mozilla/5.0 (compatible; areq/") ==
	          site_request_header(request, "User-Agent"));
	cr_expect(strstr(site_request_header(request, "Accept-Encoding"), "gzip"));
	site_stats_release(&stats);
	site_stop(&site);
}

Test(fetch, goes_through_a_proxy)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char proxy[128];
	site_start(&site);
	snprintf(proxy, sizeof proxy, "http://%s/", site.host);
	/* The test server answers 404 for what it does not know; what counts is that it was asked. */
	run_areq(&result, "-x", proxy, "http://elsewhere.example/some/page");
	run_expect_exit(&result, 1);
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, 1);
	cr_expect_str_eq(stats.requests[0].host, "elsewhere.example");
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, says_who_asks_once_and_as_it_was_told_to)
{
	static const struct {
		const char *option, *value, *agent;
	} cases[] = {
	    {.option = "-A", .value = "agent/1", .agent = "agent/1"},
	    {.option = "-A", .value = "", .agent = NULL},
	    {.option = "-H", .value = "user-agent: header/1", .agent = "header/1"},
	    {.option = "-H", .value = "User-Agent:", .agent = NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int proxied = 0; proxied < 2; proxied++) {
			struct site site;
			struct site_stats stats;
			struct run_result result;
			size_t lines = 0;
			site_start(&site);
			char proxy[128] = "";
			if (proxied)
				snprintf(proxy, sizeof proxy, "http://%s/", site.host);
			run_areq(&result, "-x", proxy, cases[i].option, cases[i].value,
			    site_page(&site, "links", "1"));
			run_assert_exit(&result, 0);
			run_release(&result);
			site_stats(&site, &stats);
			cr_assert_eq(stats.count, 1);
			const struct site_request *request = &stats.requests[0];
			const char *agent = site_request_header(request, "User-Agent");
			for (size_t k = 0; k < json_array_size(request->headers); k++) {
				const json_t *name = json_array_get(json_array_get(request->headers, k), 0);
				lines += strcasecmp(json_string_value(name), "User-Agent") == 0;
			}
			cr_expect_eq(lines, cases[i].agent ? 1 : 0, "%s \"%s\": %zu lines", cases[i].option,
			    cases[i].value, lines);
			cr_expect(cases[i].agent ? agent && strcmp(agent, cases[i].agent) == 0 : !agent);
			site_stats_release(&stats);
			site_stop(&site);
		}
	}
}

Test(fetch, says_who_asks_to_the_proxy_of_a_tunnel)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char proxy[128];
	site_start(&site);
	snprintf(proxy, sizeof proxy, "http://%s/", site.host);
	run_areq(&result, "-r", "0", "-x", proxy, "-A", "agent/1", "https://elsewhere.example/");
	run_expect_exit(&result, 1);
	run_release(&result);
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, 1);
	cr_expect_str_eq(stats.requests[0].method, "CONNECT");
	cr_expect_str_eq(site_request_header(&stats.requests[0], "User-Agent"), "agent/1");
	site_stats_release(&stats);
	site_stop(&site);
}

Test(fetch, keeps_to_the_address_family_it_was_given)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	char url[128];
	snprintf(url, sizeof url, "http://[::1]:%u/", site.port);
	run_areq(&result, "-4", "-r", "0", url);
	run_expect_exit(&result, 1);
	run_release(&result);
	run_areq(&result, "-6", "-r", "0", site_page(&site, "links", "1"));
	run_expect_exit(&result, 1);
	run_release(&result);
	run_areq(&result, "-4", "-r", "0", "-q", site_page(&site, "links", "1"));
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, backs_off_longer_each_time)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	const char *url = site_page(&site, "status", "503");
	run_areq(&result, "-r", "3", url);
	run_expect_exit(&result, 1);
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, 4);
	double least = 0.25;
	for (size_t i = 1; i < 4; i++, least *= 2) {
		double gap = stats.requests[i].start - stats.requests[i - 1].start;
		cr_expect(gap >= least - 0.01 && gap < 2 * least + 0.5, "wait %zu was %.2f s", i, gap);
	}
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, ends_a_connection_attempt_in_time)
{
	/* A queue of connections that is full and never emptied: further ones get no answer. */
	enum { FILLERS = 8 };
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fillers[FILLERS], listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, len), 0);
	cr_assert_eq(listen(listener, 0), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	for (int i = 0; i < FILLERS; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM, 0);
		cr_assert_eq(fcntl(fillers[i], F_SETFL, O_NONBLOCK), 0);
		connect(fillers[i], (struct sockaddr *)&address, len);
	}
	struct run_result result;
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
	run_areq(&result, "-r", "0", "--connect-timeout", "600ms", url);
	run_expect_exit(&result, 1);
	expect_says(&result, ": connect timed out after 0.6 s\n");
	cr_expect(result.seconds >= 0.6 && result.seconds < 2, "%.2f s", result.seconds);
	run_release(&result);
	for (int i = 0; i < FILLERS; i++)
		close(fillers[i]);
	close(listener);
}

Test(fetch, keeps_secrets_to_the_origin_they_were_meant_for)
{
	struct site site, other;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	site_start(&other);
	const char *target = site_page(&other, "links", "1");
	const char *inside = site_page(&site, "status", "302", "location", target, "group", "second");
	const char *first =
	    site_page(&site, "status", "302", "location", inside, "header", "Set-Cookie: secret=1; Path=/");
	run_areq(&result, first, "-H", "Authorization: Bearer S", "-H", "Host: virtual.example", "-H",
	    "Cookie: c=1", "-H", "X-Other: yes");
	run_assert_exit(&result, 0);
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, 2);
	for (size_t i = 0; i < 2; i++) {
		cr_expect_str_eq(site_request_header(&stats.requests[i], "Authorization"), "Bearer S");
		cr_expect_str_eq(stats.requests[i].host, "virtual.example");
	}
	site_stats_release(&stats);
	site_stats(&other, &stats);
	cr_assert_eq(stats.count, 1);
	cr_expect_null(site_request_header(&stats.requests[0], "Authorization"));
	const char *cookie = site_request_header(&stats.requests[0], "Cookie");
	cr_expect(!cookie || !strstr(cookie, "c=1"), "%s", cookie ? cookie : "");
	cr_expect_str_eq(stats.requests[0].host, other.host);
	cr_expect_str_eq(site_request_header(&stats.requests[0], "X-Other"), "yes");
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
	site_stop(&other);
}

/* libcurl keeps cookies for the host that the header names: with it set for one request, and not for the
 * next. */
Test(fetch, keeps_cookies_to_the_host_that_a_header_names)
{
	struct site site, other;
	struct site_stats stats;
	struct run_result result;
	char target[1000], resolve[200];
	site_start(&site);
	site_start(&other);
	snprintf(target, sizeof target, "http://other.test:%u/_/page?links=1", other.port);
	snprintf(resolve, sizeof resolve, "other.test:%u:127.0.0.1", other.port);
	const char *url =
	    site_page(&site, "status", "302", "location", target, "header", "Set-Cookie: secret=1; Path=/");
	run_areq(&result, "-j", "1", "-H", "Host: virtual.example", "--resolve", resolve, url,
	    site_page(&site, "links", "1"), target);
	run_expect_exit(&result, 0);
	site_stats(&other, &stats);
	cr_assert_eq(stats.count, 2);
	for (size_t i = 0; i < stats.count; i++)
		cr_expect_null(site_request_header(&stats.requests[i], "Cookie"), "request %zu", i);
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
	site_stop(&other);
}

/* base64 of "user:p@ss" */
#define BASIC "Basic dXNlcjpwQHNz"

Test(fetch, uses_credentials_for_their_host_alone_and_shows_them_to_nobody)
{
	struct site site, other;
	struct site_stats stats;
	struct run_result result;
	char url[1024], list[2048];
	site_start(&site);
	site_start(&other);
	const char *away = site_page(&other, "links", "1");
	const char *second = site_page(&site, "status", "302", "location", away);
	const char *first = site_page(&site, "status", "302", "location", site_target(second));
	snprintf(url, sizeof url, "http://user:p%%40ss@%s%s", site.host, site_target(first));
	snprintf(list, sizeof list, "%s\nhttp://user:p%%40ss@bad host/\nhttp://user:p%%40ss@%s%s\n", url,
	    site.host, site_target(site_page(&site, "links", "2")));
	run_areq_with(
	    &result, (&(struct run_options){.input = list}), "-v", "-o", "/dev/stderr", "--report", "-");
	run_expect_exit(&result, 1);
	const char *const texts[] = {result.out, result.err};
	for (size_t i = 0; i < 2; i++)
		cr_expect(
		    !strstr(texts[i], "p%40ss") && !strstr(texts[i], "p@ss") && !strstr(texts[i], "user"),
		    "%s", texts[i]);
	cr_expect(strstr(result.err, "/_/link2\n"), "the rows are among it: %s", result.err);
	cr_expect(strstr(result.err, "http://bad host/"), "%s", result.err);
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const char *sent = site_request_header(&stats.requests[i], "Authorization");
		cr_expect_str_eq(sent ? sent : "", BASIC, "a redirect within the origin keeps them");
	}
	site_stats_release(&stats);
	site_stats(&other, &stats);
	cr_assert_eq(stats.count, 1);
	cr_expect_null(site_request_header(&stats.requests[0], "Authorization"));
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
	site_stop(&other);
}

Test(fetch, names_a_redirect_to_the_port_of_another_scheme)
{
	struct site site;
	struct run_result result;
	char location[128];
	site_start(&site);
	snprintf(location, sizeof location, "https://%s/", site.host);
	run_areq(&result, "-r", "0", "--connect-timeout", "500ms",
	    site_page(&site, "status", "302", "location", location));
	run_expect_exit(&result, 1);
	/* The server waits for a line that ends. */
	expect_says(&result, ": TLS handshake timed out after 0.5 s\n");
	run_release(&result);
	site_stop(&site);
}

Test(fetch, waits_for_no_body_that_it_does_not_want)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *target = site_page(&site, "links", "1");
	run_areq(&result, "--no-header", "-t", "15",
	    site_page(&site, "status", "302", "location", target, "size", "999", "hang", "body"));
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.out, "link1\n"));
	cr_expect_lt(result.seconds, 8);
	run_release(&result);
	run_areq(&result, "--no-header", "-t", "15",
	    site_page(&site, "status", "404", "size", "999", "hang", "body"));
	run_expect_exit(&result, 1);
	expect_says(&result, "got 404 Not Found");
	cr_expect_lt(result.seconds, 8);
	run_release(&result);
	site_stop(&site);
}

Test(fetch, backs_off_where_retry_after_says_nothing_useful)
{
	static const char *const values[] = {"soon", "-5", "0", "1.5", "Thu, 01 Jan 1970 00:00:00 GMT", ""};
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		const char *url = site_page(&site, "fail", "1", "retry_after", values[i]);
		run_areq(&result, "-r", "1", url);
		run_expect_exit(&result, 0);
		site_stats(&site, &stats);
		double gap = site_stats_find(&stats, url, 1)->start - site_stats_find(&stats, url, 0)->start;
		cr_expect(gap >= 0.24 && gap < 1.5, "\"%s\": %.2f s", values[i], gap);
		site_stats_release(&stats);
		run_release(&result);
	}
	const char *huge = site_page(&site, "status", "503", "retry_after", "99999999999999999999999999");
	run_areq(&result, huge);
	run_expect_exit(&result, 1);
	cr_expect_eq(asked(&site, huge), 1);
	expect_says(&result, "--max-retry-after");
	run_release(&result);
	site_stop(&site);
}

Test(fetch, names_a_silent_handshake)
{
	/* It accepts, by its queue, and says nothing. */
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, len), 0);
	cr_assert_eq(listen(listener, 10), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	struct run_result result;
	char url[64];
	snprintf(url, sizeof url, "https://127.0.0.1:%d/", ntohs(address.sin_port));
	run_areq(&result, "-r", "0", "--connect-timeout", "600ms", url);
	run_expect_exit(&result, 1);
	expect_says(&result, ": TLS handshake timed out after 0.6 s\n");
	run_release(&result);
	close(listener);
}

/* The words of a reason may change; the cause stays. */
Test(fetch, says_why_a_url_failed_as_a_word)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const struct {
		const char *url, *cause;
	} cases[] = {
	    {site_page(&site, "links", "1"), NULL},
	    {"http://127.0.0.1:1/", "connection-refused"},
	    {site_page(&site, "status", "404"), "http-status"},
	    {site_page(&site, "status", "403"), "http-turned-away"},
	    {site_page(&site, "hang", "accept"), "answer-timeout"},
	    {site_page(&site, "hang", "body", "links", "9"), "receive-timeout"},
	    {site_page(&site, "type", "image/png"), "not-text"},
	    {site_page(&site, "links", "100000"), "too-large"},
	    {site_page(&site, "status", "302", "location", "ftp://x/"), "redirect-invalid"},
	    {site_page_at(&site, "/_/loop", "n", "2"), "too-many-redirects"},
	    {"http://[/", "not-a-url"},
	    {"ftp://x/", "not-http"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run_areq(&result, "-q", "-r", "0", "-t", "1", "--max-size", "100k", "-o", "/dev/null",
		    "--report", "/dev/stdout", cases[i].url);
		json_t *line = json_loads(result.out, 0, NULL);
		const char *cause = json_string_value(json_object_get(line, "cause"));
		cr_expect(
		    cases[i].cause ? cause && strcmp(cause, cases[i].cause) == 0 : !cause, "%s", result.out);
		json_decref(line);
		run_release(&result);
	}
	site_stop(&site);
}

Test(fetch, names_who_failed_behind_a_redirect)
{
	struct site site;
	struct run_result result;
	char expected[256];
	site_start(&site);
	const char *url = site_page(&site, "status", "302", "location", "http://127.0.0.1:1/x");
	run_areq(&result, "-r", "0", url);
	run_expect_exit(&result, 1);
	snprintf(expected, sizeof expected,
	    "areq: %s (redirected to http://127.0.0.1:1/x): connect failed: ", url);
	cr_expect(strstr(result.err, expected), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}
