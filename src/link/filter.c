#include "link/filter.h"

#include <string.h>
#include <strings.h>

static bool list_names(const char *list, struct slice word)
{
	while (*list) {
		list += strspn(list, ", ");
		size_t len = strcspn(list, ", ");
		if (len == word.len && strncasecmp(list, word.data, len) == 0 && len > 0)
			return true;
		list += len;
	}
	return false;
}

bool filter_wants_tag(const struct options *options, struct slice name)
{
	return !options->tags || list_names(options->tags, name);
}

bool filter_wants(const struct options *options, const struct url *link)
{
	return !options->schemes || list_names(options->schemes, url_scheme(link));
}
