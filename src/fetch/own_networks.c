/* getifaddrs is not in POSIX; glibc declares it with this macro. */
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

enum { CACHE_MS = 1000 };

/* IPv4 addresses are stored as IPv4-mapped IPv6 addresses (RFC 4291, section 2.5.5.2). */
struct own_network {
	uint8_t address[16], mask[16];
};

static void set_mapped(uint8_t out[16], const void *v4, bool is_mask)
{
	memset(out, is_mask ? 0xff : 0, 12);
	out[10] = out[11] = 0xff;
	memcpy(out + 12, v4, 4);
}

/* Copies the address or network mask to out. Returns false if it is neither IPv4 nor IPv6. */
static bool copy_address(uint8_t out[16], const struct sockaddr *address, bool is_mask)
{
	if (address->sa_family == AF_INET) {
		set_mapped(out, &((const struct sockaddr_in *)(const void *)address)->sin_addr, is_mask);
		return true;
	}
	if (address->sa_family != AF_INET6)
		return false;
	const uint8_t *bytes =
	    (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	if (!is_mask && address_embeds_v4(address))
		set_mapped(out, bytes + 12, false);
	else
		memcpy(out, bytes, 16);
	return true;
}

/* Returns false for point-to-point interfaces, whose peer is not in a shared network, and for a mask that
 * would put all addresses into the network. */
static bool has_network(const struct ifaddrs *interface)
{
	uint8_t mask[16], zero_mask[16] = {0};
	if (interface->ifa_flags & IFF_POINTOPOINT || !interface->ifa_netmask ||
	    !copy_address(mask, interface->ifa_netmask, true))
		return false;
	if (interface->ifa_addr->sa_family == AF_INET)
		set_mapped(zero_mask, (const uint8_t[4]){0}, true);
	return memcmp(mask, zero_mask, sizeof mask) != 0;
}

static void add_network(struct own_networks *self, const struct ifaddrs *interface)
{
	struct own_network network;
	if (!interface->ifa_addr || !copy_address(network.address, interface->ifa_addr, false))
		return;
	memset(network.mask, 0xff, sizeof network.mask);
	if (has_network(interface))
		copy_address(network.mask, interface->ifa_netmask, true);
	self->list = alloc_resize(self->list, self->count + 1, sizeof *self->list);
	self->list[self->count++] = network;
}

static void refresh(struct own_networks *self)
{
	struct ifaddrs *interfaces;
	int64_t now = clock_now_ms();
	if (self->list && now - self->read_ms < CACHE_MS)
		return;
	if (getifaddrs(&interfaces) != 0)
		return;
	self->count = 0;
	self->read_ms = now;
	for (const struct ifaddrs *interface = interfaces; interface; interface = interface->ifa_next)
		add_network(self, interface);
	freeifaddrs(interfaces);
}

static bool contains(const struct own_network *network, const uint8_t address[16])
{
	for (size_t i = 0; i < 16; i++) {
		if ((network->address[i] ^ address[i]) & network->mask[i])
			return false;
	}
	return true;
}

bool own_networks_contain(struct own_networks *self, const struct sockaddr *address)
{
	uint8_t bytes[16];
	refresh(self);
	if (self->count == 0 || !copy_address(bytes, address, false))
		return true;
	for (size_t i = 0; i < self->count; i++) {
		if (contains(&self->list[i], bytes))
			return true;
	}
	return false;
}

void own_networks_release(struct own_networks *self)
{
	free(self->list);
	*self = (struct own_networks){0};
}
