/* How many transfers the process's limit of open descriptors allows. */
#ifndef AREQ_FETCH_DESCRIPTORS_H
#define AREQ_FETCH_DESCRIPTORS_H

#include <stdint.h>

/* Raises the soft limit as far as wanted transfers need and the hard limit allows, and returns how many of
 * them can run at once without running out: at least 1, at most wanted. */
int64_t descriptors_for(int64_t wanted);

#endif
