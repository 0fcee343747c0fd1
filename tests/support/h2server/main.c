/* areq-h2server: a TLS and HTTP/2 server on the loopback interface that misbehaves in one way. */
#include "faults.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* RFC 9113, section 3.4. */
enum { PREFACE_LEN = 24 };

struct visit {
	struct peer peer;
	SSL_CTX *context;
	const struct fault *fault;
};

static int choose_protocol(SSL *tls, const unsigned char **chosen, unsigned char *len,
    const unsigned char *offered, unsigned offered_len, void *ctx)
{
	const struct fault *fault = ctx;
	const char *wanted = fault->http1                 ? "\x02h2\x08http/1.1"
	                     : fault->layer <= FAULT_DEAF ? "\x02h2"
	                                                  : "\x08http/1.1";
	(void)tls;
	int found = SSL_select_next_proto((unsigned char **)chosen, len, (const unsigned char *)wanted,
	    (unsigned)strlen(wanted), offered, offered_len);
	return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* NULL where the files cannot be used. It lives as long as the process. */
static SSL_CTX *make_context(const char *certificate, const char *key, const struct fault *fault)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	if (!context || SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		return NULL;
	SSL_CTX_set_alpn_select_cb(context, choose_protocol, (void *)fault);
	/* From security level 1 on the library itself holds TLS 1.1 for too weak. */
	if (fault->layer == FAULT_OLD_TLS && (SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") != 1 ||
	                                         SSL_CTX_set_min_proto_version(context, TLS1_VERSION) != 1 ||
	                                         SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION) != 1))
		return NULL;
	return context;
}

static bool shake_hands(struct visit *self)
{
	char preface[PREFACE_LEN];
	const unsigned char *chosen;
	unsigned chosen_len;
	if (self->fault->layer == FAULT_TCP)
		return true;
	SSL *tls = self->peer.tls = SSL_new(self->context);
	if (!tls || SSL_set_fd(tls, self->peer.fd) != 1 || SSL_accept(tls) != 1)
		return false;
	SSL_get0_alpn_selected(tls, &chosen, &chosen_len);
	self->peer.http1 = self->fault->http1 && chosen_len != 2;
	return self->fault->layer != FAULT_HTTP2 || self->peer.http1 ||
	       SSL_read(tls, preface, sizeof preface) == sizeof preface;
}

static void *serve(void *ctx)
{
	struct visit *self = ctx;
	char unread[4096];
	if (shake_hands(self)) {
		fault_serve(self->fault, &self->peer);
		if (self->peer.tls && self->fault->end != FAULT_CUT)
			SSL_shutdown(self->peer.tls);
	}
	/* Closing with something unread is a reset, which would overtake what was written. */
	shutdown(self->peer.fd, SHUT_WR);
	while (recv(self->peer.fd, unread, sizeof unread, 0) > 0)
		;
	SSL_free(self->peer.tls);
	close(self->peer.fd);
	free(self);
	return NULL;
}

static bool start_visit(int fd, unsigned number, SSL_CTX *context, const struct fault *fault)
{
	pthread_t thread;
	struct visit *visit = alloc_new(sizeof *visit);
	*visit = (struct visit){.peer = {.fd = fd, .number = number}, .context = context, .fault = fault};
	return pthread_create(&thread, NULL, serve, visit) == 0 && pthread_detach(thread) == 0;
}

/* A listening socket on a free port, which it prints; -1 where there is none. */
static int listen_somewhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, SOMAXCONN) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return -1;
	printf("listening on 127.0.0.1:%u\n", ntohs(address.sin_port));
	return fflush(stdout) == 0 ? fd : -1;
}

/* Until standard input ends. Returns how many connections there were. */
static unsigned serve_all(int listener, SSL_CTX *context, const struct fault *fault)
{
	struct pollfd polled[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
	unsigned connections = 0;
	int on = 1;
	while (poll(polled, 2, -1) > 0 && !polled[0].revents) {
		int fd = accept(listener, NULL, NULL);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (fd >= 0 && !start_visit(fd, ++connections, context, fault))
			close(fd);
	}
	return connections;
}

int main(int argc, char **argv)
{
	const struct fault *fault = argc == 4 ? fault_find(argv[3]) : NULL;
	SSL_CTX *context = fault ? make_context(argv[1], argv[2], fault) : NULL;
	if (!context) {
		fprintf(stderr,
		    "usage: areq-h2server CERTIFICATE KEY FAULT (see tests/support/h2server/faults.c)\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	int listener = listen_somewhere();
	if (listener < 0)
		return 1;
	printf("%u connections\n", serve_all(listener, context, fault));
	fflush(stdout);
	/* Threads may still use what exit(3) tears down. */
	_exit(0);
}
