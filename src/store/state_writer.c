#include "store/state_writer.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "store/state_message.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The most bytes that one turn of the event loop sends, and the memory that is kept for the next ones. */
enum { SENT_EACH_TURN = 1 << 20, KEPT_BYTES = 256 << 10 };

struct state_writer {
	const char *path;
	const struct state_writer_output *outputs;
	size_t output_count;
	pid_t pid; /* 0 if there is no process */
	int fd;    /* the socket to it */
	enum status status;
	struct buf backlog; /* messages; the first `sent` bytes were sent */
	size_t sent;
	struct state_reply reply; /* the one that is being received, or that was received last */
	size_t reply_len;         /* its bytes so far */
	uint64_t batch;           /* see state_writer_batch */
	bool has_messages;        /* in the batch */
	uint64_t requested;       /* the last batch whose commit was asked for */
	uint64_t committed;       /* see state_writer_committed */
	int64_t commit_due;       /* when the next one may be asked for (monotonic ms) */
};

struct state_writer *state_writer_new(
    const char *path, const struct state_writer_output *outputs, size_t output_count)
{
	struct state_writer *self = alloc_new(sizeof *self);
	self->path = path;
	self->outputs = outputs;
	self->output_count = output_count;
	self->batch = 1;
	buf_init(&self->backlog, SIZE_MAX / 2);
	return self;
}

/* Waits for the end of the process, and returns its status in the form of waitpid(2). */
static int reap(struct state_writer *self)
{
	int status = child_wait(self->pid);
	close(self->fd);
	self->pid = 0;
	return status;
}

void state_writer_free(struct state_writer *self)
{
	if (!self)
		return;
	/* If nothing was written, the process has time to remove its lock. */
	if (self->pid && self->batch == 1)
		shutdown(self->fd, SHUT_RDWR);
	else if (self->pid)
		kill(self->pid, SIGKILL);
	if (self->pid)
		reap(self);
	buf_release(&self->backlog);
	free(self);
}

/* Records the first failure; what is left to send is in vain. */
static enum status fail(struct state_writer *self, enum status status)
{
	self->status = status;
	buf_release(&self->backlog);
	self->sent = 0;
	return status;
}

