/* What runs in the process that writes the state. */

#include "base/alloc.h"
#include "base/buf.h"
#include "base/durable.h"
#include "store/output_end.h"
#include "store/state_message.h"
#include "store/state_writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much is read at once. */
enum { READ_SIZE = 256 << 10 };

/* The system sends no event when a lock is released. */
enum { LOCK_RETRY_MS = 100 };

/* What the process knows of an output. */
struct output {
	bool has_new_length; /* since the last commit */
	uint64_t length;
	bool is_named; /* its name is on the disk */
};

struct process {
	const struct state_writer_output *outputs;
	size_t output_count;
	struct output *known; /* of each output */
	int socket;
	struct state *state;
	struct buf bytes; /* received bytes of messages */
};

/* False if the program is gone. */
static bool send_reply(const struct process *self, const struct state_reply *reply)
{
	const char *bytes = (const char *)reply;
	for (size_t sent = 0; sent < sizeof *reply;) {
		ssize_t n = send(self->socket, bytes + sent, sizeof *reply - sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			sent += (size_t)n;
	}
	return true;
}

static bool send_failure(const struct process *self, enum status status, const char *problem)
{
	struct state_reply reply = {.type = STATE_REPLY_FAILED, .status = status};
	snprintf(reply.problem, sizeof reply.problem, "%s", problem);
	send_reply(self, &reply);
	return false;
}

/* Sends the failure of a function of the state. Returns whether there was none. */
static bool check(const struct process *self, enum status status)
{
	return status == STATUS_OK || send_failure(self, status, state_problem(self->state));
}

/* True if the program has not closed its end after some time. It sends nothing before the file is open. */
static bool wait_for_lock(const struct process *self)
{
	struct pollfd polled = {.fd = self->socket, .events = POLLIN};
	return poll(&polled, 1, LOCK_RETRY_MS) == 0;
}

/* False if the program is gone, or waits no more. */
static bool is_wanted(void *ctx)
{
	const struct process *self = ctx;
	struct pollfd polled = {.fd = self->socket};
	return poll(&polled, 1, 0) <= 0 || !(polled.revents & POLLHUP);
}

static bool open_state(const struct process *self)
{
	bool is_reported = false;
	for (;;) {
		enum status status = state_open(self->state, STATE_WRITE);
		if (status == STATUS_OK)
			return send_reply(self, &(struct state_reply){.type = STATE_REPLY_OPENED});
		if (!state_is_locked(self->state))
			return check(self, status);
		struct state_reply reply = {.type = STATE_REPLY_LOCKED};
		snprintf(reply.problem, sizeof reply.problem, "%s", state_problem(self->state));
		if (!is_reported && !send_reply(self, &reply))
			return false;
		is_reported = true;
		if (!wait_for_lock(self))
			return false;
	}
}

static bool begin_run(const struct process *self, const struct state_message *message)
{
	struct state_reply reply = {.type = STATE_REPLY_BEGUN};
	enum status status = state_begin_run(self->state, message->with.begin.options,
	    message->with.begin.wish, message->with.begin.now, &reply.begun);
	return check(self, status) && send_reply(self, &reply);
}

/* The length grows with each page, and only the last one before a commit is written. */
static bool set_output(const struct process *self, const struct state_message *message)
{
	struct output *known = &self->known[message->with.output.index];
	known->length = message->with.output.length;
	known->has_new_length = true;
	return true;
}

static bool write_output(const struct process *self, size_t index)
{
	const struct state_writer_output *output = &self->outputs[index];
	const char *path = output->temporary ? output->temporary : output->path;
	struct stat info = {0};
	fstat(output->fd, &info);
	if (!durable_sync(output->fd, path, &self->known[index].is_named)) {
		char problem[512];
		snprintf(problem, sizeof problem, "%.300s: cannot be written to the disk: %s", output->path,
		    strerror(errno));
		/* After a failure, fdatasync(2) may succeed without having written anything. */
		return send_failure(self, STATUS_OUTPUT, problem);
	}
	return check(self,
	    state_set_output(self->state, &(struct state_output){.name = output->name,
	                                      .path = output->path,
	                                      .device = (uint64_t)info.st_dev,
	                                      .inode = (uint64_t)info.st_ino,
	                                      .length = self->known[index].length,
	                                      .end_hash = output_end_hash(path, self->known[index].length)}));
}

/* The rows are on the disk before the state says so. */
static bool write_outputs(const struct process *self)
{
	for (size_t i = 0; i < self->output_count; i++) {
		if (self->known[i].has_new_length && !write_output(self, i))
			return false;
		self->known[i].has_new_length = false;
	}
	return true;
}

static bool commit(const struct process *self, uint64_t batch)
{
	struct state_reply reply = {.type = STATE_REPLY_COMMITTED, .batch = batch};
	return write_outputs(self) && check(self, state_commit(self->state)) && send_reply(self, &reply) &&
	       check(self, state_checkpoint(self->state));
}

static bool handle(const struct process *self, const struct state_message *message)
{
	switch (message->type) {
	case STATE_MESSAGE_BEGIN:
		return begin_run(self, message);
	case STATE_MESSAGE_ADD:
		return check(self, state_add_page(self->state, &message->with.page));
	case STATE_MESSAGE_SETTLE:
		return check(self, state_settle_page(self->state, &message->with.result));
	case STATE_MESSAGE_FORGET:
		return check(self, state_forget_page(self->state, message->with.forgotten));
	case STATE_MESSAGE_ROBOTS:
		return check(self, state_set_robots(self->state, &message->with.robots));
	case STATE_MESSAGE_DEPTH:
		return check(self, state_lower_depth(self->state, &message->with.depth));
	case STATE_MESSAGE_TARGET:
		return check(self, state_add_target(self->state, &message->with.target));
	case STATE_MESSAGE_OUTPUT:
		return set_output(self, message);
	case STATE_MESSAGE_END:
		return check(
		    self, state_end_run(self->state, &message->with.end.totals, message->with.end.now));
	case STATE_MESSAGE_COMMIT:
		return commit(self, message->with.commit);
	}
	return false;
}

/* False at the end of the stream, which is also that of the program. */
static bool receive(struct process *self)
{
	ssize_t n;
	char *to = buf_reserve(&self->bytes, READ_SIZE);
	do
		n = read(self->socket, to, READ_SIZE);
	while (n < 0 && errno == EINTR);
	self->bytes.len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* Messages that are complete. False after a failure. */
static bool handle_received(struct process *self)
{
	struct slice left = {self->bytes.data, self->bytes.len};
	struct state_message message;
	while (state_message_take(&left, &message))
		if (!handle(self, &message))
			return false;
	buf_consume(&self->bytes, self->bytes.len - left.len);
	return true;
}

void state_writer_serve(
    const char *path, const struct state_writer_output *outputs, size_t output_count, int socket)
{
	struct process self = {.outputs = outputs, .output_count = output_count, .socket = socket};
	/* A write beyond the limit for files fails then, instead of ending the process. */
	signal(SIGXFSZ, SIG_IGN);
	self.state = state_new(path);
	state_wait_while(self.state, is_wanted, &self);
	self.known = alloc_array(output_count + 1, sizeof *self.known);
	buf_init(&self.bytes, SIZE_MAX / 2);
	bool is_well = open_state(&self);
	while (is_well && receive(&self))
		is_well = handle_received(&self);
	state_free(self.state);
	buf_release(&self.bytes);
	free(self.known);
}
