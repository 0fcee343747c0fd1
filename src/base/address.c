#include "base/address.h"

#include <stdint.h>
#include <string.h>

struct range {
	uint8_t prefix[16];
	unsigned bits; /* length of the prefix */
};

/* From https://www.iana.org/assignments/iana-ipv4-special-registry and RFC 5771 (multicast); the last one is
 * in no registry. */
static const struct range special_v4[] = {
    {{0}, 8},                /* this network */
    {{10}, 8},               /* private */
    {{100, 64}, 10},         /* shared address space of providers */
    {{127}, 8},              /* loopback */
    {{169, 254}, 16},        /* link-local; most clouds serve metadata at 169.254.169.254 */
    {{172, 16}, 12},         /* private */
    {{192, 0, 0}, 24},       /* protocol assignments */
    {{192, 0, 2}, 24},       /* documentation */
    {{192, 31, 196}, 24},    /* AS112 */
    {{192, 52, 193}, 24},    /* AMT */
    {{192, 88, 99}, 24},     /* 6to4 relays */
    {{192, 168}, 16},        /* private */
    {{192, 175, 48}, 24},    /* AS112 */
    {{198, 18}, 15},         /* benchmarks */
    {{198, 51, 100}, 24},    /* documentation */
    {{203, 0, 113}, 24},     /* documentation */
    {{224}, 4},              /* multicast */
    {{240}, 4},              /* reserved, broadcast */
    {{168, 63, 129, 16}, 32} /* Azure's metadata and name servers */
};

/* From https://www.iana.org/assignments/iana-ipv6-special-registry: the special ranges within 2000::/3. All
 * addresses outside of 2000::/3 (global_v6) are special too. */
static const struct range special_v6[] = {
    {{0x20, 0x01, 0x00}, 23},             /* protocol assignments, Teredo, benchmarks, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
    {{0x20, 0x02}, 16},                   /* 6to4 */
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48}, /* AS112 */
    {{0x3f, 0xff}, 20}                    /* documentation */
};

static const struct range global_v6 = {{0x20}, 3};
static const struct range mapped_v6 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
static const struct range nat64_v6 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool is_in_range(const uint8_t *address, const struct range *range)
{
	unsigned bytes = range->bits / 8, rest_bits = range->bits % 8;
	if (memcmp(address, range->prefix, bytes) != 0)
		return false;
	return rest_bits == 0 || ((address[bytes] ^ range->prefix[bytes]) >> (8 - rest_bits)) == 0;
}

static bool is_in_any_range(const uint8_t *address, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_in_range(address, &ranges[i]))
			return true;
	}
	return false;
}

static bool is_public_v4(const uint8_t *address)
{
	return !is_in_any_range(address, special_v4, sizeof special_v4 / sizeof *special_v4);
}

static bool embeds_v4(const uint8_t *address)
{
	return is_in_range(address, &mapped_v6) || is_in_range(address, &nat64_v6);
}

static bool is_public_v6(const uint8_t *address)
{
	if (embeds_v4(address))
		return is_public_v4(address + 12);
	return is_in_range(address, &global_v6) &&
	       !is_in_any_range(address, special_v6, sizeof special_v6 / sizeof *special_v6);
}

bool address_is_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return is_public_v4(
		    (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr);
	if (address->sa_family == AF_INET6)
		return is_public_v6(
		    (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	return false;
}

bool address_embeds_v4(const struct sockaddr *address)
{
	return address->sa_family == AF_INET6 &&
	       embeds_v4((const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

void address_text(const struct sockaddr *address, char *text, size_t size)
{
	const void *bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
	if (address->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	if (size && !inet_ntop(address->sa_family, bytes, text, (socklen_t)size))
		text[0] = '\0';
}
