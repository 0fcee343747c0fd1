/* The HTTP archive: valid by HAR 1.2, with what was really sent and received, and without secrets. */
#include "support/archive.h"
#include "support/nginx.h"
#include "support/site.h"

#include <curl/curlver.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *find(json_t *array, const char *key, const char *text)
{
	size_t index;
	json_t *one;
	json_array_foreach(array, index, one)
	{
		if (strcmp(archive_text(one, key), text) == 0)
			return one;
	}
	cr_assert_fail("none has the %s %s", key, text);
	return NULL;
}

static json_t *request_of(json_t *entry)
{
	return json_object_get(entry, "request");
}

static json_t *response_of(json_t *entry)
{
	return json_object_get(entry, "response");
}

/* The value of the first header of that name; NULL if there is none. */
static const char *header_in(const json_t *message, const char *name)
{
	size_t index;
	json_t *header;
	json_array_foreach(json_object_get(message, "headers"), index, header)
	{
		if (strcmp(archive_text(header, "name"), name) == 0)
			return archive_text(header, "value");
	}
	return NULL;
}

/* Compares the headers with the names and values in turn, up to a NULL. */
static void check_headers(const json_t *message, const char *const *pairs)
{
	size_t index;
	json_t *header;
	json_array_foreach(json_object_get(message, "headers"), index, header)
	{
		cr_assert(*pairs, "%s is one too many", archive_text(header, "name"));
		cr_expect_str_eq(archive_text(header, "name"), pairs[0]);
		cr_expect_str_eq(archive_text(header, "value"), pairs[1]);
		pairs += 2;
	}
	cr_expect_null(*pairs, "%s is missing", *pairs);
}

/* The size of a head of HTTP/1 that has these headers, if its lines have one space each. */
static size_t size_of_head(size_t start_line, const json_t *message)
{
	size_t index, size = start_line + strlen("\r\n") + strlen("\r\n");
	json_t *header;
	json_array_foreach(json_object_get(message, "headers"), index, header)
	{
		size += strlen(archive_text(header, "name")) + strlen(": \r\n") +
		        strlen(archive_text(header, "value"));
	}
	return size;
}

Test(har, is_what_the_specification_says)
{
	struct site site;
	struct archive archive;
	site_start(&site);
	const char *slow = site_page(&site, "delay", "120", "links", "3", "group", "a b");
	const char *missing = site_page(&site, "status", "404");
	const char *dead = "http://127.0.0.1:1/";
	const char *query = site_url(&site, "/_/page?links=1&x&=y&z=#f");
	archive_fetch(&archive, "-r", "0", slow, missing, dead, query, "nothttp://x");
	run_expect_exit(&archive.result, 1);
	const json_t *log = json_object_get(archive.json, "log");
	cr_expect_str_eq(archive_text(json_object_get(log, "creator"), "name"), "areq");
	cr_assert_eq(json_array_size(archive.entries), 5);

	json_t *entry = archive_entry(&archive, slow, 0), *response = response_of(entry);
	cr_expect_geq(archive_number(json_object_get(entry, "timings"), "wait"), 119);
	cr_expect_eq(archive_number(response, "status"), 200);
	cr_expect_str_eq(archive_text(response, "statusText"), "OK");
	cr_expect_str_eq(archive_text(response, "httpVersion"), "HTTP/1.1");
	cr_expect_str_eq(archive_text(entry, "serverIPAddress"), "127.0.0.1");
	cr_expect_gt(atoi(archive_text(entry, "connection")), 0);
	cr_expect_not(json_object_get(response, "_error"));

	json_t *pairs = json_object_get(request_of(archive_entry(&archive, query, 0)), "queryString");
	cr_expect_eq(json_array_size(pairs), 4);
	cr_expect_str_eq(archive_text(find(pairs, "name", "x"), "value"), "");
	cr_expect_str_eq(archive_text(find(pairs, "name", ""), "value"), "y");

	response = response_of(archive_entry(&archive, missing, 0));
	cr_expect_eq(archive_number(response, "status"), 404);
	cr_expect_not(json_object_get(response, "_error"), "the answer says it");
	entry = archive_entry(&archive, dead, 0);
	cr_expect_eq(archive_number(response_of(entry), "status"), 0);
	cr_expect(strstr(archive_text(response_of(entry), "_error"), "Connection refused"));
	cr_expect_eq(json_array_size(json_object_get(request_of(entry), "headers")), 0, "nothing was sent");
	cr_expect_not(json_object_get(entry, "connection"));
	archive_entry(&archive, "nothttp://x", 0);
	archive_release(&archive);
	site_stop(&site);
}

