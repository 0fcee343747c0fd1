#include "link/filter.h"

#include "base/ascii.h"

#include <string.h>

/* True if word is in list, whose words are separated by commas or spaces. Letter case does not matter. */
static bool list_contains(const char *list, struct slice word)
{
	while (*list) {
		list += strspn(list, ", ");
		size_t len = strcspn(list, ", ");
		if (len > 0 && ascii_equal_nocase(word, (struct slice){list, len}))
			return true;
		list += len;
	}
	return false;
}

bool filter_wants_tag(const struct options *options, struct slice name)
{
	return !options->tags || list_contains(options->tags, name);
}

static bool is_same_host(const struct url *a, const struct url *b)
{
	return slice_equal(url_host(a), url_host(b)) && url_port(a) == url_port(b);
}

bool filter_wants(const struct options *options, const struct url *page, const struct url *link)
{
	if (options->schemes && !list_contains(options->schemes, url_scheme(link)))
		return false;
	if (options->same_host)
		return is_same_host(page, link);
	return !options->external || (url_is_http(link) && !is_same_host(page, link));
}
