/* An observer that writes the listed pages and their links as a graph for Graphviz, in its language DOT. */
#ifndef AREQ_OUTPUT_DOT_H
#define AREQ_OUTPUT_DOT_H

#include "output/file.h"
#include "output/observer.h"

/* Writes to file, which is borrowed, open and empty, at the end of the run. */
struct observer dot_observer(struct file *file);

#endif