Test(har, has_the_headers_that_were_sent)
{
	struct site site;
	struct archive archive;
	struct site_stats stats;
	size_t index;
	json_t *header;
	site_start(&site);
	const char *url = site_page(&site, "links", "1");
	archive_fetch(
	    &archive, "-H", "X-Plain: a:b  c", "-H", "X-Empty;", "-H", "Accept: text/x", "-A", "me/1", url);
	json_t *request = request_of(archive_entry(&archive, url, 0));
	site_stats(&site, &stats);
	const json_t *seen = site_stats_find(&stats, url, 0)->headers;
	json_t *headers = json_object_get(request, "headers");
	cr_assert_eq(json_array_size(headers), json_array_size(seen));
	json_array_foreach(headers, index, header)
	{
		const json_t *wanted = json_array_get(seen, index);
		cr_expect_str_eq(archive_text(header, "name"), json_string_value(json_array_get(wanted, 0)));
		cr_expect_str_eq(archive_text(header, "value"), json_string_value(json_array_get(wanted, 1)));
	}
	cr_expect_str_eq(header_in(request, "X-Plain"), "a:b  c");
	cr_expect_str_eq(header_in(request, "X-Empty"), "");
	cr_expect_str_eq(archive_text(request, "httpVersion"), "HTTP/1.1");
	/* "X-Empty:" is sent without a space. */
	size_t start_line = strlen("GET  HTTP/1.1") + strlen(site_target(url));
	cr_expect_eq(archive_number(request, "headersSize"), size_of_head(start_line, request) - 1);
	cr_expect_eq(archive_number(request, "bodySize"), 0);
	site_stats_release(&stats);
	archive_release(&archive);
	site_stop(&site);
}

/* RFC 9112, sections 4 and 5: any reason, white space around values, folded lines, names in any case; header
 * fields behind a chunked body are none of the head, and neither are those of a 103. */
Test(har, has_the_headers_that_were_received)
{
	static const char raw[] = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
	                          "HTTP/1.0 200 All is  well\r\n"
	                          "content-TYPE:text/html\r\nX-Empty:\r\nX-Space: \t a b \t\r\n"
	                          "X-Two: 1\r\nX-Two: 2\r\nX-Folded: a\r\n  b\r\n\tc\r\n"
	                          "WWW-Authenticate: Basic realm=\"x\"\r\nX-Cache-Key: k\r\n"
	                          "X-Latin: caf\xe9 \x80\r\nX-Utf8: caf\xc3\xa9\r\nX-Mail: me@example.com\r\n"
	                          "Content-Length: 3\r\n\r\nabc";
	static const char *const headers[] = {"content-TYPE", "text/html", "X-Empty", "", "X-Space", "a b",
	    "X-Two", "1", "X-Two", "2", "X-Folded", "a b c", "WWW-Authenticate", "Basic realm=\"x\"",
	    "X-Cache-Key", "k", "X-Latin", "caf\xc3\xa9 \xc2\x80", "X-Utf8", "caf\xc3\xa9", "X-Mail",
	    "me@example.com", "Content-Length", "3", NULL};
	static const char chunked[] = "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
	                              "3\r\nabc\r\n0\r\nX-Late: y\r\n\r\n";
	static const char *const chunked_headers[] = {
	    "Transfer-Encoding", "chunked", "Trailer", "X-Late", NULL};
	struct site site;
	struct archive archive;
	site_start(&site);
	const char *url = site_raw(&site, raw, sizeof raw - 1);
	const char *url_chunked = site_raw(&site, chunked, sizeof chunked - 1);
	archive_fetch(&archive, url, url_chunked);
	run_expect_exit(&archive.result, 0);
	json_t *response = response_of(archive_entry(&archive, url, 0));
	check_headers(response, headers);
	cr_expect_str_eq(archive_text(response, "httpVersion"), "HTTP/1.0");
	cr_expect_str_eq(archive_text(response, "statusText"), "All is  well");
	const char *head = strstr(raw, "HTTP/1.0");
	/* Newer versions of libcurl pass on a folded line as it is read: "a b c". */
	size_t folds = LIBCURL_VERSION_NUM < 0x081600 ? 0 : strlen("a\r\n  b\r\n\tc") - strlen("a b c");
	cr_expect_eq(archive_number(response, "headersSize"), raw + sizeof raw - 1 - head - 3 - folds);
	cr_expect_eq(archive_number(response, "bodySize"), 3);
	response = response_of(archive_entry(&archive, url_chunked, 0));
	check_headers(response, chunked_headers);
	cr_expect_str_eq(archive_text(response, "statusText"), "");
	cr_expect_eq(archive_number(response, "headersSize"), strstr(chunked, "3\r\n") - chunked);
	archive_release(&archive);
	site_stop(&site);
}

