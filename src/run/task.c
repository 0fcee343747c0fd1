#include "run/task.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/http.h"
#include "fetch/headers.h"
#include "output/number_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKOFF_FIRST_MS = 500, BACKOFF_LONGEST_MS = 30000 };

/* What is known of an earlier answer. The texts follow each other, each with a NUL. */
struct task_preconditions {
	const char *url;                               /* without its fragment */
	const char *if_none_match, *if_modified_since; /* NULL if the field is not to be sent */
	char texts[];
};

static const struct tries no_tries = {.phases = {-1, -1, -1, -1, -1, -1}};

static void copy_credentials(struct task *self, const struct url *url)
{
	struct slice credentials = url_credentials(url);
	if (!credentials.len)
		return;
	free(self->credentials);
	self->credentials = alloc_copy(credentials.data, credentials.len);
}

static void update_display_url(struct task *self)
{
	struct buf redacted;
	free(self->display_url);
	self->display_url = NULL;
	if (!strchr(self->url, '@'))
		return;
	buf_init(&redacted, SIZE_MAX / 2);
	url_append_redacted(&redacted, self->url);
	if (strcmp(redacted.data, self->url) != 0)
		self->display_url = redacted.data;
	else
		buf_release(&redacted);
}

struct task *task_new(const struct store_url *url, struct store_claim *claim)
{
	struct buf texts;
	buf_init(&texts, SIZE_MAX / 2);
	url_append_redacted(&texts, url->text);
	buf_append_byte(&texts, '\0');
	size_t url_at = texts.len;
	url_append_without_credentials(url->url, &texts);
	/* Most URLs are listed in the form in which they are fetched; then one text serves for both. */
	if (strcmp(texts.data, texts.data + url_at) == 0) {
		texts.len = url_at - 1;
		url_at = 0;
	}
	size_t listed_at = 0;
	if (strcmp(texts.data, url->text) != 0) {
		buf_append_byte(&texts, '\0');
		listed_at = texts.len;
		buf_append_text(&texts, url->text);
	}
	size_t via_at = 0;
	if (url->via) {
		buf_append_byte(&texts, '\0');
		via_at = texts.len;
		buf_append_text(&texts, url->via);
	}
	struct task *self = alloc_new(sizeof *self + texts.len + 1);
	memcpy(self->source, texts.data, texts.len);
	buf_release(&texts);
	self->job.number = url->number;
	self->listed_us = url->listed_us;
	self->claim = claim;
	self->url = self->source + url_at;
	self->listed = self->source + listed_at;
	self->via = url->via ? self->source + via_at : NULL;
	self->depth = url->depth;
	self->purpose = url->purpose;
	self->state_id = url->id;
	self->sitemap_level = url->sitemap_level;
	self->is_guess = url->is_guess;
	self->is_gone = url->is_gone;
	copy_credentials(self, url->url);
	update_display_url(self);
	return self;
}

void task_list_add(struct task_list *self, struct task *task)
{
	struct tries *tries = task->tries;
	assert(!tries->list);
	tries->list = self;
	tries->next = NULL;
	tries->previous = self->last;
	*(self->last ? &self->last->tries->next : &self->first) = task;
	self->last = task;
	self->count++;
}

void task_list_remove(struct task *task)
{
	struct tries *tries = task->tries;
	struct task_list *list = tries->list;
	if (!list)
		return;
	*(tries->previous ? &tries->previous->tries->next : &list->first) = tries->next;
	*(tries->next ? &tries->next->tries->previous : &list->last) = tries->previous;
	list->count--;
	tries->list = NULL;
}

void task_free(struct task *self)
{
	struct tries *tries = self->tries;
	if (tries) {
		assert(!tries->page && !tries->list);
		fetch_cookies_free(tries->cookies);
		buf_release(&tries->trail);
		buf_release(&tries->packed);
		buf_release(&tries->anchors);
		if (tries->records)
			link_records_release(tries->records);
		if (tries->replay)
			link_reader_release(tries->replay);
		page_changes_free(tries->changes);
		free(tries->kept_reason);
		free(tries->records);
		free(tries->replay);
		free(tries->location);
		free(tries->http2_reason);
		free(tries->content_type);
		free(tries->validator_texts);
		free(tries);
	}
	page_answer_free(self->answer);
	free(self->redirect_url);
	free(self->credentials);
	free(self->preconditions);
	free(self->display_url);
	free(self);
}

