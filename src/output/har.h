/* An observer that writes the run as an HTTP archive, HAR 1.2
 * (http://www.softwareishard.com/blog/har-12-spec/), which the developer tools of browsers can open. Each
 * request is one entry, as in browsers: a URL has one for each redirect and each retry. A URL for which no
 * request was made has one entry, too. */
#ifndef AREQ_OUTPUT_HAR_H
#define AREQ_OUTPUT_HAR_H

#include "output/file.h"
#include "output/observer.h"

/* Writes to file, which is borrowed, open and empty. */
struct observer har_observer(struct file *file);

#endif
