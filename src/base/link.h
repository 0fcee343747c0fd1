/* One link of a page, as the outputs get it. */
#ifndef AREQ_BASE_LINK_H
#define AREQ_BASE_LINK_H

#include "base/outcome.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct url;

/* Whether a link leads on, for a crawl. */
enum link_kind {
	LINK_RESOURCE, /* what a page uses or names, such as a style sheet or an image; also if not known */
	LINK_PAGE,     /* leads to another page or sitemap */
	LINK_NOFOLLOW, /* as LINK_PAGE, but its rel has the word nofollow */
	LINK_SITEMAP,  /* leads from a sitemap index to a sitemap */
	LINK_ORIGIN,   /* only names a server (rel=preconnect, dns-prefetch); only with page_tools.checks */
	LINK_KINDS
};

/* What became of the target of a link, with --check. */
struct verdict {
	unsigned kind; /* one of CHECK_…, see base/options.h */
	/* "404", the word of a cause, "blocked", or where the target has moved to; "" if the link is alive */
	struct slice problem;
	enum outcome_kind outcome; /* that of the target */
	enum cause cause;          /* why the link is dead, blocked or was not checked */
	long http_status;          /* of the last response of the target; 0 if there was none */
	struct slice final_url;    /* where its redirects have led */
};

/* Valid only during the call that passes it. */
struct link {
	struct slice url; /* absolute and normalised, without control bytes (below 0x20, or 0x7F) */
	/* The same as it was parsed, with its fragment. NULL if the link is no URL, which is passed on only
	 * with page_tools.checks; url is then the text of the link, with control bytes percent-encoded. Also
	 * NULL for a link of an earlier run, if it is neither followed nor checked. */
	const struct url *parsed;
	enum link_kind kind; /* LINK_RESOURCE in an HTML page, unless page_tools.crawls */
	bool is_row;         /* false if it is passed only to be followed; only if page_tools.crawls */

	/* The other fields are set only where options_want_details. data is NULL where the page has no
	 * such value or it is not known. They may hold invalid UTF-8, because the page may. */
	struct slice raw;  /* the value as it is in the page, with its character references */
	struct slice tag;  /* name of the element, in lower case */
	struct slice attr; /* name of the attribute that has the link, in lower case */
	struct slice rel;  /* value of the rel attribute */
	int64_t position;  /* offset of the tag's '<' in the page, in bytes; negative if not known */
	/* Line of the tag's '<', and its byte in that line, both from 1; 0 if not known. They are set only
	 * with options_want_lines. A line ends with LF, CRLF or CR, and a byte order mark is no part of it.
	 */
	uint64_t line, column;

	const struct verdict *verdict; /* set for the callback `checked` of observers only */
	char change; /* set for the callback `changed` only: '+' for a new link, '-' for one that is gone */
};

#endif
