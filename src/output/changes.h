/* An observer that writes the links that are new or gone since the run before (--changes, --changes-to). */
#ifndef AREQ_OUTPUT_CHANGES_H
#define AREQ_OUTPUT_CHANGES_H

#include "base/options.h"
#include "output/file.h"
#include "output/observer.h"

/* options and file are borrowed. file is open and, unless a run goes on that has written to it, empty. The
 * changes of a page are passed to the file at its end, or earlier in pieces of whole rows. If they are the
 * rows of the run (is_rows), the end of a page waits until the system has taken them. */
struct observer changes_observer(const struct options *options, struct file *file, bool is_rows);

#endif
