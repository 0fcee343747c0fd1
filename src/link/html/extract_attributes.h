/* The wanted attributes of a start tag. Only for extract.c. */
#ifndef AREQ_LINK_HTML_EXTRACT_ATTRIBUTES_H
#define AREQ_LINK_HTML_EXTRACT_ATTRIBUTES_H

#include "base/attribute.h"
#include "base/slice.h"
#include "link/html/foreign.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct extract_attributes {
	uint32_t wanted; /* the set that the patterns were made for */
	struct {
		enum attribute attribute;
		struct slice value; /* raw, as in struct extract_hit */
	} list[ATTRIBUTE_COUNT];    /* each attribute once, in the order of the tag */
	size_t count;
};

/* The general case of extract_attributes_find, which calls it. */
uint32_t extract_attributes_find_all(
    struct extract_attributes *self, struct extract_patterns *patterns, const struct foreign_tag *tag);

/* Finds the wanted attributes of a tag that has one, whose value is first. Returns their set. */
static inline uint32_t extract_attributes_find(struct extract_attributes *self,
    struct extract_patterns *patterns, const struct foreign_tag *tag, struct slice first)
{
	if (self->wanted != ATTRIBUTES_DEFAULT)
		return extract_attributes_find_all(self, patterns, tag);
	self->list[0].attribute = ATTRIBUTE_HREF;
	self->list[0].value = first;
	self->count = 1;
	return self->wanted;
}

/* True if an element of that name, of svg or MathML, or else of HTML, has that link, which is no href. */
bool extract_attributes_are_link(struct slice name, bool is_foreign, enum attribute attribute);

#endif
