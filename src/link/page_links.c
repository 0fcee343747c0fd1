#include "base/ascii.h"
#include "base/clock.h"
#include "base/log.h"
#include "link/filter.h"
#include "link/page_internal.h"

#include <assert.h>
#include <string.h>

static void clear_seen(struct page_shared *shared)
{
	seen_clear(&shared->seen);
	seen_clear(&shared->pages);
}

/* Returns true if the options want shared->url and href was not seen on this page before. Records href as
 * seen if the URL is wanted. */
static bool accept_row(struct page *self, struct slice href)
{
	struct page_shared *shared = self->shared;
	return filter_wants(self->tools->options, &shared->document, &shared->url) &&
	       seen_add(&shared->seen, href.data, href.len);
}

/* Returns true if a crawl may follow links of this kind. */
static bool may_lead_on(const struct page *self, unsigned kind)
{
	return self->tools->crawls &&
	       (kind == LINK_PAGE || kind == LINK_SITEMAP || link_list_is_hidden(kind));
}

/* Returns true if a crawl may follow the link, and was not given shared->url on this page before, with
 * whatever fragment. */
static bool accept_page(struct page *self, unsigned kind)
{
	if (!may_lead_on(self, kind))
		return false;
	struct slice href = url_without_fragment(&self->shared->url);
	return seen_add(&self->shared->pages, href.data, href.len);
}

/* Returns shared->url in the form in which it is passed on. */
static struct slice href_to_emit(const struct page *self)
{
	return self->tools->options->strip_fragment ? url_without_fragment(&self->shared->url)
	                                            : url_href(&self->shared->url);
}

/* A limited time for work on links. The clock is only read after a certain amount of work. */
struct time_slice {
	int64_t until_us; /* when it ends (monotonic) */
	size_t work;      /* work since the clock was read last, in bytes */
};

enum { WORK_PER_CLOCK_READ = 64 << 10, WORK_PER_LINK = 512 };

/* The time that the user's patterns may take for one page before a helper process does the rest. */
enum { FILTER_US_MAX = 1000 * 1000 };

/* Counts the work on one link, bytes long. Returns true if the time slice is over. */
static bool count_work(struct time_slice *self, size_t bytes)
{
	self->work += bytes + WORK_PER_LINK;
	if (self->work < WORK_PER_CLOCK_READ)
		return false;
	self->work = 0;
	return clock_now_us() >= self->until_us;
}

/* Returns a number of bytes that the rows of all links cannot pass. One byte of a page may become three bytes
 * of UTF-8, and each of these may become three bytes by percent-encoding. */
static uint64_t cost_upper_bound(const struct page *self)
{
	enum { GROWTH = 9, PER_LINK = 64 };
	const struct link_list *links = &self->links;
	size_t base_len = url_href(self->base).len;
	if (self->longest_base > base_len)
		base_len = self->longest_base;
	uint64_t each = base_len + self->source.row_bytes + PER_LINK;
	return each * (links->count + self->more_links) +
	       (uint64_t)links->pieces.size * (links->detailed ? 2 * GROWTH : GROWTH);
}

/* Starts reading the links from the first one on. */
static void begin_links(struct page *self)
{
	link_list_reader_release(&self->reader);
	self->reader = link_list_read(&self->links, &self->shared->joined);
	self->base = page_value_base(self);
	self->next = 0;
}

/* Sets the shared fields for this page, which uses them alone until finish_emitting. After PAGE_STAGE_FILTER
 * this is done a second time, since other pages may have used them meanwhile. */
static void begin_emitting(struct page *self)
{
	struct page_shared *shared = self->shared;
	bool parsed = url_parse(&shared->document, self->source.url, strlen(self->source.url), NULL, NULL);
	assert(parsed);
	(void)parsed;
	shared->emitting = self;
	clear_seen(shared);
	self->part = (struct slice){0};
	self->has_parts = false;
	begin_links(self);
	if (self->stage != PAGE_STAGE_BEGIN)
		return;
	self->reader = link_list_read(&self->anchors, &shared->joined);
	self->stage = PAGE_STAGE_ANCHORS;
}

