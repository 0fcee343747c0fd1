/* What HTTP status codes mean to a client (RFC 9110, section 15). */
#ifndef AREQ_BASE_HTTP_H
#define AREQ_BASE_HTTP_H

#include <stdbool.h>

enum { HTTP_NOT_MODIFIED = 304, HTTP_REQUEST_TIMEOUT = 408, HTTP_TOO_MANY_REQUESTS = 429 };

/* Returns the reason phrase of the standard, such as "Not Found"; "" where there is none. */
const char *http_status_text(long status);

/* True for the redirects that browsers follow: 301, 302, 303, 307 and 308. */
bool http_is_redirect(long status);

/* True for the redirects after which a link should be changed: 301 and 308. */
bool http_is_permanent_redirect(long status);

/* True where the same request may succeed later: 408, 429, 500, 502, 503 and 504. */
bool http_is_transient(long status);

/* True where the server asks for fewer requests: 429 and 503. */
bool http_is_busy(long status);

#endif
