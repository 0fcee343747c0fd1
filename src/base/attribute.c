#include "base/attribute.h"

struct slice attribute_name(enum attribute attribute)
{
	return attribute == ATTRIBUTE_HREF ? slice_of("href") : (struct slice){0};
}
