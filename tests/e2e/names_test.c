/* Names, and the addresses behind them. */
#include "support/nameserver.h"
#include "support/run.h"
#include "support/site.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *named(
    char *url, size_t size, const struct site *site, const char *name, const char *target)
{
	snprintf(url, size, "http://%s:%u%s", name, site->port, target);
	return url;
}

/* The line of the report on a run for one URL. */
static json_t *report_of(const struct run_result *result)
{
	json_error_t error;
	json_t *line = json_loads(result->out, 0, &error);
	cr_assert(line, "exit status %d: %s%s", result->exit_status, result->out, result->err);
	return line;
}

static void expect_text(json_t *line, const char *key, const char *text)
{
	const char *is = json_string_value(json_object_get(line, key));
	cr_expect_str_eq(is ? is : "", text, "%s is \"%s\"", key, is ? is : "");
}

#define REPORT "-r", "0", "-q", "-o", "/dev/null", "--report", "-"

/* Runs areq for one URL with the name server at an address, and expects this value in its report. */
static void expect_report_of(
    const char *dns_servers, const char *connect_timeout, const char *url, const char *key, const char *value)
{
	struct run_result result;
	run_areq(&result, "--dns-servers", dns_servers, "--connect-timeout", connect_timeout, REPORT, url);
	json_t *line = report_of(&result);
	expect_text(line, key, value);
	json_decref(line);
	run_release(&result);
}

Test(names, are_asked_from_the_servers_given)
{
	struct site site;
	struct nameserver names;
	struct run_result result;
	char url[128];
	site_start(&site);
	nameserver_start(&names);
	run_areq(&result, "--dns-servers", names.address, REPORT,
	    named(url, sizeof url, &site, "www.live.test", "/_/page?links=1"));
	run_assert_exit(&result, 0);
	json_t *line = report_of(&result);
	expect_text(line, "outcome", "ok");
	cr_expect(
	    json_is_real(json_object_get(json_object_get(line, "ms"), "dns")), "the lookup was measured");
	json_decref(line);
	run_release(&result);
	nameserver_stop(&names);
	site_stop(&site);
}

Test(names, that_cannot_be_found_out_say_why)
{
	static const struct {
		const char *name, *option, *stage, *reason, *cause;
	} cases[] = {
	    {.name = "a.none.test",
	        .option = "-q",
	        .stage = "resolve",
	        .reason = "name lookup failed: no such name",
	        .cause = "name-not-found"},
	    {.name = "a.live.test",
	        .option = "-6",
	        .stage = "resolve",
	        .reason = "name lookup failed: the name has no address",
	        .cause = "name-no-address"},
	    /* The server does answer, if not for this name. */
	    {.name = "a.dead.test",
	        .option = "-q",
	        .stage = "resolve",
	        .reason = "name lookup timed out after 0.5 s",
	        .cause = "name-lookup-timeout"},
	    {.name = "a.other.test",
	        .option = "-q",
	        .stage = "resolve",
	        .reason = "name lookup failed: the name server cannot answer",
	        .cause = "name-lookup-failed"},
	    {.name = "a-label-of-more-than-63-bytes-which-no-name-in-the-dns-can-ever-have.test",
	        .option = "-q",
	        .stage = "resolve",
	        .reason = "name lookup failed: not a name that can be looked up",
	        .cause = "name-invalid"},
	};
	struct nameserver names;
	struct run_result result;
	char url[128];
	nameserver_start(&names);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(url, sizeof url, "http://%s/", cases[i].name);
		run_areq(&result, "--connect-timeout", "500ms", "--dns-servers", names.address,
		    cases[i].option, REPORT, url);
		json_t *line = report_of(&result);
		expect_text(line, "outcome", "failed");
		expect_text(line, "stage", cases[i].stage);
		expect_text(line, "reason", cases[i].reason);
		expect_text(line, "cause", cases[i].cause);
		run_expect_exit(&result, strcmp(cases[i].stage, "local") == 0 ? 3 : 1);
		json_decref(line);
		run_release(&result);
	}
	nameserver_stop(&names);
}

/* RFC 8305, section 3: an answer for one family is not withheld for long by a server that is silent for the
 * other. */
