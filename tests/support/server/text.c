#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

void text_printf(struct buf *out, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *to = len < 0 ? NULL : buf_reserve(out, (size_t)len);
	if (to) {
		vsnprintf(to, (size_t)len + 1, format, again);
		out->len += (size_t)len;
	}
	va_end(again);
}

void text_json(struct buf *out, struct slice bytes)
{
	buf_append_byte(out, '"');
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.data[i];
		if (c == '"' || c == '\\')
			text_printf(out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			text_printf(out, "\\u%04x", c);
		else
			buf_append_byte(out, (char)c);
	}
	buf_append_byte(out, '"');
}

void text_html(struct buf *out, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.data[i];
		if (c == '&' || c == '<' || c == '>' || c == '"')
			text_printf(out, "&#%d;", c);
		else
			buf_append_byte(out, c);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void text_percent_decode(struct buf *out, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.data[i];
		if (c == '%' && i + 2 < bytes.len && hex_digit(bytes.data[i + 1]) >= 0 &&
		    hex_digit(bytes.data[i + 2]) >= 0) {
			c = (char)(hex_digit(bytes.data[i + 1]) * 16 + hex_digit(bytes.data[i + 2]));
			i += 2;
		}
		buf_append_byte(out, c);
	}
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

bool text_base64_decode(struct buf *out, struct slice bytes)
{
	while (bytes.len > 0 && bytes.data[bytes.len - 1] == '=')
		bytes.len--;
	uint32_t bits = 0;
	unsigned held = 0;
	for (size_t i = 0; i < bytes.len; i++) {
		int digit = base64_digit(bytes.data[i]);
		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		held += 6;
		if (held >= 8) {
			held -= 8;
			buf_append_byte(out, (char)(bits >> held & 0xff));
		}
	}
	return held < 6;
}

bool text_number(struct slice digits, uint64_t *number)
{
	uint64_t value = 0;
	if (digits.len == 0 || digits.len > 18)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(digits.data[i] - '0');
	}
	*number = value;
	return true;
}

bool text_equal_nocase(struct slice a, const char *b)
{
	return strlen(b) == a.len && strncasecmp(a.data, b, a.len) == 0;
}
