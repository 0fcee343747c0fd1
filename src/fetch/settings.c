#include "fetch/settings.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/proxy.h"
#include "base/url/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status check_file(const char *option, const char *name)
{
	struct stat info;
	if (!name)
		return STATUS_OK;
	bool is_there = access(name, R_OK) == 0 && stat(name, &info) == 0;
	/* libcurl reads the file more than once and at any time of the run. A pipe would block the loop. */
	bool waits = is_there && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
	if (is_there && !waits)
		return STATUS_OK;
	log_error("%s %s: %s", option, name, waits ? "is a pipe, and must be a file" : strerror(errno));
	return STATUS_USAGE;
}

char *settings_netrc_path(const struct options *options)
{
	static const char name[] = "/.netrc";
	const char *home = getenv("HOME");
	if (options->netrc_file)
		return alloc_copy(options->netrc_file, strlen(options->netrc_file));
	if (!options->netrc || !home)
		return NULL;
	size_t size = strlen(home) + sizeof name;
	char *path = alloc_array(size, 1);
	snprintf(path, size, "%s%s", home, name);
	return path;
}

static enum status check_netrc(const struct options *options)
{
	char *path = settings_netrc_path(options);
	enum status status = check_file(options->netrc_file ? "--netrc-file" : "--netrc", path);
	free(path);
	return status;
}

/* Returns the value of the first of these variables that is not empty, and sets *name to its name; NULL if
 * all are empty. */
static const char *first_value(const char *const *names, const char **name)
{
	for (; *names; names++) {
		const char *value = getenv(*names);
		*name = *names;
		if (value && *value)
			return value;
	}
	return NULL;
}

static enum status log_wrong_variable(const char *name, const char *value)
{
	struct buf shown;
	buf_init(&shown, SIZE_MAX / 2);
	url_append_redacted(&shown, value);
	log_error("%s in the environment: \"%s\" is not %s; correct or unset it, or give -x (-x '' for none)",
	    name, shown.data, PROXY_EXAMPLES);
	buf_release(&shown);
	return STATUS_USAGE;
}

static enum status check_http3(const struct options *options)
{
	const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
	if (!options->http3 || version->features & CURL_VERSION_HTTP3)
		return STATUS_OK;
	struct buf origin;
	buf_init(&origin, SIZE_MAX / 2);
	options_append_origin(options, offsetof(struct options, http3), &origin);
	log_error("--http3%s: this libcurl (%s) has no HTTP/3; leave the option out, or use areq with a "
	          "libcurl that has it",
	    origin.len ? origin.data : "", version->version);
	buf_release(&origin);
	return STATUS_USAGE;
}

static enum status log_http3_proxy(const char *name)
{
	log_error("--http3 and the proxy of %s in the environment exclude each other: libcurl has no HTTP/3 "
	          "through a proxy; unset it, or give -x '' for none",
	    name);
	return STATUS_USAGE;
}

/* Finds the variables that libcurl reads for http and https URLs. Both are checked, because a list is not
 * known before it was read, and a redirect may lead from one scheme to the other. */
static enum status check_environment(const struct options *options, bool *proxied)
{
	/* libcurl ignores HTTP_PROXY, which a web server may set from a header of a request. */
	static const char *const variables[][5] = {{"http_proxy", "all_proxy", "ALL_PROXY"},
	    {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}};
	static const char *const exceptions[] = {"no_proxy", "NO_PROXY", NULL};
	const char *name, *value = first_value(exceptions, &name);
	*proxied = false;
	if (value && strcmp(value, "*") == 0)
		return STATUS_OK;
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		value = first_value(variables[i], &name);
		if (value && !proxy_is_valid(value))
			return log_wrong_variable(name, value);
		bool is_for_https = i == 1;
		if (value && is_for_https && options->http3)
			return log_http3_proxy(name);
		*proxied |= value != NULL;
	}
	return STATUS_OK;
}

/* An empty --proxy means no proxy, even if the environment names one, as in curl. */
static enum status set_proxied(struct settings *self)
{
	const char *proxy = self->options->proxy;
	if (!self->options->public_only && !proxy)
		return check_environment(self->options, &self->proxied);
	self->proxied = !self->options->public_only && *proxy != '\0';
	return STATUS_OK;
}

/* Checks that the interface exists, and adds the prefix "host!" or "if!". Otherwise libcurl would take a name
 * that is no interface for a host name, and wait for a name server. */
static enum status set_interface(struct settings *self)
{
	const char *name = self->options->interface;
	struct in6_addr binary;
	struct buf text;
	if (!name)
		return STATUS_OK;
	bool is_address = inet_pton(AF_INET, name, &binary) == 1 || inet_pton(AF_INET6, name, &binary) == 1;
	if (!is_address && if_nametoindex(name) == 0) {
		log_error("--interface: \"%s\" is neither a network interface of this machine nor an address",
		    name);
		return STATUS_USAGE;
	}
	buf_init(&text, SIZE_MAX / 2);
	buf_append_text(&text, is_address ? "host!" : "if!");
	buf_append_text(&text, name);
	self->interface = text.data;
	return STATUS_OK;
}

/* libcurl keeps the parsed CA file for later connections only if no CA folder is set. Parsing the file again
 * costs more than ten times as much as the rest of a TLS handshake. */
static bool has_ca_file(void)
{
	const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
	return version->age >= CURLVERSION_SEVENTH && version->cainfo && access(version->cainfo, R_OK) == 0;
}

enum status settings_init(struct settings *self, const struct options *options)
{
	*self = (struct settings){.options = options, .skips_ca_folder = has_ca_file()};
	headers_init(&self->headers, options);
	enum status status = check_file("--cacert", options->cacert);
	if (status == STATUS_OK)
		status = check_netrc(options);
	if (status == STATUS_OK)
		status = check_http3(options);
	if (status == STATUS_OK)
		status = set_proxied(self);
	if (status == STATUS_OK)
		status = cookies_init(&self->cookies, options);
	if (status == STATUS_OK)
		status = pins_init(&self->pins, options);
	if (status == STATUS_OK)
		status = set_interface(self);
	return status;
}

void settings_release(struct settings *self)
{
	headers_release(&self->headers);
	cookies_release(&self->cookies);
	pins_release(&self->pins);
	free(self->interface);
	*self = (struct settings){0};
}
