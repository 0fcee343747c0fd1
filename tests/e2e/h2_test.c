/* What broken TLS and HTTP/2 servers do, and what becomes of it: one outcome, the right stage, the right
 * words, in time and in little memory. The faults are those of tests/support/h2server/faults.c. */
#include "support/run.h"
#include "support/scratch.h"

#include <curl/curl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_LINKS = 3, MEMORY_KIB = 24 * 1024, LIST_MAX = 4096 };

static const double START_LIMIT = 10, LIFE_LIMIT = 3600, TIME_LIMIT = 8;

struct setting {
	struct scratch scratch;
	const char *certificate, *key;
	long plain_kib; /* what areq takes for a server without faults */
};

struct server {
	struct run_child child;
	unsigned port;
};

/* How one list of URLs of one server ends. What a row leaves out is: one URL, one job, 3 s, no retries,
 * outcome "ok" (with a reason: "failed"), stage "receive", one attempt, and that no host is given up. */
struct row {
	const char *fault;
	unsigned urls;
	const char *jobs, *seconds, *retries, *host_errors;
	const char *outcome, *stage; /* of the URL that ends last, as all below */
	const char *reason;          /* a part of it; NULL if there is none */
	bool may_time_out;           /* on a busy machine, where the server pauses before libcurl is held */
	unsigned attempts;           /* VARIES if it is not always the same number */
	unsigned pages;              /* the pages whose rows were written */
	unsigned connections;        /* at most so many; a handshake that fails counts too */
};

#define VARIES UINT_MAX

static struct row with_defaults(struct row row)
{
	row.urls = row.urls ? row.urls : 1;
	row.jobs = row.jobs ? row.jobs : "1";
	row.seconds = row.seconds ? row.seconds : "3";
	row.retries = row.retries ? row.retries : "0";
	row.host_errors = row.host_errors ? row.host_errors : "0";
	row.outcome = row.outcome ? row.outcome : row.reason ? "failed" : "ok";
	row.stage = row.stage ? row.stage : "receive";
	row.attempts = row.attempts ? row.attempts : 1;
	return row;
}

static void server_start(struct server *self, struct setting *setting, const char *fault)
{
	const char *name = getenv("AREQ_H2SERVER");
	struct run_options options = {.input_pipe = true, .limit = LIFE_LIMIT};
	run_start(&self->child, &options, name && *name ? name : "build/areq-h2server",
	    (const char *const[]){setting->certificate, setting->key, fault, NULL});
	run_wait_output(&self->child, "\n", START_LIMIT);
	cr_assert_eq(sscanf(self->child.kept_out.data, "listening on 127.0.0.1:%u", &self->port), 1,
	    "the server says: %s", self->child.kept_out.data);
}

/* Returns how many connections it had. */
static unsigned server_stop(struct server *self)
{
	struct run_result result;
	unsigned connections = 0;
	run_finish(&self->child, &result);
	run_assert_exit(&result, 0);
	cr_assert_eq(sscanf(strchr(result.out, '\n'), " %u connections", &connections), 1,
	    "the server says: %s", result.out);
	run_release(&result);
	return connections;
}

static const char *text_of(json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));
	return text ? text : "";
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;
	while ((text = strchr(text, '\n'))) {
		lines++;
		text++;
	}
	return lines;
}

static json_t *last_line(const char *text)
{
	json_t *last = NULL;
	for (; *text; text += strcspn(text, "\n") + 1) {
		json_decref(last);
		last = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
	}
	return last;
}

static void check_report(const struct row *row, const struct run_result *result)
{
	json_t *line = last_line(result->out);
	cr_assert(line, "%s: exit status %d, signal %d: %s%s", row->fault, result->exit_status,
	    result->signal, result->out, result->err);
	cr_expect_str_eq(
	    text_of(line, "outcome"), row->outcome, "%s is %s", row->fault, text_of(line, "outcome"));
	cr_expect_str_eq(
	    text_of(line, "stage"), row->stage, "%s ended at %s", row->fault, text_of(line, "stage"));
	const char *reason = text_of(line, "reason");
	bool timed_out = row->may_time_out && strstr(reason, "timed out after 3 s");
	bool is_expected = row->reason ? strstr(reason, row->reason) != NULL : *reason == '\0';
	cr_expect(is_expected || timed_out, "%s: %s", row->fault, reason);
	unsigned attempts = (unsigned)json_integer_value(json_object_get(line, "attempts"));
	cr_expect(
	    row->attempts == VARIES || attempts == row->attempts, "%s: %u attempts", row->fault, attempts);
	cr_expect_eq(count_lines(result->out), row->urls, "%s: %s", row->fault, result->out);
	json_decref(line);
}

