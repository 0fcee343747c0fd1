/* The dead links of a run for its summary: how many there are of each problem, and which pages have the
 * most. */
#ifndef AREQ_OUTPUT_DEAD_LINKS_H
#define AREQ_OUTPUT_DEAD_LINKS_H

#include "base/link.h"
#include "base/map.h"

#include <stddef.h>
#include <stdint.h>

/* The number of problems, and of pages, that are kept: the first ones; and so many bytes of a URL. */
enum { DEAD_LINKS_KEPT = 4096, DEAD_LINKS_URL_MAX = 1024 };

/* A problem or a page. Pages whose URLs begin with the same DEAD_LINKS_URL_MAX bytes are one. */
struct dead_group {
	char *name;  /* "404" or "fragment"; the URL of a page, cut */
	char *first; /* the first dead link, cut, without user name and password */
	uint64_t count;
};

/* The groups by name, and the links of groups that are not kept. */
struct dead_groups {
	struct map by_name;
	uint64_t others;
};

/* {0} is empty. */
struct dead_links {
	struct dead_groups problems, pages;
};

void dead_links_release(struct dead_links *self);

/* Counts a dead link of the page with that URL. */
void dead_links_add(struct dead_links *self, const char *page, const struct link *link);

/* Returns the groups, the largest first, and of equal ones by name; sets *count. The caller frees the array,
 * but not the groups. */
const struct dead_group **dead_groups_list(const struct dead_groups *self, size_t *count);

#endif
