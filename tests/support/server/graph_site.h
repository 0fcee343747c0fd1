/* The generated sites of support/graph, as answers of this server. */
#ifndef SERVER_GRAPH_SITE_H
#define SERVER_GRAPH_SITE_H

#include "base/buf.h"
#include "plan.h"
#include "request.h"

#include <stdbool.h>
#include <stdint.h>

struct graph_site;

struct graph_site *graph_site_new(void);
void graph_site_free(struct graph_site *self);

/* Makes the graph of a query ("seed=7&pages=100"), which replaces the one before. False, with the reason in
 * error, where the query does not fit. */
bool graph_site_set(struct graph_site *self, struct slice query, struct buf *error);

/* False as long as there is no graph, and so no answer from it. */
bool graph_site_is_set(const struct graph_site *self);

/* Sets plan to the answer to request; *asked says how often it was asked for before, and becomes that of its
 * host alone. */
void graph_site_plan(
    struct graph_site *self, const struct request *request, struct plan *plan, uint64_t *asked);

#endif
