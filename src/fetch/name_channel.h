/* Starts and ends c-ares, with the time-outs and search domains that names.c relies on. */
#ifndef AREQ_FETCH_NAME_CHANNEL_H
#define AREQ_FETCH_NAME_CHANNEL_H

#include "base/status.h"

/* ares.h uses fd_set but does not include this header itself. */
#include <sys/select.h>

#include <ares.h>

/* Starts a channel that asks these name servers, a list as for --dns-servers; those of the system if it is
 * NULL. c-ares calls on_socket with ctx for each of its sockets. Returns STATUS_USAGE if the list is not
 * usable, and STATUS_LIBRARY if c-ares cannot be started; the error was logged. name_channel_end must be
 * called in any case. *channel must be NULL before. */
enum status name_channel_start(
    ares_channel *channel, const char *servers, ares_sock_state_cb on_socket, void *ctx);

/* Ends the channel; NULL is allowed. Each pending query gets its callback, with ARES_EDESTRUCTION. */
void name_channel_end(ares_channel channel);

#endif