void task_set_location(struct task *self, struct slice location)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	url_append_ascii(&text, location);
	self->tries->location = text.data;
}

const char *task_read_location(const struct task *self, struct url *to, bool *leaves)
{
	struct url current;
	url_init(&current);
	url_parse(&current, self->url, strlen(self->url), NULL, NULL);
	bool parsed = url_parse(to, self->tries->location, strlen(self->tries->location), &current, NULL);
	*leaves = parsed && !url_same_origin(to, &current);
	url_release(&current);
	if (!parsed)
		return "which is no URL";
	return url_is_http(to) ? NULL : "which is no http or https URL";
}

/* Copies text to *end, which it moves behind the copy and a NUL. Returns the copy; NULL if there is no text.
 */
static const char *append_text(char **end, struct slice text)
{
	char *copy = *end;
	if (!text.data)
		return NULL;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	*end += text.len + 1;
	return copy;
}

void task_set_preconditions(struct task *self, const char *url, struct preconditions preconditions)
{
	struct slice bare = url_text_without_fragment(url);
	size_t size = bare.len + preconditions.if_none_match.len + preconditions.if_modified_since.len + 3;
	task_drop_preconditions(self);
	if (!preconditions.if_none_match.data && !preconditions.if_modified_since.data)
		return;
	struct task_preconditions *copy = alloc_new(sizeof *copy + size);
	char *end = copy->texts;
	copy->url = append_text(&end, bare);
	copy->if_none_match = append_text(&end, preconditions.if_none_match);
	copy->if_modified_since = append_text(&end, preconditions.if_modified_since);
	self->preconditions = copy;
}

void task_drop_preconditions(struct task *self)
{
	free(self->preconditions);
	self->preconditions = NULL;
}

static struct slice optional_slice(const char *text)
{
	return text ? slice_of(text) : (struct slice){0};
}

bool task_is_unchanged(const struct task *self)
{
	if (!self->tries->is_conditional)
		return false;
	struct preconditions sent = {
	    .if_none_match = optional_slice(self->preconditions->if_none_match),
	    .if_modified_since = optional_slice(self->preconditions->if_modified_since),
	};
	return validators_confirm(sent, self->tries->validators);
}

static bool may_ask_conditionally(const struct task *self, const struct options *options)
{
	return self->preconditions && self->purpose == STORE_PAGE &&
	       slice_equal(url_text_without_fragment(self->url), slice_of(self->preconditions->url)) &&
	       !headers_name_preconditions(&options->headers);
}

static void record_validators(struct tries *self, struct validators values)
{
	struct slice *copies[] = {
	    &self->validators.etag, &self->validators.last_modified, &self->validators.date};
	size_t count = sizeof copies / sizeof *copies;
	size_t size = values.etag.len + values.last_modified.len + values.date.len;
	free(self->validator_texts);
	self->validator_texts = NULL;
	self->validators = values;
	if (size == 0)
		return;
	char *end = self->validator_texts = alloc_new(size + count);
	for (size_t i = 0; i < count; i++)
		copies[i]->data = append_text(&end, *copies[i]);
}

/* In the trail, a URL stands behind a byte that says whether its redirect is permanent, and before a NUL. */
static const char permanent = 'p', temporary = 't';

bool task_next_hop(const struct task *self, size_t *at, struct task_hop *hop)
{
	const struct buf *trail = &self->tries->trail;
	if (*at >= trail->len)
		return false;
	*hop = (struct task_hop){trail->data + *at + 1, trail->data[*at] == permanent};
	*at += strlen(trail->data + *at) + 1;
	return true;
}

bool task_has_visited(const struct task *self, const struct url *url)
{
	struct task_hop hop;
	struct buf bare;
	buf_init(&bare, URL_LENGTH_MAX);
	url_append_without_credentials(url, &bare);
	struct slice wanted = url_text_without_fragment(bare.data);
	bool has_visited = slice_equal(url_text_without_fragment(self->url), wanted);
	for (size_t at = 0; !has_visited && task_next_hop(self, &at, &hop);)
		has_visited = slice_equal(slice_of(hop.from), wanted);
	buf_release(&bare);
	return has_visited;
}

