/* The descriptors that the loop waits for: libcurl's connections, which come and go, and others for one wait.
 */
#ifndef AREQ_FETCH_POLL_SET_H
#define AREQ_FETCH_POLL_SET_H

#include <poll.h>
#include <stddef.h>

/* {0} is empty. */
struct poll_set {
	struct pollfd *list; /* the watched ones, then the others */
	size_t room;
	size_t watched, others;
	size_t first;   /* of the watched, the one that comes first among those that are ready */
	size_t *places; /* of each watched descriptor in the list, from 1; 0: not there */
	size_t place_count;
	struct pollfd *ready;
	size_t ready_room;
};

void poll_set_release(struct poll_set *self);

/* Watches that descriptor for these events of poll from now on; 0: no longer. */
void poll_set_watch(struct poll_set *self, int descriptor, short events);

/* Where several are ready, this one comes first the next time. */
void poll_set_begin_with(struct poll_set *self, int descriptor);

/* Others that the next wait alone waits for; they are copied. No poll_set_watch may come in between. */
void poll_set_add(struct poll_set *self, const struct pollfd *others, size_t count);

/* Waits until one is ready, at most timeout_ms; 0: only looks. Returns how many of the watched are, negative
 * where it failed (errno); a signal ends the wait: 0. *ready: those, until the next wait. *others: those that
 * were added for it, in their order, with revents set, until the next call of anything. */
long poll_set_wait(
    struct poll_set *self, int timeout_ms, const struct pollfd **ready, const struct pollfd **others);

#endif
