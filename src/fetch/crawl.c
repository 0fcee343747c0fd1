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

/* A signal that comes just before the poll begins is seen this late at most. */
enum { POLL_LONGEST_MS = 500 };

enum { DESCRIPTORS_MAX = 128 };

/* In between those that are connected already are served. A request that has to wait for a name is quickly
 * put aside. */
enum { STARTS_EACH_TURN = 64, REQUESTS_EACH_TURN = 1024 };

/* A look at a connection takes the system some 100 ns, whether anything has come or not. Where there are
 * many, looks are so far apart that they take little of the time, and what has come in between is seen at
 * once. */
enum { MANY_SOCKETS = 128, PAUSE_US_EACH = 8, PAUSE_MAX_US = 20000 };

/* So long does a turn of the loop work on what came in; the rest waits for the next one. */
enum { TURN_WORK_US = 25000 };

struct crawl {
	const struct settings *settings;
	size_t slots; /* transfers at once */
	struct transfers transfers;
	const struct crawl_handlers *handlers;
	void *ctx;
	CURLM *multi;
	struct shares shares;
	struct poll_set sockets;
	int64_t curl_due; /* when libcurl wants to be called though nothing happens */
	struct lookup_queue *lookups;
	struct transfer **idle; /* a stack of slots */
	size_t idle_count;
	struct transfer **active;
	size_t active_count;
	size_t reusable; /* at most so many connections are open and free */
	bool finished;
	bool starts_left; /* there was no time for more in this turn, */
	bool bytes_left;  /* … nor to decode all that had come */
	struct wait wait;
	int64_t looked_at_us;
	int64_t turned_at_us;
	int64_t longest_turn_us;
};

static enum status complain(const char *what, const char *why)
{
	log_error("libcurl: %s: %s", what, why);
	return STATUS_LIBRARY;
}

static int on_socket(CURL *easy, curl_socket_t descriptor, int what, void *ctx, void *unused)
{
	struct crawl *self = ctx;
	bool reads = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
	bool writes = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
	(void)easy;
	(void)unused;
	poll_set_watch(&self->sockets, descriptor, (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)));
	return 0;
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
	struct crawl *self = ctx;
	(void)multi;
	self->curl_due = ms < 0 ? CLOCK_NEVER : clock_now_ms() + ms;
	return 0;
}

static enum status crawl_init(struct crawl *self)
{
	watchdog_start();
	self->transfers = (struct transfers){
	    .settings = self->settings, .shares = &self->shares, .handlers = &self->handlers->fetch};
	self->slots = descriptors_init(&self->transfers.descriptors, self->settings->options->jobs);
	self->multi = curl_multi_init();
	if (!shares_init(&self->shares) || !self->multi)
		return complain("start", "no handle");
	self->curl_due = CLOCK_NEVER;
	curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self);
	curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self);
	/* The idle connections to keep; left to itself libcurl closes warm ones in a lull. */
	curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)self->slots);
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
	heap_release(&self->transfers.ending);
	own_networks_release(&self->transfers.own_networks);
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

static void assign_slot(struct crawl *self, struct transfer *transfer, size_t at)
{
	self->active[at] = transfer;
	transfer_set_place(transfer, at);
}

/* libcurl is done with a transfer: reports how it ended, and frees its slot. */
static void finish_transfer(struct crawl *self, struct transfer *transfer, CURLcode code)
{
	struct transfer *last = self->active[--self->active_count];
	assign_slot(self, last, transfer_place(transfer));
	self->reusable++;
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
	struct fetch_result nothing = {.interrupted = true,
	    .retry_after_ms = -1,
	    .stage = STAGE_LOCAL,
	    .cause = CAUSE_STOPPED,
	    .phases = {-1, -1, -1, -1, -1, -1}};
	self->handlers->done(self->ctx, job, &nothing);
}

