#include "link/link_values.h"

#include "base/ascii.h"
#include "link/refresh.h"
#include "link/srcset.h"

struct link_values link_values_of(enum attribute attribute, struct slice value)
{
	if (attribute == ATTRIBUTE_REFRESH)
		value = refresh_url(value);
	return (struct link_values){attribute, value};
}

static bool next_word(struct slice *rest, struct slice *word)
{
	ascii_skip_spaces(rest);
	*word = (struct slice){rest->data, 0};
	while (word->len < rest->len && !ascii_is_space(rest->data[word->len]))
		word->len++;
	slice_skip(rest, word->len);
	return word->len > 0;
}

bool link_values_next(struct link_values *self, struct slice *url)
{
	switch (self->attribute) {
	case ATTRIBUTE_SRCSET:
	case ATTRIBUTE_IMAGESRCSET:
		return srcset_next(&self->rest, url);
	case ATTRIBUTE_PING:
		return next_word(&self->rest, url);
	default:
		*url = ascii_trim(self->rest);
		slice_skip(&self->rest, self->rest.len);
		return url->len > 0;
	}
}
