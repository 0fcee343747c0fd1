#include "in/scope.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pattern_filter.h"
#include "base/seen.h"

#include <assert.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

/* A search that takes longer is slow; with the patterns that people write it takes about 1 us. If it takes
 * longer than SLOW_US_MAX, the system did not let the process run. */
enum { SLOW_US = 100, SLOW_US_MAX = 50 * 1000 };

/* A name that the DNS can hold has no more characters, without a dot at its end (RFC 1035, section 2.3.4). */
enum { DOMAIN_LENGTH_MAX = 253 };

struct scope {
	enum option_scope kind;
	struct seen keys;                 /* key_of, or the prefix, of each URL that was added */
	size_t deepest;                   /* the most slashes in a prefix */
	psl_ctx_t *suffixes;              /* the Public Suffix List, or NULL if it is not needed */
	char name[DOMAIN_LENGTH_MAX + 1]; /* the host that site_of was last asked for */
	size_t domain_start;              /* where the registrable domain begins in it */
	struct pattern_filter *filter;    /* NULL if there are no patterns */
};

static enum status load_suffixes(struct scope *self)
{
	/* This takes the newer one of the list that libpsl has in itself and that of the system. */
	self->suffixes = psl_latest(NULL);
	if (self->suffixes)
		return STATUS_OK;
	log_error("--scope site: libpsl has no Public Suffix List; install the package publicsuffix");
	return STATUS_LIBRARY;
}

enum status scope_new(struct scope **scope, const struct options *options)
{
	enum status status = STATUS_OK;
	struct scope *self = alloc_new(sizeof *self);
	self->kind = options->scope;
	seen_init(&self->keys);
	if (options->follow.count + options->no_follow.count > 0) {
		self->filter =
		    pattern_filter_new("--follow", &options->follow, "--no-follow", &options->no_follow);
		status = self->filter ? STATUS_OK : STATUS_USAGE;
	}
	if (status == STATUS_OK && self->kind == OPTION_SCOPE_SITE)
		status = load_suffixes(self);
	if (status != STATUS_OK) {
		scope_free(self);
		self = NULL;
	}
	*scope = self;
	return status;
}

void scope_free(struct scope *self)
{
	if (!self)
		return;
	seen_release(&self->keys);
	psl_free(self->suffixes);
	pattern_filter_free(self->filter);
	free(self);
}

/* True for an IPv4 or IPv6 address. The URL parser takes each host of an http URL whose last label is a
 * number for an IPv4 address, so any other host has a letter in it, a '-' or the like. */
static bool is_address(struct slice host)
{
	size_t len = 0;
	while (len < host.len && (ascii_is_digit(host.data[len]) || host.data[len] == '.'))
		len++;
	return len == host.len || host.data[0] == '[';
}

/* Returns the registrable domain of a host, which is a part of it, or the whole host if it has none. libpsl
 * takes about 1 us for that, so the last answer is kept: one link often has the host of the one before. */
static struct slice site_of(struct scope *self, struct slice host)
{
	size_t len = host.len - (host.data[host.len - 1] == '.');
	if (len > DOMAIN_LENGTH_MAX || is_address(host))
		return host;
	if (!slice_equal((struct slice){host.data, len}, slice_of(self->name))) {
		memcpy(self->name, host.data, len);
		self->name[len] = '\0';
		const char *domain = psl_registrable_domain(self->suffixes, self->name);
		self->domain_start = domain ? (size_t)(domain - self->name) : 0;
	}
	return (struct slice){host.data + self->domain_start, host.len - self->domain_start};
}

/* Returns the host, the port and the path of a URL, which stand side by side. */
static struct slice host_to_path(const struct url *url)
{
	struct slice host = url_host_and_port(url), path = url_path(url);
	return (struct slice){host.data, (size_t)(path.data + path.len - host.data)};
}

/* Adds the host, the port and the path up to its last '/'. */
static void add_prefix(struct scope *self, const struct url *url)
{
	struct slice text = host_to_path(url);
	size_t slashes = 0, len = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '/') {
			slashes++;
			len = i + 1;
		}
	}
	seen_add(&self->keys, text.data, len);
	if (slashes > self->deepest)
		self->deepest = slashes;
}

/* True if any prefix that was added is one of the URL. Where the user's list is not deep, a URL of a thousand
 * slashes takes no longer than others. */
static bool has_known_prefix(const struct scope *self, const struct url *url)
{
	struct slice text = host_to_path(url);
	size_t slashes = 0;
	for (size_t i = 0; i < text.len && i < SCOPE_URL_MAX && slashes < self->deepest; i++) {
		if (text.data[i] != '/')
			continue;
		if (seen_has(&self->keys, text.data, i + 1))
			return true;
		slashes++;
	}
	return false;
}

/* What OPTION_SCOPE_HOST and OPTION_SCOPE_SITE compare. */
static struct slice key_of(struct scope *self, const struct url *url)
{
	return self->kind == OPTION_SCOPE_SITE ? site_of(self, url_host(url)) : url_host_and_port(url);
}

void scope_add(struct scope *self, const struct url *url)
{
	assert(url_is_http(url));
	if (self->kind == OPTION_SCOPE_ANY)
		return;
	if (self->kind == OPTION_SCOPE_PREFIX) {
		add_prefix(self, url);
		return;
	}
	struct slice key = key_of(self, url);
	seen_add(&self->keys, key.data, key.len);
}

static bool is_inside(struct scope *self, const struct url *url)
{
	if (self->kind == OPTION_SCOPE_ANY)
		return true;
	if (self->kind == OPTION_SCOPE_PREFIX)
		return has_known_prefix(self, url);
	struct slice key = key_of(self, url);
	return seen_has(&self->keys, key.data, key.len);
}

static enum scope_verdict apply_patterns(const struct scope *self, struct slice url, int64_t *slow_us)
{
	if (*slow_us >= SCOPE_SLOW_US_MAX)
		return SCOPE_UNDECIDED;
	int64_t started_us = clock_now_us();
	enum pattern_found found = pattern_filter_search_briefly(self->filter, url);
	int64_t us = clock_now_us() - started_us;
	if (us > SLOW_US)
		*slow_us += us < SLOW_US_MAX ? us : SLOW_US_MAX;
	switch (found) {
	case PATTERN_FOUND:
		return SCOPE_FOLLOW;
	case PATTERN_NOT_FOUND:
		return SCOPE_NOT_FOLLOWED;
	default:
		return SCOPE_UNDECIDED;
	}
}

enum scope_verdict scope_judge(struct scope *self, const struct url *url, int64_t *slow_us)
{
	if (!url_is_http(url) || !is_inside(self, url))
		return SCOPE_OUTSIDE;
	struct slice text = url_without_fragment(url);
	if (text.len > SCOPE_URL_MAX)
		return SCOPE_TOO_LONG;
	return self->filter ? apply_patterns(self, text, slow_us) : SCOPE_FOLLOW;
}
