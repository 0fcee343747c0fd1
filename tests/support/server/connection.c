#include "connection.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_AT_ONCE = 16 << 10,
	IN_MAX = REQUEST_HEAD_MAX + READ_AT_ONCE,
	WRITE_PER_VISIT = 1 << 20, /* so that one fast reader does not keep the others waiting */
	LINGER_MS = 1000,
	HOLD_CHECK_MS = 5
};

enum state { READING, ANSWERING, LINGERING };

enum progress { BLOCKED, DONE, CLOSING, GONE };

struct connection {
	int fd;
	unsigned number;
	const struct answer_source *source;
	enum state state;
	struct buf in;
	bool in_ended;      /* the client will send no more */
	uint64_t body_left; /* of the request, still to be thrown away */
	struct script script;
	size_t step;
	uint64_t sent;     /* of the step */
	size_t since_pace; /* bytes sent since the last pause */
	double wake_ms;    /* the end of a pause; negative: there is none */
	bool waited;       /* the step's wait has begun */
	bool writing;      /* the socket was full */
	bool stale;        /* the next request is not answered */
	struct stats_ticket ticket;
	uint64_t answer_bytes;
};

struct connection *connection_new(int fd, unsigned number, const struct answer_source *source)
{
	struct connection *self = alloc_new(sizeof *self);
	self->fd = fd;
	self->number = number;
	self->source = source;
	self->wake_ms = -1;
	buf_init(&self->in, IN_MAX);
	script_init(&self->script);
	stats_connected(source->stats);
	return self;
}

static void end_request(struct connection *self, bool complete, double now_ms)
{
	stats_end(
	    self->source->stats, &self->ticket, self->script.status, self->answer_bytes, complete, now_ms);
	script_release(&self->script);
}

void connection_free(struct connection *self, double now_ms)
{
	end_request(self, false, now_ms);
	stats_disconnected(self->source->stats);
	buf_release(&self->in);
	close(self->fd);
	free(self);
}

int connection_fd(const struct connection *self)
{
	return self->fd;
}

short connection_events(const struct connection *self)
{
	bool reads = !self->in_ended && self->in.len <= REQUEST_HEAD_MAX;
	return (short)((reads ? POLLIN : 0) | (self->writing ? POLLOUT : 0));
}

double connection_wake_ms(const struct connection *self)
{
	return self->wake_ms;
}

/* False where the connection is broken. */
static bool read_input(struct connection *self)
{
	while (!self->in_ended && self->in.len <= REQUEST_HEAD_MAX) {
		ssize_t got = recv(self->fd, buf_reserve(&self->in, READ_AT_ONCE), READ_AT_ONCE, 0);
		if (got > 0)
			self->in.len += (size_t)got;
		else if (got == 0)
			self->in_ended = true;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return true;
		else if (errno != EINTR)
			return false;
		if (self->state == LINGERING)
			buf_clear(&self->in);
	}
	return true;
}

static void start_answer(struct connection *self)
{
	self->state = ANSWERING;
	self->step = 0;
	self->sent = 0;
	self->since_pace = 0;
	self->waited = false;
	self->answer_bytes = 0;
	script_init(&self->script);
}

