/* The networks that this machine is in, for --public-only. A run that may only reach public hosts must not
 * reach neighbours of this machine either, even if their addresses are public: their services may trust this
 * machine because of its address. */
#ifndef AREQ_FETCH_OWN_NETWORKS_H
#define AREQ_FETCH_OWN_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* {0} is the initial state; the list is read by the first call of own_networks_contain. */
struct own_networks {
	struct own_network *list;
	size_t count;
	int64_t read_ms; /* when the list was read from the system (monotonic ms) */
};

/* Returns true if the address belongs to this machine, or to a network of one of its interfaces. An IPv6
 * address that embeds such an IPv4 address counts, too (see base/address.h). Reads the list from the system
 * again if it is older than a second. Also returns true if the system has never given a list. */
bool own_networks_contain(struct own_networks *self, const struct sockaddr *address);

void own_networks_release(struct own_networks *self);

#endif
