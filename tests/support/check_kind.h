/* How a URL may answer to HEAD and to GET, and what a checker of links has to make of it: the table of all
 * kinds of answers that the test server knows. */
#ifndef SUPPORT_CHECK_KIND_H
#define SUPPORT_CHECK_KIND_H

#include <stdbool.h>
#include <stddef.h>

enum check_fate { CHECK_ALIVE, CHECK_BLOCKED, CHECK_DEAD };

/* In the place of a number of requests: one in each attempt. */
enum { CHECK_EACH = 100 };

enum {
	CHECK_REPEATED = 1,     /* one that gets no answer on a used connection is sent once more */
	CHECK_ENDS_AT_HEAD = 2, /* with Retry-After, the HEAD may be an attempt of its own, or the only one */
	CHECK_SLOW = 4,         /* needs a time-out or a pause */
	CHECK_TWO_FACED = 8,    /* a GET alone has another fate than a HEAD, which is the one of the table */
	CHECK_NOT_ON_SERVER = 16, /* no request arrives */
	CHECK_SPOILS = 64, /* it leaves bytes on the connection, so that the next request is sent once more */
	CHECK_NO_HEADS = 32 /* a HEAD gets no answer, 405 or 501: its host is not sent any more of them */
};

struct check_kind {
	const char *name;
	const char *keys; /* of the server's /_/page */
	enum check_fate fate;
	const char *problem; /* of a dead one: the status, or the word of the cause */
	unsigned look_gets;  /* of a URL that is looked at: the GETs behind its HEAD */
	unsigned fetch_gets; /* of one that is fetched: its GETs */
	unsigned flags;
};

extern const struct check_kind check_kinds[];
extern const size_t check_kind_count;

/* The kind of that name, which exists. */
const struct check_kind *check_kind_find(const char *name);

/* True where it is tried again. */
bool check_kind_is_transient(const struct check_kind *self);

#endif
