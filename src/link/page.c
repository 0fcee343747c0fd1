#include "link/page.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/seen.h"
#include "base/url.h"
#include "link/charset.h"
#include "link/entity.h"
#include "link/filter.h"
#include "link/xml.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A link that is longer than this after decoding is no URL anyway. */
enum { VALUE_MAX = URL_LENGTH_MAX };

/* How the links of this page are looked for. */
enum find {
	FIND_IN_HTML, /* in its bytes, as they come */
	FIND_IN_XML,  /* in its text, as it comes */
	FIND_IN_TEXT, /* in the whole text, as the user asked */
	FIND_NOTHING
};

struct page {
	const struct page_tools *tools;
	struct extract *extract;
	struct xml *xml; /* while an XML page comes in; else NULL */
	enum mediatype type;
	enum find find;
	char *content_type;
	uint64_t size;

	struct buf head; /* the first bytes, until the encoding is known as far as they tell */
	bool begun;      /* … and it is */
	struct charset_guess guess;
	struct charset_decoder *decoder; /* of a page that must be converted whole; else NULL */

	struct buf text; /* converted text on its way to extract; with FIND_IN_TEXT the whole body */
	struct buf
	    links; /* values as found: a uint32_t length, then the bytes; raw with FIND_IN_HTML, else text */
	struct buf base_href; /* likewise */
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
	xml_free(self->xml);
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

bool page_is_large(const struct page *self)
{
	size_t memory = extract_memory(self->extract) + self->head.room + self->text.room + self->links.room +
	                self->base_href.room + self->decoded.room + self->value.room +
	                self->document.href.room + self->base.href.room + self->url.href.room +
	                self->seen.room * sizeof *self->seen.slots;
	return memory > PAGE_KEPT;
}

static enum find find_for(const struct page_tools *tools, enum mediatype type)
{
	if (tools->pattern || tools->xpath)
		return FIND_IN_TEXT;
	switch (type) {
	case MEDIATYPE_HTML:
		return FIND_IN_HTML;
	case MEDIATYPE_XML:
		return FIND_IN_XML;
	default:
		return FIND_NOTHING;
	}
}

void page_begin(struct page *self, const char *content_type)
{
	extract_reset(self->extract);
	xml_free(self->xml);
	charset_decoder_free(self->decoder);
	free(self->content_type);
	self->xml = NULL;
	self->decoder = NULL;
	self->content_type = content_type ? alloc_copy(content_type, strlen(content_type)) : NULL;
	self->type = mediatype_of(content_type);
	self->find = find_for(self->tools, self->type);
	self->size = 0;
	self->begun = false;
	self->guess = (struct charset_guess){0};
	self->has_base = false;
	buf_clear(&self->head);
	buf_clear(&self->text);
	buf_clear(&self->links);
	buf_clear(&self->base_href);
}

const char *page_charset(const struct page *self)
{
	return self->guess.charset ? charset_name(self->guess.charset) : NULL;
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

static void keep_wanted_link(struct page *self, struct slice name, struct slice value)
{
	bool kept = !filter_wants_tag(self->tools->options, name) || keep_link(self, value);
	assert(kept);
	(void)kept;
}

/* The first one of a page counts. */
static void keep_base(struct page *self, struct slice value)
{
	if (!self->has_base)
		buf_append(&self->base_href, value.data, value.len);
	self->has_base = true;
}

static void on_hit(void *ctx, const struct extract_hit *hit)
{
	struct page *self = ctx;
	switch (hit->kind) {
	case EXTRACT_LINK:
		keep_wanted_link(self, hit->name, hit->value);
		break;
	case EXTRACT_BASE:
		keep_base(self, hit->value);
		break;
	case EXTRACT_META:
		use_meta(self, hit->tag);
		break;
	}
}

static void on_xml_link(void *ctx, enum xml_kind kind, struct slice name, struct slice value)
{
	struct page *self = ctx;
	if (kind == XML_BASE)
		keep_base(self, value);
	else
		keep_wanted_link(self, name, value);
}

static void take_text(struct page *self, const char *bytes, size_t len, bool last)
{
	if (self->find == FIND_NOTHING)
		return;
	if (self->find == FIND_IN_TEXT) {
		buf_append(&self->text, bytes, len);
		return;
	}
	if (self->decoder) {
		buf_clear(&self->text);
		charset_decoder_feed(self->decoder, bytes, len, last, &self->text);
		bytes = self->text.data;
		len = self->text.len;
	}
	if (self->find == FIND_IN_XML) {
		xml_feed(self->xml, bytes, len, last);
		return;
	}
	if (len)
		extract_feed(self->extract, bytes, len, on_hit, self);
	if (last)
		extract_finish(self->extract, on_hit, self);
}

/* True where an XML declaration names an encoding; what a <meta> says is nothing to XML. */
static bool declares_xml_encoding(struct slice head)
{
	static const char start[] = "<?xml", word[] = "encoding";
	if (head.len < sizeof start || memcmp(head.data, start, sizeof start - 1) != 0)
		return false;
	const char *end = memchr(head.data, '>', head.len);
	for (const char *at = head.data; end && at + sizeof word < end; at++) {
		if (memcmp(at, word, sizeof word - 1) == 0)
			return true;
	}
	return false;
}

/* XML 1.0, section 4.3.3: without any declaration it is UTF-8, in which a bad byte is a fatal error. */
static void begin_xml(struct page *self, struct slice head)
{
	bool is_utf16 = head.len > 1 && (head.data[0] == '\0' || head.data[1] == '\0');
	bool by_meta =
	    self->guess.confidence == CHARSET_TENTATIVE && !is_utf16 && !declares_xml_encoding(head);
	if (!self->guess.charset || by_meta)
		self->guess.charset = charset_utf8();
	if (self->guess.charset != charset_utf8())
		self->decoder = charset_decoder_new(self->guess.charset);
	self->xml = xml_new(on_xml_link, self);
}

/* The head is as long as it will get: what does it say of the encoding? */
static void begin_text(struct page *self)
{
	struct slice content_type = {0};
	if (self->content_type)
		content_type = slice_of(self->content_type);
	struct slice head = {self->head.data ? self->head.data : "", self->head.len};
	self->guess = charset_detect(content_type, head);
	if (self->find == FIND_IN_XML) {
		begin_xml(self, head);
	} else if (self->find == FIND_IN_HTML && self->guess.charset &&
	           charset_needs_whole_text(self->guess.charset)) {
		self->decoder = charset_decoder_new(self->guess.charset);
	}
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

/* What a raw value of the page is in. */
static const struct charset *charset_of(const struct page *self, struct slice raw)
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
	buf_clear(&self->value);
	buf_clear(&self->decoded);
	bool fits = buf_append(&self->value, raw.data, raw.len) && buf_append_byte(&self->value, '"') &&
	            charset_decode(charset, self->value.data, self->value.len, &self->decoded);
	if (fits)
		self->decoded.len--;
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
		text = (struct slice){self->decoded.data, self->decoded.len};
	}
	if (!memchr(text.data, '&', text.len) && !memchr(text.data, '\0', text.len))
		return text;
	buf_clear(&self->value);
	if (!entity_decode(text.data, text.len, &self->value))
		return (struct slice){0};
	return (struct slice){self->value.data, self->value.len};
}

static bool resolve(struct page *self, struct url *to, struct slice found, const struct url *base)
{
	/* What the user's pattern matched is taken as it stands: text, of no page. */
	if (self->tools->pattern)
		return url_parse(to, found.data, found.len, base, NULL);
	const struct charset *charset = charset_of(self, found);
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
static void emit(struct emission *emission, bool resolved, struct slice found)
{
	struct page *self = emission->page;
	if (!resolved) {
		static const size_t shown = 200;
		emission->counts->unresolved++;
		log_event("no URL: \"%.*s\" in %s", (int)(found.len < shown ? found.len : shown), found.data,
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
	const struct url *base = base_of(self);
	for (size_t at = 0; at < self->links.len;) {
		uint32_t len;
		memcpy(&len, self->links.data + at, sizeof len);
		at += sizeof len;
		struct slice found = {self->links.data + at, len};
		at += len;
		emit(emission, resolve(self, &self->url, found, base), found);
	}
}

static bool on_value(void *ctx, struct slice value)
{
	return keep_link(ctx, value);
}

static bool on_base(void *ctx, struct slice value)
{
	keep_base(ctx, value);
	return true;
}

/* What the user asked for, in the whole text of the page. */
static bool find_in_text(struct page *self)
{
	const struct page_tools *tools = self->tools;
	struct slice body = {self->text.data ? self->text.data : "", self->text.len};
	const struct charset *charset = charset_of(self, body);
	struct buf converted;
	buf_init(&converted, self->text.max);
	if (charset != charset_utf8() || !charset_is_utf8(body.data, body.len)) {
		charset_decode(charset, body.data, body.len, &converted);
		body = (struct slice){converted.data ? converted.data : "", converted.len};
	}
	bool finished = tools->pattern ? pattern_each(tools->pattern, body, on_value, self)
	                               : xpath_each(tools->xpath, body, self->type == MEDIATYPE_XML, on_base,
	                                     on_value, self);
	buf_release(&converted);
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
	if (self->find == FIND_IN_TEXT && !find_in_text(self))
		return false;
	seen_clear(&self->seen);
	emit_all(&emission);
	return true;
}
