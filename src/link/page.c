#include "link/page.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/seen.h"
#include "base/url.h"
#include "link/charset.h"
#include "link/entity.h"
#include "link/filter.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A link that is longer than this after decoding is no URL anyway. */
enum { VALUE_MAX = URL_LENGTH_MAX };

struct page {
	const struct page_tools *tools;
	struct extract *extract;
	enum mediatype type;
	char *content_type;
	uint64_t size;

	struct buf head; /* the first bytes, until the encoding is known as far as they tell */
	bool begun;      /* … and it is */
	struct charset_guess guess;
	struct charset_decoder *decoder; /* of a page that must be converted whole; else NULL */

	struct buf text;      /* converted text on its way to extract; with a user's pattern the whole body */
	struct buf links;     /* raw values as found: a uint32_t length, then the bytes */
	struct buf base_href; /* raw */
	bool has_base;

	struct buf decoded; /* one value as UTF-8 */
	struct buf value;   /* … with its character references replaced */
	struct url document;
	struct url base;
	struct url url;
	struct seen seen;
};

struct page *page_new(const struct page_tools *tools)
{
	struct page *self = alloc_new(sizeof *self);
	size_t body_max = (size_t)tools->options->max_size;
	self->tools = tools;
	self->extract = extract_new(tools->patterns);
	buf_init(&self->head, CHARSET_PRESCAN);
	/* One byte may become three in UTF-8. */
	buf_init(&self->text, body_max * 3 + 3);
	/* A raw value needs at least 7 bytes of page before it; only a user's pattern can come to more. */
	buf_init(&self->links, body_max * 8);
	buf_init(&self->base_href, EXTRACT_TAG_MAX * 3);
	buf_init(&self->decoded, VALUE_MAX);
	buf_init(&self->value, VALUE_MAX);
	url_init(&self->document);
	url_init(&self->base);
	url_init(&self->url);
	seen_init(&self->seen);
	return self;
}

void page_free(struct page *self)
{
	if (!self)
		return;
	extract_free(self->extract);
	charset_decoder_free(self->decoder);
	free(self->content_type);
	buf_release(&self->head);
	buf_release(&self->text);
	buf_release(&self->links);
	buf_release(&self->base_href);
	buf_release(&self->decoded);
	buf_release(&self->value);
	url_release(&self->document);
	url_release(&self->base);
	url_release(&self->url);
	seen_release(&self->seen);
	free(self);
}

void page_begin(struct page *self, const char *content_type)
{
	extract_reset(self->extract);
	charset_decoder_free(self->decoder);
	free(self->content_type);
	self->decoder = NULL;
	self->content_type = content_type ? alloc_copy(content_type, strlen(content_type)) : NULL;
	self->type = mediatype_of(content_type);
	self->size = 0;
	self->begun = false;
	self->guess = (struct charset_guess){0};
	self->has_base = false;
	buf_clear(&self->head);
	buf_clear(&self->text);
	buf_clear(&self->links);
	buf_clear(&self->base_href);
}

uint64_t page_size(const struct page *self)
{
	return self->size;
}

/* False where they have come to more than any sensible page holds. */
static bool keep_link(struct page *self, struct slice value)
{
	uint32_t len = (uint32_t)value.len;
	return buf_append(&self->links, &len, sizeof len) && buf_append(&self->links, value.data, value.len);
}

static const char *decoded_attribute(
    struct page *self, struct slice tag, const char *name, struct buf *to, struct slice *value)
{
	struct slice raw = extract_attribute(self->tools->patterns, tag, name);
	*value = raw;
	buf_clear(to);
	if (!raw.data || !entity_decode(raw.data, raw.len, to))
		return NULL;
	*value = (struct slice){to->data ? to->data : "", to->len};
	return value->data;
}