static void check(const struct row *row, struct setting *setting)
{
	struct server server;
	struct run_result result;
	char list[LIST_MAX] = "";
	server_start(&server, setting, row->fault);
	for (unsigned i = 0; i < row->urls; i++) {
		size_t used = strlen(list);
		snprintf(list + used, sizeof list - used, "https://127.0.0.1:%u/%u\n", server.port, i);
	}
	const char *rows = scratch_path(&setting->scratch, "rows");
	run_areq_with(&result, (&(struct run_options){.input = list}), "-q", "--no-header", "-t",
	    row->seconds, "--connect-timeout", "1", "-j", row->jobs, "-r", row->retries, "--host-errors",
	    row->host_errors, "--cacert", setting->certificate, "-o", rows, "--report", "-");
	unsigned connections = server_stop(&server);
	check_report(row, &result);
	char *written = scratch_read(&setting->scratch, "rows", NULL);
	cr_expect_eq(
	    count_lines(written), row->pages * PAGE_LINKS, "%s: %zu rows", row->fault, count_lines(written));
	free(written);
	cr_expect_eq(result.exit_status, strcmp(row->outcome, "failed") == 0, "%s", row->fault);
	cr_expect_leq(connections, row->connections, "%s: %u connections", row->fault, connections);
	cr_expect_lt(result.seconds, TIME_LIMIT, "%s took %.1f s", row->fault, result.seconds);
	if (setting->plain_kib == 0)
		setting->plain_kib = result.max_rss_kib;
	cr_expect_lt(result.max_rss_kib, setting->plain_kib + MEMORY_KIB, "%s took %ld KiB", row->fault,
	    result.max_rss_kib);
	run_release(&result);
}

static void make_certificate(struct setting *self)
{
	const char *source = getenv("AREQ_SOURCE");
	struct run_result result;
	char config[4096];
	snprintf(config, sizeof config, "%s/tests/support/openssl.cnf", source && *source ? source : ".");
	scratch_init(&self->scratch);
	self->certificate = scratch_path(&self->scratch, "certificate.pem");
	self->key = scratch_path(&self->scratch, "key.pem");
	run_program(&result, NULL, "openssl",
	    (const char *const[]){"req", "-x509", "-config", config, "-extensions", "loopback", "-newkey",
	        "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
	        "/CN=localhost", "-keyout", self->key, "-out", self->certificate, NULL});
	run_assert_exit(&result, 0);
	run_release(&result);
}

static void check_all(const struct row *rows, size_t count)
{
	const struct row plain =
	    with_defaults((struct row){.fault = "none", .urls = 2, .pages = 2, .connections = 1});
	struct setting setting = {0};
	make_certificate(&setting);
	check(&plain, &setting);
	for (size_t i = 0; i < count; i++) {
		struct row row = with_defaults(rows[i]);
		check(&row, &setting);
	}
	scratch_release(&setting.scratch);
}

#define CHECK_ALL(rows) check_all((rows), sizeof(rows) / sizeof *(rows))

/* RFC 9113, section 8.7: what GOAWAY leaves out, or RST_STREAM refuses, was not begun, and may be asked again
 * at once. */
Test(h2, asks_again_where_the_server_did_not_begin)
{
	static const struct row rows[] = {
	    {.fault = "goaway-first", .pages = 1, .connections = 2},
	    {.fault = "goaway-first", .urls = 20, .jobs = "6", .pages = 20, .connections = 7},
	    {.fault = "goaway-stay", .pages = 1, .connections = 2},
	    {.fault = "goaway-stay", .urls = 20, .jobs = "6", .pages = 20, .connections = 7},
	    {.fault = "goaway-graceful", .urls = 20, .pages = 20, .connections = 26},
	    {.fault = "goaway-graceful", .urls = 20, .jobs = "6", .pages = 20, .connections = 26},
	    {.fault = "rst-refused", .pages = 1, .connections = 2},
	    {.fault = "rst-refused", .urls = 20, .jobs = "6", .pages = 20, .connections = 7},
	    {.fault = "rst-refused-later", .urls = 20, .pages = 20, .connections = 20},
	    {.fault = "one-stream", .urls = 20, .jobs = "6", .pages = 20, .connections = 6},
	};
	CHECK_ALL(rows);
}

