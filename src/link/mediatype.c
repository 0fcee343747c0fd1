#include "link/mediatype.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { TYPE_MAX = 128 };

/* Copies the essence, "type/subtype" without parameters. Returns false if there is none or it is too long. */
static bool copy_essence(const char *content_type, char type[TYPE_MAX])
{
	content_type += strspn(content_type, " \t");
	size_t len = strcspn(content_type, "; \t,");
	if (len >= TYPE_MAX)
		return false;
	memcpy(type, content_type, len);
	type[len] = '\0';
	const char *slash = strchr(type, '/');
	return slash && slash != type && slash[1] != '\0';
}

static bool is_one_of(const char *type, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(type, names[i]) == 0)
			return true;
	}
	return false;
}

static bool ends_with(const char *type, const char *end)
{
	size_t len = strlen(type), end_len = strlen(end);
	return len > end_len && strcasecmp(type + len - end_len, end) == 0;
}

static bool starts_with(const char *type, const char *start)
{
	return strncasecmp(type, start, strlen(start)) == 0;
}

enum mediatype mediatype_of(const char *content_type)
{
	/* Servers send these types if they do not know the type (MIME Sniffing standard, section 7), so the
	 * body may be a page. */
	static const char *const unknown[] = {"application/unknown", "unknown/unknown", "*/*"};
	static const char *const xml[] = {"text/xml", "application/xml"};
	static const char *const text[] = {"application/json", "application/javascript",
	    "application/x-javascript", "application/ecmascript", "application/x-ndjson", "application/sql",
	    "application/x-sh", "application/yaml", "application/toml", "application/graphql",
	    "application/rtf"};
	static const char *const binary[] = {"image/", "audio/", "video/", "font/", "model/", "application/"};

	char type[TYPE_MAX];
	if (!content_type || !copy_essence(content_type, type))
		return MEDIATYPE_HTML;
	if (strcasecmp(type, "text/html") == 0 || is_one_of(type, unknown, sizeof unknown / sizeof *unknown))
		return MEDIATYPE_HTML;
	if (is_one_of(type, xml, sizeof xml / sizeof *xml) || ends_with(type, "+xml"))
		return MEDIATYPE_XML;
	if (starts_with(type, "text/") || is_one_of(type, text, sizeof text / sizeof *text) ||
	    ends_with(type, "+json"))
		return MEDIATYPE_TEXT;
	for (size_t i = 0; i < sizeof binary / sizeof *binary; i++) {
		if (starts_with(type, binary[i]))
			return MEDIATYPE_BINARY;
	}
	return MEDIATYPE_HTML;
}
