/* An observer of a run that fetches nothing (--dry-run): what would be fetched, from which hosts, under which
 * limits. */
#ifndef AREQ_OUTPUT_DRY_RUN_H
#define AREQ_OUTPUT_DRY_RUN_H

#include "base/options.h"
#include "output/file.h"
#include "output/observer.h"

/* Writes the URLs to file, a line each, and the rest for people when the list has ended. Both are borrowed.
 */
struct observer dry_run_observer(const struct options *options, struct file *file);

#endif