/* Passes on the anchors. Then the links follow. */
static enum page_state emit_anchors(struct page *self, int64_t until_us)
{
	struct time_slice time_slice = {.until_us = until_us};
	struct raw_link found = {.position = -1};
	while (link_list_next(&self->reader, &found)) {
		struct slice anchor = page_value_text(self, found.value);
		if (anchor.len > 0)
			self->source.on_anchor(self->source.ctx, anchor);
		if (count_work(&time_slice, anchor.len))
			return PAGE_HAS_MORE;
	}
	if (self->reader.pieces.failed)
		return PAGE_UNREADABLE;
	begin_links(self);
	self->has_choices =
	    self->tools->filter || cost_upper_bound(self) > (uint64_t)self->tools->options->max_output;
	self->stage = self->has_choices ? PAGE_STAGE_CHOOSE : PAGE_STAGE_EMIT;
	self->cost = 0;
	self->filter_us = 0;
	return PAGE_DONE;
}

/* Keeps the text of a value whose URLs are passed on one after the other. */
static void begin_parts(struct page *self, const struct raw_link *found)
{
	struct slice text = page_value_text(self, found->value);
	if (!text.data)
		return;
	if (text.data != found->value.data)
		text = page_value_copy(&self->shared->parts, text);
	self->parted = *found;
	self->values = link_values_of(found->attribute, text);
	self->has_parts = true;
}

/* Sets *found and self->part to the next part of a value. Returns false after the last one. */
static bool next_part(struct page *self, struct raw_link *found)
{
	*found = self->parted;
	self->has_parts = link_values_next(&self->values, &self->part);
	if (!self->has_parts)
		self->part = (struct slice){0};
	return self->has_parts;
}

/* Sets *found to the next link of the list. A link whose value has several URLs comes again for each of them,
 * with self->part, and not at all if it has none. Returns false after the last link, and if the list cannot
 * be read. */
static inline bool next_link(struct page *self, struct raw_link *found)
{
	while (!self->has_parts || !next_part(self, found)) {
		if (!link_list_next(&self->reader, found))
			return false;
		if (link_values_are_whole(found->attribute))
			return true;
		begin_parts(self, found);
	}
	return true;
}

static void finish_emitting(struct page *self)
{
	link_list_reader_release(&self->reader);
	self->shared->emitting = NULL;
	page_shared_trim(self->shared);
}

static void report_unresolved(struct page *self, struct slice found)
{
	static const size_t shown = 200;
	self->counts.unresolved++;
	log_event("no URL: \"%.*s\" in %s", (int)(found.len < shown ? found.len : shown), found.data,
	    self->source.url);
}

/* True if links that are no URL are passed on: they have no scheme, host or form that a filter could want. */
static bool wants_invalid(const struct page *self)
{
	const struct options *options = self->tools->options;
	return self->tools->checks && !self->tools->filter && !options->same_host && !options->external &&
	       !options->schemes;
}

/* Applies the user's patterns for a short time, or not at all if this page has already taken FILTER_US_MAX. A
 * link that they do not decide is added to the undecided ones. */
static char apply_filter(struct page *self, struct slice href)
{
	enum pattern_found found = PATTERN_TOO_LONG;
	if (self->filter_us < FILTER_US_MAX)
		found = pattern_filter_search_briefly(self->tools->filter, href);
	if (found != PATTERN_TOO_LONG)
		return found == PATTERN_FOUND ? CHOICE_YES : CHOICE_NO;
	link_list_add(&self->undecided, &(struct raw_link){.value = href});
	return CHOICE_UNDECIDED;
}

/* Decides about one link, and adds the bytes of its row to the cost. Returns a CHOICE_…. */
static char choose_link(struct page *self, const struct raw_link *found)
{
	struct slice value = self->part.data ? self->part : found->value;
	if (!page_value_resolve(self, &self->shared->url, found->value, self->base)) {
		self->cost += value.len + url_href(self->base).len;
		if (wants_invalid(self))
			return CHOICE_YES;
		report_unresolved(self, value);
		return CHOICE_NO;
	}
	struct slice href = href_to_emit(self);
	self->cost += href.len + self->source.row_bytes + (self->detailed ? value.len : 0);
	if (link_list_is_hidden(found->kind) || !accept_row(self, href))
		return CHOICE_NO;
	return self->tools->filter ? apply_filter(self, href) : CHOICE_YES;
}

