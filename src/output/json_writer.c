#include "output/json_writer.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The value before this one ends with a quote, a digit, a letter or a closing bracket, so only the start of
 * an object or an array can end with an opening one. */
static void append_key(struct buf *out, const char *key)
{
	assert(out->len > 0);
	char last = out->data[out->len - 1];
	if (last != '{' && last != '[')
		buf_append_byte(out, ',');
	if (!key)
		return;
	buf_append_byte(out, '"');
	buf_append_text(out, key);
	buf_append(out, "\":", 2);
}

/* True if each of eight bytes is ASCII that stands for itself in a string: no control character, quote or
 * backslash. Each term sets the highest bit of such a byte, and of others only where the word has such a byte
 * or one that is not ASCII. The first term finds a quote too, since the XOR exchanges it with the space. */
static bool are_eight_plain(const char *bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;
	memcpy(&word, bytes, sizeof word);
	uint64_t escaped =
	    ((word ^ ones * ('"' ^ ' ')) - ones * (' ' + 1)) | (word + ones) | ((word ^ ones * '\\') - ones);
	return ((word | escaped) & ones * 0x80) == 0;
}

static bool is_plain(uint32_t code_point)
{
	return code_point >= ' ' && code_point != '"' && code_point != '\\' &&
	       (code_point < 0x7f || code_point > 0x9f);
}

/* The length of the prefix that stands for itself in a string. */
static size_t plain_length(const char *bytes, size_t len)
{
	enum { WORD = sizeof(uint64_t) };
	size_t at = 0;
	while (len - at >= WORD && are_eight_plain(bytes + at))
		at += WORD;
	/* The last word may overlap the one before. */
	if (len - at < WORD && len >= WORD && are_eight_plain(bytes + len - WORD))
		return len;
	while (at < len) {
		unsigned char first = (unsigned char)bytes[at];
		if (first < 0x80 && is_plain(first)) {
			at++;
			continue;
		}
		const struct utf8_char c = utf8_decode(bytes + at, len - at);
		if (!c.valid || !is_plain(c.code_point))
			break;
		at += c.len;
	}
	return at;
}

/* Appends a character that does not stand for itself. */
static void append_escaped(struct buf *out, uint32_t code_point)
{
	static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *found = code_point > 0 && code_point < 0x80 ? strchr(named, (int)code_point) : NULL;
	if (code_point == 0 || code_point == UTF8_REPLACEMENT) {
		buf_append_text(out, "\xef\xbf\xbd");
	} else if (found) {
		buf_append_byte(out, '\\');
		buf_append_byte(out, names[found - named]);
	} else {
		char escape[16];
		snprintf(escape, sizeof escape, "\\u%04X", (unsigned)code_point);
		buf_append_text(out, escape);
	}
}

/* Appends text from its first character on that does not stand for itself. */
static void append_rest(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		const struct utf8_char c = utf8_decode(text.data, text.len);
		append_escaped(out, c.code_point);
		text = (struct slice){text.data + c.len, text.len - c.len};
		size_t plain = plain_length(text.data, text.len);
		buf_append(out, text.data, plain);
		text = (struct slice){text.data + plain, text.len - plain};
	}
}

void json_writer_string(struct buf *out, struct slice text)
{
	if (!text.data) {
		buf_append_text(out, "null");
		return;
	}
	size_t plain = plain_length(text.data, text.len);
	char *to = buf_reserve(out, plain + 2);
	*to = '"';
	memcpy(to + 1, text.data, plain);
	out->len += plain + 1;
	if (plain < text.len)
		append_rest(out, (struct slice){text.data + plain, text.len - plain});
	buf_append_byte(out, '"');
}

void json_writer_slice(struct buf *out, const char *key, struct slice text)
{
	append_key(out, key);
	json_writer_string(out, text);
}

void json_writer_text(struct buf *out, const char *key, const char *text)
{
	json_writer_slice(out, key, text ? slice_of(text) : (struct slice){NULL, 0});
}

void json_writer_number(struct buf *out, const char *key, uint64_t number)
{
	append_key(out, key);
	buf_append_number(out, number);
}

void json_writer_number_or_null(struct buf *out, const char *key, bool is_known, uint64_t number)
{
	if (is_known)
		json_writer_number(out, key, number);
	else
		json_writer_literal(out, key, "null");
}

void json_writer_real(struct buf *out, const char *key, double number, const char *unknown)
{
	char text[32];
	snprintf(text, sizeof text, "%.9g", number);
	/* Readers tell by these whether it is a real number. */
	bool is_real = strpbrk(text, ".e");
	json_writer_literal(out, key, number < 0 ? unknown : text);
	if (number >= 0 && !is_real)
		buf_append_text(out, ".0");
}

void json_writer_literal(struct buf *out, const char *key, const char *json)
{
	append_key(out, key);
	buf_append_text(out, json);
}

void json_writer_open(struct buf *out, const char *key, char bracket)
{
	append_key(out, key);
	buf_append_byte(out, bracket);
}
