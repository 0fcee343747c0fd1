#include "link/xml_entities.h"

#include <limits.h>

/* Bytes that are charged for each reference, since it takes time even if its text is empty. */
enum { REFERENCE_COST = 20 };

/* libxml2 keeps the nodes of an entity in a tree, and copies them for the next reference to it without asking
 * for the entities in it. */
static uint64_t copied_size(const xmlEntity *entity)
{
#if LIBXML_VERSION >= 21100
	return entity->children ? entity->expandedSize : 0;
#else
	(void)entity;
	return 0;
#endif
}

void xml_entities_begin(struct xml_entities *self, xmlParserCtxtPtr parser)
{
	*self = (struct xml_entities){0};
	if (libxml_get()->set_amplification)
		libxml_get()->set_amplification(parser, UINT_MAX);
}

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
	self->expanded += (uint64_t)entity->length + copied_size(entity) + REFERENCE_COST;
	if (self->expanded > XML_ENTITIES_FREE + XML_ENTITIES_FACTOR * self->document)
		self->too_many = true;
	if (self->too_many)
		libxml_get()->xmlStopParser(parser);
	return self->too_many ? NULL : entity;
}