Test(har, has_an_entry_for_each_redirect_and_retry)
{
	struct site site;
	struct archive archive;
	site_start(&site);
	const char *page = site_page(&site, "fail", "1");
	const char *moved = site_page(
	    &site, "status", "302", "location", page, "header", "Set-Cookie: sid=opensesame; Path=/");
	archive_fetch(&archive, "-r", "1", moved);
	run_expect_exit(&archive.result, 0);
	cr_assert_eq(json_array_size(archive.entries), 3);
	json_t *entry = archive_entry(&archive, moved, 0);
	cr_expect_eq(archive_number(response_of(entry), "status"), 302);
	cr_expect_str_eq(archive_text(response_of(entry), "redirectURL"), page);
	cr_expect_eq(json_array_size(json_object_get(request_of(entry), "cookies")), 0);
	cr_expect_not(json_object_get(entry, "comment"));
	for (size_t i = 0; i < 2; i++) {
		entry = archive_entry(&archive, page, i);
		cr_expect_eq(archive_number(response_of(entry), "status"), i ? 200 : 503);
		cr_expect_str_eq(archive_text(response_of(entry), "redirectURL"), "");
		cr_expect_str_eq(header_in(request_of(entry), "Cookie"), "sid=[redacted]");
		cr_expect_str_eq(
		    archive_text(find(json_object_get(request_of(entry), "cookies"), "name", "sid"), "value"),
		    "[redacted]");
		cr_expect(
		    strstr(archive_text(entry, "comment"), moved), "%s", archive_text(entry, "comment"));
		cr_expect_eq(archive_number(json_object_get(entry, "timings"), "blocked"), -1);
	}
	const char *first = archive_text(json_array_get(archive.entries, 0), "startedDateTime");
	cr_expect_lt(strcmp(first, archive_text(entry, "startedDateTime")), 0, "it waited to try again");
	archive_release(&archive);
	site_stop(&site);
}

static void check_cookie(json_t *cookies, const char *name, const char *path, const char *domain,
    const char *expires, const char *same_site, bool flags)
{
	json_t *cookie = find(cookies, "name", name);
	cr_expect_str_eq(archive_text(cookie, "value"), "[redacted]");
	cr_expect_str_eq(archive_text(cookie, "path"), path, "%s", name);
	cr_expect_str_eq(archive_text(cookie, "domain"), domain, "%s", name);
	cr_expect_str_eq(archive_text(cookie, "expires"), expires, "%s", name);
	cr_expect_str_eq(archive_text(cookie, "sameSite"), same_site, "%s", name);
	cr_expect_eq(json_is_true(json_object_get(cookie, "httpOnly")), flags, "%s", name);
	cr_expect_eq(json_is_true(json_object_get(cookie, "secure")), flags, "%s", name);
}

