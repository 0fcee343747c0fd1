/* Classifies Internet addresses and writes them as text. */
#ifndef AREQ_BASE_ADDRESS_H
#define AREQ_BASE_ADDRESS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* True for an IPv4 or IPv6 address that is reachable from anywhere on the Internet. False for loopback,
 * private, link-local, shared, multicast, documentation and reserved addresses, for all others that are
 * special in the registries of RFC 6890, for the address of Azure's metadata service, and for other address
 * families. An IPv6 address that embeds an IPv4 address (mapped: RFC 4291, section 2.5.5.2; NAT64: RFC 6052)
 * is public where the embedded address is. Addresses of 6to4 and Teredo are never public. */
bool address_is_public(const struct sockaddr *address);

/* True for an IPv6 address that embeds an IPv4 address in its last four bytes: IPv4-mapped or NAT64. */
bool address_embeds_v4(const struct sockaddr *address);

/* Writes the address, which is IPv4 or IPv6, as NUL-terminated text to text[0..size). INET6_ADDRSTRLEN bytes
 * are always enough; where size is too small, the text is empty. */
void address_text(const struct sockaddr *address, char *text, size_t size);

#endif
