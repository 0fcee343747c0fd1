/* One client's connection: takes requests one after another and walks through the steps of their answers. */
#ifndef SERVER_CONNECTION_H
#define SERVER_CONNECTION_H

#include "answer.h"

#include <stdbool.h>

struct connection;

/* fd is a connected, non-blocking socket; the connection owns it. source is borrowed. */
struct connection *connection_new(int fd, unsigned number, const struct answer_source *source);

/* Closes the socket. now_ms is monotonic, as everywhere. */
void connection_free(struct connection *self, double now_ms);

int connection_fd(const struct connection *self);

/* What to poll(2) for, which may be nothing. */
short connection_events(const struct connection *self);

/* When it has to be called again without any event; negative: never. */
double connection_wake_ms(const struct connection *self);

/* Does what can be done without waiting; readable says that the socket has bytes, its end or an error to be
 * read. False where the connection has ended: free it. */
bool connection_work(struct connection *self, bool readable, double now_ms);

#endif
