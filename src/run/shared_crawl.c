#include "run/shared_crawl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/seen.h"
#include "base/stop.h"
#include "base/url/url.h"
#include "output/number_text.h"
#include "run/row_options.h"
#include "run/shared_options.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MACHINE_MAX = 64 };

/* A list with that many bytes of names is not told from others that begin with the same. */
enum { LIST_NAME_MAX = 500 };

/* A longer robots.txt, in bytes, is asked for again by each process. Most have less than 1 KB. */
enum { ROBOTS_KEPT_MAX = 8 << 10 };

struct shared_crawl {
	const struct options *options;
	const struct settings *settings;
	struct redis_address address;
	char machine[MACHINE_MAX];
	char name[MACHINE_MAX + 24]; /* what others see of this process */
	struct buf list;             /* see redis_crawl_settings; empty if there is none */
	struct buf row_options;
	uint64_t variant; /* see row_options_variant */
	struct redis_crawl *crawl;
	struct store store;
	struct shared_outputs kept;
	bool has_ended_list;
	struct seen starts; /* that this process has told */
	void (*on_start)(void *ctx, struct slice url);
	void *start_ctx;
};

struct shared_crawl *shared_crawl_new(
    const struct options *options, const struct settings *settings, struct outputs *outputs)
{
	struct shared_crawl *self = alloc_new(sizeof *self);
	self->options = options;
	self->settings = settings;
	shared_outputs_init(&self->kept, outputs);
	buf_init(&self->list, SIZE_MAX / 2);
	buf_init(&self->row_options, SIZE_MAX / 2);
	seen_init(&self->starts);
	return self;
}

void shared_crawl_free(struct shared_crawl *self)
{
	if (!self)
		return;
	redis_crawl_free(self->crawl);
	redis_address_release(&self->address);
	buf_release(&self->list);
	buf_release(&self->row_options);
	seen_release(&self->starts);
	shared_outputs_release(&self->kept);
	free(self);
}

/* What this process has offered may be lost with what Redis has lost. */
static void on_lost(void *ctx)
{
	struct shared_crawl *self = ctx;
	if (self->store.self)
		redis_store_forget(&self->store);
}

static void on_start(void *ctx, struct slice url)
{
	struct shared_crawl *self = ctx;
	if (self->on_start)
		self->on_start(self->start_ctx, url);
}

static void name_process(struct shared_crawl *self)
{
	if (gethostname(self->machine, sizeof self->machine - 1) != 0)
		snprintf(self->machine, sizeof self->machine, "unknown");
	snprintf(self->name, sizeof self->name, "%s:%ld", self->machine, (long)getpid());
}

/* A list is the same if a process in the same folder of the same machine is given the same files or URLs. */
static void name_list(struct shared_crawl *self, const struct option_list *list)
{
	char folder[PATH_MAX];
	buf_append_text(&self->list, self->machine);
	buf_append_byte(&self->list, ':');
	if (getcwd(folder, sizeof folder))
		buf_append_text(&self->list, folder);
	buf_append_byte(&self->list, ':');
	for (size_t i = 0; i < list->count && self->list.len < LIST_NAME_MAX; i++) {
		buf_append_byte(&self->list, ' ');
		url_append_redacted(&self->list, list->items[i]);
	}
	if (list->count == 0)
		buf_append_text(&self->list, " -");
}

static int64_t lease_ms(const struct shared_crawl *self)
{
	return self->options->lease_ms ? self->options->lease_ms : REDIS_CRAWL_LEASE_MS;
}

static void make_crawl(struct shared_crawl *self)
{
	const struct redis_crawl_settings settings = {.address = &self->address,
	    .options = self->row_options.data ? self->row_options.data : "{}",
	    .name = self->name,
	    .lease_ms = lease_ms(self),
	    .list = self->list.data,
	    .restart = self->options->restart,
	    .keeps_answers = shared_crawl_keeps_answers(self)};
	const struct redis_crawl_handlers handlers = {.ctx = self, .lost = on_lost, .start = on_start};
	self->crawl = redis_crawl_new(&settings, &handlers);
}

static void show_beginning(const struct shared_crawl *self, const struct redis_crawl_begun *begun)
{
	static const char *const how[] = {
	    [REDIS_CRAWL_FIRST] = "begins the crawl",
	    [REDIS_CRAWL_NEXT] = "begins the next run of the crawl",
	    [REDIS_CRAWL_JOINED] = "joins the crawl",
	    [REDIS_CRAWL_ENDED] = "finds that all is done of the crawl",
	};
	log_event("%s %s %s (run %" PRIu64 ")", self->name, how[begun->how], self->address.name, begun->run);
}

/* Processes that are started together come in any order. One without a list waits until another one has begun
 * the crawl, or its next run, but not for ever. */
