/* The file descriptors that the loop polls: the sockets of libcurl, which are watched until libcurl
 * removes them, and others that are added for a single wait.
 *
 *	poll_set_watch, whenever libcurl asks for it
 *	poll_set_add_once -> poll_set_wait, in each turn of the loop */
#ifndef AREQ_FETCH_POLL_SET_H
#define AREQ_FETCH_POLL_SET_H

#include <poll.h>
#include <stddef.h>

/* {0} is empty. */
struct poll_set {
	struct pollfd *list; /* first the watched descriptors, then the others */
	size_t capacity;     /* entries allocated in list */
	size_t watched_count, other_count;
	size_t first;          /* the index of the watched descriptor that is reported first */
	size_t *positions;     /* by descriptor: its position in list, counted from 1; 0 if not watched */
	size_t position_count; /* entries allocated in positions */
	struct pollfd *ready;
	size_t ready_capacity; /* entries allocated in ready */
};

void poll_set_release(struct poll_set *self);

/* Watches the descriptor for these events of poll(2) from now on; with no events, stops watching it. */
void poll_set_watch(struct poll_set *self, int descriptor, short events);

/* If several watched descriptors are ready in the next wait, they are reported beginning with this one. */
void poll_set_report_first(struct poll_set *self, int descriptor);

/* Sets the other descriptors that the next wait alone waits for. They are copied. poll_set_watch must not be
 * called between this call and the wait. */
void poll_set_add_once(struct poll_set *self, const struct pollfd *others, size_t count);

/* Waits until a descriptor is ready, at most timeout_ms; 0 only checks. Returns the number of watched
 * descriptors that are ready; 0 if a signal ended the wait; a negative value, with errno, if poll(2) failed.
 * *ready are the ready ones of the watched descriptors, valid until the next wait. *others are those of
 * poll_set_add_once in their order, with revents set, valid until the next call of any function here. */
long poll_set_wait(
    struct poll_set *self, int timeout_ms, const struct pollfd **ready, const struct pollfd **others);

#endif
