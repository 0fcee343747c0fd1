/* The tests' own tools: the test server, the runner of programs, nginx. */
#include "support/nginx.h"
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What one request with these header lines gets, all of it until the server closes. */
static char *ask(struct site *site, const char *url, size_t *len)
{
	char request[4096];
	int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
	    site_target(url), site->host);
	return site_exchange(site, request, (size_t)n, 5, len);
}

static void expect_answer(struct site *site, const char *url, const char *wanted, size_t wanted_len)
{
	size_t len;
	char *answer = ask(site, url, &len);
	cr_expect(len == wanted_len && memcmp(answer, wanted, len) == 0, "%s: %s", url, answer);
	free(answer);
}

static void expect_part(struct site *site, const char *url, const char *part)
{
	char *answer = ask(site, url, NULL);
	cr_expect(strstr(answer, part), "%s: %s not in %s", url, part, answer);
	free(answer);
}

Test(support, page_has_the_status_headers_and_body_asked_for)
{
	struct site site;
	site_start(&site);
	const char *url = site_page(&site, "status", "503", "type", "text/html;charset=gbk", "body",
	    "<a href=x>&", "header", "X-One: 1", "header", "X-Two: 2");
	static const char wanted[] =
	    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html;charset=gbk\r\n"
	    "X-One: 1\r\nX-Two: 2\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
	    "<a href=x>&";
	expect_answer(&site, url, wanted, sizeof wanted - 1);
	site_stop(&site);
}

Test(support, body_is_framed_as_asked)
{
	static const struct {
		const char *key, *value, *part;
	} cases[] = {
	    {.key = "chunk", .value = "2", .part = "\r\n\r\n2\r\nab\r\n2\r\ncd\r\n1\r\ne\r\n0\r\n\r\n"},
	    {.key = "chunk", .value = "99", .part = "\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"},
	};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_part(&site,
		    site_page(&site, "body", "abcde", "chunked", "1", cases[i].key, cases[i].value),
		    cases[i].part);
	expect_part(&site, site_page(&site, "body", "abcde", "short", "7"), "Content-Length: 12\r\n");
	expect_part(&site, site_page(&site, "body", "abcde", "length", "3"), "Content-Length: 3\r\n");
	char *answer = ask(&site, site_page(&site, "body", "abcde", "cut", "2"), NULL);
	cr_expect_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\nab");
	free(answer);
	answer = ask(&site, site_page(&site, "body", "abcde", "length", "none"), NULL);
	cr_expect(!strstr(answer, "Content-Length"), "%s", answer);
	free(answer);
	site_stop(&site);
}

Test(support, size_is_met_to_the_byte_however_it_is_sent)
{
	static const char *const more[] = {"close", "chunked", "drip"};
	static const char *const value[] = {"1", "1", "60000,1"};
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		const char *url = site_page(&site, "size", "300001", "body", "<p>", more[i], value[i]);
		run_program(&result, NULL, "curl", ARGS("-sS", "-f", url));
		run_expect_exit(&result, 0);
		cr_expect(result.out_len == 300001, "%s: %zu", url, result.out_len);
		run_release(&result);
	}
	scratch_release(&scratch);
	site_stop(&site);
}

Test(support, content_codings_decode_to_the_body)
{
	static const char *const codings[] = {"gzip", "deflate", "br", "zstd", "gzip,gzip", "identity"};
	struct site site;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
		const char *url =
		    site_page(&site, "body", "to be found", "size", "200000", "encoding", codings[i]);
		run_program(&result, NULL, "curl", ARGS("-sS", "-f", "--compressed", url));
		run_expect_exit(&result, 0);
		cr_expect(result.out_len == 200000 && memcmp(result.out, "to be found", 11) == 0, "%s: %zu",
		    codings[i], result.out_len);
		run_release(&result);
		url = site_page(&site, "body", "x", "bomb", "3", "encoding", codings[i]);
		if (i == 1 || i > 3)
			continue;
		run_program(&result, NULL, "curl", ARGS("-sS", "-f", "--compressed", url));
		run_expect_exit(&result, 0);
		cr_expect(result.out_len >= (3 << 20) + 1, "%s: %zu", codings[i], result.out_len);
		run_release(&result);
	}
	site_stop(&site);
}

