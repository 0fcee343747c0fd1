/* A small file or pipe, whole. */
#ifndef AREQ_BASE_READFILE_H
#define AREQ_BASE_READFILE_H

#include "base/buf.h"

#include <stdbool.h>

/* Appends what is in the file, and at least a NUL, to text, which was initialised. A pipe is waited for, but
 * not beyond the end of the run (base/stop.h): then errno is ECANCELED. False where it cannot be read, or is
 * larger than text may become; errno says why. */
bool readfile_whole(const char *name, struct buf *text);

/* That errno in words. */
const char *readfile_problem(int error);

#endif
