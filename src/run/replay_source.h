/* Where --replay has the pages of the last run from: a state file, or Redis. */
#ifndef AREQ_RUN_REPLAY_SOURCE_H
#define AREQ_RUN_REPLAY_SOURCE_H

#include "base/options.h"
#include "base/status.h"
#include "run/stored_page.h"
#include "store/link_records.h"

#include <stdbool.h>
#include <stdint.h>

/* What fails is logged by all functions. */
struct replay_source {
	void *self;

	/* Opens it. STATUS_OUTPUT if there is no run. *options are those of the run, see row_options.h, and
	 * borrowed. */
	enum status (*open)(void *self, const char **options);

	/* Reads the next page that was ok in the run, with its links. *found is false behind the last one. */
	enum status (*next)(void *self, struct stored_page *page, struct link_reader *links, bool *found);

	/* Behind the last page: true if the run has not ended, and how many of all its pages are done. */
	bool (*is_unfinished)(void *self, uint64_t *done, uint64_t *all);

	void (*free)(void *self);
};

/* options is borrowed. */
struct replay_source replay_file(const struct options *options);
struct replay_source replay_redis(const struct options *options);

#endif
