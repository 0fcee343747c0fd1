#include "run/ledger_internal.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "in/robots_tag.h"
#include "in/shard.h"

#include <stdio.h>
#include <string.h>

/* The most levels of sitemaps, in a row of indexes. */
enum { SITEMAP_LEVELS = 3 };

void ledger_set_secrets(struct task *task, const struct origin *origin)
{
	task->is_foreign = !origin->is_listed;
	if (origin->credentials && !task->credentials)
		task->credentials = alloc_copy(origin->credentials, strlen(origin->credentials));
}

void ledger_begin_listed(struct ledger *self, const struct url *url)
{
	struct origin *origin = origins_get(&self->origins, url);
	struct slice credentials = url_credentials(url);
	origin->is_listed = true;
	if (!origin->credentials && credentials.len > 0)
		origin->credentials = alloc_copy(credentials.data, credentials.len);
	if (self->scope)
		scope_add(self->scope, url);
	ledger_begin_sitemaps(self, origin);
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

void ledger_begin_arrived_links(struct ledger *self, struct task *task)
{
	if (self->obeys_robots)
		page_robots(task->tries->page, on_robots_meta, task);
}

/* The pages are where the listed URL has led. */
void ledger_extend_scope(struct ledger *self, const struct task *task)
{
	if (self->scope && !task->via && task->redirect_url &&
	    url_parse(&self->url, task->url, strlen(task->url), NULL, NULL))
		scope_add(self->scope, &self->url);
}

void ledger_begin_links(struct ledger *self, struct task *task)
{
	task->tries->slow_us = 0;
	ledger_begin_arrived_links(self, task);
	ledger_extend_scope(self, task);
}

/* Returns why the crawl does not follow a link, LEFT_REASONS if it does. */
static enum left_reason judge_link(const struct ledger *self, struct task *task, const struct link *link)
{
	if (self->obeys_robots && (task->forbids_links || link->kind == LINK_NOFOLLOW))
		return LEFT_NOFOLLOW;
	switch (scope_judge(self->scope, link->parsed, &task->tries->slow_us)) {
	case SCOPE_OUTSIDE:
		return LEFT_SCOPE;
	case SCOPE_NOT_FOLLOWED:
	case SCOPE_UNDECIDED:
		return LEFT_PATTERN;
	case SCOPE_TOO_LONG:
		return LEFT_LENGTH;
	case SCOPE_FOLLOW:
		break;
	}
	return LEFT_REASONS;
}

/* found_url belongs to another shard. Links to it are not checked. */
static void leave_elsewhere(struct ledger *self)
{
	const struct slice url = {self->found_text.data, self->found_text.len};
	if (!seen_add(&self->elsewhere, url.data, url.len))
		return;
	self->totals.elsewhere.found++;
	ledger_record_status(self, observers_elsewhere(self->observers, url.data));
	if (self->link_check)
		link_check_settle(self->link_check, url,
		    &(struct target_verdict){.kind = CHECK_OTHER,
		        .outcome = OUTCOME_SKIPPED,
		        .cause = CAUSE_ELSEWHERE,
		        .final_url = url,
		        .anchors = ANCHORS_NONE});
}

void ledger_offer_found(struct ledger *self, struct store_url found)
{
	struct store_claim *claim;
	if (!shard_has(&self->options->shard, &self->found_url)) {
		leave_elsewhere(self);
		return;
	}
	found.url = &self->found_url;
	found.text = self->found_text.data;
	found.number = store_number(found.depth, self->last_number + 1);
	found.listed_us = clock_now_us();
	enum store_offer answer = ledger_offer(self, &found, &claim);
	if (answer == STORE_KNOWN || answer == STORE_SENT)
		return;
	self->last_number++;
	self->totals.urls++;
	self->totals.found++;
	top_paths_add(&self->top_paths, &self->found_url);
	if (answer == STORE_CLAIMED)
		ledger_add_task(self, &found, claim);
}

bool ledger_set_found(struct ledger *self, struct slice text, const struct url *base)
{
	struct url *url = &self->found_url;
	if (!url_parse(url, text.data, text.len, base, NULL) || !url_is_http(url))
		return false;
	size_t fragment_len = url_href(url).len - url_without_fragment(url).len;
	buf_clear(&self->found_text);
	url_append_without_credentials(url, &self->found_text);
	self->found_text.len -= fragment_len;
	self->found_text.data[self->found_text.len] = '\0';
	return url_parse(url, self->found_text.data, self->found_text.len, NULL, NULL);
}

static bool is_known(struct ledger *self, const struct url *url, uint32_t depth)
{
	bool is_lowered;
	if (!self->store.knows(self->store.self, url, STORE_PAGE, depth, &is_lowered))
		return false;
	if (is_lowered && self->state)
		run_state_lower_depth(self->state, ledger_identity(self, url), depth);
	return true;
}

/* Offers a link to the store if it leads on. Returns why the crawl does not follow it, LEFT_REASONS if it
 * does or if the link is none to be followed. */
static enum left_reason follow(struct ledger *self, struct task *task, const struct link *link)
{
	bool is_of_sitemap = task->sitemap_level > 0;
	bool is_sitemap = is_of_sitemap && link->kind == LINK_SITEMAP;
	if (link->kind == LINK_RESOURCE || (!is_of_sitemap && (int64_t)task->depth >= self->options->depth) ||
	    (is_sitemap && task->sitemap_level == SITEMAP_LEVELS) || !url_is_http(link->parsed))
		return LEFT_REASONS;
	uint32_t depth = is_of_sitemap ? 0 : task->depth + 1;
	/* A sitemap may be on any host; what it names must be in the scope. */
	enum left_reason reason = is_sitemap ? LEFT_REASONS : judge_link(self, task, link);
	if (reason == LEFT_REASONS && !is_known(self, link->parsed, depth) &&
	    ledger_set_found(self, link->url, NULL))
		ledger_offer_found(self, (struct store_url){.depth = depth,
		                             .sitemap_level = is_sitemap ? task->sitemap_level + 1 : 0,
		                             .via_id = task->state_id,
		                             .via = task->source});
	return reason;
}

void ledger_follow(struct ledger *self, struct task *task, const struct link *link)
{
	enum left_reason reason = follow(self, task, link);
	if (reason != LEFT_REASONS)
		self->totals.left[reason]++;
}

void ledger_follow_arrived(struct ledger *self, struct task *task, const struct link *link)
{
	(void)follow(self, task, link);
}

static void offer_sitemap(struct ledger *self, const char *text, const struct url *robots, bool is_guess)
{
	if (ledger_set_found(self, slice_of(text), robots))
		ledger_offer_found(
		    self, (struct store_url){
		              .sitemap_level = 1, .is_guess = is_guess, .via = url_href(robots).data});
}

void ledger_begin_sitemaps(struct ledger *self, struct origin *origin)
{
	bool is_refused = origin->robots_state == ROBOTS_REFUSED && self->obeys_robots;
	if (origin->has_begun_sitemaps || !origin->is_listed || !self->options->sitemaps ||
	    origin->robots_state < ROBOTS_KNOWN || is_refused)
		return;
	origin->has_begun_sitemaps = true;
	struct url robots;
	url_init(&robots);
	origin_robots_url(origin, &robots);
	const struct robots_reader *reader = origin->reader;
	const char *sitemap = reader ? robots_reader_next_sitemap(reader, NULL) : NULL;
	if (!sitemap)
		offer_sitemap(self, "/sitemap.xml", &robots, true);
	for (; sitemap; sitemap = robots_reader_next_sitemap(reader, sitemap))
		offer_sitemap(self, sitemap, &robots, false);
	robots_reader_free(origin->reader);
	origin->reader = NULL;
	url_release(&robots);
}

const char *ledger_check_redirect(
    struct ledger *self, const struct task *task, const struct url *url, bool has_cookies, enum cause *cause)
{
	static const char *const refusals[] = {
	    [SCOPE_OUTSIDE] = "which is out of scope (--scope)",
	    [SCOPE_TOO_LONG] = "which is too long to be followed",
	    [SCOPE_NOT_FOLLOWED] = "which is not followed (--follow, --no-follow)",
	    [SCOPE_UNDECIDED] = "which is not followed (--follow, --no-follow)",
	};
	int64_t slow_us = 0;
	/* As in ledger_follow, a sitemap may be on any host. */
	bool has_scope = task->via && task->purpose == STORE_PAGE && !task->sitemap_level;
	enum scope_verdict verdict = has_scope ? scope_judge(self->scope, url, &slow_us) : SCOPE_FOLLOW;
	if (verdict != SCOPE_FOLLOW) {
		*cause = CAUSE_OUT_OF_SCOPE;
		return refusals[verdict];
	}
	if (!shard_has(&self->options->shard, url)) {
		if (ledger_set_found(self, url_href(url), NULL))
			ledger_offer_found(self, (struct store_url){.via = task->source});
		*cause = CAUSE_ELSEWHERE;
		return "which belongs to another shard (--shard)";
	}
	if (!self->crawls)
		return NULL;
	/* Whether the target of a shared crawl is known is asked by ledger_share_redirect. */
	bool is_new = self->shared ? !task_has_visited(task, url)
	                           : !ledger_is_asked_for_more(self, url, task->purpose) &&
	                                 self->store.mark(self->store.self, url, task->purpose);
	if (is_new || !task->via)
		return NULL;
	if (!task_has_visited(task, url)) {
		*cause = CAUSE_KNOWN;
		return "which is asked for anyway";
	}
	*cause = CAUSE_REDIRECTS;
	return has_cookies ? NULL : "in a circle";
}
