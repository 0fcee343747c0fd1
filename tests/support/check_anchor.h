/* The anchors of pages, and the fragments that lead to them or do not (HTML standard, "find a potential
 * indicated element": first the fragment as it is, then percent-decoded). */
#ifndef SUPPORT_CHECK_ANCHOR_H
#define SUPPORT_CHECK_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>

enum { CHECK_ANCHORS_MAX = 64 };

struct check_anchor {
	const char *name;
	const char *markup;       /* on a page in UTF-8 */
	const char *latin_markup; /* on one in windows-1252, where it differs; else NULL */
	bool counts;
};

struct check_fragment {
	const char *written; /* in the href, behind the '#', with character references */
	const char *url;     /* the same in the normalised URL */
	const char *anchor;  /* its name; NULL: it leads to the top of every page */
};

extern const struct check_anchor check_anchors[];
extern const size_t check_anchor_count;

extern const struct check_fragment check_fragments[];
extern const size_t check_fragment_count;

/* The number of the anchor that a fragment with an anchor names. */
size_t check_anchor_of(const struct check_fragment *fragment);

#endif
