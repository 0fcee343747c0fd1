/* The options of curl for the network: who asks, with which cookies, from where, and where to. */
#include "support/nginx.h"
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"
#include "support/terminal.h"

#include <curl/curlver.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The value of a header of the nth request for that URL, which must have been made; "" where it had none. The
 * answer is good until the next call. */
static const char *sent(struct site *site, const char *url, size_t nth, const char *name)
{
	static char value[256];
	struct site_stats stats;
	site_stats(site, &stats);
	const struct site_request *request = site_stats_find(&stats, url, nth);
	cr_assert(request, "no request %zu for %s", nth, url);
	const char *header = site_request_header(request, name);
	snprintf(value, sizeof value, "%s", header ? header : "");
	site_stats_release(&stats);
	return value;
}

/* base64 of "me:secret", "own:word" and "net:rc" */
static const char basic_me[] = "Basic bWU6c2VjcmV0",
                  basic_own[] = "Basic b3duOndvcmQ=", basic_net[] = "Basic bmV0OnJj";

/* The same server under another origin. */
static const char *elsewhere(struct site *site, const char *target)
{
	static char url[512];
	snprintf(url, sizeof url, "http://other.localhost:%u%s", site->port, target);
	return url;
}

Test(network, user_logs_in_where_the_url_has_no_name_and_not_where_a_redirect_leads)
{
	struct site site;
	struct run_result result;
	char own[512];
	site_start(&site);
	const char *page = site_url(&site, "/_/page?links=1");
	const char *named = site_url(&site, "/_/page?links=2");
	const char *target = elsewhere(&site, "/_/page?links=3");
	const char *away = site_page(&site, "status", "302", "location", target);
	snprintf(own, sizeof own, "http://own:word@%s", named + strlen("http://"));
	run_areq(&result, "-u", "me:secret", page, own, away);
	run_assert_exit(&result, 0);
	cr_expect_str_eq(sent(&site, page, 0, "Authorization"), basic_me);
	cr_expect_str_eq(sent(&site, named, 0, "Authorization"), basic_own);
	cr_expect_str_eq(sent(&site, away, 0, "Authorization"), basic_me);
	cr_expect_str_eq(sent(&site, target, 0, "Authorization"), "");
	run_release(&result);
	site_stop(&site);
}

Test(network, the_password_is_not_in_the_list_of_processes)
{
	struct site site;
	struct run_child child;
	struct run_result result;
	char name[64], arguments[4096];
	site_start(&site);
	run_start_areq(&child, NULL, "-u", "me:secret", site_url(&site, "/_/page?hang=header"), "-t", "10");
	site_wait_in_flight(&site, 1, 5);
	snprintf(name, sizeof name, "/proc/%ld/cmdline", (long)child.pid);
	FILE *file = fopen(name, "r");
	cr_assert(file);
	size_t len = fread(arguments, 1, sizeof arguments - 1, file);
	fclose(file);
	for (size_t i = 0; i < len; i++)
		arguments[i] = arguments[i] ? arguments[i] : ' ';
	arguments[len] = '\0';
	cr_expect(strstr(arguments, "-u "), "%s", arguments);
	cr_expect_not(strstr(arguments, "secret"), "%s", arguments);
	run_kill(&child, SIGTERM);
	run_finish(&child, &result);
	run_release(&result);
	site_stop(&site);
}

