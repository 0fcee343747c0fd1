/* Writes cookies into an HTTP archive, without their values. */
#ifndef AREQ_OUTPUT_HAR_COOKIE_H
#define AREQ_OUTPUT_HAR_COOKIE_H

#include "base/buf.h"
#include "base/slice.h"
#include "output/har_secret.h"

#include <stdint.h>

/* Appends the value of a Cookie field, or in a response of a Set-Cookie field, in which the values of the
 * cookies are replaced, and also what is no known attribute, because it may be the rest of a value with a
 * semicolon in it. */
void har_cookie_append_redacted(struct buf *out, enum har_side side, struct slice value);

/* Appends an object for each cookie of the value of a Cookie field (RFC 6265, section 5.4). */
void har_cookie_append_sent(struct buf *line, struct slice value);

/* Appends an object for the cookie that the value of a Set-Cookie field sets (RFC 6265, section 5.2), if it
 * sets one. now_ms is when it was received, to which a Max-Age is relative. */
void har_cookie_append_set(struct buf *line, struct slice value, int64_t now_ms);

#endif
