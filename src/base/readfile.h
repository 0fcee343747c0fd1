/* A small file, whole. */
#ifndef AREQ_BASE_READFILE_H
#define AREQ_BASE_READFILE_H

#include "base/buf.h"

#include <stdbool.h>

/* Appends what is in the file, and at least a NUL, to text, which was initialised. False where it cannot be
 * read, or is larger than text may become; errno says why. */
bool readfile_whole(const char *name, struct buf *text);

#endif
