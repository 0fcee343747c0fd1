/* getifaddrs is in no standard. */
#define _DEFAULT_SOURCE
#include "fetch/own_networks.h"

#include "base/address.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MS = 1000 };

/* IPv4 addresses are kept as IPv6 has them (RFC 4291, section 2.5.5.2). */
struct own_network {
	uint8_t address[16], mask[16];
};

static void set_mapped(uint8_t out[16], const void *v4, bool is_mask)
{
	memset(out, is_mask ? 0xff : 0, 12);
	out[10] = out[11] = 0xff;
	memcpy(out + 12, v4, 4);
}

/* False where it is of neither family. */
static bool read_bytes(uint8_t out[16], const struct sockaddr *address, bool is_mask)
{
	if (address->sa_family == AF_INET) {
		set_mapped(out, &((const struct sockaddr_in *)(const void *)address)->sin_addr, is_mask);
		return true;
	}
	if (address->sa_family != AF_INET6)
		return false;
	const uint8_t *bytes =
	    (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	if (!is_mask && address_has_v4(address))
		set_mapped(out, bytes + 12, false);
	else
		memcpy(out, bytes, 16);
	return true;
}

/* The other end of a line between two is in no network with us, nor is anybody where the mask says everybody.
 */
static bool has_network(const struct ifaddrs *interface)
{
	uint8_t mask[16], whole[16] = {0};
	if (interface->ifa_flags & IFF_POINTOPOINT || !interface->ifa_netmask ||
	    !read_bytes(mask, interface->ifa_netmask, true))
		return false;
	if (interface->ifa_addr->sa_family == AF_INET)
		set_mapped(whole, (const uint8_t[4]){0}, true);
	return memcmp(mask, whole, sizeof mask) != 0;
}

static void add(struct own_networks *self, const struct ifaddrs *interface)
{
	struct own_network network;
	if (!interface->ifa_addr || !read_bytes(network.address, interface->ifa_addr, false))
		return;
	memset(network.mask, 0xff, sizeof network.mask);
	if (has_network(interface))
		read_bytes(network.mask, interface->ifa_netmask, true);
	self->list = alloc_resize(self->list, self->count + 1, sizeof *self->list);
	self->list[self->count++] = network;
}

static void read_anew(struct own_networks *self)
{
	struct ifaddrs *interfaces;
	int64_t now = clock_now_ms();
	if (self->list && now - self->read_ms < KEPT_MS)
		return;
	if (getifaddrs(&interfaces) != 0)
		return;
	self->count = 0;
	self->read_ms = now;
	for (const struct ifaddrs *interface = interfaces; interface; interface = interface->ifa_next)
		add(self, interface);
	freeifaddrs(interfaces);
}

static bool holds(const struct own_network *network, const uint8_t address[16])
{
	for (size_t i = 0; i < 16; i++) {
		if ((network->address[i] ^ address[i]) & network->mask[i])
			return false;
	}
	return true;
}

bool own_networks_hold(struct own_networks *self, const struct sockaddr *address)
{
	uint8_t bytes[16];
	read_anew(self);
	if (self->count == 0 || !read_bytes(bytes, address, false))
		return true;
	for (size_t i = 0; i < self->count; i++) {
		if (holds(&self->list[i], bytes))
			return true;
	}
	return false;
}

void own_networks_release(struct own_networks *self)
{
	free(self->list);
	*self = (struct own_networks){0};
}
