/* Decides which of a page's links the user wants. */
#ifndef AREQ_LINK_FILTER_H
#define AREQ_LINK_FILTER_H

#include "base/options.h"
#include "base/url/url.h"
#include "link/pattern.h"

#include <stdbool.h>

/* True if the options want links of elements with this name. Letter case does not matter. */
bool filter_wants_tag(const struct options *options, struct slice name);

/* True if the options want this link of that page by its scheme and host. The patterns are not applied. */
bool filter_wants(const struct options *options, const struct url *page, const struct url *link);

/* The compiled patterns of --include and --exclude. */
struct filter;

/* Compiles the patterns; options is borrowed for the call. Returns NULL if one of them is not a valid
 * pattern; the error was logged. Free with filter_free. */
struct filter *filter_new(const struct options *options);
void filter_free(struct filter *self);

/* Returns PATTERN_FOUND if a pattern of --include matches the URL, or there is none, and no pattern of
 * --exclude matches it. The URL must be absolute and valid UTF-8. PATTERN_TOO_LONG means that a pattern gave
 * no result within its limits, see pattern_search. filter_search_briefly gives each pattern about 10 ms, see
 * pattern_search_briefly. */
enum pattern_found filter_search(struct filter *self, struct slice url);
enum pattern_found filter_search_briefly(struct filter *self, struct slice url);

#endif
