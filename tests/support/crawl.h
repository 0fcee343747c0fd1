/* Runs areq on a generated site, and brings what the server saw and what areq wrote into the form of
 * support/truth. */
#ifndef SUPPORT_CRAWL_H
#define SUPPORT_CRAWL_H

#include "graph.h"
#include "rows.h"
#include "scratch.h"
#include "site.h"
#include "truth.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { CRAWL_OPTIONS_MAX = 24 };

struct crawl {
	struct site site;
	struct scratch scratch;
	struct graph graph;
	struct truth truth;
	struct truth_options options;
	/* Runs areq with these arguments to its end; NULL: at once. */
	void (*run)(struct crawl *self, const char *const *args, struct run_result *result);

	/* Of the last run: */
	char label[400]; /* what it was, for messages: it can be repeated from this */
	struct site_stats stats;
	json_t *report; /* its lines, as an array */
};

/* Starts the server, with the hosts of the spec; sets spec->port. */
void crawl_start(struct crawl *self, struct graph_spec *spec);
void crawl_stop(struct crawl *self);

/* Serves another graph, for whose hosts the server was started. */
void crawl_serve(struct crawl *self, struct graph_spec *spec);

/* Runs areq, and computes the truth. `more` are options for areq beside those that the truth's options stand
 * for, ending with NULL. The listed pages go to it as a list. With depth, scope and robots as they are
 * without any option, it gets none of these. */
#define crawl_run(crawl, options, ...)                                                                       \
	crawl_run_argv(crawl, options, (const char *const[]){__VA_ARGS__, NULL})
void crawl_run_argv(struct crawl *self, const struct truth_options *options, const char *const *more);

/* Sets of what happened, in the form of the sets of the truth; the caller releases them. */
void crawl_requests(const struct crawl *self, struct rows *requests);
void crawl_links(struct crawl *self, struct rows *links);
void crawl_lines(const struct crawl *self, struct rows *lines);

/* Check that all three sets are the truth's. */
void crawl_expect(struct crawl *self);
void crawl_expect_requests(struct crawl *self);

/* A member of a line of the report, "" where it is null. */
const char *crawl_text(const json_t *line, const char *key);

#endif
