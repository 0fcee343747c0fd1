/* An observer for a run that fetches nothing (--dry-run): it shows what would be fetched, from which hosts,
 * and under which limits. */
#ifndef AREQ_OUTPUT_DRY_RUN_H
#define AREQ_OUTPUT_DRY_RUN_H

#include "base/options.h"
#include "output/file.h"
#include "output/observer.h"

/* Writes each URL to file as one line, and logs hosts and limits at the end of the list. options and file
 * are borrowed. */
struct observer dry_run_observer(const struct options *options, struct file *file);

#endif
