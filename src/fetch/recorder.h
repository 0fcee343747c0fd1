/* Keeps what one transfer sends and receives, without the bodies, for an output that shows it. */
#ifndef AREQ_FETCH_RECORDER_H
#define AREQ_FETCH_RECORDER_H

#include "base/exchange.h"

#include <curl/curl.h>
#include <stddef.h>

struct recorder;

/* Free with recorder_free; NULL is allowed there. It can be used for one transfer after the other. */
struct recorder *recorder_new(void);
void recorder_free(struct recorder *self);

/* A new transfer begins: forgets all of the last one. */
void recorder_begin(struct recorder *self);

/* libcurl has a connection and is about to send the request, for the first time or again: forgets all that
 * was sent and received before. What a proxy was sent before that (CONNECT) is not recorded. */
void recorder_connected(struct recorder *self, const char *address, int local_port);

/* The next bytes of the request were sent. */
void recorder_add_request(struct recorder *self, const char *bytes, size_t len);

/* A line of a response's head was received, with its line end. A status line begins a new head. */
void recorder_add_response(struct recorder *self, const char *line, size_t len, bool is_status_line);

/* Returns what was recorded, which is valid until the next call of another function. easy is the handle of
 * the transfer. The fields from has_whole_head to is_decoded are left for the caller. */
struct exchange *recorder_exchange(struct recorder *self, CURL *easy);

#endif
