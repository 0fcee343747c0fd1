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

/* The length of a message is sent before it. This value in place of a length says that the job is done. */
#define DONE_MARK UINT32_MAX

enum { READ_SIZE = 64 << 10, EXIT_LIBRARY = 4 };

/* A process that had an input of more than LARGE_INPUT bytes, and has grown by more than MEMORY_GROWTH_MAX
 * bytes since its start, is not used again. */
enum { MEMORY_GROWTH_MAX = 64 << 20, LARGE_INPUT = 256 << 10 };

/* The limit of processor time does not end a process that only waits, so elapsed time has a limit, too. */
enum { JOB_TIMEOUT_MS = 120 * 1000 };

/* Sent to the process before the order and the input. */
struct job_header {
	uint32_t order_len;
	uint64_t input_len;
};

struct helper {
	pid_t pid;              /* 0 if there is no process */
	int fd;                 /* the socket to the process */
	struct helper_job *job; /* NULL if the process is idle */
	int64_t started_ms;     /* when the job was started (monotonic) */
	struct buf send_buf;    /* the header, the order and some of the input */
	size_t sent;            /* bytes of send_buf that were sent */
	struct buf receive_buf; /* received bytes of messages that are not complete yet */
};

struct helpers {
	helper_work_fn work;
	void *ctx;
	struct helper list[HELPERS_MAX];
	size_t count;                                    /* elements of list that may be used */
	struct helper_job *first_waiting, *last_waiting; /* the queue of jobs that wait for a process */
	bool has_warned;                                 /* that no process can be started */
	char chunk[READ_SIZE];                           /* the buffer of one recv(2) */
};

/* The functions from here on run in the helper process. */

struct helper_io {
	int fd;
	uint64_t input_left; /* bytes of the job's input that were not read yet */
	struct buf send_buf; /* messages that were not sent yet */
	struct slice unread; /* the part of bytes that was not used yet */
	char bytes[READ_SIZE];
};

struct process {
	const struct helpers *helpers;
	int fd;
	size_t memory; /* bytes of memory at the start of the process */
};

/* Reads at least one byte. Ends the process if the program has closed its end of the socket. */
static void read_available(struct helper_io *io)
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
			read_available(io);
		size_t chunk = len - done < io->unread.len ? len - done : io->unread.len;
		memcpy((char *)to + done, io->unread.data, chunk);
		io->unread.data += chunk;
		io->unread.len -= chunk;
		done += chunk;
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
	size_t chunk = io->input_left < len ? (size_t)io->input_left : len;
	read_all(io, to, chunk);
	io->input_left -= chunk;
	return chunk;
}

uint64_t helper_remaining(const struct helper_io *io)
{
	return io->input_left;
}

static void flush(struct helper_io *io)
{
	write_all(io->fd, io->send_buf.data, io->send_buf.len);
	buf_clear(&io->send_buf);
}

void helper_send(struct helper_io *io, const struct slice *parts, size_t count)
{
	uint32_t len = 0;
	for (size_t i = 0; i < count; i++)
		len += (uint32_t)parts[i].len;
	buf_append(&io->send_buf, &len, sizeof len);
	for (size_t i = 0; i < count; i++)
		buf_append(&io->send_buf, parts[i].data, parts[i].len);
	if (io->send_buf.len >= READ_SIZE)
		flush(io);
}

void helper_exit_without_library(void)
{
	_exit(EXIT_LIBRARY);
}

/* The limit of processor time is set anew at most this often, to save system calls. A job that does not get a
 * new limit loses no more processor time than this interval. */
enum { LIMIT_INTERVAL_MS = 500 };

static void serve_job(const struct process *self, struct helper_io *io, int64_t *limit_set_ms)
{
	static const uint32_t done = DONE_MARK;
	struct job_header header;
	read_all(io, &header, sizeof header);
	int64_t now = clock_now_ms();
	if (now > *limit_set_ms + LIMIT_INTERVAL_MS) {
		child_limit_time(HELPER_SECONDS);
		*limit_set_ms = now;
	}
	char *order = alloc_resize(NULL, header.order_len, 1);
	read_all(io, order, header.order_len);
	io->input_left = header.input_len;
	self->helpers->work(self->helpers->ctx, (struct slice){order, header.order_len}, io);
	free(order);
	/* The program sends all of the input, so the part that the job did not read is read here. */
	char rest[4096];
	while (io->input_left > 0)
		helper_read(io, rest, sizeof rest);
	buf_append(&io->send_buf, &done, sizeof done);
	flush(io);
	/* The memory is only measured after a large input: a small one seldom makes the process large. */
	if (header.input_len > LARGE_INPUT && child_peak_memory() > self->memory + MEMORY_GROWTH_MAX)
		_exit(0);
}

