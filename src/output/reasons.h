/* Failures grouped by reason: the number of each, and the first URL. */
#ifndef AREQ_OUTPUT_REASONS_H
#define AREQ_OUTPUT_REASONS_H

#include "base/map.h"
#include "base/outcome.h"

#include <stddef.h>
#include <stdint.h>

/* The largest number of reasons, and of bytes that are kept of each text. They are limited, since a hostile
 * list may cause any number of reasons. */
enum { REASONS_MAX = 1000, REASON_BYTES_MAX = 4096 };

/* Failures with the same kind have the same reason, even if their texts name different URLs. The bytes of
 * this struct are the key of a map, so it must have no padding. */
struct reason_kind {
	int64_t cause, stage;
	int64_t http_status; /* 0 if the status is not the cause */
};

struct reason {
	struct reason_kind kind;
	char *text;  /* the text of the first failure */
	char *first; /* the URL of the first failure */
	uint64_t count;
	size_t index; /* position in the order in which the reasons came */
};

/* {0} is an empty list. */
struct reasons {
	struct map kinds;
	struct reason *list[REASONS_MAX];
	size_t count;
	uint64_t others; /* failures whose reason had no room in the list */
};

void reasons_release(struct reasons *self);

/* Counts a failure. */
void reasons_add(struct reasons *self, const struct outcome *outcome);

/* Sorts the list: the reasons with the most failures first, and of equal ones the earlier first. Nothing may
 * be added afterwards. */
void reasons_sort(struct reasons *self);

#endif
