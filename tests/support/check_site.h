/* Generated sites of known dead, blocked, moved and alive links, for the tests of --check. Everything follows
 * from the numbers of struct check_spec alone. check_truth computes from the same site what a run has to
 * write and to ask for.
 *
 * The hosts are 127.0.0.1 and 127.0.0.2, which the list is on, 127.0.0.3, which is never in scope, 127.0.0.4,
 * which refuses connections, and a name that does not exist. They have one port. Each path stands on one
 * host, although the server has it on all. */
#ifndef SUPPORT_CHECK_SITE_H
#define SUPPORT_CHECK_SITE_H

#include "base/buf.h"
#include "check_anchor.h"
#include "check_kind.h"

#include <stdbool.h>
#include <stddef.h>

enum { CHECK_HOME, CHECK_HOME_TOO, CHECK_ELSEWHERE, CHECK_REFUSED, CHECK_NO_NAME, CHECK_HOSTS };

/* The name of the last one, under a domain that the name server of support/nameserver knows to be empty. */
#define CHECK_NO_NAME_HOST "gone.none.test"

struct check_spec {
	unsigned seed;
	unsigned port;
	bool slow;        /* also kinds that need a time-out or a pause */
	bool takes_heads; /* no host has HEAD given up on it; only then HEAD and GET may differ in their fates
	                   */
	bool healthy;     /* nothing is dead, other than fragments */
};

/* How a link stands in a page. */
struct check_markup {
	const char *before, *behind;
	bool is_href;  /* --attrs href, the default, has it */
	bool leads_on; /* a crawl that obeys robots follows it */
};

extern const struct check_markup check_markups[];
extern const size_t check_markup_count;

/* So many spellings can stand in any attribute of any page; there are CHECK_SPELLINGS. */
enum { CHECK_SPELLINGS_ANYWHERE = 4, CHECK_SPELLINGS = 8 };

struct check_link {
	size_t target;
	const struct check_markup *markup;
	unsigned spelling;                     /* of many that mean the same URL */
	const struct check_fragment *fragment; /* NULL: none */
};

#define CHECK_NO_TARGET ((size_t)-1)

/* Every URL of the site. */
struct check_target {
	unsigned host;
	const struct check_kind *kind;
	char *path;
	char *url; /* normalised */
	bool is_listed;
	bool is_private; /* only a redirect leads there, and what the page itself has */
	bool is_secret;  /* the robots.txt of its host forbids it */
	unsigned status; /* of a redirect */
	size_t next;     /* where it leads to; CHECK_NO_TARGET: it is none */

	/* Of a page in HTML: */
	bool is_page;
	bool is_latin; /* in windows-1252 */
	bool has_anchor[CHECK_ANCHORS_MAX];
	struct check_link *links;
	size_t link_count;
};

struct check_site {
	struct check_spec spec;
	struct check_target *targets;
	size_t count;
};

/* With a spec alone it is a site without any target; check_draw makes one at random. Release what was made.
 */
void check_site_release(struct check_site *self);

/* The number of the target with that URL, without a fragment; count where there is none. */
size_t check_site_find(const struct check_site *self, const char *url);

/* Appends what the link's page has as the URL, and the normalised URL of its row. */
void check_site_write_link(const struct check_site *self, const struct check_target *from,
    const struct check_link *link, struct buf *out);
void check_site_row_url(const struct check_site *self, const struct check_link *link, struct buf *out);

/* Appends the page in HTML; and the table of all answers, which is the file _site of the server's folder. */
void check_site_page(const struct check_site *self, const struct check_target *page, struct buf *out);
void check_site_table(const struct check_site *self, struct buf *out);

/* The robots.txt of all hosts. */
extern const char check_site_robots[];

/* The parts of which a site is made. Those that add a target return its number. A page is of the kind "page".
 */
size_t check_site_add(struct check_site *self, unsigned host, const char *kind);
size_t check_site_add_secret(struct check_site *self, unsigned host);
size_t check_site_add_redirect(struct check_site *self, unsigned host, unsigned status, size_t next);
void check_site_link(struct check_site *self, size_t from, const struct check_link *link);

#endif
