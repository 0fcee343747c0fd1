/* A site whose pages change from night to night, for the tests of runs that are repeated: pages are new, gone
 * and back again, changed and unchanged, with validators that are right, wrong or missing. The test server
 * serves one night of it, see /_/nights; a test computes here what is true on each night. Everything follows
 * from the numbers of struct nights_spec, and from that of the night, from 0 on.
 *
 * Page N has the path /_/nights/pN. Page 0 is there each night, and links to pages 1 and 2; page N links to
 * 2N + 1 and 2N + 2, so that a crawl from page 0 reaches all pages behind which none is missing or broken. */
#ifndef SUPPORT_NIGHTS_H
#define SUPPORT_NIGHTS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { NIGHTS_PAGES_MAX = 10000, NIGHTS_LINKS_MAX = 8 };

struct nights_spec {
	unsigned seed;
	unsigned pages; /* 1 to NIGHTS_PAGES_MAX */
};

/* What the server answers to a request without preconditions. */
enum nights_answer {
	NIGHTS_PAGE,
	NIGHTS_MISSING, /* 404 */
	NIGHTS_GONE,    /* 410 */
	NIGHTS_BROKEN,  /* 501, which says nothing about the page */
	NIGHTS_UNASKED, /* a 304 that nobody has asked for, only of pages with NIGHTS_NONE; neither does it */
	NIGHTS_NOT_TEXT, /* 200 and an image, neither does it */
	NIGHTS_ANSWERS
};

/* Which validators a page has, on all nights. The clock of the server stands in the year 2020, so that a
 * client that sends a date of its own gets a 304 for each page. */
enum nights_validators {
	NIGHTS_NONE,
	NIGHTS_STRONG,    /* a strong ETag and Last-Modified */
	NIGHTS_WEAK,      /* a weak ETag */
	NIGHTS_TAG,       /* a strong ETag */
	NIGHTS_MODIFIED,  /* Last-Modified and Date */
	NIGHTS_NO_DATE,   /* Last-Modified without Date */
	NIGHTS_AHEAD,     /* Last-Modified and Date by a clock that is a hundred years ahead */
	NIGHTS_OTHER_TAG, /* each conditional request gets a 304, whose ETag is that of the page as it is */
	NIGHTS_CHANGING_TAG, /* an ETag that is another one in each answer */

	/* The rest never change with the page, so that whoever sends them gets a 304 for a page that has
	 * changed. */
	NIGHTS_BARE_TAG,    /* an ETag without quotes */
	NIGHTS_FUTURE,      /* a Last-Modified later than Date */
	NIGHTS_SAME_SECOND, /* changed each night, and twice in the second of the Date of each even night: the
	                       second version, which is seen in the odd night, has the same Last-Modified */
	NIGHTS_VALIDATORS
};

struct nights_links {
	unsigned count;
	unsigned target[NIGHTS_LINKS_MAX]; /* numbers of pages, all different */
};

struct nights_page {
	enum nights_answer answer;
	enum nights_validators validators;
	unsigned changed;          /* the night of the last change of its text; its links may have stayed */
	struct nights_links links; /* as they would be if answer were NIGHTS_PAGE */
};

/* Sets page to what the page of this number is on that night. */
void nights_page(const struct nights_spec *self, unsigned number, unsigned night, struct nights_page *page);

/* True where a client that obeys the standards, and got the page `before` in its last good answer, asks
 * conditionally and gets a 304 that it may rely upon. */
bool nights_is_unchanged(const struct nights_page *before, const struct nights_page *now);

/* Sets reached[0..pages) to whether a crawl from page 0 asks for the page on that night. */
void nights_reach(const struct nights_spec *self, unsigned night, bool *reached);

/* Sets known[0..pages) to the links that are known of each page after that night, to somebody who ran each
 * night from 0 on, over a list of all pages or as a crawl from page 0. A page that is missing or gone has
 * none; one that gave no good answer, or was not reached, keeps those that it had. The difference between two
 * nights is what --changes has to tell. */
void nights_known(const struct nights_spec *self, bool is_crawl, unsigned night, struct nights_links *known);

/* Appends the body of the page. Its links are "pN", in the order of page->links. */
void nights_append_body(const struct nights_page *page, unsigned number, struct buf *out);

/* The time of a night by the server's clock, in seconds since 1970. Pages change then, and the answers of the
 * night are sent an hour later. */
uint64_t nights_time(unsigned night);

#endif