Test(names, that_are_answered_by_half_are_used)
{
	struct site site;
	struct nameserver names;
	char url[128];
	site_start(&site);
	nameserver_start(&names);
	/* 5 s are less than the server is silent for. Nothing listens on ::1. */
	expect_report_of(names.address, "5s",
	    named(url, sizeof url, &site, "v4.half.test", "/_/page?links=1"), "outcome", "ok");
	expect_report_of(names.address, "5s",
	    named(url, sizeof url, &site, "v6.half.test", "/_/page?links=1"), "cause", "connection-refused");
	nameserver_stop(&names);
	site_stop(&site);
}

/* RFC 6761, section 6.3. The name servers are none that could be asked. */
Test(names, of_localhost_are_the_loopback)
{
	static const char *const hosts[] = {
	    "localhost", "localhost.", "LocalHost", "a.localhost", "a.localhost."};
	struct site site;
	char url[128];
	site_start(&site);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		expect_report_of("127.0.0.1:1", "2s",
		    named(url, sizeof url, &site, hosts[i], "/_/page?links=1"), "outcome", "ok");
	site_stop(&site);
}

/* systemd-resolved writes "search ." to resolv.conf; LOCALDOMAIN is another way to say so. */
Test(names, of_one_label_have_no_empty_label)
{
	/* Newer versions of c-ares use only the first domain of this variable. */
	static const char *const domains[] = {".", "live.test .", "live.test"};
	struct nameserver names;
	nameserver_start(&names);
	for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
		cr_assert_eq(setenv("LOCALDOMAIN", domains[i], 1), 0);
		/* The label alone does not exist. In live.test every name exists, and nothing listens on
		 * port 1. */
		expect_report_of(names.address, "2s", "http://single:1/", "cause",
		    i == 0 ? "name-not-found" : "connection-refused");
	}
	nameserver_stop(&names);
}

Test(names, that_do_not_exist_are_not_asked_for_again)
{
	struct nameserver names;
	struct run_result result;
	nameserver_start(&names);
	run_areq(&result, "--dns-servers", names.address, "http://a.none.test/");
	run_expect_exit(&result, 1);
	cr_expect_not(strstr(result.err, "attempts"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "-r", "1", "--dns-servers", names.address, "http://a.other.test/");
	cr_expect(strstr(result.err, "(2 attempts)"), "%s", result.err);
	run_release(&result);
	nameserver_stop(&names);
}

Test(names, of_no_server_that_answers_are_this_machines_trouble)
{
	struct site site;
	struct nameserver names;
	struct run_result result;
	char url[128];
	site_start(&site);
	nameserver_start(&names);
	nameserver_stop(&names);
	named(url, sizeof url, &site, "www.live.test", "/");
	run_areq(&result, "--dns-servers", names.address, "-r", "0", "http://a.test/", url,
	    site_page(&site, "links", "1"));
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.out, "link1\n"), "an address needs no name server");
	cr_expect(strstr(result.err, "no name server can be reached"), "%s", result.err);
	cr_expect(
	    strstr(result.err, "2 failed, 2 of the failed by trouble on this machine"), "%s", result.err);
	run_release(&result);

	run_areq(&result, "--dns-servers", "nonsense", "-o", "/nonexistent/rows", url);
	run_expect_exit(&result, 2);
	cr_expect(
	    strstr(result.err, "--dns-servers: \"nonsense\" is not a list of addresses"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(names, of_one_host_are_asked_for_once_and_keep_their_order)
{
	enum { PAGES = 20 };
	struct site site;
	struct nameserver names;
	struct run_result result;
	char list[PAGES * 100] = "", url[128], target[64], expected[PAGES * 200] = "", row[200];
	site_start(&site);
	nameserver_start(&names);
	for (int i = 0; i < PAGES; i++) {
		snprintf(target, sizeof target, "/_/page?links=1&prefix=p%d-", i);
		named(url, sizeof url, &site, "www.live.test", target);
		strcat(strcat(list, url), "\n");
		snprintf(row, sizeof row, "%s\thttp://www.live.test:%u/_/p%d-1\n", url, site.port, i);
		strcat(expected, row);
	}
	run_areq_with(&result, (&(struct run_options){.input = list}), "--dns-servers", names.address, "-j",
	    "1", "--per-host", "0", "--no-header");
	run_expect_exit(&result, 0);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	nameserver_stop(&names);
	site_stop(&site);
}

Test(names, may_lead_to_the_default_port)
{
	struct nameserver names;
	struct run_result result;
	nameserver_start(&names);
	run_areq(&result, "--dns-servers", names.address, "-r", "0", "--connect-timeout", "2s",
	    "http://a.multi.test/", "https://a.multi.test/");
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "areq: http://a.multi.test/: connect failed: Connection refused\n"),
	    "%s", result.err);
	cr_expect(strstr(result.err, "areq: https://a.multi.test/: connect failed: Connection refused\n"),
	    "%s", result.err);
	run_release(&result);
	nameserver_stop(&names);
}

