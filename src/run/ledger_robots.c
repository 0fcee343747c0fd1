#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Asks for the robots.txt of an origin when it is the turn of the URL with that number, which waits for it.
 * With --ordered it is asked for at once: the start limit may come to lie between that URL and one before it
 * that is redirected to the origin, and that would wait forever. */
static void request_robots(struct ledger *self, struct origin *origin, uint64_t number)
{
	struct url *url = &self->url_of_robots;
	origin_robots_url(origin, url);
	struct task *task = task_new(
	    &(struct store_url){.url = url, .text = url_href(url).data, .listed_us = clock_now_us()}, NULL);
	task->robots_of = origin;
	task->job.number = self->options->ordered ? 0 : number;
	ledger_set_secrets(task, origin);
	origin->robots_state = ROBOTS_ASKED;
	frontier_add(self->frontier, &task->job, url);
}

/* The path and the query of a URL, as they are sent. */
static struct slice path_and_query(const struct url *url)
{
	struct slice href = url_without_fragment(url);
	return (struct slice){href.data + url->path_start, href.len - url->path_start};
}

/* Admits a task for a URL of an origin whose robots.txt is known, or gives it its outcome. */
static void admit_by_robots(
    struct ledger *self, struct task *task, const struct url *url, const struct origin *origin)
{
	static const struct failure_reason forbidden = {
	    STAGE_POLICY, CAUSE_ROBOTS, "forbidden by robots.txt (--robots)"};
	const struct robots *robots = self->obeys_robots ? origin->robots : NULL;
	if (self->obeys_robots && origin->robots_state == ROBOTS_REFUSED) {
		struct outcome outcome = task_failure(task, origin->refusal.kind,
		    (struct failure_reason){
		        origin->refusal.stage, origin->refusal.cause, origin->refusal.reason});
		ledger_end_waiting(self, task, &outcome);
		return;
	}
	if (robots && !robots_allows(robots, path_and_query(url))) {
		struct outcome outcome = task_failure(task, OUTCOME_SKIPPED, forbidden);
		ledger_end_waiting(self, task, &outcome);
		return;
	}
	frontier_add(self->frontier, &task->job, url);
	if (robots && robots_crawl_delay_ms(robots) > 0) {
		frontier_set_crawl_delay(self->frontier, &task->job, robots_crawl_delay_ms(robots));
		/* It counts from the request for the robots.txt. */
		ledger_share_delay(self, task);
	}
}

static void refuse(struct origin *origin, enum outcome_kind kind, struct failure_reason failure)
{
	origin->robots_state = ROBOTS_REFUSED;
	origin->refusal.kind = kind;
	origin->refusal.stage = failure.stage;
	origin->refusal.cause = failure.cause;
	origin->refusal.reason = alloc_copy(failure.reason, strlen(failure.reason));
}

/* The most memory for robots.txt files, in bytes. A site with a host name for each of its pages could fill
 * all memory. */
enum { ROBOTS_BYTES_MAX = 64 << 20 };

/* Lets the tasks that have waited for the robots.txt of the origin be admitted, and its sitemaps begin, when
 * ledger_admit_released is called. */
static void add_released(struct ledger *self, struct origin *origin)
{
	if (origin->is_released)
		return;
	origin->is_released = true;
	origin->next_released = self->released;
	self->released = origin;
}

/* Makes what the reader of the origin has read its rules. */
static void set_rules(struct ledger *self, struct origin *origin)
{
	char reason[REASON_MAX];
	struct robots *robots = robots_reader_finish(origin->reader);
	int64_t delay_ms = robots_crawl_delay_ms(robots);
	bool is_refused = self->obeys_robots && delay_ms > self->options->max_crawl_delay_ms;
	if (is_refused || !self->options->sitemaps || !robots_reader_next_sitemap(origin->reader, NULL)) {
		robots_reader_free(origin->reader);
		origin->reader = NULL;
	}
	if (is_refused) {
		robots_free(robots);
		snprintf(reason, sizeof reason,
		    "robots.txt asks for %" PRId64 " s between two requests (--max-crawl-delay)",
		    delay_ms / 1000);
		refuse(origin, OUTCOME_SKIPPED,
		    (struct failure_reason){STAGE_POLICY, CAUSE_CRAWL_DELAY, reason});
	} else {
		origins_set_robots(&self->origins, origin, robots, ROBOTS_BYTES_MAX);
	}
}

