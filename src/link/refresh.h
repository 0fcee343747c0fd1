/* Finds the URL that a <meta http-equiv=refresh> leads to (HTML standard, "shared declarative refresh
 * steps"). */
#ifndef AREQ_LINK_REFRESH_H
#define AREQ_LINK_REFRESH_H

#include "base/slice.h"

/* Returns the URL in the content of the <meta>, as a part of it. data == NULL if it names none, so that the
 * page itself is loaded again, or if a browser would not understand it. */
struct slice refresh_url(struct slice content);

#endif
