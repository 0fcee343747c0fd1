/* The requests that wait for their host's name. They take no slot of the loop, so that names nobody answers
 * for hold up none that are. */
#ifndef AREQ_FETCH_LOOKUPS_H
#define AREQ_FETCH_LOOKUPS_H

#include "base/status.h"
#include "fetch/settings.h"
#include "fetch/transfer.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookups;

/* A request whose name has no address has failed. It may be handed back at once, with another lookups_add. */
typedef void (*lookups_failed_fn)(void *ctx, void *job, struct fetch_result *result);

/* settings is borrowed and outlives it. What may fail: see names_new; *lookups is then NULL. Free with
 * lookups_free, once none waits. */
enum status lookups_new(
    struct lookups **lookups, const struct settings *settings, lookups_failed_fn failed, void *ctx);
void lookups_free(struct lookups *self);

/* True where one more may wait for its name to be asked. */
bool lookups_have_room(const struct lookups *self);

/* How many wait, for an answer or for lookups_next. */
size_t lookups_count(const struct lookups *self);

/* True: the request may start now; its addresses were filled in, where it needs any. False: it was copied,
 * and waits; what it points to is borrowed until it comes out again. */
bool lookups_add(struct lookups *self, struct fetch_request *request);

/* A request that has its addresses now, borrowed until the next call of any function here; false: there is
 * none.
 */
bool lookups_next(struct lookups *self, struct fetch_request *request);

/* Takes any waiting request out, for the end of a run; NULL: none waits, else its job. */
void *lookups_abandon(struct lookups *self);

/* Fills at most max descriptors to poll for and returns how many; *wake is brought forward to the moment when
 * lookups_perform must be called at the latest (monotonic ms). */
size_t lookups_poll(struct lookups *self, struct pollfd *fds, size_t max, int64_t *wake);

/* Takes what came in on those descriptors (revents are set), and fails what waited too long. */
void lookups_perform(struct lookups *self, const struct pollfd *fds, size_t count);

#endif
