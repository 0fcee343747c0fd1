#include "base/log.h"
#include "link/entity.h"
#include "link/page_internal.h"

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

static void add_details(struct page *self, struct link *link, const struct found_link *found)
{
	link->rel = without_references(self, source_text(self, &self->shared->rel, found->rel));
	link->tag = lower_case(&self->shared->tag, source_text(self, &self->shared->raw, found->tag));
	link->raw = source_text(self, &self->shared->raw, found->value);
	/* Of a page that was converted whole only the place in the converted text is known. */
	if (found->position >= 0 && !self->decoder)
		link->position = found->position + (int64_t)self->guess.bom_len;
}

struct emission {
	struct page *page;
	page_link_fn on_link;
	void *ctx;
	struct page_counts *counts;
	const char *source;
};

static void say_unresolved(const struct emission *emission, struct slice found)
{
	static const size_t shown = 200;
	emission->counts->unresolved++;
	log_event("no URL: \"%.*s\" in %s", (int)(found.len < shown ? found.len : shown), found.data,
	    emission->source);
}

static void give_out(const struct emission *emission, struct slice href, const struct found_link *found)
{
	struct link link = {.url = href, .position = -1};
	if (emission->page->detailed)
		add_details(emission->page, &link, found);
	emission->counts->links++;
	emission->on_link(emission->ctx, &link);
}

/* The URL at hand as it is given out. */
static struct slice href_of(const struct page *self)
{
	return self->tools->options->strip_fragment ? url_without_fragment(&self->shared->url)
	                                            : url_href(&self->shared->url);
}

/* Is the URL at hand new on this page, and what the options let through? */
static bool is_wanted(struct page *self, struct slice href)
{
	return filter_wants(self->tools->options, &self->shared->document, &self->shared->url) &&
	       seen_add(&self->shared->seen, href.data, href.len);
}

/* Asks the user's patterns about all links, before any is given out: a page gives all of them or none. */
static enum page_end choose(struct page *self, const struct url *base)
{
	struct filter *filter = self->tools->filter;
	struct found_reader reader = found_read(&self->links, &self->shared->joined);
	struct found_link found = {.position = -1};
	filter_begin(filter);
	buf_clear(&self->shared->chosen);
	while (found_next(&reader, &found)) {
		enum pattern_found answer = PATTERN_FOUND;
		if (resolve(self, &self->shared->url, found.value, base)) {
			struct slice href = href_of(self);
			answer = is_wanted(self, href) ? filter_search(filter, href) : PATTERN_NOT_FOUND;
		}
		if (answer == PATTERN_TOO_LONG)
			return PAGE_TOO_COSTLY;
		buf_append_byte(&self->shared->chosen, answer == PATTERN_FOUND);
	}
	return reader.failed ? PAGE_LOST : PAGE_GIVEN;
}

enum page_end page_links_give(
    struct page *self, const char *source, page_link_fn on_link, void *ctx, struct page_counts *counts)
{
	const struct emission emission = {self, on_link, ctx, counts, source};
	const struct url *base = base_of(self);
	bool is_chosen = self->tools->filter;
	seen_clear(&self->shared->seen);
	enum page_end end = is_chosen ? choose(self, base) : PAGE_GIVEN;
	if (end != PAGE_GIVEN)
		return end;
	struct found_reader reader = found_read(&self->links, &self->shared->joined);
	struct found_link found = {.position = -1};
	for (size_t count = 0; found_next(&reader, &found); count++) {
		if (is_chosen && !self->shared->chosen.data[count])
			continue;
		if (!resolve(self, &self->shared->url, found.value, base)) {
			say_unresolved(&emission, found.value);
			continue;
		}
		struct slice href = href_of(self);
		if (is_chosen || is_wanted(self, href))
			give_out(&emission, href, &found);
	}
	return reader.failed ? PAGE_LOST : PAGE_GIVEN;
}
