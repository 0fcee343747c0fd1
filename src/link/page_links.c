#include "base/clock.h"
#include "base/log.h"
#include "link/html/entity.h"
#include "link/page_internal.h"

#include <assert.h>
#include <string.h>

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.data[i] >= 0x80)
			return false;
	}
	return true;
}

const struct charset *page_links_charset(const struct page *self, struct slice raw)
{
	if (self->decoder)
		return charset_utf8();
	if (self->guess.charset)
		return self->guess.charset;
	return charset_is_utf8(raw.data, raw.len) ? charset_utf8() : charset_windows_1252();
}

/* Behind a value there is always a quote, a blank or a '>', none of which a character has in it; without one,
 * a broken character at the value's end would be read as one at the page's end, which may be another text. */
static bool decode_as_in_page(struct page *self, struct slice raw, const struct charset *charset)
{
	buf_clear(&self->shared->value);
	buf_clear(&self->shared->decoded);
	bool fits = buf_append(&self->shared->value, raw.data, raw.len) &&
	            buf_append_byte(&self->shared->value, '"') &&
	            charset_decode(
	                charset, self->shared->value.data, self->shared->value.len, &self->shared->decoded);
	if (fits)
		self->shared->decoded.len--;
	return fits;
}

/* A raw value as text: decoded, references replaced. Borrowed until the next call. data == NULL: far too
 * long. */
static struct slice decode_value(struct page *self, struct slice raw, const struct charset *charset)
{
	struct slice text = raw;
	if (charset != charset_utf8() && !is_ascii(raw)) {
		if (!decode_as_in_page(self, raw, charset))
			return (struct slice){0};
		text = (struct slice){self->shared->decoded.data, self->shared->decoded.len};
	}
	if (!memchr(text.data, '&', text.len) && !memchr(text.data, '\0', text.len))
		return text;
	buf_clear(&self->shared->value);
	if (!entity_decode(text.data, text.len, &self->shared->value))
		return (struct slice){0};
	return (struct slice){self->shared->value.data, self->shared->value.len};
}

static bool resolve(struct page *self, struct url *to, struct slice found, const struct url *base)
{
	/* What the user's pattern matched is taken as it stands: text, of no page. */
	if (self->tools->pattern)
		return url_parse(to, found.data, found.len, base, NULL);
	const struct charset *charset = page_links_charset(self, found);
	struct slice value = found;
	if (self->find == FIND_IN_HTML)
		value = decode_value(self, found, charset);
	if (!value.data)
		return false;
	/* A page that was converted whole still has its queries in its own encoding. */
	const struct charset *query = self->guess.charset ? self->guess.charset : charset;
	struct url_encoder encoder = {charset_encode, query};
	return url_parse(to, value.data, value.len, base, query == charset_utf8() ? NULL : &encoder);
}

/* HTML standard, section 4.2.3: a base that is no URL, or is a data: or javascript: one, does not count. */
static const struct url *base_of(struct page *self)
{
	if (!self->has_base)
		return &self->shared->document;
	struct slice raw = {self->base_href.data ? self->base_href.data : "", self->base_href.len};
	if (!resolve(self, &self->shared->base, raw, &self->shared->document))
		return &self->shared->document;
	struct slice scheme = url_scheme(&self->shared->base);
	if (slice_equal(scheme, slice_of("data")) || slice_equal(scheme, slice_of("javascript")))
		return &self->shared->document;
	return &self->shared->base;
}

static struct slice copy(struct buf *to, struct slice text)
{
	buf_clear(to);
	return buf_append(to, text.data, text.len) ? (struct slice){to->data, to->len} : (struct slice){0};
}

/* What stands in the page, as UTF-8 where it is in another encoding. */
static struct slice source_text(struct page *self, struct buf *to, struct slice raw)
{
	if (!raw.data || self->find != FIND_IN_HTML)
		return raw;
	const struct charset *charset = page_links_charset(self, raw);
	if (charset == charset_utf8() || is_ascii(raw))
		return raw;
	if (!decode_as_in_page(self, raw, charset))
		return (struct slice){0};
	return copy(to, (struct slice){self->shared->decoded.data, self->shared->decoded.len});
}

