/* A redis-server of a test's own, on a Unix socket in a temporary folder. */
#ifndef AREQ_TESTS_UNIT_STORE_REDIS_SERVER_H
#define AREQ_TESTS_UNIT_STORE_REDIS_SERVER_H

#include "store/redis_crawl.h"

#include <sys/types.h>

struct redis_server {
	pid_t pid;   /* 0 if it does not run */
	pid_t guard; /* a process that kills it if the test dies */
	int guard_pipe;
	char folder[64];
	char url[160]; /* of the crawl "test" */
};

/* Makes the folder and starts the server with these further lines of configuration; NULL for none. Waits
 * until it answers. */
void redis_server_start(struct redis_server *self, const char *config);

/* Kills it with SIGKILL, and starts it again in the same folder; with is_empty, without its data. */
void redis_server_kill(struct redis_server *self);
void redis_server_restart(struct redis_server *self, bool is_empty);

/* Ends it and removes the folder. */
void redis_server_end(struct redis_server *self);

/* Runs a command as redis-cli does, and returns its output without the last newline; borrowed until the next
 * call. */
const char *redis_server_run(struct redis_server *self, const char *command);

/* What is logged goes to a file in the folder; the second one returns it, borrowed until the next call. */
void redis_server_log_to_file(struct redis_server *self);
const char *redis_server_logged(struct redis_server *self);

#endif
