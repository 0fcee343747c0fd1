/* Sorting and searching arrays that may be empty. */
#ifndef AREQ_BASE_SORT_H
#define AREQ_BASE_SORT_H

#include <stdlib.h>

/* As qsort(3) and bsearch(3), which declare that the array is never NULL, even if it has no items. The array
 * of an empty list is NULL in areq. */
static inline void sort_array(
    void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	if (count > 1)
		qsort(items, count, size, compare);
}

static inline void *sort_find(
    const void *key, const void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	return count > 0 ? bsearch(key, items, count, size, compare) : NULL;
}

#endif
