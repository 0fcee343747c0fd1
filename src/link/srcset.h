/* Reads the image candidates of a srcset or imagesrcset attribute (HTML standard, "parse a srcset
 * attribute"). */
#ifndef AREQ_LINK_SRCSET_H
#define AREQ_LINK_SRCSET_H

#include "base/slice.h"

#include <stdbool.h>

/* Sets *url to the URL of the next candidate in *rest, a part of the text without white space, and moves
 * *rest behind the candidate. One with wrong descriptors is left out, as the standard has it. Returns false
 * if there is none. */
bool srcset_next(struct slice *rest, struct slice *url);

#endif
