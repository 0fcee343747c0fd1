#include "link/xml_entities.h"

#include <limits.h>
#include <string.h>

/* Bytes that are charged for each reference, since it takes time even if its text is empty. */
enum { REFERENCE_COST = 20 };

/* The fewest bytes that an element has: <a/>. */
enum { ELEMENT_SIZE = 4 };

static uint64_t text_size(const xmlChar *text)
{
	return text ? strlen((const char *)text) : 0;
}

static uint64_t attributes_size(const xmlNode *element)
{
	uint64_t size = 0;
	for (const xmlAttr *attribute = element->properties; attribute; attribute = attribute->next) {
		for (const xmlNode *text = attribute->children; text; text = text->next)
			size += text_size(text->content);
	}
	return size;
}

static const xmlNode *next_node(const xmlNode *node, const void *root)
{
	if (node->type == XML_ELEMENT_NODE && node->children)
		return node->children;
	while (!node->next && node->parent && node->parent != root)
		node = node->parent;
	return node->next;
}

/* Returns how much is copied for a reference to the entity: its text or, in a tree, the nodes that libxml2
 * has made for the first reference. It copies these without asking for the entities in them. */
static uint64_t copied_size(const xmlEntity *entity)
{
	uint64_t nodes = 0, text = (uint64_t)entity->length;
	for (const xmlNode *node = entity->children; node; node = next_node(node, entity)) {
		bool is_element = node->type == XML_ELEMENT_NODE;
		nodes += is_element ? ELEMENT_SIZE + attributes_size(node) : text_size(node->content);
	}
	return nodes > text ? nodes : text;
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
	self->expanded += copied_size(entity) + REFERENCE_COST;
	if (self->expanded > XML_ENTITIES_FREE + XML_ENTITIES_FACTOR * self->document)
		self->too_many = true;
	if (self->too_many)
		libxml_get()->xmlStopParser(parser);
	return self->too_many ? NULL : entity;
}
