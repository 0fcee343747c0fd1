/* Which elements the standard's tree construction treats in their own way (HTML standard, section 13.2.6).
 * Only for extract.c and its parts. */
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
	EXTRACT_RAW = 1 << 1,            /* as an HTML element, its text holds no tags */
	EXTRACT_VOID = 1 << 2,           /* it never has content; also what is made into such an element */
	EXTRACT_TABLE_PART = 1 << 3,     /* its start tag is ignored outside a table */
	EXTRACT_IN_HEAD = 1 << 4,        /* it does not start the body */
	EXTRACT_MATH_TEXT = 1 << 5,      /* a MathML text integration point */
	EXTRACT_CONTAINER = 1 << 6       /* HTML that often has further elements inside */
};

struct extract_element {
	const char *name; /* lower case */
	enum extract_element_id id;
	unsigned traits; /* of enum extract_trait */
};

/* The element of that name, in any letter case; constant. One with EXTRACT_ELEMENT_OTHER and no traits for a
 * name that nothing is known of. */
const struct extract_element *extract_element_find(struct slice name);

/* Compares as the standard compares names: ASCII letters of either case are equal. */
bool extract_element_is_named(struct slice name, const char *lower);

/* That ASCII letter in lower case; any other byte as it is. */
static inline char extract_element_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#endif
