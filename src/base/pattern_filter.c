#include "base/pattern_filter.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>

struct patterns {
	struct pattern **list;
	size_t count;
};

struct pattern_filter {
	struct patterns includes;
	struct patterns excludes;
};

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

struct pattern_filter *pattern_filter_new(const char *include_option, const struct option_list *includes,
    const char *exclude_option, const struct option_list *excludes)
{
	struct pattern_filter *self = alloc_new(sizeof *self);
	if (compile_patterns(&self->includes, include_option, includes) &&
	    compile_patterns(&self->excludes, exclude_option, excludes))
		return self;
	pattern_filter_free(self);
	return NULL;
}

void pattern_filter_free(struct pattern_filter *self)
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

static enum pattern_found search_with(struct pattern_filter *self, struct slice url, search_fn search)
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

enum pattern_found pattern_filter_search(struct pattern_filter *self, struct slice url)
{
	return search_with(self, url, pattern_search);
}

enum pattern_found pattern_filter_search_briefly(struct pattern_filter *self, struct slice url)
{
	return search_with(self, url, pattern_search_briefly);
}