void task_add_hop(struct task *self, struct slice from, bool is_permanent)
{
	buf_append_byte(&self->tries->trail, is_permanent ? permanent : temporary);
	buf_append(&self->tries->trail, from.data, from.len);
	buf_append_byte(&self->tries->trail, '\0');
	self->tries->redirects++;
}

void task_redirect(struct task *self, const struct url *url, bool leaves)
{
	task_add_hop(
	    self, url_text_without_fragment(self->url), http_is_permanent_redirect(self->tries->http_status));
	struct buf bare;
	buf_init(&bare, URL_LENGTH_MAX);
	url_append_without_credentials(url, &bare);
	free(self->redirect_url);
	self->url = self->redirect_url = bare.data;
	if (leaves) {
		free(self->credentials);
		self->credentials = NULL;
	}
	copy_credentials(self, url);
	update_display_url(self);
	free(self->tries->http2_reason);
	self->tries->http2_reason = NULL;
	self->tries->needs_http1 = false;
	self->tries->uses_get = false;
	self->tries->has_head = false;
	self->tries->left_origin |= leaves;
	self->tries->continues_attempt = true;
}

void task_discard_response(struct task *self)
{
	free(self->tries->location);
	self->tries->location = NULL;
	self->tries->stop_reason = STOP_NONE;
	self->forbids_links = false;
}

static void make_tries(struct task *self, int64_t now)
{
	self->tries = alloc_new(sizeof *self->tries);
	self->tries->phases = no_tries.phases;
	buf_init(&self->tries->trail, SIZE_MAX / 2);
	buf_init(&self->tries->packed, SIZE_MAX / 2);
	buf_init(&self->tries->anchors, SIZE_MAX / 2);
	self->tries->left_origin = self->is_foreign;
	self->tries->phases.queued = (double)(now - self->listed_us) / 1000;
}

void task_begin_without_request(struct task *self)
{
	make_tries(self, clock_now_us());
}

void task_set_final_url(struct task *self, const char *url)
{
	free(self->redirect_url);
	self->url = self->redirect_url = alloc_copy(url, strlen(url));
	update_display_url(self);
}

struct fetch_request task_request(struct task *self, const struct options *options)
{
	int64_t now = clock_now_us();
	if (!self->tries)
		make_tries(self, now);
	struct tries *tries = self->tries;
	tries->began_us = now;
	if (!tries->continues_attempt) {
		tries->attempts++;
		tries->spent_ms = 0;
	}
	tries->continues_attempt = false;
	int64_t timeout = options->timeout_ms;
	if (timeout)
		timeout = timeout > tries->spent_ms ? timeout - tries->spent_ms : 1;
	tries->http_status = 0;
	tries->has_head = false;
	tries->is_conditional = may_ask_conditionally(self, options);
	task_discard_response(self);
	const struct task_preconditions *preconditions = tries->is_conditional ? self->preconditions : NULL;
	return (struct fetch_request){.url = self->url,
	    .credentials = self->credentials,
	    .timeout_ms = timeout,
	    .needs_new_connection = tries->needs_new_connection,
	    .needs_http1 = tries->needs_http1,
	    .avoids_http3 = frontier_avoids_http3(&self->job),
	    .left_origin = tries->left_origin,
	    .cookies = tries->cookies,
	    .if_none_match = preconditions ? preconditions->if_none_match : NULL,
	    .if_modified_since = preconditions ? preconditions->if_modified_since : NULL,
	    .waited_ms = -1,
	    .job = self};
}

bool task_stop_by_type(struct task *self, const struct options *options, enum mediatype type)
{
	/* The first bytes of a sitemap decide what it is, and anything but XML is read as a plain text. */
	if (self->sitemap_level)
		return false;
	if (type == MEDIATYPE_BINARY)
		self->tries->stop_reason = STOP_NOT_TEXT;
	else if (type == MEDIATYPE_TEXT && !options->pattern)
		self->tries->stop_reason = STOP_NO_MARKUP;
	return self->tries->stop_reason != STOP_NONE;
}