Test(names, are_left_to_a_proxy)
{
	struct site site;
	struct site_stats stats;
	struct run_result result;
	char proxy[128];
	site_start(&site);
	snprintf(proxy, sizeof proxy, "http_proxy=http://%s/", site.host);
	/* Port 1 answers no question. */
	run_areq_with(&result, (&(struct run_options){.env = (const char *const[]){proxy, NULL}}),
	    "--dns-servers", "127.0.0.1:1", "http://www.elsewhere.example/");
	site_stats(&site, &stats);
	cr_assert_eq(stats.count, 1);
	cr_expect_str_eq(stats.requests[0].host, "www.elsewhere.example");
	site_stats_release(&stats);
	run_release(&result);
	site_stop(&site);
}

Test(names, that_are_waited_for_are_interrupted_like_all_else)
{
	struct nameserver names;
	struct run_result result;
	nameserver_start(&names);
	run_areq_with(&result, (&(struct run_options){.signal = {.number = 2, .after = 0.5}}),
	    "--dns-servers", names.address, "-o", "/dev/null", "--report", "-", "http://a.dead.test/",
	    "http://a.dead.test/2");
	cr_expect_eq(result.signal, 2);
	size_t count = 0;
	for (const char *at = result.out; (at = strstr(at, "\"outcome\":\"interrupted\"")); at++)
		count++;
	cr_expect_eq(count, 2, "%s", result.out);
	run_release(&result);
	nameserver_stop(&names);
}

/* How many threads the running program has. */
static unsigned threads_of(const struct run_child *child)
{
	char name[64], line[256];
	unsigned threads = 0;
	snprintf(name, sizeof name, "/proc/%d/status", (int)child->pid);
	FILE *file = fopen(name, "r");
	cr_assert(file);
	while (fgets(line, sizeof line, file))
		sscanf(line, "Threads: %u", &threads);
	fclose(file);
	return threads;
}

Test(names, that_nobody_answers_for_hold_up_no_others)
{
	enum { HOSTS = 1000 };
	struct site site;
	struct nameserver names;
	struct run_child child;
	struct run_result result;
	char *list = calloc(HOSTS, 80), url[128], name[32];
	site_start(&site);
	nameserver_start(&names);
	for (int i = 0; i < HOSTS; i++) {
		snprintf(name, sizeof name, "h%d.%s.test", i, i % 10 == 0 ? "dead" : "live");
		strcat(strcat(list, named(url, sizeof url, &site, name, "/_/page?links=1")), "\n");
	}
	struct run_options options = {.input = list, .limit = 60, .max_files = 256};
	run_start_areq(&child, &options, "--dns-servers", names.address, "-r", "0", "-v", "--no-header",
	    "--connect-timeout", "6s");
	/* All live ones are done long before the first dead one is given up. */
	double until = run_clock() + 5;
	size_t rows = 0;
	while (rows < HOSTS * 9 / 10 && run_clock() < until) {
		run_wait(&child, 0.05);
		rows = 0;
		for (const char *at = child.kept_out.data; at && (at = strchr(at, '\n')); at++)
			rows++;
	}
	cr_expect_eq(rows, HOSTS * 9 / 10, "%zu rows", rows);
	cr_expect_not(strstr(child.kept_err.data, "dead.test"), "none was given up yet");
	cr_expect_eq(threads_of(&child), 1, "%u threads", threads_of(&child));
	run_finish(&child, &result);
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "name lookup timed out after 6 s"));
	cr_expect(strstr(result.err, "1000 URLs: 900 ok, 100 failed; 900 links"));
	const char *turn = strstr(result.err, "the longest turn of the loop took ");
	double ms = -1;
	cr_assert(turn && sscanf(turn, "the longest turn of the loop took %lf ms", &ms) == 1);
	/* A lookup that blocks would be waited for. It is some 10 ms. */
	cr_expect(ms >= 0 && ms < 1000, "%.1f ms", ms);
	run_release(&result);
	free(list);
	nameserver_stop(&names);
	site_stop(&site);
}