/* RFC 6265, section 5.2. */
Test(har, has_the_attributes_of_cookies)
{
	struct site site;
	struct archive archive;
	site_start(&site);
	const char *url = site_page(&site, "header", "Set-Cookie: plain=1", "header",
	    "set-cookie: all=a=b; path=/p; DOMAIN=.x.example; Expires=Wed, 09 Jun 2027 10:18:14 GMT; "
	    "httponly; "
	    "Secure ; SameSite=Lax",
	    "header", "Set-Cookie: gone=1; Max-Age=0; Expires=Wed, 09 Jun 2027 10:18:14 GMT", "header",
	    "Set-Cookie: never=1; Max-Age=99999999999999999999", "header",
	    "Set-Cookie: odd=1;;Expires=soon; Path=/a; Path=/b; Max-Age=x", "header", "Set-Cookie: ; Path=/",
	    "header", "Set-Cookie:");
	archive_fetch(&archive, url);
	json_t *response = response_of(archive_entry(&archive, url, 0));
	json_t *cookies = json_object_get(response, "cookies");
	cr_expect_eq(json_array_size(cookies), 5);
	check_cookie(cookies, "plain", "", "", "", "", false);
	check_cookie(cookies, "all", "/p", ".x.example", "2027-06-09T10:18:14.000Z", "Lax", true);
	check_cookie(cookies, "gone", "", "", "1970-01-01T00:00:00.000Z", "", false);
	check_cookie(cookies, "never", "", "", "9999-12-31T23:59:59.000Z", "", false);
	check_cookie(cookies, "odd", "/b", "", "", "", false);
	cr_expect_str_eq(header_in(response, "set-cookie"),
	    "all=[redacted]; path=/p; DOMAIN=.x.example; Expires=Wed, 09 Jun 2027 10:18:14 GMT; httponly; "
	    "Secure; SameSite=Lax");
	archive_release(&archive);
	site_stop(&site);
}

Test(har, tells_no_secrets)
{
	/* The third one is "me:hunter2" in base64, the fourth one a part of "owner:hunter3" in it. */
	static const char *const secrets[] = {
	    "opensesame", "swordfish", "bWU6aHVudGVyMg", "b3duZXI6aHVudGVy", "hunter"};
	struct site site;
	struct archive archive;
	char with_user[300];
	site_start(&site);
	snprintf(with_user, sizeof with_user, "http://owner:hunter3@%s/_/page?links=2", site.host);
	const char *url = site_page(&site, "links", "1");
	archive_fetch(&archive, "-u", "me:hunter2", "-b", "a=opensesame; b=\"opensesame\"", "-b",
	    "c=swordfish", "-H", "X-Api-Key: swordfish", "-H", "X-Auth-TOKEN: swordfish", "-H",
	    "My-Secret: swordfish", "-H", "Proxy-Authorization: Basic swordfish", "-H",
	    "X-Password: swordfish", "-H", "Referer: http://me:hunter6@127.0.0.1/x", "-H", "X-Plain: plain",
	    url, with_user);
	run_expect_exit(&archive.result, 0);
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		cr_expect_not(strstr(archive.text, secrets[i]), "%s\n%s", secrets[i], archive.text);
	json_t *request = request_of(archive_entry(&archive, url, 0));
	cr_expect_str_eq(header_in(request, "X-Plain"), "plain");
	cr_expect_str_eq(header_in(request, "Authorization"), "[redacted]");
	cr_expect_str_eq(header_in(request, "X-Auth-TOKEN"), "[redacted]");
	cr_expect_str_eq(header_in(request, "Cookie"), "a=[redacted]; b=[redacted]; c=[redacted]");
	cr_expect_str_eq(header_in(request, "Referer"), "http://127.0.0.1/x");
	cr_expect_eq(json_array_size(json_object_get(request, "cookies")), 3);
	const char *without_user = site_page(&site, "links", "2");
	request = request_of(archive_entry(&archive, without_user, 0));
	cr_expect_str_eq(header_in(request, "Authorization"), "[redacted]");
	archive_release(&archive);
	site_stop(&site);
}

