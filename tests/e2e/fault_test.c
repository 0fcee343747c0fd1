/* What broken servers do, and what becomes of it: one outcome, the right stage, the right words, and in time.
 */
#include "support/rows.h"
#include "support/run.h"
#include "support/site.h"

#include <curl/curlver.h>
#include <jansson.h>

struct fault {
	const char *name; /* behind /_/fault/; with a '?' behind /_/page, with a '/' behind /_ */
	const char *outcome, *stage;
	const char *words; /* of the reason; NULL: there is none */
};

static const struct fault faults[] = {
    {.name = "http09", .outcome = "failed", .stage = "receive", .words = "HTTP/0.9"},
    {.name = "no-http", .outcome = "failed", .stage = "receive", .words = "HTTP/0.9"},
    {.name = "tls", .outcome = "failed", .stage = "receive", .words = "HTTP/0.9"},
    {.name = "status-000", .outcome = "failed", .stage = "receive", .words = "response code"},
    {.name = "status-999", .outcome = "failed", .stage = "receive", .words = "got 999"},
    {.name = "status-text", .outcome = "failed", .stage = "receive", .words = "HTTP"},
    {.name = "status-bare", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "version-9", .outcome = "failed", .stage = "receive", .words = "HTTP version"},
    {.name = "two-lengths",
        .outcome = "failed",
        .stage = "receive",
        .words = LIBCURL_VERSION_NUM < 0x081600 ? "two different Content-Lengths" : "Content-Length"},
    {.name = "length-negative", .outcome = "failed", .stage = "receive", .words = "Content-Length"},
    {.name = "length-huge",
        .outcome = "failed",
        .stage = "receive",
        .words = "a Content-Length that is no number of bytes"},
    {.name = "length-and-chunked", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "header-nul", .outcome = "failed", .stage = "receive", .words = "Nul byte"},
    {.name = "header-no-colon", .outcome = "failed", .stage = "receive", .words = "colon"},
    {.name = "header-folded", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "header-bare-lf", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "header-unended", .outcome = "failed", .stage = "receive", .words = "closed within the head"},
    {.name = "location-none", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "location-utf8", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "location-empty", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "location-file", .outcome = "failed", .stage = "policy", .words = "file:///etc/passwd"},
    {.name = "location-ftp", .outcome = "failed", .stage = "policy", .words = "ftp://127.0.0.1:1/"},
    {.name = "location-bad", .outcome = "failed", .stage = "policy", .words = "no URL"},
    {.name = "chunk-size", .outcome = "failed", .stage = "receive", .words = "hex"},
    {.name = "chunk-huge", .outcome = "failed", .stage = "receive", .words = "hex"},
    {.name = "chunk-cut", .outcome = "failed", .stage = "receive", .words = "outstanding read data"},
    {.name = "chunk-unended", .outcome = "failed", .stage = "receive", .words = "outstanding read data"},
    {.name = "gzip-not", .outcome = "failed", .stage = "decode", .words = "gzip body is broken"},
    {.name = "encoding-unknown", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "silence", .outcome = "failed", .stage = "wait", .words = "timed out after 1 s"},
    {.name = "nothing", .outcome = "failed", .stage = "wait", .words = "without an answer"},
    {.name = "reset", .outcome = "failed", .stage = "wait", .words = "Connection reset by peer"},
    {.name = "switch", .outcome = "failed", .stage = "receive", .words = "timed out after 1 s"},
    {.name = "endless-body", .outcome = "skipped", .stage = "policy", .words = "larger than 2097152 bytes"},
    {.name = "endless-links", .outcome = "skipped", .stage = "policy", .words = "larger than"},
    {.name = "endless-tag", .outcome = "skipped", .stage = "policy", .words = "larger than"},
    {.name = "endless-chunks", .outcome = "skipped", .stage = "policy", .words = "larger than"},
    {.name = "endless-headers", .outcome = "failed", .stage = "receive", .words = "head"},
    {.name = "endless-header", .outcome = "failed", .stage = "receive", .words = "head"},
    {.name = "endless-status", .outcome = "failed", .stage = "receive", .words = "head"},
    {.name = "endless-103", .outcome = "failed", .stage = "receive", .words = "head"},
    {.name = "endless-chunk-extension",
        .outcome = "failed",
        .stage = "receive",
        .words = "timed out after 1 s"},
    {.name = "endless-trailer", .outcome = "failed", .stage = "receive", .words = "trailers"},

    {.name = "?links=9&drip=1,400",
        .outcome = "failed",
        .stage = "receive",
        .words = "timed out after 1 s with"},
    /* Its first line does not come to an end. */
    {.name = "?links=9&header_drip=1,400",
        .outcome = "failed",
        .stage = "wait",
        .words = "timed out after 1 s"},
    {.name = "?links=9&hang=accept", .outcome = "failed", .stage = "wait", .words = "timed out after 1 s"},
    {.name = "?links=9&hang=header", .outcome = "failed", .stage = "receive", .words = "timed out after 1 s"},
    {.name = "?links=9&hang=body",
        .outcome = "failed",
        .stage = "receive",
        .words = "timed out after 1 s with"},
    {.name = "?links=9&cut=50&reset=1",
        .outcome = "failed",
        .stage = "receive",
        .words = "Connection reset by peer"},
    {.name = "?links=9&cut=50", .outcome = "failed", .stage = "receive", .words = " bytes "},
    {.name = "?links=9&short=10", .outcome = "failed", .stage = "receive", .words = "10 bytes"},
    {.name = "?links=9&length=5", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "?links=9&hints=100", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "?links=9&header_size=1000000", .outcome = "failed", .stage = "receive", .words = "head"},
    {.name = "?links=9&headers=100000", .outcome = "failed", .stage = "receive", .words = "head"},
    {.name = "?links=9&encoding=gzip&trim=5", .outcome = "failed", .stage = "decode", .words = "cut short"},
    {.name = "?links=9&encoding=deflate&trim=5",
        .outcome = "failed",
        .stage = "decode",
        .words = "cut short"},
    {.name = "?links=9&encoding=br&trim=5", .outcome = "failed", .stage = "decode", .words = "cut short"},
    {.name = "?links=9&encoding=zstd&trim=5", .outcome = "failed", .stage = "decode", .words = "cut short"},
    {.name = "?links=9&encoding=gzip&trim=5&chunked=1",
        .outcome = "failed",
        .stage = "decode",
        .words = "cut short"},
    {.name = "?links=9&encoding=gzip&bomb=256",
        .outcome = "skipped",
        .stage = "policy",
        .words = "larger than 2097152 bytes"},
    {.name = "?links=9&encoding=br&bomb=256",
        .outcome = "skipped",
        .stage = "policy",
        .words = "larger than 2097152 bytes"},
    {.name = "?links=9&encoding=zstd&bomb=256",
        .outcome = "skipped",
        .stage = "policy",
        .words = "larger than 2097152 bytes"},
    {.name = "?links=9&encoding=gzip,br,zstd,deflate,gzip",
        .outcome = "ok",
        .stage = "receive",
        .words = NULL},
    {.name = "?links=9&encoding=gzip,gzip,gzip,gzip,gzip,gzip",
        .outcome = "failed",
        .stage = "decode",
        .words = "more than 5"},
    {.name = "?links=9&encoding=gzip&encoding_name=x-nonsense",
        .outcome = "failed",
        .stage = "decode",
        .words = "x-nonsense"},
    {.name = "?status=302&location=gopher://127.0.0.1:1/",
        .outcome = "failed",
        .stage = "policy",
        .words = "gopher://127.0.0.1:1/"},
    {.name = "?status=302&location=javascript:alert(1)",
        .outcome = "failed",
        .stage = "policy",
        .words = "javascript:alert(1)"},
    {.name = "?status=302&location=/_/page?group=a%20b%20%20c",
        .outcome = "ok",
        .stage = "receive",
        .words = NULL},
    {.name = "?status=302&location=/_/page?group=%C3%A9", .outcome = "ok", .stage = "receive", .words = NULL},
    {.name = "?status=302&location=https://[::1]:1/",
        .outcome = "failed",
        .stage = "connect",
        .words = "refused"},
    {.name = "/loop?n=3", .outcome = "failed", .stage = "policy", .words = "more than 20 redirects"},
    {.name = "/chain?n=21", .outcome = "failed", .stage = "policy", .words = "more than 20 redirects"},
    {.name = "/chain?n=20", .outcome = "ok", .stage = "receive", .words = NULL},
};

