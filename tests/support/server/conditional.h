/* Conditional requests, as a server has to answer them (RFC 9110, section 13): the validators of an answer,
 * and whether an answer becomes a 304. */
#ifndef SERVER_CONDITIONAL_H
#define SERVER_CONDITIONAL_H

#include "base/buf.h"
#include "plan.h"
#include "request.h"

#include <stdbool.h>
#include <stdint.h>

/* True where the answer to request is a 304: a GET or HEAD with preconditions that do not hold, for what
 * would be a 200. asked is how often this very target was asked before. */
bool conditional_is_not_modified(const struct plan *plan, const struct request *request, uint64_t asked);

/* Appends the header lines Date, ETag and Last-Modified that the plan asks for. */
void conditional_append(const struct plan *plan, uint64_t asked, struct buf *head);

/* Appends the HTTP-date of so many seconds since 1970. */
void conditional_append_date(uint64_t seconds, struct buf *out);

#endif
