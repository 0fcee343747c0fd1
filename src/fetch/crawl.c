#include "fetch/crawl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "fetch/lookup_queue.h"
#include "fetch/poll_set.h"
#include "fetch/setup.h"
#include "fetch/watchdog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A signal that arrives just before poll(2) begins is noticed after this time at the latest. */
enum { POLL_TIMEOUT_MAX_MS = 500 };

/* The most descriptors that the caller and the name lookups add in one turn. */
enum { OTHER_DESCRIPTORS_MAX = 128 };

/* The limits of one turn of the loop, so that the running transfers are served between the starts. More
 * requests may be taken than transfers started, because a request that waits for its name costs little. */
enum { STARTS_PER_TURN = 64, REQUESTS_PER_TURN = 1024 };

/* Each call of poll(2) costs the system some 100 ns for each socket, whether it is ready or not. With many
 * sockets, the loop pauses between two calls, in proportion to their number, so that polling takes only a
 * small part of the time. One call then reports all that arrived during the pause. */
enum { MANY_SOCKETS = 128, PAUSE_US_PER_SOCKET = 8, PAUSE_MAX_US = 20000 };

/* A turn of the loop works at most this long on what was received. The rest is left for the next turn. */
enum { TURN_WORK_US = 25000 };

struct crawl {
	const struct settings *settings;
	size_t slots; /* how many transfers may run at once */
	struct transfers transfers;
	const struct crawl_handlers *handlers;
	void *ctx;
	CURLM *multi;
	struct shares shares;
	struct poll_set sockets;
	int64_t curl_due_ms; /* when libcurl must be called even if no socket is ready (monotonic ms) */
	struct lookup_queue *lookups;
	struct transfer **idle; /* a stack of free slots */
	size_t idle_count;
	struct transfer **active; /* the running transfers; each knows its index */
	size_t active_count;
	size_t idle_connections; /* an upper bound of the idle connections */
	bool finished;           /* the handler next has returned CRAWL_FINISHED in this turn */
	bool has_starts_left;    /* this turn's limit was reached, so more requests may be ready to start */
	bool has_bytes_left;     /* the time of this turn was not enough to decode all that was received */
	struct wait wait;        /* what the caller waits for */
	int64_t polled_us;       /* when poll(2) last returned (monotonic us) */
	int64_t turn_began_us;   /* when the current turn began (monotonic us) */
	int64_t longest_turn_us;
};

static enum status log_library_error(const char *what, const char *why)
{
	log_error("libcurl: %s: %s", what, why);
	return STATUS_LIBRARY;
}

static int on_socket(CURL *easy, curl_socket_t descriptor, int what, void *ctx, void *unused)
{
	struct crawl *self = ctx;
	bool reads = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
	bool writes = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
	(void)unused;
	struct transfer *transfer = NULL;
	if (reads)
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
	if (transfer)
		transfer_record_reading(transfer, descriptor);
	poll_set_watch(&self->sockets, descriptor, (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)));
	return 0;
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
	struct crawl *self = ctx;
	(void)multi;
	self->curl_due_ms = ms < 0 ? CLOCK_NEVER : clock_now_ms() + ms;
	return 0;
}

static enum status crawl_init(struct crawl *self)
{
	watchdog_start();
	self->transfers = (struct transfers){
	    .settings = self->settings, .shares = &self->shares, .handlers = &self->handlers->fetch};
	leftovers_init(&self->transfers.leftovers);
	self->slots = descriptors_init(
	    &self->transfers.descriptors, self->settings->options->jobs, self->settings->options->http3);
	self->multi = curl_multi_init();
	if (!shares_init(&self->shares) || !self->multi)
		return log_library_error("start", "no handle");
	self->curl_due_ms = CLOCK_NEVER;
	curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self);
	curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self);
	/* libcurl keeps as many idle connections as there are slots. By default it keeps fewer while few
	 * transfers run, and would close connections that are needed again soon. */
	curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)self->slots);
	/* An idle connection that libcurl closes is still open until the server has confirmed that, which
	 * takes long over QUIC. Such connections count here, too, and a new connection replaces the oldest of
	 * them. It never waits, because at most slots connections are in use. */
	if (self->settings->options->http3)
		curl_multi_setopt(self->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)self->slots);
	self->idle = alloc_array(self->slots, sizeof(struct transfer *));
	self->active = alloc_array(self->slots, sizeof(struct transfer *));
	return lookup_queue_new(&self->lookups, self->settings, self->handlers->done, self->ctx);
}