/* What a proxy is told to open a tunnel is no request of the URL. */
Test(har, of_a_proxy_has_what_it_is_asked_for)
{
	struct site site;
	struct archive archive;
	char proxy[100];
	site_start(&site);
	snprintf(proxy, sizeof proxy, "http://me:swordfish@%s", site.host);
	const char *plain = "http://name.example/_/page?links=1", *tunnel = "https://name.example/";
	archive_fetch(&archive, "-r", "0", "--proxy", proxy, plain, tunnel);
	json_t *request = request_of(archive_entry(&archive, plain, 0));
	cr_expect_str_eq(header_in(request, "Host"), "name.example");
	cr_expect_str_eq(header_in(request, "Proxy-Authorization"), "[redacted]");
	json_t *entry = archive_entry(&archive, tunnel, 0);
	cr_expect_eq(json_array_size(json_object_get(request_of(entry), "headers")), 0);
	cr_expect_eq(json_array_size(json_object_get(response_of(entry), "headers")), 0);
	cr_expect_eq(archive_number(response_of(entry), "status"), 0);
	/* "me:swordfish" in base64. */
	cr_expect_not(strstr(archive.text, "bWU6c3dvcmRmaXNo"), "%s", archive.text);
	cr_expect_not(strstr(archive.text, "swordfish"), "%s", archive.text);
	archive_release(&archive);
	site_stop(&site);
}

/* The query of the URL is no secret, so the letters of the head are percent-encoded in it. */
Test(har, tells_no_secrets_of_a_server)
{
	static const char raw[] =
	    "HTTP/1.1 302 Found\r\nLocation: http://owner:swordfish@127.0.0.1:1/\r\n"
	    "Set-Cookie: a=swordfish; Path=/\r\nset-cookie: swordfish\r\nSet-Cookie: b=\"x; swordfish; "
	    "y=swordfish\"\r\n"
	    "X-CSRF-Token: swordfish\r\nSession-Id: swordfish\r\nX-Folded-Secret: x\r\n swordfish\r\n"
	    "Set-Cookie: c=\r\n swordfish; HttpOnly\r\nLink: <http://owner:swordfish@127.0.0.1/>; "
	    "rel=next\r\n"
	    "Refresh: 5; url=http://swordfish@127.0.0.1/?a@b\r\nContent-Length: 0\r\n\r\n";
	static const char *const headers[] = {"Location", "http://127.0.0.1:1/", "Set-Cookie",
	    "a=[redacted]; Path=/", "set-cookie", "[redacted]", "Set-Cookie",
	    "b=[redacted]; [redacted]; [redacted]", "X-CSRF-Token", "[redacted]", "Session-Id", "[redacted]",
	    "X-Folded-Secret", "[redacted]", "Set-Cookie", "c=[redacted]; HttpOnly", "Link",
	    "<http://127.0.0.1/>; rel=next", "Refresh", "5; url=http://127.0.0.1/?a@b", "Content-Length", "0",
	    NULL};
	struct site site;
	struct archive archive;
	site_start(&site);
	char target[4096], *end = target;
	end += sprintf(end, "/_/raw?bytes=");
	for (const char *byte = raw; *byte; byte++)
		end += sprintf(end, "%%%02X", (unsigned char)*byte);
	const char *url = site_url(&site, target);
	archive_fetch(&archive, "-r", "0", "--max-redirs", "0", url);
	json_t *response = response_of(archive_entry(&archive, url, 0));
	check_headers(response, headers);
	cr_expect_str_eq(archive_text(response, "redirectURL"), "http://127.0.0.1:1/");
	cr_expect_not(strstr(archive.text, "swordfish"), "%s", archive.text);
	archive_release(&archive);
	site_stop(&site);
}

