/* The user's own XPath 1.0 expression over a page's tree, by libxml2. */
#ifndef AREQ_LINK_XPATH_H
#define AREQ_LINK_XPATH_H

#include "base/slice.h"

#include <stdbool.h>

struct xpath;

/* Compiles it. NULL where it is no expression; the reason was logged. Ends the process, with a message, where
 * libxml2 cannot be loaded. Free with xpath_free. */
struct xpath *xpath_new(const char *expression);
void xpath_free(struct xpath *self);

/* What came out of a page. False: no more is wanted. */
typedef bool (*xpath_fn)(void *ctx, struct slice value);

enum xpath_end {
	XPATH_DONE,
	XPATH_TOO_COSTLY, /* on_value wanted no more, or it is larger than the library takes */
	XPATH_ENTITIES    /* the entities that the document declares come to too much (see xml_entities.h) */
};

/* Parses text, which is UTF-8, as HTML or as XML; calls on_base with the first base element's href where
 * there is one, then on_value for each selected node, in document order, with its string value, or once for
 * an expression that is a string. It may take any time and memory. */
enum xpath_end xpath_each(
    struct xpath *self, struct slice text, bool is_xml, xpath_fn on_base, xpath_fn on_value, void *ctx);

#endif
