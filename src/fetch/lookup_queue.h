/* The requests that wait for the addresses of their host. A waiting request occupies no slot of the loop, so
 * names that are never answered do not delay requests whose names are known. */
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

/* Called when a request has failed because its name has no address or the lookup took too long. The queue
 * holds the request no longer, so the callback may add it again with lookup_queue_add. result is borrowed for
 * the call. */
typedef void (*lookup_queue_failed_fn)(void *ctx, void *job, struct fetch_result *result);

/* Makes an empty queue. settings is borrowed and must outlive the queue. Returns the errors of names_new;
 * *lookups is then NULL. Free with lookup_queue_free when no request waits; NULL is allowed there. */
enum status lookup_queue_new(
    struct lookup_queue **lookups, const struct settings *settings, lookup_queue_failed_fn failed, void *ctx);
void lookup_queue_free(struct lookup_queue *self);

/* Returns true if another request may be added. It is false while too many names wait for their query to be
 * sent. */
bool lookup_queue_has_room(const struct lookup_queue *self);

/* Returns the number of requests in the queue: those that wait for an answer, and those that have their
 * addresses and wait for lookup_queue_next. */
size_t lookup_queue_count(const struct lookup_queue *self);

/* Returns true if the request may start at once; request->addresses was then set if the host is a name that
 * areq looks up itself, and is borrowed until the next call of a function of this header. Returns false if
 * the request must wait; it was copied, and what it points to is borrowed until it leaves the queue. */
bool lookup_queue_add(struct lookup_queue *self, struct fetch_request *request);

/* Takes a request whose addresses have arrived out of the queue and copies it to *request; its waited_ms is
 * set. Its addresses are not set: the caller passes it to lookup_queue_add again, which sets them, or lets
 * the request wait once more if they have expired. Returns false if there is no such request. */
bool lookup_queue_next(struct lookup_queue *self, struct fetch_request *request);

/* Takes any request out of the queue and returns its job; NULL if the queue is empty. Used at the end of a
 * run. */
void *lookup_queue_abandon(struct lookup_queue *self);

/* Writes the descriptors to poll for to fds, at most max of them, and returns how many. Reduces *wake to the
 * time at which lookup_queue_perform must be called at the latest (monotonic ms). */
size_t lookup_queue_poll(struct lookup_queue *self, struct pollfd *fds, size_t max, int64_t *wake);

/* Handles what has arrived on those descriptors, whose revents are set, and fails the requests that have
 * waited for too long. */
void lookup_queue_perform(struct lookup_queue *self, const struct pollfd *fds, size_t count);

#endif
