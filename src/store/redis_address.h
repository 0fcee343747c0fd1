/* The address of a crawl in Redis, as --state has it:
 *
 *     redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]/NAME
 *     redis+unix://[[USER]:PASSWORD@]/PATH/OF/SOCKET[?db=DB]#NAME
 *     rediss://…                                               the same as redis://, with TLS
 *
 * The first form is the one that IANA has registered for redis, with the name of the crawl behind it; the
 * second has the parts that clients in other languages read it with, and the name as a fragment, since a path
 * may hold any number of slashes. User, password and path may be percent-encoded. */
#ifndef AREQ_STORE_REDIS_ADDRESS_H
#define AREQ_STORE_REDIS_ADDRESS_H

#include "base/buf.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

enum { REDIS_PORT_DEFAULT = 6379, REDIS_NAME_MAX = 64, REDIS_ADDRESSES_MAX = 8 };

struct redis_address {
	char *host;     /* a name or an address, without brackets; NULL for a socket */
	int port;       /* 1 to 65535 */
	char *socket;   /* the path of a Unix socket; NULL for a host */
	char *user;     /* NULL if there is none */
	char *password; /* NULL if there is none */
	int database;   /* 0 if none is named */
	char name[REDIS_NAME_MAX + 1];
	char *label; /* what messages call the server: "HOST:PORT" or the path; never the password */

	/* The numeric addresses of the host, set by redis_address_resolve. */
	char numeric[REDIS_ADDRESSES_MAX][INET6_ADDRSTRLEN];
	size_t numeric_count;
};

/* True if the text is meant to be such an address, even if it has mistakes. */
bool redis_address_is_meant(const char *text);

/* Parses the text. Returns true, and *self is to be released; or false, and *problem, which was initialised,
 * has a message that names the mistake and the way out, but no password. */
bool redis_address_parse(struct redis_address *self, const char *text, struct buf *problem);

/* Frees the memory. {0} may be released, too. */
void redis_address_release(struct redis_address *self);

/* Looks up the addresses of the host, if there is one, which may take seconds. Returns NULL, or why there are
 * none, as getaddrinfo(3) says it. */
const char *redis_address_resolve(struct redis_address *self);

#endif
