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

/* One find; the slices only live as long as the call. */
struct xml_hit {
	enum xml_kind kind;
	struct slice name;  /* the element's local name */
	struct slice value; /* the attribute's text with references replaced */
	struct slice rel;   /* likewise, of its rel attribute in no namespace; data == NULL: there is none */
};

typedef void (*xml_fn)(void *ctx, const struct xml_hit *hit);

struct xml;

/* One document being read, once libxml2 is loaded. Free with xml_free. */
struct xml *xml_new(xml_fn on_link, void *ctx);
void xml_free(struct xml *self);

/* Gives the next bytes, in UTF-8 whatever the document declares; last: there are no more. Behind the first
 * error of well-formedness nothing is found, as in a browser. External entities are never read. A single call
 * may take any time. */
void xml_feed(struct xml *self, const char *bytes, size_t len, bool last);

/* True where it was given up, since the entities that it declares come to too much (see xml_entities.h). */
bool xml_has_too_many_entities(const struct xml *self);

#endif