/* curl's exit status is what the fault does to a decent client. */
Test(support, connections_break_as_asked)
{
	static const struct {
		const char *target;
		int wanted;
	} cases[] = {
	    {"/_/page", 0},
	    {"/_/page?empty=1", 52},
	    {"/_/page?reset=1", 56},
	    {"/_/page?cut=5", 18},
	    {"/_/page?cut=5&reset=1", 56},
	    {"/_/page?short=5", 18},
	    {"/_/page?chunked=1&unfinished=1", 18},
	    {"/_/page?hang=accept", 28},
	    {"/_/page?hang=header", 28},
	    {"/_/page?hang=body", 28},
	    {"/_/page?size=forever", 28},
	    {"/_/page?headers=forever", 56},
	    {"/_/loop?n=3", 47},
	    {"/_/away", 47},
	    {"/_/chain?n=6", 47},
	    {"/_/chain?n=5", 0},
	    {"/_/fault/http09", 1},
	    {"/_/fault/silence", 28},
	    {"/_/fault/chunk-size", 56},
	    {"/_/raw?bytes=HTTP/1.1%20200%20OK%0d%0a%0d%0ayes", 0},
	    {"/_/raw?base64=SFRUUC8xLjEgMjAwIE9LDQoNCnllcw==", 0},
	};
	struct site site;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run_program(&result, NULL, "curl",
		    ARGS("-sS", "-m", "0.5", "-L", "--max-redirs", "5", "-o", "/dev/null",
		        site_url(&site, cases[i].target)));
		/* Newer versions of curl have a status of its own for a head without end. */
		bool is_too_large = cases[i].wanted == 56 && result.exit_status == 100;
		cr_expect(result.exit_status == cases[i].wanted || is_too_large, "%s: %d, wanted %d: %s",
		    cases[i].target, result.exit_status, cases[i].wanted, result.err);
		run_release(&result);
	}
	site_stop(&site);
}

Test(support, unknown_key_is_refused)
{
	struct site site;
	site_start(&site);
	expect_part(&site, site_url(&site, "/_/page?staus=404"), "HTTP/1.1 400 ");
	expect_part(&site, site_url(&site, "/_/page?delay=soon"), "bad value: delay=soon");
	site_stop(&site);
}

Test(support, url_fails_as_often_as_asked)
{
	struct site site;
	site_start(&site);
	const char *one = site_page(&site, "fail", "2", "retry_after", "7"),
	           *other = site_page(&site, "fail", "1");
	expect_part(&site, one, "503 Service Unavailable\r\nContent-Type: text/html\r\nRetry-After: 7\r\n");
	expect_part(&site, one, "HTTP/1.1 503 ");
	expect_part(&site, other, "HTTP/1.1 503 ");
	expect_part(&site, one, "HTTP/1.1 200 ");
	expect_part(&site, other, "HTTP/1.1 200 ");
	site_stop(&site);
}

Test(support, stats_tell_what_was_asked)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	const char *slow = site_page(&site, "delay", "200", "group", "g");
	const char *quick = site_url(&site, "/_/page?links=1");
	double before = run_clock();
	run_program(&result, NULL, "curl",
	    ARGS("-sS", "-Z", "--parallel-immediate", "-H", "X-Test: caf\xc3\xa9 \"q\"", slow, slow, slow,
	        quick));
	run_assert_exit(&result, 0);
	run_release(&result);
	site_stats(&site, &stats);
	cr_expect(stats.all.requests == 4 && stats.all.in_flight == 0 && stats.count == 4);
	cr_expect(stats.all.max_in_flight >= 3, "%zu", stats.all.max_in_flight);
	cr_expect(site_stats_asked(&stats, slow) == 3 && site_stats_asked(&stats, quick) == 1);
	cr_expect(site_stats_asked(&stats, "http://x/other") == 0);
	cr_expect(site_stats_counter(&stats, SITE_BY_GROUP, "g").max_in_flight == 3);
	cr_expect(site_stats_counter(&stats, SITE_BY_HOST, site.host).requests == 4);
	cr_expect(site_stats_counter(&stats, SITE_BY_PATH, "/_/page").requests == 4);
	const struct site_request *request = site_stats_find(&stats, slow, 2);
	cr_assert(request && !site_stats_find(&stats, slow, 3));
	cr_expect(request->end - request->start >= 0.19, "%f", request->end - request->start);
	cr_expect(request->start >= before && request->end <= run_clock());
	cr_expect(request->status == 200 && request->complete && request->bytes > 50);
	cr_expect_str_eq(request->method, "GET");
	cr_expect_str_eq(site_request_header(request, "x-test"), "caf\xc3\x83\xc2\xa9 \"q\"");
	cr_expect(!site_request_header(request, "X-Other"));
	site_stats_release(&stats);
	site_reset_stats(&site);
	site_stats(&site, &stats);
	cr_expect(stats.all.requests == 0 && stats.count == 0 && site_stats_asked(&stats, slow) == 0);
	site_stats_release(&stats);
	site_stop(&site);
}

