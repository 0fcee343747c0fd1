#include "run/output_sync.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/durable.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct synced_file {
	int fd;
	const char *path;
	bool is_named;
};

struct output_sync {
	struct synced_file files[OUTPUT_SYNC_FILES_MAX];
	size_t count;
	int socket; /* -1 before the start */
	pid_t pid;  /* 0 if there is no process */
	bool is_busy;
};

/* The answer to a request: which file has failed, and why. All zero if none has. */
struct answer {
	int file; /* from 1 */
	int error;
};

struct output_sync *output_sync_new(void)
{
	struct output_sync *self = alloc_new(sizeof *self);
	self->socket = -1;
	return self;
}

void output_sync_free(struct output_sync *self)
{
	if (!self)
		return;
	if (self->socket >= 0)
		close(self->socket);
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		child_wait(self->pid);
	}
	free(self);
}

void output_sync_add(struct output_sync *self, int fd, const char *path)
{
	if (self->count < OUTPUT_SYNC_FILES_MAX)
		self->files[self->count++] = (struct synced_file){fd, path, false};
}

static struct answer sync_all(struct output_sync *self)
{
	for (size_t i = 0; i < self->count; i++) {
		struct synced_file *file = &self->files[i];
		if (!durable_sync(file->fd, file->path, &file->is_named))
			return (struct answer){(int)i + 1, errno};
	}
	return (struct answer){0, 0};
}

/* The process: each byte is a request. */
static void serve(void *ctx)
{
	struct output_sync *self = ctx;
	char byte;
	while (read(self->socket, &byte, 1) == 1) {
		struct answer answer = sync_all(self);
		if (send(self->socket, &answer, sizeof answer, MSG_NOSIGNAL) != (ssize_t)sizeof answer)
			return;
	}
}

enum status output_sync_start(struct output_sync *self)
{
	int pair[2], kept[OUTPUT_SYNC_FILES_MAX + 1];
	if (self->count == 0)
		return STATUS_OK;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return log_output_error(self->files[0].path, "no process can be started for it");
	for (int i = 0; i < 2; i++)
		fcntl(pair[i], F_SETFD, FD_CLOEXEC);
	for (size_t i = 0; i < self->count; i++)
		kept[i] = self->files[i].fd;
	kept[self->count] = self->socket = pair[1];
	self->pid = child_start(serve, self, kept, self->count + 1);
	int error = errno;
	close(pair[1]);
	self->socket = pair[0];
	errno = error;
	return self->pid > 0 ? STATUS_OK
	                     : log_output_error(self->files[0].path, "no process can be started for it");
}

void output_sync_request(struct output_sync *self)
{
	self->is_busy = true;
	/* A failure shows when the answer is received. */
	if (self->pid > 0)
		(void)!send(self->socket, "s", 1, MSG_NOSIGNAL);
}

bool output_sync_is_busy(const struct output_sync *self)
{
	return self->is_busy;
}

static enum status fail_dead(struct output_sync *self)
{
	int status = child_wait(self->pid);
	self->pid = 0;
	log_error(
	    "%s: the process that brings it to the disk has ended (status %d)", self->files[0].path, status);
	return STATUS_OUTPUT;
}

enum status output_sync_turn(struct output_sync *self, struct wait *wait, bool *is_done)
{
	struct answer answer = {0, 0};
	*is_done = self->is_busy && self->count == 0;
	if (self->is_busy && self->count > 0) {
		if (self->pid <= 0)
			return STATUS_OUTPUT;
		ssize_t n = recv(self->socket, &answer, sizeof answer, wait ? MSG_DONTWAIT : 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (wait)
				wait_for(wait, self->socket, POLLIN);
			return STATUS_OK;
		}
		if (n != (ssize_t)sizeof answer)
			return fail_dead(self);
		*is_done = answer.file == 0;
	}
	self->is_busy = self->is_busy && !*is_done && !answer.file;
	if (!answer.file)
		return STATUS_OK;
	errno = answer.error;
	return log_output_error(self->files[answer.file - 1].path, "cannot be written to the disk");
}
