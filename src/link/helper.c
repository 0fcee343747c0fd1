#include "link/helper.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"

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

/* A message has its length before it; this one says that the work is done. */
#define DONE_MARK UINT32_MAX

enum { READ_SIZE = 64 << 10, EXIT_LIBRARY = 4 };

/* A process that has grown beyond it is not used again. */
enum { KEPT_MEMORY = 64 << 20, LARGE_INPUT = 256 << 10 };

/* Processor time is what is limited. But a process may also wait for what never comes. */
enum { PATIENCE_MS = 120 * 1000 };

/* What a process is sent before the order. */
struct head {
	uint32_t order_len;
	uint64_t input_len;
};

struct helper {
	pid_t pid; /* 0: there is no process */
	int fd;
	struct helper_job *job; /* NULL: idle */
	int64_t since_ms;       /* … it was begun */
	struct buf out;         /* head, order and some of the input, of which */
	size_t sent;            /* … so much was sent */
	struct buf in;          /* messages that have come */
};

struct helpers {
	helper_work_fn work;
	void *ctx;
	struct helper list[HELPERS_MAX];
	size_t count;                    /* that may be used */
	struct helper_job *first, *last; /* waiting */
	bool told;
	char piece[READ_SIZE];
};

/* In the helper process. */

struct helper_io {
	int fd;
	uint64_t left; /* of the input */
	struct buf out;
	struct slice unread; /* of what was read last */
	char bytes[READ_SIZE];
};

struct process {
	const struct helpers *helpers;
	int fd;
	size_t memory; /* at its start */
};

/* Some bytes at least. The other side has gone: so does this one. */
static void read_some(struct helper_io *io)
{
	ssize_t n;
	do
		n = read(io->fd, io->bytes, sizeof io->bytes);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(0);
	io->unread = (struct slice){io->bytes, (size_t)n};
}

static void read_all(struct helper_io *io, void *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		if (io->unread.len == 0)
			read_some(io);
		size_t part = len - done < io->unread.len ? len - done : io->unread.len;
		memcpy((char *)to + done, io->unread.data, part);
		io->unread.data += part;
		io->unread.len -= part;
		done += part;
	}
}

static void write_all(int fd, const char *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, bytes + done, len - done);
		if (n < 0 && errno != EINTR)
			_exit(0);
		if (n > 0)
			done += (size_t)n;
	}
}

size_t helper_read(struct helper_io *io, char *to, size_t len)
{
	size_t part = io->left < len ? (size_t)io->left : len;
	read_all(io, to, part);
	io->left -= part;
	return part;
}

uint64_t helper_left(const struct helper_io *io)
{
	return io->left;
}

static void flush(struct helper_io *io)
{
	write_all(io->fd, io->out.data, io->out.len);
	buf_clear(&io->out);
}

void helper_tell(struct helper_io *io, const struct slice *parts, size_t count)
{
	uint32_t len = 0;
	for (size_t i = 0; i < count; i++)
		len += (uint32_t)parts[i].len;
	buf_append(&io->out, &len, sizeof len);
	for (size_t i = 0; i < count; i++)
		buf_append(&io->out, parts[i].data, parts[i].len);
	if (io->out.len >= READ_SIZE)
		flush(io);
}

void helper_miss_library(void)
{
	_exit(EXIT_LIBRARY);
}

/* In that time a process takes no more than that of the processor: the limit need not be renewed. */
enum { LIMIT_EVERY_MS = 500 };

static void serve_one(const struct process *self, struct helper_io *io, int64_t *limited_ms)
{
	static const uint32_t done = DONE_MARK;
	struct head head;
	read_all(io, &head, sizeof head);
	int64_t now = clock_now_ms();
	if (now > *limited_ms + LIMIT_EVERY_MS) {
		child_limit_time(HELPER_SECONDS);
		*limited_ms = now;
	}
	char *order = alloc_resize(NULL, head.order_len, 1);
	read_all(io, order, head.order_len);
	io->left = head.input_len;
	self->helpers->work(self->helpers->ctx, (struct slice){order, head.order_len}, io);
	free(order);
	/* What it did not want to know. */
	char rest[4096];
	while (io->left > 0)
		helper_read(io, rest, sizeof rest);
	buf_append(&io->out, &done, sizeof done);
	flush(io);
	/* Whoever had a large piece of work may have grown large. */
	if (head.input_len > LARGE_INPUT && child_memory() > self->memory + KEPT_MEMORY)
		_exit(0);
}

