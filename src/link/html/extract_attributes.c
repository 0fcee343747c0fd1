#include "link/html/extract_attributes.h"

#include "base/ascii.h"
#include "link/html/extract_pattern.h"

static struct slice group(const char *bytes, const size_t *found, size_t number)
{
	return (struct slice){bytes + found[2 * number], found[2 * number + 1] - found[2 * number]};
}

/* Returns the wanted attribute of that name. */
static enum attribute attribute_of_key(uint32_t wanted, struct slice key)
{
	for (enum attribute i = ATTRIBUTE_HREF; i < ATTRIBUTE_COUNT; i++) {
		if (wanted & ATTRIBUTE_BIT(i) && ascii_equal_nocase(key, attribute_name(i)))
			return i;
	}
	return ATTRIBUTE_NONE;
}

uint32_t extract_attributes_find_all(
    struct extract_attributes *self, struct extract_patterns *patterns, const struct foreign_tag *tag)
{
	uint32_t set = 0;
	self->count = 0;
	const char *bytes = tag->tag.data;
	size_t at = (size_t)(tag->name.data - bytes) + tag->name.len;
	const size_t *next;
	while (at + 1 < tag->tag.len &&
	       (next = extract_pattern_find(patterns, EXTRACT_PATTERN_WANTED, bytes, tag->tag.len, at))) {
		enum attribute attribute =
		    attribute_of_key(self->wanted, group(bytes, next, EXTRACT_GROUP_KEY));
		if (!(set & ATTRIBUTE_BIT(attribute))) {
			self->list[self->count].attribute = attribute;
			self->list[self->count++].value = group(bytes, next, EXTRACT_GROUP_VALUE);
		}
		set |= ATTRIBUTE_BIT(attribute);
		at = next[1];
	}
	return set;
}

bool extract_attributes_are_link(struct slice name, bool is_foreign, enum attribute attribute)
{
	if (is_foreign || attribute == ATTRIBUTE_XLINK_HREF)
		return is_foreign && attribute == ATTRIBUTE_XLINK_HREF;
	/* A tag of that name makes an img (HTML standard, section 13.2.6.4.7). */
	if (extract_element_is_named(name, "image"))
		name = slice_of("img");
	return attribute_set_of_element(name) & ATTRIBUTE_BIT(attribute);
}
