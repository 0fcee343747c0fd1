#include "fetch/crawl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "fetch/descriptors.h"
#include "fetch/lookups.h"
#include "fetch/watchdog.h"

#include <stdlib.h>

/* A signal that comes just before the poll begins is seen this late at most. */
enum { POLL_LONGEST_MS = 500 };

enum { DESCRIPTORS_MAX = 128 };

struct crawl {
	const struct settings *settings;
	size_t slots; /* transfers at once */
	const struct crawl_handlers *handlers;
	void *ctx;
	CURLM *multi;
	CURLSH *share;
	struct lookups *lookups;
	struct transfer **idle; /* a stack of slots */
	size_t idle_count;
	struct transfer **active;
	size_t active_count;
	struct heap
	    draining; /* active transfers whose body nobody wants, by the end of the patience with it */
	bool finished;
	struct wait wait;
	int64_t turned_at_us;
	int64_t longest_turn_us;
};

static enum status complain(const char *what, const char *why)
{
	log_error("libcurl: %s: %s", what, why);
	return STATUS_LIBRARY;
}

static enum status crawl_init(struct crawl *self)
{
	watchdog_start();
	self->slots = (size_t)descriptors_for(self->settings->options->jobs);
	self->multi = curl_multi_init();
	self->share = curl_share_init();
	if (!self->multi || !self->share)
		return complain("start", "no handle");
	/* The idle connections to keep; left to itself libcurl closes warm ones in a lull. */
	curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)self->slots);
	curl_share_setopt(self->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	self->idle = alloc_array(self->slots, sizeof(struct transfer *));
	self->active = alloc_array(self->slots, sizeof(struct transfer *));
	return lookups_new(&self->lookups, self->settings, self->handlers->done, self->ctx);
}

static void crawl_release(struct crawl *self)
{
	while (self->idle_count)
		transfer_free(self->idle[--self->idle_count]);
	free(self->idle);
	free(self->active);
	heap_release(&self->draining);
	lookups_free(self->lookups);
	curl_multi_cleanup(self->multi);
	if (self->share)
		curl_share_cleanup(self->share);
	watchdog_stop();
}

static struct transfer *take_slot(struct crawl *self)
{
	if (self->idle_count)
		return self->idle[--self->idle_count];
	return transfer_new(self->settings, self->share, &self->handlers->fetch, &self->draining);
}

static void place(struct crawl *self, struct transfer *transfer, size_t at)
{
	self->active[at] = transfer;
	transfer_set_place(transfer, at);
}

/* Takes the transfer out of the loop and tells how it ended. */
static void end(struct crawl *self, struct transfer *transfer, CURLcode code)
{
	curl_multi_remove_handle(self->multi, transfer_handle(transfer));
	struct transfer *last = self->active[--self->active_count];
	place(self, last, transfer_place(transfer));
	struct fetch_result result = transfer_result(transfer, code);
	self->handlers->done(self->ctx, transfer_job(transfer), &result);
	fetch_cookies_free(result.cookies);
	self->idle[self->idle_count++] = transfer;
}

static void interrupt(struct crawl *self, void *job)
{
	struct fetch_result nothing = fetch_interrupted();
	self->handlers->done(self->ctx, job, &nothing);
}

static enum status start(struct crawl *self, const struct fetch_request *request)
{
	struct transfer *transfer = take_slot(self);
	if (!transfer) {
		interrupt(self, request->job);
		return STATUS_LIBRARY;
	}
	transfer_prepare(transfer, request);
	place(self, transfer, self->active_count++);
	CURLMcode code = curl_multi_add_handle(self->multi, transfer_handle(transfer));
	if (code != CURLM_OK) {
		end(self, transfer, CURLE_ABORTED_BY_CALLBACK);
		return complain("add a transfer", curl_multi_strerror(code));
	}
	return STATUS_OK;
}

/* A name comes first, then a slot. */
static enum status fill(struct crawl *self)
{
	enum status status = STATUS_OK;
	struct fetch_request request;
	self->finished = false;
	self->wait = (struct wait){.wake = CLOCK_NEVER};
	self->handlers->turn(self->ctx, &self->wait);
	while (status == STATUS_OK && self->active_count < self->slots &&
	       lookups_next(self->lookups, &request)) {
		if (lookups_add(self->lookups, &request))
			status = start(self, &request);
	}
	while (status == STATUS_OK && self->active_count < self->slots && lookups_have_room(self->lookups)) {
		request = (struct fetch_request){0};
		enum crawl_next next = self->handlers->next(self->ctx, &request, &self->wait);
		self->finished = next == CRAWL_FINISHED;
		if (next != CRAWL_START)
			break;
		if (lookups_add(self->lookups, &request))
			status = start(self, &request);
	}
	return status;
}