/* What is kept of a head is limited; its size is known all the same. */
Test(har, keeps_the_first_64_kib_of_a_head)
{
	struct site site;
	struct archive archive;
	char *long_value = calloc(1, 100 * 1024 + 1), *middle = calloc(1, 20 * 1024 + 1);
	memset(long_value, 'x', 100 * 1024);
	memset(middle, 'y', 20 * 1024);
	memcpy(long_value, "X-Long: ", 8);
	memcpy(middle, "X-Middle: ", 10);
	site_start(&site);
	const char *many = site_page(&site, "headers", "3000");
	archive_fetch(&archive, "-r", "0", "-H", middle, many);
	run_expect_exit(&archive.result, 0);
	json_t *entry = archive_entry(&archive, many, 0), *response = response_of(entry);
	cr_expect_gt(archive_number(response, "headersSize"), 64 * 1024);
	cr_expect(
	    strstr(archive_text(response, "comment"), "65536"), "%s", archive_text(response, "comment"));
	size_t kept = size_of_head(strlen("HTTP/1.1 200 OK"), response) - 2;
	cr_expect(kept <= 65536 && kept > 65000, "%zu bytes of whole lines", kept);
	cr_expect_eq(strlen(header_in(request_of(entry), "X-Middle")), 20 * 1024 - 10);
	cr_expect_not(json_object_get(request_of(entry), "comment"));
	archive_release(&archive);

	const char *url = site_page(&site, "links", "1");
	archive_fetch(&archive, "-r", "0", "-H", long_value, url);
	json_t *request = request_of(archive_entry(&archive, url, 0));
	cr_expect_gt(archive_number(request, "headersSize"), 100 * 1024);
	cr_expect(strstr(archive_text(request, "comment"), "65536"), "%s", archive_text(request, "comment"));
	cr_expect_null(header_in(request, "X-Long"));
	archive_release(&archive);
	free(long_value);
	free(middle);
	site_stop(&site);
}

/* A failure shows what came before it. */
Test(har, of_a_failure_has_what_came_before_it)
{
	struct site site;
	struct archive archive;
	site_start(&site);
	const char *silent = site_page(&site, "empty", "1", "links", "1");
	const char *half_head = site_url(&site, "/_/fault/header-unended");
	const char *half_body = site_page(&site, "links", "100", "cut", "500");
	const char *large = site_page(&site, "size", "100000");
	archive_fetch(&archive, "-r", "0", "--max-size", "10000", silent, half_head, half_body, large);
	json_t *entry = archive_entry(&archive, silent, 0), *response = response_of(entry);
	cr_expect_str_eq(header_in(request_of(entry), "Host"), site.host);
	cr_expect_eq(archive_number(response, "status"), 0);
	cr_expect_eq(archive_number(response, "headersSize"), -1);
	cr_expect_eq(archive_number(response, "bodySize"), -1);
	cr_expect_neq(archive_text(response, "_error")[0], '\0');
	response = response_of(archive_entry(&archive, half_head, 0));
	cr_expect_eq(archive_number(response, "status"), 200);
	cr_expect_geq(json_array_size(json_object_get(response, "headers")), 1);
	cr_expect_eq(archive_number(response, "headersSize"), -1, "its end did not come");
	response = response_of(archive_entry(&archive, half_body, 0));
	cr_expect_eq(archive_number(response, "bodySize"), 500);
	cr_expect_eq(archive_number(json_object_get(response, "content"), "size"), 500);
	cr_expect_not(json_object_get(json_object_get(response, "content"), "compression"));
	cr_expect_neq(archive_text(response, "_error")[0], '\0');
	response = response_of(archive_entry(&archive, large, 0));
	cr_expect_str_eq(header_in(response, "Content-Length"), "100000");
	cr_expect_not(json_object_get(response, "_error"), "areq wanted no more");
	archive_release(&archive);
	site_stop(&site);
}

