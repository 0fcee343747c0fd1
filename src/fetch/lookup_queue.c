#include "fetch/lookup_queue.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/url/url.h"
#include "fetch/names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* One waiting request. It is in the heap waiting until the answer comes or its time is over, and then in the
 * list of resolved requests. */
struct lookup {
	struct name_wait wait; /* must be the first field: on_answer casts it to the lookup */
	struct fetch_request request;
	int64_t start_ms;     /* when the request began to wait (monotonic ms) */
	struct heap_node due; /* in waiting, with the time at which the lookup times out */
	struct lookup *next;  /* in the list of resolved requests */
};

struct lookup_queue {
	const struct settings *settings;
	lookup_queue_failed_fn failed;
	void *ctx;
	struct names *names;
	struct heap waiting;                           /* struct lookup, by the time at which they time out */
	struct lookup *first_resolved, *last_resolved; /* requests whose addresses have arrived, in order */
	size_t count;                                  /* requests waiting and resolved */
};

static void remove_lookup(struct lookup_queue *self, struct lookup *lookup)
{
	names_unlink_wait(&lookup->wait);
	heap_remove(&lookup->due);
	free(lookup);
	self->count--;
}

static void fail_lookup(struct lookup_queue *self, struct lookup *lookup, struct fetch_result result)
{
	void *job = lookup->request.job;
	double waited = (double)(clock_now_ms() - lookup->start_ms);
	result.retry_after_ms = -1;
	result.phases = (struct phases){-1, waited, -1, -1, -1, waited};
	remove_lookup(self, lookup);
	self->failed(self->ctx, job, &result);
}

static void on_answer(void *ctx, struct name_wait *wait, const struct name_answer *answer)
{
	struct lookup_queue *self = ctx;
	struct lookup *lookup = (struct lookup *)wait;
	if (!answer->addresses) {
		fail_lookup(self, lookup,
		    (struct fetch_result){
		        .stage = answer->stage, .cause = answer->cause, .reason = answer->reason});
		return;
	}
	heap_remove(&lookup->due);
	lookup->request.waited_ms = clock_now_ms() - lookup->start_ms;
	if (self->last_resolved)
		self->last_resolved->next = lookup;
	else
		self->first_resolved = lookup;
	self->last_resolved = lookup;
}

enum status lookup_queue_new(
    struct lookup_queue **lookups, const struct settings *settings, lookup_queue_failed_fn failed, void *ctx)
{
	struct lookup_queue *self = alloc_new(sizeof *self);
	self->settings = settings;
	self->failed = failed;
	self->ctx = ctx;
	enum status status = names_new(&self->names, settings, on_answer, self);
	if (status != STATUS_OK) {
		lookup_queue_free(self);
		self = NULL;
	}
	*lookups = self;
	return status;
}

void lookup_queue_free(struct lookup_queue *self)
{
	if (!self)
		return;
	assert(self->count == 0);
	names_free(self->names);
	heap_release(&self->waiting);
	free(self);
}

bool lookup_queue_has_room(const struct lookup_queue *self)
{
	return names_has_room(self->names);
}

size_t lookup_queue_count(const struct lookup_queue *self)
{
	return self->count;
}

static int64_t lookup_timeout_ms(const struct lookup_queue *self, const struct fetch_request *request)
{
	int64_t limit = self->settings->options->connect_timeout_ms;
	return request->timeout_ms && request->timeout_ms < limit ? request->timeout_ms : limit;
}

bool lookup_queue_add(struct lookup_queue *self, struct fetch_request *request)
{
	struct slice host = url_parts_of(request->url).host;
	if (pins_contain(&self->settings->pins, request->url) || !names_needs_query(self->names, host))
		return true;
	request->addresses = names_find(self->names, host);
	if (request->addresses)
		return true;
	struct lookup *lookup = alloc_new(sizeof *lookup);
	lookup->request = *request;
	lookup->start_ms = clock_now_ms();
	heap_add(&self->waiting, &lookup->due,
	    (uint64_t)(lookup->start_ms + lookup_timeout_ms(self, request)), lookup);
	self->count++;
	names_add_wait(self->names, host, &lookup->wait);
	return false;
}

bool lookup_queue_next(struct lookup_queue *self, struct fetch_request *request)
{
	struct lookup *lookup = self->first_resolved;
	if (!lookup)
		return false;
	self->first_resolved = lookup->next;
	if (!self->first_resolved)
		self->last_resolved = NULL;
	*request = lookup->request;
	remove_lookup(self, lookup);
	return true;
}

void *lookup_queue_abandon(struct lookup_queue *self)
{
	struct fetch_request request;
	const struct heap_node *node = heap_first(&self->waiting);
	if (!node)
		return lookup_queue_next(self, &request) ? request.job : NULL;
	struct lookup *lookup = node->item;
	void *job = lookup->request.job;
	remove_lookup(self, lookup);
	return job;
}

size_t lookup_queue_poll(struct lookup_queue *self, struct pollfd *fds, size_t max, int64_t *wake)
{
	const struct heap_node *first = heap_first(&self->waiting);
	if (first && (int64_t)first->key < *wake)
		*wake = (int64_t)first->key;
	return names_poll(self->names, fds, max, wake);
}

static void fail_overdue(struct lookup_queue *self)
{
	char reason[128];
	int64_t now = clock_now_ms();
	for (struct heap_node *node; (node = heap_first(&self->waiting)) && (int64_t)node->key <= now;) {
		bool no_server_answers = names_no_server_answers(self->names);
		struct lookup *lookup = node->item;
		snprintf(reason, sizeof reason, "name lookup timed out after %g s%s",
		    (double)lookup_timeout_ms(self, &lookup->request) / 1000,
		    no_server_answers ? ": no name server answers (see /etc/resolv.conf, --dns-servers)"
		                      : "");
		fail_lookup(self, lookup,
		    (struct fetch_result){.stage = no_server_answers ? STAGE_LOCAL : STAGE_RESOLVE,
		        .cause = no_server_answers ? CAUSE_NO_NAME_SERVER : CAUSE_NAME_TIMEOUT,
		        .timed_out = true,
		        .reason = reason});
	}
}

void lookup_queue_perform(struct lookup_queue *self, const struct pollfd *fds, size_t count)
{
	names_perform(self->names, fds, count);
	fail_overdue(self);
}