static void serve(void *ctx)
{
	struct process *self = ctx;
	struct helper_io *io = alloc_new(sizeof *io);
	int64_t limited_ms = INT64_MIN / 2;
	io->fd = self->fd;
	self->memory = child_memory();
	buf_init(&io->out, SIZE_MAX / 2);
	child_limit_memory(HELPER_MEMORY);
	for (;;)
		serve_one(self, io, &limited_ms);
}

/* In the program. */

struct helpers *helpers_new(helper_work_fn work, void *ctx)
{
	struct helpers *self = alloc_new(sizeof *self);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	self->work = work;
	self->ctx = ctx;
	/* Two at least, so that one hostile page alone holds up no other. */
	self->count = processors < 2 ? 2 : processors > HELPERS_MAX ? HELPERS_MAX : (size_t)processors;
	for (size_t i = 0; i < HELPERS_MAX; i++) {
		buf_init(&self->list[i].out, SIZE_MAX / 2);
		buf_init(&self->list[i].in, SIZE_MAX / 2);
	}
	return self;
}

/* Ends the process, if it has not ended already, and returns its status. */
static int end_process(struct helper *helper)
{
	kill(helper->pid, SIGKILL);
	int status = child_wait(helper->pid);
	close(helper->fd);
	helper->pid = 0;
	return status;
}

void helpers_free(struct helpers *self)
{
	if (!self)
		return;
	assert(!self->first);
	for (size_t i = 0; i < HELPERS_MAX; i++) {
		struct helper *helper = &self->list[i];
		assert(!helper->job);
		if (helper->pid)
			end_process(helper);
		buf_release(&helper->out);
		buf_release(&helper->in);
	}
	free(self);
}

static bool start_process(struct helpers *self, struct helper *helper)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return false;
	for (int i = 0; i < 2; i++)
		fcntl(pair[i], F_SETFD, FD_CLOEXEC);
	helper->pid = child_start(serve, &(struct process){.helpers = self, .fd = pair[1]}, &pair[1], 1);
	int error = errno;
	close(pair[1]);
	helper->fd = pair[0];
	if (helper->pid < 0) {
		close(pair[0]);
		helper->pid = 0;
		errno = error;
		return false;
	}
	return true;
}

/* One that has grown large has ended by itself. */
static bool is_alive(const struct helper *helper)
{
	struct pollfd polled = {.fd = helper->fd, .events = POLLIN};
	return helper->pid && poll(&polled, 1, 0) == 0;
}

static void leave(struct helper *helper)
{
	struct helper_job *job = helper->job;
	pieces_reader_release(&job->reader);
	job->helper = NULL;
	helper->job = NULL;
	buf_release(&helper->in);
}

static void end_job(struct helper *helper, enum helper_end end)
{
	struct helper_job *job = helper->job;
	leave(helper);
	job->end(job, end);
}

/* Adds to out what has room of the input. */
static void fill(struct helper *helper)
{
	struct slice part;
	while (helper->out.len < READ_SIZE &&
	       (part = pieces_take(&helper->job->reader, READ_SIZE - helper->out.len)).len > 0)
		buf_append(&helper->out, part.data, part.len);
}

static bool has_more(const struct helper *helper)
{
	return helper->sent < helper->out.len || helper->job->reader.size > 0;
}

