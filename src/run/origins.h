/* What a run knows of the origins that it meets (scheme, host and port): whether the list has URLs of it, and
 * what its robots.txt allows. */
#ifndef AREQ_RUN_ORIGINS_H
#define AREQ_RUN_ORIGINS_H

#include "base/buf.h"
#include "base/cause.h"
#include "base/map.h"
#include "base/outcome.h"
#include "base/url/url.h"
#include "in/robots.h"
#include "in/robots_reader.h"

#include <stdbool.h>
#include <stddef.h>

struct ledger;
struct task;

enum robots_state {
	ROBOTS_UNKNOWN, /* it was not asked for yet */
	ROBOTS_ASKED,   /* its task is on its way; the tasks for other URLs are parked */
	ROBOTS_KNOWN,   /* robots says what is allowed; see origins_set_robots */
	ROBOTS_REFUSED  /* no URL is asked for; the fields of the refusal say why */
};

struct origin {
	bool has_begun_sitemaps; /* see ledger_begin_sitemaps */
	bool ignores_head;       /* a HEAD got no answer, or one that says that the method is not known */
	bool is_listed;          /* the list has a URL of it, so that it gets the user's secrets */
	bool has_pages;          /* a page of it is asked for, or its answer is that of an earlier request */
	char *credentials; /* "user:password" of the first URL of the list that has some; NULL if none has */
	enum robots_state robots_state;
	struct robots
	    *robots; /* NULL if everything is allowed, or if the state is another than ROBOTS_KNOWN */
	/* while robots.txt is read, and then for its sitemaps until the list has a URL of the origin */
	struct robots_reader *reader;
	struct buf received;    /* with --state, what the reader has read of robots.txt */
	struct ledger *ledger;  /* while a shared crawl is asked for its robots.txt */
	uint64_t robots_number; /* that of the first URL that waits for it then */
	size_t robots_bytes;    /* memory of robots and reader, when origins_set_robots was called */
	bool may_be_html; /* robots.txt comes as HTML or XML, and its first byte will tell whether it is */
	bool is_no_text;  /* it is an error page, say, and has no rules */
	bool is_released; /* in ledger.released */
	struct origin *next_released;
	struct task *first_parked, *last_parked;
	struct { /* with ROBOTS_REFUSED */
		enum outcome_kind kind;
		enum outcome_stage stage;
		enum cause cause;
		char *reason;
	} refusal;
	size_t name_len;
	char name[]; /* "https://example.com:443" */
};

/* {0} has no origins. */
struct origins {
	struct map by_name;
	struct buf name;     /* the name of an origin that is looked up */
	size_t robots_bytes; /* the sum of those of all origins */
};

/* No task may be parked. */
void origins_release(struct origins *self);

/* Returns the origin of an http or https URL, which is added if it is new. It lives as long as self. */
struct origin *origins_get(struct origins *self, const struct url *url);

/* Sets *url to the URL of the robots.txt of the origin (RFC 9309, section 2.3). */
void origin_robots_url(const struct origin *self, struct url *url);

/* The robots.txt of the origin was read: its state is ROBOTS_KNOWN then. The origin takes robots over, which
 * is what the file allows; its own is NULL before. If all origins together would need more memory for their
 * robots.txt files than robots_bytes_max, those of the others are forgotten, with their readers: their state
 * is ROBOTS_UNKNOWN again. Only those of origins with parked tasks, and
 * of released ones, stay. */
void origins_set_robots(
    struct origins *self, struct origin *origin, struct robots *robots, size_t robots_bytes_max);

/* Adds a task to those that wait for robots.txt; removes the one that was added first, NULL if there is none.
 */
void origin_park(struct origin *self, struct task *task);
struct task *origin_unpark(struct origin *self);

#endif