Test(support, keep_alive_connection_is_reused_unless_stale)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	site_start(&site);
	const char *page = site_url(&site, "/_/page"), *stale = site_url(&site, "/_/page?stale=1");
	run_program(&result, NULL, "curl", ARGS("-sS", page, page, page));
	run_release(&result);
	site_stats(&site, &stats);
	cr_expect(stats.all.requests == 3 && stats.requests[2].connection == stats.requests[0].connection);
	site_stats_release(&stats);
	site_reset_stats(&site);
	run_program(&result, NULL, "curl", ARGS("-sS", "-f", stale, page));
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stats(&site, &stats);
	cr_expect(stats.all.requests == 3, "the second one was sent again: %zu", stats.all.requests);
	cr_expect(stats.requests[1].status == 0 && !stats.requests[1].complete);
	cr_expect(stats.requests[2].connection != stats.requests[0].connection);
	site_stats_release(&stats);
	site_stop(&site);
}

Test(support, hundreds_of_connections_are_served_at_once)
{
	enum { COUNT = 300 };
	struct site site;
	struct site_stats stats;
	struct run_result result;
	const char *args[COUNT + 5] = {"-sS", "-Z", "--parallel-immediate", "--parallel-max", "300"};
	site_start(&site);
	for (size_t i = 5; i < COUNT + 4; i++)
		args[i] = site_url(&site, "/_/page?delay=1000");
	run_program(&result, NULL, "curl", args);
	run_expect_exit(&result, 0);
	cr_expect(result.seconds < 5, "%f", result.seconds);
	run_release(&result);
	site_stats(&site, &stats);
	cr_expect(stats.all.max_in_flight > 250, "%zu", stats.all.max_in_flight);
	site_stats_release(&stats);
	site_stop(&site);
}

Test(support, answers_take_the_time_asked_for)
{
	static const struct {
		const char *key, *value;
	} cases[] = {{"delay", "200"}, {"body_delay", "200"}, {"drip", "10,40"}, {"header_drip", "10,40"}};
	struct site site;
	struct run_result result;
	site_start(&site);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run_program(&result, NULL, "curl",
		    ARGS("-sS", "-f", site_page(&site, "size", "55", cases[i].key, cases[i].value)));
		cr_expect(result.exit_status == 0 && result.out_len == 55, "case %zu: %s", i, result.err);
		cr_expect(result.seconds >= 0.19 && result.seconds < 3, "case %zu: %f", i, result.seconds);
		run_release(&result);
	}
	site_stop(&site);
}

Test(support, one_port_is_served_on_many_addresses)
{
	struct site site;
	struct run_result result;
	char url[64];
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
	snprintf(url, sizeof url, "http://127.0.0.2:%u/_/page", site.port);
	run_program(&result, NULL, "curl", ARGS("-sS", "-f", url, site_url(&site, "/_/page")));
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stop(&site);
}

