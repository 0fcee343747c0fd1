#include "base/utf8.h"

#include <assert.h>

/* What the first byte of a sequence says: the length of the sequence (0 if the byte is invalid), and the
 * range of the second byte. That range excludes overlong forms, surrogates and code points above U+10FFFF. */
struct lead {
	uint8_t len;
	uint8_t lowest;
	uint8_t highest;
};

static struct lead lead_of(unsigned char first)
{
	if (first < 0x80)
		return (struct lead){1, 0, 0};
	if (first < 0xc2 || first > 0xf4)
		return (struct lead){0, 0, 0};
	if (first < 0xe0)
		return (struct lead){2, 0x80, 0xbf};
	if (first < 0xf0)
		return (struct lead){3, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf};
	return (struct lead){4, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf};
}

struct utf8_char utf8_decode(const char *bytes, size_t len)
{
	assert(len > 0);
	const unsigned char *at = (const unsigned char *)bytes;
	struct lead lead = lead_of(at[0]);
	if (lead.len == 1)
		return (struct utf8_char){at[0], 1, true};
	if (lead.len == 0)
		return (struct utf8_char){UTF8_REPLACEMENT, 1, false};
	uint32_t code_point = at[0] & (0x7fu >> lead.len);
	for (uint8_t i = 1; i < lead.len; i++) {
		if (i == len || at[i] < lead.lowest || at[i] > lead.highest)
			return (struct utf8_char){UTF8_REPLACEMENT, i, false};
		code_point = code_point << 6 | (at[i] & 0x3f);
		lead.lowest = 0x80;
		lead.highest = 0xbf;
	}
	return (struct utf8_char){code_point, lead.len, true};
}

size_t utf8_encode(uint32_t code_point, char out[UTF8_LENGTH_MAX])
{
	assert(code_point <= 0x10ffff && (code_point < 0xd800 || code_point > 0xdfff));
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code_point & 0x3f));
		code_point >>= 6;
	}
	out[0] = (char)(marks[len] | code_point);
	return len;
}

size_t utf8_valid_length(const char *bytes, size_t len)
{
	size_t at = 0;
	while (at < len) {
		if ((unsigned char)bytes[at] < 0x80) {
			at++;
			continue;
		}
		struct utf8_char c = utf8_decode(bytes + at, len - at);
		if (!c.valid)
			return at;
		at += c.len;
	}
	return len;
}

bool utf8_append_repaired(struct buf *out, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t valid = utf8_valid_length(bytes, len);
		if (!buf_append(out, bytes, valid))
			return false;
		bytes += valid;
		len -= valid;
		if (len == 0)
			break;
		size_t invalid = utf8_decode(bytes, len).len;
		if (!buf_append_text(out, "\xef\xbf\xbd"))
			return false;
		bytes += invalid;
		len -= invalid;
	}
	return true;
}