Test(har, tells_what_compression_saved)
{
	struct site site;
	struct archive archive;
	site_start(&site);
	const char *zipped = site_page(&site, "size", "20000", "encoding", "gzip", "chunked", "1");
	const char *plain = site_page(&site, "size", "300");
	const char *unused = site_page(&site, "size", "20000", "encoding", "gzip", "status", "404");
	archive_fetch(&archive, zipped, plain, unused);
	json_t *response = response_of(archive_entry(&archive, zipped, 0));
	json_t *content = json_object_get(response, "content");
	cr_expect_eq(archive_number(content, "size"), 20000);
	cr_expect_lt(archive_number(response, "bodySize"), 5000);
	cr_expect_eq(archive_number(content, "compression"), 20000 - archive_number(response, "bodySize"));
	cr_expect_str_eq(archive_text(content, "mimeType"), "text/html");
	content = json_object_get(response_of(archive_entry(&archive, plain, 0)), "content");
	cr_expect_eq(archive_number(content, "size"), 300);
	cr_expect_eq(archive_number(content, "compression"), 0);
	response = response_of(archive_entry(&archive, unused, 0));
	content = json_object_get(response, "content");
	cr_expect_eq(archive_number(content, "size"), archive_number(response, "bodySize"));
	cr_expect_not(json_object_get(content, "compression"));
	cr_expect_neq(archive_text(content, "comment")[0], '\0');
	archive_release(&archive);
	site_stop(&site);
}

/* RFC 9113, sections 8.2 and 8.3: names in lower case, fields of the connection are not sent, and the
 * request line is in pseudo-header fields. */
Test(har, has_the_fields_of_http2)
{
	struct scratch root;
	struct nginx nginx;
	struct archive archive;
	char page[4000], host[40];
	memset(page, 'a', sizeof page - 1);
	page[sizeof page - 1] = '\0';
	scratch_init(&root);
	scratch_write(&root, "page.html", page);
	nginx_start(&nginx, root.folder);
	const char *url = nginx_url(&nginx, NGINX_TLS, "/page.html?a=1#f");
	snprintf(host, sizeof host, "127.0.0.1:%u", nginx.port[NGINX_TLS]);
	archive_fetch(&archive, "--cacert", nginx.ca_file, "-A", "me/1", "-H", "X-Mixed: V", "-H",
	    "Connection: close", "-H", "Accept-Encoding: gzip", "-H", "TE: trailers", "-b", "a=opensesame",
	    url);
	run_expect_exit(&archive.result, 0);
	json_t *entry = archive_entry(&archive, url, 0), *request = request_of(entry);
	const char *const headers[] = {":authority", host, ":method", "GET", ":path", "/page.html?a=1",
	    ":scheme", "https", "accept", "*/*", "cookie", "a=[redacted]", "x-mixed", "V", "accept-encoding",
	    "gzip", "te", "trailers", "user-agent", "me/1", NULL};
	check_headers(request, headers);
	cr_expect_str_eq(archive_text(request, "httpVersion"), "HTTP/2");
	cr_expect_eq(archive_number(request, "headersSize"), -1);
	json_t *response = response_of(entry);
	cr_expect_str_eq(archive_text(response, "httpVersion"), "HTTP/2");
	cr_expect_str_eq(archive_text(response, "statusText"), "");
	cr_expect_str_eq(header_in(response, "content-type"), "text/html");
	cr_expect_str_eq(header_in(response, "content-encoding"), "gzip");
	cr_expect_null(header_in(response, ":status"));
	cr_expect_eq(archive_number(response, "headersSize"), -1);
	cr_expect_eq(archive_number(json_object_get(response, "content"), "size"), sizeof page - 1);
	cr_expect_gt(archive_number(json_object_get(response, "content"), "compression"), 0);
	cr_expect_gt(archive_number(json_object_get(entry, "timings"), "ssl"), 0);
	archive_release(&archive);
	nginx_stop(&nginx);
	scratch_release(&root);
}