Test(support, root_is_served_and_nothing_outside)
{
	struct site site;
	struct scratch scratch;
	scratch_init(&scratch);
	scratch_write(&scratch, "index.html", "<title>i</title>");
	scratch_write(&scratch, "a b.txt", "text");
	scratch_write(
	    &scratch, "_site", "/gone status=410\n/old status=301&location=/new\n/a%20b.txt type=x/y\n");
	site_start_with(&site, "--root", scratch.folder);
	expect_part(&site, site_url(&site, "/"), "Content-Type: text/html\r\nContent-Length: 16\r\n");
	expect_part(&site, site_url(&site, "/a%20b.txt?x"), "Content-Type: text/plain\r\n");
	expect_part(&site, site_url(&site, "/gone"), "HTTP/1.1 410 ");
	expect_part(&site, site_url(&site, "/old"), "HTTP/1.1 301 Moved Permanently\r\n");
	expect_part(&site, site_url(&site, "/old"), "\r\nLocation: /new\r\n");
	expect_part(&site, site_url(&site, "/none"), "HTTP/1.1 404 ");
	expect_part(&site, site_url(&site, "/_site"), "HTTP/1.1 404 ");
	expect_part(&site, site_url(&site, "/../../../etc/passwd"), "HTTP/1.1 404 ");
	expect_part(&site, site_url(&site, "/%2e%2e/%2e%2e/%2e%2e/etc/passwd"), "HTTP/1.1 404 ");
	expect_part(&site, site_url(&site, "//etc/passwd"), "HTTP/1.1 404 ");
	site_stop(&site);
	scratch_release(&scratch);
}

Test(support, program_is_run_and_kept)
{
	struct run_result result;
	static const char zero[] = "a\0b";
	run_program(&result, NULL, "sh", ARGS("-c", "printf out; printf err >&2; cat; exit 3"));
	run_expect_exit(&result, 3);
	cr_expect_str_eq(result.out, "out");
	cr_expect_str_eq(result.err, "err");
	cr_expect(result.signal == 0 && result.max_rss_kib > 100 && result.seconds > 0 && result.seconds < 5);
	run_release(&result);
	run_program(&result, &(struct run_options){.input = zero, .input_len = 3}, "cat", NULL);
	cr_expect(result.out_len == 3 && memcmp(result.out, zero, 3) == 0);
	run_release(&result);
	run_program(&result, NULL, "no-such-program-here", NULL);
	run_expect_exit(&result, 127);
	run_release(&result);
	run_program(
	    &result, &(struct run_options){.output_file = "/dev/full"}, "sh", ARGS("-c", "echo a || exit 9"));
	run_expect_exit(&result, 9);
	run_release(&result);
	run_program(&result, &(struct run_options){.input_closed = true}, "cat", NULL);
	cr_expect(result.exit_status == 1 && strstr(result.err, "Bad file descriptor"), "%s", result.err);
	run_release(&result);
	run_program(
	    &result, &(struct run_options){.output_closed = true}, "sh", ARGS("-c", "echo a || exit 9"));
	run_expect_exit(&result, 9);
	run_release(&result);
	run_program(&result, &(struct run_options){.output_stop = 10}, "yes", NULL);
	cr_expect(
	    result.signal == SIGPIPE && result.out_len >= 10, "%d %d", result.signal, result.exit_status);
	run_release(&result);
	run_program(&result, &(struct run_options){.directory = "/", .env = ARGS("A=b c", "HOME")}, "sh",
	    ARGS("-c", "echo $PWD $A $HOME."));
	cr_expect_str_eq(result.out, "/ b c .\n");
	run_release(&result);
}

Test(support, signal_is_sent_when_asked)
{
	struct run_result result;
	struct run_options on_text = {.signal = {.number = SIGTERM, .on_error = "now"}};
	struct run_options on_time = {.signal = {.number = SIGINT, .after = 0.2}};
	struct run_options ignored = {.signal = {.number = SIGHUP, .after = 0.1}, .ignore = SIGHUP};
	run_program(&result, &on_text, "sh", ARGS("-c", "echo now >&2; sleep 9"));
	cr_expect(result.signal == SIGTERM && result.exit_status == -1 && result.seconds < 5);
	run_release(&result);
	run_program(&result, &on_time, "sleep", ARGS("9"));
	cr_expect(result.signal == SIGINT && result.seconds >= 0.2 && result.seconds < 5);
	run_release(&result);
	run_program(&result, &ignored, "sleep", ARGS("0.3"));
	run_expect_exit(&result, 0);
	run_release(&result);
}

