/* What a run with --check of a check site has to write and may ask for, computed from the site itself.
 * Nothing here reads URLs or HTML: where a link leads, and what it meets there, is known from how it was
 * made. */
#ifndef SUPPORT_CHECK_TRUTH_H
#define SUPPORT_CHECK_TRUTH_H

#include "check_site.h"
#include "rows.h"

#include <stdbool.h>
#include <stddef.h>

/* The rows that a run shows besides those of dead links. */
enum { CHECK_SHOW_BLOCKED = 1, CHECK_SHOW_MOVED = 2, CHECK_SHOW_ALL = 4 };

/* All zero: --check of the list, with -r 0. */
struct check_options {
	unsigned show;
	bool crawls; /* --depth all; robots.txt is obeyed */
	bool fragments;
	bool all_attrs;
	unsigned retries; /* as many as the kinds that fail at first need */
};

/* How many requests the server gets for one URL. */
struct check_bounds {
	unsigned heads_least, heads_most;
	unsigned gets_least, gets_most;
	bool is_asked; /* there is one at least */
};

struct check_truth {
	struct rows rows; /* "source_url\tparsed_url\tproblem"; source_url has no fragment */
	int exit_status;
	bool robots_asked[CHECK_HOSTS]; /* once; else never */
	struct check_bounds *bounds;    /* of each target */
};

void check_truth_init(
    struct check_truth *self, const struct check_site *site, const struct check_options *options);
void check_truth_release(struct check_truth *self);

#endif
