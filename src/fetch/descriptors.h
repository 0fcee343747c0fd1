/* How many transfers the process's limit of open descriptors allows. */
#ifndef AREQ_FETCH_DESCRIPTORS_H
#define AREQ_FETCH_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct descriptors {
	size_t budget;     /* for connections and what it takes to make them */
	size_t open;       /* sockets of transfers, and of connections that wait for the next one */
	size_t connecting; /* transfers that have no connection yet */
};

/* Raises the soft limit as far as wanted transfers need at most and the hard limit allows, and returns how
 * many of them there may ever be at once: at least 1, at most wanted. */
size_t descriptors_init(struct descriptors *self, int64_t wanted);

/* True where one more transfer can begin without one of them running out. */
bool descriptors_allow(const struct descriptors *self);

#endif
