/* Finds the href attributes of an XML document with libxml2, as a browser's XML parser would. The document
 * comes in chunks. */
#ifndef AREQ_LINK_XML_H
#define AREQ_LINK_XML_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum xml_kind {
	XML_LINK, /* an element that is not named base and has an href attribute in no namespace */
	XML_BASE  /* an XHTML base element that has an href attribute in no namespace */
};

/* One href attribute that was found. The slices are borrowed for the call of xml_fn. */
struct xml_hit {
	enum xml_kind kind;
	struct slice name;  /* the element's local name */
	struct slice value; /* the text of the href attribute, with references replaced */
	struct slice rel;   /* the text of the rel attribute in no namespace; data == NULL if there is none */
};

typedef void (*xml_fn)(void *ctx, const struct xml_hit *hit);

struct xml;

/* Starts reading a document. libxml_load must have succeeded before. Free with xml_free. */
struct xml *xml_new(xml_fn on_link, void *ctx);
void xml_free(struct xml *self);

/* Gives the next bytes of the document, borrowed for the call. They are UTF-8, whatever encoding the document
 * declares; last says that no more follow. Calls on_link for what is found in them. After the first
 * well-formedness error nothing more is found, as in a browser. External entities are never read. A single
 * call may take any time. */
void xml_feed(struct xml *self, const char *bytes, size_t len, bool last);

/* True if parsing was stopped because the entities expand to too much text (see xml_entities.h). */
bool xml_has_too_many_entities(const struct xml *self);

#endif
