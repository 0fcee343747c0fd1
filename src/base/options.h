/* What the user asked for. Filled by cli, passed down as const. */
#ifndef AREQ_BASE_OPTIONS_H
#define AREQ_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts are borrowed from argv or from what the options own; the list's array is the list's own. */
struct option_list {
	const char **items;
	size_t count;
};

/* What --fail-on says when it is no percentage. */
enum { FAIL_ON_ANY = 0, FAIL_ON_NEVER = 101 };

/* How the rows are written. */
enum format { FORMAT_TSV, FORMAT_CSV, FORMAT_JSONL, FORMAT_URLS };
enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };
/* What to do while another run writes to an output. */
enum lock_wish { LOCK_WAIT, LOCK_FAIL };

struct options {
	struct option_list inputs; /* files, URLs, "-"; empty: stdin */

	const char *output; /* NULL or "-": stdout */
	bool append;
	bool repair; /* of a torn last line that would be appended to */
	bool atomic; /* output is replaced at the end, if the run ends with 0 */
	bool no_header;
	enum lock_wish lock;
	enum format format;
	bool null_ends;        /* a row of FORMAT_URLS ends with NUL, not with a newline */
	bool ordered;          /* rows in the order of the list, not as they come */
	const char *report;    /* NULL: none */
	const char *waterfall; /* likewise */
	const char *har;
	const char *dot;

	int64_t jobs;     /* transfers at once, >= 1 */
	int64_t per_host; /* of them to one host; 0: no limit */
	int64_t delay_ms; /* between starts to one host */

	int64_t connect_timeout_ms;
	int64_t timeout_ms; /* per attempt, redirects included; 0: none */
	int64_t retries;
	int64_t host_errors;      /* connection errors in a row that give a host up; 0: never */
	int64_t host_patience_ms; /* wasted time that does; 0: never */
	int64_t max_retry_after_ms;
	int64_t max_redirs;
	int64_t deadline_ms;  /* for the whole run; 0: none */
	int64_t fail_percent; /* so much of the URLs must fail for the exit status to say so: FAIL_ON_… or 1
	                         to 100 */
	int64_t max_size;     /* bytes of a body after decompression */
	int64_t max_output;   /* … and of all its links, absolute */

	struct option_list headers; /* "Name: value" */
	const char *user_agent;
	const char *user; /* "name:password" for the origins of listed URLs without their own; NULL: none */
	const char *netrc_file;     /* names and passwords come from this file; NULL: none */
	struct option_list cookies; /* "name=value; …", or the name of a file of cookies */
	const char *proxy;
	struct option_list resolves; /* "host:port:address[,address]..." */
	const char *interface;       /* a network interface or an address of this machine; NULL: any */
	const char *dns_servers;     /* "192.0.2.1,[2001:db8::1]:5353"; NULL: the system's */
	const char *cacert;
	bool netrc;       /* … from ~/.netrc */
	bool http1;       /* never HTTP/2 */
	bool public_only; /* connect to public addresses alone */
	bool insecure;
	bool ipv4;
	bool ipv6;

	/* NULL: the links that a browser sees; at most one is set */
	const char *pattern;
	const char *xpath;
	const char *tags;            /* comma-separated element names; NULL: all */
	const char *schemes;         /* comma-separated; NULL: all */
	struct option_list includes; /* patterns; a link is wanted where one matches, or there is none, … */
	struct option_list excludes; /* … and none of these does */
	bool same_host;              /* only links to the host and port of their page */
	bool external;               /* only http and https links to others */
	bool strip_fragment;
	bool unique; /* each URL once over the whole run */

	bool dry_run; /* fetch nothing, and say what would be */
	bool verbose;
	bool quiet;
	enum when progress;
	enum when color;
	const char *summary_json; /* NULL: none */

	const char *config; /* the file that some of this comes from; NULL: none */
	char **owned;       /* texts that no argv holds; options_own */
	size_t owned_count;
};

void options_list_add(struct option_list *list, const char *item);

/* Takes the text, which lives as long as the options do and is freed with free(3). */
void options_own(struct options *self, char *text);

#endif
