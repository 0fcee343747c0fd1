/* Finds out where most URLs of a crawl are, by host and first segment of the path, in constant memory: the
 * algorithm of Misra and Gries. It is sure to find what has more than one URL in TOP_PATHS_MAX. */
#ifndef AREQ_RUN_TOP_PATHS_H
#define AREQ_RUN_TOP_PATHS_H

#include "base/buf.h"
#include "base/url/url.h"

#include <stdint.h>

enum { TOP_PATHS_MAX = 64 };

/* {0} is empty. */
struct top_paths {
	struct buf paths[TOP_PATHS_MAX]; /* "example.com:443/calendar" */
	uint64_t counts[TOP_PATHS_MAX];  /* 0 for an entry that is free */
	struct buf path;                 /* that of the URL that is added */
};

void top_paths_release(struct top_paths *self);

/* Counts a URL. */
void top_paths_add(struct top_paths *self, const struct url *url);

/* Returns the path with the most URLs, which self owns; NULL if there is none. */
const char *top_paths_first(const struct top_paths *self);

#endif
