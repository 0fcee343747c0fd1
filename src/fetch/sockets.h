/* The descriptors that the loop waits for: libcurl's connections, which come and go, and others for one wait.
 */
#ifndef AREQ_FETCH_SOCKETS_H
#define AREQ_FETCH_SOCKETS_H

#include <poll.h>
#include <stddef.h>

/* {0} is empty. */
struct sockets {
	struct pollfd *list; /* the watched ones, then the others */
	size_t room;
	size_t watched, others;
	size_t first;   /* of the watched, the one that comes first among those that are ready */
	size_t *places; /* of each watched descriptor in the list, from 1; 0: not there */
	size_t place_count;
	struct pollfd *ready;
	size_t ready_room;
};

void sockets_release(struct sockets *self);

/* Watches that descriptor for these events of poll from now on; 0: no longer. */
void sockets_watch(struct sockets *self, int descriptor, short events);

/* Where several are ready, this one comes first the next time. */
void sockets_begin_with(struct sockets *self, int descriptor);

/* Others that the next wait alone waits for; they are copied. No sockets_watch may come in between. */
void sockets_add(struct sockets *self, const struct pollfd *others, size_t count);

/* Waits until one is ready, at most timeout_ms; 0: only looks. Returns how many of the watched are, negative
 * where it failed (errno); a signal ends the wait: 0. *ready: those, until the next wait. *others: those that
 * were added for it, in their order, with revents set, until the next call of anything. */
long sockets_wait(
    struct sockets *self, int timeout_ms, const struct pollfd **ready, const struct pollfd **others);

#endif
