/* Host names to addresses without ever waiting for a name server: c-ares asks, its sockets stand in the
 * loop's poll set. libcurl's own resolver would take a thread and two descriptors for each name in flight. */
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

/* A name server is asked for at most so many new names at once … */
enum { NAMES_YOUNG = 64 };
/* … where a question that has had no answer for a while no longer counts: dead names do not hold up live
 * ones. That is twice the time that answers take, within these limits. */
enum { NAMES_YOUNG_LEAST_MS = 25, NAMES_YOUNG_FIRST_MS = 50, NAMES_YOUNG_MOST_MS = 200 };

/* … and so many names wait for that at most: however long the list is, the last of them is asked soon. */
enum { NAMES_QUEUED = 1024 };

/* Questions without an answer; c-ares keeps each for 14 s. More than 65,536 it could not tell apart. */
enum { NAMES_OPEN = 16 * 1024 };

struct names;

struct name_answer {
	const char *addresses; /* "192.0.2.1,[2001:db8::1]", best first; NULL: there are none, because: */
	enum outcome_stage stage;
	enum cause cause;
	const char *reason; /* words for a person */
};

/* Somebody who waits for a name. The caller embeds it and owns it; {0} waits for nothing. */
struct name_wait {
	struct name *name;
	struct name_wait *next, *previous;
};

/* The answer has come; wait waits no longer. The answer is borrowed for the call. */
typedef void (*names_answer_fn)(void *ctx, struct name_wait *wait, const struct name_answer *answer);

/* settings is borrowed and outlives it. STATUS_USAGE for unusable --dns-servers, STATUS_LIBRARY where c-ares
 * cannot be started with them; it was logged, and *names is NULL. Free with names_free. */
enum status names_new(
    struct names **names, const struct settings *settings, names_answer_fn answer, void *ctx);

/* Nobody may wait any more. */
void names_free(struct names *self);

/* The host of an absolute http or https URL in its normal form, without credentials; an IPv6 address in its
 * brackets. Borrows from url. */
struct slice names_host(const char *url);

/* … and its port, in digits: its own, or the scheme's. */
struct slice names_port(const char *url);

/* True for an address that stands in the place of a name. */
bool names_are_address(struct slice host);

/* False for what needs no question: addresses, localhost; and for what libcurl has to look up: names in
 * .local, which the system may know by other means, and everything where a proxy may stand between. */
bool names_are_asked(const struct names *self, struct slice host);

/* The addresses of a host where they are known, borrowed until the next call of any function here; else NULL.
 */
const char *names_find(struct names *self, struct slice host);

/* True where one more name may wait to be asked. */
bool names_have_room(const struct names *self);

/* Wait waits for the answer; it comes from names_perform. */
void names_wait(struct names *self, struct slice host, struct name_wait *wait);

/* Wait waits no longer. */
void names_leave(struct name_wait *wait);

/* True where no name server has answered a question yet, though some were asked. */
bool names_no_server_answers(const struct names *self);

/* Fills at most max descriptors to poll for and returns how many; *wake is brought forward to the moment when
 * names_perform must be called at the latest (monotonic ms). */
size_t names_poll(struct names *self, struct pollfd *fds, size_t max, int64_t *wake);

/* Takes what came in on those descriptors (revents are set), sends what is due, gives out answers. */
void names_perform(struct names *self, const struct pollfd *fds, size_t count);

#endif
