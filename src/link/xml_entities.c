#include "link/xml_entities.h"

/* For what a reference costs whatever it comes to. */
enum { REFERENCE = 20 };

bool xml_entities_are_internal(int type)
{
	return type == XML_INTERNAL_GENERAL_ENTITY || type == XML_INTERNAL_PARAMETER_ENTITY;
}

xmlEntityPtr xml_entities_count(struct xml_entities *self, xmlParserCtxtPtr parser, xmlEntityPtr entity)
{
	/* It is declared, which counts (XML 1.0, section 4.1); and then it is found that nothing is loaded.
	 */
	if (entity && entity->etype == XML_EXTERNAL_PARAMETER_ENTITY)
		return entity;
	if (!entity || !xml_entities_are_internal(entity->etype))
		return NULL;
	self->expanded += (uint64_t)entity->length + REFERENCE;
	if (self->expanded > XML_ENTITIES_FREE + XML_ENTITIES_FACTOR * self->document)
		self->too_many = true;
	if (self->too_many)
		libxml_get()->xmlStopParser(parser);
	return self->too_many ? NULL : entity;
}
