/* A connection to a redis-server on which everything takes its time, as if the server were far away. */
#ifndef AREQ_TESTS_UNIT_STORE_SLOW_LINK_H
#define AREQ_TESTS_UNIT_STORE_SLOW_LINK_H

#include "unit/store/redis_server.h"

struct slow_link {
	pid_t pid;
	int guard_pipe; /* the link ends with the test */
	char path[100];
	char url[160]; /* of the crawl "test" */
};

/* Each byte is so many ms on its way, in either direction. */
void slow_link_start(struct slow_link *self, const struct redis_server *server, int ms);
void slow_link_stop(struct slow_link *self);

#endif
