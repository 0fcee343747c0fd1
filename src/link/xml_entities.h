/* What the entities that an XML document declares come to (XML 1.0, section 4.4): a few bytes may name very
 * many, and files of this machine. */
#ifndef AREQ_LINK_XML_ENTITIES_H
#define AREQ_LINK_XML_ENTITIES_H

#include "link/libxml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* They may come to XML_ENTITIES_FREE bytes, and to so many more for each byte of the document. */
enum { XML_ENTITIES_FREE = 1 << 20, XML_ENTITIES_FACTOR = 8 };

/* {0} is a new document. */
struct xml_entities {
	uint64_t document; /* bytes of it so far */
	uint64_t expanded; /* bytes that references to entities were replaced by */
	bool too_many;     /* the parsers were stopped */
};

/* True for one whose text stands in the document itself. */
bool xml_entities_are_internal(int type);

/* Counts a reference to entity (NULL: there is none of that name), which the parser asks for. NULL where it
 * is not to be replaced. */
xmlEntityPtr xml_entities_count(struct xml_entities *self, xmlParserCtxtPtr parser, xmlEntityPtr entity);

#endif
