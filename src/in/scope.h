/* Decides which of the links that a crawl finds are followed, by --scope, --follow and --no-follow.
 *
 *	scope_new -> scope_add, for each listed URL and for where its redirects ended
 *	          -> scope_judge, for each link
 *
 * The scope is that of the whole list: a link is in it if it is in the scope of any URL that was added,
 * whichever page it was found in. How many URLs are added hardly matters: for each host, site or path, a
 * fingerprint of 64 bits is stored. */
#ifndef AREQ_IN_SCOPE_H
#define AREQ_IN_SCOPE_H

#include "base/options.h"
#include "base/status.h"
#include "base/url/url.h"

#include <stdint.h>

/* The length of the longest URL that is followed, in bytes, without its fragment. */
enum { SCOPE_URL_MAX = 2048 };

/* For how long the user's patterns may work on the slow links of one page, which are those that take them
 * more than 0.1 ms each. */
enum { SCOPE_SLOW_US_MAX = 1000 * 1000 };

enum scope_verdict {
	SCOPE_FOLLOW,
	SCOPE_OUTSIDE,      /* not in the scope, or neither http nor https */
	SCOPE_TOO_LONG,     /* in the scope, but longer than SCOPE_URL_MAX */
	SCOPE_NOT_FOLLOWED, /* in the scope, but --follow or --no-follow does not want it */
	SCOPE_UNDECIDED     /* in the scope, but the patterns take too long; it must not be followed */
};

struct scope;

/* Compiles the patterns, and loads the Public Suffix List if the scope is OPTION_SCOPE_SITE. options is
 * borrowed for the call. Returns STATUS_USAGE if a pattern is not valid, and STATUS_LIBRARY if there is no
 * Public Suffix List; the error was logged, and *scope is then NULL. Free with scope_free. */
enum status scope_new(struct scope **scope, const struct options *options);
void scope_free(struct scope *self);

/* Adds to the scope what belongs to a URL, which is http or https:
 *
 * - OPTION_SCOPE_HOST: the URLs with the same host and port. A default port is no port, whatever the scheme
 *   (this is "host" in the API of the URL standard), so http://a/ and https://a/ have the same, and
 *   http://a:443/ and https://a/ do not.
 * - OPTION_SCOPE_SITE: those with the same host, or whose host has the same registrable domain ("same site"
 *   in the HTML standard, section 7.1.1, without the scheme). Addresses and public suffixes have no
 *   registrable domain. As in the URL standard, a dot at the end of a host makes it another one.
 * - OPTION_SCOPE_PREFIX: those with the same host and port, as for OPTION_SCOPE_HOST, whose path begins with
 *   the path of url up to its last '/', byte by byte.
 * - OPTION_SCOPE_ANY: nothing, because all URLs are in the scope. */
void scope_add(struct scope *self, const struct url *url);

/* Decides about a link. For the first link of a page *slow_us is 0, and for each later one what the call
 * before has left there: the time that the slow links have taken. Beyond SCOPE_SLOW_US_MAX the patterns are
 * not tried any more, so that a page that was written against a pattern cannot hold up the run. The patterns
 * are matched against the URL without its fragment.
 *
 * Without patterns a call takes less than 1 us. With them it takes little more, but up to some 20 ms for each
 * pattern on a slow link, so the caller should look at the clock between two links. */
enum scope_verdict scope_judge(struct scope *self, const struct url *url, int64_t *slow_us);

#endif
