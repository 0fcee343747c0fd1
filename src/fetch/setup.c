#include "fetch/setup.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/url/url.h"
#include "fetch/names.h"
#include "fetch/watchdog.h"

#include <stdlib.h>
#include <string.h>

#define set(easy, option, value) setup_check(curl_easy_setopt(easy, option, value))

/* If a transfer has no time limit for the whole request, it still ends when it receives nothing for this
 * time. */
enum { STALL_SECONDS = 60 };

/* How long an address stays in the DNS cache of libcurl, whether libcurl looked it up or it was set. */
enum { DNS_CACHE_SECONDS = 10 };

static CURLSH *new_share(void)
{
	CURLSH *share = curl_share_init();
	if (!share)
		return NULL;
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	return share;
}

bool shares_init(struct shares *self)
{
	*self = (struct shares){new_share(), new_share()};
	return self->for_names && self->for_addresses;
}

void shares_release(struct shares *self)
{
	curl_share_cleanup(self->for_names);
	curl_share_cleanup(self->for_addresses);
	*self = (struct shares){0};
}

void setup_check(CURLcode code)
{
	if (code == CURLE_OK)
		return;
	if (code == CURLE_OUT_OF_MEMORY)
		alloc_fail();
	log_error("libcurl refuses an option: %s", curl_easy_strerror(code));
	exit(status_exit_code(STATUS_LIBRARY));
}

static void set_user_options(CURL *easy, const struct settings *settings)
{
	const struct options *options = settings->options;
	/* An empty string keeps libcurl from searching the environment for a proxy in each request. */
	if (options->proxy || !settings->proxied)
		set(easy, CURLOPT_PROXY, settings->proxied ? options->proxy : "");
	/* libcurl sends this user agent to the proxy with CONNECT. The request itself has the User-Agent
	 * among its header lines. */
	if (settings->proxied)
		set(easy, CURLOPT_USERAGENT, options->user_agent);
	if (options->netrc_file)
		set(easy, CURLOPT_NETRC_FILE, options->netrc_file);
	if (settings->interface)
		set(easy, CURLOPT_INTERFACE, settings->interface);
	if (options->ipv4 != options->ipv6)
		set(easy, CURLOPT_IPRESOLVE,
		    options->ipv4 ? (long)CURL_IPRESOLVE_V4 : (long)CURL_IPRESOLVE_V6);
}

/* By default libcurl uses HTTP/2 over TLS if it was built with it. With CURL_HTTP_VERSION_3 it tries HTTP/3
 * first, and over TCP too if that takes longer than a moment. It uses the connection that is made first. By
 * default it would still use an open connection of HTTP/3; CURL_HTTP_VERSION_2TLS keeps it from that. */
