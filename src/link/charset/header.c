#include "link/charset/internal.h"

#include "base/ascii.h"

#include <string.h>

/* A longer label names no encoding. */
enum { VALUE_MAX = 64 };

struct value {
	char text[VALUE_MAX];
	size_t len;
	bool too_long;
	bool bad; /* true if there was a byte that is not allowed in a parameter */
};

/* One MIME type of the header, as far as the encoding depends on it. */
struct mime {
	struct slice essence;
	bool has_charset;
	const struct charset *charset;
};

/* "HTTP whitespace" (WHATWG Fetch, section 2.2), which has no form feed. */
static bool is_http_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_token(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (!ascii_is_alphanumeric(c) && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return text.len > 0;
}

static struct slice trim(struct slice text)
{
	while (text.len > 0 && is_http_space(text.data[0]))
		text = (struct slice){text.data + 1, text.len - 1};
	while (text.len > 0 && is_http_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* Removes the bytes before the first stop byte from the start of *text, and returns them. */
static struct slice consume_until(struct slice *text, const char *stops)
{
	size_t len = 0;
	while (len < text->len && (text->data[len] == '\0' || !strchr(stops, text->data[len])))
		len++;
	struct slice consumed = {text->data, len};
	*text = (struct slice){text->data + len, text->len - len};
	return consumed;
}

static void consume_byte(struct slice *text)
{
	*text = (struct slice){text->data + 1, text->len - 1};
}

static void value_append(struct value *self, char c)
{
	unsigned char byte = (unsigned char)c;
	if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
		self->bad = true;
	if (self->len < VALUE_MAX)
		self->text[self->len++] = c;
	else
		self->too_long = true;
}

/* Removes a quoted string from the start of *text, which must be the quote ("collect an
 * HTTP quoted string"). */
static void consume_quoted(struct slice *text, struct value *value)
{
	for (consume_byte(text); text->len > 0 && text->data[0] != '"'; consume_byte(text)) {
		if (text->data[0] == '\\' && text->len > 1)
			consume_byte(text);
		value_append(value, text->data[0]);
	}
	if (text->len > 0)
		consume_byte(text);
}

/* Removes one parameter from the start of *text. Returns false if it has no valid value. */
static bool consume_parameter(struct slice *text, struct slice *name, struct value *value)
{
	*value = (struct value){.len = 0};
	while (text->len > 0 && is_http_space(text->data[0]))
		consume_byte(text);
	*name = consume_until(text, ";=");
	if (text->len == 0 || text->data[0] == ';')
		return false;
	consume_byte(text);
	if (text->len > 0 && text->data[0] == '"') {
		consume_quoted(text, value);
		consume_until(text, ";");
		return !value->bad;
	}
	struct slice plain = trim(consume_until(text, ";"));
	for (size_t i = 0; i < plain.len; i++)
		value_append(value, plain.data[i]);
	return plain.len > 0 && !value->bad;
}

/* Parses a MIME type ("parse a MIME type"). Returns false if text is not one. */
static bool parse_mime(struct slice text, struct mime *mime)
{
	text = trim(text);
	*mime = (struct mime){.has_charset = false};
	struct slice essence = trim(consume_until(&text, ";"));
	struct slice subtype = essence;
	struct slice type = consume_until(&subtype, "/");
	if (!is_token(type) || subtype.len == 0)
		return false;
	consume_byte(&subtype);
	if (!is_token(subtype))
		return false;
	mime->essence = essence;
	while (text.len > 0) {
		consume_byte(&text);
		struct slice name;
		struct value value;
		if (!consume_parameter(&text, &name, &value) || mime->has_charset ||
		    !ascii_equal_nocase(name, slice_of("charset")))
			continue;
		mime->has_charset = true;
		if (!value.too_long)
			mime->charset = charset_by_label((struct slice){value.text, value.len});
	}
	return true;
}

/* Removes the next item of a list from the start of *text, and returns it. Commas outside of quotes separate
 * the items. */
static struct slice consume_list_item(struct slice *text)
{
	struct slice consumed = {text->data, 0};
	while (text->len > 0 && text->data[0] != ',') {
		consume_until(text, "\",");
		if (text->len > 0 && text->data[0] == '"') {
			struct value ignored = {.len = 0};
			consume_quoted(text, &ignored);
		}
	}
	consumed.len = (size_t)(text->data - consumed.data);
	if (text->len > 0)
		consume_byte(text);
	return consumed;
}

const struct charset *charset_header(struct slice content_type)
{
	struct mime current = {.has_charset = false};
	while (content_type.len > 0) {
		struct mime next;
		if (!parse_mime(consume_list_item(&content_type), &next) ||
		    slice_equal(next.essence, slice_of("*/*")))
			continue;
		if (!next.has_charset && ascii_equal_nocase(next.essence, current.essence))
			next.charset = current.charset;
		current = next;
	}
	return current.charset;
}
