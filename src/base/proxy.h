/* What libcurl accepts as a proxy. */
#ifndef AREQ_BASE_PROXY_H
#define AREQ_BASE_PROXY_H

#include <stdbool.h>

#define PROXY_EXAMPLES "a proxy such as http://host:8080 or socks5h://host:1080"

/* Returns true if libcurl can use this proxy: a host, with or without a port, a user and one of the schemes
 * that libcurl knows. It is parsed as libcurl does it for a transfer. */
bool proxy_is_valid(const char *text);

#endif