static const char *text_of(json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));
	return text ? text : "";
}

static size_t count_rows(const struct run_result *result)
{
	struct rows rows;
	rows_init(&rows);
	rows_parse(&rows, result->out, result->out_len);
	size_t count = rows.count;
	rows_release(&rows);
	return count;
}

/* What a fault may cost beside a plain page: the kernel's socket buffers are not the program's. */
enum { MORE_KIB = 24 * 1024 };

static void check_fault(const struct fault *fault, struct site *site, long plain_kib)
{
	struct run_result result;
	char target[128];
	json_error_t error;
	const char *at = fault->name[0] == '?' ? "/_/page" : fault->name[0] == '/' ? "/_" : "/_/fault/";
	snprintf(target, sizeof target, "%s%s", at, fault->name);
	run_areq(&result, "-q", "-r", "0", "-t", "1", "--max-size", "2M", "-o", "/dev/null", "--report", "-",
	    site_url(site, target));
	json_t *line = json_loads(result.out, 0, &error);
	cr_assert(line, "%s: exit status %d, signal %d: %s%s", fault->name, result.exit_status, result.signal,
	    result.out, result.err);
	cr_expect_str_eq(
	    text_of(line, "outcome"), fault->outcome, "%s is %s", fault->name, text_of(line, "outcome"));
	cr_expect_str_eq(
	    text_of(line, "stage"), fault->stage, "%s ended at %s", fault->name, text_of(line, "stage"));
	cr_expect(fault->words ? strstr(text_of(line, "reason"), fault->words) != NULL
	                       : json_is_null(json_object_get(line, "reason")),
	    "%s: %s", fault->name, text_of(line, "reason"));
	cr_expect_eq(result.exit_status, strcmp(fault->outcome, "failed") == 0, "%s", fault->name);
	cr_expect_lt(result.seconds, 5, "%s took %.1f s", fault->name, result.seconds);
	cr_expect_lt(
	    result.max_rss_kib, plain_kib + MORE_KIB, "%s: %ld KiB", fault->name, result.max_rss_kib);
	json_decref(line);
	run_release(&result);
}

