#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "in/robots_tag.h"

#include <stdio.h>
#include <string.h>

void ledger_set_secrets(struct task *task, const struct origin *origin)
{
	task->is_foreign = !origin->is_listed;
	if (origin->credentials && !task->credentials)
		task->credentials = alloc_copy(origin->credentials, strlen(origin->credentials));
}

void ledger_begin_crawl_of(struct ledger *self, struct task *task, const struct url *url)
{
	struct origin *origin = origins_get(&self->origins, url);
	if (task->via) {
		ledger_set_secrets(task, origin);
		return;
	}
	origin->is_listed = true;
	if (!origin->credentials && task->credentials)
		origin->credentials = alloc_copy(task->credentials, strlen(task->credentials));
	if (self->scope)
		scope_add(self->scope, url);
}

void ledger_read_robots_tags(struct ledger *self, struct task *task, const struct fetch_head *head)
{
	for (size_t i = 0; i < head->robots_tag_count; i++)
		task->forbids_links |=
		    robots_tag_header_forbids_links(head->robots_tags[i], self->robots_token);
}

static void on_robots_meta(void *ctx, struct slice name, struct slice content)
{
	struct task *task = ctx;
	(void)name;
	task->forbids_links |= robots_tag_meta_forbids_links(content);
}

void ledger_begin_links(struct ledger *self, struct task *task)
{
	if (self->obeys_robots)
		page_robots(task->tries->page, on_robots_meta, task);
	/* A listed URL may have been redirected: the pages are where it led. */
	if (self->scope && !task->via && task->tries->redirects > 0 &&
	    url_parse(&self->url, task->url, strlen(task->url), NULL, NULL))
		scope_add(self->scope, &self->url);
}

/* Returns why the crawl does not follow a link, LEFT_REASONS if it does. url is where it leads. */
static enum left_reason judge_link(
    const struct ledger *self, const struct task *task, const struct link *link, const struct url *url)
{
	if (self->obeys_robots && (task->forbids_links || link->kind == LINK_NOFOLLOW))
		return LEFT_NOFOLLOW;
	switch (scope_judge(self->scope, url)) {
	case SCOPE_OUTSIDE:
		return LEFT_SCOPE;
	case SCOPE_NOT_FOLLOWED:
		return LEFT_PATTERN;
	case SCOPE_TOO_LONG:
		return LEFT_LENGTH;
	case SCOPE_FOLLOW:
		break;
	}
	return LEFT_REASONS;
}

void ledger_follow(struct ledger *self, struct task *task, const struct link *link)
{
	struct url *url = &self->found_url;
	if (link->kind == LINK_RESOURCE || (int64_t)task->depth >= self->options->depth)
		return;
	if (!url_parse(url, link->url.data, link->url.len, NULL, NULL) || !url_is_http(url))
		return;
	enum left_reason reason = judge_link(self, task, link, url);
	if (reason != LEFT_REASONS) {
		self->totals.left[reason]++;
		return;
	}
	struct store_claim *claim;
	uint32_t depth = task->depth + 1;
	buf_clear(&self->found_text);
	url_append_without_credentials(url, &self->found_text);
	size_t fragment_len = url_href(url).len - url_without_fragment(url).len;
	self->found_text.len -= fragment_len;
	self->found_text.data[self->found_text.len] = '\0';
	url_parse(url, self->found_text.data, self->found_text.len, NULL, NULL);
	const struct store_url found = {.url = url,
	    .text = self->found_text.data,
	    .number = store_number(depth, self->last_number + 1),
	    .listed_us = clock_now_us(),
	    .depth = depth,
	    .via = task->source};
	enum store_offer answer = self->store.offer(self->store.self, &found, &claim);
	if (answer == STORE_KNOWN)
		return;
	self->last_number++;
	self->totals.urls++;
	self->totals.found++;
	if (answer == STORE_CLAIMED)
		ledger_add_task(self, &found, claim);
}

const char *ledger_check_redirect(
    struct ledger *self, const struct task *task, const struct url *url, enum cause *cause)
{
	bool is_new = self->store.mark(self->store.self, url);
	if (!task->via)
		return NULL;
	if (scope_judge(self->scope, url) != SCOPE_FOLLOW) {
		*cause = CAUSE_OUT_OF_SCOPE;
		return "which is not followed (--scope)";
	}
	*cause = CAUSE_KNOWN;
	return is_new ? NULL : "which is asked for anyway";
}
