#include "link/charset/internal.h"

#include "base/ascii.h"

#include <string.h>

/* A position in the bytes. The standard's algorithm stops when it would pass their end. Here the position
 * then stays at the end, where nothing matches. */
struct cursor {
	const char *bytes;
	size_t len;
	size_t at;
};

struct attribute {
	struct slice name;
	struct slice value;
};

static bool at_end(const struct cursor *self)
{
	return self->at == self->len;
}

static bool looking_at(const struct cursor *self, const char *lower)
{
	size_t len = strlen(lower);
	return self->len - self->at >= len &&
	       ascii_equal_nocase((struct slice){self->bytes + self->at, len}, (struct slice){lower, len});
}

static void skip_spaces(struct cursor *self)
{
	while (!at_end(self) && ascii_is_space(self->bytes[self->at]))
		self->at++;
}

static void skip_to_byte(struct cursor *self, char byte)
{
	const char *found = memchr(self->bytes + self->at, byte, self->len - self->at);
	self->at = found ? (size_t)(found - self->bytes) : self->len;
}

static struct slice slice_since(const struct cursor *self, size_t start)
{
	return (struct slice){self->bytes + start, self->at - start};
}

static void read_value(struct cursor *self, struct slice *value)
{
	skip_spaces(self);
	if (at_end(self))
		return;
	char quote = self->bytes[self->at];
	if (quote == '"' || quote == '\'') {
		size_t start = ++self->at;
		skip_to_byte(self, quote);
		*value = slice_since(self, start);
		if (!at_end(self))
			self->at++;
		return;
	}
	size_t start = self->at;
	while (!at_end(self) && !ascii_is_space(self->bytes[self->at]) && self->bytes[self->at] != '>')
		self->at++;
	*value = slice_since(self, start);
}

/* Reads the next attribute ("get an attribute"). Returns false if the tag has no more, or the bytes end. */
static bool read_attribute(struct cursor *self, struct attribute *attribute)
{
	while (!at_end(self) && (ascii_is_space(self->bytes[self->at]) || self->bytes[self->at] == '/'))
		self->at++;
	if (at_end(self) || self->bytes[self->at] == '>')
		return false;
	size_t start = self->at;
	for (; !at_end(self); self->at++) {
		char c = self->bytes[self->at];
		if (ascii_is_space(c) || c == '/' || c == '>' || (c == '=' && self->at > start))
			break;
	}
	attribute->name = slice_since(self, start);
	attribute->value = slice_of("");
	skip_spaces(self);
	if (!at_end(self) && self->bytes[self->at] == '=') {
		self->at++;
		read_value(self, &attribute->value);
	}
	return !at_end(self);
}

/* Reads the attributes of a <meta>, of which only the first with each name counts. Returns the encoding that
 * they declare, or NULL. */
static const struct charset *read_meta(struct cursor *self)
{
	bool seen_pragma = false, seen_content = false, seen_charset = false;
	bool got_pragma = false, need_pragma = false;
	const struct charset *found = NULL;
	for (struct attribute attribute; read_attribute(self, &attribute);) {
		if (ascii_equal_nocase(attribute.name, slice_of("http-equiv")) && !seen_pragma) {
			seen_pragma = true;
			got_pragma = ascii_equal_nocase(attribute.value, slice_of("content-type"));
		} else if (ascii_equal_nocase(attribute.name, slice_of("content")) && !seen_content) {
			seen_content = true;
			const struct charset *in_content = charset_meta_content(attribute.value);
			if (in_content && !seen_charset) {
				found = in_content;
				need_pragma = true;
			}
		} else if (ascii_equal_nocase(attribute.name, slice_of("charset")) && !seen_charset) {
			seen_charset = true;
			found = charset_by_label(attribute.value);
			need_pragma = false;
		}
	}
	if (at_end(self) || (need_pragma && !got_pragma))
		return NULL;
	return charset_meta_declared(found);
}

static void skip_tag(struct cursor *self)
{
	while (!at_end(self) && !ascii_is_space(self->bytes[self->at]) && self->bytes[self->at] != '>')
		self->at++;
	struct attribute ignored;
	while (read_attribute(self, &ignored))
		;
}