Test(fault, is_named_for_what_it_is_in_time_and_at_little_cost)
{
	struct site site;
	struct run_result plain;
	site_start(&site);
	run_areq(&plain, "-q", site_page(&site, "links", "1"));
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		check_fault(&faults[i], &site, plain.max_rss_kib);
	run_release(&plain);
	site_stop(&site);
}

/* Where the limits allow more, it still costs no memory. */
Test(fault, without_end_is_not_kept)
{
	static const char *const endless[] = {"endless-body", "endless-links", "endless-tag",
	    "endless-headers", "endless-header", "endless-103", "endless-trailer"};
	struct site site;
	struct run_result plain, result;
	char target[128];
	site_start(&site);
	run_areq(&plain, "-q", site_page(&site, "links", "1"));
	for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
		snprintf(target, sizeof target, "/_/fault/%s", endless[i]);
		run_areq(&result, "-q", "-r", "0", "-t", "5", site_url(&site, target));
		cr_expect_lt(result.max_rss_kib, plain.max_rss_kib + MORE_KIB, "%s: %ld KiB", endless[i],
		    result.max_rss_kib);
		run_release(&result);
	}
	run_release(&plain);
	site_stop(&site);
}

/* A server may close any idle connection just as a request comes: libcurl sees that the connection has died
 * and asks again on another one. */
Test(fault, of_stale_connections_is_no_attempt)
{
	enum { PAGES = 40 };
	struct site site;
	struct run_result result;
	char list[PAGES * 200] = "", number[16];
	site_start(&site);
	for (int i = 0; i < PAGES; i++) {
		snprintf(number, sizeof number, "%d", i);
		strcat(strcat(list, site_page(&site, "stale", "1", "links", "1", "group", number)), "\n");
	}
	run_areq_with(&result, (&(struct run_options){.input = list, .limit = 60}), "-r", "0", "-j", "1",
	    "-o", "/dev/null", "--report", "-");
	run_expect_exit(&result, 0);
	size_t once = 0;
	for (const char *at = result.out; (at = strstr(at, "\"attempts\":1,")); at++)
		once++;
	cr_expect_eq(once, PAGES, "%zu of %d with one attempt", once, PAGES);
	run_release(&result);
	site_stop(&site);
}

