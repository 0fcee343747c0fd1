#include "link/charset/charset.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "link/charset/internal.h"

#include <string.h>

const struct charset *charset_utf8(void)
{
	return &charset_table[CHARSET_ID_UTF_8];
}

const struct charset *charset_windows_1252(void)
{
	return &charset_table[CHARSET_WINDOWS_1252];
}

const char *charset_name(const struct charset *self)
{
	return self->name;
}

bool charset_needs_whole_text(const struct charset *self)
{
	return !self->ascii;
}

static struct charset_guess guess_by_bom(struct slice head)
{
	if (ascii_starts_with(head, "\xef\xbb\xbf"))
		return (struct charset_guess){&charset_table[CHARSET_ID_UTF_8], CHARSET_CERTAIN, 3};
	if (ascii_starts_with(head, "\xfe\xff"))
		return (struct charset_guess){&charset_table[CHARSET_ID_UTF_16BE], CHARSET_CERTAIN, 2};
	if (ascii_starts_with(head, "\xff\xfe"))
		return (struct charset_guess){&charset_table[CHARSET_ID_UTF_16LE], CHARSET_CERTAIN, 2};
	return (struct charset_guess){NULL, CHARSET_UNKNOWN, 0};
}

struct charset_guess charset_detect(struct slice content_type, struct slice head)
{
	struct charset_guess guess = guess_by_bom(head);
	if (guess.charset)
		return guess;
	guess.charset = charset_header(content_type);
	if (guess.charset) {
		guess.confidence = CHARSET_CERTAIN;
		return guess;
	}
	if (head.len > CHARSET_PRESCAN)
		head.len = CHARSET_PRESCAN;
	guess.charset = charset_prescan(head);
	if (guess.charset)
		guess.confidence = CHARSET_TENTATIVE;
	return guess;
}

const struct charset *charset_from_meta(struct slice charset, struct slice http_equiv, struct slice content)
{
	const struct charset *found = charset.data ? charset_by_label(charset) : NULL;
	if (!found && content.data && http_equiv.data &&
	    ascii_equal_nocase(http_equiv, slice_of("content-type")))
		found = charset_meta_content(content);
	return charset_meta_declared(found);
}

bool charset_is_utf8(const char *bytes, size_t len)
{
	for (size_t i = charset_ascii_run(bytes, len); i < len;) {
		struct utf8_char c = utf8_decode(bytes + i, len - i);
		if (!c.valid)
			return false;
		i += c.len;
		if (i < len && (unsigned char)bytes[i] < 0x80)
			i += charset_ascii_run(bytes + i, len - i);
	}
	return true;
}