/* Moves to the '>' of "-->". Its hyphens may also be those of "<!--". */
static void skip_comment(struct cursor *self)
{
	self->at += 4;
	for (skip_to_byte(self, '>'); !at_end(self); self->at++, skip_to_byte(self, '>'))
		if (self->bytes[self->at - 1] == '-' && self->bytes[self->at - 2] == '-')
			return;
}

static bool is_meta(const struct cursor *self)
{
	if (!looking_at(self, "<meta") || self->len - self->at < 6)
		return false;
	char next = self->bytes[self->at + 5];
	return ascii_is_space(next) || next == '/';
}

/* True at a start or end tag: "<a" or "</a". */
static bool is_tag(const struct cursor *self)
{
	size_t name = self->at + (looking_at(self, "</") ? 2 : 1);
	return name < self->len && ascii_is_letter(self->bytes[name]);
}

static void skip_controls(struct cursor *self)
{
	while (!at_end(self) && (unsigned char)self->bytes[self->at] <= 0x20)
		self->at++;
}

/* Moves after the first "encoding" and its "=", or to the end if there is none. */
static void skip_to_encoding(struct cursor *self)
{
	static const char word[] = "encoding";
	const size_t word_len = sizeof word - 1;
	while (self->len - self->at >= word_len && memcmp(self->bytes + self->at, word, word_len) != 0)
		self->at++;
	self->at = self->len - self->at >= word_len ? self->at + word_len : self->len;
	skip_controls(self);
	self->at = looking_at(self, "=") ? self->at + 1 : self->len;
}

/* Returns the encoding that an XML declaration names ("get an XML encoding"), or NULL. By the
 * standard's steps the name could also be after the end of the declaration. No browser does that, so it
 * is not done here. */
static const struct charset *xml_encoding(struct slice head)
{
	const char *end =
	    head.len > 5 && memcmp(head.data, "<?xml", 5) == 0 ? memchr(head.data, '>', head.len) : NULL;
	if (!end)
		return NULL;
	struct cursor cursor = {head.data, (size_t)(end - head.data), 0};
	skip_to_encoding(&cursor);
	skip_controls(&cursor);
	if (!looking_at(&cursor, "\"") && !looking_at(&cursor, "'"))
		return NULL;
	char quote = cursor.bytes[cursor.at++];
	size_t start = cursor.at;
	skip_to_byte(&cursor, quote);
	struct slice label = slice_since(&cursor, start);
	for (size_t i = 0; i < label.len; i++)
		if ((unsigned char)label.data[i] <= 0x20)
			return NULL;
	if (at_end(&cursor))
		return NULL;
	const struct charset *found = charset_by_label(label);
	bool is_utf16 =
	    found == &charset_table[CHARSET_ID_UTF_16BE] || found == &charset_table[CHARSET_ID_UTF_16LE];
	return is_utf16 ? charset_utf8() : found;
}

const struct charset *charset_prescan(struct slice head)
{
	if (head.len >= 6 && memcmp(head.data, "<\0?\0x\0", 6) == 0)
		return &charset_table[CHARSET_ID_UTF_16LE];
	if (head.len >= 6 && memcmp(head.data, "\0<\0?\0x", 6) == 0)
		return &charset_table[CHARSET_ID_UTF_16BE];
	struct cursor cursor = {head.data, head.len, 0};
	while (!at_end(&cursor)) {
		const struct charset *found = NULL;
		if (looking_at(&cursor, "<!--"))
			skip_comment(&cursor);
		else if (is_meta(&cursor)) {
			cursor.at += 5;
			found = read_meta(&cursor);
		} else if (looking_at(&cursor, "<") && is_tag(&cursor))
			skip_tag(&cursor);
		else if (looking_at(&cursor, "<!") || looking_at(&cursor, "</") || looking_at(&cursor, "<?"))
			skip_to_byte(&cursor, '>');
		if (found)
			return found;
		if (!at_end(&cursor))
			cursor.at++;
	}
	return xml_encoding(head);
}