/* A listener on [::1] whose queue is full: connections to it lead nowhere, they are neither made nor refused.
 */
struct nowhere {
	int listener, filler[2];
};

static void nowhere_start(struct nowhere *self, unsigned port)
{
	struct sockaddr_in6 address = {
	    .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback, .sin6_port = htons((uint16_t)port)};
	self->listener = socket(AF_INET6, SOCK_STREAM, 0);
	cr_assert(self->listener >= 0 &&
	          bind(self->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
	          listen(self->listener, 0) == 0);
	for (size_t i = 0; i < 2; i++) {
		self->filler[i] = socket(AF_INET6, SOCK_STREAM, 0);
		fcntl(self->filler[i], F_SETFL, O_NONBLOCK);
		connect(self->filler[i], (struct sockaddr *)&address, sizeof address);
	}
}

static void nowhere_stop(struct nowhere *self)
{
	close(self->filler[0]);
	close(self->filler[1]);
	close(self->listener);
}

/* However many dead names stand before it, a live one is done before the first of them is given up, and they
 * are not taken for trouble of this machine. */
static void check_dead(
    struct site *site, struct quiet_nameserver *names, int count, const char *connect_timeout)
{
	struct run_result result;
	char *list = calloc((size_t)count + 1, 64), *end = list, url[128];
	for (int i = 0; i < count; i++)
		end += sprintf(end, "http://h%d.dead.test/\n", i);
	sprintf(end, "%s\n", named(url, sizeof url, site, "www.live.test", "/_/page?links=1"));
	run_areq_with(&result, (&(struct run_options){.input = list, .limit = 60}), "--dns-servers",
	    names->address, "--connect-timeout", connect_timeout, REPORT);
	run_expect_exit(&result, 1);
	cr_expect(strncmp(result.out, "{\"url\":\"http://www.live.test", 28) == 0, "%d: first came %.100s",
	    count, result.out);
	cr_expect_not(strstr(result.out, "\"stage\":\"local\""));
	run_release(&result);
	free(list);
}

Test(names, that_are_dead_hold_up_none_that_lives)
{
	struct site site;
	struct quiet_nameserver names;
	site_start(&site);
	quiet_nameserver_start(&names);
	/* A busy machine takes several seconds to ask for so many. */
	check_dead(&site, &names, 3000, "8");
	check_dead(&site, &names, 8000, "16");
	quiet_nameserver_stop(&names);
	site_stop(&site);
}

/* The questions that stay without an answer take no room from other names. */
Test(names, that_are_answered_by_half_may_be_many)
{
	enum { NAMES = 400 };
	struct site site;
	struct quiet_nameserver names;
	struct run_result result;
	char *list = calloc(NAMES, 128), *end = list, url[128], name[32];
	site_start(&site);
	quiet_nameserver_start(&names);
	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof name, "h%d.half.test", i);
		end += sprintf(end, "%s\n", named(url, sizeof url, &site, name, "/_/page?links=1"));
	}
	run_areq_with(&result, (&(struct run_options){.input = list, .limit = 60}), "--dns-servers",
	    names.address, "-r", "0", "--connect-timeout", "5s", "--no-header");
	run_expect_exit(&result, 0);
	run_release(&result);
	free(list);
	quiet_nameserver_stop(&names);
	site_stop(&site);
}

/* Asks the name server at an address for ten names that it knows and then for two in this zone. */
static void expect_slow_zone(const char *dns_servers, const char *zone)
{
	struct site site;
	struct run_result result;
	char list[12 * 128] = "", url[128], name[32];
	site_start(&site);
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "h%d.%s.test", i, i < 10 ? "live" : zone);
		strcat(strcat(list, named(url, sizeof url, &site, name, "/_/page?links=1")), "\n");
	}
	run_areq_with(&result, (&(struct run_options){.input = list, .limit = 60}), "--dns-servers",
	    dns_servers, "-r", "0", "-j", "1", "--no-header");
	run_expect_exit(&result, 0);
	run_release(&result);
	site_stop(&site);
}

