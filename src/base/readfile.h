/* Reads a small file or pipe as a whole. */
#ifndef AREQ_BASE_READFILE_H
#define AREQ_BASE_READFILE_H

#include "base/buf.h"

#include <stdbool.h>

/* Appends the content of the file to text, an initialised buffer, and terminates it with a NUL that is not
 * counted in its length. Waits for a pipe, but not beyond the end of the run (base/stop.h); errno is then
 * ECANCELED. Returns false, with errno, where the file cannot be read or exceeds the limit of text; text then
 * holds what was read, and is still terminated by a NUL. */
bool readfile_whole(const char *name, struct buf *text);

/* Returns the message for an errno of readfile_whole. It is valid until the next call. */
const char *readfile_error_text(int error);

#endif
