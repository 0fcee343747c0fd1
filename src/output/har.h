/* The run as an HTTP archive, HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), which the tools of
 * browsers open. Each URL is one entry, that of its last request. */
#ifndef AREQ_OUTPUT_HAR_H
#define AREQ_OUTPUT_HAR_H

#include "output/file.h"
#include "output/observer.h"

#include <stdbool.h>
#include <stdint.h>

struct har {
	struct file *file;
	int64_t start_us; /* monotonic */
	int64_t started;  /* the same moment on the calendar, see moment.h */
	bool has_entry;
};

/* Writes to file, which is borrowed, open and empty. */
struct observer har_observer(struct har *self, struct file *file);

#endif
