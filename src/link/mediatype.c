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
	static const char *const file[] = {"application/gzip", "application/x-gzip",
	    "application/octet-stream", "binary/octet-stream", "application/x-gunzip", "application/gzipped"};
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
	if (is_one_of(type, file, sizeof file / sizeof *file))
		return MEDIATYPE_FILE;
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

static struct slice skip_utf8_mark(struct slice text)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t len = ascii_starts_with(text, mark) ? sizeof mark - 1 : 0;
	return (struct slice){text.data + len, text.len - len};
}

static bool has_utf16_mark(struct slice head)
{
	return ascii_starts_with(head, "\xfe\xff") || ascii_starts_with(head, "\xff\xfe");
}

static bool has_binary(struct slice bytes)
{
	size_t i = 0;
	while (i < bytes.len && !ascii_is_binary(bytes.data[i]))
		i++;
	return i < bytes.len;
}

/* Returns the text behind the comments that it begins with; empty text if one of them has no end there. */
static struct slice skip_comments(struct slice text)
{
	text = ascii_trim(text);
	while (ascii_starts_with(text, "<!--")) {
		while (text.len > 0 && !ascii_starts_with(text, "-->"))
			text = (struct slice){text.data + 1, text.len - 1};
		if (text.len > 0)
			text = ascii_trim((struct slice){text.data + 3, text.len - 3});
	}
	return text;
}

/* Returns the name of the root element, without a prefix, from the start of an XML document: from its
 * document type or, without one, from its first tag. Empty if there is none. */
static struct slice root_name(struct slice text)
{
	static const char doctype[] = "<!DOCTYPE";
	text = skip_comments(text);
	if (!ascii_starts_with(text, "<"))
		return slice_of("");
	size_t start = ascii_starts_with(text, doctype) ? sizeof doctype - 1 : 1;
	text = ascii_trim((struct slice){text.data + start, text.len - start});
	size_t len = 0, name = 0;
	while (len < text.len && !ascii_is_space((unsigned char)text.data[len]) &&
	       !memchr("/>[", text.data[len], 3)) {
		if (text.data[len++] == ':')
			name = len;
	}
	return (struct slice){text.data + name, len - name};
}

/* Returns true for the start of a sitemap or feed (see feed.h). */
static bool begins_with_feed(struct slice text)
{
	static const char *const roots[] = {"urlset", "sitemapindex", "rss", "feed", "RDF"};
	struct slice root = root_name(text);
	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
		if (slice_equal(root, slice_of(roots[i])))
			return true;
	}
	return false;
}

/* Of the formats that the standard lists, only PDF and PostScript can begin without a binary byte. */
enum mediatype mediatype_sniff(struct slice head)
{
	struct slice text = skip_utf8_mark(head);
	bool has_utf8_mark = text.len < head.len;
	if (head.len == 0 || has_utf16_mark(head))
		return MEDIATYPE_HTML;
	text = ascii_trim(text);
	if (ascii_starts_with(text, "<?xml") || begins_with_feed(text))
		return MEDIATYPE_XML;
	if (begins_with_markup(text))
		return MEDIATYPE_HTML;
	if (ascii_starts_with(head, "%PDF-") || ascii_starts_with(head, "%!PS-Adobe-"))
		return MEDIATYPE_BINARY;
	return has_binary(head) && !has_utf8_mark ? MEDIATYPE_BINARY : MEDIATYPE_TEXT;
}

enum mediatype mediatype_sniff_gzip_file(struct slice head)
{
	struct slice text = ascii_trim(skip_utf8_mark(head));
	bool is_utf16 =
	    has_utf16_mark(head) ||
	    (head.len > 1 && (memcmp(head.data, "<\0", 2) == 0 || memcmp(head.data, "\0<", 2) == 0));
	bool is_xml = is_utf16 || ascii_starts_with(text, "<?xml") || begins_with_feed(text);
	return is_xml ? MEDIATYPE_XML : MEDIATYPE_BINARY;
}
