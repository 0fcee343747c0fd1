/* The networks that this machine is in. Whoever must reach only what anybody on the Internet may reach must
 * not reach them by their public addresses either: what listens there may trust its neighbours. */
#ifndef AREQ_FETCH_OWN_NETWORKS_H
#define AREQ_FETCH_OWN_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* {0} before the first own_networks_hold. */
struct own_networks {
	struct own_network *list;
	size_t count;
	int64_t read_ms; /* when the system was asked */
};

/* True where the address is one of this machine's, or in a network that one of its interfaces is in; also an
 * IPv6 address with such an IPv4 address in it (see base/address.h). The system is asked anew where what it
 * said is older than a second. True, too, where it does not say. */
bool own_networks_hold(struct own_networks *self, const struct sockaddr *address);

void own_networks_release(struct own_networks *self);

#endif
