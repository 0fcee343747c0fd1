/* The site of support/nights, as answers of this server. */
#ifndef SERVER_NIGHT_SITE_H
#define SERVER_NIGHT_SITE_H

#include "base/buf.h"
#include "base/slice.h"
#include "plan.h"
#include "support/nights.h"

#include <stdbool.h>

/* {0} has no pages. */
struct night_site {
	struct nights_spec spec;
	unsigned night;
};

/* Makes the site of a query ("seed=7&pages=100"), which replaces the one before, and begins with night 0.
 * False, with the reason in error, where the query does not fit. */
bool night_site_set(struct night_site *self, struct slice query, struct buf *error);

/* Sets plan to the answer to the path behind "/_/nights/". */
void night_site_plan(const struct night_site *self, struct slice name, struct plan *plan);

#endif