/* A process that has gone shows where it is read from. */
static void send_some(struct helper *helper, int64_t until_us)
{
	while (has_more(helper) && clock_now_us() < until_us) {
		if (helper->sent == helper->out.len) {
			helper->sent = 0;
			buf_clear(&helper->out);
		}
		if (helper->sent == 0)
			fill(helper);
		if (helper->job->reader.failed)
			return;
		ssize_t n = send(helper->fd, helper->out.data + helper->sent, helper->out.len - helper->sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			return;
		helper->sent += (size_t)n;
	}
}

static void begin_job(struct helpers *self, struct helper *helper, struct helper_job *job)
{
	struct head head = {(uint32_t)job->order.len, job->input->size};
	helper->job = job;
	job->helper = helper;
	job->reader = pieces_read(job->input);
	if (helper->pid && !is_alive(helper))
		end_process(helper);
	if (!helper->pid && !start_process(self, helper)) {
		if (!self->told)
			log_warning(
			    "no process can be started for XML, XPath and patterns: %s", strerror(errno));
		self->told = true;
		end_job(helper, HELPER_MISSING);
		return;
	}
	helper->since_ms = clock_now_ms();
	helper->sent = 0;
	buf_clear(&helper->out);
	buf_append(&helper->out, &head, sizeof head);
	buf_append(&helper->out, job->order.data, job->order.len);
	send_some(helper, INT64_MAX);
}

/* One that is idle; rather a running one than a new one. NULL: none is. */
static struct helper *find_idle(struct helpers *self)
{
	struct helper *idle = NULL;
	for (struct helper *helper = self->list; helper < self->list + self->count; helper++) {
		if (!helper->job && (!idle || (!idle->pid && helper->pid)))
			idle = helper;
	}
	return idle;
}

static void begin_waiting(struct helpers *self)
{
	for (struct helper *idle; self->first && (idle = find_idle(self));) {
		struct helper_job *job = self->first;
		self->first = job->next;
		if (!self->first)
			self->last = NULL;
		begin_job(self, idle, job);
	}
}

void helpers_add(struct helpers *self, struct helper_job *job)
{
	job->next = NULL;
	job->helper = NULL;
	if (self->last)
		self->last->next = job;
	else
		self->first = job;
	self->last = job;
	begin_waiting(self);
}

void helpers_remove(struct helpers *self, struct helper_job *job)
{
	if (job->helper) {
		end_process(job->helper);
		leave(job->helper);
		return;
	}
	struct helper_job *before = NULL;
	for (struct helper_job *at = self->first; at; before = at, at = at->next) {
		if (at != job)
			continue;
		*(before ? &before->next : &self->first) = job->next;
		if (self->last == job)
			self->last = before;
		return;
	}
}

static enum helper_end why_ended(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGXCPU ? HELPER_TOO_LONG : HELPER_BROKEN;
	if (WEXITSTATUS(status) == EXIT_LIBRARY)
		return HELPER_MISSING;
	return WEXITSTATUS(status) == status_exit_code(STATUS_MEMORY) ? HELPER_TOO_LARGE : HELPER_BROKEN;
}

static void fail_job(struct helper *helper, enum helper_end end)
{
	end_process(helper);
	end_job(helper, end);
}

/* The process has ended in the middle of its work. */
static void bury(struct helper *helper)
{
	enum helper_end end = why_ended(child_wait(helper->pid));
	close(helper->fd);
	helper->pid = 0;
	end_job(helper, end);
}

/* Hands on the messages that are whole. False where the last one was there. */
static bool hand_on(struct helper *helper)
{
	size_t at = 0;
	uint32_t len;
	while (helper->in.len - at >= sizeof len) {
		memcpy(&len, helper->in.data + at, sizeof len);
		if (len == DONE_MARK)
			return false;
		if (helper->in.len - at - sizeof len < len)
			break;
		at += sizeof len;
		helper->job->take(helper->job, (struct slice){helper->in.data + at, len});
		at += len;
	}
	buf_consume(&helper->in, at);
	return true;
}

static void receive_some(struct helpers *self, struct helper *helper, int64_t until_us)
{
	while (helper->job && clock_now_us() < until_us) {
		ssize_t n = recv(helper->fd, self->piece, sizeof self->piece, MSG_DONTWAIT);
		if (n > 0) {
			buf_append(&helper->in, self->piece, (size_t)n);
			if (!hand_on(helper))
				end_job(helper, HELPER_DONE);
		} else if (n == 0 || errno == ECONNRESET) {
			bury(helper);
		} else if (errno != EINTR) {
			return;
		}
	}
}

static void perform(struct helpers *self, struct helper *helper, int64_t until_us)
{
	send_some(helper, until_us);
	if (helper->job->reader.failed)
		fail_job(helper, HELPER_LOST);
	else
		receive_some(self, helper, until_us);
	/* Not before what came while the program itself was stopped was seen. */
	if (helper->job && clock_now_ms() > helper->since_ms + PATIENCE_MS)
		fail_job(helper, HELPER_TOO_LONG);
}

void helpers_perform(struct helpers *self, int64_t until_us, struct wait *wait)
{
	for (size_t i = 0; i < self->count; i++) {
		if (self->list[i].job)
			perform(self, &self->list[i], until_us);
	}
	begin_waiting(self);
	for (size_t i = 0; i < self->count; i++) {
		const struct helper *helper = &self->list[i];
		if (!helper->job)
			continue;
		wait_for(wait, helper->fd, (short)(POLLIN | (has_more(helper) ? POLLOUT : 0)));
		wait_until(wait, helper->since_ms + PATIENCE_MS);
	}
}
