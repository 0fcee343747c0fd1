/* Which answer a request gets: a scripted one under /_/, elsewhere a file of the root or, once
 * there is a graph, what its hosts have there. */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H

#include "graph_site.h"
#include "night_site.h"
#include "request.h"
#include "script.h"
#include "stats.h"

#include <stdbool.h>
#include <stdint.h>

struct answer_source {
	const char *root;          /* NULL: nothing but /_/ is there */
	struct stats *stats;       /* borrowed */
	struct graph_site *graph;  /* borrowed */
	struct night_site *nights; /* borrowed */
};

/* False for a request to the bookkeeping itself, which is not to be counted. */
bool answer_is_counted(const struct request *request);

/* Sets script, which is initialised and empty. asked is how often this very target was asked before. */
void answer_make(
    const struct answer_source *source, const struct request *request, uint64_t asked, struct script *script);

#endif
