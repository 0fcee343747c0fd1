/* What HTTP status codes mean to a client (RFC 9110, section 15). */
#ifndef AREQ_BASE_HTTP_H
#define AREQ_BASE_HTTP_H

#include <stdbool.h>

/* The standard's phrase for it, such as "Not Found"; "" where there is none. */
const char *http_status_text(long status);

/* 301, 302, 303, 307, 308: the ones that browsers follow. */
bool http_is_redirect(long status);

/* 408, 429, 500, 502, 503, 504: the same request may do better later. */
bool http_is_transient(long status);

/* 429, 503: it asks for less. */
bool http_is_busy(long status);

#endif
