/* Makes a check site at random. */
#ifndef SUPPORT_CHECK_DRAW_H
#define SUPPORT_CHECK_DRAW_H

#include "check_site.h"

/* Everything of the site follows from the spec. Release it with check_site_release. */
void check_draw(struct check_site *site, const struct check_spec *spec);

#endif
