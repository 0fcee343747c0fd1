/* Failures by reason: how many of each, and the first. */
#ifndef AREQ_OUTPUT_REASONS_H
#define AREQ_OUTPUT_REASONS_H

#include "base/map.h"
#include "base/outcome.h"

#include <stddef.h>
#include <stdint.h>

/* So many are told apart, by so many bytes of each; a hostile list may think of more. */
enum { REASONS_MAX = 1000, REASON_BYTES_MAX = 4096 };

/* What makes two failures the same, whatever their words say of this or that URL. */
struct reason_kind {
	int64_t cause, stage;
	int64_t http_status; /* 0 where that is not the cause */
};

struct reason {
	struct reason_kind kind;
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
};

void reasons_release(struct reasons *self);

/* Counts a failure. */
void reasons_add(struct reasons *self, const struct outcome *outcome);

/* Puts the list in order: the largest first, of equal ones the earlier. Nothing can be added afterwards. */
void reasons_sort(struct reasons *self);

#endif