static const char unprocessed[] = "the server does not process the request";

/* Newer versions of libcurl ask once more by themselves. */
Test(h2, does_not_ask_for_ever)
{
	static const struct row rows[] = {
	    {.fault = "goaway-always", .stage = "wait", .reason = unprocessed, .connections = 4},
	    {.fault = "goaway-always",
	        .retries = "1",
	        .stage = "wait",
	        .reason = unprocessed,
	        .attempts = 2,
	        .connections = 5},
	    {.fault = "goaway-always",
	        .urls = 6,
	        .jobs = "6",
	        .stage = "wait",
	        .reason = unprocessed,
	        .connections = 36},
	    {.fault = "calm", .stage = "wait", .reason = unprocessed, .connections = 4},
	    {.fault = "rst-refused-always", .stage = "wait", .reason = unprocessed, .connections = 4},
	    /* Two requests, a new connection, HTTP/1.1, and one for each further attempt. */
	    {.fault = "rst-refused-always",
	        .retries = "2",
	        .stage = "wait",
	        .reason = unprocessed,
	        .attempts = 3,
	        .connections = 6},
	};
	CHECK_ALL(rows);
}

/* Each URL that is refused on a new connection is a connection error of its host. */
Test(h2, gives_up_a_host_that_refuses_all)
{
	static const struct row rows[] = {
	    {.fault = "rst-refused-always",
	        .urls = 60,
	        .retries = "2",
	        .host_errors = "10",
	        .stage = "connect",
	        .reason = "host given up after 10 connection errors",
	        .attempts = VARIES,
	        .connections = 40},
	};
	CHECK_ALL(rows);
}

/* A server may refuse HTTP/2 in many ways, before it says that it wants HTTP/1.1 or without saying so. */
Test(h2, is_left_for_http1_before_a_url_fails)
{
	static const struct row rows[] = {
	    {.fault = "http1-goaway", .pages = 1, .connections = 4},
	    {.fault = "http1-goaway", .urls = 6, .jobs = "6", .pages = 6, .connections = 24},
	    {.fault = "http1-refused", .pages = 1, .connections = 4},
	    {.fault = "http1-internal", .pages = 1, .connections = 3},
	    {.fault = "http1-protocol", .pages = 1, .connections = 3},
	};
	CHECK_ALL(rows);
}

/* What follows are libcurl's words, which differ from version to version. */
static const char received[] = "receive failed: ";

/* RFC 9113, section 8.1: a body is whole with END_STREAM alone. */
Test(h2, writes_no_rows_of_a_body_that_was_cut)
{
	static const struct row rows[] = {
	    {.fault = "goaway-mid", .reason = received, .connections = 1},
	    {.fault = "goaway-mid", .urls = 6, .jobs = "6", .reason = received, .connections = 12},
	    {.fault = "goaway-mid-first", .retries = "1", .attempts = 2, .pages = 1, .connections = 2},
	    {.fault = "close-mid", .reason = received, .connections = 1},
	    {.fault = "rst-internal", .reason = received, .connections = 1},
	    {.fault = "rst-internal-first", .retries = "1", .attempts = 2, .pages = 1, .connections = 2},
	    {.fault = "rst-cancel-after-head", .reason = received, .connections = 1},
	    {.fault = "length-long", .reason = received, .connections = 1},
	    {.fault = "length-short", .reason = received, .connections = 1},
	    {.fault = "bad-size", .reason = received, .connections = 1},
	    {.fault = "stream-zero", .reason = received, .connections = 1},
	};
	CHECK_ALL(rows);
}

