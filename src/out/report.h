/* The report: one JSON object a line for each input URL, failures too. */
#ifndef AREQ_OUT_REPORT_H
#define AREQ_OUT_REPORT_H

#include "out/file.h"
#include "out/observer.h"

/* Writes to file, which is borrowed, open and empty. */
struct observer report_observer(struct file *file);

#endif