static enum status start_transfer(struct crawl *self, const struct fetch_request *request)
{
	struct transfer *transfer = take_slot(self);
	if (!transfer_prepare(transfer, request, self->reusable == 0)) {
		report_interrupted(self, request->job);
		transfer_free(transfer);
		return STATUS_LIBRARY;
	}
	self->reusable -= self->reusable > 0;
	assign_slot(self, transfer, self->active_count++);
	CURLMcode code = curl_multi_add_handle(self->multi, transfer_handle(transfer));
	if (code != CURLM_OK) {
		abort_transfer(self, transfer, CURLE_ABORTED_BY_CALLBACK);
		return complain("add a transfer", curl_multi_strerror(code));
	}
	return STATUS_OK;
}

/* With nothing in flight, one transfer may always start: it may fail for want of a descriptor, but a run that
 * starts nothing would never end. */
static bool may_start(const struct crawl *self, size_t most)
{
	return self->active_count < most &&
	       (self->active_count == 0 || descriptors_allow(&self->transfers.descriptors));
}

/* Starts what may start now: first the requests whose names were looked up, then new ones, which wait for
 * their name's address if they need one. */
static enum status start_requests(struct crawl *self)
{
	enum status status = STATUS_OK;
	struct fetch_request request;
	size_t most = self->active_count + STARTS_EACH_TURN;
	if (most > self->slots)
		most = self->slots;
	self->finished = false;
	self->wait = (struct wait){.wake = CLOCK_NEVER};
	self->handlers->turn(self->ctx, &self->wait);
	while (status == STATUS_OK && may_start(self, most) && lookup_queue_next(self->lookups, &request)) {
		if (lookup_queue_add(self->lookups, &request))
			status = start_transfer(self, &request);
	}
	size_t requests = 0;
	for (; requests < REQUESTS_EACH_TURN && status == STATUS_OK && may_start(self, most) &&
	       lookup_queue_have_room(self->lookups);
	     requests++) {
		request = (struct fetch_request){0};
		enum crawl_next next = self->handlers->next(self->ctx, &request, &self->wait);
		self->finished = next == CRAWL_FINISHED;
		if (next != CRAWL_START)
			break;
		if (lookup_queue_add(self->lookups, &request))
			status = start_transfer(self, &request);
	}
	self->starts_left =
	    requests == REQUESTS_EACH_TURN || (self->active_count == most && most < self->slots);
	return status;
}

/* Ends the transfers that are over time and that libcurl has not ended. Returns how many. */
static size_t end_overdue(struct crawl *self)
{
	size_t ended = 0;
	int64_t now = clock_now_ms();
	struct heap_node *node;
	void *transfer;
	for (; (node = heap_first(&self->transfers.ending)) && (int64_t)node->key <= now; ended++)
		abort_transfer(self, node->thing, transfer_code(node->thing));
	for (; decoder_limits_due(&self->transfers.decoding, &transfer) <= now; ended++) {
		transfer_evict(transfer);
		abort_transfer(self, transfer, transfer_code(transfer));
	}
	return ended;
}

static void begin_work(struct crawl *self)
{
	self->transfers.decoding.until_us = clock_now_us() + TURN_WORK_US;
}

/* Goes on with transfers that were paused in the middle of decoding, each once, while this turn has time. */
static void resume_paused(struct crawl *self)
{
	struct heap *paused = &self->transfers.paused;
	uint64_t pauses = self->transfers.pauses;
	self->bytes_left = false;
	begin_work(self);
	for (struct heap_node *node; (node = heap_first(paused)) && node->key < pauses;) {
		struct transfer *transfer = node->thing;
		enum decoder_result result = transfer_resume(transfer);
		self->bytes_left |= result == DECODER_LATER;
		if (result == DECODER_STOPPED)
			abort_transfer(self, transfer, transfer_code(transfer));
	}
}

/* Returns how many transfers ended. */
static size_t collect_finished(struct crawl *self)
{
	size_t ended = 0;
	int left;
	for (const CURLMsg *message; (message = curl_multi_info_read(self->multi, &left));) {
		struct transfer *transfer = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		finish_transfer(self, transfer, message->data.result);
		ended++;
	}
	return ended + end_overdue(self);
}

/* The time since the last look at all connections, or since the last sleep, was one turn's. */
static void count_turn(struct crawl *self)
{
	int64_t now = clock_now_us();
	if (now - self->turned_at_us > self->longest_turn_us)
		self->longest_turn_us = now - self->turned_at_us;
	self->turned_at_us = now;
}