/* Sets the base to that of a LINK_LIST_BASE. */
static void set_base(struct page *self, struct slice url)
{
	bool is_url = url.len > 0 && url_parse(&self->shared->base, url.data, url.len, NULL, NULL);
	self->base = is_url ? &self->shared->base : page_value_base(self);
}

/* Decides about all links before the first is passed on, because a page passes on either all of them or none.
 * The cost counts a link each time that it occurs, so that its limit also limits the work. Returns PAGE_DONE
 * when the page may go on. */
static enum page_state choose_links(struct page *self, int64_t until_us)
{
	struct time_slice time_slice = {.until_us = until_us};
	struct raw_link found = {.position = -1};
	while (next_link(self, &found)) {
		uint64_t before = self->cost;
		if (found.kind == LINK_LIST_BASE)
			set_base(self, found.value);
		buf_append_byte(
		    &self->choices, found.kind == LINK_LIST_BASE ? CHOICE_NO : choose_link(self, &found));
		if (self->cost > (uint64_t)self->tools->options->max_output)
			return PAGE_OUTPUT_TOO_LARGE;
		if (count_work(&time_slice,
		        self->tools->filter ? WORK_PER_CLOCK_READ : (size_t)(self->cost - before)))
			return PAGE_HAS_MORE;
	}
	return self->reader.pieces.failed ? PAGE_UNREADABLE : PAGE_DONE;
}

/* Runs PAGE_STAGE_CHOOSE until it is finished or the time is over. Returns PAGE_DONE when the next
 * stage is PAGE_STAGE_EMIT. */
static enum page_state run_choose_stage(struct page *self, int64_t until_us)
{
	int64_t started_us = clock_now_us();
	enum page_state state = choose_links(self, until_us);
	if (self->tools->filter)
		self->filter_us += clock_now_us() - started_us;
	if (state != PAGE_DONE)
		return state;
	if (self->undecided.count > 0) {
		self->stage = PAGE_STAGE_FILTER;
		page_work_start(self, WORK_FILTER, &self->undecided.pieces);
		return PAGE_WAITING;
	}
	clear_seen(self->shared);
	begin_links(self);
	self->stage = PAGE_STAGE_EMIT;
	return PAGE_DONE;
}

static enum link_kind kind_of(const struct raw_link *found)
{
	return found->kind == LINK_LIST_HIDDEN_PAGE      ? LINK_PAGE
	       : found->kind == LINK_LIST_HIDDEN_SITEMAP ? LINK_SITEMAP
	                                                 : (enum link_kind)found->kind;
}

/* Passes on a link that is no URL, once with the same text. */
static void emit_invalid(struct page *self, const struct raw_link *found, page_link_fn on_link, void *ctx)
{
	struct slice value = self->part.data ? self->part : found->value;
	struct slice text = self->part.data ? self->part : page_value_text(self, found->value);
	report_unresolved(self, value);
	if (!wants_invalid(self) || !text.data)
		return;
	struct buf shown;
	buf_init(&shown, SIZE_MAX / 2);
	url_append_printable(&shown, ascii_trim(text));
	struct link link = {.url = {shown.data, shown.len}, .is_row = true, .position = -1};
	if (seen_add(&self->shared->seen, shown.data, shown.len)) {
		if (self->detailed)
			page_value_add_details(self, &link, found);
		on_link(ctx, &link);
	}
	buf_release(&shown);
}

/* Passes one link to on_link if it is a row or leads on. is_chosen is false if choose_link has decided that
 * it is no row. Returns about how much work that was, in bytes. */
