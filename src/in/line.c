#include "in/line.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

struct slice line_trim(struct slice line)
{
	line = ascii_trim(line);
	while (ascii_starts_with(line, byte_order_mark)) {
		size_t len = strlen(byte_order_mark);
		line = ascii_trim((struct slice){line.data + len, line.len - len});
	}
	return line;
}

static bool is_scheme_char(char c)
{
	return ascii_is_alphanumeric(c) || c == '+' || c == '-' || c == '.';
}

/* True for "example.com/x" and "localhost:8080", false for "mailto:x" and "https://x". */
static bool lacks_scheme(struct slice text)
{
	size_t i = 0;
	while (i < text.len && is_scheme_char(text.data[i]))
		i++;
	if (i == 0 || i == text.len || text.data[i] != ':')
		return true;
	size_t port = i + 1;
	size_t end = port;
	while (end < text.len && text.data[end] >= '0' && text.data[end] <= '9')
		end++;
	bool ends_after_port = end == text.len || strchr("/?#", text.data[end]) != NULL;
	return end > port && ends_after_port;
}

const char *line_parse(struct slice text, struct buf *full, struct url *url, enum cause *cause)
{
	size_t start = full->len;
	if (ascii_starts_with(text, "//"))
		buf_append_text(full, "https:");
	else if (lacks_scheme(text))
		buf_append_text(full, "https://");
	if (utf8_valid_length(text.data, text.len) == text.len)
		buf_append(full, text.data, text.len);
	else
		url_append_ascii(full, text);

	bool has_host = !ascii_starts_with(text, "/") || ascii_starts_with(text, "//");
	*cause = CAUSE_NOT_A_URL;
	if (memchr(text.data, '\0', text.len))
		return "not a URL: it holds a NUL byte";
	if (!has_host || !url_parse(url, full->data + start, full->len - start, NULL, NULL))
		return "not a URL";
	*cause = url_is_http(url) ? CAUSE_NONE : CAUSE_NOT_HTTP;
	return url_is_http(url) ? NULL : "not an http or https URL";
}

bool line_is_url(struct slice text, enum cause cause)
{
	return cause == CAUSE_NONE || (cause == CAUSE_NOT_HTTP && !memchr(text.data, ' ', text.len));
}