/* Uses a robots.txt that was received before. */
static void use_kept_robots(struct ledger *self, struct origin *origin, struct slice body)
{
	log_event("robots.txt of %s: from the state", origin->name);
	origin->reader = robots_reader_new(self->robots_token);
	robots_reader_feed(origin->reader, body.data, body.len);
	set_rules(self, origin);
	add_released(self, origin);
}

static void on_shared_robots(void *ctx, const struct redis_crawl_robots *robots)
{
	struct origin *origin = ctx;
	struct ledger *self = origin->ledger;
	self->robots_looked_up--;
	if (self->closing)
		return;
	if (robots)
		use_kept_robots(self, origin, robots->body);
	else
		request_robots(self, origin, origin->robots_number);
}

/* Finds out what the robots.txt of an origin says: from the state, if it has one that may be used, and else
 * from the server. number is that of the URL that waits for it. */
static void ask_for_robots(struct ledger *self, struct origin *origin, uint64_t number)
{
	struct state_robots kept;
	if (self->state && run_state_find_robots(self->state, origin->name, &kept)) {
		use_kept_robots(self, origin, kept.body);
	} else if (self->shared) {
		origin->robots_state = ROBOTS_ASKED;
		origin->ledger = self;
		origin->robots_number = number;
		self->robots_looked_up++;
		shared_crawl_find_robots(self->shared, origin->name, on_shared_robots, origin);
	} else {
		request_robots(self, origin, number);
	}
}

/* Keeps what came of a robots.txt, or an empty one if the host has none, for the next run. */
static void keep_robots(struct ledger *self, const struct origin *origin, long http_status, bool is_absent)
{
	const struct slice body = {origin->received.data, is_absent ? 0 : origin->received.len};
	if (self->state)
		run_state_set_robots(self->state, origin->name, http_status, body);
	if (self->shared)
		shared_crawl_keep_robots(self->shared, origin->name, http_status, body);
}

static void note_page(struct ledger *self, const char *text)
{
	if (url_parse(&self->url_of_robots, text, strlen(text), NULL, NULL))
		origins_get(&self->origins, &self->url_of_robots)->has_pages = true;
}

void ledger_note_page(struct ledger *self, const struct task *task)
{
	struct task_hop hop;
	if (!self->asks_robots || task->purpose != STORE_PAGE)
		return;
	note_page(self, task->source);
	for (size_t at = 0; task_next_hop(task, &at, &hop);)
		note_page(self, hop.from);
	note_page(self, task->url);
}

void ledger_admit(struct ledger *self, struct task *task, const struct url *url)
{
	if (!task->tries && ledger_is_exhausted(self)) {
		ledger_leave_out(self, task);
		return;
	}
	struct origin *origin = self->asks_robots ? origins_get(&self->origins, url) : NULL;
	if (origin && task->purpose == STORE_PAGE)
		origin->has_pages = true;
	/* A robots.txt that is not obeyed is only asked for its sitemaps, see ledger_begin_sitemaps. Links to
	 * a host of which no page is fetched are checked without it, since no robot reads anything there. */
	bool is_needless =
	    origin && !origin->has_pages && !origin->is_listed && self->options->robots != WHEN_ALWAYS;
	if (!origin || (!self->obeys_robots && !origin->is_listed) || is_needless) {
		frontier_add(self->frontier, &task->job, url);
		return;
	}
	if (origin->robots_state == ROBOTS_UNKNOWN)
		ask_for_robots(self, origin, task->job.number);
	if (origin->robots_state == ROBOTS_ASKED) {
		origin_park(origin, task);
		self->parked_count++;
	} else {
		admit_by_robots(self, task, url, origin);
	}
}

void ledger_admit_released(struct ledger *self, int64_t until_us)
{
	for (struct origin *origin; (origin = self->released) && clock_now_us() < until_us;) {
		struct task *task = origin_unpark(origin);
		if (!task) {
			self->released = origin->next_released;
			origin->is_released = false;
			ledger_begin_sitemaps(self, origin);
			continue;
		}
		self->parked_count--;
		url_parse(&self->url_of_robots, task->url, strlen(task->url), NULL, NULL);
		admit_by_robots(self, task, &self->url_of_robots, origin);
	}
}

/* The most time that the end of a robots.txt takes at once for the tasks that have waited for it. */
enum { ADMIT_US = 10000 };

/* The task for robots.txt has ended. The parked tasks come first, so that the frontier does not forget the
 * host. */