static void set_http_version(CURL *easy, const struct options *options, const struct fetch_request *request)
{
	if (options->http1 || request->needs_http1 || watchdog_limit_reached())
		set(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	else if (options->http3)
		set(easy, CURLOPT_HTTP_VERSION,
		    request->avoids_http3 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_3);
}

static void set_tls(CURL *easy, const struct settings *settings)
{
	const struct options *options = settings->options;
	if (options->cacert)
		set(easy, CURLOPT_CAINFO, options->cacert);
	if (settings->skips_ca_folder)
		set(easy, CURLOPT_CAPATH, NULL);
	if (options->insecure) {
		set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	/* Other transfers to the host wait until its first connection shows whether the host supports HTTP/2
	 * and they can share it. This is not set for plain HTTP, where they would wait for a response. */
	set(easy, CURLOPT_PIPEWAIT, 1L);
}

static void set_stall_limit(CURL *easy)
{
	set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	set(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
}

static void set_constants(CURL *easy)
{
	/* Without NOSIGNAL, libcurl changes signal handlers in every turn of the loop. Without QUICK_EXIT, it
	 * waits for threads of name lookups that take longer than their time-out. */
	set(easy, CURLOPT_NOSIGNAL, 1L);
	set(easy, CURLOPT_QUICK_EXIT, 1L);
	set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* The URL is already normalised, so libcurl need not remove dot segments. */
	set(easy, CURLOPT_PATH_AS_IS, 1L);
	set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* An empty file name turns on the cookie engine. It is needed for servers that answer the first
	 * request with a cookie and a redirect to the same URL. */
	set(easy, CURLOPT_COOKIEFILE, "");
}

/* Makes the line "+host:port:addresses" for CURLOPT_RESOLVE. The "+" lets the DNS cache entry expire. */
static struct curl_slist *make_resolve_line(const struct fetch_request *request)
{
	struct buf line;
	struct curl_slist *list = NULL;
	struct url_parts url = url_parts_of(request->url);
	buf_init(&line, SIZE_MAX / 2);
	buf_append_byte(&line, '+');
	buf_append(&line, url.host.data, url.host.len);
	buf_append_byte(&line, ':');
	buf_append(&line, url.port.data, url.port.len);
	buf_append_byte(&line, ':');
	buf_append_text(&line, request->addresses);
	headers_add(&list, line.data);
	buf_release(&line);
	return list;
}

/* Sets the addresses that areq has looked up; without them, those that the user gave with --resolve. libcurl
 * looks up all other names by itself. Returns the list to be freed after easy; NULL if there is none. */
static struct curl_slist *set_addresses(
    CURL *easy, const struct settings *settings, const struct fetch_request *request)
{
	struct curl_slist *resolve = request->addresses ? make_resolve_line(request) : NULL;
	set(easy, CURLOPT_RESOLVE, resolve ? resolve : settings->pins.lines);
	return resolve;
}

static void set_user(CURL *easy, const char *user, const char *password)
{
	set(easy, CURLOPT_USERNAME, user);
	set(easy, CURLOPT_PASSWORD, password);
}

/* Sets the user name and password of a URL, "user:password", in which both are percent-encoded. */
static void set_url_credentials(CURL *easy, const char *credentials)
{
	size_t user_len = strcspn(credentials, ":");
	const char *password_text = credentials + user_len + (credentials[user_len] == ':');
	char *user = user_len ? curl_easy_unescape(easy, credentials, (int)user_len, NULL) : NULL;
	char *password = curl_easy_unescape(easy, password_text, 0, NULL);
	if ((user_len && !user) || !password)
		alloc_fail();
	set_user(easy, user ? user : "", password);
	curl_free(user);
	curl_free(password);
}

/* Credentials in the URL take precedence over -u, and -u over a .netrc file. -u is not used after a redirect
 * to another origin; a .netrc file is, because it gives the credentials of each host. */
static void set_credentials(CURL *easy, const struct options *options, const struct fetch_request *request)
{
	const char *user = request->left_origin ? NULL : options->user;
	bool netrc = (options->netrc || options->netrc_file) && !request->credentials && !user;
	if (netrc)
		set(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	if (request->credentials)
		set_url_credentials(easy, request->credentials);
	else if (user)
		set(easy, CURLOPT_USERPWD, user);
}

static void set_cookies(CURL *easy, const struct cookies *cookies, const struct fetch_request *request)
{
	struct slice host = url_parts_of(request->url).host;
	if (!request->left_origin && cookies->line)
		set(easy, CURLOPT_COOKIE, cookies->line);
	for (const struct curl_slist *stored = cookies->stored; stored; stored = stored->next) {
		if (cookies_may_match(stored->data, host))
			set(easy, CURLOPT_COOKIELIST, stored->data);
	}
	for (const struct curl_slist *cookie = request->cookies; cookie; cookie = cookie->next)
		set(easy, CURLOPT_COOKIELIST, cookie->data);
}

long setup_remaining_ms(int64_t limit_ms, int64_t waited_ms)
{
	if (limit_ms == 0)
		return 0;
	if (waited_ms < 0)
		return (long)limit_ms;
	return limit_ms > waited_ms ? (long)(limit_ms - waited_ms) : 1;
}

/* If a proxy may be used, libcurl caches the address of the proxy, even if the host is an IP address. */
static void set_shares(CURL *easy, const struct settings *settings, const struct shares *shares,
    const struct fetch_request *request)
{
	bool is_address = !settings->proxied && names_is_address(url_parts_of(request->url).host);
	set(easy, CURLOPT_SHARE, is_address ? shares->for_addresses : shares->for_names);
	set(easy, CURLOPT_DNS_CACHE_TIMEOUT, is_address ? 0L : (long)DNS_CACHE_SECONDS);
}

/* Returns the list to be freed after easy; NULL if easy uses that of all requests. */
static struct curl_slist *set_headers(
    CURL *easy, const struct headers *headers, const struct fetch_request *request)
{
	struct curl_slist *lines = request->left_origin ? headers->cross_origin : headers->same_origin;
	bool is_conditional = request->if_none_match || request->if_modified_since;
	struct curl_slist *own = NULL;
	if (is_conditional)
		own = headers_copy_with(lines, request->if_none_match, request->if_modified_since);
	set(easy, CURLOPT_HTTPHEADER, own ? own : lines);
	return own;
}

void setup_lists_free(struct setup_lists *self)
{
	curl_slist_free_all(self->resolve);
	curl_slist_free_all(self->headers);
	*self = (struct setup_lists){0};
}

struct setup_lists setup_handle(CURL *easy, const struct settings *settings, const struct shares *shares,
    const struct fetch_request *request, bool no_idle_connection)
{
	bool is_tls = strncmp(request->url, "https:", 6) == 0;
	const struct options *options = settings->options;
	struct setup_lists lists;
	set_constants(easy);
	set_user_options(easy, settings);
	set_http_version(easy, options, request);
	if (is_tls)
		set_tls(easy, settings);
	set_shares(easy, settings, shares, request);
	set(easy, CURLOPT_URL, request->url);
	if (request->is_head)
		set(easy, CURLOPT_NOBODY, 1L);
	set_credentials(easy, options, request);
	set_cookies(easy, &settings->cookies, request);
	lists.headers = set_headers(easy, &settings->headers, request);
	set(easy, CURLOPT_TIMEOUT_MS, setup_remaining_ms(request->timeout_ms, request->waited_ms));
	set(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    setup_remaining_ms(options->connect_timeout_ms, request->waited_ms));
	if (request->needs_new_connection || (no_idle_connection && !is_tls))
		set(easy, CURLOPT_FRESH_CONNECT, 1L);
	if (!request->timeout_ms)
		set_stall_limit(easy);
	lists.resolve = set_addresses(easy, settings, request);
	return lists;
}
