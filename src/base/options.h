/* The options of a run. cli/ fills them in; everything else gets them as const. */
#ifndef AREQ_BASE_OPTIONS_H
#define AREQ_BASE_OPTIONS_H

#include "base/attribute.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The texts are borrowed from argv or from options.owned; the array belongs to the list. */
struct option_list {
	const char **items;
	size_t count;
};

/* Values of fail_percent that are no percentage. */
enum { FAIL_ON_ANY = 0, FAIL_ON_NEVER = 101 };

/* The depth without a limit. */
#define DEPTH_ALL INT64_MAX

/* The unit of the rate is a thousandth of a request per minute. */
enum { RATE_PER_SECOND = 60 * 1000, RATE_PER_MINUTE = 1000 };

/* Which links get a row with --check: bits of options.check. A link is of exactly one of these kinds. */
enum {
	CHECK_DEAD = 1,
	CHECK_BLOCKED = 2, /* the target answers, but not to everyone */
	CHECK_MOVED = 4,   /* the target is alive, but a permanent redirect leads to it */
	CHECK_OTHER = 8,   /* the target is alive, or was skipped */
	CHECK_ALL = CHECK_DEAD | CHECK_BLOCKED | CHECK_MOVED | CHECK_OTHER
};

/* Format of the rows. */
enum format { FORMAT_TSV, FORMAT_CSV, FORMAT_JSONL, FORMAT_URLS };

/* When progress or colours are shown, or robots.txt is obeyed. */
enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

/* What to do while another run writes to an output file. */
enum lock_mode { LOCK_WAIT, LOCK_FAIL };

/* Which links are followed, see in/scope. */
enum option_scope { OPTION_SCOPE_HOST, OPTION_SCOPE_SITE, OPTION_SCOPE_PREFIX, OPTION_SCOPE_ANY };

/* The hosts that belong to this process, see in/shard: the shard with this number, from 1, of count. A count
 * of 0 means all hosts. */
struct option_shard {
	int64_t number, count;
};

/* A line of the configuration that set an option, which is named by the offset of its field in struct
 * options. */
struct option_line {
	size_t field, line;
};

struct options {
	struct option_list inputs; /* files, URLs or "-"; if empty, stdin is read */

	const char *output; /* file for the rows; NULL or "-" for stdout */
	bool append;        /* add to the output file instead of replacing it */
	bool repair;        /* with append: cut off an incomplete last line, instead of failing */
	bool atomic;        /* replace the output file at the end, and only if the exit status is 0 */
	bool allow_empty;   /* a list without any URL is no error */
	bool no_header;
	enum lock_mode lock;
	enum format format;
	bool null_ends; /* rows of FORMAT_URLS end with NUL instead of a newline */
	bool ordered;   /* write the rows in the order of the list, not as pages complete */

	bool restart;           /* forget what the state knows */
	bool changes;           /* rows are what differs from the run before, with a sign */
	bool replay;            /* write the rows of the state's last run, and fetch nothing */
	const char *state;      /* file for what must outlive the run; NULL for none */
	int64_t lease_ms;       /* with a state in Redis: when others take over what a dead process had */
	int64_t max_age_ms;     /* with state: pages that were fetched less than that ago are not asked for */
	const char *changes_to; /* file for the rows of changes, beside the others; NULL for none */

	const char *report;    /* file for a JSON line per URL; NULL for none */
	const char *failed;    /* file for the list of failed URLs; NULL for none */
	const char *elsewhere; /* file for the found URLs of other shards; NULL for none */
	const char *waterfall; /* file for the run as an HTML page; NULL for none */
	const char *har;       /* file for the run as an HTTP archive; NULL for none */
	const char *dot;       /* file for the graph of hosts; NULL for none */

	int64_t depth;     /* links to follow from the list on, one after the other; DEPTH_ALL for no limit */
	int64_t max_pages; /* most URLs to ask for; 0 for no limit */
	bool sitemaps;     /* begin with the sitemaps of the listed hosts, too */
	enum when robots;  /* when robots.txt is obeyed; WHEN_AUTO: in a crawl */
	const char *robots_agent;   /* the product token for robots.txt; NULL for the one of user_agent */
	int64_t max_crawl_delay_ms; /* a host that asks for more is left out */

	struct option_shard shard;

	int64_t jobs;     /* most transfers at once; at least 1 */
	int64_t per_host; /* most transfers at once to one host; 0 for no limit */
	int64_t delay_ms; /* shortest time between two starts to one host */
	int64_t rate;     /* most requests in all, in RATE_PER_…; 0 for no limit */

	int64_t connect_timeout_ms; /* for name lookup, connection and TLS handshake of an attempt */
	int64_t timeout_ms;         /* per attempt, redirects included; 0 for none */
	int64_t retries;            /* most attempts after the first one */
	int64_t host_errors;      /* connection errors in a row after which a host is given up; 0 for never */
	int64_t host_patience_ms; /* wasted time after which a host is given up; 0 for never */
	int64_t max_retry_after_ms; /* a URL fails where Retry-After asks for more */
	int64_t max_redirs;         /* most redirects of a URL, over all its attempts */
	int64_t deadline_ms;        /* for the whole run; 0 for none */
	int64_t fail_percent; /* percentage of failed URLs from which on the exit status is 1; FAIL_ON_… */
	int64_t max_size;     /* largest body in bytes, after decompression */
	int64_t max_output;   /* largest total of the rows of a page in bytes, with absolute links */

