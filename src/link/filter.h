/* Which of a page's links the user wants. */
#ifndef AREQ_LINK_FILTER_H
#define AREQ_LINK_FILTER_H

#include "base/options.h"
#include "base/url/url.h"
#include "link/pattern.h"

#include <stdbool.h>

/* True where the options let links of elements with this name (in any letter case) through. */
bool filter_wants_tag(const struct options *options, struct slice name);

/* True where the options, patterns aside, let this link of that page through. */
bool filter_wants(const struct options *options, const struct url *page, const struct url *link);

/* The patterns of --include and --exclude. */
struct filter;

/* Compiles them; options is borrowed for the call. NULL where one is no pattern; it was logged. Free with
 * filter_free. */
struct filter *filter_new(const struct options *options);
void filter_free(struct filter *self);

/* Do they let this URL through? It is absolute, and valid UTF-8. Briefly: within some 10 ms for each pattern,
 * where they tell within that time; else see pattern_search. */
enum pattern_found filter_search(struct filter *self, struct slice url);
enum pattern_found filter_search_briefly(struct filter *self, struct slice url);

#endif
