/* What an Internet address is good for. */
#ifndef AREQ_BASE_ADDRESS_H
#define AREQ_BASE_ADDRESS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* True for an IPv4 or IPv6 address that anybody on the Internet may reach: not loopback, private, link-local,
 * shared, multicast, documentation, reserved or otherwise special in the registries that RFC 6890 set up, nor
 * one under which clouds keep their machines' metadata. An IPv6 address with an IPv4 address in it (mapped:
 * RFC 4291, section 2.5.5.2; NAT64: RFC 6052) is what that is; those of 6to4 and Teredo are never public. */
bool address_is_public(const struct sockaddr *address);

/* True for an IPv6 address with an IPv4 address in its last four bytes: mapped, or NAT64. */
bool address_has_v4(const struct sockaddr *address);

/* Writes the address as text, NUL-terminated, into text[0..size); INET6_ADDRSTRLEN is enough. */
void address_text(const struct sockaddr *address, char *text, size_t size);

#endif
