/* A folder of files as a site. The file _site in it, which is not served, says for single paths how the
 *answer differs from a plain 200: one path and the keys of a scripted answer a line, as in
 *
 *	/old.html  status=301&location=/new.html
 *	/slow.html delay=300
 */
#ifndef SERVER_FILES_H
#define SERVER_FILES_H

#include "base/buf.h"
#include "base/slice.h"
#include "plan.h"

#include <stdbool.h>

/* Sets plan to what the file of that percent-encoded path gives: its bytes, a Content-Type by its name
 * (without a charset) and the keys that _site names for the path; a folder gives its index.html, or a
 * redirect to its name with a slash; 404 where there is no such file. False, with the reason in error, where
 * _site cannot be used. */
bool files_plan(const char *root, struct slice path, struct plan *plan, struct buf *error);

#endif