/* The first <meta> that declares an encoding settles it, unless something stronger has. */
static void use_meta(struct page *self, struct slice tag)
{
	if (self->guess.confidence == CHARSET_CERTAIN)
		return;
	struct buf http_equiv_text;
	struct slice charset, http_equiv, content;
	buf_init(&http_equiv_text, EXTRACT_TAG_MAX * 3);
	decoded_attribute(self, tag, "charset", &self->decoded, &charset);
	decoded_attribute(self, tag, "http-equiv", &http_equiv_text, &http_equiv);
	decoded_attribute(self, tag, "content", &self->value, &content);
	const struct charset *declared = charset_from_meta(charset, http_equiv, content);
	if (declared)
		self->guess = (struct charset_guess){.charset = declared, .confidence = CHARSET_CERTAIN};
	buf_release(&http_equiv_text);
}

static void on_hit(void *ctx, const struct extract_hit *hit)
{
	struct page *self = ctx;
	switch (hit->kind) {
	case EXTRACT_LINK: {
		bool kept = keep_link(self, hit->value);
		assert(kept);
		(void)kept;
		break;
	}
	case EXTRACT_BASE:
		if (!self->has_base)
			buf_append(&self->base_href, hit->value.data, hit->value.len);
		self->has_base = true;
		break;
	case EXTRACT_META:
		use_meta(self, hit->tag);
		break;
	}
}

static void take_text(struct page *self, const char *bytes, size_t len, bool last)
{
	if (self->tools->pattern) {
		buf_append(&self->text, bytes, len);
		return;
	}
	if (self->type != MEDIATYPE_MARKUP)
		return;
	if (self->decoder) {
		buf_clear(&self->text);
		charset_decoder_feed(self->decoder, bytes, len, last, &self->text);
		bytes = self->text.data;
		len = self->text.len;
	}
	if (len)
		extract_feed(self->extract, bytes, len, on_hit, self);
	if (last)
		extract_finish(self->extract, on_hit, self);
}

/* The head is as long as it will get: what does it say of the encoding? */
static void begin_text(struct page *self)
{
	struct slice content_type = {0};
	if (self->content_type)
		content_type = slice_of(self->content_type);
	struct slice head = {self->head.data ? self->head.data : "", self->head.len};
	self->guess = charset_detect(content_type, head);
	if (self->guess.charset && charset_needs_whole_text(self->guess.charset) && !self->tools->pattern)
		self->decoder = charset_decoder_new(self->guess.charset);
	self->begun = true;
	take_text(self, head.data + self->guess.bom_len, head.len - self->guess.bom_len, false);
}

bool page_feed(struct page *self, const char *bytes, size_t len)
{
	if (len > (uint64_t)self->tools->options->max_size - self->size)
		return false;
	self->size += len;
	if (!self->begun) {
		size_t missing = CHARSET_PRESCAN - self->head.len;
		size_t taken = len < missing ? len : missing;
		buf_append(&self->head, bytes, taken);
		bytes += taken;
		len -= taken;
		if (self->head.len < CHARSET_PRESCAN)
			return true;
		begin_text(self);
	}
	if (len)
		take_text(self, bytes, len, false);
	return true;
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.data[i] >= 0x80)
			return false;
	}
	return true;
}

static const struct charset *charset_of(const struct page *self, struct slice raw)
{
	if (self->decoder)
		return charset_utf8();
	if (self->guess.charset)
		return self->guess.charset;
	return charset_is_utf8(raw.data, raw.len) ? charset_utf8() : charset_windows_1252();
}

/* The encoding that the page's queries are written in: UTF-8 for what was converted whole but ISO-2022-JP. */
static const struct charset *query_charset(const struct page *self, const struct charset *value_charset)
{
	return self->guess.charset ? self->guess.charset : value_charset;
}

/* A raw value as text: decoded, references replaced. Borrowed until the next call. data == NULL: far too
 * long. */
static struct slice decode_value(struct page *self, struct slice raw, const struct charset *charset)
{
	struct slice text = raw;
	if (charset != charset_utf8() && !is_ascii(raw)) {
		buf_clear(&self->decoded);
		if (!charset_decode(charset, raw.data, raw.len, &self->decoded))
			return (struct slice){0};
		text = (struct slice){self->decoded.data, self->decoded.len};
	}
	if (!memchr(text.data, '&', text.len) && !memchr(text.data, '\0', text.len))
		return text;
	buf_clear(&self->value);
	if (!entity_decode(text.data, text.len, &self->value))
		return (struct slice){0};
	return (struct slice){self->value.data, self->value.len};
}