Test(network, a_password_that_is_missing_is_asked_for_on_the_terminal)
{
	struct site site;
	struct terminal terminal;
	struct run_result result;
	site_start(&site);
	const char *page = site_url(&site, "/_/page?links=1");
	terminal_start(&terminal, &(struct terminal_options){.columns = 80, .output = "/dev/null"},
	    (const char *const[]){"-u", "me", page, NULL});
	terminal_wait(&terminal, "Password for me: ", 1);
	terminal_type(&terminal, "secret\n");
	terminal_finish(&terminal);
	cr_expect_eq(terminal_count(&terminal, "secret"), 0, "it is not shown");
	cr_expect_str_eq(sent(&site, page, 0, "Authorization"), basic_me);
	terminal_release(&terminal);
	run_areq(&result, "-u", "", page);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "-u: no password"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(network, netrc_gives_names_by_host_where_nothing_else_does)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char home[512];
	site_start(&site);
	scratch_init(&scratch);
	const char *file = scratch_write(&scratch, ".netrc",
	    "machine 127.0.0.1 login net password rc\nmachine other.localhost login me password secret\n");
	snprintf(home, sizeof home, "HOME=%s", scratch.folder);
	const char *page = site_url(&site, "/_/page?links=1");
	const char *target = elsewhere(&site, "/_/page?links=2");
	const char *away = site_page(&site, "status", "302", "location", target);
	run_areq_with(&result, (&(struct run_options){.env = (const char *const[]){home, NULL}}), "--netrc",
	    page, away);
	run_assert_exit(&result, 0);
	cr_expect_str_eq(sent(&site, page, 0, "Authorization"), basic_net);
	cr_expect_str_eq(sent(&site, away, 0, "Authorization"), basic_net);
	cr_expect_str_eq(sent(&site, target, 0, "Authorization"), basic_me);
	run_release(&result);

	site_reset_stats(&site);
	run_areq(&result, "--netrc-file", file, page);
	run_assert_exit(&result, 0);
	cr_expect_str_eq(sent(&site, page, 0, "Authorization"), basic_net);
	run_release(&result);

	site_reset_stats(&site);
	run_areq(&result, "--netrc-file", file, "-u", "me:secret", page);
	run_assert_exit(&result, 0);
	cr_expect_str_eq(sent(&site, page, 0, "Authorization"), basic_me);
	run_release(&result);

	run_areq(&result, "--netrc", page);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "--netrc /nonexistent/.netrc: "), "%s", result.err);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(network, cookies_go_to_the_listed_origin_and_those_of_a_file_where_they_belong)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *file = scratch_write(&scratch, "cookies",
	    "# Netscape HTTP Cookie File\n\n"
	    "127.0.0.1\tFALSE\t/\tFALSE\t0\there\t1\n"
	    "#HttpOnly_other.localhost\tFALSE\t/\tFALSE\t0\tthere\t2\r\n"
	    "no cookie\n"
	    "example.com\tFALSE\t/\tFALSE\t0\tnowhere\t3\n");
	const char *page = site_url(&site, "/_/page?links=1");
	const char *target = elsewhere(&site, "/_/page?links=2");
	const char *away = site_page(&site, "status", "302", "location", target);
	run_areq(&result, "-b", "a=1; b=2", "-b", file, "-b", "c=3", page, away);
	run_assert_exit(&result, 0);
	cr_expect_str_eq(sent(&site, page, 0, "Cookie"), "here=1; a=1; b=2; c=3");
	cr_expect_str_eq(sent(&site, away, 0, "Cookie"), "here=1; a=1; b=2; c=3");
	cr_expect_str_eq(sent(&site, target, 0, "Cookie"), "there=2");
	char *warning = strstr(result.err, "cookies:5: no cookie in this line");
	cr_expect(warning && !strstr(warning + 1, "cookies:5"), "once: %s", result.err);
	run_release(&result);
	run_areq(&result, "-b", scratch_path(&scratch, "missing"), page);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "missing: No such file"), "%s", result.err);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(network, resolve_says_where_a_host_is)
{
	static const char *const wrong[] = {"", "host", "host:80", "host:80:", "host:80:name",
	    "host:0:127.0.0.1", "host:65536:127.0.0.1", "host:x:127.0.0.1", ":80:127.0.0.1",
	    "host:80:127.0.0.1,", "-host:80", "a/b:80:127.0.0.1", "[::1]", "host:80:[::1"};
	struct site site;
	struct run_result result;
	char url[3][128], option[3][128], expected[1000];
	site_start(&site);
	snprintf(url[0], sizeof url[0], "http://www.example.test:%u/_/page?links=1", site.port);
	snprintf(option[0], sizeof option[0], "WWW.example.test:%u:127.0.0.1", site.port);
	/* Another port, another host: each only where it is said. */
	snprintf(url[1], sizeof url[1], "http://xn--bcher-kva.test:%u/_/page?links=1", site.port);
	snprintf(option[1], sizeof option[1],
	    "b\xc3\xbc"
	    "cher.test:%u:[::1],127.0.0.1",
	    site.port);
	snprintf(url[2], sizeof url[2], "http://any.test:%u/_/page?links=1", site.port);
	snprintf(option[2], sizeof option[2], "*:%u:127.0.0.1", site.port);
	run_areq(&result, "--no-header", "--ordered", "--resolve", option[0], "--resolve", option[1], url[0],
	    url[1]);
	run_assert_exit(&result, 0);
	snprintf(expected, sizeof expected,
	    "%s\thttp://www.example.test:%u/_/link1\n%s\thttp://xn--bcher-kva.test:%u/_/link1\n", url[0],
	    site.port, url[1], site.port);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	run_areq(&result, "--resolve", option[2], url[2]);
	run_expect_exit(&result, 0);
	run_release(&result);
	/* Of others nothing is said. */
	run_areq(&result, "--no-header", "--resolve", option[0], site_url(&site, "/_/page?links=1"));
	run_expect_exit(&result, 0);
	run_release(&result);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		run_areq(&result, "--resolve", wrong[i], url[0]);
		run_expect_exit(&result, 2);
		cr_expect(strstr(result.err, "is not of the form HOST:PORT:ADDRESS"), "%s: %s", wrong[i],
		    result.err);
		run_release(&result);
	}
	site_stop(&site);
}

