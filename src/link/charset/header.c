#include "link/charset/internal.h"

#include <string.h>

/* A label that is longer than this names no encoding. */
enum { VALUE_MAX = 64 };

struct value {
	char text[VALUE_MAX];
	size_t len;
	bool too_long;
	bool bad; /* holds a byte that no parameter may have */
};

/* One MIME type of the header, as far as it matters here. */
struct mime {
	struct slice essence;
	bool has_charset;
	const struct charset *charset;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_token(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return text.len > 0;
}

static struct slice trimmed(struct slice text)
{
	while (text.len > 0 && is_space(text.data[0]))
		text = (struct slice){text.data + 1, text.len - 1};
	while (text.len > 0 && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* Takes what stands before the first of the stop bytes from the front of *text. */
static struct slice take_until(struct slice *text, const char *stops)
{
	size_t len = 0;
	while (len < text->len && (text->data[len] == '\0' || !strchr(stops, text->data[len])))
		len++;
	struct slice taken = {text->data, len};
	*text = (struct slice){text->data + len, text->len - len};
	return taken;
}

static void drop_byte(struct slice *text)
{
	*text = (struct slice){text->data + 1, text->len - 1};
}

static void value_add(struct value *self, char c)
{
	unsigned char byte = (unsigned char)c;
	if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
		self->bad = true;
	if (self->len < VALUE_MAX)
		self->text[self->len++] = c;
	else
		self->too_long = true;
}

/* "Collect an HTTP quoted string"; text starts with the quote. */
static void take_quoted(struct slice *text, struct value *value)
{
	for (drop_byte(text); text->len > 0 && text->data[0] != '"'; drop_byte(text)) {
		if (text->data[0] == '\\' && text->len > 1)
			drop_byte(text);
		value_add(value, text->data[0]);
	}
	if (text->len > 0)
		drop_byte(text);
}

/* Takes one parameter; false where it has no value that counts. */
static bool take_parameter(struct slice *text, struct slice *name, struct value *value)
{
	*value = (struct value){.len = 0};
	while (text->len > 0 && is_space(text->data[0]))
		drop_byte(text);
	*name = take_until(text, ";=");
	if (text->len == 0 || text->data[0] == ';')
		return false;
	drop_byte(text);
	if (text->len > 0 && text->data[0] == '"') {
		take_quoted(text, value);
		take_until(text, ";");
		return !value->bad;
	}
	struct slice plain = trimmed(take_until(text, ";"));
	for (size_t i = 0; i < plain.len; i++)
		value_add(value, plain.data[i]);
	return plain.len > 0 && !value->bad;
}

/* "Parse a MIME type". False where the text is none. */
static bool parse_mime(struct slice text, struct mime *mime)
{
	text = trimmed(text);
	*mime = (struct mime){.has_charset = false};
	struct slice essence = trimmed(take_until(&text, ";"));
	struct slice subtype = essence;
	struct slice type = take_until(&subtype, "/");
	if (!is_token(type) || subtype.len == 0)
		return false;
	drop_byte(&subtype);
	if (!is_token(subtype))
		return false;
	mime->essence = essence;
	while (text.len > 0) {
		drop_byte(&text);
		struct slice name;
		struct value value;
		if (!take_parameter(&text, &name, &value) || mime->has_charset ||
		    !charset_meta_matches(name, "charset"))
			continue;
		mime->has_charset = true;
		if (!value.too_long)
			mime->charset = charset_by_label((struct slice){value.text, value.len});
	}
	return true;
}

/* Takes the next of the values that commas outside of quotes part. */
static struct slice take_listed(struct slice *text)
{
	struct slice taken = {text->data, 0};
	while (text->len > 0 && text->data[0] != ',') {
		take_until(text, "\",");
		if (text->len > 0 && text->data[0] == '"') {
			struct value ignored = {.len = 0};
			take_quoted(text, &ignored);
		}
	}
	taken.len = (size_t)(text->data - taken.data);
	if (text->len > 0)
		drop_byte(text);
	return taken;
}

static bool same_essence(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		char x = a.data[i], y = b.data[i];
		if ((x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x) != (y >= 'A' && y <= 'Z' ? y - 'A' + 'a' : y))
			return false;
	}
	return true;
}

const struct charset *charset_header(struct slice content_type)
{
	struct mime current = {.has_charset = false};
	while (content_type.len > 0) {
		struct mime next;
		if (!parse_mime(take_listed(&content_type), &next) ||
		    slice_equal(next.essence, slice_of("*/*")))
			continue;
		if (!next.has_charset && same_essence(next.essence, current.essence))
			next.charset = current.charset;
		current = next;
	}
	return current.charset;
}
