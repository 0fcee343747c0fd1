#include "base/ascii.h"
#include "link/html/entity.h"
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

/* Returns the encoding of a raw value. If the page has declared none, it is guessed from the value. */
static const struct charset *value_charset(const struct page *self, struct slice raw)
{
	if (self->decoder)
		return charset_utf8();
	if (self->guess.charset)
		return self->guess.charset;
	return charset_is_utf8(raw.data, raw.len) ? charset_utf8() : charset_windows_1252();
}

/* Returns the encoding of the query of a link: that of the page, also if its text was converted. For a page
 * that declares none it is windows-1252, as in browsers, unless the bytes of the link, or of the text that it
 * was found in, are UTF-8. ASCII bytes suggest nothing: what is not ASCII then comes from a reference. */
static const struct charset *query_charset(const struct page *self, struct slice found)
{
	if (self->guess.charset)
		return self->guess.charset;
	if (self->find_method == FIND_IN_TEXT)
		return self->text_charset;
	return is_ascii(found) ? charset_windows_1252() : value_charset(self, found);
}

/* Decodes a raw value into shared->decoded, with the same result as when the whole page is decoded. In the
 * page a quote, white space or '>' follows each value, and none of these bytes is ever a part of a longer
 * character. Without such a byte, an incomplete character at the end of the value would be decoded like one
 * at the end of the page, which may give another text. Returns false if the text is too long. */
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

/* Converts a raw value to UTF-8 and replaces its character references. The text is borrowed until the next
 * call. data == NULL means that it is too long. */
static struct slice decode_value(struct page *self, struct slice raw)
{
	const struct charset *charset = value_charset(self, raw);
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

struct slice page_value_text(struct page *self, struct slice raw)
{
	if (self->find_method == FIND_IN_HTML)
		return decode_value(self, raw);
	raw.data = raw.len > VALUE_MAX ? NULL : raw.data;
	return raw;
}

bool page_value_resolve(struct page *self, struct url *to, struct slice found, const struct url *base)
{
	struct slice value = self->part.data ? self->part : page_value_text(self, found);
	if (!value.data)
		return false;
	const struct charset *query = query_charset(self, found);
	struct url_encoder encoder = {charset_encode, query};
	return url_parse(to, value.data, value.len, base, query == charset_utf8() ? NULL : &encoder);
}

const struct url *page_value_base(struct page *self)
{
	if (!self->has_base)
		return &self->shared->document;
	struct slice raw = {self->base_href.data ? self->base_href.data : "", self->base_href.len};
	if (!page_value_resolve(self, &self->shared->base, raw, &self->shared->document))
		return &self->shared->document;
	struct slice scheme = url_scheme(&self->shared->base);
	if (slice_equal(scheme, slice_of("data")) || slice_equal(scheme, slice_of("javascript")))
		return &self->shared->document;
	return &self->shared->base;
}

struct slice page_value_copy(struct buf *to, struct slice text)
{
	buf_clear(to);
	return buf_append(to, text.data, text.len) ? (struct slice){to->data, to->len} : (struct slice){0};
}

/* Returns raw text of the page as UTF-8, copied to *to if it had to be converted. Bytes that are not valid in
 * a UTF-8 page stay as they are. */
static struct slice source_text(struct page *self, struct buf *to, struct slice raw)
{
	if (!raw.data || self->find_method != FIND_IN_HTML)
		return raw;
	const struct charset *charset = value_charset(self, raw);
	if (charset == charset_utf8() || is_ascii(raw))
		return raw;
	if (!decode_as_in_page(self, raw, charset))
		return (struct slice){0};
	return page_value_copy(to, (struct slice){self->shared->decoded.data, self->shared->decoded.len});
}

/* Replaces the character references in a rel attribute. The text is kept in shared->rel. */
static struct slice decode_references(struct page *self, struct slice text)
{
	if (!text.data || self->find_method != FIND_IN_HTML)
		return text;
	buf_clear(&self->shared->value);
	if (!entity_decode(text.data, text.len, &self->shared->value))
		return (struct slice){0};
	return page_value_copy(
	    &self->shared->rel, (struct slice){self->shared->value.data, self->shared->value.len});
}

static struct slice lower_case(struct buf *to, struct slice name)
{
	if (!name.data || !page_value_copy(to, name).data)
		return (struct slice){0};
	for (size_t i = 0; i < to->len; i++)
		to->data[i] = ascii_lower(to->data[i]);
	return (struct slice){to->data, to->len};
}

void page_value_add_details(struct page *self, struct link *link, const struct raw_link *found)
{
	link->rel = decode_references(self, source_text(self, &self->shared->rel, found->rel));
	link->tag = lower_case(&self->shared->tag, source_text(self, &self->shared->raw, found->tag));
	link->attr = attribute_name(found->attribute);
	link->raw = self->part.data ? self->part : source_text(self, &self->shared->raw, found->value);
	link->line = found->line;
	/* In a page that was converted as a whole, only the place in the converted text is known. */
	if (found->position >= 0 && !self->decoder) {
		link->position = found->position + (int64_t)self->guess.bom_len;
		link->column = found->column;
	}
}
