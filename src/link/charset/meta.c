#include "link/charset/internal.h"

#include "base/ascii.h"

#include <string.h>

const struct charset *charset_meta_declared(const struct charset *charset)
{
	if (charset == &charset_table[CHARSET_ID_UTF_16BE] || charset == &charset_table[CHARSET_ID_UTF_16LE])
		return &charset_table[CHARSET_ID_UTF_8];
	if (charset == &charset_table[CHARSET_ID_X_USER_DEFINED])
		return &charset_table[CHARSET_WINDOWS_1252];
	return charset;
}

static size_t skip_spaces(struct slice text, size_t at)
{
	while (at < text.len && ascii_is_space(text.data[at]))
		at++;
	return at;
}

/* Returns the offset after the first "charset", its "=" and white space; text.len if there is none. */
static size_t find_value(struct slice text)
{
	static const char word[] = "charset";
	const size_t word_len = sizeof word - 1;
	for (size_t at = 0; at + word_len <= text.len; at++) {
		if (!ascii_equal_nocase(
		        (struct slice){text.data + at, word_len}, (struct slice){word, word_len}))
			continue;
		size_t sign = skip_spaces(text, at + word_len);
		if (sign < text.len && text.data[sign] == '=')
			return skip_spaces(text, sign + 1);
	}
	return text.len;
}

const struct charset *charset_meta_content(struct slice content)
{
	size_t start = find_value(content);
	if (start == content.len)
		return NULL;
	struct slice rest = {content.data + start, content.len - start};
	char quote = rest.data[0];
	if (quote == '"' || quote == '\'') {
		const char *end = memchr(rest.data + 1, quote, rest.len - 1);
		if (!end)
			return NULL;
		return charset_by_label((struct slice){rest.data + 1, (size_t)(end - rest.data) - 1});
	}
	size_t len = 0;
	while (len < rest.len && !ascii_is_space(rest.data[len]) && rest.data[len] != ';')
		len++;
	return charset_by_label((struct slice){rest.data, len});
}
