/* Finds what a server has sent on a connection that was idle. libcurl 7.88 takes such bytes for the answer to
 * the next request on that connection. If they look like an answer, the links of another page would be those
 * of the next URL. libcurl does not tell the descriptor of a connection before the request is sent, but it
 * tells the local port. */
#ifndef AREQ_FETCH_LEFTOVERS_H
#define AREQ_FETCH_LEFTOVERS_H

#include <stdbool.h>

struct leftovers {
	int *descriptors; /* by local port: the descriptor plus 1; 0 if none is known */
};

void leftovers_init(struct leftovers *self);
void leftovers_release(struct leftovers *self);

/* Records the descriptor of a new connection. leftovers_remove must be called before it is closed; it may be
 * called for any socket. */
void leftovers_add(struct leftovers *self, int descriptor, int local_port);
void leftovers_remove(struct leftovers *self, int descriptor);

/* Returns true if bytes can be read from the connection with this local port, or if the server has closed
 * it. */
bool leftovers_exist(const struct leftovers *self, int local_port);

#endif
