#include "fetch/crawl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "fetch/descriptors.h"

#include <stdlib.h>

/* A signal that comes just before the poll begins is seen this late at most. */
enum { POLL_LONGEST_MS = 500 };

struct crawl {
	const struct options *options;
	size_t slots; /* transfers at once */
	const struct crawl_handlers *handlers;
	void *ctx;
	CURLM *multi;
	CURLSH *share;
	struct transfer **idle; /* a stack of slots */
	size_t idle_count;
	struct transfer **active;
	size_t active_count;
	bool finished;
	struct crawl_wait wait;
};

static enum status complain(const char *what, const char *why)
{
	log_error("libcurl: %s: %s", what, why);
	return STATUS_LIBRARY;
}

static enum status crawl_init(struct crawl *self)
{
	self->slots = (size_t)descriptors_for(self->options->jobs);
	self->multi = curl_multi_init();
	self->share = curl_share_init();
	if (!self->multi || !self->share)
		return complain("start", "no handle");
	/* The idle connections to keep; left to itself libcurl closes warm ones in a lull. */
	curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, (long)self->slots);
	curl_share_setopt(self->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	self->idle = alloc_array(self->slots, sizeof(struct transfer *));
	self->active = alloc_array(self->slots, sizeof(struct transfer *));
	return STATUS_OK;
}

static void crawl_release(struct crawl *self)
{
	while (self->idle_count)
		transfer_free(self->idle[--self->idle_count]);
	free(self->idle);
	free(self->active);
	curl_multi_cleanup(self->multi);
	if (self->share)
		curl_share_cleanup(self->share);
}

static struct transfer *take_slot(struct crawl *self)
{
	if (self->idle_count)
		return self->idle[--self->idle_count];
	return transfer_new(self->options, self->share, &self->handlers->fetch);
}

static void place(struct crawl *self, struct transfer *transfer, size_t at)
{
	self->active[at] = transfer;
	transfer_set_place(transfer, at);
}

/* Takes the transfer out of the loop and tells how it ended. */
static void end(struct crawl *self, struct transfer *transfer, CURLcode code, bool interrupted)
{
	curl_multi_remove_handle(self->multi, transfer_handle(transfer));
	struct transfer *last = self->active[--self->active_count];
	place(self, last, transfer_place(transfer));
	struct fetch_result result =
	    interrupted ? transfer_interrupted(transfer) : transfer_result(transfer, code);
	self->handlers->done(self->ctx, transfer_job(transfer), &result);
	fetch_cookies_free(result.cookies);
	self->idle[self->idle_count++] = transfer;
}

static enum status start(struct crawl *self, const struct fetch_request *request)
{
	struct transfer *transfer = take_slot(self);
	if (!transfer) {
		struct fetch_result nothing = {
		    .interrupted = true, .retry_after_ms = -1, .stage = STAGE_LOCAL};
		self->handlers->done(self->ctx, request->job, &nothing);
		return STATUS_LIBRARY;
	}
	transfer_prepare(transfer, request);
	place(self, transfer, self->active_count++);
	CURLMcode code = curl_multi_add_handle(self->multi, transfer_handle(transfer));
	if (code != CURLM_OK) {
		end(self, transfer, CURLE_FAILED_INIT, true);
		return complain("add a transfer", curl_multi_strerror(code));
	}
	return STATUS_OK;
}

static enum status fill(struct crawl *self)
{
	enum status status = STATUS_OK;
	self->finished = false;
	self->wait = (struct crawl_wait){.wake = CLOCK_NEVER, .descriptor = -1};
	while (status == STATUS_OK && self->active_count < self->slots) {
		struct fetch_request request = {0};
		enum crawl_next next = self->handlers->next(self->ctx, &request, &self->wait);
		self->finished = next == CRAWL_FINISHED;
		if (next != CRAWL_START)
			break;
		status = start(self, &request);
	}
	return status;
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
		end(self, transfer, code, false);
		ended++;
	}
	return ended;
}

static enum status rest(struct crawl *self)
{
	int64_t now = clock_now_ms();
	int64_t wake = self->handlers->stop_at;
	if (self->wait.wake < wake && self->active_count < self->slots)
		wake = self->wait.wake;
	int64_t timeout = POLL_LONGEST_MS;
	if (wake - now < timeout)
		timeout = wake > now ? wake - now : 0;
	struct curl_waitfd readable = {.fd = self->wait.descriptor, .events = CURL_WAIT_POLLIN};
	CURLMcode code =
	    curl_multi_poll(self->multi, &readable, self->wait.descriptor >= 0, (int)timeout, NULL);
	return code == CURLM_OK ? STATUS_OK : complain("wait", curl_multi_strerror(code));
}

static enum status drive(struct crawl *self)
{
	while (!self->handlers->stopping(self->ctx) && clock_now_ms() < self->handlers->stop_at) {
		enum status status = fill(self);
		if (status != STATUS_OK)
			return status;
		if (self->finished && self->active_count == 0)
			return STATUS_OK;
		int running;
		CURLMcode code = curl_multi_perform(self->multi, &running);
		if (code != CURLM_OK)
			return complain("perform", curl_multi_strerror(code));
		/* What ended frees slots and may have been the last: nobody sleeps before that is known. */
		if (reap(self) > 0)
			continue;
		status = rest(self);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status crawl_run(const struct options *options, const struct crawl_handlers *handlers)
{
	struct crawl self = {.options = options, .handlers = handlers, .ctx = handlers->fetch.ctx};
	enum status status = crawl_init(&self);
	if (status == STATUS_OK)
		status = drive(&self);
	while (self.active_count)
		end(&self, self.active[0], CURLE_OK, true);
	crawl_release(&self);
	return status;
}