void task_describe_stop(const struct task *self, const struct options *options, char *reason, size_t size)
{
	const char *type = self->tries->content_type;
	bool is_not_text = self->tries->stop_reason == STOP_NOT_TEXT;
	const char *wanted = is_not_text ? "text" : "markup";
	enum mediatype named = mediatype_of(type);
	if (self->tries->stop_reason == STOP_TOO_LARGE)
		snprintf(reason, size, "larger than %" PRId64 " byte%s (--max-size)", options->max_size,
		    number_text_plural((uint64_t)options->max_size));
	else if (named == MEDIATYPE_UNKNOWN)
		snprintf(reason, size, "not %s by its first bytes, and without a known Content-Type", wanted);
	else if (is_not_text && named != MEDIATYPE_BINARY && named != MEDIATYPE_FILE)
		snprintf(reason, size, "not %s but a gzip file without XML, sent as %s", wanted, type);
	else
		snprintf(reason, size, "not %s but %s", wanted, type);
}

void task_record_result(struct task *self, const struct fetch_result *result)
{
	struct tries *tries = self->tries;
	double queued = tries->phases.queued;
	tries->http_status = result->http_status;
	tries->http_version = result->http_version;
	tries->phases = result->phases;
	tries->phases.queued = queued;
	tries->wire_bytes += result->wire_bytes;
	record_validators(tries, self->purpose == STORE_PAGE ? result->validators : (struct validators){0});
	free(tries->content_type);
	tries->content_type = NULL;
	if (result->content_type)
		tries->content_type = alloc_copy(result->content_type, strlen(result->content_type));
}

int64_t task_backoff_ms(const struct task *self, uint64_t *random_state)
{
	int64_t longest = BACKOFF_FIRST_MS;
	for (unsigned i = 1; i < self->tries->attempts && longest < BACKOFF_LONGEST_MS; i++)
		longest *= 2;
	if (longest > BACKOFF_LONGEST_MS)
		longest = BACKOFF_LONGEST_MS;
	/* Jitter (by xorshift64), so that URLs that failed at the same time are not retried at the same
	 * time. */
	*random_state ^= *random_state << 13;
	*random_state ^= *random_state >> 7;
	*random_state ^= *random_state << 17;
	return longest / 2 + (int64_t)(*random_state % (uint64_t)(longest / 2 + 1));
}

enum host_event task_host_event(const struct fetch_result *result)
{
	bool answered = result->complete || result->stopped;
	if (answered)
		return http_is_busy(result->http_status) ? HOST_BUSY : HOST_ANSWERED;
	if (result->is_refused || result->stage == STAGE_CONNECT || result->stage == STAGE_RESOLVE ||
	    result->stage == STAGE_TLS)
		return HOST_UNREACHABLE;
	return result->timed_out ? HOST_BUSY : HOST_BROKE_OFF;
}

size_t task_row_bytes(const struct task *self, const struct options *options)
{
	size_t len = strlen(self->source);
	return options->format == FORMAT_JSONL ? len + strlen(self->url) : len;
}

struct outcome task_outcome(const struct task *self)
{
	const struct tries *tries = self->tries ? self->tries : &no_tries;
	return (struct outcome){
	    .number = store_position(self->job.number),
	    .depth = self->depth,
	    .via = self->via,
	    .source_url = self->source,
	    .listed = self->listed,
	    .final_url = task_display_url(self),
	    .http_status = tries->http_status,
	    .attempts = tries->attempts,
	    .redirects = tries->redirects,
	    .content_type = tries->content_type,
	    .charset = tries->page ? page_charset(tries->page) : NULL,
	    .phases = tries->phases,
	    .listed_us = self->listed_us,
	    .began_us = tries->began_us,
	    .http_version = tries->http_version,
	    .wire_bytes = tries->wire_bytes,
	    .bytes = tries->page ? page_size(tries->page) : 0,
	};
}

struct outcome task_failure(const struct task *self, enum outcome_kind kind, struct failure_reason failure)
{
	struct outcome outcome = task_outcome(self);
	outcome.kind = kind;
	outcome.stage = failure.stage;
	outcome.cause = failure.cause;
	outcome.reason = failure.reason;
	return outcome;
}

struct outcome task_interruption(const struct task *self)
{
	static const struct failure_reason stopped = {STAGE_LOCAL, CAUSE_STOPPED, "the run was stopped"};
	return task_failure(self, OUTCOME_INTERRUPTED, stopped);
}
