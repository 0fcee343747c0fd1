/* Tests and conversions of ASCII characters and texts, which do not depend on the locale. Every other byte or
 * code point is in none of the classes, and has no other case. */
#ifndef AREQ_BASE_ASCII_H
#define AREQ_BASE_ASCII_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* These accept a char, also a negative one, or a code point. */

static inline bool ascii_is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_is_alphanumeric(uint32_t c)
{
	return ascii_is_letter(c) || ascii_is_digit(c);
}

/* "ASCII whitespace" (WHATWG Infra, section 4.6). */
static inline bool ascii_is_space(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* "Binary data byte" (WHATWG MIME Sniffing, section 3): no text in an encoding based on ASCII has it. */
static inline bool ascii_is_binary(char c)
{
	unsigned char byte = (unsigned char)c;
	return byte < 0x20 && !ascii_is_space(byte) && byte != 0x1b;
}

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Returns the value of a hexadecimal digit, or -1 for any other byte. */
static inline int ascii_hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	char lower = ascii_lower(c);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Removes the white space at the beginning. */
static inline void ascii_skip_spaces(struct slice *text)
{
	while (text->len > 0 && ascii_is_space(*text->data))
		slice_skip(text, 1);
}

/* Returns the part of text between its first and its last byte that is not white space. */
static inline struct slice ascii_trim(struct slice text)
{
	while (text.len > 0 && ascii_is_space(text.data[0]))
		text = (struct slice){text.data + 1, text.len - 1};
	while (text.len > 0 && ascii_is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* Removes the first element that is not empty from a list with commas, and returns it without the white space
 * around it (RFC 9110, section 5.6.1); an empty slice at the end of the list. */
static inline struct slice ascii_next_element(struct slice *list)
{
	struct slice element = {list->data, 0};
	while (list->len > 0 && element.len == 0) {
		const char *comma = (const char *)memchr(list->data, ',', list->len);
		size_t len = comma ? (size_t)(comma - list->data) : list->len;
		element = ascii_trim((struct slice){list->data, len});
		len += comma != NULL;
		*list = (struct slice){list->data + len, list->len - len};
	}
	return element;
}

/* True if text begins with start. */
static inline bool ascii_starts_with(struct slice text, const char *start)
{
	size_t len = strlen(start);
	return text.len >= len && memcmp(text.data, start, len) == 0;
}

/* The next three ignore the case of ASCII letters ("ASCII case-insensitive", WHATWG Infra, section 4.6). */

static inline bool ascii_equal_nocase(struct slice a, struct slice b)
{
	size_t i = 0;
	while (i < a.len && i < b.len && ascii_lower(a.data[i]) == ascii_lower(b.data[i]))
		i++;
	return i == a.len && i == b.len;
}

static inline bool ascii_starts_with_nocase(struct slice text, const char *start)
{
	size_t len = strlen(start);
	return text.len >= len &&
	       ascii_equal_nocase((struct slice){text.data, len}, (struct slice){start, len});
}

/* Takes the first word off text, a list of words separated by white space. Returns false if there is none. */
static inline bool ascii_take_word(struct slice *text, struct slice *word)
{
	*text = ascii_trim(*text);
	*word = (struct slice){text->data, 0};
	while (word->len < text->len && !ascii_is_space((unsigned char)text->data[word->len]))
		word->len++;
	*text = (struct slice){text->data + word->len, text->len - word->len};
	return word->len > 0;
}

/* Returns true if text, a list of words separated by white space, has this word in any letter case. */
static inline bool ascii_has_word_nocase(struct slice text, const char *wanted)
{
	struct slice word;
	while (ascii_take_word(&text, &word)) {
		if (ascii_equal_nocase(word, slice_of(wanted)))
			return true;
	}
	return false;
}

static inline bool ascii_ends_with_nocase(struct slice text, const char *end)
{
	size_t len = strlen(end);
	return text.len >= len &&
	       ascii_equal_nocase((struct slice){text.data + text.len - len, len}, (struct slice){end, len});
}

#endif