static void crawl_release(struct crawl *self)
{
	curl_multi_cleanup(self->multi);
	while (self->idle_count)
		transfer_free(self->idle[--self->idle_count]);
	free(self->idle);
	free(self->active);
	heap_release(&self->transfers.paused);
	heap_release(&self->transfers.deadlines);
	own_networks_release(&self->transfers.own_networks);
	leftovers_release(&self->transfers.leftovers);
	decoder_limits_release(&self->transfers.decoding);
	lookup_queue_free(self->lookups);
	poll_set_release(&self->sockets);
	shares_release(&self->shares);
	watchdog_stop();
}

static struct transfer *take_slot(struct crawl *self)
{
	if (self->idle_count == 0)
		return transfer_new(&self->transfers);
	struct transfer *transfer = self->idle[--self->idle_count];
	/* Removing a handle makes libcurl walk all connections, so it is put off until the slot is reused;
	 * the last handles of a run are never removed one by one. */
	curl_multi_remove_handle(self->multi, transfer_handle(transfer));
	return transfer;
}

static void assign_slot(struct crawl *self, struct transfer *transfer, size_t index)
{
	self->active[index] = transfer;
	transfer_set_index(transfer, index);
}

/* Reports the result of a transfer that libcurl has finished, and frees its slot. */
static void finish_transfer(struct crawl *self, struct transfer *transfer, CURLcode code)
{
	struct transfer *last = self->active[--self->active_count];
	assign_slot(self, last, transfer_index(transfer));
	self->idle_connections++;
	struct fetch_result result = transfer_result(transfer, code);
	self->handlers->done(self->ctx, transfer_job(transfer), &result);
	fetch_cookies_free(result.cookies);
	self->idle[self->idle_count++] = transfer;
}

static void abort_transfer(struct crawl *self, struct transfer *transfer, CURLcode code)
{
	curl_multi_remove_handle(self->multi, transfer_handle(transfer));
	finish_transfer(self, transfer, code);
}

static void report_interrupted(struct crawl *self, void *job)
{
	struct fetch_result result = {.interrupted = true,
	    .retry_after_ms = -1,
	    .stage = STAGE_LOCAL,
	    .cause = CAUSE_STOPPED,
	    .phases = {-1, -1, -1, -1, -1, -1}};
	self->handlers->done(self->ctx, job, &result);
}

static enum status start_transfer(struct crawl *self, const struct fetch_request *request)
{
	struct transfer *transfer = take_slot(self);
	if (!transfer_prepare(transfer, request, self->idle_connections == 0)) {
		report_interrupted(self, request->job);
		transfer_free(transfer);
		return STATUS_LIBRARY;
	}
	self->idle_connections -= self->idle_connections > 0;
	assign_slot(self, transfer, self->active_count++);
	CURLMcode code = curl_multi_add_handle(self->multi, transfer_handle(transfer));
	if (code != CURLM_OK) {
		abort_transfer(self, transfer, CURLE_ABORTED_BY_CALLBACK);
		return log_library_error("add a transfer", curl_multi_strerror(code));
	}
	return STATUS_OK;
}

/* Returns true if another transfer may start. If none is running, one may always start: it may fail because
 * no file descriptor is free, but a run that starts nothing would never end. */
static bool may_start(const struct crawl *self, size_t limit)
{
	return self->active_count < limit &&
	       (self->active_count == 0 || descriptors_allow(&self->transfers.descriptors));
}

/* Starts the requests that may start now: first those whose addresses have arrived, then new ones. A new
 * request whose addresses are not known yet waits in the lookup queue. */
static enum status start_requests(struct crawl *self)
{
	enum status status = STATUS_OK;
	struct fetch_request request;
	size_t limit = self->active_count + STARTS_PER_TURN;
	if (limit > self->slots)
		limit = self->slots;
	self->finished = false;
	self->wait = (struct wait){.wake_ms = CLOCK_NEVER};
	self->handlers->turn(self->ctx, &self->wait);
	while (status == STATUS_OK && may_start(self, limit) && lookup_queue_next(self->lookups, &request)) {
		if (lookup_queue_add(self->lookups, &request))
			status = start_transfer(self, &request);
	}
	size_t requests = 0;
	while (requests < REQUESTS_PER_TURN && status == STATUS_OK && may_start(self, limit) &&
	       lookup_queue_has_room(self->lookups)) {
		request = (struct fetch_request){0};
		enum crawl_next next = self->handlers->next(self->ctx, &request, &self->wait);
		self->finished = next == CRAWL_FINISHED;
		if (next != CRAWL_START)
			break;
		if (lookup_queue_add(self->lookups, &request))
			status = start_transfer(self, &request);
		requests++;
	}
	self->has_starts_left =
	    requests == REQUESTS_PER_TURN || (self->active_count == limit && limit < self->slots);
	return status;
}

