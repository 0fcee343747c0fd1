/* Starts and ends c-ares, with the time-outs and search domains that names.c relies on. */
#ifndef AREQ_FETCH_NAME_CHANNEL_H
#define AREQ_FETCH_NAME_CHANNEL_H

#include "base/status.h"

/* ares.h uses fd_set but does not include this header itself. */
#include <sys/select.h>

#include <ares.h>
#include <stdbool.h>

/* Starts a channel that asks these name servers, a list as for --dns-servers; those of the system if it is
 * NULL. c-ares calls on_socket with ctx for each of its sockets. Returns STATUS_USAGE if the list is not
 * usable, and STATUS_LIBRARY if c-ares cannot be started; the error was logged. name_channel_end must be
 * called in any case. *channel must be NULL before. */
enum status name_channel_start(
    ares_channel *channel, const char *servers, ares_sock_state_cb on_socket, void *ctx);

typedef void (*name_channel_probe_fn)(void *ctx, bool is_answered);

/* Asks a name server for the root zone. Every running name server replies, at least with a refusal. Calls
 * answered with ctx, maybe before it returns, unless the channel ends before. */
void name_channel_probe(ares_channel channel, name_channel_probe_fn answered, void *ctx);

/* Ends the channel; NULL is allowed. Each pending query gets its callback, with ARES_EDESTRUCTION. */
void name_channel_end(ares_channel channel);

#endif