/* libcurl 7.88 would write to what it has freed of an earlier answer, were its handle used again. It refuses
 * such an answer, which libcurl 8 reads as a page. */
Test(fault, of_one_answer_does_not_reach_into_another)
{
	enum { PAIRS = 10 };
	struct site site;
	struct run_result result;
	char list[PAIRS * 400] = "", number[16];
	site_start(&site);
	for (int i = 0; i < PAIRS; i++) {
		snprintf(number, sizeof number, "%d", i);
		strcat(strcat(list, site_page(&site, "links", "1", "headers", "40", "group", number)), "\n");
		strcat(strcat(list, site_url(&site, "/_/fault/header-folded-first?")), number);
		strcat(list, "\n");
	}
	run_areq_with(&result, (&(struct run_options){.input = list}), "-r", "0", "-j", "1", "--no-header");
	bool refused = strstr(result.err, "20 URLs: 10 ok, 10 failed");
	run_expect_exit(&result, refused ? 1 : 0);
	cr_expect_geq(count_rows(&result), PAIRS);
	run_release(&result);
	site_stop(&site);
}

Test(fault, of_a_host_that_cannot_be_reached_is_found_out_once)
{
	enum { URLS = 500 };
	struct site site;
	struct run_result result;
	char *list = calloc(URLS + 1, 200), url[64];
	site_start(&site);
	for (int i = 0; i < URLS; i++) {
		snprintf(url, sizeof url, "http://127.0.0.1:1/%d\n", i);
		strcat(list, url);
	}
	strcat(strcat(list, site_page(&site, "links", "1")), "\n");
	run_areq_with(&result, (&(struct run_options){.input = list}), "-r", "0", "--no-header");
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.out, "link1\n"), "another port is another host");
	cr_expect(strstr(result.err, "host given up after 10 connection errors in a row"));
	cr_expect(strstr(result.err, "501 URLs: 1 ok, 500 failed;"), "%s", result.err + result.err_len - 100);
	size_t tried = 0;
	for (const char *at = result.err; (at = strstr(at, "Connection refused")); at++)
		tried++;
	cr_expect(tried >= 10 && tried <= 16, "%zu were tried, with six at once", tried);
	run_release(&result);

	run_areq_with(&result, (&(struct run_options){.input = list}), "-r", "0", "--host-errors", "0");
	cr_expect_not(strstr(result.err, "given up"));
	run_release(&result);
	free(list);
	site_stop(&site);
}

/* 400 URLs of one host that wastes time, before one of another: the first are given up, each tried or not,
 * the other one is not held up. */
static void check_waste(const char *name, const char *value)
{
	enum { URLS = 400 };
	struct site site, other;
	struct run_result result;
	char *list = calloc(URLS + 1, 200), number[16];
	site_start(&site);
	site_start(&other);
	for (int i = 0; i < URLS; i++) {
		snprintf(number, sizeof number, "%d", i);
		strcat(strcat(list, site_page(&site, name, value, "status", "429", "group", number)), "\n");
	}
	strcat(strcat(list, site_page(&other, "links", "1")), "\n");
	run_areq_with(&result, (&(struct run_options){.input = list, .limit = 60}), "-t", "1", "-r", "1",
	    "--host-patience", "8", "--no-header");
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.out, "link1\n"), "%s=%s", name, value);
	cr_expect(
	    strstr(result.err, "host given up after 8 s of tries and pauses for nothing (--host-patience)"),
	    "%s=%s", name, value);
	cr_expect(strstr(result.err, "401 URLs: 1 ok, 400 failed;"), "%s", result.err + result.err_len - 300);
	run_release(&result);
	free(list);
	site_stop(&site);
	site_stop(&other);
}

Test(fault, of_a_host_that_wastes_time_is_borne_for_so_long_only)
{
	check_waste("hang", "accept");
	check_waste("retry_after", "2");
	check_waste("group", "a");
}