/* Tells libcurl what happened to a socket, or that its time has come. */
static enum status socket_action(struct crawl *self, curl_socket_t descriptor, int events)
{
	int running;
	watchdog_enter();
	CURLMcode code = curl_multi_socket_action(self->multi, descriptor, events, &running);
	watchdog_leave();
	return code == CURLM_OK ? STATUS_OK : complain("go on", curl_multi_strerror(code));
}

static enum status timer_action_if_due(struct crawl *self)
{
	if (self->curl_due > clock_now_ms())
		return STATUS_OK;
	self->curl_due = CLOCK_NEVER;
	return socket_action(self, CURL_SOCKET_TIMEOUT, 0);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int timeout_ms(const struct crawl *self, int64_t wake)
{
	int64_t now = clock_now_ms();
	const struct heap_node *ending = heap_first(&self->transfers.ending);
	void *unused;
	wake = earlier(earlier(wake, self->curl_due), self->handlers->stop_at);
	wake = earlier(wake, decoder_limits_due(&self->transfers.decoding, &unused));
	if (ending)
		wake = earlier(wake, (int64_t)ending->key);
	return wake <= now ? 0 : (int)earlier(wake - now, POLL_LONGEST_MS);
}

/* Fills in the descriptors of others; returns how many of them are those of lookups, which are the last. */
static size_t add_other_descriptors(struct crawl *self, int64_t *wake)
{
	struct pollfd own[DESCRIPTORS_MAX];
	size_t count = 0;
	for (; count < self->wait.count; count++)
		own[count] = (struct pollfd){
		    .fd = self->wait.list[count].descriptor, .events = self->wait.list[count].events};
	size_t named = lookup_queue_poll(self->lookups, own + count, DESCRIPTORS_MAX - count, wake);
	count += named;
	poll_set_add(&self->sockets, own, count);
	return named;
}

/* Until the next look; see PAUSE_US_EACH. */
static int64_t pause_left_us(const struct crawl *self)
{
	if (self->sockets.watched < MANY_SOCKETS)
		return 0;
	int64_t pause_us = earlier((int64_t)self->sockets.watched * PAUSE_US_EACH, PAUSE_MAX_US);
	return self->looked_at_us + pause_us - clock_now_us();
}

static int action_of(short revents)
{
	return (revents & POLLIN ? CURL_CSELECT_IN : 0) | (revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
	       (revents & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_IN | CURL_CSELECT_ERR : 0);
}

/* Waits until a descriptor is ready or a moment has come, but not at all where work is left, and passes on
 * what happened. */
static enum status wait_for_events(struct crawl *self, bool work_left)
{
	const struct pollfd *ready, *others;
	int64_t pause_us = pause_left_us(self);
	if (work_left && pause_us > 0)
		return STATUS_OK;
	int64_t wake = work_left ? 0 : self->wait.wake;
	size_t named = add_other_descriptors(self, &wake), own = self->sockets.others - named;
	count_turn(self);
	if (pause_us > 0)
		nanosleep(&(struct timespec){.tv_nsec = pause_us * 1000}, NULL);
	long count = poll_set_wait(&self->sockets, timeout_ms(self, wake), &ready, &others);
	self->looked_at_us = self->turned_at_us = clock_now_us();
	begin_work(self);
	if (count < 0)
		return complain("wait", strerror(errno));
	lookup_queue_perform(self->lookups, others + own, named);
	enum status status = STATUS_OK;
	for (long i = 0; i < count && status == STATUS_OK; i++) {
		if (i > 0 && clock_now_us() >= self->transfers.decoding.until_us) {
			poll_set_begin_with(&self->sockets, ready[i].fd);
			break;
		}
		status = socket_action(self, ready[i].fd, action_of(ready[i].revents));
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
		/* What has ended frees slots, or was the last of all, so the loop must not wait then. */
		size_t ended = collect_finished(self);
		if (status == STATUS_OK)
			status = wait_for_events(self, ended > 0 || self->starts_left || self->bytes_left);
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
	self.turned_at_us = clock_now_us();
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
