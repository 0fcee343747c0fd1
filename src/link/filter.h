/* Decides by scheme, host and element which of a page's links the user wants. base/pattern_filter applies the
 * patterns. */
#ifndef AREQ_LINK_FILTER_H
#define AREQ_LINK_FILTER_H

#include "base/options.h"
#include "base/url/url.h"

#include <stdbool.h>

/* True if the options want links of elements with this name. Letter case does not matter. */
bool filter_wants_tag(const struct options *options, struct slice name);

/* True if the options want this link of that page by its scheme and host. The patterns are not applied. */
bool filter_wants(const struct options *options, const struct url *page, const struct url *link);

#endif
