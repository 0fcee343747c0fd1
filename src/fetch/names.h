/* Resolves host names to addresses without blocking. c-ares sends the queries, and its sockets are in the
 * poll set of the loop. libcurl's own resolver is not used, because it needs a thread and two descriptors
 * for each lookup in progress.
 *
 *	names_find -> the addresses, if they are in the cache
 *	names_add_wait -> names_poll, names_perform, in each turn of the loop -> the answer callback
 *	               -> names_unlink_wait, if the caller no longer waits */
#ifndef AREQ_FETCH_NAMES_H
#define AREQ_FETCH_NAMES_H

#include "base/outcome.h"
#include "base/slice.h"
#include "base/status.h"
#include "fetch/settings.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most this many recent queries may be without an answer. A query is recent for twice the time that
 * answers take on average, within the limits below. After that it no longer counts, so that names that nobody
 * answers for do not delay other names. */
enum { NAMES_RECENT_MAX = 64 };

/* How long a query counts as recent, in ms: the lower limit, the value before the first answer, the upper
 * limit. */
enum { NAMES_RECENT_MS_MIN = 25, NAMES_RECENT_MS_INITIAL = 50, NAMES_RECENT_MS_MAX = 200 };

/* At most this many names wait for their query to be sent. The queue is short, so that a name is queried soon
 * after it was added, however long the list of URLs is. */
enum { NAMES_QUEUED_MAX = 1024 };

/* At most this many queries may be without an answer. c-ares keeps each of them for 14 s, and tells them
 * apart by a 16-bit identifier. */
enum { NAMES_PENDING_MAX = 16 * 1024 };

struct names;

struct name_answer {
	const char *addresses; /* "192.0.2.1,[2001:db8::1]", the best first; NULL if the lookup failed */
	enum outcome_stage stage;
	enum cause cause;   /* why the lookup failed */
	const char *reason; /* why the lookup failed, in words for a person */
};

/* A request that waits for a name. The caller embeds and owns it. {0} waits for nothing. */
struct name_wait {
	struct name *name;
	struct name_wait *next, *previous;
};

/* Called when a lookup has succeeded or failed. wait was unlinked before. answer is borrowed for the call. */
typedef void (*names_answer_fn)(void *ctx, struct name_wait *wait, const struct name_answer *answer);

/* Makes a resolver. settings is borrowed and must outlive it. Returns STATUS_USAGE if --dns-servers is not
 * usable, and STATUS_LIBRARY if c-ares cannot be started with it; the error was logged, and *names is
 * NULL. Without --dns-servers, c-ares is started by the first query. Free with names_free. */
enum status names_new(
    struct names **names, const struct settings *settings, names_answer_fn answer, void *ctx);

/* No request may wait for a name any more. NULL is allowed. */
void names_free(struct names *self);

/* Returns true if the host is an IP address and not a name. */
bool names_is_address(struct slice host);

/* Returns false if the host is left to libcurl: IP addresses need no query; names in .local may be known to
 * the resolver of the system only; and if a proxy may be used, it resolves all names. */
bool names_needs_query(const struct names *self, struct slice host);

/* Returns the addresses of the host from the cache, borrowed until the next call of a function of this
 * header; NULL if they are not in the cache. localhost and the names in it are always known. */
const char *names_find(struct names *self, struct slice host);

/* Returns true if another name may wait for its query to be sent. */
bool names_has_room(const struct names *self);

/* Lets wait, which is borrowed, wait for the addresses of the host, for which names_find has just returned
 * NULL. names_perform later calls the answer callback, unless names_unlink_wait was called before. */
void names_add_wait(struct names *self, struct slice host, struct name_wait *wait);

/* Lets wait no longer wait for its name. Does nothing if it waits for none. */
void names_unlink_wait(struct name_wait *wait);

/* Returns true if queries were sent but no name server has ever answered. */
bool names_no_server_answers(const struct names *self);

/* Writes the descriptors to poll for to fds, at most max of them, and returns how many. Reduces *wake to the
 * time at which names_perform must be called at the latest (monotonic ms). */
size_t names_poll(struct names *self, struct pollfd *fds, size_t max, int64_t *wake);

/* Handles what has arrived on those descriptors, whose revents are set; sends the queries that are due; calls
 * the answer callback for each wait whose lookup is done. */
void names_perform(struct names *self, const struct pollfd *fds, size_t count);

#endif