/* Whoever took long enough over a body that nobody wants is let go. Returns how many. */
static size_t end_draining(struct crawl *self)
{
	size_t ended = 0;
	int64_t now = clock_now_ms();
	for (struct heap_node *node; (node = heap_first(&self->draining)) && (int64_t)node->key <= now;
	     ended++)
		end(self, node->thing, CURLE_OK);
	return ended;
}

/* Returns how many transfers ended. */
static size_t reap(struct crawl *self)
{
	size_t ended = 0;
	int left;
	for (CURLMsg *message; (message = curl_multi_info_read(self->multi, &left));) {
		if (message->msg != CURLMSG_DONE)
			continue;
		/* The message dies with the handle's removal. */
		CURLcode code = message->data.result;
		struct transfer *transfer = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		end(self, transfer, code);
		ended++;
	}
	return ended + end_draining(self);
}

/* The time since the last look at all connections, or since the last sleep, was one turn's. */
static void count_turn(struct crawl *self)
{
	int64_t now = clock_now_us();
	if (now - self->turned_at_us > self->longest_turn_us)
		self->longest_turn_us = now - self->turned_at_us;
	self->turned_at_us = now;
}

static int64_t timeout_ms(const struct crawl *self, int64_t wake)
{
	int64_t now = clock_now_ms();
	const struct heap_node *draining = heap_first(&self->draining);
	if (draining && (int64_t)draining->key < wake)
		wake = (int64_t)draining->key;
	if (self->handlers->stop_at < wake)
		wake = self->handlers->stop_at;
	if (wake <= now)
		return 0;
	return wake - now < POLL_LONGEST_MS ? wake - now : POLL_LONGEST_MS;
}

static enum status rest(struct crawl *self)
{
	struct curl_waitfd fds[DESCRIPTORS_MAX];
	size_t own = 0;
	for (; own < self->wait.count; own++)
		fds[own] = (struct curl_waitfd){.fd = self->wait.list[own].descriptor,
		    .events = self->wait.list[own].writable ? CURL_WAIT_POLLOUT : CURL_WAIT_POLLIN};
	int64_t wake = self->wait.wake;
	size_t named = lookups_poll(self->lookups, fds + own, DESCRIPTORS_MAX - own, &wake);
	count_turn(self);
	CURLMcode code =
	    curl_multi_poll(self->multi, fds, (unsigned)(own + named), (int)timeout_ms(self, wake), NULL);
	self->turned_at_us = clock_now_us();
	if (code != CURLM_OK)
		return complain("wait", curl_multi_strerror(code));
	lookups_perform(self->lookups, fds + own, named);
	return STATUS_OK;
}

static enum status drive(struct crawl *self)
{
	while (!self->handlers->stopping(self->ctx) && clock_now_ms() < self->handlers->stop_at) {
		enum status status = fill(self);
		if (status != STATUS_OK)
			return status;
		if (self->finished && self->active_count == 0 && lookups_count(self->lookups) == 0)
			return STATUS_OK;
		int running;
		watchdog_enter();
		CURLMcode code = curl_multi_perform(self->multi, &running);
		watchdog_leave();
		if (code != CURLM_OK)
			return complain("perform", curl_multi_strerror(code));
		count_turn(self);
		/* What ended frees slots and may have been the last: nobody sleeps before that is known. */
		if (reap(self) > 0 && lookups_count(self->lookups) == 0)
			continue;
		status = rest(self);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status crawl_check(const struct settings *settings)
{
	struct lookups *lookups;
	enum status status = lookups_new(&lookups, settings, NULL, NULL);
	lookups_free(lookups);
	return status;
}

enum status crawl_run(
    const struct settings *settings, const struct crawl_handlers *handlers, int64_t *longest_turn_us)
{
	struct crawl self = {.settings = settings, .handlers = handlers, .ctx = handlers->fetch.ctx};
	enum status status = crawl_init(&self);
	self.turned_at_us = clock_now_us();
	if (status == STATUS_OK)
		status = drive(&self);
	while (self.active_count)
		end(&self, self.active[0], CURLE_ABORTED_BY_CALLBACK);
	for (void *job; self.lookups && (job = lookups_abandon(self.lookups));)
		interrupt(&self, job);
	crawl_release(&self);
	*longest_turn_us = self.longest_turn_us;
	return status;
}
