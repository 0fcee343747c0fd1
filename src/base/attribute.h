/* The attributes whose values are links or anchors, and the elements that have them. */
#ifndef AREQ_BASE_ATTRIBUTE_H
#define AREQ_BASE_ATTRIBUTE_H

#include "base/slice.h"

#include <stdint.h>

enum attribute {
	ATTRIBUTE_NONE, /* no attribute, or it is not known which */
	ATTRIBUTE_HREF,
	ATTRIBUTE_SRC,
	ATTRIBUTE_SRCSET,
	ATTRIBUTE_IMAGESRCSET,
	ATTRIBUTE_ACTION,
	ATTRIBUTE_FORMACTION,
	ATTRIBUTE_POSTER,
	ATTRIBUTE_DATA,
	ATTRIBUTE_CITE,
	ATTRIBUTE_LONGDESC,
	ATTRIBUTE_BACKGROUND,
	ATTRIBUTE_MANIFEST,
	ATTRIBUTE_PING,
	ATTRIBUTE_ICON,
	ATTRIBUTE_CODEBASE,
	ATTRIBUTE_REFRESH, /* the content of a <meta http-equiv=refresh> */
	ATTRIBUTE_XLINK_HREF,
	ATTRIBUTE_LAST_LINK = ATTRIBUTE_XLINK_HREF,
	ATTRIBUTE_ID, /* this and the next one are no links, but anchors */
	ATTRIBUTE_NAME,
	ATTRIBUTE_COUNT
};

enum { ATTRIBUTE_NAME_MAX = 11 }; /* the length of the longest name */

/* A set of attributes has the bit of each. */
#define ATTRIBUTE_BIT(attribute) (UINT32_C(1) << (attribute))
#define ATTRIBUTES_DEFAULT       ATTRIBUTE_BIT(ATTRIBUTE_HREF)
#define ATTRIBUTES_OF_LINKS      (ATTRIBUTE_BIT(ATTRIBUTE_LAST_LINK + 1) - 2)
#define ATTRIBUTES_OF_ANCHORS    (ATTRIBUTE_BIT(ATTRIBUTE_ID) | ATTRIBUTE_BIT(ATTRIBUTE_NAME))

/* Returns the name that the attribute has in a page, in lower case; data == NULL for ATTRIBUTE_NONE. */
struct slice attribute_name(enum attribute attribute);

/* Returns the word for an attribute of links in the options: its name, except for ATTRIBUTE_REFRESH, whose
 * name would say too little. */
const char *attribute_word(enum attribute attribute);

/* Returns the links that an element of that name, in any letter case, can have: by the HTML standard with its
 * obsolete features, or as an element of svg. An element that has none there may have an href nevertheless,
 * as far as areq is concerned, and an xlink:href. */
uint32_t attribute_set_of_element(struct slice element);

#endif
