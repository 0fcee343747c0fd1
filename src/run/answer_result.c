#include "run/answer_result.h"

#include "base/clock.h"

enum state_answer answer_result_of(const struct task *task, const struct outcome *outcome)
{
	if (task->is_gone && outcome->kind == OUTCOME_OK)
		return STATE_ANSWER_GONE;
	if (outcome->kind == OUTCOME_OK)
		return task->is_fresh          ? STATE_ANSWER_KEPT
		       : outcome->is_unchanged ? STATE_ANSWER_CONFIRMED
		                               : STATE_ANSWER_NEW;
	/* A sitemap that nobody has named is skipped then. */
	bool is_gone = outcome->cause == CAUSE_HTTP_STATUS &&
	               (outcome->http_status == 404 || outcome->http_status == 410);
	return is_gone ? STATE_ANSWER_GONE : STATE_ANSWER_KEPT;
}

/* A text of a response with its NUL; NULL if there is none. */
static const char *copy_value(struct buf *to, struct slice value)
{
	buf_clear(to);
	if (!value.data)
		return NULL;
	buf_append(to, value.data, value.len);
	return to->data;
}

/* Where redirects led on the way to the last one, see state_page.hops. */
static const char *list_hops(struct buf *to, const struct task *task)
{
	struct task_hop hop;
	size_t at = 0;
	/* The first redirect came from the URL of the page. */
	if (!task_next_hop(task, &at, &hop))
		return NULL;
	while (task_next_hop(task, &at, &hop)) {
		if (to->len)
			buf_append_byte(to, '\n');
		buf_append_text(to, hop.from);
	}
	return to->data;
}

void answer_result_init(struct answer_result *self, const struct task *task, const struct outcome *outcome)
{
	const struct tries *tries = task->tries;
	struct buf *const bufs[] = {&self->hops, &self->etag, &self->modified, &self->date};
	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
		buf_init(bufs[i], SIZE_MAX / 2);
	struct state_result *result = &self->result;
	*result = (struct state_result){.page = task->state_id,
	    .outcome = outcome->kind,
	    .cause = outcome->cause,
	    .http_status = outcome->http_status,
	    .depth = task->depth,
	    .answer = answer_result_of(task, outcome),
	    .final_url = tries && task->redirect_url ? task->url : NULL,
	    .hops = tries ? list_hops(&self->hops, task) : NULL};
	if (tries && (result->answer == STATE_ANSWER_NEW || result->answer == STATE_ANSWER_CONFIRMED)) {
		result->etag = copy_value(&self->etag, tries->validators.etag);
		result->last_modified = copy_value(&self->modified, tries->validators.last_modified);
		result->date = copy_value(&self->date, tries->validators.date);
		result->fetched = clock_unix_s();
	}
	if (tries && result->answer == STATE_ANSWER_NEW && tries->records) {
		result->links = (struct slice){tries->records->bytes.data, tries->records->bytes.len};
		result->link_count = tries->records->count;
		result->links_hash = tries->records->hash;
	}
}

void answer_result_release(struct answer_result *self)
{
	buf_release(&self->hops);
	buf_release(&self->etag);
	buf_release(&self->modified);
	buf_release(&self->date);
}
