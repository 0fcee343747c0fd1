/* The requests that wait for their host's name. They take no slot of the loop, so that names nobody answers
 * for hold up none that are. */
#ifndef AREQ_FETCH_LOOKUP_QUEUE_H
#define AREQ_FETCH_LOOKUP_QUEUE_H

#include "base/status.h"
#include "fetch/settings.h"
#include "fetch/transfer.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookup_queue;

/* A request whose name has no address has failed. It may be handed back at once, with another
 * lookup_queue_add. */
typedef void (*lookup_queue_failed_fn)(void *ctx, void *job, struct fetch_result *result);

/* settings is borrowed and outlives it. What may fail: see names_new; *lookups is then NULL. Free with
 * lookup_queue_free, once none waits. */
enum status lookup_queue_new(
    struct lookup_queue **lookups, const struct settings *settings, lookup_queue_failed_fn failed, void *ctx);
void lookup_queue_free(struct lookup_queue *self);

/* True where one more may wait for its name to be asked. */
bool lookup_queue_have_room(const struct lookup_queue *self);

/* How many wait, for an answer or for lookup_queue_next. */
size_t lookup_queue_count(const struct lookup_queue *self);

/* True: the request may start now; its addresses were filled in, where it needs any. False: it was copied,
 * and waits; what it points to is borrowed until it comes out again. */
bool lookup_queue_add(struct lookup_queue *self, struct fetch_request *request);

/* A request that has its addresses now, borrowed until the next call of any function here; false: there is
 * none.
 */
bool lookup_queue_next(struct lookup_queue *self, struct fetch_request *request);

/* Takes any waiting request out, for the end of a run; NULL: none waits, else its job. */
void *lookup_queue_abandon(struct lookup_queue *self);

/* Fills at most max descriptors to poll for and returns how many; *wake is brought forward to the moment when
 * lookup_queue_perform must be called at the latest (monotonic ms). */
size_t lookup_queue_poll(struct lookup_queue *self, struct pollfd *fds, size_t max, int64_t *wake);

/* Takes what came in on those descriptors (revents are set), and fails what waited too long. */
void lookup_queue_perform(struct lookup_queue *self, const struct pollfd *fds, size_t count);

#endif
