#include "unit/store/slow_link.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENDS_MAX = 64, CHUNK = 16 << 10 };

/* What is on its way. With no bytes, the end of what its sender says. */
struct chunk {
	struct chunk *next;
	int64_t due; /* monotonic ms */
	int to;
	size_t len;
	char bytes[CHUNK];
};

struct relay {
	int64_t ms;
	char server[108];
	/* The guard, the listener, and then two for each connection, side by side; -1 for one that has ended.
	 */
	struct pollfd polled[ENDS_MAX];
	int ends[ENDS_MAX];
	size_t count;
	struct chunk *first, **last;
};

static int make_socket(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static void add_end(struct relay *self, int descriptor)
{
	self->polled[self->count] = (struct pollfd){.fd = descriptor, .events = POLLIN};
	self->ends[self->count++] = descriptor;
}

static void add_connection(struct relay *self)
{
	struct sockaddr_un address;
	int client = accept(self->ends[1], NULL, NULL);
	int server = make_socket(&address, self->server);
	if (self->count + 2 > ENDS_MAX || connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
		close(client);
		close(server);
		return;
	}
	add_end(self, client);
	add_end(self, server);
}

static void take(struct relay *self, size_t i)
{
	struct chunk *chunk = alloc_new(sizeof *chunk);
	ssize_t len = read(self->ends[i], chunk->bytes, CHUNK);
	chunk->due = clock_now_ms() + self->ms;
	chunk->to = self->ends[i ^ 1];
	chunk->len = len > 0 ? (size_t)len : 0;
	*self->last = chunk;
	self->last = &chunk->next;
	if (len <= 0)
		self->polled[i].fd = -1;
}

static void pass_on(struct relay *self)
{
	while (self->first && self->first->due <= clock_now_ms()) {
		struct chunk *chunk = self->first;
		self->first = chunk->next;
		if (!self->first)
			self->last = &self->first;
		if (chunk->len == 0)
			shutdown(chunk->to, SHUT_WR);
		for (size_t sent = 0; sent < chunk->len;) {
			ssize_t len = write(chunk->to, chunk->bytes + sent, chunk->len - sent);
			if (len <= 0)
				break;
			sent += (size_t)len;
		}
		free(chunk);
	}
}

static void relay(struct relay *self)
{
	for (;;) {
		int64_t wait = self->first ? self->first->due - clock_now_ms() : 1000;
		poll(self->polled, self->count, wait < 0 ? 0 : (int)wait);
		if (self->polled[0].revents)
			_exit(0);
		size_t count = self->count;
		if (self->polled[1].revents)
			add_connection(self);
		for (size_t i = 2; i < count; i++)
			if (self->polled[i].revents)
				take(self, i);
		pass_on(self);
	}
}

void slow_link_start(struct slow_link *self, const struct redis_server *server, int ms)
{
	struct relay state = {.ms = ms, .last = &state.first};
	struct sockaddr_un address;
	int guard[2];
	snprintf(state.server, sizeof state.server, "%s/socket", server->folder);
	snprintf(self->path, sizeof self->path, "%s/slow", server->folder);
	snprintf(self->url, sizeof self->url, "redis+unix://%s#test", self->path);
	int listener = make_socket(&address, self->path);
	cr_assert(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
	          listen(listener, 16) == 0 && pipe(guard) == 0);
	self->pid = fork();
	cr_assert_geq(self->pid, 0);
	if (self->pid == 0) {
		close(guard[1]);
		signal(SIGPIPE, SIG_IGN);
		add_end(&state, guard[0]);
		add_end(&state, listener);
		relay(&state);
	}
	close(guard[0]);
	close(listener);
	fcntl(guard[1], F_SETFD, FD_CLOEXEC);
	self->guard_pipe = guard[1];
}

void slow_link_stop(struct slow_link *self)
{
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
	close(self->guard_pipe);
	unlink(self->path);
}
