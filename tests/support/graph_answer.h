/* What the server answers to the URLs of a graph. */
#ifndef SUPPORT_GRAPH_ANSWER_H
#define SUPPORT_GRAPH_ANSWER_H

#include "base/buf.h"
#include "graph.h"

/* All texts but those of the bufs are constants. */
struct graph_answer {
	unsigned status;
	unsigned fail_status; /* of the first answer to this URL; 0: it is as the others */
	const char *type;
	const char *header; /* one header line, or NULL */
	const char *manner; /* keys of the server's /_/page, or "" */
	struct buf location;
	struct buf body;
};

/* Sets answer to that of an absolute URL. A URL that is none of the graph gets 404. Call graph_answer_release
 * in any case. */
void graph_answer_init(struct graph_answer *answer, const struct graph *graph, const char *url);
void graph_answer_release(struct graph_answer *answer);

#endif
