/* An observer that writes the URLs that failed or were interrupted as a list, from which another run can try
 * them again. */
#ifndef AREQ_OUTPUT_FAILED_LIST_H
#define AREQ_OUTPUT_FAILED_LIST_H

#include "output/file.h"
#include "output/observer.h"

/* Writes to file, which is borrowed, open and empty. */
struct observer failed_list_observer(struct file *file);

#endif
