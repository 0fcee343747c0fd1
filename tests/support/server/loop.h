/* The test server: listens on loopback addresses and serves all connections from one poll(2). */
#ifndef SERVER_LOOP_H
#define SERVER_LOOP_H

#include "answer.h"

#include <stdbool.h>
#include <stddef.h>

enum { LOOP_BINDS_MAX = 256 };

struct loop;

struct loop *loop_new(const struct answer_source *source);
void loop_free(struct loop *self);

/* Listens on all the numeric addresses, on one port for all; *port 0 chooses one and sets it. False where it
 * cannot, with one line on stderr. */
bool loop_listen(struct loop *self, const char *const *addresses, size_t count, unsigned *port);

/* Serves until one of the descriptors is readable: stop, or, where it is not negative, input, of which what
 * can be read is thrown away until its end is there. False where poll fails. */
bool loop_run(struct loop *self, int stop, int input);

#endif