/* libcurl asks again by itself, on the same handle: of the first answer nothing may be left. */
Test(h2, forgets_an_answer_that_another_one_replaces)
{
	static const struct row rows[] = {
	    {.fault = "http1-first", .urls = 2, .pages = 2, .connections = 3},
	    {.fault = "http1-after-404", .urls = 2, .pages = 2, .connections = 3},
	    {.fault = "http1-after-redirect", .urls = 2, .pages = 2, .connections = 3},
	    {.fault = "http1-after-half", .urls = 2, .pages = 2, .connections = 3},
	    {.fault = "http1-after-half", .urls = 12, .jobs = "6", .pages = 12, .connections = 24},
	    {.fault = "http1-then-404", .urls = 2, .reason = "got 404", .connections = 3},
	    {.fault = "http1-then-nothing", .stage = "wait", .reason = "without an answer", .connections = 2},
	    {.fault = "http1-then-binary",
	        .outcome = "skipped",
	        .stage = "policy",
	        .reason = "image/png",
	        .connections = 2},
	};
	CHECK_ALL(rows);
}

/* libcurl 7.88 adds a folded line at the beginning of a head to the last header of the answer before, if
 * there was one on the same handle, and else refuses it. The sanitizers would see a header that is freed
 * twice. */
Test(h2, a_folded_line_does_not_reach_into_an_answer_that_was_replaced)
{
	enum { URLS = 12 };
	struct setting setting = {0};
	struct server server;
	struct run_result result;
	char list[LIST_MAX] = "";
	make_certificate(&setting);
	server_start(&server, &setting, "http1-then-folded");
	for (unsigned i = 0; i < URLS; i++) {
		size_t used = strlen(list);
		snprintf(list + used, sizeof list - used, "https://127.0.0.1:%u/%u\n", server.port, i);
	}
	run_areq_with(&result, (&(struct run_options){.input = list}), "-q", "-r", "0", "-j", "2", "--cacert",
	    setting.certificate, "-o", "/dev/null", "--report", "-");
	cr_expect(result.exit_status == 0 || result.exit_status == 1, "exit status %d, signal %d: %s",
	    result.exit_status, result.signal, result.err);
	cr_expect_eq(count_lines(result.out), URLS, "%s", result.out);
	run_release(&result);
	server_stop(&server);
	scratch_release(&setting.scratch);
}

static const char waited[] = "waiting for the answer failed: ";

/* The second connection is that for HTTP/1.1. Older versions of libcurl do not say that HTTP/2 has failed. */
Test(h2, fails_where_the_server_does_not_speak_it)
{
	static const struct row rows[] = {
	    {.fault = "bad-preface", .stage = "wait", .reason = waited, .connections = 2},
	    {.fault = "bad-settings", .stage = "wait", .reason = waited, .connections = 2},
	};
	CHECK_ALL(rows);
}

/* Where libcurl reads frames for as long as they come, areq ends their connection. Newer versions of libcurl
 * and nghttp2 end most of them, in their own words, after which areq tries HTTP/1.1. */
#define LIBCURL_READS_WITHOUT_END (LIBCURL_VERSION_NUM < 0x080700)
#define IF_ENDED_BY_AREQ(reason)  (LIBCURL_READS_WITHOUT_END ? (reason) : " ")
#define ENDED_BY_AREQ_OR(count)   (LIBCURL_READS_WITHOUT_END ? 1 : (count))

static const char endless_frames[] = "the server sends HTTP/2 frames without end";

Test(h2, is_not_held_by_frames_without_end)
{
	static const struct row rows[] = {
	    {.fault = "rst-many", .urls = 2, .pages = 2, .connections = 1},
	    /* It is found out before or after the second request. */
	    {.fault = "rst-storm",
	        .urls = 2,
	        .retries = "2",
	        .attempts = VARIES,
	        .pages = 2,
	        .connections = 2},
	    {.fault = "settings-storm",
	        .may_time_out = true,
	        .stage = "wait",
	        .reason = IF_ENDED_BY_AREQ(endless_frames),
	        .connections = ENDED_BY_AREQ_OR(2)},
	    /* libcurl cannot send any more answers to them. */
	    {.fault = "settings-storm-unread",
	        .may_time_out = true,
	        .stage = "wait",
	        .reason = IF_ENDED_BY_AREQ(endless_frames),
	        .connections = ENDED_BY_AREQ_OR(2)},
	    {.fault = "ping-storm",
	        .may_time_out = true,
	        .stage = "wait",
	        .reason = IF_ENDED_BY_AREQ(endless_frames),
	        .connections = ENDED_BY_AREQ_OR(2)},
	    {.fault = "empty-storm",
	        .may_time_out = true,
	        .reason = IF_ENDED_BY_AREQ(endless_frames),
	        .connections = ENDED_BY_AREQ_OR(2)},
	    {.fault = "body-storm", .seconds = "1", .reason = "timed out after 1 s with ", .connections = 1},
	    {.fault = "hints-storm", .reason = ": ", .connections = ENDED_BY_AREQ_OR(2)},
	    {.fault = "continuation-storm",
	        .stage = LIBCURL_READS_WITHOUT_END ? "wait" : "receive",
	        .reason = ": ",
	        .connections = ENDED_BY_AREQ_OR(2)},
	};
	CHECK_ALL(rows);
}

