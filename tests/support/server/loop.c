#include "loop.h"

#include "base/alloc.h"
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STOP, INPUT, LISTENERS, PORT_TRIES = 50, NO_ROOM_PAUSE_MS = 20 };

struct loop {
	const struct answer_source *source;
	int listener[LOOP_BINDS_MAX];
	size_t listener_count;
	struct connection **connection;
	size_t count, room;
	struct pollfd *polled;
	size_t polled_room;
	unsigned accepted;
	bool no_room; /* out of descriptors: accepting rests for a moment */
};

struct loop *loop_new(const struct answer_source *source)
{
	struct loop *self = alloc_new(sizeof *self);
	self->source = source;
	return self;
}

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void close_listeners(struct loop *self)
{
	while (self->listener_count > 0)
		close(self->listener[--self->listener_count]);
}

void loop_free(struct loop *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < self->count; i++)
		connection_free(self->connection[i], now_ms());
	close_listeners(self);
	free(self->connection);
	free(self->polled);
	free(self);
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* False where text is no numeric address of the loopback interface. */
static bool address_parse(union address *self, const char *text, unsigned port, socklen_t *len)
{
	memset(self, 0, sizeof *self);
	if (inet_pton(AF_INET, text, &self->v4.sin_addr) == 1) {
		self->v4.sin_family = AF_INET;
		self->v4.sin_port = htons((uint16_t)port);
		*len = sizeof self->v4;
		return ntohl(self->v4.sin_addr.s_addr) >> 24 == 127;
	}
	if (inet_pton(AF_INET6, text, &self->v6.sin6_addr) != 1)
		return false;
	self->v6.sin6_family = AF_INET6;
	self->v6.sin6_port = htons((uint16_t)port);
	*len = sizeof self->v6;
	return IN6_IS_ADDR_LOOPBACK(&self->v6.sin6_addr);
}

static void make_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static unsigned port_of(int fd)
{
	union address address;
	socklen_t len = sizeof address;
	if (getsockname(fd, &address.any, &len) != 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

/* A listening socket, or -1 with errno set. */
static int listen_on(const char *text, unsigned port)
{
	union address address;
	socklen_t len;
	int on = 1;
	if (!address_parse(&address, text, port, &len)) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	int fd = socket(address.any.sa_family, SOCK_STREAM, 0);
	if (fd < 0)
		return -1;
	make_nonblocking(fd);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (address.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, &address.any, len) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* The address that could not be had, or NULL. */
static const char *listen_once(struct loop *self, const char *const *addresses, size_t count, unsigned *port)
{
	for (size_t i = 0; i < count; i++) {
		int fd = listen_on(addresses[i], *port);
		if (fd < 0)
			return addresses[i];
		self->listener[self->listener_count++] = fd;
		if (*port == 0)
			*port = port_of(fd);
	}
	return NULL;
}

bool loop_listen(struct loop *self, const char *const *addresses, size_t count, unsigned *port)
{
	unsigned wanted = *port;
	const char *failed = "too many addresses";
	for (int try = 0; count <= LOOP_BINDS_MAX && try < PORT_TRIES; try++) {
		*port = wanted;
		failed = listen_once(self, addresses, count, port);
		if (!failed)
			return true;
		int error = errno;
		close_listeners(self);
		errno = error;
		/* A port that the first address gave may be taken on another one. */
		if (wanted != 0 || error != EADDRINUSE)
			break;
	}
	fprintf(stderr, "cannot listen on port %u of %s: %s\n", wanted, failed, strerror(errno));
	return false;
}

static void add_connection(struct loop *self, int fd)
{
	int on = 1;
	make_nonblocking(fd);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (self->count == self->room) {
		self->room = self->room ? self->room * 2 : 64;
		self->connection = alloc_resize(self->connection, self->room, sizeof(struct connection *));
	}
	self->connection[self->count++] = connection_new(fd, ++self->accepted, self->source);
}

static void accept_all(struct loop *self, int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd >= 0) {
			add_connection(self, fd);
			continue;
		}
		self->no_room = errno == EMFILE || errno == ENFILE;
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

/* In the order stop, input, listeners, connections. */
static size_t fill_polled(struct loop *self, int stop, int input)
{
	size_t fixed = LISTENERS + self->listener_count, need = fixed + self->count;
	if (need > self->polled_room) {
		self->polled_room = need * 2;
		self->polled = alloc_resize(self->polled, self->polled_room, sizeof *self->polled);
	}
	self->polled[STOP] = (struct pollfd){.fd = stop, .events = POLLIN};
	self->polled[INPUT] = (struct pollfd){.fd = input, .events = POLLIN};
	for (size_t i = 0; i < self->listener_count; i++)
		self->polled[LISTENERS + i] =
		    (struct pollfd){.fd = self->no_room ? -1 : self->listener[i], .events = POLLIN};
	for (size_t i = 0; i < self->count; i++)
		self->polled[fixed + i] = (struct pollfd){.fd = connection_fd(self->connection[i]),
		    .events = connection_events(self->connection[i])};
	return need;
}

static int next_timeout(const struct loop *self, double now)
{
	double wake = self->no_room ? now + NO_ROOM_PAUSE_MS : -1;
	for (size_t i = 0; i < self->count; i++) {
		double at = connection_wake_ms(self->connection[i]);
		if (at >= 0 && (wake < 0 || at < wake))
			wake = at;
	}
	if (wake < 0)
		return -1;
	double left = wake - now;
	if (left <= 0)
		return 0;
	return left > 60e3 ? 60000 : (int)left + 1;
}

/* polled belongs to the connections as they stood when it was filled: the last one moves into the place of
 * one that ends only after it had its own turn. */
static void work_all(struct loop *self, size_t fixed)
{
	double now = now_ms();
	for (size_t i = self->count; i-- > 0;) {
		short events = self->polled[fixed + i].revents;
		double wake = connection_wake_ms(self->connection[i]);
		if (events == 0 && (wake < 0 || wake > now))
			continue;
		bool readable = (events & (POLLIN | POLLHUP | POLLERR)) != 0;
		if (connection_work(self->connection[i], readable, now))
			continue;
		connection_free(self->connection[i], now);
		self->connection[i] = self->connection[--self->count];
	}
}

static bool has_ended(int input)
{
	char ignored[4096];
	ssize_t got = read(input, ignored, sizeof ignored);
	return got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
}

bool loop_run(struct loop *self, int stop, int input)
{
	for (;;) {
		size_t count = fill_polled(self, stop, input);
		int ready = poll(self->polled, (nfds_t)count, next_timeout(self, now_ms()));
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return false;
		self->no_room = false;
		if (self->polled[STOP].revents || (self->polled[INPUT].revents && has_ended(input)))
			return true;
		work_all(self, LISTENERS + self->listener_count);
		for (size_t i = 0; i < self->listener_count; i++)
			if (self->polled[LISTENERS + i].revents)
				accept_all(self, self->listener[i]);
	}
}
