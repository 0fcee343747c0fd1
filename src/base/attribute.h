/* The attributes whose values are links. */
#ifndef AREQ_BASE_ATTRIBUTE_H
#define AREQ_BASE_ATTRIBUTE_H

#include "base/slice.h"

enum attribute {
	ATTRIBUTE_NONE, /* no attribute, or it is not known which */
	ATTRIBUTE_HREF,
	ATTRIBUTE_COUNT
};

/* Returns the name that the attribute has in a page, in lower case; data == NULL for ATTRIBUTE_NONE. */
struct slice attribute_name(enum attribute attribute);

#endif