static size_t emit_link(
    struct page *self, const struct raw_link *found, bool is_chosen, page_link_fn on_link, void *ctx)
{
	if (!page_value_resolve(self, &self->shared->url, found->value, self->base)) {
		if (is_chosen)
			emit_invalid(self, found, on_link, ctx);
		return found->value.len;
	}
	bool is_hidden = link_list_is_hidden(found->kind);
	/* All fields are named: to clear the rest of them takes longer. */
	struct link link = {.url = href_to_emit(self),
	    .parsed = &self->shared->url,
	    .kind = kind_of(found),
	    .raw = {NULL, 0},
	    .tag = {NULL, 0},
	    .attr = {NULL, 0},
	    .rel = {NULL, 0},
	    .position = -1,
	    .line = 0,
	    .column = 0,
	    .verdict = NULL};
	/* Where choices were made, each URL was chosen only once. */
	link.is_row = is_chosen && !is_hidden && (self->has_choices || accept_row(self, link.url));
	if (!accept_page(self, found->kind) && !link.is_row)
		return link.url.len;
	if (self->detailed)
		page_value_add_details(self, &link, found);
	self->counts.links += link.is_row;
	on_link(ctx, &link);
	return link.url.len + self->source.row_bytes;
}

static enum page_state emit_links(struct page *self, int64_t until_us, page_link_fn on_link, void *ctx)
{
	struct time_slice time_slice = {.until_us = until_us};
	struct raw_link found = {.position = -1};
	while (next_link(self, &found)) {
		size_t work = 0;
		bool is_chosen = !self->has_choices || self->choices.data[self->next++] == CHOICE_YES;
		if (found.kind == LINK_LIST_BASE)
			set_base(self, found.value);
		else if (is_chosen || may_lead_on(self, found.kind))
			work = emit_link(self, &found, is_chosen, on_link, ctx);
		if (count_work(&time_slice, work))
			return PAGE_HAS_MORE;
	}
	return self->reader.pieces.failed ? PAGE_UNREADABLE : PAGE_DONE;
}

enum page_state page_emit_links(struct page *self, int64_t until_us, page_link_fn on_link, void *ctx)
{
	enum page_state state = self->failure;
	if (state != PAGE_DONE)
		return state;
	assert(!self->shared->emitting || self->shared->emitting == self);
	if (!self->shared->emitting)
		begin_emitting(self);
	if (self->stage == PAGE_STAGE_ANCHORS)
		state = emit_anchors(self, until_us);
	if (state == PAGE_DONE && self->stage == PAGE_STAGE_CHOOSE)
		state = run_choose_stage(self, until_us);
	if (state == PAGE_DONE)
		state = emit_links(self, until_us, on_link, ctx);
	if (state != PAGE_HAS_MORE)
		finish_emitting(self);
	return state;
}

/* Passes one link to on_link, and adds what its row will take to the cost. Returns about how much work that
 * was, in bytes. */
static size_t emit_arrived_link(
    struct page *self, const struct raw_link *found, page_link_fn on_link, void *ctx)
{
	struct url *url = &self->shared->url;
	if (!page_value_resolve(self, url, found->value, NULL))
		return found->value.len;
	struct link link = {.url = url_href(url), .parsed = url, .kind = kind_of(found), .position = -1};
	self->cost += link.url.len + self->source.row_bytes;
	on_link(ctx, &link);
	return link.url.len;
}

bool page_emit_arrived(struct page *self, int64_t until_us, page_link_fn on_link, void *ctx)
{
	struct time_slice time_slice = {.until_us = until_us};
	struct raw_link found = {.position = -1};
	bool is_over = false;
	assert(self->arrival.is_open);
	struct link_list_reader reader =
	    link_list_read_from(&self->links, self->arrival.emitted, &self->shared->joined);
	while (!is_over && self->failure == PAGE_DONE && link_list_next(&reader, &found)) {
		is_over = count_work(&time_slice, emit_arrived_link(self, &found, on_link, ctx));
		if (self->cost > (uint64_t)self->tools->options->max_output)
			self->failure = PAGE_OUTPUT_TOO_LARGE;
	}
	if (reader.pieces.failed)
		self->failure = PAGE_UNREADABLE;
	self->arrival.emitted = self->links.pieces.size - reader.pieces.size;
	link_list_reader_release(&reader);
	return is_over && self->failure == PAGE_DONE;
}
