/* Which of a page's links the user wants. */
#ifndef AREQ_LINK_FILTER_H
#define AREQ_LINK_FILTER_H

#include "base/options.h"
#include "base/url.h"

#include <stdbool.h>

/* True where the options let this link through. */
bool filter_wants(const struct options *options, const struct url *link);

#endif