static bool resolve(struct page *self, struct url *to, struct slice raw, const struct url *base)
{
	const struct charset *charset = charset_of(self, raw);
	struct slice value = decode_value(self, raw, charset);
	if (!value.data)
		return false;
	const struct charset *query = query_charset(self, charset);
	struct url_encoder encoder = {charset_encode, (void *)(uintptr_t)query};
	return url_parse(to, value.data, value.len, base, query == charset_utf8() ? NULL : &encoder);
}

/* HTML standard, section 4.2.3: a base that is no URL, or is a data: or javascript: one, does not count. */
static const struct url *base_of(struct page *self)
{
	if (!self->has_base)
		return &self->document;
	struct slice raw = {self->base_href.data ? self->base_href.data : "", self->base_href.len};
	if (!resolve(self, &self->base, raw, &self->document))
		return &self->document;
	struct slice scheme = url_scheme(&self->base);
	if (slice_equal(scheme, slice_of("data")) || slice_equal(scheme, slice_of("javascript")))
		return &self->document;
	return &self->base;
}

struct emission {
	struct page *page;
	page_link_fn on_link;
	void *ctx;
	struct page_counts *counts;
	const char *source;
};

/* Gives out self->url, or says that there is none. */
static void emit(struct emission *emission, bool resolved, struct slice raw)
{
	struct page *self = emission->page;
	if (!resolved) {
		static const size_t shown = 200;
		emission->counts->unresolved++;
		log_event("no URL: \"%.*s\" in %s", (int)(raw.len < shown ? raw.len : shown), raw.data,
		    emission->source);
		return;
	}
	struct slice href = url_href(&self->url);
	if (!filter_wants(self->tools->options, &self->url) || !seen_add(&self->seen, href.data, href.len))
		return;
	emission->counts->links++;
	emission->on_link(emission->ctx, &(struct link){.url = href});
}

static void emit_all(struct emission *emission)
{
	struct page *self = emission->page;
	const struct url *base = self->tools->pattern ? &self->document : base_of(self);
	for (size_t at = 0; at < self->links.len;) {
		uint32_t len;
		memcpy(&len, self->links.data + at, sizeof len);
		at += sizeof len;
		struct slice raw = {self->links.data + at, len};
		at += len;
		bool resolved;
		/* What the user's pattern matched is taken as it stands: text, not an attribute. */
		if (self->tools->pattern)
			resolved = url_parse(&self->url, raw.data, raw.len, base, NULL);
		else
			resolved = resolve(self, &self->url, raw, base);
		emit(emission, resolved, raw);
	}
}

static bool on_match(void *ctx, struct slice match)
{
	return keep_link(ctx, match);
}

static bool match_pattern(struct page *self)
{
	struct slice body = {self->text.data ? self->text.data : "", self->text.len};
	const struct charset *charset = charset_of(self, body);
	if (charset == charset_utf8())
		return pattern_each(self->tools->pattern, body, on_match, self);
	struct buf text;
	buf_init(&text, self->text.max);
	charset_decode(charset, body.data, body.len, &text);
	body = (struct slice){text.data ? text.data : "", text.len};
	bool finished = pattern_each(self->tools->pattern, body, on_match, self);
	buf_release(&text);
	return finished;
}

bool page_finish(
    struct page *self, const char *url, page_link_fn on_link, void *ctx, struct page_counts *counts)
{
	if (!self->begun)
		begin_text(self);
	take_text(self, "", 0, true);
	*counts = (struct page_counts){0};
	struct emission emission = {self, on_link, ctx, counts, url};
	bool parsed = url_parse(&self->document, url, strlen(url), NULL, NULL);
	assert(parsed);
	(void)parsed;
	if (self->tools->pattern && !match_pattern(self))
		return false;
	seen_clear(&self->seen);
	emit_all(&emission);
	return true;
}