	struct option_list headers; /* each "Name: value" */
	const char *user_agent;
	const char *user; /* "name:password" for origins of listed URLs without credentials; NULL for none */
	const char *netrc_file;      /* .netrc file with names and passwords; NULL for none */
	struct option_list cookies;  /* each "name=value; …", or the name of a cookie file */
	const char *proxy;           /* "" for none; NULL for what the environment says */
	struct option_list resolves; /* each "host:port:address[,address]..." */
	const char *interface;       /* a network interface or an address of this machine; NULL for any */
	const char *dns_servers;     /* "192.0.2.1,[2001:db8::1]:5353"; NULL for those of the system */
	const char *cacert;          /* PEM file of trusted certificates; NULL for those of the system */
	bool netrc;                  /* take names and passwords from ~/.netrc */
	bool http1;                  /* never use HTTP/2 */
	bool http3;                  /* try HTTP/3 first; false if http1 is set */
	bool public_only;            /* connect to public addresses only (address_is_public) */
	bool insecure;               /* accept any certificate */
	bool ipv4;                   /* only over IPv4 */
	bool ipv6;                   /* only over IPv6 */

	/* At most one of pattern and xpath is set, and with one of them neither tags nor attributes are.
	 * Without pattern and xpath, the links are those that a browser finds. */
	const char *pattern; /* PCRE2 pattern that finds the links in the text; NULL for none */
	const char *xpath;   /* XPath 1.0 expression that selects the links; NULL for none */
	uint32_t attributes; /* those whose links are kept (ATTRIBUTE_BIT); 0 for ATTRIBUTES_DEFAULT */
	const char *tags;    /* comma-separated names of the elements whose links are kept; NULL for all */
	const char *schemes; /* comma-separated URL schemes that are kept; NULL for all */
	struct option_list includes; /* PCRE2 patterns: one must match a link; if empty, all links pass */
	struct option_list excludes; /* PCRE2 patterns: none may match a link */
	bool same_host;              /* keep only links to the host and port of their page */
	bool external;               /* keep only http and https links to another host or port */
	bool strip_fragment;         /* remove the fragments of links */
	bool unique;                 /* write each link once over the whole run */

	/* Which links are followed. */
	enum option_scope scope;
	struct option_list follow;    /* PCRE2 patterns: one must match a URL; if empty, all URLs pass */
	struct option_list no_follow; /* PCRE2 patterns: none may match a URL */

	unsigned check; /* check the targets of links; rows are for these kinds: CHECK_…; 0: do not check */
	bool fragments; /* with check: a link is dead if its page has no such anchor */

	bool dry_run; /* fetch nothing, and show what would be fetched */
	bool verbose;
	bool quiet;
	bool no_failures; /* no line for each failed URL */
	enum when progress;
	enum when color;
	const char *summary_json; /* file for the summary as JSON; NULL for none */

	const char *config;               /* the configuration file that was read; NULL for none */
	struct option_line *config_lines; /* see options_config_line */
	size_t config_line_count;
	char **owned; /* texts that are not in argv; see options_own */
	size_t owned_count;
};

/* True if the run fetches pages that are not in its list. */
static inline bool options_are_of_crawl(const struct options *self)
{
	return self->depth > 0 || self->sitemaps;
}

/* True if the run asks for URLs that are not in its list, be it for pages or to check links. */
static inline bool options_find_urls(const struct options *self)
{
	return options_are_of_crawl(self) || self->check;
}

/* Returns the attributes whose links are kept. */
static inline uint32_t options_attributes(const struct options *self)
{
	return self->attributes ? self->attributes : ATTRIBUTES_DEFAULT;
}

/* True if an output shows where in its page a link is, and how it is written there. */
static inline bool options_want_details(const struct options *self)
{
	return self->format == FORMAT_JSONL || (self->check && self->format == FORMAT_CSV);
}

/* True if an output also shows the lines of the links. Only with options_want_details. */
static inline bool options_want_lines(const struct options *self)
{
	return self->check && options_want_details(self);
}

/* Adds an item, which is borrowed. */
void options_list_add(struct option_list *list, const char *item);

/* The line of the configuration that the value of a field comes from, given as its offset in this struct; 0
 * if it is the default, or comes from the command line. */
size_t options_config_line(const struct options *self, size_t field);

/* Sets what options_config_line returns. */
void options_set_config_line(struct options *self, size_t field, size_t line);

/* Appends " (FILE:LINE)", the line of the configuration that the value of a field comes from, for a message.
 * Appends nothing if it comes from elsewhere. */
void options_append_origin(const struct options *self, size_t field, struct buf *text);

/* Takes over the text, which was allocated with malloc(3). cli_release frees it together with the options. */
void options_own(struct options *self, char *text);

#endif
