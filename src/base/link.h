/* One link of a page, as it is handed to the outputs. */
#ifndef AREQ_BASE_LINK_H
#define AREQ_BASE_LINK_H

#include "base/slice.h"

#include <stdint.h>

/* Borrowed for the call that hands it over. */
struct link {
	struct slice url; /* absolute, normalised; no byte below 0x20 and no 0x7F in it */

	/* The rest only where options->format shows it; data == NULL: not known, or not there. All is meant
	 * to be UTF-8, but may hold what is not, as the page may. */
	struct slice raw; /* the value as it stands in the page, references and all */
	struct slice tag; /* the element's name, lower case */
	struct slice rel; /* the value of its rel attribute */
	int64_t position; /* of its '<' in the page, in bytes; negative: not known */
};

#endif
