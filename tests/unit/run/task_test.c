#include "run/task.h"

#include "base/options.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

/* A task that a frontier has started. */
struct start {
	struct options options;
	struct frontier *frontier;
	struct task *task;
};

static void redirect(struct start *self, const char *to, bool leaves)
{
	struct url url;
	url_init(&url);
	cr_assert(url_parse(&url, to, strlen(to), NULL, NULL));
	task_redirect(self->task, &url, leaves);
	url_release(&url);
}

static void begin(struct start *self, const char *listed, enum store_purpose purpose)
{
	struct url url;
	url_init(&url);
	cr_assert(url_parse(&url, listed, strlen(listed), NULL, NULL));
	*self = (struct start){.frontier = frontier_new(&(struct manners){.per_host = 1})};
	self->task = task_new(&(struct store_url){.url = &url, .text = listed, .purpose = purpose}, NULL);
	frontier_add(self->frontier, &self->task->job, &url);
	cr_assert_eq(frontier_next(self->frontier, 0, UINT64_MAX), &self->task->job);
	url_release(&url);
}

static void end(struct start *self)
{
	frontier_finish(self->frontier, &self->task->job);
	task_free(self->task);
	frontier_free(self->frontier);
}

static void know(struct start *self, const char *url, const char *etag, const char *date)
{
	struct preconditions known = {{0}, {0}};
	if (etag)
		known.if_none_match = slice_of(etag);
	if (date)
		known.if_modified_since = slice_of(date);
	task_set_preconditions(self->task, url, known);
}

static bool is_text(const char *actual, const char *wanted)
{
	return wanted ? actual && strcmp(actual, wanted) == 0 : !actual;
}

static void expect_request(struct start *self, const char *etag, const char *date)
{
	struct fetch_request request = task_request(self->task, &self->options);
	cr_expect(is_text(request.if_none_match, etag), "%s", request.if_none_match);
	cr_expect(is_text(request.if_modified_since, date), "%s", request.if_modified_since);
	cr_expect_eq(self->task->tries->is_conditional, etag || date);
}

Test(task, asks_conditionally_with_what_is_known)
{
	struct start start;
	begin(&start, "http://a.test/x#top", STORE_PAGE);
	expect_request(&start, NULL, NULL);
	know(&start, "http://a.test/x", "W/\"a\"", DATE);
	expect_request(&start, "W/\"a\"", DATE);
	/* A retry asks the same question. */
	expect_request(&start, "W/\"a\"", DATE);
	know(&start, "http://a.test/x#end", "\"b\"", NULL);
	expect_request(&start, "\"b\"", NULL);
	know(&start, "http://a.test/x", NULL, DATE);
	expect_request(&start, NULL, DATE);
	know(&start, "http://a.test/x", NULL, NULL);
	expect_request(&start, NULL, NULL);
	know(&start, "http://a.test/x", "\"b\"", NULL);
	task_drop_preconditions(start.task);
	expect_request(&start, NULL, NULL);
	end(&start);
}

/* The validators of a response belong to the resource that it is of (RFC 9110, section 8.8). */
Test(task, asks_conditionally_only_where_the_answer_was)
{
	struct start start;
	begin(&start, "http://a.test/x", STORE_PAGE);
	know(&start, "http://a.test/x", "\"a\"", DATE);
	expect_request(&start, "\"a\"", DATE);
	redirect(&start, "http://a.test/y", false);
	expect_request(&start, NULL, NULL);
	redirect(&start, "http://b.test/x", true);
	expect_request(&start, NULL, NULL);
	end(&start);

	begin(&start, "http://a.test/x", STORE_PAGE);
	know(&start, "http://b.test/y", "\"a\"", NULL);
	expect_request(&start, NULL, NULL);
	redirect(&start, "http://user:secret@b.test/y#part", true);
	expect_request(&start, "\"a\"", NULL);
	end(&start);

	/* A server may set a cookie and redirect to the same URL. */
	begin(&start, "http://a.test/x", STORE_PAGE);
	know(&start, "http://a.test/x", "\"a\"", NULL);
	expect_request(&start, "\"a\"", NULL);
	redirect(&start, "http://a.test/x", false);
	expect_request(&start, "\"a\"", NULL);
	end(&start);
}

Test(task, asks_conditionally_only_for_pages)
{
	static const enum store_purpose purposes[] = {STORE_LOOK, STORE_ANCHORS};
	for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++) {
		struct start start;
		begin(&start, "http://a.test/x", purposes[i]);
		know(&start, "http://a.test/x", "\"a\"", DATE);
		expect_request(&start, NULL, NULL);
		task_record_result(
		    start.task, &(struct fetch_result){.validators = {.etag = slice_of("\"a\"")}});
		cr_expect(!start.task->tries->validators.etag.data);
		end(&start);
	}
}

Test(task, leaves_preconditions_to_the_user)
{
	static const char *const lines[] = {
	    "If-None-Match: \"u\"", ("if-modified-since: " DATE), "If-None-Match:"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct start start;
		const char *line = lines[i];
		begin(&start, "http://a.test/x", STORE_PAGE);
		start.options.headers = (struct option_list){&line, 1};
		know(&start, "http://a.test/x", "\"a\"", DATE);
		expect_request(&start, NULL, NULL);
		end(&start);
	}
}

Test(task, keeps_the_validators_of_the_last_response)
{
	struct start start;
	const struct validators *kept;
	begin(&start, "http://a.test/x", STORE_PAGE);
	know(&start, "http://a.test/x", "W/\"a\"", DATE);
	task_request(start.task, &start.options);
	kept = &start.task->tries->validators;
	char etag[] = "\"a\"";
	task_record_result(start.task,
	    &(struct fetch_result){.validators = {.etag = slice_of(etag), .last_modified = slice_of(DATE)}});
	memset(etag, 'x', sizeof etag - 1);
	cr_expect(
	    slice_equal(kept->etag, slice_of("\"a\"")) && slice_equal(kept->last_modified, slice_of(DATE)));
	cr_expect(!kept->date.data && task_is_unchanged(start.task));
	task_record_result(start.task, &(struct fetch_result){.validators = {.etag = slice_of("\"b\"")}});
	cr_expect(!kept->last_modified.data && !task_is_unchanged(start.task));
	task_record_result(start.task, &(struct fetch_result){0});
	cr_expect(!kept->etag.data && task_is_unchanged(start.task));
	/* Nobody has asked for it. */
	task_drop_preconditions(start.task);
	task_request(start.task, &start.options);
	cr_expect(!task_is_unchanged(start.task));
	end(&start);
}
