/* How many transfers may run at once within the process's limit of open file descriptors. */
#ifndef AREQ_FETCH_DESCRIPTORS_H
#define AREQ_FETCH_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct descriptors {
	size_t budget;     /* file descriptors that connections and connection attempts may use together */
	size_t open;       /* sockets that are open, both those in use and those of idle connections */
	size_t connecting; /* transfers that have no connection yet */
	/* The most file descriptors that a transfer uses until it is connected. */
	size_t per_attempt;
};

/* Raises the soft limit of open file descriptors to what the wanted number of transfers can need, as far as
 * the hard limit allows. http3 says that they try HTTP/3, too. Returns how many transfers may run at once: at
 * least 1, at most wanted. */
size_t descriptors_init(struct descriptors *self, int64_t wanted, bool http3);

/* Returns true if the budget is enough for one more transfer, even if all transfers that are still connecting
 * need all the descriptors that they may take. */
bool descriptors_allow(const struct descriptors *self);

#endif