Test(support, child_is_fed_slowly)
{
	struct run_child child;
	struct run_result result;
	run_start(&child, &(struct run_options){.input_pipe = true}, "cat", NULL);
	run_feed(&child, "one\n");
	run_wait_output(&child, "one\n", 5);
	cr_expect(!run_wait(&child, 0.05), "cat waits for more");
	run_feed(&child, "two\n");
	run_wait_output(&child, "two\n", 5);
	run_finish(&child, &result);
	cr_expect_str_eq(result.out, "one\ntwo\n");
	run_expect_exit(&result, 0);
	run_release(&result);
}

Test(support, a_large_text_goes_through)
{
	enum { LEN = 3 << 20 };
	struct run_result result;
	char *text = malloc(LEN);
	cr_assert(text);
	memset(text, 'x', LEN);
	run_program(&result, &(struct run_options){.input = text, .input_len = LEN}, "cat", NULL);
	cr_expect(result.out_len == LEN && memcmp(result.out, text, LEN) == 0);
	run_release(&result);
	free(text);
}

Test(support, rows_differ_only_where_they_do)
{
	rows_expect_set("b\na\na\n", 6, "a\nb\na\n");
	rows_expect_list("b\na\n", 4, "b\na\n");
	static const struct {
		const char *is, *should;
		bool ordered;
	} cases[] = {{.is = "a\n", .should = "a\na\n", .ordered = false},
	    {.is = "a\na\n", .should = "a\n", .ordered = false},
	    {.is = "a\n", .should = "b\n", .ordered = false}, {.is = "a", .should = "a\n", .ordered = false},
	    {.is = "a\nb\n", .should = "b\na\n", .ordered = true},
	    {.is = "a\n", .should = "", .ordered = true}, {.is = "", .should = "a\n", .ordered = true},
	    {.is = "a", .should = "a\n", .ordered = true}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *difference =
		    rows_text_difference(cases[i].is, strlen(cases[i].is), cases[i].should, cases[i].ordered);
		cr_expect(difference, "case %zu", i);
		free(difference);
	}
	struct rows rows, column;
	rows_init(&rows);
	rows_add(&rows, "%s\t%d\t%s", "x", 5, "y");
	rows_parse(&rows, "one\n", 4);
	column = rows_column(&rows, 1);
	cr_expect(column.count == 2 && rows_has(&column, "5") && rows_has(&column, ""));
	rows_release(&column);
	rows_release(&rows);
}

Test(support, nginx_serves_and_its_certificates_are_what_they_say)
{
	/* 60: curl does not trust the peer; 7: nobody listens there on TCP. */
	int wanted[NGINX_PORTS] = {0, 0, 60, 60, 60, 0, 7, 0};
	struct scratch root;
	struct nginx nginx;
	struct run_result result;
	scratch_init(&root);
	scratch_write(&root, "index.html", "<title>served</title>");
	nginx_start(&nginx, root.folder);
	if (!nginx.has_http3)
		wanted[NGINX_HTTP3] = wanted[NGINX_HTTP3_SHORT] = 7;
	for (enum nginx_port port = 0; port < NGINX_PORTS; port++) {
		run_program(&result, NULL, "curl",
		    ARGS("-sS", "-f", "--cacert", nginx.ca_file, "-w", " %{http_version}",
		        nginx_url(&nginx, port, "/")));
		cr_expect(result.exit_status == wanted[port], "port %d: %d %s", port, result.exit_status,
		    result.err);
		if (wanted[port] == 0)
			cr_expect_str_eq(result.out,
			    port == NGINX_HTTP ? "<title>served</title> 1.1" : "<title>served</title> 2");
		run_release(&result);
	}
	run_program(&result, NULL, "curl", ARGS("-sS", "-f", nginx_url(&nginx, NGINX_TLS, "/")));
	run_expect_exit(&result, 60);
	run_release(&result);
	unsigned port = nginx.port[NGINX_HTTP];
	nginx_stop(&nginx);
	char gone[64];
	snprintf(gone, sizeof gone, "http://127.0.0.1:%u/", port);
	run_program(&result, NULL, "curl", ARGS("-sS", gone));
	run_expect_exit(&result, 7);
	run_release(&result);
	scratch_release(&root);
}
