/* The xml:base attributes of the open elements of a document (XML Base, section 3). Only Atom uses them
 * (RFC 4287, section 2); browsers do not. */
#ifndef AREQ_LINK_XML_BASE_H
#define AREQ_LINK_XML_BASE_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/url/url.h"

#include <stdbool.h>
#include <stddef.h>

/* An open element with an xml:base. */
struct xml_base_element {
	struct xml_base_element *outer; /* NULL if there is none */
	unsigned depth;
	struct buf url; /* absolute */
};

struct xml_base {
	struct url document;                /* the document's own URL */
	unsigned depth;                     /* open elements */
	struct xml_base_element *innermost; /* NULL if no open element has an xml:base */
	bool has_changed; /* the base is another one than at the last call of xml_base_take_change */
};

/* Starts a document; its URL must be absolute and is borrowed for the call. */
void xml_base_init(struct xml_base *self, struct slice document);
void xml_base_release(struct xml_base *self);

/* An element starts; value is its xml:base, with data == NULL if there is none. A value that is no URL does
 * not count. */
void xml_base_start(struct xml_base *self, struct slice value);
void xml_base_end(struct xml_base *self);

/* Returns true if the base has changed since the last call, or since the start of the document. Sets *url to
 * the absolute URL that links are resolved against now, borrowed until the next call of a function; it is ""
 * where no open element has an xml:base. */
bool xml_base_take_change(struct xml_base *self, struct slice *url);

#endif
