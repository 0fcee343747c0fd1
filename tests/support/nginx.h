/* A real nginx of this test's own, in a temporary folder, on free ports of 127.0.0.1. Like all support it
 * fails the test where it cannot do its work, and so where nginx or openssl is not installed. */
#ifndef SUPPORT_NGINX_H
#define SUPPORT_NGINX_H

#include "run.h"
#include "scratch.h"

#include <stdbool.h>
#include <stddef.h>

enum nginx_port {
	NGINX_HTTP,
	NGINX_TLS,        /* TLS and HTTP/2, as the others below; signed by the test's authority */
	NGINX_EXPIRED,    /* the certificate has expired */
	NGINX_WRONG_HOST, /* the certificate is for other.example */
	NGINX_SELF_SIGNED,
	NGINX_HTTP3,       /* HTTP/3 over UDP, and the same as NGINX_TLS over TCP */
	NGINX_HTTP3_ONLY,  /* nothing over TCP */
	NGINX_HTTP3_SHORT, /* as NGINX_HTTP3, but a connection ends after 10 requests */
	NGINX_PORTS
};

struct nginx {
	struct run_child script;
	struct scratch scratch;
	unsigned port[NGINX_PORTS];
	bool has_http3;         /* else nobody listens on the ports for HTTP/3 */
	const char *ca_file;    /* the authority to trust */
	const char *access_log; /* one line a request, written as it ends */
	char **urls;
	size_t url_count;
};

/* Serves the folder root on all ports, with gzip for those who ask for it. It ends with the test process at
 * the latest. Its script is tests/support/nginx.sh, below $AREQ_SOURCE where that is set. */
void nginx_start(struct nginx *self, const char *root);
void nginx_stop(struct nginx *self);

/* The absolute URL of a path there, with the host 127.0.0.1; good until nginx_stop. */
const char *nginx_url(struct nginx *self, enum nginx_port port, const char *path);

#endif
