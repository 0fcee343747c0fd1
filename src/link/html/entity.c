#include "link/html/entity.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "link/html/entity_names.h"

#include <stdint.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD";

/* The code points that the standard uses for the C1 controls, as in windows-1252; 0 if the control stays. */
static const uint16_t c1_code_points[0x20] = {0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013,
    0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178};

static uint32_t replace_code_point(uint32_t cp)
{
	if (cp == 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		return UTF8_REPLACEMENT;
	if (cp >= 0x80 && cp <= 0x9F && c1_code_points[cp - 0x80])
		return c1_code_points[cp - 0x80];
	return cp;
}

/* Returns the length of the numeric reference at the start of text ("&#..."), 0 if it has no digits. */
static size_t match_numeric(const char *text, size_t len, uint32_t *cp)
{
	size_t i = 2;
	int base = 10;
	if (i < len && (text[i] == 'x' || text[i] == 'X')) {
		base = 16;
		i++;
	}
	size_t first = i;
	uint32_t value = 0;
	for (int digit; i < len && (digit = ascii_hex_value(text[i])) >= 0 && digit < base; i++)
		if (value <= 0x10FFFF)
			value = value * base + digit;
	if (i == first)
		return 0;
	if (i < len && text[i] == ';')
		i++;
	*cp = replace_code_point(value);
	return i;
}

/* Returns the index of the first name in [low, high) whose byte number at is not below c. All these names
 * have the same first at bytes. */
static size_t lower_bound(size_t low, size_t high, size_t at, unsigned c)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if ((unsigned char)entity_names[middle].name[at] < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Returns the longest name that text[0..len) starts with, and sets its length. Returns NULL if
 * there is none. */
static const struct entity_name *find_longest_name(const char *text, size_t len, size_t *name_len)
{
	const struct entity_name *longest = NULL;
	size_t low = 0, high = ENTITY_NAMES_COUNT;
	for (size_t at = 0; at < len && at < ENTITY_NAME_MAX; at++) {
		unsigned char c = (unsigned char)text[at];
		if (!ascii_is_alphanumeric(text[at]) && c != ';')
			break;
		low = lower_bound(low, high, at, c);
		high = lower_bound(low, high, at, c + 1u);
		if (low == high)
			break;
		if (entity_names[low].name[at + 1] == '\0') {
			longest = &entity_names[low];
			*name_len = at + 1;
		}
	}
	return longest;
}

/* Appends the replacement of the reference at the start of text, or '&' if it is no reference. Sets how many
 * bytes of text that used. */
static bool decode_reference(const char *text, size_t len, size_t *used, struct buf *out)
{
	static const char commonest[] = "&amp;";
	if (len >= sizeof commonest - 1 && memcmp(text, commonest, sizeof commonest - 1) == 0) {
		*used = sizeof commonest - 1;
		return buf_append_byte(out, '&');
	}
	if (len > 1 && text[1] == '#') {
		uint32_t cp;
		char utf8[UTF8_LENGTH_MAX];
		*used = match_numeric(text, len, &cp);
		if (*used) {
			size_t utf8_len = utf8_encode(cp, utf8);
			return buf_append(out, utf8, utf8_len);
		}
	} else {
		size_t name_len = 0;
		const struct entity_name *name = find_longest_name(text + 1, len - 1, &name_len);
		*used = 1 + name_len;
		bool historical = name && text[name_len] != ';' && *used < len &&
		                  (text[*used] == '=' || ascii_is_alphanumeric(text[*used]));
		if (name && !historical)
			return buf_append_text(out, name->text);
	}
	*used = 1;
	return buf_append_byte(out, '&');
}

static bool append_plain(const char *text, size_t len, struct buf *out)
{
	const char *end = text + len;
	for (const char *nul; text < end && (nul = memchr(text, '\0', (size_t)(end - text))); text = nul + 1)
		if (!buf_append(out, text, (size_t)(nul - text)) || !buf_append_text(out, replacement))
			return false;
	return buf_append(out, text, (size_t)(end - text));
}

bool entity_decode(const char *value, size_t len, struct buf *out)
{
	size_t done = 0;
	while (done < len) {
		const char *amp = memchr(value + done, '&', len - done);
		size_t plain = (amp ? (size_t)(amp - value) : len) - done;
		if (!append_plain(value + done, plain, out))
			return false;
		done += plain;
		if (amp) {
			size_t used;
			if (!decode_reference(amp, len - done, &used, out))
				return false;
			done += used;
		}
	}
	return true;
}
