#include "base/attribute.h"

#include "base/ascii.h"

#include <stddef.h>

#define NAME(text)                                                                                           \
	{                                                                                                    \
		(text), sizeof(text) - 1                                                                     \
	}

static const struct slice names[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_HREF] = NAME("href"),
    [ATTRIBUTE_SRC] = NAME("src"),
    [ATTRIBUTE_SRCSET] = NAME("srcset"),
    [ATTRIBUTE_IMAGESRCSET] = NAME("imagesrcset"),
    [ATTRIBUTE_ACTION] = NAME("action"),
    [ATTRIBUTE_FORMACTION] = NAME("formaction"),
    [ATTRIBUTE_POSTER] = NAME("poster"),
    [ATTRIBUTE_DATA] = NAME("data"),
    [ATTRIBUTE_CITE] = NAME("cite"),
    [ATTRIBUTE_LONGDESC] = NAME("longdesc"),
    [ATTRIBUTE_BACKGROUND] = NAME("background"),
    [ATTRIBUTE_MANIFEST] = NAME("manifest"),
    [ATTRIBUTE_PING] = NAME("ping"),
    [ATTRIBUTE_ICON] = NAME("icon"),
    [ATTRIBUTE_CODEBASE] = NAME("codebase"),
    [ATTRIBUTE_REFRESH] = NAME("content"),
    [ATTRIBUTE_XLINK_HREF] = NAME("xlink:href"),
    [ATTRIBUTE_ID] = NAME("id"),
    [ATTRIBUTE_NAME] = NAME("name"),
};

/* HTML standard, "Attributes" and section 16.2; SVG 2 and SVG 1.1 for a and script. */
static const struct {
	const char *name;
	uint32_t attributes;
} elements[] = {
#define HAS(attribute) ATTRIBUTE_BIT(ATTRIBUTE_##attribute)
    {"a", HAS(HREF) | HAS(XLINK_HREF) | HAS(PING)},
    {"applet", HAS(CODEBASE)},
    {"area", HAS(HREF) | HAS(PING)},
    {"audio", HAS(SRC)},
    {"blockquote", HAS(CITE)},
    {"body", HAS(BACKGROUND)},
    {"button", HAS(FORMACTION)},
    {"command", HAS(ICON)},
    {"del", HAS(CITE)},
    {"embed", HAS(SRC)},
    {"form", HAS(ACTION)},
    {"frame", HAS(SRC) | HAS(LONGDESC)},
    {"html", HAS(MANIFEST)},
    {"iframe", HAS(SRC) | HAS(LONGDESC)},
    {"img", HAS(SRC) | HAS(SRCSET) | HAS(LONGDESC)},
    {"input", HAS(SRC) | HAS(FORMACTION)},
    {"ins", HAS(CITE)},
    {"link", HAS(HREF) | HAS(IMAGESRCSET)},
    {"menuitem", HAS(ICON)},
    {"meta", HAS(REFRESH)},
    {"object", HAS(DATA) | HAS(CODEBASE)},
    {"q", HAS(CITE)},
    {"script", HAS(SRC) | HAS(HREF) | HAS(XLINK_HREF)},
    {"source", HAS(SRC) | HAS(SRCSET)},
    {"table", HAS(BACKGROUND)},
    {"tbody", HAS(BACKGROUND)},
    {"td", HAS(BACKGROUND)},
    {"tfoot", HAS(BACKGROUND)},
    {"th", HAS(BACKGROUND)},
    {"thead", HAS(BACKGROUND)},
    {"tr", HAS(BACKGROUND)},
    {"track", HAS(SRC)},
    {"video", HAS(SRC) | HAS(POSTER)},
#undef HAS
};

struct slice attribute_name(enum attribute attribute)
{
	return names[attribute];
}

const char *attribute_word(enum attribute attribute)
{
	return attribute == ATTRIBUTE_REFRESH ? "refresh" : names[attribute].data;
}

uint32_t attribute_set_of_element(struct slice element)
{
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		if (ascii_equal_nocase(element, slice_of(elements[i].name)))
			return elements[i].attributes;
	}
	return ATTRIBUTE_BIT(ATTRIBUTE_HREF) | ATTRIBUTE_BIT(ATTRIBUTE_XLINK_HREF);
}