/* However quick a server was before, a name that takes it long is waited for. From version 1.32 on, c-ares
 * asks again sooner and sooner the quicker the server was, and forgets the earlier question. So a server that
 * begins anew with each question has 4 s; most do not, and answer all who have asked once they know. */
Test(names, that_take_long_behind_quick_ones_are_waited_for)
{
	struct quiet_nameserver quiet;
	struct nameserver names;
	quiet_nameserver_start(&quiet);
	expect_slow_zone(quiet.address, "late");
	nameserver_start_before(&names, &quiet);
	expect_slow_zone(names.address, "slow");
	nameserver_stop(&names);
	quiet_nameserver_stop(&quiet);
}

Test(names, with_several_addresses_are_served_by_the_one_that_works)
{
	struct site site;
	struct nameserver names;
	struct nowhere nowhere;
	struct run_result result;
	char url[128], literal[64];
	site_start(&site);
	nameserver_start(&names);
	run_areq(&result, "--dns-servers", names.address, "-r", "0", "--no-header",
	    named(url, sizeof url, &site, "a.multi.test", "/_/page?links=1"));
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.out, "link1\n"), "three of its four addresses refuse");
	run_release(&result);

	nowhere_start(&nowhere, site.port);
	snprintf(literal, sizeof literal, "http://[::1]:%u/", site.port);
	run_areq(&result, "-r", "0", "--connect-timeout", "300ms", literal);
	cr_expect(strstr(result.err, "connect timed out after 0.3 s"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "--dns-servers", names.address, "-r", "0", "--no-header",
	    named(url, sizeof url, &site, "a.both.test", "/_/page?links=1"));
	run_expect_exit(&result, 0);
	cr_expect(strstr(result.out, "link1\n"), "its IPv6 leads nowhere");
	cr_expect_lt(result.seconds, 5);
	run_release(&result);
	nowhere_stop(&nowhere);
	nameserver_stop(&names);
	site_stop(&site);
}

Test(names, of_private_addresses_are_refused_where_only_public_ones_may_be)
{
	static const char *const hosts[] = {"127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "0x7f.1",
	    "2130706433", "0", "a.live.test", "a.both.test", "[::1]", "a.multi.test"};
	struct site site;
	struct nameserver names;
	struct site_stats stats;
	struct run_result result;
	char url[128];
	site_start(&site);
	nameserver_start(&names);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		named(url, sizeof url, &site, hosts[i], "/_/page?links=1");
		run_areq_with(&result,
		    (&(struct run_options){
		        .env = (const char *const[]){"http_proxy=http://127.0.0.1:1/", NULL}}),
		    "--public-only", "--dns-servers", names.address, "-q", "-o", "/dev/null", "--report", "-",
		    url);
		run_expect_exit(&result, 1);
		json_t *line = report_of(&result);
		const char *reason = json_string_value(json_object_get(line, "reason"));
		cr_expect(reason && strstr(reason, "is not a public address, or"), "%s: %s", hosts[i],
		    reason ? reason : "");
		expect_text(line, "stage", "policy");
		cr_expect_eq(json_integer_value(json_object_get(line, "attempts")), 1);
		json_decref(line);
		run_release(&result);
	}
	site_stats(&site, &stats);
	cr_expect_eq(stats.connections, 1, "only the question for the figures came");
	site_stats_release(&stats);
	run_areq(&result, "--public-only", "-x", "http://127.0.0.1:1/", "http://a.test/");
	run_expect_exit(&result, 2);
	run_release(&result);
	/* Nobody is there, or it cannot be reached from here; but it is not forbidden. */
	run_areq(&result, "--public-only", "-r", "0", "--connect-timeout", "300ms", "http://9.9.9.9:1/");
	run_expect_exit(&result, 1);
	cr_expect_not(strstr(result.err, "public"), "%s", result.err);
	run_release(&result);
	nameserver_stop(&names);
	site_stop(&site);
}
