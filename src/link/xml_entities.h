/* Limits the size to which the entities of an XML document expand (XML 1.0, section 4.4). A few bytes of
 * entity declarations may expand to a huge text. Entities may also name files of this machine, which are
 * never read. */
#ifndef AREQ_LINK_XML_ENTITIES_H
#define AREQ_LINK_XML_ENTITIES_H

#include "link/libxml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The entities may expand to XML_ENTITIES_FREE bytes, and to XML_ENTITIES_FACTOR more for each byte
 * of the document. */
enum { XML_ENTITIES_FREE = 1 << 20, XML_ENTITIES_FACTOR = 8 };

/* The count for one document. The caller counts the bytes of the document. */
struct xml_entities {
	uint64_t document; /* bytes of the document so far */
	uint64_t expanded; /* bytes that references were replaced by, with a charge for each reference */
	bool too_many;     /* true if the limit was passed and the parser was stopped */
};

/* Begins the count for the parser's document. Newer versions of libxml2 have a lower limit of their own, and
 * end the document there as if it were not well-formed; it is lifted. */
void xml_entities_begin(struct xml_entities *self, xmlParserCtxtPtr parser);

/* True for the type of an entity whose text stands in the document itself. */
bool xml_entities_are_internal(int type);

/* Counts a reference to entity, which the parser has met; NULL if no entity has that name. Returns the
 * entity that the parser has to use, or NULL if it must not replace the reference. Stops the parser if the
 * limit is passed. */
xmlEntityPtr xml_entities_count(struct xml_entities *self, xmlParserCtxtPtr parser, xmlEntityPtr entity);

#endif
