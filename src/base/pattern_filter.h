/* Decides which URLs pass two lists of the user's patterns, such as those of --include and --exclude. */
#ifndef AREQ_BASE_PATTERN_FILTER_H
#define AREQ_BASE_PATTERN_FILTER_H

#include "base/options.h"
#include "base/pattern.h"
#include "base/slice.h"

struct pattern_filter;

/* Compiles the patterns. Each list is that of the option before it, whose name is used in messages; all of
 * them are borrowed for the call. Returns NULL if one of the patterns is not valid; the error was logged.
 * Free with pattern_filter_free. */
struct pattern_filter *pattern_filter_new(const char *include_option, const struct option_list *includes,
    const char *exclude_option, const struct option_list *excludes);
void pattern_filter_free(struct pattern_filter *self);

/* Returns PATTERN_FOUND if a pattern of includes matches the URL, or there is none, and no pattern of
 * excludes matches it. The URL must be valid UTF-8. PATTERN_TOO_LONG means that a pattern gave no result
 * within its limits, see pattern_search. pattern_filter_search_briefly gives each pattern about 10 ms, see
 * pattern_search_briefly. */
enum pattern_found pattern_filter_search(struct pattern_filter *self, struct slice url);
enum pattern_found pattern_filter_search_briefly(struct pattern_filter *self, struct slice url);

#endif
