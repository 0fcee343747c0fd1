/* Finds the href attributes of an XML document as it arrives, as a browser's XML parser would, with libxml2.
 */
#ifndef AREQ_LINK_XML_H
#define AREQ_LINK_XML_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum xml_kind {
	XML_LINK, /* an element other than base with an href attribute in no namespace */
	XML_BASE  /* an XHTML base element with one */
};

/* name is the element's local name, value the attribute's text with references replaced; both only live for
 * the call. */
typedef void (*xml_fn)(void *ctx, enum xml_kind kind, struct slice name, struct slice value);

struct xml;

/* One document being read. Free with xml_free. */
struct xml *xml_new(xml_fn on_link, void *ctx);
void xml_free(struct xml *self);

/* Gives the next bytes, in UTF-8 whatever the document declares; last: there are no more. Behind the first
 * error of well-formedness nothing is found, as in a browser. External entities are never read. */
void xml_feed(struct xml *self, const char *bytes, size_t len, bool last);

#endif
