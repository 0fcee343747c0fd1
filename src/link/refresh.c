#include "link/refresh.h"

#include "base/ascii.h"

#include <stdbool.h>
#include <stddef.h>

static bool skip_byte(struct slice *text, char lower)
{
	bool is_there = text->len > 0 && ascii_lower(*text->data) == lower;
	slice_skip(text, is_there);
	return is_there;
}

/* Skips the time. Returns false if there is none. */
static bool skip_time(struct slice *text)
{
	ascii_skip_spaces(text);
	if (text->len == 0 || !(ascii_is_digit(*text->data) || *text->data == '.'))
		return false;
	while (text->len > 0 && (ascii_is_digit(*text->data) || *text->data == '.'))
		slice_skip(text, 1);
	return true;
}

/* Skips "url =", where it is complete. Where only its beginning is there, the URL begins with that. */
static void skip_label(struct slice *text)
{
	struct slice rest = *text;
	if (!skip_byte(&rest, 'u') || !skip_byte(&rest, 'r') || !skip_byte(&rest, 'l'))
		return;
	ascii_skip_spaces(&rest);
	if (!skip_byte(&rest, '='))
		return;
	ascii_skip_spaces(&rest);
	*text = rest;
}

struct slice refresh_url(struct slice content)
{
	struct slice text = content;
	if (!skip_time(&text) || text.len == 0)
		return (struct slice){0};
	if (!ascii_is_space(*text.data) && *text.data != ';' && *text.data != ',')
		return (struct slice){0};
	ascii_skip_spaces(&text);
	if (text.len > 0 && (*text.data == ';' || *text.data == ','))
		slice_skip(&text, 1);
	ascii_skip_spaces(&text);
	if (text.len == 0)
		return (struct slice){0};
	skip_label(&text);
	if (text.len == 0 || (*text.data != '"' && *text.data != '\''))
		return text;
	char quote = *text.data;
	slice_skip(&text, 1);
	const char *end = memchr(text.data, quote, text.len);
	return (struct slice){text.data, end ? (size_t)(end - text.data) : text.len};
}