/* The value of a short attribute. */
static struct slice without_references(struct page *self, struct slice text)
{
	if (!text.data || self->find != FIND_IN_HTML)
		return text;
	buf_clear(&self->shared->value);
	if (!entity_decode(text.data, text.len, &self->shared->value))
		return (struct slice){0};
	return copy(&self->shared->rel, (struct slice){self->shared->value.data, self->shared->value.len});
}

static struct slice lower_case(struct buf *to, struct slice name)
{
	if (!name.data || !copy(to, name).data)
		return (struct slice){0};
	for (size_t i = 0; i < to->len; i++) {
		if (to->data[i] >= 'A' && to->data[i] <= 'Z')
			to->data[i] = (char)(to->data[i] + ('a' - 'A'));
	}
	return (struct slice){to->data, to->len};
}

static void add_details(struct page *self, struct link *link, const struct raw_link *found)
{
	link->rel = without_references(self, source_text(self, &self->shared->rel, found->rel));
	link->tag = lower_case(&self->shared->tag, source_text(self, &self->shared->raw, found->tag));
	link->raw = source_text(self, &self->shared->raw, found->value);
	/* Of a page that was converted whole only the place in the converted text is known. */
	if (found->position >= 0 && !self->decoder)
		link->position = found->position + (int64_t)self->guess.bom_len;
}

/* Is the URL at hand new on this page, and what the options let through? */
static bool is_wanted(struct page *self, struct slice href)
{
	return filter_wants(self->tools->options, &self->shared->document, &self->shared->url) &&
	       seen_add(&self->shared->seen, href.data, href.len);
}

/* The URL at hand as it is given out. */
static struct slice href_of(const struct page *self)
{
	return self->tools->options->strip_fragment ? url_without_fragment(&self->shared->url)
	                                            : url_href(&self->shared->url);
}

/* A step of work on links: it ends with its time, which is looked at now and then. */
struct step {
	int64_t until_us;
	size_t work; /* since the last look, in bytes */
};

enum { WORK_A_LOOK = 64 << 10, WORK_A_LINK = 512 };

/* So long are the user's patterns asked about the links of a page without a helper process. */
enum { FILTER_PAGE_US = 1000 * 1000 };

static bool is_over(struct step *self, size_t bytes)
{
	self->work += bytes + WORK_A_LINK;
	if (self->work < WORK_A_LOOK)
		return false;
	self->work = 0;
	return clock_now_us() >= self->until_us;
}

/* More than all links can come to: a byte of a page may become three of UTF-8, and each of them three of a
 * percent-encoding. */
static uint64_t highest_cost(const struct page *self)
{
	enum { GROWTH = 9, BESIDE = 64 };
	const struct link_list *links = &self->links;
	uint64_t each = url_href(self->base).len + self->source.row_bytes + BESIDE;
	return each * links->count + (uint64_t)links->pieces.size * (links->detailed ? 2 * GROWTH : GROWTH);
}

/* From here to the end nothing that is shared is another page's. Where a helper process was asked, others had
 * it in between. */
static void begin(struct page *self)
{
	struct page_shared *shared = self->shared;
	bool parsed = url_parse(&shared->document, self->source.url, strlen(self->source.url), NULL, NULL);
	assert(parsed);
	(void)parsed;
	shared->giving = self;
	seen_clear(&shared->seen);
	self->base = base_of(self);
	self->reader = link_list_read(&self->links, &shared->joined);
	self->next = 0;
	if (self->stage != PAGE_STAGE_BEGIN)
		return;
	uint64_t highest = highest_cost(self);
	self->is_chosen = self->tools->filter || highest > (uint64_t)self->tools->options->max_output;
	self->stage = self->is_chosen ? PAGE_STAGE_CHOOSE : PAGE_STAGE_GIVE;
	self->cost = 0;
	self->filter_us = 0;
}

static void finish(struct page *self)
{
	link_list_reader_release(&self->reader);
	self->shared->giving = NULL;
	page_shared_trim(self->shared);
}

static void say_unresolved(struct page *self, struct slice found)
{
	static const size_t shown = 200;
	self->counts.unresolved++;
	log_event("no URL: \"%.*s\" in %s", (int)(found.len < shown ? found.len : shown), found.data,
	    self->source.url);
}

