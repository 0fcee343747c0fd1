#include "in/list_check.h"

#include "base/ascii.h"
#include "in/line.h"

#include <stdbool.h>
#include <string.h>

#define NO_LIST ", not a list of URLs"

/* The versions of clang-format differ. */
/* clang-format off */
#define BYTES(literal) {(literal), sizeof(literal) - 1}
/* clang-format on */

/* The first bytes of common types of files, and what a file is that begins with them. */
static const struct {
	struct slice bytes;
	const char *what;
} signatures[] = {
    {BYTES("\x89PNG\r\n"), "seems to be a PNG image" NO_LIST},
    {BYTES("\xff\xd8\xff"), "seems to be a JPEG image" NO_LIST},
    {BYTES("GIF87a"), "seems to be a GIF image" NO_LIST},
    {BYTES("GIF89a"), "seems to be a GIF image" NO_LIST},
    {BYTES("%PDF-"), "seems to be a PDF document" NO_LIST},
    {BYTES("{\\rtf"), "seems to be an RTF document" NO_LIST},
    {BYTES("PK\x03\x04"), "seems to be a zip archive" NO_LIST " (unpack it first)"},
    {BYTES("\x1f\x8b"), "seems to be packed by gzip" NO_LIST " (gzip -dc unpacks it)"},
    {BYTES("BZh9"), "seems to be packed by bzip2" NO_LIST " (bzip2 -dc unpacks it)"},
    {BYTES("\xfd"
           "7zXZ"),
        "seems to be packed by xz" NO_LIST " (xz -dc unpacks it)"},
    {BYTES("\x28\xb5\x2f\xfd"), "seems to be packed by zstd" NO_LIST " (zstd -dc unpacks it)"},
    {BYTES("\x7f"
           "ELF"),
        "seems to be a program" NO_LIST},
    {BYTES("SQLite format 3"), "seems to be an SQLite database" NO_LIST},
#undef BYTES
};

static const char *check_signature(struct slice start)
{
	for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
		struct slice bytes = signatures[i].bytes;
		if (start.len >= bytes.len && memcmp(start.data, bytes.data, bytes.len) == 0)
			return signatures[i].what;
	}
	return NULL;
}

/* True for UTF-16 with a byte order mark, or whose first four characters are ASCII. No line of it is a
 * URL. */
static bool is_utf16(struct slice start)
{
	enum { SAMPLE = 8 };
	size_t nuls[2] = {0};
	if (ascii_starts_with(start, "\xff\xfe") || ascii_starts_with(start, "\xfe\xff"))
		return true;
	for (size_t i = 0; i < SAMPLE && i < start.len; i++)
		nuls[i % 2] += start.data[i] == '\0';
	return (nuls[0] == 0 && nuls[1] == SAMPLE / 2) || (nuls[0] == SAMPLE / 2 && nuls[1] == 0);
}

const char *list_check_binary(struct slice bytes)
{
	size_t len = bytes.len < LIST_CHECK_NUL_BYTES ? bytes.len : LIST_CHECK_NUL_BYTES;
	return memchr(bytes.data, '\0', len) ? "seems to be binary" NO_LIST " (it holds a NUL byte)" : NULL;
}

/* Returns the first character that is not white space at or behind an offset; NUL if there is none. */
static char next_char(struct slice text, size_t at)
{
	while (at < text.len && ascii_is_space(text.data[at]))
		at++;
	return at < text.len ? text.data[at] : '\0';
}

static const char *check_markup(struct slice start)
{
	struct slice text = line_trim(start);
	bool is_tag = text.len > 1 && text.data[0] == '<' &&
	              (ascii_is_letter(text.data[1]) || text.data[1] == '!' || text.data[1] == '?');
	/* Some people write a URL in angle brackets. */
	if (!is_tag || ascii_starts_with_nocase(text, "<http:") || ascii_starts_with_nocase(text, "<https:"))
		return NULL;
	if (ascii_starts_with_nocase(text, "<?xml"))
		return "seems to be an XML document" NO_LIST;
	if (ascii_starts_with_nocase(text, "<!doctype html") || ascii_starts_with_nocase(text, "<html"))
		return "seems to be an HTML page" NO_LIST;
	return "seems to be HTML or XML" NO_LIST;
}

/* A line of JSON may well be a URL without a scheme by the URL standard: the host of {"a":1} would be
 * {"a" with the port 1. */
static const char *check_json(struct slice start)
{
	struct slice text = line_trim(start);
	char first = next_char(text, 0), second = text.len > 0 ? next_char(text, 1) : '\0';
	bool is_object = first == '{' && (second == '"' || second == '}');
	bool is_array = first == '[' && (second == '"' || second == '{' || second == '[');
	return is_object || is_array ? "seems to be JSON" NO_LIST : NULL;
}

/* Counts the whole lines of the start that are entries of a list, up to the first one that is a URL. */
static const char *check_lines(struct slice start)
{
	const char *what = NULL;
	size_t count = 0;
	struct buf full;
	struct url url;
	buf_init(&full, SIZE_MAX / 2);
	url_init(&url);
	const char line_end = memchr(start.data, '\n', start.len) ? '\n' : '\r';
	for (const char *end; (end = memchr(start.data, line_end, start.len));) {
		struct slice line = line_trim((struct slice){start.data, (size_t)(end - start.data)});
		enum cause cause;
		start.len -= (size_t)(end + 1 - start.data);
		start.data = end + 1;
		if (line.len == 0 || line.data[0] == '#')
			continue;
		buf_clear(&full);
		line_parse(line, &full, &url, &cause);
		if (line_is_url(line, cause))
			break;
		if (++count == LIST_CHECK_LINES) {
			what = LIST_CHECK_NO_URLS;
			break;
		}
	}
	url_release(&url);
	buf_release(&full);
	return what;
}

const char *list_check(struct slice start)
{
	if (is_utf16(start))
		return "is UTF-16, not UTF-8 (iconv -f UTF-16 -t UTF-8 makes it that)";
	const char *what = check_signature(start);
	what = what ? what : list_check_binary(start);
	what = what ? what : check_markup(start);
	what = what ? what : check_json(start);
	return what ? what : check_lines(start);
}
