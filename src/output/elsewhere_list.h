/* An observer that writes the URLs that were found and belong to other shards as a list, which another run
 * can take. */
#ifndef AREQ_OUTPUT_ELSEWHERE_LIST_H
#define AREQ_OUTPUT_ELSEWHERE_LIST_H

#include "output/file.h"
#include "output/observer.h"

/* Writes to file, which is borrowed, open and empty. */
struct observer elsewhere_list_observer(struct file *file);

#endif
