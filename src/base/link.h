/* One link of a page, as it is handed to the outputs. */
#ifndef AREQ_BASE_LINK_H
#define AREQ_BASE_LINK_H

#include "base/slice.h"

/* Borrowed for the call that hands it over. */
struct link {
	struct slice url; /* absolute, normalised; no byte below 0x20 and no 0x7F in it */
};

#endif