static enum status wait_for_list(struct shared_crawl *self)
{
	struct redis_crawl_status stands;
	int64_t deadline = clock_now_ms() + lease_ms(self);
	bool has_told = false;
	for (;;) {
		enum status status = redis_crawl_read_status(self->crawl, &stands);
		if (status != STATUS_OK || (stands.exists && !stands.has_ended))
			return status;
		if (clock_now_ms() >= deadline) {
			log_warning("%s: no process has brought a list", self->address.name);
			return STATUS_OK;
		}
		if (!has_told)
			log_warning("%s: waiting for a process that brings a list, %" PRId64
			            " s at most (--lease)",
			    self->address.name, (lease_ms(self) + 999) / 1000);
		has_told = true;
		stop_wait_for(-1, 0);
		if (stop_is_due()) {
			if (!stop_signal())
				log_error(
				    "%s: a list was still waited for at the deadline; nothing was fetched",
				    self->address.name);
			return STATUS_CUT_SHORT;
		}
	}
}

enum status shared_crawl_start(struct shared_crawl *self, const struct option_list *list)
{
	struct redis_crawl_begun begun;
	name_process(self);
	row_options_append(&self->row_options, self->settings);
	self->variant = row_options_variant(self->settings);
	enum status status = shared_options_parse_address(&self->address, self->options);
	if (status != STATUS_OK)
		return status;
	if (list)
		name_list(self, list);
	make_crawl(self);
	self->has_ended_list = !list;
	if (!list)
		status = wait_for_list(self);
	if (status == STATUS_OK)
		status = redis_crawl_start(self->crawl, &begun);
	if (status == STATUS_OK)
		status = shared_outputs_find(
		    &self->kept, self->crawl, self->machine, shared_crawl_keeps_answers(self));
	if (status == STATUS_OK)
		show_beginning(self, &begun);
	return status;
}

struct store shared_crawl_store(struct shared_crawl *self, bool is_crawl)
{
	self->store = redis_store(self->crawl, is_crawl);
	return self->store;
}

void shared_crawl_watch_starts(
    struct shared_crawl *self, void (*on_start_fn)(void *ctx, struct slice url), void *ctx)
{
	self->on_start = on_start_fn;
	self->start_ctx = ctx;
}

void shared_crawl_add_start(struct shared_crawl *self, const struct url *url)
{
	struct slice start = url_href(url);
	const char *end = memchr(start.data, '?', start.len);
	end = end ? end : memchr(start.data, '#', start.len);
	start.len = end ? (size_t)(end - start.data) : start.len;
	while (start.len > url->path_start && start.data[start.len - 1] != '/')
		start.len--;
	if (seen_add(&self->starts, start.data, start.len))
		redis_crawl_add_start(self->crawl, start);
}

bool shared_crawl_may_go_on(const struct shared_crawl *self)
{
	/* What is written now could not be settled while there is no connection. */
	return redis_crawl_has_ended(self->crawl) ||
	       (redis_crawl_holds_lease(self->crawl) && redis_crawl_is_connected(self->crawl) &&
	           !redis_crawl_is_full(self->crawl) && !shared_outputs_are_full(&self->kept));
}

bool shared_crawl_is_left_to_others(const struct shared_crawl *self)
{
	return shared_outputs_are_settled(&self->kept) && redis_crawl_has_said_all(self->crawl) &&
	       redis_crawl_left(self->crawl) > 0 && !redis_crawl_has_looked(self->crawl);
}

bool shared_crawl_has_only_gone(const struct shared_crawl *self)
{
	return redis_crawl_has_looked(self->crawl);
}

bool shared_crawl_has_ended(const struct shared_crawl *self)
{
	return redis_crawl_has_ended(self->crawl);
}

bool shared_crawl_is_void(const struct store_claim *claim)
{
	return redis_crawl_is_void((const struct redis_claim *)claim);
}

void shared_crawl_end_list(struct shared_crawl *self, bool is_read)
{
	if (!self->has_ended_list)
		redis_crawl_end_list(self->crawl, is_read);
	self->has_ended_list = true;
}

void shared_crawl_delay_host(struct shared_crawl *self, const struct url *url, int64_t ms)
{
	struct buf server;
	buf_init(&server, SIZE_MAX / 2);
	url_append_server(url, &server);
	redis_crawl_delay_server(self->crawl, (struct slice){server.data, server.len}, ms);
	buf_release(&server);
}

void shared_crawl_find_robots(
    struct shared_crawl *self, const char *origin, redis_crawl_robots_fn fn, void *ctx)
{
	redis_crawl_get_robots(self->crawl, origin, fn, ctx);
}

void shared_crawl_keep_robots(
    struct shared_crawl *self, const char *origin, long http_status, struct slice body)
{
	/* A site with a host name for each of its pages could fill the memory of Redis. */
	if (body.len > ROBOTS_KEPT_MAX)
		return;
	redis_crawl_set_robots(self->crawl, origin,
	    &(struct redis_crawl_robots){
	        .fetched = clock_unix_s(), .http_status = http_status, .body = body});
}

struct shared_outputs *shared_crawl_outputs(struct shared_crawl *self)
{
	return &self->kept;
}

bool shared_crawl_keeps_answers(const struct shared_crawl *self)
{
	return self->options->changes || self->options->changes_to;
}

uint64_t shared_crawl_variant(const struct shared_crawl *self)
{
	return self->variant;
}