/* Each of them holds the loop, but only for a while, and not all of them. */
Test(h2, is_not_held_by_many_hosts_that_send_frames_without_end)
{
	enum { HOSTS = 40 };
	struct setting setting = {0};
	struct server server;
	struct run_result result;
	struct run_options options = {.limit = 60};
	const char *args[2 * HOSTS + 20] = {"-q", "--no-header", "-t", "20", "--connect-timeout", "20", "-j",
	    "40", "-r", "0", "-k", "--report", "-", "-o", "/dev/null"};
	char texts[2 * HOSTS][100];
	size_t count = 0;
	make_certificate(&setting);
	server_start(&server, &setting, "settings-storm");
	while (args[count])
		count++;
	for (unsigned i = 0; i < HOSTS; i++) {
		snprintf(texts[2 * i], sizeof texts[0], "--resolve=h%u.test:%u:127.0.0.1", i, server.port);
		snprintf(texts[2 * i + 1], sizeof texts[0], "https://h%u.test:%u/", i, server.port);
		args[count++] = texts[2 * i];
		args[count++] = texts[2 * i + 1];
	}
	run_program(&result, &options, run_areq_name(), args);
	server_stop(&server);
	cr_expect_eq(count_lines(result.out), HOSTS, "%s", result.err);
	/* A second each would be 40 s; they take some three, with what the server takes. */
	cr_expect_lt(result.seconds, 20, "%g s", result.seconds);
	size_t bitten = 0;
	for (const char *at = result.out; (at = strstr(at, endless_frames)); at++)
		bitten++;
	cr_expect(!LIBCURL_READS_WITHOUT_END || bitten >= 16, "%zu were shut down: %s", bitten, result.out);
	run_release(&result);
	scratch_release(&setting.scratch);
}

Test(h2, does_not_wait_for_ever)
{
	static const struct row rows[] = {
	    {.fault = "silence",
	        .seconds = "1",
	        .stage = "wait",
	        .reason = "timed out after 1 s",
	        .connections = 1},
	    {.fault = "silence-settings",
	        .seconds = "1",
	        .urls = 6,
	        .jobs = "6",
	        .stage = "wait",
	        .reason = "timed out after 1 s",
	        .connections = 1},
	    {.fault = "silence-head",
	        .seconds = "1",
	        .reason = "timed out after 1 s with 0 bytes",
	        .connections = 1},
	};
	CHECK_ALL(rows);
}

