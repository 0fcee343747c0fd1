/* The elements that tree construction handles in a special way (HTML standard, section 13.2.6). Only for
 * extract.c and the files that it uses. */
#ifndef AREQ_LINK_HTML_EXTRACT_ELEMENT_H
#define AREQ_LINK_HTML_EXTRACT_ELEMENT_H

#include "base/slice.h"

#include <stdbool.h>

enum extract_element_id {
	EXTRACT_ELEMENT_OTHER,
	EXTRACT_ELEMENT_ANNOTATION_XML,
	EXTRACT_ELEMENT_BASE,
	EXTRACT_ELEMENT_BODY,
	EXTRACT_ELEMENT_BR,
	EXTRACT_ELEMENT_DESC,
	EXTRACT_ELEMENT_FONT,
	EXTRACT_ELEMENT_FOREIGN_OBJECT,
	EXTRACT_ELEMENT_FORM,
	EXTRACT_ELEMENT_FRAME,
	EXTRACT_ELEMENT_FRAMESET,
	EXTRACT_ELEMENT_HEAD,
	EXTRACT_ELEMENT_HTML,
	EXTRACT_ELEMENT_MALIGNMARK,
	EXTRACT_ELEMENT_MATH,
	EXTRACT_ELEMENT_META,
	EXTRACT_ELEMENT_MGLYPH,
	EXTRACT_ELEMENT_NOFRAMES,
	EXTRACT_ELEMENT_NOSCRIPT,
	EXTRACT_ELEMENT_P,
	EXTRACT_ELEMENT_PLAINTEXT,
	EXTRACT_ELEMENT_SCRIPT,
	EXTRACT_ELEMENT_SVG,
	EXTRACT_ELEMENT_TABLE,
	EXTRACT_ELEMENT_TEMPLATE,
	EXTRACT_ELEMENT_TITLE
};

enum extract_trait {
	EXTRACT_LEAVES_FOREIGN = 1 << 0, /* its start tag ends foreign content (section 13.2.6.5) */
	EXTRACT_RAW = 1 << 1,            /* as an HTML element, it contains text without tags */
	EXTRACT_VOID = 1 << 2,       /* it has no content, or becomes such an element (image becomes img) */
	EXTRACT_TABLE_PART = 1 << 3, /* its start tag is ignored outside a table */
	EXTRACT_IN_HEAD = 1 << 4,    /* its start tag does not start the body */
	EXTRACT_MATH_TEXT = 1 << 5,  /* a MathML text integration point */
	EXTRACT_CONTAINER = 1 << 6   /* an HTML element that often contains other elements */
};

struct extract_element {
	const char *name; /* lower case */
	enum extract_element_id id;
	unsigned traits; /* a set of enum extract_trait */
};

/* Returns the element with that name, in any letter case. The element is constant. An unknown name gives an
 * element with EXTRACT_ELEMENT_OTHER and no traits. */
const struct extract_element *extract_element_find(struct slice name);

/* True if name is lower, which is in lower case. The case of ASCII letters in name does not matter, as the
 * standard requires for names. */
bool extract_element_is_named(struct slice name, const char *lower);

/* Returns an ASCII letter in lower case, and any other byte unchanged. */
#endif