static void end_robots_task(struct ledger *self, struct task *task)
{
	struct origin *origin = task->robots_of;
	if (origin->robots_state == ROBOTS_ASKED) {
		/* The run is stopped. */
		robots_reader_free(origin->reader);
		origin->reader = NULL;
	} else {
		add_released(self, origin);
		ledger_admit_released(self, clock_now_us() + ADMIT_US);
	}
	buf_release(&origin->received);
	frontier_finish(self->frontier, &task->job);
	task_free(task);
}

/* RFC 9309, sections 2.3.1.2 to 2.3.1.4: if there is no robots.txt, everything is allowed; if the server does
 * not tell, nothing is. */
void ledger_fail_robots(
    struct ledger *self, struct task *task, enum outcome_kind kind, struct failure_reason failure)
{
	struct origin *origin = task->robots_of;
	long status = task->tries ? task->tries->http_status : 0;
	robots_reader_free(origin->reader);
	origin->reader = NULL;
	bool is_absent = failure.cause == CAUSE_REDIRECT || failure.cause == CAUSE_REDIRECTS ||
	                 failure.cause == CAUSE_NOT_MODIFIED ||
	                 (status >= 400 && status < 500 && status != HTTP_TOO_MANY_REQUESTS);
	char reason[REASON_MAX];
	snprintf(reason, sizeof reason, "robots.txt: %s", failure.reason);
	failure.reason = reason;
	if (kind == OUTCOME_INTERRUPTED) {
		log_event("robots.txt of %s: interrupted", origin->name);
	} else if (is_absent) {
		origin->robots_state = ROBOTS_KNOWN;
		keep_robots(self, origin, status, true);
	} else {
		refuse(origin, OUTCOME_FAILED, failure);
	}
	end_robots_task(self, task);
}

enum fetch_want ledger_begin_robots(struct ledger *self, struct task *task, const char *content_type)
{
	struct origin *origin = task->robots_of;
	enum mediatype type = mediatype_of(content_type);
	origin->may_be_html = content_type && (type == MEDIATYPE_HTML || type == MEDIATYPE_XML);
	origin->is_no_text = type == MEDIATYPE_BINARY;
	robots_reader_free(origin->reader);
	origin->reader = robots_reader_new(self->robots_token);
	buf_release(&origin->received);
	/* From one more byte, the reader knows that its last line was cut off. */
	buf_init(&origin->received, ROBOTS_READER_LIMIT + 1);
	return FETCH_BODY;
}

bool ledger_feed_robots(struct ledger *self, struct task *task, const char *bytes, size_t len)
{
	struct origin *origin = task->robots_of;
	if (origin->may_be_html) {
		struct slice text = ascii_trim((struct slice){bytes, len});
		origin->is_no_text |= text.len > 0 && *text.data == '<';
		origin->may_be_html = text.len == 0;
	}
	if (origin->is_no_text)
		return false;
	size_t room = origin->received.max - origin->received.len;
	if (self->state || self->shared)
		buf_append(&origin->received, bytes, len < room ? len : room);
	return robots_reader_feed(origin->reader, bytes, len);
}

void ledger_finish_robots(struct ledger *self, struct task *task)
{
	set_rules(self, task->robots_of);
	keep_robots(self, task->robots_of, task->tries->http_status, false);
	end_robots_task(self, task);
}

void ledger_drop_robots(struct task *task)
{
	struct origin *origin = task->robots_of;
	robots_reader_free(origin->reader);
	origin->reader = NULL;
	origin->robots_state = ROBOTS_UNKNOWN;
	task_free(task);
}

void ledger_leave_out_parked(struct ledger *self)
{
	struct origin *origin;
	for (size_t at = 0; (origin = map_next(&self->origins.by_name, &at));) {
		struct task *next = origin->first_parked;
		origin->first_parked = origin->last_parked = NULL;
		for (struct task *task; (task = next);) {
			next = task->next_parked;
			if (task->tries) {
				origin_park(origin, task);
				continue;
			}
			self->parked_count--;
			ledger_leave_out(self, task);
		}
	}
}

void ledger_interrupt_parked(struct ledger *self)
{
	struct origin *origin;
	for (size_t at = 0; (origin = map_next(&self->origins.by_name, &at));) {
		for (struct task *task; (task = origin_unpark(origin));) {
			self->parked_count--;
			ledger_interrupt_waiting(self, task);
		}
	}
}
