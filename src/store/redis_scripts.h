/* The scripts that Redis runs for a crawl (src/store/redis_*.lua), and the commands that run them. Redis
 * knows a script by the SHA-1 of its text, which it answers when it gets the script at the beginning of each
 * connection; so the long texts are not sent each time, and no script is ever missing for long. */
#ifndef AREQ_STORE_REDIS_SCRIPTS_H
#define AREQ_STORE_REDIS_SCRIPTS_H

#include "base/buf.h"
#include "store/redis_connection.h"

#include <stdint.h>

enum redis_script {
	REDIS_SCRIPT_HELLO,
	REDIS_SCRIPT_JOIN,
	REDIS_SCRIPT_STATUS,
	REDIS_SCRIPT_WORK,
	REDIS_SCRIPT_WRITE,
	REDIS_SCRIPTS
};

enum { REDIS_SHA_SIZE = 40 };

struct redis_scripts {
	struct redis_connection *connection;
	char sha[REDIS_SCRIPTS][REDIS_SHA_SIZE];
	unsigned loaded; /* on this connection */
	char key[96];    /* "areq:{NAME}:crawl" */
};

/* connection is borrowed. */
void redis_scripts_init(struct redis_scripts *self, struct redis_connection *connection, const char *name);

/* For the handler greet: sends all scripts. */
void redis_scripts_load(struct redis_scripts *self);

/* Begins a command that runs a script with so many arguments, which follow with redis_connection_add. Once
 * the connection was open for the first time. */
void redis_scripts_format(
    const struct redis_scripts *self, struct buf *command, enum redis_script script, size_t arguments);

/* The same with the text of the script, for a greeting. */
void redis_scripts_format_text(
    const struct redis_scripts *self, struct buf *command, enum redis_script script, size_t arguments);

/* Adds a number as an argument. */
void redis_scripts_add_number(struct buf *command, uint64_t number);

#endif