/* The process has ended, and has not said why. */
static enum status fail_dead(struct state_writer *self)
{
	static const char way_out[] = "the same command goes on with this run";
	int status = reap(self);
	if (WIFEXITED(status) && WEXITSTATUS(status) == status_exit_code(STATUS_MEMORY)) {
		log_error("%s: not enough memory for the process that writes this state file; %s", self->path,
		    way_out);
		return fail(self, STATUS_MEMORY);
	}
	log_error("%s: the process that writes this state file has ended (%s %d); %s", self->path,
	    WIFSIGNALED(status) ? "signal" : "exit status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), way_out);
	return fail(self, STATUS_OUTPUT);
}

static void take_reply(struct state_writer *self)
{
	switch (self->reply.type) {
	case STATE_REPLY_FAILED:
		log_error("%s", self->reply.problem);
		reap(self);
		fail(self, self->reply.status);
		break;
	case STATE_REPLY_COMMITTED:
		self->committed = self->reply.batch;
		break;
	case STATE_REPLY_LOCKED:
	case STATE_REPLY_OPENED:
	case STATE_REPLY_BEGUN:
		break;
	}
}

/* Receives what has arrived, but no more than one reply. True if one is complete. */
static bool receive_reply(struct state_writer *self)
{
	while (self->pid && self->status == STATUS_OK) {
		ssize_t n = recv(self->fd, (char *)&self->reply + self->reply_len,
		    sizeof self->reply - self->reply_len, MSG_DONTWAIT);
		if (n > 0) {
			self->reply_len += (size_t)n;
			if (self->reply_len < sizeof self->reply)
				continue;
			self->reply_len = 0;
			take_reply(self);
			return true;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		fail_dead(self);
	}
	return false;
}

/* Sends what the socket takes. That the process has ended is noticed by receive_reply. */
static void send_backlog(struct state_writer *self)
{
	for (size_t total = 0; self->sent < self->backlog.len && total < SENT_EACH_TURN;) {
		ssize_t n = send(self->fd, self->backlog.data + self->sent, self->backlog.len - self->sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		self->sent += (size_t)n;
		total += (size_t)n;
	}
	if (self->sent == self->backlog.len) {
		if (self->backlog.room > KEPT_BYTES)
			buf_release(&self->backlog);
		buf_clear(&self->backlog);
		self->sent = 0;
	} else if (self->sent > self->backlog.len / 2) {
		buf_consume(&self->backlog, self->sent);
		self->sent = 0;
	}
}

static void put(struct state_writer *self, const struct state_message *message)
{
	if (self->status == STATUS_OK)
		state_message_put(&self->backlog, message);
}

/* Puts a message that belongs to the batch. */
static void put_in_batch(struct state_writer *self, const struct state_message *message)
{
	self->has_messages = true;
	put(self, message);
}

static void request_commit(struct state_writer *self)
{
	put(self, &(struct state_message){.type = STATE_MESSAGE_COMMIT, .with.commit = self->batch});
	self->requested = self->batch++;
	self->has_messages = false;
	self->commit_due = clock_now_ms() + STATE_WRITER_COMMIT_MS;
}

/* How long a state file that nobody has locked may take to be opened, at most. */
enum { OPENED_IN_MS = 1000 };

static void serve(void *ctx)
{
	const struct state_writer *self = ctx;
	state_writer_serve(self->path, self->outputs, self->output_count, self->fd);
}

static enum status start_process(struct state_writer *self)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return log_output_error(self->path, "no process can be started for this state file");
	for (int i = 0; i < 2; i++)
		fcntl(pair[i], F_SETFD, FD_CLOEXEC);
	int *kept = alloc_array(self->output_count + 1, sizeof *kept);
	for (size_t i = 0; i < self->output_count; i++)
		kept[i] = self->outputs[i].fd;
	kept[self->output_count] = self->fd = pair[1];
	self->pid = child_start(serve, self, kept, self->output_count + 1);
	int error = errno;
	free(kept);
	close(pair[1]);
	self->fd = pair[0];
	if (self->pid > 0)
		return STATUS_OK;
	self->pid = 0;
	close(pair[0]);
	errno = error;
	return log_output_error(self->path, "no process can be started for this state file");
}

/* The run has to end while another one uses the file. */
static void give_up_waiting(struct state_writer *self)
{
	if (!stop_signal())
		log_error("%s: still waited for at the deadline; nothing was fetched", self->path);
	fail(self, STATUS_CUT_SHORT);
}

static void poll_process(struct state_writer *self, int ms)
{
	struct pollfd polled = {.fd = self->fd, .events = POLLIN};
	if (self->backlog.len > 0)
		polled.events |= POLLOUT;
	poll(&polled, 1, ms);
}

/* Waits before the run has begun, since that time, but not longer than the run may last. Does not give up at
 * once, so that a run whose time is over gets as far as to say what it has not done. */
static void wait_for_begin(struct state_writer *self, int64_t since, bool is_locked)
{
	bool is_long = is_locked || clock_now_ms() >= since + OPENED_IN_MS;
	poll_process(self, OPENED_IN_MS / 10);
	if (is_long && stop_is_due())
		give_up_waiting(self);
}

enum status state_writer_start(struct state_writer *self, bool fail_if_locked)
{
	bool is_locked = false;
	int64_t since = clock_now_ms();
	assert(!self->pid);
	enum status status = start_process(self);
	if (status != STATUS_OK)
		return fail(self, status);
	for (;;) {
		if (!receive_reply(self)) {
			if (self->status != STATUS_OK)
				return self->status;
			wait_for_begin(self, since, is_locked);
			continue;
		}
		if (self->status != STATUS_OK || self->reply.type == STATE_REPLY_OPENED)
			return self->status;
		is_locked = true;
		if (fail_if_locked) {
			log_error("%s (--lock=fail)", self->reply.problem);
			return fail(self, STATUS_OUTPUT);
		}
		log_warning("%s; waiting", self->reply.problem);
	}
}

/* Sends and receives until a reply is complete. False after a failure. */
static bool wait_for_reply(struct state_writer *self)
{
	while (!receive_reply(self)) {
		if (self->status != STATUS_OK || !self->pid)
			return false;
		send_backlog(self);
		poll_process(self, -1);
	}
	return self->status == STATUS_OK;
}

enum status state_writer_begin_run(struct state_writer *self, const char *options, enum state_wish wish,
    double now, struct state_begun *begun)
{
	put(self, &(struct state_message){.type = STATE_MESSAGE_BEGIN, .with.begin = {options, wish, now}});
	int64_t since = clock_now_ms();
	while (!receive_reply(self) && self->status == STATUS_OK) {
		send_backlog(self);
		wait_for_begin(self, since, false);
	}
	if (self->status == STATUS_OK)
		*begun = self->reply.begun;
	return self->status;
}

void state_writer_add_page(struct state_writer *self, const struct state_page *page)
{
	put_in_batch(self, &(struct state_message){.type = STATE_MESSAGE_ADD, .with.page = *page});
}

void state_writer_settle_page(struct state_writer *self, const struct state_result *result)
{
	put_in_batch(self, &(struct state_message){.type = STATE_MESSAGE_SETTLE, .with.result = *result});
}

void state_writer_forget_page(struct state_writer *self, uint64_t id)
{
	put_in_batch(self, &(struct state_message){.type = STATE_MESSAGE_FORGET, .with.forgotten = id});
}

void state_writer_set_robots(struct state_writer *self, const struct state_robots *robots)
{
	put_in_batch(self, &(struct state_message){.type = STATE_MESSAGE_ROBOTS, .with.robots = *robots});
}

void state_writer_lower_depth(struct state_writer *self, const struct state_depth *depth)
{
	put_in_batch(self, &(struct state_message){.type = STATE_MESSAGE_DEPTH, .with.depth = *depth});
}

void state_writer_add_target(struct state_writer *self, const struct state_target *target)
{
	put_in_batch(self, &(struct state_message){.type = STATE_MESSAGE_TARGET, .with.target = *target});
}

void state_writer_set_output(struct state_writer *self, size_t index, uint64_t length)
{
	assert(index < self->output_count);
	put_in_batch(
	    self, &(struct state_message){.type = STATE_MESSAGE_OUTPUT, .with.output = {index, length}});
}

void state_writer_end_run(struct state_writer *self, const struct state_totals *totals, double now)
{
	put_in_batch(self, &(struct state_message){.type = STATE_MESSAGE_END, .with.end = {*totals, now}});
}

uint64_t state_writer_batch(const struct state_writer *self)
{
	return self->batch;
}

uint64_t state_writer_committed(const struct state_writer *self)
{
	return self->committed;
}

bool state_writer_is_full(const struct state_writer *self)
{
	return self->backlog.len - self->sent > STATE_WRITER_BACKLOG_MAX;
}

enum status state_writer_turn(struct state_writer *self, struct wait *wait)
{
	assert(self->pid || self->status != STATUS_OK);
	/* The process sends something when a batch is durable, or when it fails. A failure between two
	 * batches is received with the next one: to look for it in each turn would take longer than the
	 * sending. */
	while (self->committed < self->requested && receive_reply(self))
		continue;
	if (self->status != STATUS_OK)
		return self->status;
	/* While the disk is slow, the next batch grows instead of waiting behind the one before it. */
	bool may_commit = self->committed == self->requested;
	if (self->has_messages && may_commit && clock_now_ms() >= self->commit_due)
		request_commit(self);
	send_backlog(self);
	short events =
	    (short)((self->committed < self->requested ? POLLIN : 0) | (self->backlog.len > 0 ? POLLOUT : 0));
	if (events)
		wait_for(wait, self->fd, events);
	if (self->has_messages && may_commit)
		wait_until(wait, self->commit_due);
	return STATUS_OK;
}

enum status state_writer_finish(struct state_writer *self)
{
	if (self->status != STATUS_OK)
		return self->status;
	if (self->has_messages)
		request_commit(self);
	while (self->committed < self->requested && wait_for_reply(self))
		continue;
	if (self->status != STATUS_OK)
		return self->status;
	/* The process sees the end of the stream, and closes the file. */
	shutdown(self->fd, SHUT_WR);
	int status = reap(self);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return STATUS_OK;
	log_warning(
	    "%s: the process that writes this state file did not close it; nothing is lost", self->path);
	return STATUS_OK;
}