/* URLs of so many hosts in turn, with 64 descriptors for 500 at once: none may be lost. */
static void check_few_descriptors(int hosts)
{
	enum { URLS = 300 };
	struct site site;
	struct run_result result;
	char *list = calloc(URLS, 100), *end = list, pin[64];
	site_start(&site);
	snprintf(pin, sizeof pin, "*:%u:127.0.0.1", site.port);
	for (int i = 0; i < URLS; i++)
		end += sprintf(
		    end, "http://h%d.test:%u/_/page?links=1&delay=20&group=%d\n", i % hosts, site.port, i);
	run_areq_with(&result, (&(struct run_options){.input = list, .max_files = 64}), "-j", "500",
	    "--per-host", "0", "-r", "0", "--no-header", "--resolve", pin);
	run_expect_exit(&result, 0);
	cr_expect_eq(count_rows(&result), URLS);
	run_release(&result);
	free(list);
	site_stop(&site);
}

Test(fault, of_too_few_descriptors_loses_no_url)
{
	check_few_descriptors(1);
}

/* The connections to one host stay open while those to the others are made. */
Test(fault, of_too_few_descriptors_for_all_hosts_loses_no_url)
{
	check_few_descriptors(150);
}

Test(fault, of_few_descriptors_still_lets_half_as_many_wait)
{
	enum { LIMIT = 64 };
	struct site site;
	struct run_result result;
	struct site_stats stats;
	char *list = calloc(LIMIT, 200), number[16];
	site_start(&site);
	for (int i = 0; i < LIMIT; i++) {
		snprintf(number, sizeof number, "%d", i);
		strcat(strcat(list, site_page(&site, "links", "1", "delay", "1000", "group", number)), "\n");
	}
	run_areq_with(&result, (&(struct run_options){.input = list, .max_files = LIMIT}), "-j", "500",
	    "--per-host", "0", "-r", "0", "--no-header");
	run_expect_exit(&result, 0);
	cr_expect_eq(count_rows(&result), LIMIT);
	site_stats(&site, &stats);
	cr_expect_eq(stats.all.max_in_flight, LIMIT / 2, "%zu waited at once", stats.all.max_in_flight);
	site_stats_release(&stats);
	run_release(&result);
	free(list);
	site_stop(&site);
}

/* Pages of 12 MB that do not go on, compressed with the largest windows that there are: so many, so small,
 * may not take so much memory, and one that is whole goes its way. */
static void check_windows(struct site *site, const char *wide, const char *name, long plain_kib)
{
	enum { PAGES = 24, EACH_KIB = 1280, TOGETHER_KIB = (64 + 24 + 8) * 1024 };
	struct run_result result;
	char *list = calloc(PAGES + 1, 300), number[16];
	for (int i = 0; i < PAGES; i++) {
		snprintf(number, sizeof number, "%d", i);
		strcat(strcat(list, site_page(site, "links", "1", "encoding", wide, "encoding_name", name,
		                        "bomb", "24", "hang", "body", "group", number)),
		    "\n");
	}
	strcat(strcat(list, site_page(site, "links", "1", "encoding", name)), "\n");
	run_areq_with(&result, (&(struct run_options){.input = list, .limit = 60}), "-j", "65", "--per-host",
	    "0", "-t", "3", "-r", "0", "--no-header");
	run_expect_exit(&result, 1);
	cr_expect_eq(count_rows(&result), 1);
	cr_expect(strstr(result.err, "25 URLs: 1 ok, 24 failed"), "%s", result.err + result.err_len - 200);
	cr_expect_lt(result.max_rss_kib, plain_kib + PAGES * EACH_KIB + TOGETHER_KIB,
	    "%s: %ld KiB, plain %ld", name, result.max_rss_kib, plain_kib);
	run_release(&result);
	free(list);
}

Test(fault, of_large_windows_takes_a_bounded_memory)
{
	struct site site;
	struct run_result plain;
	site_start(&site);
	run_areq(&plain, "-q", site_page(&site, "links", "1"));
	check_windows(&site, "br-wide", "br", plain.max_rss_kib);
	check_windows(&site, "zstd-wide", "zstd", plain.max_rss_kib);
	run_release(&plain);
	site_stop(&site);
}
