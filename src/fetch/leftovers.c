#include "fetch/leftovers.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { PORTS = UINT16_MAX + 1 };

void leftovers_init(struct leftovers *self)
{
	self->descriptors = alloc_array(PORTS, sizeof *self->descriptors);
}

void leftovers_release(struct leftovers *self)
{
	free(self->descriptors);
}

void leftovers_add(struct leftovers *self, int descriptor, int local_port)
{
	if (local_port > 0 && local_port < PORTS)
		self->descriptors[local_port] = descriptor + 1;
}

void leftovers_remove(struct leftovers *self, int descriptor)
{
	struct sockaddr_in6 own; /* the port has the same offset in struct sockaddr_in */
	socklen_t len = sizeof own;
	if (getsockname(descriptor, (struct sockaddr *)&own, &len) != 0)
		return;
	int *known = &self->descriptors[ntohs(own.sin6_port)];
	if (*known == descriptor + 1)
		*known = 0;
}

bool leftovers_exist(const struct leftovers *self, int local_port)
{
	char byte;
	int descriptor = local_port > 0 && local_port < PORTS ? self->descriptors[local_port] - 1 : -1;
	return descriptor >= 0 && recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}