Test(network, resolve_does_not_lead_around_public_only)
{
	struct site site;
	struct run_result result;
	char url[128], option[128];
	site_start(&site);
	snprintf(url, sizeof url, "http://www.example.test:%u/_/page?links=1", site.port);
	snprintf(option, sizeof option, "www.example.test:%u:127.0.0.1", site.port);
	run_areq(&result, "--public-only", "--resolve", option, url);
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "127.0.0.1 is not a public address"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(network, interface_says_from_where)
{
	struct site site;
	struct run_result result;
	site_start(&site);
	const char *page = site_url(&site, "/_/page?links=1");
	run_areq(&result, "--interface", "127.0.0.9", page);
	run_expect_exit(&result, 0);
	run_release(&result);
	run_areq(&result, "--interface", "lo", page);
	run_expect_exit(&result, 0);
	run_release(&result);
	/* 192.0.2.0/24 is for documentation (RFC 5737): no machine has it. */
	run_areq(&result, "-r", "0", "--interface", "192.0.2.7", page);
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.err, "local work failed: "), "%s", result.err);
	cr_expect(strstr(result.err, LIBCURL_VERSION_NUM < 0x081600 ? "bind failed" : "Failed binding"), "%s",
	    result.err);
	run_release(&result);
	run_areq(&result, "--interface", "no-such0", page);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "--interface: \"no-such0\" is neither"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(network, http1_1_is_spoken_also_to_who_offers_more)
{
	struct scratch root;
	struct nginx nginx;
	struct run_result result;
	scratch_init(&root);
	scratch_write(&root, "a.html", "<a href=x>");
	nginx_start(&nginx, root.folder);
	const char *url = nginx_url(&nginx, NGINX_TLS, "/a.html");
	static const struct {
		const char *option, *version;
	} cases[] = {{"--no-http1.1", "HTTP/2"}, {"--http1.1", "HTTP/1.1"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *report = NULL;
		run_areq(&result, "--cacert", nginx.ca_file, cases[i].option, "--har", "-", "-o", "/dev/null",
		    url);
		run_assert_exit(&result, 0);
		report = strstr(result.out, "\"httpVersion\"");
		cr_assert(report, "%s", result.out);
		cr_expect(strstr(report, cases[i].version), "%s: %s", cases[i].option, result.out);
		run_release(&result);
	}
	nginx_stop(&nginx);
	scratch_release(&root);
}

Test(network, proxies_come_from_the_option_or_else_the_environment)
{
	struct site site;
	struct run_result result;
	char variable[128], proxy[128];
	site_start(&site);
	snprintf(proxy, sizeof proxy, "http://%s", site.host);
	snprintf(variable, sizeof variable, "http_proxy=http://%s", site.host);
	const char *const env[] = {variable, NULL};
	const char *const except[] = {variable, "no_proxy=127.0.0.1", NULL};
	/* The server answers absolute targets, too, so it will do as a proxy: the name need not exist. */
	run_areq_with(&result, (&(struct run_options){.env = env}), "--no-header",
	    "http://no.such.test/_/page?links=1");
	run_assert_exit(&result, 0);
	cr_expect_str_eq(result.out, "http://no.such.test/_/page?links=1\thttp://no.such.test/_/link1\n");
	run_release(&result);
	run_areq(&result, "-x", proxy, "--no-header", "http://no.such.test/_/page?links=1");
	run_expect_exit(&result, 0);
	run_release(&result);
	run_areq_with(&result, (&(struct run_options){.env = except}), site_url(&site, "/_/page?links=1"));
	run_expect_exit(&result, 0);
	run_release(&result);
	/* The option counts, and an empty one is none. */
	run_areq_with(&result, (&(struct run_options){.env = env}), "-r0", "-x", "", "-t5", "--dns-servers",
	    "127.0.0.1:1", "http://no.such.test/");
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.err, "no name server can be reached"), "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

/* A proxy of the environment that libcurl cannot use would fail each URL; one that no URL can use does no
 * harm. */
Test(network, wrong_proxies_of_the_environment_are_refused_at_the_start)
{
	static const struct {
		const char *env[4];
		const char *option, *value;
		const char *message; /* NULL: the run is good */
	} cases[] = {
	    {{"http_proxy=foo://bar"}, NULL, NULL,
	        "http_proxy in the environment: \"foo://bar\" is not a proxy"},
	    {{"https_proxy=http://["}, NULL, NULL,
	        "https_proxy in the environment: \"http://[\" is not a proxy"},
	    {{"HTTPS_PROXY=bar:99999"}, NULL, NULL, "HTTPS_PROXY in the environment: \"bar:99999\" is not"},
	    {{"all_proxy=socks6://bar"}, NULL, NULL, "all_proxy in the environment: \"socks6://bar\" is not"},
	    {{"ALL_PROXY=http://a b"}, NULL, NULL, "ALL_PROXY in the environment: \"http://a b\" is not"},
	    {{"http_proxy= http://127.0.0.1:1"}, NULL, NULL, "http_proxy in the environment: "},
	    {{"all_proxy=ftp://me:secret@bar"}, NULL, NULL, "all_proxy in the environment: \"ftp://bar\" is"},
	    {{"http_proxy=foo://bar", "no_proxy=127.0.0.1"}, NULL, NULL, "http_proxy in the environment: "},
	    {{"https_proxy=http://[", "HTTPS_PROXY=127.0.0.1:1"}, NULL, NULL, "https_proxy in the"},
	    /* These are not used. */
	    {{"http_proxy=foo://bar"}, "-x", "", NULL},
	    {{"http_proxy=foo://bar"}, "--public-only", NULL, "is not a public address"},
	    {{"http_proxy=foo://bar", "no_proxy=*"}, NULL, NULL, NULL},
	    {{"http_proxy=foo://bar", "NO_PROXY=*"}, NULL, NULL, NULL},
	    {{"HTTP_PROXY=foo://bar"}, NULL, NULL, NULL},
	    {{"http_proxy="}, NULL, NULL, NULL},
	    {{"https_proxy=127.0.0.1:1", "HTTPS_PROXY=http://["}, NULL, NULL, NULL},
	    {{"https_proxy=127.0.0.1:1", "http_proxy=127.0.0.1:1", "all_proxy=foo://bar"}, NULL, NULL,
	        "Connection refused"},
	    {{"http_proxy=foo://bar"}, "-x", "http://127.0.0.1:1", "Connection refused"},
	    /* These are good. */
	    {{"http_proxy=http://[fe80::1%25lo]:3128", "no_proxy=127.0.0.1"}, NULL, NULL, NULL},
	    {{"http_proxy=http://127.0.0.1:1", "NO_PROXY=127.0.0.1"}, NULL, NULL, NULL},
	    {{"all_proxy=socks5h://me:secret@127.0.0.1", "no_proxy=a.test,127.0.0.1"}, NULL, NULL, NULL},
	};
	struct site site;
	struct run_result result;
	struct site_stats stats;
	site_start(&site);
	const char *url = site_page(&site, "links", "1");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool refused = cases[i].message && strstr(cases[i].message, "in the");
		site_reset_stats(&site);
		run_areq_with(&result, (&(struct run_options){.env = cases[i].env}), "-r0", "--no-header",
		    url, cases[i].option, cases[i].value);
		cr_expect_eq(result.exit_status,
		    refused            ? 2
		    : cases[i].message ? 1
		                       : 0,
		    "case %zu: %d: %s", i, result.exit_status, result.err);
		cr_expect(
		    !cases[i].message || strstr(result.err, cases[i].message), "case %zu: %s", i, result.err);
		cr_expect(
		    !refused || strstr(result.err, "unset it, or give -x"), "case %zu: %s", i, result.err);
		cr_expect_not(strstr(result.err, "secret"), "%s", result.err);
		site_stats(&site, &stats);
		cr_expect_eq(stats.count, cases[i].message == NULL, "case %zu", i);
		site_stats_release(&stats);
		run_release(&result);
	}
	site_stop(&site);
}

