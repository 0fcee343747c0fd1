#include "link/mediatype.h"

#include "base/ascii.h"

#include <string.h>

/* Returns the essence, "type/subtype" without parameters; empty if there is none. */
static struct slice essence_of(const char *content_type)
{
	content_type += strspn(content_type, " \t");
	struct slice type = {content_type, strcspn(content_type, "; \t,")};
	const char *slash = memchr(type.data, '/', type.len);
	bool is_type = slash && slash != type.data && slash + 1 != type.data + type.len;
	return is_type ? type : slice_of("");
}

static bool is_one_of(struct slice type, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ascii_equal_nocase(type, slice_of(names[i])))
			return true;
	}
	return false;
}

enum mediatype mediatype_of(const char *content_type)
{
	/* Servers send these types if they do not know the type (MIME Sniffing standard, section 7), so the
	 * body may be a page. */
	static const char *const unknown[] = {"application/unknown", "unknown/unknown", "*/*"};
	static const char *const xml[] = {"text/xml", "application/xml"};
	static const char *const text[] = {"application/json", "application/javascript",
	    "application/x-javascript", "application/ecmascript", "application/x-ecmascript",
	    "application/x-ndjson", "application/sql", "application/x-sh", "application/yaml",
	    "application/toml", "application/graphql", "application/rtf"};
	static const char *const binary[] = {"image/", "audio/", "video/", "font/", "model/", "application/"};

	struct slice type = content_type ? essence_of(content_type) : slice_of("");
	if (type.len == 0 || is_one_of(type, unknown, sizeof unknown / sizeof *unknown))
		return MEDIATYPE_UNKNOWN;
	if (ascii_equal_nocase(type, slice_of("text/html")))
		return MEDIATYPE_HTML;
	if (is_one_of(type, xml, sizeof xml / sizeof *xml) || ascii_ends_with_nocase(type, "+xml"))
		return MEDIATYPE_XML;
	if (ascii_starts_with_nocase(type, "text/") || ascii_starts_with_nocase(type, "multipart/") ||
	    ascii_starts_with_nocase(type, "message/") || is_one_of(type, text, sizeof text / sizeof *text) ||
	    ascii_ends_with_nocase(type, "+json"))
		return MEDIATYPE_TEXT;
	for (size_t i = 0; i < sizeof binary / sizeof *binary; i++) {
		if (ascii_starts_with_nocase(type, binary[i]))
			return MEDIATYPE_BINARY;
	}
	return MEDIATYPE_HTML;
}

/* True if text begins with a tag, a comment, a doctype or a processing instruction. */
static bool begins_with_markup(struct slice text)
{
	return text.len > 1 && text.data[0] == '<' &&
	       (ascii_is_letter(text.data[1]) || text.data[1] == '!' || text.data[1] == '?' ||
	           text.data[1] == '/');
}

static bool has_binary(struct slice bytes)
{
	size_t i = 0;
	while (i < bytes.len && !ascii_is_binary(bytes.data[i]))
		i++;
	return i < bytes.len;
}

/* Of the formats that the standard lists, only PDF and PostScript can begin without a binary byte. */
enum mediatype mediatype_sniff(struct slice head)
{
	static const char utf8_mark[] = "\xef\xbb\xbf";
	bool has_utf8_mark = ascii_starts_with(head, utf8_mark);
	if (head.len == 0 || ascii_starts_with(head, "\xfe\xff") || ascii_starts_with(head, "\xff\xfe"))
		return MEDIATYPE_HTML;
	struct slice text = head;
	if (has_utf8_mark)
		text = (struct slice){head.data + sizeof utf8_mark - 1, head.len - (sizeof utf8_mark - 1)};
	text = ascii_trim(text);
	if (ascii_starts_with(text, "<?xml"))
		return MEDIATYPE_XML;
	if (begins_with_markup(text))
		return MEDIATYPE_HTML;
	if (ascii_starts_with(head, "%PDF-") || ascii_starts_with(head, "%!PS-Adobe-"))
		return MEDIATYPE_BINARY;
	return has_binary(head) && !has_utf8_mark ? MEDIATYPE_BINARY : MEDIATYPE_TEXT;
}