/* RFC 9112, section 9.8: a body of known length is whole without TLS's closure alert. */
Test(tls, fails_where_the_server_does)
{
	static const struct row rows[] = {
	    {.fault = "tls-old", .stage = "tls", .reason = "TLS handshake failed: ", .connections = 1},
	    {.fault = "tls-hang",
	        .stage = "tls",
	        .reason = "TLS handshake timed out after 1 s",
	        .connections = 1},
	    {.fault = "tls-close", .stage = "tls", .reason = "TLS handshake failed: ", .connections = 1},
	    {.fault = "tls-close",
	        .retries = "1",
	        .stage = "tls",
	        .reason = "TLS handshake failed: ",
	        .attempts = 2,
	        .connections = 2},
	    {.fault = "tls-garbage", .stage = "tls", .reason = "TLS handshake failed: ", .connections = 1},
	    {.fault = "tls-silence",
	        .seconds = "1",
	        .stage = "wait",
	        .reason = "timed out after 1 s",
	        .connections = 1},
	    {.fault = "tls-no-length", .urls = 2, .pages = 2, .connections = 2},
	    {.fault = "tls-cut-within", .reason = received, .connections = 1},
	    {.fault = "tls-cut-behind", .urls = 2, .pages = 2, .connections = 2},
	    {.fault = "tls-cut-chunked", .urls = 2, .pages = 2, .connections = 2},
	    {.fault = "tls-cut-chunks", .reason = "receive failed: ", .connections = 1},
	    {.fault = "tls-cut-head", .reason = "receive failed: ", .connections = 1},
	    {.fault = "tls-cut-first",
	        .stage = "wait",
	        .reason = "waiting for the answer failed: ",
	        .connections = 1},
	};
	/* libcurl 7 takes such a page for whole, as browsers do (but see RFC 9112, section 9.8). */
	static const struct row cut[] = {
	    {.fault = "tls-cut-no-length", .urls = 2, .pages = 2, .connections = 2}};
	static const struct row refused[] = {
	    {.fault = "tls-cut-no-length", .reason = "receive failed: ", .connections = 1}};
	CHECK_ALL(rows);
	if (LIBCURL_VERSION_NUM < 0x080000)
		CHECK_ALL(cut);
	else
		CHECK_ALL(refused);
}

Test(tls, connections_that_die_between_two_answers_lose_no_url)
{
	static const struct row rows[] = {
	    {.fault = "tls-later-cut", .urls = 6, .pages = 6, .connections = 6},
	    {.fault = "tls-later-cut-head", .urls = 6, .pages = 6, .connections = 6},
	    {.fault = "tls-later-bytes", .urls = 6, .pages = 6, .connections = 6},
	    {.fault = "tls-later-408", .urls = 6, .pages = 6, .connections = 6},
	    {.fault = "tls-later-408", .urls = 20, .jobs = "6", .pages = 20, .connections = 26},
	};
	CHECK_ALL(rows);
}

/* The rows, the report, the graph, --dry-run and the messages name the URL of a line in the same way. */
Test(list, of_lines_without_a_scheme_is_named_with_https_everywhere)
{
	struct setting setting = {0};
	struct server server;
	struct run_result result;
	char list[200], url[100], expected[300];
	make_certificate(&setting);
	server_start(&server, &setting, "none");
	snprintf(list, sizeof list, "127.0.0.1:%u/x#y\n127.0.0.1:1\n/junk\n", server.port);
	snprintf(url, sizeof url, "https://127.0.0.1:%u/x#y", server.port);
	run_areq_with(&result, (&(struct run_options){.input = list}), "-k", "-r0", "--no-header", "--report",
	    scratch_path(&setting.scratch, "report"));
	run_expect_exit(&result, 1);
	snprintf(expected, sizeof expected, "%s\t", url);
	cr_expect_eq(strncmp(result.out, expected, strlen(expected)), 0, "%s", result.out);
	cr_expect(strstr(result.err, "areq: https://127.0.0.1:1: connect failed"), "%s", result.err);
	cr_expect(strstr(result.err, "areq: stdin:3: not a URL: /junk\n"), "%s", result.err);
	char *report = scratch_read(&setting.scratch, "report", NULL);
	snprintf(expected, sizeof expected, "{\"url\":\"%s\",", url);
	cr_expect(strstr(report, expected), "%s", report);
	cr_expect(strstr(report, "{\"url\":\"https://127.0.0.1:1\","), "%s", report);
	cr_expect(strstr(report, "{\"url\":\"/junk\","), "%s", report);
	free(report);
	run_release(&result);
	run_areq_with(&result, (&(struct run_options){.input = list}), "-k", "-r0", "--format", "jsonl");
	snprintf(expected, sizeof expected, "{\"source_url\":\"%s\",", url);
	cr_expect_eq(strncmp(result.out, expected, strlen(expected)), 0, "%s", result.out);
	run_release(&result);
	run_areq_with(&result, (&(struct run_options){.input = list}), "-n");
	snprintf(expected, sizeof expected, "%s\nhttps://127.0.0.1:1/\n", url);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	server_stop(&server);
	scratch_release(&setting.scratch);
}
