#include "link/xml_entities.h"

/* For what a reference costs whatever it comes to. */
enum { REFERENCE = 20 };

bool xml_entities_are_internal(int type)
{
	return type == XML_INTERNAL_GENERAL_ENTITY || type == XML_INTERNAL_PARAMETER_ENTITY;
}

xmlEntityPtr xml_entities_count(struct xml_entities *self, xmlParserCtxtPtr parser, xmlEntityPtr entity)
{
	if (!entity || !xml_entities_are_internal(entity->etype))
		return NULL;
	self->expanded += (uint64_t)entity->length + REFERENCE;
	if (self->expanded > XML_ENTITIES_FREE + XML_ENTITIES_FACTOR * self->document)
		self->too_many = true;
	if (self->too_many)
		libxml_get()->xmlStopParser(parser);
	return self->too_many ? NULL : entity;
}
