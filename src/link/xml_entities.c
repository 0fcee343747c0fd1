#include "link/xml_entities.h"

/* Bytes that are charged for each reference, since it takes time even if its text is empty. */
enum { REFERENCE_COST = 20 };

bool xml_entities_are_internal(int type)
{
	return type == XML_INTERNAL_GENERAL_ENTITY || type == XML_INTERNAL_PARAMETER_ENTITY;
}

xmlEntityPtr xml_entities_count(struct xml_entities *self, xmlParserCtxtPtr parser, xmlEntityPtr entity)
{
	/* The parser must know that an external parameter entity is declared (XML 1.0, section 4.1). It gets
	 * no text for it, because the loader of external entities loads nothing. */
	if (entity && entity->etype == XML_EXTERNAL_PARAMETER_ENTITY)
		return entity;
	if (!entity || !xml_entities_are_internal(entity->etype))
		return NULL;
	self->expanded += (uint64_t)entity->length + REFERENCE_COST;
	if (self->expanded > XML_ENTITIES_FREE + XML_ENTITIES_FACTOR * self->document)
		self->too_many = true;
	if (self->too_many)
		libxml_get()->xmlStopParser(parser);
	return self->too_many ? NULL : entity;
}