static void serve_jobs(void *ctx)
{
	struct process *self = ctx;
	struct helper_io *io = alloc_new(sizeof *io);
	int64_t limit_set_ms = INT64_MIN / 2;
	io->fd = self->fd;
	self->memory = child_peak_memory();
	buf_init(&io->send_buf, SIZE_MAX / 2);
	child_limit_memory(HELPER_MEMORY);
	for (;;)
		serve_job(self, io, &limit_set_ms);
}

/* The functions from here on run in the program. */

struct helpers *helpers_new(helper_work_fn work, void *ctx)
{
	struct helpers *self = alloc_new(sizeof *self);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	self->work = work;
	self->ctx = ctx;
	/* There are at least two processes, so that one hostile page does not delay all others. */
	self->count = processors < 2 ? 2 : processors > HELPERS_MAX ? HELPERS_MAX : (size_t)processors;
	for (size_t i = 0; i < HELPERS_MAX; i++) {
		buf_init(&self->list[i].send_buf, SIZE_MAX / 2);
		buf_init(&self->list[i].receive_buf, SIZE_MAX / 2);
	}
	return self;
}

/* Kills the process, which may have ended already, and returns its exit status. */
static int kill_process(struct helper *helper)
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
	assert(!self->first_waiting);
	for (size_t i = 0; i < HELPERS_MAX; i++) {
		struct helper *helper = &self->list[i];
		assert(!helper->job);
		if (helper->pid)
			kill_process(helper);
		buf_release(&helper->send_buf);
		buf_release(&helper->receive_buf);
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
	helper->pid = child_start(serve_jobs, &(struct process){.helpers = self, .fd = pair[1]}, &pair[1], 1);
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

/* False if there is no process, or if it has ended by itself because it had grown large. The socket of a
 * process that has ended becomes readable. */
static bool is_alive(const struct helper *helper)
{
	struct pollfd polled = {.fd = helper->fd, .events = POLLIN};
	return helper->pid && poll(&polled, 1, 0) == 0;
}

static void detach_job(struct helper *helper)
{
	struct helper_job *job = helper->job;
	pieces_reader_release(&job->reader);
	job->helper = NULL;
	helper->job = NULL;
	buf_release(&helper->receive_buf);
}

static void finish_job(struct helper *helper, enum helper_result result)
{
	struct helper_job *job = helper->job;
	detach_job(helper);
	job->on_finished(job, result);
}

/* Fills send_buf up to READ_SIZE bytes with the next bytes of the input. */
static void fill_output(struct helper *helper)
{
	struct slice chunk;
	while (helper->send_buf.len < READ_SIZE &&
	       (chunk = pieces_next_bytes(&helper->job->reader, READ_SIZE - helper->send_buf.len)).len > 0)
		buf_append(&helper->send_buf, chunk.data, chunk.len);
}

static bool has_more(const struct helper *helper)
{
	return helper->sent < helper->send_buf.len || helper->job->reader.size > 0;
}

/* An error of send(2) is not handled here: receive_messages notices that a process has ended. */
static void send_input(struct helper *helper, int64_t until_us)
{
	while (has_more(helper) && clock_now_us() < until_us) {
		if (helper->sent == helper->send_buf.len) {
			helper->sent = 0;
			buf_clear(&helper->send_buf);
		}
		if (helper->sent == 0)
			fill_output(helper);
		if (helper->job->reader.failed)
			return;
		ssize_t n = send(helper->fd, helper->send_buf.data + helper->sent,
		    helper->send_buf.len - helper->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			return;
		helper->sent += (size_t)n;
	}
}

static void start_job(struct helpers *self, struct helper *helper, struct helper_job *job)
{
	struct job_header header = {(uint32_t)job->order.len, job->input->size};
	helper->job = job;
	job->helper = helper;
	job->reader = pieces_read_growing(job->input);
	if (helper->pid && !is_alive(helper))
		kill_process(helper);
	if (!helper->pid && !start_process(self, helper)) {
		if (!self->has_warned)
			log_warning(
			    "no process can be started for XML, XPath and patterns: %s", strerror(errno));
		self->has_warned = true;
		finish_job(helper, HELPER_UNAVAILABLE);
		return;
	}
	helper->started_ms = clock_now_ms();
	helper->sent = 0;
	buf_clear(&helper->send_buf);
	buf_append(&helper->send_buf, &header, sizeof header);
	buf_append(&helper->send_buf, job->order.data, job->order.len);
	send_input(helper, INT64_MAX);
}

/* Returns an idle helper, preferably one whose process is running; NULL if all are busy. */
static struct helper *find_idle(struct helpers *self)
{
	struct helper *idle = NULL;
	for (struct helper *helper = self->list; helper < self->list + self->count; helper++) {
		if (!helper->job && (!idle || (!idle->pid && helper->pid)))
			idle = helper;
	}
	return idle;
}

/* Removes a job from the queue, if it is there. */
static void remove_waiting(struct helpers *self, const struct helper_job *job)
{
	struct helper_job *before = NULL;
	for (struct helper_job *at = self->first_waiting; at; before = at, at = at->next) {
		if (at != job)
			continue;
		*(before ? &before->next : &self->first_waiting) = job->next;
		if (self->last_waiting == job)
			self->last_waiting = before;
		return;
	}
}

static bool may_start_background(const struct helpers *self)
{
	size_t running = 0;
	for (size_t i = 0; i < self->count; i++)
		running += self->list[i].job && self->list[i].job->is_background;
	return running + 1 < self->count;
}

/* Returns the job of the queue that is to be started next; NULL if none may start. */
static struct helper_job *find_startable(const struct helpers *self)
{
	struct helper_job *job = self->first_waiting;
	while (job && job->is_background)
		job = job->next;
	return job ? job : self->first_waiting && may_start_background(self) ? self->first_waiting : NULL;
}

static void start_waiting_jobs(struct helpers *self)
{
	struct helper_job *job;
	for (struct helper *idle; (job = find_startable(self)) && (idle = find_idle(self));) {
		remove_waiting(self, job);
		start_job(self, idle, job);
	}
}

void helpers_add(struct helpers *self, struct helper_job *job)
{
	job->next = NULL;
	job->helper = NULL;
	if (self->last_waiting)
		self->last_waiting->next = job;
	else
		self->first_waiting = job;
	self->last_waiting = job;
	start_waiting_jobs(self);
}

void helpers_remove(struct helpers *self, struct helper_job *job)
{
	if (job->helper) {
		kill_process(job->helper);
		detach_job(job->helper);
		return;
	}
	remove_waiting(self, job);
}

static enum helper_result result_of_status(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGXCPU ? HELPER_OUT_OF_TIME : HELPER_CRASHED;
	if (WEXITSTATUS(status) == EXIT_LIBRARY)
		return HELPER_UNAVAILABLE;
	return WEXITSTATUS(status) == status_exit_code(STATUS_MEMORY) ? HELPER_OUT_OF_MEMORY : HELPER_CRASHED;
}

static void abort_job(struct helper *helper, enum helper_result result)
{
	kill_process(helper);
	finish_job(helper, result);
}

/* Finishes the job of a process that has ended in the middle of it. */
static void finish_dead_process(struct helper *helper)
{
	enum helper_result result = result_of_status(child_wait(helper->pid));
	close(helper->fd);
	helper->pid = 0;
	finish_job(helper, result);
}

/* Passes each complete message to the job. Returns false when the job is done. */
static bool deliver_messages(struct helper *helper)
{
	size_t at = 0;
	uint32_t len;
	while (helper->receive_buf.len - at >= sizeof len) {
		memcpy(&len, helper->receive_buf.data + at, sizeof len);
		if (len == DONE_MARK)
			return false;
		if (helper->receive_buf.len - at - sizeof len < len)
			break;
		at += sizeof len;
		helper->job->on_message(helper->job, (struct slice){helper->receive_buf.data + at, len});
		at += len;
	}
	buf_consume(&helper->receive_buf, at);
	return true;
}

static void receive_messages(struct helpers *self, struct helper *helper, int64_t until_us)
{
	while (helper->job && clock_now_us() < until_us) {
		ssize_t n = recv(helper->fd, self->chunk, sizeof self->chunk, MSG_DONTWAIT);
		if (n > 0) {
			buf_append(&helper->receive_buf, self->chunk, (size_t)n);
			if (!deliver_messages(helper))
				finish_job(helper, HELPER_DONE);
		} else if (n == 0 || errno == ECONNRESET) {
			finish_dead_process(helper);
		} else if (errno != EINTR) {
			return;
		}
	}
}

static void perform_one(struct helpers *self, struct helper *helper, int64_t until_us)
{
	send_input(helper, until_us);
	if (helper->job->reader.failed)
		abort_job(helper, HELPER_INPUT_LOST);
	else
		receive_messages(self, helper, until_us);
	/* The time-out is checked last: messages may have arrived while the program itself was stopped. */
	if (helper->job && clock_now_ms() > helper->started_ms + JOB_TIMEOUT_MS)
		abort_job(helper, HELPER_OUT_OF_TIME);
}

void helpers_perform(struct helpers *self, int64_t until_us, struct wait *wait)
{
	for (size_t i = 0; i < self->count; i++) {
		if (self->list[i].job)
			perform_one(self, &self->list[i], until_us);
	}
	start_waiting_jobs(self);
	for (size_t i = 0; i < self->count; i++) {
		const struct helper *helper = &self->list[i];
		if (!helper->job)
			continue;
		wait_for(wait, helper->fd, (short)(POLLIN | (has_more(helper) ? POLLOUT : 0)));
		wait_until(wait, helper->started_ms + JOB_TIMEOUT_MS);
	}
}