/* Asks the user's patterns, but not for long, and no more where this page has taken long already. */
static char ask_filter(struct page *self, struct slice href)
{
	enum pattern_found found = PATTERN_TOO_LONG;
	if (self->filter_us < FILTER_PAGE_US)
		found = filter_search_briefly(self->tools->filter, href);
	if (found != PATTERN_TOO_LONG)
		return found == PATTERN_FOUND ? CHOICE_YES : CHOICE_NO;
	link_list_add(&self->open, &(struct raw_link){.value = href});
	return CHOICE_OPEN;
}

static char choose_one(struct page *self, struct slice found)
{
	if (!resolve(self, &self->shared->url, found, self->base)) {
		self->cost += found.len + url_href(self->base).len;
		say_unresolved(self, found);
		return CHOICE_NO;
	}
	struct slice href = href_of(self);
	self->cost += href.len + self->source.row_bytes + (self->detailed ? found.len : 0);
	if (!is_wanted(self, href))
		return CHOICE_NO;
	return self->tools->filter ? ask_filter(self, href) : CHOICE_YES;
}

/* Looks at all links before any is given out: a page gives all of them or none. The cost counts each as often
 * as it stands there, so that it bounds the work, too. Returns PAGE_GIVEN where they may be given out. */
static enum page_state choose(struct page *self, int64_t until_us)
{
	struct step step = {.until_us = until_us};
	struct raw_link found = {.position = -1};
	while (link_list_next(&self->reader, &found)) {
		uint64_t before = self->cost;
		buf_append_byte(&self->choice, choose_one(self, found.value));
		if (self->cost > (uint64_t)self->tools->options->max_output)
			return PAGE_TOO_MUCH;
		if (is_over(&step, self->tools->filter ? WORK_A_LOOK : (size_t)(self->cost - before)))
			return PAGE_LATER;
	}
	return self->reader.pieces.failed ? PAGE_LOST : PAGE_GIVEN;
}

static enum page_state choose_all(struct page *self, int64_t until_us)
{
	int64_t began_us = clock_now_us();
	enum page_state state = choose(self, until_us);
	if (self->tools->filter)
		self->filter_us += clock_now_us() - began_us;
	if (state != PAGE_GIVEN)
		return state;
	link_list_reader_release(&self->reader);
	if (self->open.count > 0) {
		self->stage = PAGE_STAGE_ASK;
		page_work_start(self, WORK_FILTER, &self->open.pieces);
		return PAGE_WAITS;
	}
	self->reader = link_list_read(&self->links, &self->shared->joined);
	self->stage = PAGE_STAGE_GIVE;
	self->next = 0;
	return PAGE_GIVEN;
}

/* Returns about how much work it was. */
static size_t give_one(struct page *self, const struct raw_link *found, page_link_fn on_link, void *ctx)
{
	if (!resolve(self, &self->shared->url, found->value, self->base)) {
		say_unresolved(self, found->value);
		return found->value.len;
	}
	struct link link = {.url = href_of(self), .position = -1};
	if (!self->is_chosen && !is_wanted(self, link.url))
		return link.url.len;
	if (self->detailed)
		add_details(self, &link, found);
	self->counts.links++;
	on_link(ctx, &link);
	return link.url.len + self->source.row_bytes;
}

static enum page_state give(struct page *self, int64_t until_us, page_link_fn on_link, void *ctx)
{
	struct step step = {.until_us = until_us};
	struct raw_link found = {.position = -1};
	while (link_list_next(&self->reader, &found)) {
		size_t work = 0;
		if (!self->is_chosen || self->choice.data[self->next++] == CHOICE_YES)
			work = give_one(self, &found, on_link, ctx);
		if (is_over(&step, work))
			return PAGE_LATER;
	}
	return self->reader.pieces.failed ? PAGE_LOST : PAGE_GIVEN;
}

enum page_state page_give(struct page *self, int64_t until_us, page_link_fn on_link, void *ctx)
{
	enum page_state state = self->failed;
	if (state != PAGE_GIVEN)
		return state;
	assert(!self->shared->giving || self->shared->giving == self);
	if (!self->shared->giving)
		begin(self);
	if (self->stage == PAGE_STAGE_CHOOSE)
		state = choose_all(self, until_us);
	if (state == PAGE_GIVEN)
		state = give(self, until_us, on_link, ctx);
	if (state != PAGE_LATER)
		finish(self);
	return state;
}