static void refuse_request(struct connection *self)
{
	buf_clear(&self->in);
	start_answer(self);
	steps_send_text(&self->script.steps,
	    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	steps_end(&self->script.steps, STEP_CLOSE);
}

/* Starts the answer to the next request where there is one; GONE where it shall have none. */
static enum progress take_request(struct connection *self, double now_ms)
{
	size_t skip = self->body_left < self->in.len ? (size_t)self->body_left : self->in.len;
	buf_consume(&self->in, skip);
	self->body_left -= skip;
	if (self->body_left > 0 || self->in.len == 0)
		return BLOCKED;
	struct request request;
	enum request_state state = request_parse(&request, self->in.data, self->in.len);
	if (state == REQUEST_MORE)
		return BLOCKED;
	if (state == REQUEST_BAD) {
		refuse_request(self);
		return DONE;
	}
	buf_consume(&self->in, request.head.len);
	self->body_left = request.body_len;
	start_answer(self);
	uint64_t asked = 0;
	if (answer_is_counted(&request))
		asked = stats_begin(self->source->stats, &self->ticket, &request, self->number, now_ms);
	if (!self->stale)
		answer_make(self->source, &request, asked, &self->script);
	request_release(&request);
	return self->stale ? GONE : DONE;
}

/* How much of the step may go out now. */
static size_t next_piece(const struct connection *self, const struct step *step, size_t budget)
{
	size_t piece = step->len - (size_t)(self->sent % step->len);
	if (step->total != STEPS_FOREVER && piece > step->total - self->sent)
		piece = (size_t)(step->total - self->sent);
	size_t paced = self->since_pace < step->pace_bytes ? step->pace_bytes - self->since_pace : 1;
	if (step->pace_bytes > 0 && piece > paced)
		piece = paced;
	return piece < budget ? piece : budget;
}

static enum progress send_step(struct connection *self, const struct step *step, double now_ms)
{
	size_t budget = WRITE_PER_VISIT;
	while (step->total == STEPS_FOREVER || self->sent < step->total) {
		if (budget == 0) {
			self->writing = true;
			return BLOCKED;
		}
		size_t piece = next_piece(self, step, budget);
		ssize_t put = send(self->fd, step->bytes + self->sent % step->len, piece, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		self->writing = put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
		if (put < 0)
			return self->writing ? BLOCKED : GONE;
		self->sent += (size_t)put;
		self->answer_bytes += (size_t)put;
		budget -= (size_t)put;
		self->since_pace = step->pace_bytes > 0 ? self->since_pace + (size_t)put : 0;
		if (step->pace_bytes > 0 && self->since_pace >= step->pace_bytes) {
			self->since_pace = 0;
			self->wake_ms = now_ms + (double)step->pace_ms;
			return BLOCKED;
		}
	}
	return DONE;
}

static enum progress reset(struct connection *self)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	return GONE;
}

static enum progress hold(struct connection *self, const struct step *step, double now_ms)
{
	uint64_t seen = stats_group_requests(self->source->stats, (struct slice){step->bytes, step->len});
	if (seen >= step->wait_requests)
		return DONE;
	self->wake_ms = now_ms + HOLD_CHECK_MS;
	return self->in_ended ? GONE : BLOCKED;
}

/* Walks on through the steps; DONE behind the last one. */
static enum progress walk(struct connection *self, double now_ms)
{
	const struct steps *steps = &self->script.steps;
	if (self->wake_ms >= 0 && now_ms < self->wake_ms)
		return self->in_ended ? GONE : BLOCKED;
	self->wake_ms = -1;
	while (self->step < steps->count) {
		const struct step *step = &steps->step[self->step];
		enum progress progress = DONE;
		if (step->kind == STEP_SEND)
			progress = send_step(self, step, now_ms);
		else if (step->kind == STEP_HOLD)
			progress = hold(self, step, now_ms);
		else if (step->kind == STEP_HANG)
			return self->in_ended ? GONE : BLOCKED;
		else if (step->kind == STEP_CLOSE)
			return CLOSING;
		else if (step->kind == STEP_RESET)
			return reset(self);
		else if (!self->waited) {
			self->waited = true;
			self->wake_ms = now_ms + (double)step->wait_ms;
			return self->in_ended ? GONE : BLOCKED;
		}
		if (progress != DONE)
			return progress;
		self->waited = false;
		self->step++;
		self->sent = 0;
	}
	return DONE;
}

/* The client shall read all that was sent before it learns of the end: a close with unread input would be
 * an RST. */
static bool start_linger(struct connection *self, double now_ms)
{
	end_request(self, true, now_ms);
	shutdown(self->fd, SHUT_WR);
	self->state = LINGERING;
	self->writing = false;
	self->wake_ms = now_ms + LINGER_MS;
	buf_clear(&self->in);
	return !self->in_ended;
}

bool connection_work(struct connection *self, bool readable, double now_ms)
{
	if (readable && !read_input(self))
		return false;
	if (self->state == LINGERING)
		return !self->in_ended && now_ms < self->wake_ms;
	for (;;) {
		enum progress progress =
		    self->state == READING ? take_request(self, now_ms) : walk(self, now_ms);
		if (progress == GONE)
			return false;
		if (progress == CLOSING)
			return start_linger(self, now_ms);
		if (progress == BLOCKED)
			return self->state == ANSWERING || !self->in_ended;
		if (self->state == READING)
			continue;
		if (self->step == self->script.steps.count) {
			self->stale = self->script.stale;
			end_request(self, true, now_ms);
			self->state = READING;
		}
	}
}
