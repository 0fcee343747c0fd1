#include "link/filter.h"

#include "base/ascii.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct patterns {
	struct pattern **list;
	size_t count;
};

struct filter {
	struct patterns includes;
	struct patterns excludes;
};

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

static bool compile_patterns(struct patterns *self, const char *option, const struct option_list *sources)
{
	self->list = alloc_array(sources->count, sizeof(struct pattern *));
	while (self->count < sources->count) {
		struct pattern *pattern = pattern_new(option, sources->items[self->count]);
		if (!pattern)
			return false;
		self->list[self->count++] = pattern;
	}
	return true;
}

static void release_patterns(struct patterns *self)
{
	while (self->count)
		pattern_free(self->list[--self->count]);
	free(self->list);
}

struct filter *filter_new(const struct options *options)
{
	struct filter *self = alloc_new(sizeof *self);
	if (compile_patterns(&self->includes, "--include", &options->includes) &&
	    compile_patterns(&self->excludes, "--exclude", &options->excludes))
		return self;
	filter_free(self);
	return NULL;
}

void filter_free(struct filter *self)
{
	if (!self)
		return;
	release_patterns(&self->includes);
	release_patterns(&self->excludes);
	free(self);
}

typedef enum pattern_found (*search_fn)(struct pattern *pattern, struct slice text);

/* Tries the patterns one after the other until one matches or takes too long. */
static enum pattern_found search_any(const struct patterns *patterns, struct slice url, search_fn search)
{
	enum pattern_found found = PATTERN_NOT_FOUND;
	for (size_t i = 0; i < patterns->count && found == PATTERN_NOT_FOUND; i++)
		found = search(patterns->list[i], url);
	return found;
}

static enum pattern_found search_with(struct filter *self, struct slice url, search_fn search)
{
	enum pattern_found included = PATTERN_FOUND;
	if (self->includes.count)
		included = search_any(&self->includes, url, search);
	if (included != PATTERN_FOUND)
		return included;
	switch (search_any(&self->excludes, url, search)) {
	case PATTERN_FOUND:
		return PATTERN_NOT_FOUND;
	case PATTERN_NOT_FOUND:
		return PATTERN_FOUND;
	default:
		return PATTERN_TOO_LONG;
	}
}

enum pattern_found filter_search(struct filter *self, struct slice url)
{
	return search_with(self, url, pattern_search);
}

enum pattern_found filter_search_briefly(struct filter *self, struct slice url)
{
	return search_with(self, url, pattern_search_briefly);
}
