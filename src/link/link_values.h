/* Reads the URLs in the value of an attribute (HTML standard): one, a list of words, or the candidates of a
 * srcset. An empty value names nothing but the page itself, so that it has no URL; for an href, which makes a
 * link of it, see link_values_are_whole. */
#ifndef AREQ_LINK_LINK_VALUES_H
#define AREQ_LINK_LINK_VALUES_H

#include "base/attribute.h"
#include "base/slice.h"

#include <stdbool.h>

struct link_values {
	enum attribute attribute;
	struct slice rest; /* what is not read yet */
};

/* True if the value is the link as it stands, even if it is empty. */
static inline bool link_values_are_whole(enum attribute attribute)
{
	return attribute <= ATTRIBUTE_HREF || attribute == ATTRIBUTE_XLINK_HREF;
}

/* True if the value may have several URLs, or other text around its URL. */
static inline bool link_values_are_parts(enum attribute attribute)
{
	return attribute == ATTRIBUTE_SRCSET || attribute == ATTRIBUTE_IMAGESRCSET ||
	       attribute == ATTRIBUTE_PING || attribute == ATTRIBUTE_REFRESH;
}

/* Starts reading a value, which has no character references any more and is borrowed. */
struct link_values link_values_of(enum attribute attribute, struct slice value);

/* Sets *url to the next URL, a part of the value. Returns false if there is none. */
bool link_values_next(struct link_values *self, struct slice *url);

#endif
