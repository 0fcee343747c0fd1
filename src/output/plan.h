/* An observer of a run that fetches nothing (--dry-run): what would be fetched, from which hosts, under which
 * limits. */
#ifndef AREQ_OUTPUT_PLAN_H
#define AREQ_OUTPUT_PLAN_H

#include "base/options.h"
#include "output/file.h"
#include "output/observer.h"

/* {0} is empty. */
struct plan {
	const struct options *options;
	struct file *file;
	void *tree;              /* struct plan_host, a tsearch tree by name */
	struct plan_host **list; /* the same, as they came */
	size_t count;
};

/* Writes the URLs to file, a line each, and the rest for people when the list has ended. Both are borrowed.
 */
struct observer plan_observer(struct plan *self, const struct options *options, struct file *file);
void plan_release(struct plan *self);

#endif
