/* Failures by reason: how many of each, and the first. */
#ifndef AREQ_OUTPUT_REASONS_H
#define AREQ_OUTPUT_REASONS_H

#include "base/buf.h"
#include "base/map.h"

#include <stddef.h>
#include <stdint.h>

/* So many are told apart, by so many bytes of each; a hostile list may think of more. */
enum { REASONS_MAX = 1000, REASON_BYTES_MAX = 4096 };

struct reason {
	char *kind;  /* the reason without what differs from URL to URL */
	char *text;  /* the reason of the first */
	char *first; /* its URL */
	uint64_t count;
	size_t number; /* its place among the reasons, as they came */
};

/* {0} is an empty list. */
struct reasons {
	struct map kinds;
	struct reason *list[REASONS_MAX];
	size_t count;
	uint64_t others; /* failures beyond those that are told apart */
	struct buf kind; /* of the one that is being added */
};

void reasons_release(struct reasons *self);

/* Counts a failure. Reasons that differ in numbers alone, or within quotation marks, are one; but the status
 * in "got 404" is not such a number. */
void reasons_add(struct reasons *self, const char *text, const char *url);

/* Puts the list in order: the largest first, of equal ones the earlier. Nothing can be added afterwards. */
void reasons_sort(struct reasons *self);

#endif
