/* Brings a file to the disk. */
#ifndef AREQ_BASE_DURABLE_H
#define AREQ_BASE_DURABLE_H

#include <stdbool.h>

/* Waits until the data of a regular file are on the disk, and its name, if *is_named does not say that it is
 * there already; path is that name now. Does nothing for anything else, such as a pipe. May take seconds.
 * False, with errno, if it fails: it must not be called again then, since the second call may succeed
 * although data are lost. */
bool durable_sync(int fd, const char *path, bool *is_named);

#endif