/* With HTTP/1.1 over TLS, libcurl sends a long head in pieces. */
Test(har, has_a_long_head_over_tls)
{
	struct scratch root;
	struct nginx nginx;
	struct archive archive;
	char *fields[8];
	scratch_init(&root);
	scratch_write(&root, "page.html", "<a href=x>");
	nginx_start(&nginx, root.folder);
	const char *url = nginx_url(&nginx, NGINX_TLS, "/page.html");
	for (int i = 0; i < 8; i++) {
		fields[i] = calloc(1, 3501);
		memset(fields[i], 'x', 3500);
		fields[i][sprintf(fields[i], "X-%d:", i)] = ' ';
	}
	archive_fetch(&archive, "--http1.1", "--cacert", nginx.ca_file, "-H", fields[0], "-H", fields[1],
	    "-H", fields[2], "-H", fields[3], "-H", fields[4], "-H", fields[5], "-H", fields[6], "-H",
	    fields[7], url);
	run_expect_exit(&archive.result, 0);
	json_t *request = request_of(archive_entry(&archive, url, 0));
	cr_expect_str_eq(archive_text(request, "httpVersion"), "HTTP/1.1");
	cr_expect_eq(strlen(header_in(request, "X-7")), 3500 - strlen("X-7: "));
	cr_expect_eq(
	    archive_number(request, "headersSize"), size_of_head(strlen("GET /page.html HTTP/1.1"), request));
	for (int i = 0; i < 8; i++)
		free(fields[i]);
	archive_release(&archive);
	nginx_stop(&nginx);
	scratch_release(&root);
}

/* The server closes the connection when the second request arrives, so libcurl sends it again. */
Test(har, of_a_repeated_request_has_the_last_one)
{
	struct site site;
	struct archive archive;
	struct site_stats stats;
	site_start(&site);
	const char *stale = site_page(&site, "stale", "1"), *next = site_page(&site, "links", "1");
	archive_fetch(&archive, "-j", "1", "-r", "0", stale, next);
	run_expect_exit(&archive.result, 0);
	site_stats(&site, &stats);
	cr_expect_eq(stats.connections, 3, "with our own");
	cr_expect_eq(json_array_size(archive.entries), 2);
	json_t *first = archive_entry(&archive, stale, 0), *second = archive_entry(&archive, next, 0);
	json_t *request = request_of(second);
	size_t start_line = strlen("GET  HTTP/1.1") + strlen(site_target(next));
	cr_expect_eq(archive_number(request, "headersSize"), size_of_head(start_line, request));
	cr_expect_str_neq(archive_text(first, "connection"), archive_text(second, "connection"));
	cr_expect_eq(archive_number(response_of(second), "status"), 200);
	site_stats_release(&stats);
	archive_release(&archive);
	site_stop(&site);
}

/* An HTTP/2 server that demands HTTP/1.1 when it has sent the head of a 404. */
Test(har, of_a_request_repeated_over_http1_has_the_last_one)
{
	const char *name = getenv("AREQ_H2SERVER");
	struct run_options options = {.input_pipe = true, .limit = 60};
	struct scratch root;
	struct nginx nginx;
	struct run_child server;
	struct run_result result;
	struct archive archive;
	char certificate[4096], key[4096], url[100];
	unsigned port;
	scratch_init(&root);
	nginx_start(&nginx, root.folder);
	snprintf(certificate, sizeof certificate, "%s/good.pem", nginx.scratch.folder);
	snprintf(key, sizeof key, "%s/good.key", nginx.scratch.folder);
	run_start(&server, &options, name && *name ? name : "build/areq-h2server",
	    (const char *const[]){certificate, key, "http1-after-404", NULL});
	run_wait_output(&server, "\n", 10);
	cr_assert_eq(sscanf(server.kept_out.data, "listening on 127.0.0.1:%u", &port), 1);
	snprintf(url, sizeof url, "https://127.0.0.1:%u/", port);
	archive_fetch(&archive, "-r", "0", "--cacert", nginx.ca_file, url);
	run_expect_exit(&archive.result, 0);
	cr_expect_eq(json_array_size(archive.entries), 1);
	json_t *entry = archive_entry(&archive, url, 0);
	cr_expect_str_eq(archive_text(request_of(entry), "httpVersion"), "HTTP/1.1");
	cr_expect_not_null(header_in(request_of(entry), "Host"));
	cr_expect_null(header_in(request_of(entry), ":method"));
	cr_expect_eq(archive_number(response_of(entry), "status"), 200);
	cr_expect_str_eq(archive_text(response_of(entry), "httpVersion"), "HTTP/1.1");
	cr_expect_eq(json_array_size(json_object_get(response_of(entry), "headers")), 2);
	archive_release(&archive);
	run_finish(&server, &result);
	run_release(&result);
	nginx_stop(&nginx);
	scratch_release(&root);
}
