/* The pages and their links between hosts, as a graph for Graphviz. */
#ifndef AREQ_OUTPUT_DOT_H
#define AREQ_OUTPUT_DOT_H

#include "output/file.h"
#include "output/graph.h"
#include "output/observer.h"

struct dot {
	struct file *file;
	struct graph graph;
};

/* Writes to file, which is borrowed, open and empty, at the end of the run. Release with dot_release. */
struct observer dot_observer(struct dot *self, struct file *file);

/* Harmless where all is zero. */
void dot_release(struct dot *self);

#endif