/* A machine with public addresses of its own, which changes them while areq runs: in a network namespace. */
static const char own_machine[] =
    "ip link set lo up; ip addr add 93.184.216.34/24 dev lo; ip addr add 2600:1::1/64 dev lo nodad\n"
    "{ printf '%%s\\n' http://93.184.216.34:1/a http://93.184.216.99:1/b http://[2600:1::1]:1/c "
    "http://[2600:1::9]:1/d http://[::ffff:93.184.216.34]:1/e http://[64:ff9b::5db8:d822]:1/f "
    "http://9.9.9.9:1/other http://8.8.4.4:1/before\n"
    "sleep 1.5; ip addr add 8.8.4.4/32 dev lo; sleep 0.5; echo http://8.8.4.4:1/after; } |\n"
    "%s --public-only -q -r 0 --connect-timeout 500ms -o /dev/null --report -";

Test(network, public_only_reaches_nothing_of_this_machine)
{
	struct run_result result;
	char command[2000];
	snprintf(command, sizeof command, own_machine, run_areq_name());
	bool is_root = geteuid() == 0;
	run_program(&result, NULL, "unshare",
	    (const char *const[]){is_root ? "-n" : "-rn", "sh", "-c", command, NULL});
	if (strstr(result.err, "unshare failed") || strstr(result.err, "Operation not permitted")) {
		cr_log_warn("no network namespace can be made here: %s", result.err);
		run_release(&result);
		cr_skip("no network namespace can be made here");
	}
	char *save = NULL;
	size_t lines = 0;
	for (char *rest = result.out, *line; (line = strtok_r(rest, "\n", &save)); rest = NULL, lines++) {
		bool is_free = strstr(line, "/other\"") || strstr(line, "/before\"");
		cr_expect_eq(strstr(line, "\"stage\":\"policy\"") == NULL, is_free, "%s", line);
		cr_expect_eq(strstr(line, "is not a public address, or") == NULL, is_free, "%s", line);
	}
	cr_expect_eq(lines, 9, "%zu: %s", lines, result.err);
	run_release(&result);
}
