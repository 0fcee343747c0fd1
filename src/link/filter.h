/* Which of a page's links the user wants. */
#ifndef AREQ_LINK_FILTER_H
#define AREQ_LINK_FILTER_H

#include "base/options.h"
#include "base/url.h"

#include <stdbool.h>

/* True where the options let links of elements with this name (in any letter case) through. */
bool filter_wants_tag(const struct options *options, struct slice name);

/* True where the options let this link through. */
bool filter_wants(const struct options *options, const struct url *link);

#endif