/* Ends the transfers whose time is over but that libcurl has not ended, and those whose decoder must give up
 * its memory. Returns how many. */
static size_t abort_overdue(struct crawl *self)
{
	size_t ended = 0;
	int64_t now = clock_now_ms();
	struct heap_node *node;
	void *transfer;
	for (; (node = heap_first(&self->transfers.deadlines)) && (int64_t)node->key <= now; ended++)
		abort_transfer(self, node->item, transfer_abort_code(node->item));
	for (; decoder_limits_eviction_ms(&self->transfers.decoding, &transfer) <= now; ended++) {
		transfer_evict(transfer);
		abort_transfer(self, transfer, transfer_abort_code(transfer));
	}
	return ended;
}

static void set_work_deadline(struct crawl *self)
{
	self->transfers.decoding.until_us = clock_now_us() + TURN_WORK_US;
}

/* Continues with the transfers that were paused in the middle of decoding, each at most once: one that is
 * paused again gets a key of at least pause_count. */
static void resume_paused(struct crawl *self)
{
	struct heap *paused = &self->transfers.paused;
	uint64_t pause_count = self->transfers.pause_count;
	self->has_bytes_left = false;
	set_work_deadline(self);
	for (struct heap_node *node; (node = heap_first(paused)) && node->key < pause_count;) {
		struct transfer *transfer = node->item;
		enum decoder_result result = transfer_resume(transfer);
		self->has_bytes_left |= result == DECODER_LATER;
		if (result == DECODER_STOPPED)
			abort_transfer(self, transfer, transfer_abort_code(transfer));
	}
}

/* Finishes the transfers that have ended. Returns how many. */
static size_t collect_finished(struct crawl *self)
{
	size_t ended = 0;
	int left;
	for (const CURLMsg *message; (message = curl_multi_info_read(self->multi, &left));) {
		struct transfer *transfer = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		if (transfer_holds_end(transfer, message->data.result))
			continue;
		finish_transfer(self, transfer, message->data.result);
		ended++;
	}
	return ended + abort_overdue(self);
}

/* Records how long the turn took until now. It began when the loop last stopped waiting for the sockets. */
static void record_turn_time(struct crawl *self)
{
	int64_t now = clock_now_us();
	if (now - self->turn_began_us > self->longest_turn_us)
		self->longest_turn_us = now - self->turn_began_us;
	self->turn_began_us = now;
}

/* Tells libcurl that a socket is ready, or, with CURL_SOCKET_TIMEOUT, that its timer has expired. */
static enum status socket_action(struct crawl *self, curl_socket_t descriptor, int events)
{
	int running;
	watchdog_enter();
	CURLMcode code = curl_multi_socket_action(self->multi, descriptor, events, &running);
	watchdog_leave();
	return code == CURLM_OK ? STATUS_OK : log_library_error("go on", curl_multi_strerror(code));
}