uint64_t shared_crawl_page_number(const struct store_claim *claim)
{
	return redis_crawl_page_number((const struct redis_claim *)claim);
}

void shared_crawl_find_answer(
    struct shared_crawl *self, const struct store_claim *claim, redis_crawl_stored_fn fn, void *ctx)
{
	redis_crawl_get_answer(self->crawl, (const struct redis_claim *)claim, fn, ctx);
}

size_t shared_crawl_idle_elsewhere(const struct shared_crawl *self)
{
	return redis_crawl_idle_elsewhere(self->crawl);
}

void shared_crawl_yield_host(struct shared_crawl *self, const struct store_claim *claim)
{
	redis_crawl_yield_host(self->crawl, (const struct redis_claim *)claim);
}

enum status shared_crawl_turn(
    struct shared_crawl *self, const struct redis_crawl_room *room, struct wait *wait)
{
	enum status status = shared_outputs_turn(&self->kept, wait);
	redis_crawl_set_room(self->crawl, room);
	return status_first(status, redis_crawl_turn(self->crawl, wait));
}

/* The end. */

static void append_status(
    const struct shared_crawl *self, const struct redis_crawl_status *status, struct buf *lines)
{
	const char *name = self->address.name;
	if (!status->exists) {
		log_append(lines, LOG_PLAIN, "%s: there is no such crawl", name);
		buf_append_byte(lines, '\n');
		return;
	}
	log_append(lines, LOG_PLAIN,
	    "%s: run %" PRIu64 ": %" PRIu64 " URL%s done (%" PRIu64 " ok, %" PRIu64 " failed, %" PRIu64
	    " skipped), %" PRIu64 " left%s",
	    name, status->run, status->settled, number_text_plural(status->settled),
	    status->outcomes[OUTCOME_OK], status->outcomes[OUTCOME_FAILED], status->outcomes[OUTCOME_SKIPPED],
	    status->left, status->has_ended ? ", ended" : "");
	buf_append_byte(lines, '\n');
	if (status->unread > 0) {
		log_append(lines, LOG_PLAIN, "%s: %" PRIu64 " list%s not read to the end, such as %s", name,
		    status->unread, number_text_plural(status->unread), status->unread_list);
		buf_append_byte(lines, '\n');
	}
	for (size_t i = 0; i < status->member_count; i++) {
		const struct redis_crawl_member *member = &status->members[i];
		log_append(lines, LOG_PLAIN, "%s: %s: %" PRIu64 " done, %s", name, member->name,
		    member->settled, status->has_ended || !member->is_alive ? "gone" : "at work");
		buf_append_byte(lines, '\n');
	}
}

/* The names come from other processes, and must not control the terminal. */
static enum status show_status(const struct shared_crawl *self, const struct redis_crawl_status *status)
{
	struct buf lines;
	buf_init(&lines, SIZE_MAX / 2);
	append_status(self, status, &lines);
	bool is_written = fwrite(lines.data, 1, lines.len, stdout) == lines.len && fflush(stdout) == 0;
	buf_release(&lines);
	return is_written ? STATUS_OK : log_output_error("stdout", "cannot be written");
}

enum status shared_crawl_show(struct shared_crawl *self)
{
	struct redis_crawl_status stands;
	enum status status = shared_options_parse_address(&self->address, self->options);
	if (status != STATUS_OK)
		return status;
	name_process(self);
	make_crawl(self);
	status = redis_crawl_read_status(self->crawl, &stands);
	if (status != STATUS_OK)
		return status;
	return show_status(self, &stands);
}

static void count_crawl(const struct redis_crawl_status *stands, struct crawl_totals *totals)
{
	*totals = (struct crawl_totals){.is_shared = true,
	    .is_known = true,
	    .urls = stands->settled,
	    .ok = stands->outcomes[OUTCOME_OK],
	    .failed = stands->outcomes[OUTCOME_FAILED],
	    .skipped = stands->outcomes[OUTCOME_SKIPPED],
	    .left = stands->left,
	    .processes = stands->member_count};
}

enum status shared_crawl_finish(struct shared_crawl *self, struct crawl_totals *totals)
{
	struct redis_crawl_status stands;
	enum status status = shared_outputs_turn(&self->kept, NULL);
	totals->is_shared = true;
	if (!redis_crawl_is_connected(self->crawl))
		return status;
	status = status_first(status, redis_crawl_leave(self->crawl));
	if (status != STATUS_OK || redis_crawl_read_status(self->crawl, &stands) != STATUS_OK)
		return status;
	count_crawl(&stands, totals);
	if (!stands.has_ended || stands.unread == 0)
		return STATUS_OK;
	char others[48] = "";
	if (stands.unread > 1)
		snprintf(others, sizeof others, " and %" PRIu64 " more", stands.unread - 1);
	log_error("%s: the crawl has ended without all of the list %s%s, whose process was stopped; the same "
	          "command goes on with it (--restart begins anew)",
	    self->address.name, stands.unread_list, others);
	return STATUS_CUT_SHORT;
}