/* What libcurl receives here may make a transfer pause, which is resumed in the next turn. */
static enum status timer_action_if_due(struct crawl *self)
{
	if (self->curl_due_ms > clock_now_ms())
		return STATUS_OK;
	uint64_t pause_count = self->transfers.pause_count;
	self->curl_due_ms = CLOCK_NEVER;
	enum status status = socket_action(self, CURL_SOCKET_TIMEOUT, 0);
	self->has_bytes_left |= self->transfers.pause_count > pause_count;
	return status;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int poll_timeout_ms(const struct crawl *self, int64_t wake)
{
	int64_t now = clock_now_ms();
	const struct heap_node *first_deadline = heap_first(&self->transfers.deadlines);
	void *unused;
	wake = earlier(earlier(wake, self->curl_due_ms), self->handlers->stop_at);
	wake = earlier(wake, decoder_limits_eviction_ms(&self->transfers.decoding, &unused));
	if (first_deadline)
		wake = earlier(wake, (int64_t)first_deadline->key);
	return wake <= now ? 0 : (int)earlier(wake - now, POLL_TIMEOUT_MAX_MS);
}

/* Adds the descriptors of the caller and then those of the name lookups to the next wait, and reduces *wake
 * to the time at which the lookups must be called. Returns how many descriptors are those of the lookups. */
static size_t add_other_descriptors(struct crawl *self, int64_t *wake)
{
	struct pollfd fds[OTHER_DESCRIPTORS_MAX];
	size_t count = 0;
	for (; count < self->wait.count; count++)
		fds[count] = (struct pollfd){
		    .fd = self->wait.list[count].descriptor, .events = self->wait.list[count].events};
	size_t lookup_count =
	    lookup_queue_poll(self->lookups, fds + count, OTHER_DESCRIPTORS_MAX - count, wake);
	count += lookup_count;
	poll_set_add_once(&self->sockets, fds, count);
	return lookup_count;
}

/* Returns how much is left of the pause before the next call of poll(2); see PAUSE_US_PER_SOCKET. Not
 * positive if there is no pause. */
static int64_t pause_left_us(const struct crawl *self)
{
	if (self->sockets.watched_count < MANY_SOCKETS)
		return 0;
	int64_t pause_us = earlier((int64_t)self->sockets.watched_count * PAUSE_US_PER_SOCKET, PAUSE_MAX_US);
	return self->polled_us + pause_us - clock_now_us();
}

static int select_flags(short revents)
{
	return (revents & POLLIN ? CURL_CSELECT_IN : 0) | (revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
	       (revents & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_IN | CURL_CSELECT_ERR : 0);
}

/* Waits until a descriptor is ready or a timer has expired, and lets libcurl and the name lookups handle what
 * is ready. If work is left, only checks what is ready, or returns at once if the pause before the next call
 * of poll(2) is not over. */
static enum status wait_for_events(struct crawl *self, bool work_left)
{
	const struct pollfd *ready, *others;
	int64_t pause_us = pause_left_us(self);
	if (work_left && pause_us > 0)
		return STATUS_OK;
	int64_t wake = work_left ? 0 : self->wait.wake_ms;
	size_t lookup_count = add_other_descriptors(self, &wake);
	size_t caller_count = self->sockets.other_count - lookup_count;
	record_turn_time(self);
	if (pause_us > 0)
		nanosleep(&(struct timespec){.tv_nsec = pause_us * 1000}, NULL);
	long count = poll_set_wait(&self->sockets, poll_timeout_ms(self, wake), &ready, &others);
	self->polled_us = self->turn_began_us = clock_now_us();
	set_work_deadline(self);
	if (count < 0)
		return log_library_error("wait", strerror(errno));
	lookup_queue_perform(self->lookups, others + caller_count, lookup_count);
	enum status status = STATUS_OK;
	for (long i = 0; i < count && status == STATUS_OK; i++) {
		if (i > 0 && clock_now_us() >= self->transfers.decoding.until_us) {
			poll_set_report_first(&self->sockets, ready[i].fd);
			break;
		}
		status = socket_action(self, ready[i].fd, select_flags(ready[i].revents));
	}
	return status;
}

static enum status run_loop(struct crawl *self)
{
	enum status status = STATUS_OK;
	while (status == STATUS_OK && !self->handlers->stopping(self->ctx) &&
	       clock_now_ms() < self->handlers->stop_at) {
		resume_paused(self);
		collect_finished(self);
		status = start_requests(self);
		if (status == STATUS_OK && self->finished && self->active_count == 0 &&
		    lookup_queue_count(self->lookups) == 0)
			break;
		if (status == STATUS_OK)
			status = timer_action_if_due(self);
		/* If a transfer has ended here, its slot may be used again, or the run may be over. So the
		 * loop must not wait. */
		size_t ended = collect_finished(self);
		if (status == STATUS_OK)
			status =
			    wait_for_events(self, ended > 0 || self->has_starts_left || self->has_bytes_left);
	}
	return status;
}

enum status crawl_check(const struct settings *settings)
{
	struct lookup_queue *lookups;
	enum status status = lookup_queue_new(&lookups, settings, NULL, NULL);
	lookup_queue_free(lookups);
	return status;
}

enum status crawl_run(
    const struct settings *settings, const struct crawl_handlers *handlers, int64_t *longest_turn_us)
{
	struct crawl self = {.settings = settings, .handlers = handlers, .ctx = handlers->fetch.ctx};
	enum status status = crawl_init(&self);
	self.turn_began_us = clock_now_us();
	if (status == STATUS_OK)
		status = run_loop(&self);
	while (self.active_count)
		abort_transfer(&self, self.active[0], CURLE_ABORTED_BY_CALLBACK);
	for (void *job; self.lookups && (job = lookup_queue_abandon(self.lookups));)
		report_interrupted(&self, job);
	crawl_release(&self);
	*longest_turn_us = self.longest_turn_us;
	return status;
}
